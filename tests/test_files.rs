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

/// Modules beside `main` that neither it nor the package's manifest names.
fn unnamed(main: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(main).unwrap();
    let manifest = main.parent().unwrap().join("../Cargo.toml");
    let manifest = std::fs::read_to_string(manifest).unwrap();
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
    let mains = packages().into_iter().map(|it| it.join("tests/main.rs"));
    let mains: Vec<_> = mains.filter(|main| main.exists()).collect();
    assert!(mains.len() > 5, "{mains:?}");
    for main in mains {
        assert_eq!(unnamed(&main), Vec::<String>::new(), "{}", main.display());
    }
}
