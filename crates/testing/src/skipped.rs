//! Account of the tests that a run skipped. The test harness swallows what a passing test prints, so
//! each skip is noted in a file of the run, which the run's last test target prints.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Notes that the test on this thread is skipped, and why.
pub fn skip(reason: &str) {
    println!("skipped: {reason}");
    let thread = std::thread::current();
    let line = format!(
        "{}\t{}: {}\n",
        reason.lines().next().unwrap_or_default().replace('\t', " "),
        program().unwrap_or_default(),
        thread.name().unwrap_or("a thread of a test"),
    );
    let Some(file) = file_of_this_run() else {
        return;
    };
    let noted = file
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| OpenOptions::new().create(true).append(true).open(&file))
        // One write a line: other test programs append too.
        .and_then(|mut file| file.write_all(line.as_bytes()));
    if let Err(error) = noted {
        println!("cannot note it in {}: {error}", file.display());
    }
}

/// The tests skipped so far in this run, by reason; they are forgotten with it.
#[must_use]
pub fn take() -> BTreeMap<String, BTreeSet<String>> {
    let mut skipped: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let Some(file) = file_of_this_run() else {
        return skipped;
    };
    for line in fs::read_to_string(&file).unwrap_or_default().lines() {
        let (reason, test) = line.split_once('\t').unwrap_or((line, "?"));
        skipped
            .entry(reason.to_owned())
            .or_default()
            .insert(test.to_owned());
    }
    fs::remove_file(&file).ok();
    skipped
}

/// Beside the build's test programs, named by the process that started this one: a run of `cargo
/// test` starts all of them itself.
fn file_of_this_run() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let folder = program.ancestors().nth(2).map(Path::to_path_buf)?;
    let run = std::os::unix::process::parent_id();
    Some(folder.join("skipped-tests").join(format!("{run}.txt")))
}

/// The test program's name without cargo's hash.
fn program() -> Option<String> {
    let program = std::env::current_exe().ok()?;
    let name = program.file_stem()?.to_str()?;
    Some(
        name.rsplit_once('-')
            .map_or(name, |(name, _)| name)
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of its own would be needed to call `take` here: other tests of the run note theirs.
    #[test]
    fn the_file_is_the_runs_own() {
        let file = file_of_this_run().unwrap();
        let run = std::os::unix::process::parent_id().to_string();
        assert_eq!(file.file_stem().unwrap().to_str(), Some(run.as_str()));
        assert_eq!(program().as_deref(), Some("testing"));
    }
}
