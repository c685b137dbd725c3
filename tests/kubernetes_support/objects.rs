//! Ways to look at rendered objects. A field that is missing reads as null or empty text.

use serde_json::Value;

/// The text at a JSON pointer, or "".
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The value at a JSON pointer, or null.
pub(crate) fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

/// The list at a JSON pointer, or none.
pub(crate) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The whole number at a JSON pointer.
pub(crate) fn number(value: &Value, pointer: &str) -> Option<i64> {
    value.pointer(pointer).and_then(Value::as_i64)
}

pub(crate) fn kind(object: &Value) -> &str {
    object
        .get("kind")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

pub(crate) fn name(object: &Value) -> &str {
    let metadata = object.get("metadata");
    metadata
        .and_then(|m| m.get("name"))
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// All objects of a kind.
pub(crate) fn all<'a>(objects: &'a [Value], wanted: &'a str) -> impl Iterator<Item = &'a Value> {
    objects.iter().filter(move |object| kind(object) == wanted)
}

/// The object of this kind and name, or null.
pub(crate) fn one<'a>(objects: &'a [Value], wanted: &str, called: &str) -> &'a Value {
    let found = objects
        .iter()
        .find(|object| kind(object) == wanted && name(object) == called);
    found.unwrap_or(&Value::Null)
}

/// Objects that run pods.
pub(crate) fn workloads(objects: &[Value]) -> impl Iterator<Item = &Value> {
    const KINDS: [&str; 3] = ["Deployment", "StatefulSet", "Job"];
    objects
        .iter()
        .filter(|object| KINDS.contains(&kind(object)))
}

/// The role's workload, whichever kind it is.
pub(crate) fn role<'a>(objects: &'a [Value], called: &str) -> &'a Value {
    workloads(objects)
        .find(|object| name(object) == called)
        .unwrap_or(&Value::Null)
}

/// The pod that a workload makes.
pub(crate) fn pod(workload: &Value) -> &Value {
    at(workload, "/spec/template/spec")
}

/// Whether a selector's labels are all among the others.
pub(crate) fn selects(selector: &Value, labels: &Value) -> bool {
    selector.as_object().is_some_and(|wanted| {
        !wanted.is_empty()
            && wanted
                .iter()
                .all(|(key, value)| labels.get(key) == Some(value))
    })
}

/// The settings that a pod gets as environment: from its ConfigMaps and literally.
pub(crate) fn environment<'a>(objects: &'a [Value], pod: &'a Value) -> Vec<(&'a str, &'a str)> {
    let mut found = Vec::new();
    for container in list(pod, "/containers") {
        for source in list(container, "/envFrom") {
            let map = one(objects, "ConfigMap", text(source, "/configMapRef/name"));
            let data = at(map, "/data").as_object();
            found.extend(
                data.into_iter()
                    .flatten()
                    .map(|(key, value)| (key.as_str(), text(value, ""))),
            );
        }
        found.extend(
            list(container, "/env")
                .iter()
                .map(|e| (text(e, "/name"), text(e, "/value"))),
        );
    }
    found
}
