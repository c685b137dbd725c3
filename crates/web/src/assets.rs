//! Style sheet, script and icon, each under a name that changes with its content, so that it can be
//! kept for a year.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use crate::reply::WebReply;

/// The one script: it saves pressing "reload", and knows no number.
const SCRIPT: &str = include_str!("live.js");

/// The sign: a band, its point, and the close.
const ICON: &str = include_str!("icon.svg");

/// Path and hash of a file.
struct Asset {
    path: &'static str,
    content_type: &'static str,
    body: &'static str,
    address: String,
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        (
            "page.css",
            "text/css; charset=utf-8",
            closecall_charts::STYLE_SHEET,
        ),
        ("live.js", "text/javascript; charset=utf-8", SCRIPT),
        ("icon.svg", "image/svg+xml", ICON),
    ]
    .map(|(path, content_type, body)| Asset {
        path,
        content_type,
        body,
        address: format!("/{path}?v={}", digest(body)),
    })
});

/// Twelve hexadecimal digits of the SHA-256 of a text.
pub(crate) fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Address of a file with the hash of its content.
pub(crate) fn address(path: &str) -> &'static str {
    let found = ASSETS.iter().find(|asset| asset.path == path);
    found.map_or("", |asset| &asset.address)
}

/// The file itself, where there is one of this name.
pub(crate) fn file(path: &str, version: Option<&str>) -> Option<WebReply> {
    let asset = ASSETS.iter().find(|asset| asset.path == path)?;
    let reply = WebReply::new(200, asset.content_type, asset.body);
    let current =
        version.is_some_and(|version| asset.address.ends_with(version) && version.len() == 12);
    // Without the hash of this content it may be another's copy tomorrow.
    let kept = if current {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    Some(reply.with("cache-control", kept))
}
