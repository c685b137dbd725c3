//! `closecall predict` as the first process of a container: a request to end ends it, although the
//! kernel gives the first process no default action for a signal.

use crate::common;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::pipeline::send_signal;
use common::slow::SlowLine;
use common::{MarketServer, Workplace, wait_until};

/// Its own process namespace; `unshare` goes on as the first process's parent outside.
const NAMESPACE: [&str; 4] = ["--map-root-user", "--pid", "--fork", "--kill-child"];

/// Ends with the test, and the first process with it.
struct Outside(Child);

impl Outside {
    /// The first process of the namespace, by its number out here.
    fn inside(&self) -> Option<u32> {
        let id = self.0.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?;
        children.split_whitespace().next()?.parse().ok()
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn a_request_to_end_ends_it() {
    let mut probe = Command::new("unshare");
    let probe = probe.args(NAMESPACE).arg("true").output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        testing::skip("no process namespace may be made here");
        return;
    }
    let market = MarketServer::start(&["--simulated"]);
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        // Longer than any test: the answer never comes.
        let line = SlowLine::to(&market.address, Duration::from_secs(3600));
        let workplace = Workplace::on(&line.url());
        let predict = workplace.command(["predict", "AAPL"]);
        let mut command = Command::new("unshare");
        command
            .args(NAMESPACE)
            .arg(predict.get_program())
            .args(predict.get_args())
            .current_dir(workplace.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        for (name, value) in predict.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let mut outside = Outside(command.spawn().unwrap());
        wait_until("its question", || line.connections() > 0);
        send_signal(outside.inside().unwrap(), signal);
        // `unshare` ends as its child did.
        let status = outside.0.wait().unwrap();
        assert_eq!(status.code(), Some(code), "{signal}");
    }
}
