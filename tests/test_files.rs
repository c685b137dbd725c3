//! Every file of tests belongs to its package's target, or is one of its own: one that neither `main.rs`
//! nor the manifest names would never be compiled, let alone run.

use std::path::{Path, PathBuf};

fn packages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = std::fs::read_dir(root.join("crates")).unwrap();
    let mut packages = vec![root.to_path_buf(), root.join("actors")];
    packages.extend(crates.map(|entry| entry.unwrap().path()));
    packages
}

/// Roots of a package's targets of tests: `tests/main.rs`, and one in a folder of its own.
fn mains(package: &Path) -> Vec<PathBuf> {
    let tests = package.join("tests");
    let inner = std::fs::read_dir(&tests).into_iter().flatten();
    let folders = inner.map(|entry| entry.unwrap().path());
    let all = std::iter::once(tests.clone()).chain(folders);
    all.map(|folder| folder.join("main.rs"))
        .filter(|main| main.exists())
        .collect()
}

/// Modules beside `main` that neither it nor the package's manifest names.
fn unnamed(main: &Path, manifest: &str) -> Vec<String> {
    let text = std::fs::read_to_string(main).unwrap();
    let files = std::fs::read_dir(main.parent().unwrap()).unwrap();
    files
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension().is_some_and(|it| it == "rs") || path.join("mod.rs").exists()
        })
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "main" && !text.contains(&format!("mod {name};")))
        .filter(|name| !manifest.contains(&format!("[[test]]\nname = \"{name}\"")))
        .collect()
}

#[test]
fn every_file_of_tests_is_named_by_its_target() {
    let mut seen = Vec::new();
    for package in packages() {
        let manifest = std::fs::read_to_string(package.join("Cargo.toml")).unwrap();
        for main in mains(&package) {
            let unnamed = unnamed(&main, &manifest);
            assert_eq!(unnamed, Vec::<String>::new(), "{}", main.display());
            seen.push(main);
        }
    }
    assert!(seen.len() > 8, "{seen:?}");
}
