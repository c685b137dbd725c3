//! Dependencies of the default build: TLS is rustls; no OpenSSL is needed to build or to run.

use std::process::Command;

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
