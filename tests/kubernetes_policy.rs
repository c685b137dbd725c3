//! The manifests keep our rules, and the rules notice when one is broken: every overlay is rendered
//! and judged, then weakened one field at a time, and each weakening must be complained about.
//! What Kubernetes itself accepts is checked by `scripts/check-manifests`, not here.

use crate::kubernetes_support;

use std::collections::BTreeSet;

use kubernetes_support::mutations::mutations;
use kubernetes_support::render::{self, OVERLAYS};
use kubernetes_support::rules::{Overlay, violations};

#[test]
fn every_overlay_is_known() {
    let folder = render::folder().join("overlays");
    let found: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, OVERLAYS.into_iter().map(str::to_owned).collect());
}

#[test]
fn every_overlay_keeps_the_rules() {
    for name in OVERLAYS {
        let Some(objects) = render::overlay(name).unwrap() else {
            return;
        };
        assert!(
            objects.len() > 20,
            "{name} has {} objects only",
            objects.len()
        );
        let found = violations(Overlay::of(name), &objects);
        assert!(found.is_empty(), "{name}:\n  {}", found.join("\n  "));
    }
}

#[test]
fn every_weakening_is_noticed() {
    let mut tried = 0;
    let mut missed = Vec::new();
    for name in OVERLAYS {
        let Some(mut objects) = render::overlay(name).unwrap() else {
            return;
        };
        for mutation in mutations(Overlay::of(name), &objects) {
            tried += 1;
            let judge = |changed: &[_]| violations(Overlay::of(name), changed).is_empty();
            match mutation.tried(&mut objects, judge) {
                // A mutation that changes nothing would not be noticed, and proves nothing.
                None => missed.push(format!("{name}: changes nothing: {mutation:?}")),
                Some(true) => missed.push(format!("{name}: not noticed: {mutation:?}")),
                Some(false) => {}
            }
        }
    }
    println!("{tried} mutations tried, {} missed", missed.len());
    assert!(
        missed.is_empty(),
        "{} of {tried}:\n  {}",
        missed.len(),
        missed.join("\n  ")
    );
    assert!(tried >= 60, "only {tried} mutations");
}
