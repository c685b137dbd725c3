//! The `.env` file: a line is `NAME=value`, perhaps after `export`. Values are taken as written: a
//! `$` is a dollar sign and a backslash a backslash, for passwords hold both. Quotes around a value
//! only show where it begins and ends.

use config::Map;

/// A line that is none of these; it is not quoted, for it may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {rule}")]
pub(super) struct Unreadable {
    line: usize,
    rule: &'static str,
}

/// All names with their values; the last line of a name counts.
pub(super) fn parse(text: &str) -> Result<Map<String, String>, Unreadable> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().zip(1..);
    lines
        .filter(|(line, _)| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        .map(|(line, number)| variable(line).map_err(|rule| Unreadable { line: number, rule }))
        .collect()
}

fn variable(line: &str) -> Result<(String, String), &'static str> {
    let (name, value) = line.split_once('=').ok_or("not `NAME=value`")?;
    let name = name.trim();
    let name = name.strip_prefix("export ").map_or(name, str::trim_start);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if name.is_empty() || !name.chars().all(is_plain) {
        return Err("not `NAME=value`");
    }
    Ok((name.to_owned(), written(value.trim())?))
}

/// The value: what is between quotes, or all up to a comment, which follows a blank.
fn written(value: &str) -> Result<String, &'static str> {
    let Some(quote) = value.chars().next().filter(|c| "\"'".contains(*c)) else {
        let comment = value
            .char_indices()
            .find(|(at, c)| *c == '#' && value[..*at].ends_with([' ', '\t']));
        let end = match comment {
            Some((at, _)) => at,
            None if value.starts_with('#') => 0,
            None => value.len(),
        };
        return Ok(value[..end].trim_end().to_owned());
    };
    let inner = &value[1..];
    let (inner, rest) = inner
        .split_once(quote)
        .ok_or("a quote is opened and not closed: a value is one line")?;
    let rest = rest.trim_start();
    if rest.is_empty() || rest.starts_with('#') {
        return Ok(inner.to_owned());
    }
    Err("something follows the closing quote: put the other kind of quotes around the value")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_as_written() {
        for (line, value) in [
            ("A=pa$word9", "pa$word9"),
            ("A=\"pa${HOME}\\n\"", "pa${HOME}\\n"),
            ("A='it is \"so\"' # why", "it is \"so\""),
            ("  export A = b c  # comment", "b c"),
            ("A=b#c", "b#c"),
            ("A=# nothing", ""),
            ("A=", ""),
            ("A=x=y", "x=y"),
        ] {
            let found = parse(line).unwrap();
            assert_eq!(found["A"], value, "{line}");
        }
    }

    #[test]
    fn other_lines_are_refused_by_number_and_not_shown() {
        for line in [
            "SECRET",
            "A='SECRET",
            "A=\"SECRET\"SECRET",
            "=SECRET",
            "A B=SECRET",
        ] {
            let error = parse(&format!("# one\n\n{line}\n")).unwrap_err();
            assert_eq!(error.line, 3, "{line}");
            assert!(!error.to_string().contains("SECRET"));
        }
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_read_back(value in "[^'\r\n]{0,40}") {
            let found = parse(&format!("A='{value}'")).unwrap();
            prop_assert_eq!(&found["A"], &value);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            drop(parse(&text));
        }
    }
}
