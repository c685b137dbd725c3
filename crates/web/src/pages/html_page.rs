//! A page before it is framed, and the target that a path may have in its place.

use maud::Markup;

/// Content of a page, in the frame that all of them share.
pub(crate) struct HtmlPage {
    pub(crate) status: u16,
    /// The document's title.
    pub(crate) title: String,
    /// The path that is marked in the navigation.
    pub(crate) current: &'static str,
    pub(crate) main: Markup,
}

impl HtmlPage {
    pub(crate) fn new(title: impl Into<String>, current: &'static str, main: Markup) -> Self {
        Self {
            status: 200,
            title: title.into(),
            current,
            main,
        }
    }
}

/// Target of a path.
pub(crate) enum PageTarget {
    Here(HtmlPage),
    /// Another path, as of a short id.
    Elsewhere(String),
}
