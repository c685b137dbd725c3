//! A bar with the time left, where somebody sees it.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar by indicatif's template; hidden where the errors go to no terminal.
pub(super) fn progress_bar(template: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(template);
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
