//! Dependencies: in the default build TLS is rustls, and no OpenSSL is needed to build or to run; between
//! the crates they are those that ARCHITECTURE.md draws.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

type Uses = BTreeMap<String, BTreeSet<String>>;

/// The crates that a crate's manifest names for more than its tests.
fn used(manifest: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(manifest).unwrap();
    let sections = text.split("\n[");
    sections
        .filter(|section| section.starts_with("dependencies]"))
        .flat_map(str::lines)
        .filter_map(|line| line.strip_prefix("closecall-"))
        .filter_map(|line| line.split(['.', ' ']).next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_crates_use_each_other_as_drawn() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let drawn: Uses = text
        .lines()
        .filter_map(|line| line.split_once(" ─▶ "))
        .filter(|(name, _)| !name.starts_with(char::is_whitespace))
        .map(|(name, uses)| {
            let uses = uses.split(", ").map(|name| name.trim().to_owned());
            (name.trim().to_owned(), uses.collect())
        })
        .collect();
    let crates = std::fs::read_dir(root.join("crates")).unwrap();
    let folders = crates.map(|entry| entry.unwrap().path());
    let real: Uses = folders
        .chain([root.join("actors")])
        .map(|folder| {
            let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
            (name, used(&folder.join("Cargo.toml")))
        })
        .filter(|(_, uses)| !uses.is_empty())
        .collect();
    assert_eq!(drawn, real);
}

#[test]
fn the_default_build_has_no_openssl() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--package", "closecall"])
        .args(["--edges", "normal,build", "--prefix", "none"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        tree.status.success(),
        "{}",
        String::from_utf8_lossy(&tree.stderr)
    );
    let tree = String::from_utf8(tree.stdout).unwrap();
    let has = |name: &str| {
        tree.lines()
            .any(|line| line.split(' ').next() == Some(name))
    };
    // That the list is the right one.
    assert!(
        has("closecall-market") && has("rustls") && has("reqwest"),
        "{tree}"
    );
    for name in ["native-tls", "openssl-sys", "openssl", "openssl-src"] {
        assert!(!has(name), "{name} is in the default build");
    }
}
