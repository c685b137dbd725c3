//! Ways to part a setting from the file that a ConfigMap brings.

use serde_json::{Value, json};

use super::{Change, Mutation};
use crate::kubernetes_support::objects::{list, pod, role, text};
use crate::kubernetes_support::rules::Overlay;

const POD: &str = "/spec/template/spec";

pub(super) fn add(overlay: Overlay, objects: &[Value], found: &mut Vec<Mutation>) {
    for (called, volume, there) in [
        ("gru-trainer", "model", overlay.model),
        ("scraper", "ca", overlay.authority),
    ] {
        let workload = role(objects, called);
        let named = |list: &[Value]| list.iter().position(|it| text(it, "/name") == volume);
        let mounted = named(list(pod(workload), "/containers/0/volumeMounts"));
        let held = named(list(pod(workload), "/volumes"));
        // Where either is missing, the rules complain of the overlay as it is.
        let (Some(mounted), Some(held), true) = (mounted, held, there) else {
            continue;
        };
        let mount = format!("{POD}/containers/0/volumeMounts/{mounted}");
        let source = format!("{POD}/volumes/{held}/configMap");
        let optional = volume != "model";
        for change in [
            Change::Remove(mount.clone()),
            Change::Remove(format!("{mount}/readOnly")),
            Change::Set(format!("{mount}/mountPath"), json!("/etc/elsewhere")),
            Change::Set(format!("{source}/name"), json!("closecall")),
            Change::Set(format!("{source}/optional"), json!(optional)),
        ] {
            found.push(Mutation::new(workload, change));
        }
    }
}
