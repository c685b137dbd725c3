//! Every name in the manifests exists in the program: settings, commands, stages, ports, probe
//! paths, topics, groups and metrics. The program itself is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};

use crate::kubernetes_support::objects::{
    all, environment, list, number, one, pod, role, text, workloads,
};
use crate::kubernetes_support::render::OVERLAYS;
use crate::kubernetes_support::{objects, render};
use closecall_protocol::Topic;
use closecall_protocol::topic::{DEAD_LETTER_RETENTION_DAYS, PARTITIONS};
use serde_json::Value;

const ROLES: [&str; 4] = ["ticker-picker", "scraper", "gru-trainer", "reporter"];

/// The program with no settings but those that are given.
fn closecall(folder: &tempfile::TempDir, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_closecall"));
    command.args(args).current_dir(folder.path()).env_clear();
    command
}

fn run(args: &[&str], environment: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let settings = environment.iter().copied();
    closecall(&folder, args).envs(settings).output().unwrap()
}

fn settings() -> BTreeMap<String, Value> {
    let shown = run(&["config", "show", "--json"], &[]);
    assert!(shown.status.success(), "{shown:?}");
    serde_json::from_slice(&shown.stdout).unwrap()
}

/// Containers of the program's own image.
fn ours(object: &Value) -> impl Iterator<Item = &Value> {
    let containers = list(pod(object), "/containers");
    containers
        .iter()
        .filter(|container| text(container, "/image").contains("closecall"))
}

#[test]
fn every_setting_is_known() {
    let known = settings();
    let mut seen = 0;
    for overlay in OVERLAYS {
        let Some(objects) = render::overlay(overlay).unwrap() else {
            return;
        };
        for workload in workloads(&objects) {
            for (variable, _) in environment(&objects, pod(workload)) {
                let Some(key) = variable.strip_prefix("CLOSECALL__") else {
                    continue;
                };
                let key = key.replace("__", ".").to_lowercase();
                assert!(known.contains_key(&key), "{overlay}: {variable}");
                seen += 1;
            }
        }
    }
    assert!(seen > 50, "only {seen} settings");
}

/// The values are such as the program takes, too. (With TLS only where its build has it.)
#[test]
fn every_role_has_settings_that_can_be_used() {
    for overlay in ["dev", "test"] {
        let Some(objects) = render::overlay(overlay).unwrap() else {
            return;
        };
        for called in ROLES {
            let mut given = environment(&objects, pod(role(&objects, called)));
            // Mounted in the pod; here it lies beside the overlay.
            let authority = render::folder().join("overlays/test/ca.crt");
            for (name, value) in &mut given {
                if *name == "CLOSECALL__NETWORK__CA_FILE" {
                    *value = authority.to_str().unwrap();
                }
            }
            let checked = run(&["config", "check"], &given);
            assert!(checked.status.success(), "{overlay} {called}: {checked:?}");
        }
    }
    let wrong = run(&["config", "check"], &[("CLOSECALL__PICKER__EVREY", "3s")]);
    assert_eq!(wrong.status.code(), Some(78));
}

#[test]
fn every_command_and_stage_exists() {
    for overlay in OVERLAYS {
        let Some(objects) = render::overlay(overlay).unwrap() else {
            return;
        };
        for container in workloads(&objects).flat_map(ours) {
            let args: Vec<&str> = list(container, "/args")
                .iter()
                .filter_map(Value::as_str)
                .collect();
            let helped = run(&[&args[..], &["--help"]].concat(), &[]);
            assert!(helped.status.success(), "{args:?}: {helped:?}");
        }
    }
    let wrong = run(&["run", "--stage", "grue-trainer", "--help"], &[]);
    assert_eq!(wrong.status.code(), Some(64), "{wrong:?}");
    let wrong = run(&["market", "serve", "--simulatd", "--help"], &[]);
    assert_eq!(wrong.status.code(), Some(64), "{wrong:?}");
}

#[test]
fn topics_and_groups_are_the_programs_own() {
    let Some(objects) = render::overlay("prod").unwrap() else {
        return;
    };
    let mut wanted = BTreeMap::new();
    for topic in Topic::ALL {
        wanted.insert(topic.name(), topic.retention_days());
        wanted.insert(topic.dead_letters(), DEAD_LETTER_RETENTION_DAYS);
    }
    let made: BTreeSet<&str> = all(&objects, "KafkaTopic").map(objects::name).collect();
    assert_eq!(made, wanted.keys().copied().collect());
    for (called, days) in wanted {
        let topic = one(&objects, "KafkaTopic", called);
        assert_eq!(
            number(topic, "/spec/partitions"),
            Some(i64::from(PARTITIONS))
        );
        let kept = i64::from(days) * 24 * 60 * 60 * 1000;
        assert_eq!(
            number(topic, "/spec/config/retention.ms"),
            Some(kept),
            "{called}"
        );
    }
    let prefix = settings()["kafka.group_prefix"]["value"]
        .as_str()
        .unwrap()
        .to_owned();
    let scaler = one(&objects, "ScaledObject", "gru-trainer");
    let trigger = "/spec/triggers/0/metadata";
    assert_eq!(
        text(scaler, &format!("{trigger}/topic")),
        Topic::StockModelOutput.name()
    );
    let group = format!("{prefix}.gru-trainer");
    assert_eq!(text(scaler, &format!("{trigger}/consumerGroup")), group);
}

/// A role that was started with its overlay's settings; killed when dropped.
struct Running {
    process: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Running {
    /// Starts the stage on a free port, with no broker to be found.
    fn start(stage: &str, given: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut process = closecall(&folder, &["run", "--stage", stage])
            .envs(given.iter().copied())
            .env("CLOSECALL__HTTP__LISTEN", "127.0.0.1:0")
            .env("CLOSECALL__KAFKA__BROKERS", "127.0.0.1:1")
            .env("CLOSECALL__DATA_DIR", folder.path().join("data"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut read = String::new();
        let address = loop {
            let start = read.len();
            assert_ne!(
                log.read_line(&mut read).unwrap(),
                0,
                "{stage} ended: {read}"
            );
            let line: Value = serde_json::from_str(&read[start..]).unwrap();
            let found = ["/address", "/fields/address"].map(|pointer| text(&line, pointer));
            if let Some(address) = found.into_iter().find(|address| !address.is_empty()) {
                break address.to_owned();
            }
        };
        // No one waits for what the log says from here on, but the pipe must not fill up.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self {
            process,
            address,
            _folder: folder,
        }
    }

    fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

#[test]
fn every_path_is_served_and_every_metric_exists() {
    let Some(objects) = render::overlay("prod").unwrap() else {
        return;
    };
    let Some(plain) = render::overlay("dev").unwrap() else {
        return;
    };
    let mut families = BTreeSet::new();
    for called in ROLES {
        let given = environment(&plain, pod(role(&plain, called)));
        let given: Vec<_> = given
            .into_iter()
            .filter(|(key, _)| !key.ends_with("API_KEY"))
            .collect();
        let running = Running::start(called, &given);
        assert_eq!(running.get("/nothing").0, 404);
        let container = &list(pod(role(&plain, called)), "/containers")[0];
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            let path = text(container, &format!("/{probe}/httpGet/path"));
            assert!(
                [200, 503].contains(&running.get(path).0),
                "{called}: {path}"
            );
        }
        // Alive without a broker, or the kubelet would restart it for nothing; but not ready.
        assert_eq!(running.get("/healthz").0, 200, "{called}");
        assert_eq!(running.get("/readyz").0, 503, "{called}");
        let page = running.get("/metrics").1;
        let types = page.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        families.extend(types.filter_map(|line| Some(line.split_once(' ')?.0.to_owned())));
    }
    let monitor = one(&objects, "PodMonitor", "closecall");
    assert_eq!(
        text(monitor, "/spec/podMetricsEndpoints/0/path"),
        "/metrics"
    );
    let rules = one(&objects, "PrometheusRule", "closecall");
    let mut used = BTreeSet::new();
    for rule in list(rules, "/spec/groups/0/rules") {
        let words = text(rule, "/expr").split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        used.extend(words.filter(|word| word.starts_with("closecall_")));
    }
    let dashboard = one(&objects, "ConfigMap", "closecall-dashboard");
    let dashboard = text(dashboard, "/data/closecall-dashboard.json");
    let dashboard: Value = serde_json::from_str(dashboard).unwrap();
    for panel in list(&dashboard, "/panels") {
        assert!(!list(panel, "/targets").is_empty(), "{panel}");
        for target in list(panel, "/targets") {
            let words =
                text(target, "/expr").split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            used.extend(words.filter(|word| word.starts_with("closecall_")));
        }
    }
    assert!(used.len() > 10, "{used:?}");
    for name in used {
        let family = name
            .strip_suffix("_total")
            .or(name.strip_suffix("_info"))
            .or(name.strip_suffix("_bucket"))
            .unwrap_or(name);
        assert!(
            families.contains(family) || families.contains(name),
            "{name}: {families:?}"
        );
    }
}
