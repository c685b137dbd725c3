//! Numbers and words as they stand in a page.

/// No-break spaces: the wide one between words, the narrow one before a per cent sign.
pub(crate) const THIN: char = '\u{202f}';
const MINUS: char = '\u{2212}';

/// Text as it may stand in an element or an attribute.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#x27;"),
            // Not allowed in XML at all, escaped or not.
            c if c.is_control() && !matches!(c, '\n' | '\t' | '\r') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A coordinate: one decimal at most. What is not finite, or beyond any drawing, becomes an end.
pub(crate) fn coordinate(value: f64) -> String {
    const FURTHEST: f64 = 1e6;
    let value = if value.is_finite() { value } else { 0.0 };
    let text = format!("{:.1}", value.clamp(-FURTHEST, FURTHEST));
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0" } else { text }.to_owned()
}

/// A price in cents, with commas for thousands.
#[must_use]
pub fn money(value: f64) -> String {
    grouped(value, 2)
}

/// A number with commas for thousands and a true minus; a dash where it is not finite.
pub(crate) fn grouped(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "—".to_owned();
    }
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = sign(value, &text, false);
    for (k, digit) in whole.chars().enumerate() {
        if k > 0 && (whole.len() - k).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// Per cent with a narrow no-break space before the sign; `signed` puts a plus before a rise.
/// Never a negative zero, and a dash where the value is not finite.
#[must_use]
pub fn percent(value: f64, decimals: usize, signed: bool) -> String {
    if !value.is_finite() {
        return "—".to_owned();
    }
    let text = format!("{:.decimals$}", value.abs());
    format!("{}{text}{THIN}%", sign(value, &text, signed))
}

/// A plain number; a dash where it is not finite.
pub(crate) fn plain(value: f64, decimals: usize) -> String {
    if value.is_finite() {
        format!("{value:.decimals$}")
    } else {
        "—".to_owned()
    }
}

/// A change without a unit; a dash where it is not finite.
pub(crate) fn change(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "—".to_owned();
    }
    let text = format!("{:.decimals$}", value.abs());
    format!("{}{text}", sign(value, &text, true))
}

fn sign(value: f64, printed: &str, signed: bool) -> String {
    let zero = printed.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    match (zero, value < 0.0) {
        (false, true) => MINUS.to_string(),
        (false, false) if signed => "+".to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_write_them() {
        assert_eq!(money(1_234_567.891), "1,234,567.89");
        assert_eq!(money(999.999), "1,000.00");
        assert_eq!(money(-0.001), "0.00");
        assert_eq!(percent(-1.26, 1, true), "\u{2212}1.3\u{202f}%");
        assert_eq!(percent(0.04, 1, true), "0.0\u{202f}%");
        assert_eq!(percent(f64::NAN, 1, true), "—");
        assert_eq!(coordinate(12.04), "12");
        assert_eq!(coordinate(-0.04), "0");
        assert_eq!(coordinate(f64::INFINITY), "0");
    }

    #[test]
    fn markup_in_text_is_text() {
        let hostile = "<script>alert('x')</script>&\"\u{0}";
        assert_eq!(
            escape(hostile),
            "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&amp;&quot;\u{fffd}"
        );
    }
}
