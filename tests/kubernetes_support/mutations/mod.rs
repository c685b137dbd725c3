//! Ways to weaken rendered manifests, one field at a time. Which complaint answers to each is the
//! rules' affair; here is only what is tried.

mod cluster;
mod files;
mod kafka;
mod pods;

use serde_json::{Value, json};

use super::objects::{all, kind, name};
use super::rules::Overlay;

/// One change to one object.
#[derive(Debug, Clone)]
pub(crate) struct Mutation {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) change: Change,
}

#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// The whole object goes.
    Delete,
    /// The pointer's target goes.
    Remove(String),
    /// The pointer's target is this from now on; the last step may be new.
    Set(String, Value),
}

impl Mutation {
    fn new(object: &Value, change: Change) -> Self {
        Self {
            kind: kind(object).to_owned(),
            name: name(object).to_owned(),
            change,
        }
    }

    /// Makes the change, judges the objects, and takes it back; nothing where it changes nothing.
    pub(crate) fn tried<T>(
        &self,
        objects: &mut [Value],
        judge: impl FnOnce(&[Value]) -> T,
    ) -> Option<T> {
        let mine = |object: &Value| kind(object) == self.kind && name(object) == self.name;
        let index = objects.iter().position(mine)?;
        let before = objects[index].clone();
        let changed = match &self.change {
            Change::Delete => {
                objects[index] = Value::Null;
                Some(())
            }
            Change::Remove(pointer) => remove(&mut objects[index], pointer),
            Change::Set(pointer, value) => set(&mut objects[index], pointer, value),
        };
        let verdict = changed
            .filter(|()| objects[index] != before)
            .map(|()| judge(objects));
        objects[index] = before;
        verdict
    }
}

/// Of these kinds nothing at all may be missing.
const WHOLE: [&str; 7] = [
    "NetworkPolicy",
    "PodDisruptionBudget",
    "Namespace",
    "KafkaUser",
    "KafkaTopic",
    "TriggerAuthentication",
    "ServiceAccount",
];

/// Everything that is tried on an overlay.
pub(crate) fn mutations(overlay: Overlay, objects: &[Value]) -> Vec<Mutation> {
    let mut found: Vec<Mutation> = objects
        .iter()
        .map(|object| Mutation::new(object, Change::Delete))
        .collect();
    // Of these kinds nothing at all may be missing.
    for object in objects
        .iter()
        .filter(|object| WHOLE.contains(&kind(object)))
    {
        let mut pointers = Vec::new();
        nodes(object, String::new(), &mut pointers);
        found.extend(
            pointers
                .into_iter()
                .filter(|pointer| is_ours(object, pointer))
                .map(|pointer| Mutation::new(object, Change::Remove(pointer))),
        );
    }
    // A policy that lets one more in.
    for policy in all(objects, "NetworkPolicy") {
        for (field, verb) in [("ingress", "from"), ("egress", "to")] {
            for index in 0..super::objects::list(policy, &format!("/spec/{field}")).len() {
                let rule = format!("/spec/{field}/{index}/{verb}");
                let open = json!([{"ipBlock": {"cidr": "0.0.0.0/0"}}]);
                found.push(Mutation::new(policy, Change::Set(rule, open)));
            }
        }
    }
    pods::add(objects, &mut found);
    files::add(overlay, objects, &mut found);
    cluster::add(overlay, objects, &mut found);
    if overlay.strimzi {
        kafka::cluster(objects, &mut found);
    } else {
        kafka::topics_job(objects, &mut found);
    }
    found
}

/// Changes to one object: removals, then values.
fn on(object: &Value, removed: &[&str], set: &[(&str, Value)], found: &mut Vec<Mutation>) {
    let removals = removed
        .iter()
        .map(|pointer| Change::Remove((*pointer).to_owned()));
    let values = set
        .iter()
        .map(|(pointer, value)| Change::Set((*pointer).to_owned(), value.clone()));
    found.extend(
        removals
            .chain(values)
            .map(|change| Mutation::new(object, change)),
    );
}

/// Leaves out what names the object itself, and what all objects share as decoration.
fn is_ours(object: &Value, pointer: &str) -> bool {
    let itself = ["/kind", "/apiVersion", "/metadata", "/metadata/name"].contains(&pointer);
    let decoration = kind(object) != "Namespace"
        && (pointer == "/metadata/labels" || pointer.starts_with("/metadata/labels/app."));
    !(itself || decoration)
}

/// Pointers to everything below a value.
fn nodes(value: &Value, at: String, found: &mut Vec<String>) {
    if !at.is_empty() {
        found.push(at.clone());
    }
    match value {
        Value::Object(fields) => {
            for (key, below) in fields {
                let key = key.replace('~', "~0").replace('/', "~1");
                nodes(below, format!("{at}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (index, below) in items.iter().enumerate() {
                nodes(below, format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// The value that holds what the pointer leads to, and the last step's name.
fn holder<'a>(object: &'a mut Value, pointer: &str) -> Option<(&'a mut Value, String)> {
    let (above, last) = pointer.rsplit_once('/')?;
    Some((
        object.pointer_mut(above)?,
        last.replace("~1", "/").replace("~0", "~"),
    ))
}

fn remove(object: &mut Value, pointer: &str) -> Option<()> {
    match holder(object, pointer)? {
        (Value::Object(fields), key) => fields.remove(&key).map(drop),
        (Value::Array(items), key) => {
            let index: usize = key.parse().ok().filter(|index| *index < items.len())?;
            items.remove(index);
            Some(())
        }
        _ => None,
    }
}

fn set(object: &mut Value, pointer: &str, value: &Value) -> Option<()> {
    match holder(object, pointer)? {
        (Value::Object(fields), key) => {
            fields.insert(key, value.clone());
            Some(())
        }
        (Value::Array(items), key) if key == "-" => {
            items.push(value.clone());
            Some(())
        }
        (Value::Array(items), key) => {
            *items.get_mut(key.parse::<usize>().ok()?)? = value.clone();
            Some(())
        }
        _ => None,
    }
}
