//! Mounts that only some processes see: those of a mount namespace of its own, with which they are gone.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{Done, Workplace};

/// A mount namespace, and the process that keeps it.
pub(crate) struct Mounts {
    keeper: Child,
    workplace: PathBuf,
}

impl Mounts {
    /// With what a shell mounts in the workplace's folder; `None` where the system does not allow it.
    pub(crate) fn of(workplace: &Workplace, mount: &str) -> Option<Self> {
        let script = format!("cd \"$0\" && {mount} && echo mounted && exec cat");
        let mut keeper = Command::new("unshare")
            .args(["--mount", "sh", "-c", &script])
            .arg(workplace.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut line = String::new();
        let mut said = BufReader::new(keeper.stdout.take()?);
        said.read_line(&mut line).ok()?;
        let mounts = Self {
            keeper,
            workplace: workplace.folder.path().to_owned(),
        };
        (line.trim() == "mounted").then_some(mounts)
    }

    /// A command of the workplace, where the mounts are seen.
    pub(crate) fn within(&self, command: &Command) -> Command {
        let mut inside = Command::new("nsenter");
        inside
            .args(["--target", &self.keeper.id().to_string(), "--mount"])
            .args(["sh", "-c", "cd \"$0\" && exec \"$@\""])
            .arg(&self.workplace)
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(Stdio::null());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => inside.env(name, value),
                None => inside.env_remove(name),
            };
        }
        inside
    }

    /// Runs it there to its end.
    pub(crate) fn run(&self, command: &Command) -> Done {
        Done(self.within(command).output().unwrap())
    }

    /// A path in the workplace's folder, as it is reached from outside.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.keeper.id()));
        root.join(self.workplace.strip_prefix("/").unwrap())
            .join(path)
    }
}

impl Drop for Mounts {
    fn drop(&mut self) {
        self.keeper.kill().ok();
        self.keeper.wait().ok();
    }
}
