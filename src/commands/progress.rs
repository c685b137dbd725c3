//! Progress on a terminal.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

/// A bar by indicatif's template, in which `{left}` is the time that is left; hidden where the errors go
/// to no terminal.
pub(super) fn progress_bar(template: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    let left = |state: &ProgressState, text: &mut dyn std::fmt::Write| {
        let left = time_left(state.pos(), state.len().unwrap_or(0), state.eta());
        // The bar shows what it can.
        text.write_str(&left).ok();
    };
    ProgressBar::new(0).with_style(style.with_key("left", left))
}

/// The time that is left, in seconds: none before there is a measure of it, and never zero while work
/// is left.
fn time_left(done: u64, total: u64, left: Duration) -> String {
    match done {
        0 => String::new(),
        _ if done >= total => ", done".to_owned(),
        _ => format!(", {:.0} s left", left.as_secs_f64().ceil().max(1.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_zero_seconds_are_left_while_work_is() {
        assert_eq!(time_left(0, 90, Duration::ZERO), "");
        for done in 1..90 {
            assert_eq!(time_left(done, 90, Duration::ZERO), ", 1 s left");
        }
        assert_eq!(time_left(5, 90, Duration::from_millis(4_100)), ", 5 s left");
        assert_eq!(time_left(90, 90, Duration::ZERO), ", done");
    }
}
