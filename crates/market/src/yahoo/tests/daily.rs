//! Daily bars: every number costs itself alone, the close and its time the row.

use chrono::{DateTime, Utc};
use closecall_calendar::Calendar;
use proptest::prelude::*;
use serde_json::json;

use super::{changed, closes, date, recorded};
use crate::providers::Chart;
use crate::split::Split;
use crate::vendor::VendorFault;

#[test]
fn the_recorded_half_years_have_all_their_bars() {
    for (symbol, first, last) in [("AAPL", 212.5, 269.7), ("MSFT", 395.26, 541.55)] {
        let Some(chart) = recorded(&format!("{symbol}-6mo-2025-10-29"), symbol) else {
            return;
        };
        let chart = chart.unwrap();
        let closes = closes(&chart);
        assert_eq!(
            (chart.bars.len(), chart.refused, chart.empty_rows),
            (127, 0, 0)
        );
        assert_eq!(closes[0], ("2025-04-30".to_owned(), first));
        // Stamped at the close instead of the opening, and still that day's.
        assert_eq!(closes[126], ("2025-10-29".to_owned(), last));
        assert_eq!(chart.splits, []);
        // Every session of the calendar, and all of them settled twenty minutes after the last close.
        let calendar = Calendar::default();
        let sessions = calendar
            .sessions(date("2025-04-30"), date("2025-10-29"))
            .count();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(
            chart.finished(&calendar, at("2025-10-29T20:20:00Z")).len(),
            sessions
        );
        assert_eq!(
            chart.finished(&calendar, at("2025-10-29T20:19:59Z")).len(),
            sessions - 1
        );
    }
}

#[test]
fn the_recorded_split_and_the_end_of_summer_time_fall_on_their_days() {
    let name = "AAPL-2020-08-31-to-2020-11-07-split-dividend";
    let Some(chart) = recorded(name, "AAPL") else {
        return;
    };
    let chart = chart.unwrap();
    assert_eq!(chart.bars.len(), 49);
    assert_eq!(
        chart.splits,
        [Split {
            date: date("2020-08-31"),
            ratio: 4.0
        }]
    );
    let closes = closes(&chart);
    assert_eq!(closes[0], ("2020-08-31".to_owned(), 129.04));
    assert_eq!(closes[48], ("2020-11-06".to_owned(), 118.69));
    let calendar = Calendar::default();
    assert!(
        chart
            .bars
            .iter()
            .all(|bar| calendar.is_session(bar.session().date()))
    );
}

#[test]
fn the_other_recorded_charts_parse_too() {
    let name = "MSFT-2021-02-01-to-2022-01-31-dividends";
    let Some(chart) = recorded(name, "MSFT") else {
        return;
    };
    let chart = chart.unwrap();
    assert_eq!(chart.bars.len(), 252);
    assert_eq!(closes(&chart)[0], ("2021-02-01".to_owned(), 239.65));

    let one = recorded("AAPL-2020-01-01-to-2020-01-03-one-bar", "AAPL")
        .unwrap()
        .unwrap();
    assert_eq!(closes(&one), [("2020-01-02".to_owned(), 75.09)]);
    assert_eq!(one.bars[0].adj_close().unwrap(), 72.716_072_082_519_53);
}

#[test]
fn the_date_comes_from_the_zone_and_not_from_the_offset() {
    let chart = changed(|_| {}).unwrap();
    assert_eq!(
        closes(&chart),
        [("2023-06-29".into(), 189.59), ("2023-06-30".into(), 193.97)]
    );
    assert_eq!(chart.bars[1].adj_close().unwrap(), 192.9);
}

#[test]
fn only_the_symbol_has_to_be_there() {
    let chart = changed(|series| {
        series["meta"] = json!({"symbol": "AAPL", "currency": null, "new": [1]});
        series["indicators"]
            .as_object_mut()
            .unwrap()
            .remove("adjclose");
    });
    let chart = chart.unwrap();
    assert_eq!((chart.bars.len(), chart.bars[0].adj_close()), (2, None));
    let empty = changed(|series| {
        series.as_object_mut().unwrap().remove("timestamp");
        series["indicators"] = json!({"quote": [{}]});
    });
    assert_eq!(empty.unwrap(), Chart::default());
}

#[test]
fn the_last_row_of_a_day_counts_unless_it_is_empty() {
    let same_day = |last: serde_json::Value| {
        changed(move |series| {
            series["timestamp"][0] = json!(1_688_131_800);
            series["timestamp"][1] = json!(1_688_155_201);
            for (column, value) in series["indicators"]["quote"][0].as_object_mut().unwrap() {
                value[0] = if column == "volume" {
                    json!(1)
                } else {
                    json!(100)
                };
                if last.is_null() {
                    value[1] = json!(null);
                }
            }
        })
        .unwrap()
    };
    assert_eq!(closes(&same_day(json!(1))), [("2023-06-30".into(), 193.97)]);
    assert_eq!(
        closes(&same_day(json!(null))),
        [("2023-06-30".into(), 100.0)]
    );
}

#[test]
fn a_row_without_a_close_or_a_time_is_counted_and_left_out() {
    for value in [
        json!("193.97"),
        json!(-1),
        json!(0),
        json!(1e308),
        json!([1]),
    ] {
        let chart =
            changed(|series| series["indicators"]["quote"][0]["close"][1] = value.clone()).unwrap();
        assert_eq!((chart.bars.len(), chart.refused), (1, 1), "{value}");
        assert!(chart.first_refusal.unwrap().contains("2023-06-30"));
    }
    let untimed = changed(|series| series["timestamp"][0] = json!(null)).unwrap();
    assert_eq!((untimed.bars.len(), untimed.refused), (1, 1));
}

#[test]
fn every_other_number_costs_itself_alone() {
    let cell = |column: &'static str, value: serde_json::Value| {
        let chart =
            changed(|series| series["indicators"]["quote"][0][column][1] = value.clone()).unwrap();
        assert_eq!(
            (chart.bars.len(), chart.refused),
            (2, 0),
            "{column} {value}"
        );
        let bar = chart.bars[1];
        assert_eq!(bar.close(), 193.97);
        bar
    };
    for odd in [json!(null), json!([1]), json!(-5), json!("x"), json!(true)] {
        assert_eq!(cell("open", odd.clone()).open(), None);
        assert_eq!(cell("low", odd.clone()).range(), None);
        assert_eq!(cell("high", odd.clone()).range(), None);
        let bar = cell("volume", odd);
        assert_eq!((bar.volume(), bar.open()), (None, Some(191.63)));
    }
    // A low above the opening: the range is not known, the opening and the close are.
    let bar = cell("low", json!(191.85));
    assert_eq!((bar.range(), bar.open()), (None, Some(191.63)));
    let adjusted = |value: serde_json::Value| {
        let chart = changed(|series| series["indicators"]["adjclose"] = value.clone()).unwrap();
        assert_eq!((chart.bars.len(), chart.refused), (2, 0));
        assert!(chart.bars[1].range().is_some());
        chart.bars[1].adj_close()
    };
    assert_eq!(adjusted(json!([{"adjclose": [188.5, -192.9]}])), None);
    assert_eq!(adjusted(json!([{"adjclose": [188.5]}])), None);
    assert_eq!(adjusted(json!([])), None);
}

#[test]
fn closes_that_are_not_as_many_as_the_times_cost_the_whole_answer() {
    let columns = |change: fn(&mut serde_json::Value)| {
        changed(|series| change(&mut series["indicators"]["quote"][0]))
    };
    let short = columns(|quote| quote["close"] = json!([1.0]));
    assert!(
        matches!(&short, Err(VendorFault::Malformed(why)) if why.contains("close")),
        "{short:?}"
    );
    let none = changed(|series| series["indicators"] = json!({}));
    assert!(matches!(none, Err(VendorFault::Malformed(_))));
    // Another column of another length cannot be matched to the times.
    let low = columns(|quote| quote["low"] = json!([188.94])).unwrap();
    assert!(
        low.bars
            .iter()
            .all(|bar| bar.range().is_none() && bar.open().is_some())
    );
}

#[test]
fn events_are_read_in_every_form_and_odd_ones_left_out() {
    let chart = changed(|series| {
        series["events"] = json!({
            "splits": {
                "1": {"date": 1_688_131_800, "numerator": "10", "denominator": 1.0},
                "2": {"date": 1_688_045_400, "numerator": 1, "denominator": 0}
            },
            "dividends": {
                "3": {"date": "1688131800", "amount": "0.24"},
                "4": {"date": 1_688_045_400, "amount": null}
            }
        });
    })
    .unwrap();
    let day = date("2023-06-30");
    assert_eq!(
        chart.splits,
        [Split {
            date: day,
            ratio: 10.0
        }]
    );
}

/// The rows of a chart of ten sessions, in this order.
fn in_order(rows: &[usize]) -> Chart {
    let calendar = Calendar::default();
    let sessions: Vec<_> = calendar
        .sessions(date("2023-06-01"), date("2023-06-14"))
        .collect();
    let column = |of: fn(usize) -> f64| rows.iter().map(|row| of(*row)).collect::<Vec<_>>();
    let stamps: Vec<_> = rows
        .iter()
        .map(|row| sessions[*row].open.timestamp())
        .collect();
    let close = |row: usize| 100.0 + row as f64;
    let chart = changed(|series| {
        series["timestamp"] = json!(stamps);
        series["indicators"] = json!({"quote": [{
            "open": column(close), "close": column(close), "volume": column(|_| 1.0),
            "high": column(|row| 101.0 + row as f64), "low": column(|row| 99.0 + row as f64)}]});
    });
    chart.unwrap()
}

proptest! {
    #[test]
    fn rows_in_any_order_and_doubled_give_the_same_chart(
        rows in Just((0..10).collect::<Vec<usize>>()).prop_shuffle(),
        again in prop::collection::vec(0_usize..10, 0..8),
    ) {
        let right = in_order(&(0..10).collect::<Vec<_>>());
        prop_assert_eq!(right.bars.len(), 10);
        let rows: Vec<usize> = rows.into_iter().chain(again).collect();
        prop_assert_eq!(in_order(&rows), right);
    }
}
