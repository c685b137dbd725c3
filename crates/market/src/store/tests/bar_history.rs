//! Every value that a bar has had stays, with the times at which it was seen.

use closecall_protocol::{PickId, QuoteAbsent};

use super::*;
use crate::store::{Gathered, MarketStore};

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

#[tokio::test]
async fn what_no_pick_that_is_kept_had_seen_is_pruned() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let series = series();
    let pick = |number: u64| PickId::of_slot(number, at("2024-06-10T12:00:00Z"), &ticker());
    let gather = async |number, seen_by: DateTime<Utc>| {
        let gathered = Gathered {
            seen_by,
            cut: seen_by,
            provider: Provider::Yahoo,
            provider_switched: false,
            fetched_at: seen_by,
            provisional: None,
            factor: 1.0,
            quote: Err(QuoteAbsent::Closed),
            repairs: Vec::new(),
        };
        store.put_gathered(pick(number), gathered).await.unwrap();
    };
    // A value a day from the 8th to the 12th, each seen by one pick.
    let days = ["2024-06-03", "2024-06-07"];
    for number in 0..5_u32 {
        let seen = at("2024-06-08T12:00:00Z") + TimeDelta::days(i64::from(number));
        let close = 100.0 + f64::from(number);
        let values = days.map(|day| (day, close));
        store.put_bars(&series, bars(&values), seen).await.unwrap();
        gather(u64::from(number), seen).await;
    }
    let upkeep = MarketStore::open(dir.path()).unwrap().unwrap();
    let info = upkeep.info().unwrap();
    assert_eq!((info.bar_vintages, info.gathers), (8, 5));

    // Both sessions lie before the day; the picks of the 8th and 9th do, too.
    let pruned = upkeep.prune(day("2024-06-10")).unwrap();
    assert_eq!(
        (pruned.bars, pruned.bar_vintages, pruned.gathers),
        (2, 8, 2)
    );
}

#[tokio::test]
async fn earlier_values_that_a_kept_pick_had_seen_stay() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let series = series();
    for number in 0..5_u32 {
        let seen = at("2024-06-08T12:00:00Z") + TimeDelta::days(i64::from(number));
        let values = ["2024-05-31", "2024-06-11"].map(|day| (day, 100.0 + f64::from(number)));
        store.put_bars(&series, bars(&values), seen).await.unwrap();
    }
    let upkeep = MarketStore::open(dir.path()).unwrap().unwrap();
    // Four earlier values of each session: those of May go with it, and of June's the two that were
    // replaced before the day.
    let pruned = upkeep.prune(day("2024-06-11")).unwrap();
    assert_eq!((pruned.bars, pruned.bar_vintages), (1, 6));
    let pruned = upkeep.prune(day("2024-06-11")).unwrap();
    assert_eq!((pruned.bars, pruned.bar_vintages), (0, 0));
    let window = (day("2024-06-01"), day("2024-06-30"));
    let (bars, _) = store
        .bars_seen_by(&series, window, at("2024-06-11T12:00:00Z"))
        .await
        .unwrap();
    assert_eq!(bars.iter().map(Bar::close).collect::<Vec<_>>(), [103.0]);
}
