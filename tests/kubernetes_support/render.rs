//! The overlays as Kubernetes would get them. Knows how to find a renderer; judges nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Every overlay that is to be checked. A folder that is missing here fails the test.
pub(crate) const OVERLAYS: [&str; 3] = ["dev", "prod", "test"];

/// The folder of the manifests.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("k8s")
}

/// The objects of an overlay, or nothing where the machine has no renderer. With
/// `CLOSECALL_REQUIRE_KUBECTL=1` a missing renderer is a failure.
pub(crate) fn overlay(name: &str) -> Result<Option<Vec<Value>>, String> {
    let Some(mut command) = renderer() else {
        let hint = "no kubectl or kustomize found (CLOSECALL_TEST_KUBECTL names one)";
        if testing::is_required("CLOSECALL_REQUIRE_KUBECTL") {
            return Err(hint.to_owned());
        }
        testing::skip(hint);
        return Ok(None);
    };
    command.arg(folder().join("overlays").join(name));
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let objects = serde_saphyr::from_multiple(&text);
    objects
        .map(Some)
        .map_err(|error| format!("{name} is not YAML: {error}"))
}

/// `CLOSECALL_TEST_KUBECTL`, else kubectl, else kustomize.
fn renderer() -> Option<Command> {
    if let Ok(line) = std::env::var("CLOSECALL_TEST_KUBECTL") {
        let mut words = line.split_whitespace();
        let mut command = Command::new(words.next()?);
        command.args(words).arg("kustomize");
        return Some(command);
    }
    ["kubectl", "kustomize"].into_iter().find_map(|program| {
        // `kustomize kustomize` is not a command, but both know `version`.
        let version = if program == "kubectl" {
            "--client"
        } else {
            "--short"
        };
        let found = Command::new(program)
            .args(["version", version])
            .output()
            .is_ok();
        let verb = if program == "kubectl" {
            "kustomize"
        } else {
            "build"
        };
        found.then(|| {
            let mut command = Command::new(program);
            command.arg(verb);
            command
        })
    })
}
