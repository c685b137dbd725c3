//! The last test target of a run: prints what was skipped, and why.

#![allow(
    clippy::disallowed_methods,
    reason = "prints for those who run the tests"
)]

fn main() {
    // Programs that list the tests before they run them start each one for its list.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let skipped = testing::take();
    if skipped.is_empty() {
        println!("\nno test was skipped\n");
        return;
    }
    let count: usize = skipped.values().map(|tests| tests.len()).sum();
    println!("\n{count} tests were skipped in this run, for want of what they need:");
    for (reason, tests) in skipped {
        println!("  {reason}");
        for test in tests {
            println!("    {test}");
        }
    }
    println!();
}
