//! Files that a setting names and a ConfigMap brings: mounted where the setting says, to be read only.

use serde_json::{Value, json};

use super::Overlay;
use crate::kubernetes_support::objects::{at, list, pod, role, text};

pub(super) fn check(overlay: Overlay, objects: &[Value], found: &mut Vec<String>) {
    let model = ("gru-trainer", "CLOSECALL__MODEL__FILE", "closecall-model");
    let authority = ("scraper", "CLOSECALL__NETWORK__CA_FILE", "closecall-ca");
    for ((called, setting, map), wanted, may_be_missing) in [
        (model, overlay.model, true),
        (authority, overlay.authority, false),
    ] {
        let pod = pod(role(objects, called));
        let problem = match variable(pod, setting) {
            None => wanted.then_some("is not set"),
            Some(_) if !wanted => Some("is of no component"),
            Some(path) => problem(pod, path, map, may_be_missing),
        };
        found.extend(problem.map(|problem| format!("{called}: {setting} {problem}")));
    }
}

fn variable<'a>(pod: &'a Value, setting: &str) -> Option<&'a str> {
    let variables = list(pod, "/containers/0/env");
    let mut set = variables.iter().filter(|set| text(set, "/name") == setting);
    set.next().map(|set| text(set, "/value"))
}

/// The first thing that is wrong with the way to a file.
fn problem(pod: &Value, path: &str, map: &str, may_be_missing: bool) -> Option<&'static str> {
    let mounts = list(pod, "/containers/0/volumeMounts");
    let below = |mount: &&Value| {
        let folder = text(mount, "/mountPath");
        !folder.is_empty()
            && path
                .strip_prefix(folder)
                .is_some_and(|it| it.starts_with('/'))
    };
    let Some(mount) = mounts.iter().find(below) else {
        return Some("lies in no mount");
    };
    if at(mount, "/readOnly") != &json!(true) {
        return Some("can be written");
    }
    let volumes = list(pod, "/volumes");
    let source = volumes
        .iter()
        .find(|volume| text(volume, "/name") == text(mount, "/name"))
        .map_or(&Value::Null, |volume| at(volume, "/configMap"));
    if !text(source, "/name").starts_with(map) {
        return Some("is of another ConfigMap");
    }
    let optional = at(source, "/optional") == &json!(true);
    (optional != may_be_missing)
        .then_some("is not there when it has to be, or has to be when it need not")
}
