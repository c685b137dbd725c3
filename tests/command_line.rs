//! The command line for those who look before they run: help with examples, versions, completions,
//! and mistakes that end with 64.

use crate::common;

use common::Workplace;

#[test]
fn help_begins_with_examples_and_names_the_exit_codes() {
    for arguments in [&["--help"][..], &["-h"]] {
        let help = Workplace::new().run(arguments);
        assert_eq!(help.code(), 0);
        let text = help.stdout();
        for part in [
            "closecall demo",
            "closecall predict AAPL",
            "78 configuration",
            "predict",
        ] {
            assert!(text.contains(part), "no `{part}` in {text}");
        }
        assert!(text.find("Examples:") < text.find("Usage:"), "{text}");
    }
    for command in [
        "demo",
        "run",
        "predict",
        "ledger",
        "market",
        "config",
        "completions",
        "version",
    ] {
        let help = Workplace::new().run(&[command, "--help"]);
        assert_eq!(help.code(), 0, "{command}");
        assert!(help.stdout().contains("Usage:"), "{command}");
    }
}

#[test]
fn the_version_is_printed() {
    let version = env!("CARGO_PKG_VERSION");
    let workplace = Workplace::new();
    let short = workplace.run(&["--version"]).stdout();
    assert_eq!(short.trim(), format!("closecall {version}"));
    assert!(workplace.run(&["version"]).stdout().contains(version));
    let json = workplace.run(&["version", "--json"]).json();
    assert_eq!(json["version"], version);
}

/// Built in a clone, it names the clone's commit.
#[test]
fn the_version_names_its_commit() {
    let version = Workplace::new().run(&["version", "--json"]).json();
    let commit = version["commit"].as_str().unwrap();
    let in_clone = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(".git");
    let is_commit = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_given = option_env!("CLOSECALL_COMMIT").is_some();
    assert!(is_commit || is_given || !in_clone.exists(), "{commit}");
    let text = Workplace::new().run(&["version"]).stdout();
    assert!(text.contains(commit), "{text}");
}

/// A shell completes every command, and what the help shows to all.
#[test]
fn completions_are_printed_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let done = Workplace::new().run(&["completions", shell]);
        assert_eq!(done.code(), 0, "{shell}");
        for word in ["predict", "as-of", "ledger", "verify"] {
            assert!(done.stdout().contains(word), "{shell}: {word}");
        }
    }
}

/// They need no configuration, so they work where it is broken.
#[test]
fn versions_and_completions_need_no_configuration() {
    let broken = Workplace::new().with("CLOSECALL__NO__SUCH", "1");
    broken.run(&["config", "check"]).refused(78, &[]);
    assert_eq!(broken.run(&["version"]).code(), 0);
    assert_eq!(broken.run(&["completions", "bash"]).code(), 0);
}

#[test]
fn mistakes_end_with_64_and_say_what_was_meant() {
    for (arguments, says) in [
        (&["demoo"][..], "demo"),
        (&["demo", "--piks", "3"], "--picks"),
        (&["demo", "--picks", "0"], "--picks"),
        (&["demo", "--fault", "gru-traner:panic"], "gru-trainer"),
        (&["demo", "--fault", "gru-trainer:explode"], "explode"),
        (&["predict"], "TICKER"),
        (&["predict", "AAPL", "--as-of", "yesterday"], "RFC 3339"),
        (&["market", "serve"], "--replay"),
        (&["run", "--speed", "2"], "--clock-start"),
        (&["run", "--stage", "oracle"], "gru-trainer"),
    ] {
        let done = Workplace::new().run(arguments);
        done.refused(64, &[says]);
        assert_eq!(done.stdout(), "", "{arguments:?}");
    }
}

/// `closecall ledger list | head -1`: a reader that has gone away is no failure.
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    use std::io::Read;
    use std::process::Stdio;

    let workplace = Workplace::new();
    let mut child = workplace
        .command(["config", "show"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
}
