//! Text and place of a panic.

use std::any::Any;
use std::cell::RefCell;
use std::panic::PanicHookInfo;

thread_local! {
    /// Where this thread last panicked; kept by the hook.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Replaces the panic hook by one that logs through `tracing`, with thread and place. Caught
/// panics then also carry their place. Call once, when the subscriber stands.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = place(info);
        let current = std::thread::current();
        tracing::error!(
            thread = current.name().unwrap_or("unnamed"),
            place,
            panic = said(info.payload()),
            "panicked"
        );
        PLACE.replace(Some(place));
    }));
}

fn place(info: &PanicHookInfo<'_>) -> String {
    info.location().map_or_else(
        || "unknown".into(),
        |at| format!("{}:{}", source_file(at.file()), at.line()),
    )
}

/// A source file without the folder that it was built in: dead letters and logs travel, and where a
/// dependency lay on the building machine is no business of theirs.
fn source_file(path: &str) -> &str {
    let absolute = path.starts_with('/') || path.contains(':') || path.starts_with('\\');
    if absolute {
        path.rsplit(['/', '\\']).next().unwrap_or(path)
    } else {
        path
    }
}

fn said(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("panicked without a text")
}

/// Text of a panic just caught on this thread, with its place where the hook is installed.
pub(crate) fn text(payload: &(dyn Any + Send)) -> String {
    match PLACE.take() {
        Some(place) => format!("{} at {place}", said(payload)),
        None => said(payload).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_shows_no_folder_of_the_building_machine() {
        let ours = "crates/supervision/src/panics.rs";
        assert_eq!(source_file(ours), ours);
        for path in [
            "/home/builder/.cargo/registry/src/index/serde-1.0.0/src/lib.rs",
            "/rustc/0123abcd/library/core/src/lib.rs",
            "C:\\Users\\builder\\serde\\src\\lib.rs",
        ] {
            assert_eq!(source_file(path), "lib.rs");
        }
    }
}
