//! A backtest over the folder of CSV that prices come from (`files.folder`): the numbers of the same
//! prices as recorded data, whatever the columns.

use crate::common::{Workplace, walks};

#[test]
fn a_folder_of_yfinances_files_gives_the_numbers_of_the_recorded_data() {
    let workplace = Workplace::new();
    let folder = workplace.folder.path();
    walks::yahoo(&folder.join("recorded/prices"));
    walks::yfinance(&folder.join("files"));
    let words = [
        "backtest",
        "--from",
        "2023-03-01",
        "--models",
        "closecall,ridge",
        "--json",
    ];
    let out = ["--data", "recorded", "--out", "new/reports/walk.json"];
    let recorded = workplace.run(&[&words[..], &out].concat());
    let files = workplace.run(&[&["--set", "files.folder=files"], &words[..]].concat());
    assert_eq!((recorded.code(), recorded.stderr()), (0, String::new()));
    assert_eq!((files.code(), files.stderr()), (0, String::new()));
    let report = recorded.json();
    assert!(report.to_string().contains("closecall"), "{report}");
    assert_eq!(files.stdout(), recorded.stdout());
    let written = std::fs::read_to_string(folder.join("new/reports/walk.json")).unwrap();
    assert_eq!(written, recorded.stdout());
}

/// There is no data either: the place of the report is looked at first, and nothing is left there.
#[test]
fn a_report_that_cannot_be_written_is_said_before_the_walk() {
    let workplace = Workplace::new();
    std::fs::write(workplace.folder.path().join("file"), "mine").unwrap();
    let backtest = |out| workplace.run(&["backtest", "--data", "nowhere", "--out", out]);
    backtest("file/walk.json").refused(73, &["cannot write file/walk.json"]);
    assert_ne!(backtest("reports/walk.json").code(), 0);
    assert!(!workplace.folder.path().join("reports/walk.json").exists());
}
