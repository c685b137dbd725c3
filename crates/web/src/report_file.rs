//! Reports of backtests, as `closecall backtest --out DIR/reports/NAME.json` writes them into the
//! data directory. Read leniently: a field that is not there is not shown.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Deserialize;

/// The folder in the data directory.
const FOLDER: &str = "reports";

/// The largest report that is read.
const LARGEST: u64 = 8 * 1024 * 1024;

/// A value with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(crate) struct ReportInterval {
    pub(crate) value: f64,
    pub(crate) lower: f64,
    pub(crate) upper: f64,
}

/// Provenance of the report.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct MadeWith {
    pub(crate) version: String,
    pub(crate) command: String,
    pub(crate) seed: u64,
    pub(crate) path: String,
}

/// The bands of one level.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(crate) struct ReportBand {
    pub(crate) level: f64,
    pub(crate) outcomes: usize,
    pub(crate) inside: usize,
    pub(crate) coverage: ReportInterval,
    pub(crate) width: f64,
    pub(crate) winkler: f64,
}

/// Calls of rise and fall.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ReportCalls {
    pub(crate) calls: usize,
    pub(crate) right: usize,
    pub(crate) baseline_calls: usize,
    pub(crate) baseline_right: usize,
}

/// Measures of a group of forecasts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ReportGroup {
    pub(crate) outcomes: usize,
    pub(crate) relative_mae: Option<ReportInterval>,
    pub(crate) against_last_close: Option<ReportInterval>,
    pub(crate) p_hln: Option<f64>,
    pub(crate) calls: ReportCalls,
    pub(crate) bands: Vec<ReportBand>,
    pub(crate) verdict: Option<String>,
}

/// One model.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ReportModel {
    #[serde(flatten)]
    pub(crate) total: ReportGroup,
    pub(crate) times: BTreeMap<String, ReportGroup>,
    pub(crate) tickers: BTreeMap<String, ReportGroup>,
    pub(crate) thirds: Vec<ReportGroup>,
}

/// The goals, and the values that were reached.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ReportGoal {
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) what: String,
    pub(crate) measured: f64,
    pub(crate) must: String,
    pub(crate) reached: bool,
}

/// A report.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct StoredReport {
    pub(crate) made_with: MadeWith,
    pub(crate) first: Option<String>,
    pub(crate) last: Option<String>,
    pub(crate) tickers: Vec<String>,
    pub(crate) sessions: usize,
    pub(crate) trials: usize,
    pub(crate) models: BTreeMap<String, ReportModel>,
    pub(crate) news_gain: Option<ReportInterval>,
    pub(crate) goals: Vec<ReportGoal>,
}

/// Whether a name is one that a report may have: nothing else reaches the file system.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The names of all reports, the newest first.
pub(crate) fn names(data_dir: &Path) -> Vec<String> {
    let Ok(folder) = std::fs::read_dir(data_dir.join(FOLDER)) else {
        return Vec::new();
    };
    let mut found: Vec<(SystemTime, String)> = folder
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let path = entry.path();
            let is_report = path
                .extension()
                .is_some_and(|extension| extension == "json");
            let name = path.file_stem()?.to_str()?.to_owned();
            let written = entry.metadata().ok()?.modified().ok()?;
            (is_report && is_name(&name)).then_some((written, name))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, name)| name).collect()
}

/// A report by its name; an error says what is wrong with its file.
pub(crate) fn read(data_dir: &Path, name: &str) -> Result<Option<StoredReport>, String> {
    if !is_name(name) {
        return Ok(None);
    }
    let path: PathBuf = data_dir.join(FOLDER).join(format!("{name}.json"));
    let Ok(file) = std::fs::File::open(path) else {
        return Ok(None);
    };
    let mut text = String::new();
    let read = file.take(LARGEST + 1).read_to_string(&mut text);
    if read.is_err() || text.len() as u64 > LARGEST {
        return Err(format!(
            "the report {name} cannot be read as text of at most 8 MiB"
        ));
    }
    let report = serde_json::from_str(&text);
    report
        .map(Some)
        .map_err(|error| format!("the report {name} is no report of this program: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        for bad in [
            "",
            "../x",
            "a/b",
            "a.json",
            "..",
            "a%2f",
            "a\u{0}",
            &"a".repeat(65),
        ] {
            assert!(!is_name(bad), "{bad}");
        }
        assert!(is_name("walk-2023_06"));
    }

    #[test]
    fn what_is_not_there_is_not_shown_and_rubbish_is_said() {
        let folder = tempfile::tempdir().unwrap();
        assert!(names(folder.path()).is_empty());
        let reports = folder.path().join(FOLDER);
        std::fs::create_dir(&reports).unwrap();
        std::fs::write(
            reports.join("small.json"),
            r#"{"models":{"closecall":{"outcomes":3}}}"#,
        )
        .unwrap();
        std::fs::write(reports.join("bad.json"), "{").unwrap();
        std::fs::write(reports.join("not a name.json"), "{}").unwrap();
        assert_eq!(names(folder.path()).len(), 2);
        let small = read(folder.path(), "small").unwrap().unwrap();
        assert_eq!(small.models["closecall"].total.outcomes, 3);
        assert!(read(folder.path(), "bad").is_err());
        assert!(read(folder.path(), "absent").unwrap().is_none());
    }
}
