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
    let recorded = workplace.run(&[&words[..], &["--data", "recorded"]].concat());
    let files = workplace.run(&[&["--set", "files.folder=files"], &words[..]].concat());
    assert_eq!((recorded.code(), recorded.stderr()), (0, String::new()));
    assert_eq!((files.code(), files.stderr()), (0, String::new()));
    let report = recorded.json();
    assert!(report.to_string().contains("closecall"), "{report}");
    assert_eq!(files.stdout(), recorded.stdout());
}
