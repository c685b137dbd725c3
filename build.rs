//! Gives the build the commit it is made from: `CLOSECALL_COMMIT` where that is set (the image's
//! build sets it), else the commit that this folder's own clone is at. Reads git's files itself, for
//! a machine that builds need not have git.

use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=CLOSECALL_COMMIT");
    let given = std::env::var("CLOSECALL_COMMIT").ok();
    let given = given.filter(|commit| !commit.is_empty());
    let root = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let commit = given.or_else(|| of_clone(&root?));
    if let Some(commit) = commit {
        println!("cargo:rustc-env=CLOSECALL_COMMIT={commit}");
    }
}

/// The commit that a clone or a work tree of it is at.
fn of_clone(root: &Path) -> Option<String> {
    let git = root.join(".git");
    let folder = if git.is_dir() {
        git
    } else {
        // A work tree names its folder in a file.
        let named = fs::read_to_string(&git).ok()?;
        root.join(named.strip_prefix("gitdir:")?.trim())
    };
    let head = read(&folder.join("HEAD"))?;
    let Some(branch) = head.strip_prefix("ref:").map(str::trim) else {
        return is_commit(&head).then_some(head);
    };
    // What all work trees share lies with the clone.
    let shared = match fs::read_to_string(folder.join("commondir")) {
        Ok(named) => folder.join(named.trim()),
        Err(_) => folder,
    };
    let commit = read(&shared.join(branch)).or_else(|| packed(&shared, branch))?;
    is_commit(&commit).then_some(commit)
}

fn read(file: &Path) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    println!("cargo:rerun-if-changed={}", file.display());
    Some(text.trim().to_owned())
}

/// A fresh clone keeps its branches in one file.
fn packed(shared: &Path, branch: &str) -> Option<String> {
    let packed = read(&shared.join("packed-refs"))?;
    packed.lines().find_map(|line| {
        let (commit, name) = line.split_once(' ')?;
        (name == branch).then(|| commit.to_owned())
    })
}

fn is_commit(text: &str) -> bool {
    text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
