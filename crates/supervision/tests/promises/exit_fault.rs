//! The fault `exit` ends the process as `kill -9` does. Proven on a process of its own: this test's
//! binary, run again.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use closecall_supervision::FaultPoints;

const CHILD: &str = "CLOSECALL_TEST_EXIT_FAULT";

#[test]
fn the_process_is_killed_on_the_second_hit() {
    if std::env::var_os(CHILD).is_some() {
        let known: &[(&str, &[&str])] = &[("bridge", &["before-commit"])];
        let faults = FaultPoints::parse(["bridge.before-commit:exit:every=2"], known).unwrap();
        faults.hit("bridge", None);
        faults.hit("bridge", Some("before-commit"));
        println!("still here after the first");
        faults.hit("bridge", Some("before-commit"));
        std::process::exit(0);
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "exit_fault::the_process_is_killed_on_the_second_hit",
            "--exact",
            "--nocapture",
        ])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert_eq!(output.status.signal(), Some(9), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("still here after the first"), "{said}");
}
