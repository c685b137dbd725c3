//! Every form is read to the same rows, and what is no form is refused by file and line.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::path::Path;

use closecall_price_files::{DailyFile, FileError, Form, read};
use proptest::prelude::*;

fn parsed(text: &str) -> Result<DailyFile, FileError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("AAPL.csv");
    std::fs::write(&path, text).unwrap();
    read(&path, "AAPL")
}

const YAHOO: &str = "Date,Open,High,Low,Close,Adj Close,Volume
2023-06-28,187.93,189.9,187.6,189.25,188.1,51216800
2023-06-29,189.08,190.07,188.94,189.59,188.4,46347300
";
const YFINANCE: &str = "Price,Adj Close,Close,High,Low,Open,Volume
Ticker,AAPL,AAPL,AAPL,AAPL,AAPL,AAPL
Date,,,,,,
2023-06-28,188.1,189.25,189.9,187.6,187.93,51216800
2023-06-29,188.4,189.59,190.07,188.94,189.08,46347300
";
const SEVERAL: &str = "Price,Close,Close,High,High,Low,Low,Open,Open,Volume,Volume
Ticker,AAPL,MSFT,AAPL,MSFT,AAPL,MSFT,AAPL,MSFT,AAPL,MSFT
Date,,,,,,,,,,
2023-06-28,189.25,1,189.9,1,187.6,1,187.93,1,51216800,1
2023-06-29,189.59,1,190.07,1,188.94,1,189.08,1,46347300,1
";
const HISTORY: &str = "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits
2023-06-28 00:00:00-04:00,187.93,189.9,187.6,189.25,51216800,0.0,0.0
2023-06-29 00:00:00-04:00,189.08,190.07,188.94,189.59,46347300,0.0,0.0
";
const ALPHAVANTAGE: &str = "timestamp,open,high,low,close,volume
2023-06-29,189.08,190.07,188.94,189.59,46347300
2023-06-28,187.93,189.9,187.6,189.25,51216800
";
const STOOQ: &str = "Date,Open,High,Low,Close,Volume
2023-06-28,187.93,189.9,187.6,189.25,51216800
2023-06-29,189.08,190.07,188.94,189.59,46347300
";

#[test]
fn six_forms_hold_the_same_rows() {
    let yahoo = parsed(YAHOO).unwrap();
    assert_eq!(yahoo.form, Form::Yahoo);
    assert_eq!(parsed(YFINANCE).unwrap().rows, yahoo.rows);
    let mut plain = yahoo.rows;
    plain.iter_mut().for_each(|row| row.adj_close = None);
    for (text, form) in [
        (SEVERAL, Form::Yfinance),
        (HISTORY, Form::YfinanceHistory),
        (ALPHAVANTAGE, Form::Alphavantage),
        (STOOQ, Form::Stooq),
    ] {
        let file = parsed(text).unwrap();
        assert_eq!((file.form, file.rows), (form, plain.clone()));
    }
}

#[test]
fn quoted_prices_are_brought_behind_the_splits_that_the_file_names() {
    let file = parsed(
        "timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient
2020-08-31,127.58,131.0,126.0,129.04,126.0,200000000,0.0,4.0
2020-08-28,504.05,505.77,498.31,499.23,122.0,40000000,0.0,1.0
",
    )
    .unwrap();
    assert_eq!(file.splits, [("2020-08-31".parse().unwrap(), 4.0)]);
    assert_eq!(file.rows[0].close, 499.23 / 4.0);
    assert_eq!(file.rows[0].volume, Some(160_000_000.0));
    assert_eq!(file.rows[1].close, 129.04);
}

#[test]
fn rows_without_a_close_are_counted_and_a_later_row_of_a_date_counts() {
    let text = format!("{YAHOO}2023-06-30,null,null,null,null,null,null\n");
    let file = parsed(&text).unwrap();
    assert_eq!((file.rows.len(), file.empty_rows), (2, 1));
    let doubled = format!("{YAHOO}2023-06-29,189.08,190.07,188.94,189.6,188.4,46347300\n");
    assert_eq!(parsed(&doubled).unwrap().rows[1].close, 189.6);
}

#[test]
fn what_is_no_form_is_refused_by_file_and_line() {
    for (text, line, says) in [
        ("", 1, "empty"),
        ("a,b\n1,2\n", 1, "header is none"),
        ("Date,Open,High,Low,Last\n", 1, "header is none"),
        (
            "Price,Close\nTicker,MSFT\nDate,\n",
            2,
            "no column is of AAPL",
        ),
        ("Price,Close\nDate,\n", 2, "row ticker"),
        (
            "Price,Close\nTicker,AAPL\nDate,\n",
            1,
            "column open is missing",
        ),
    ] {
        let error = parsed(text).unwrap_err().to_string();
        assert!(
            error.contains(&format!("AAPL.csv, line {line}: ")),
            "{error}"
        );
        assert!(error.contains(says), "{error}");
    }
    for (row, says) in [
        ("29.06.2023,1,1,1,1,1,1", "not a date"),
        ("2023-06-30,1,1,1,x,1,1", "close is \"x\""),
        ("2023-06-30,1,1,1,inf,1,1", "close is \"inf\""),
        ("2023-06-30,1,1,1,1", "5 columns instead of 7"),
    ] {
        let error = parsed(&format!("{YAHOO}{row}\n")).unwrap_err().to_string();
        assert!(
            error.contains("line 4: ") && error.contains(says),
            "{error}"
        );
    }
    let missing = read(Path::new("/nowhere/AAPL.csv"), "AAPL").unwrap_err();
    assert!(matches!(
        missing,
        FileError::Unreadable { missing: true, .. }
    ));
}

#[test]
fn recorded_files_of_the_vendors_are_read() {
    let Some(folder) = testing::recorded_data() else {
        return;
    };
    let of = |name: &str| read(&folder.join(name), "IBM").unwrap();
    let plain = of("alphavantage/TIME_SERIES_DAILY-IBM-compact-2026-05-15.csv");
    let adjusted = of("alphavantage/TIME_SERIES_DAILY_ADJUSTED-IBM-compact-2026-05-15.csv");
    assert_eq!((plain.form, plain.rows.len()), (Form::Alphavantage, 100));
    assert_eq!(adjusted.form, Form::AlphavantageAdjusted);
    let closes = |file: &DailyFile| file.rows.iter().map(|row| row.close).collect::<Vec<_>>();
    assert_eq!(closes(&plain), closes(&adjusted));
    let yahoo = read(&folder.join("prices/AAPL.csv"), "AAPL").unwrap();
    assert_eq!(yahoo.form, Form::Yahoo);
    assert!(yahoo.rows.len() > 1_000);
}

proptest! {
    #[test]
    fn no_text_is_more_than_refused(text in "[ -~\n\t]{0,400}") {
        drop(parsed(&text));
    }

    #[test]
    fn no_row_is_more_than_refused(row in "[0-9a-zA-Z.,\\-\"]{0,80}") {
        drop(parsed(&format!("{YAHOO}{row}\n")));
    }
}

#[test]
fn no_file_spoilt_is_more_than_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("AAPL.csv");
    let forms = [YAHOO, YFINANCE, SEVERAL, HISTORY, ALPHAVANTAGE];
    let mut readable = 0;
    for seed in 0..testing::mutations() {
        let text = if seed % 4 == 0 {
            testing::noise(seed as u64)
        } else {
            testing::spoilt(forms[seed % forms.len()].as_bytes(), seed as u64)
        };
        std::fs::write(&path, text).unwrap();
        if let Ok(file) = read(&path, "AAPL") {
            assert!(file.rows.iter().all(|row| row.close.is_finite()));
            assert!(file.rows.is_sorted_by_key(|row| row.date));
            readable += 1;
        }
    }
    assert!(readable > testing::mutations() / 50, "{readable} readable");
}
