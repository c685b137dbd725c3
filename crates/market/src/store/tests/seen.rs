//! Every value that a bar has had stays, with the times at which it was seen.

use super::*;

fn bars(closes: &[(&str, f64)]) -> FetchedBars {
    fetched(
        closes.iter().map(|(day, close)| bar(day, *close)).collect(),
        &[],
    )
}

#[tokio::test]
async fn a_changed_close_is_a_new_vintage_and_the_old_one_is_still_read() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let series = series();
    let first = at("2024-06-10T12:00:00Z");
    let later = first + TimeDelta::days(1);
    let again = later + TimeDelta::days(1);
    let before = [("2024-06-06", 100.0), ("2024-06-07", 101.0)];
    let after = [("2024-06-06", 100.0), ("2024-06-07", 101.5)];
    store.put_bars(&series, bars(&before), first).await.unwrap();
    // Seen again as it was: no new vintage.
    store
        .put_bars(&series, bars(&before), first + TimeDelta::hours(1))
        .await
        .unwrap();
    store.put_bars(&series, bars(&after), later).await.unwrap();
    store.put_bars(&series, bars(&after), again).await.unwrap();

    let window = (day("2024-06-01"), day("2024-06-30"));
    let seen_by = async |moment| -> Vec<f64> {
        let (bars, _) = store.bars_seen_by(&series, window, moment).await.unwrap();
        bars.iter().map(Bar::close).collect()
    };
    assert_eq!(seen_by(first - TimeDelta::seconds(1)).await, [0.0; 0]);
    assert_eq!(seen_by(first).await, [100.0, 101.0]);
    assert_eq!(seen_by(later - TimeDelta::seconds(1)).await, [100.0, 101.0]);
    assert_eq!(seen_by(later).await, [100.0, 101.5]);
    assert_eq!(seen_by(again + TimeDelta::days(300)).await, [100.0, 101.5]);

    let raw = rusqlite::Connection::open(dir.path().join("market.db")).unwrap();
    let vintages: Vec<(String, f64, i64, i64)> = raw
        .prepare("SELECT session, close, first_seen, last_seen FROM bar_vintages")
        .unwrap()
        .query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let (seen, last) = (first.timestamp(), (first + TimeDelta::hours(1)).timestamp());
    assert_eq!(vintages, [("2024-06-07".to_owned(), 101.0, seen, last)]);
}
