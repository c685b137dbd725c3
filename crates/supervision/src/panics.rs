//! What a panic said, and where it said it.

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
        |at| format!("{}:{}", at.file(), at.line()),
    )
}

fn said(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("panicked without a text")
}

/// What a panic just caught on this thread said, with its place where the hook is installed.
pub(crate) fn text(payload: &(dyn Any + Send)) -> String {
    match PLACE.take() {
        Some(place) => format!("{} at {place}", said(payload)),
        None => said(payload).into(),
    }
}
