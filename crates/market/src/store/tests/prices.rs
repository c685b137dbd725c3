//! Prices, and what was asked for them.

use super::*;

#[tokio::test]
async fn what_was_stored_is_read_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let bars = vec![bar("2024-06-06", 120.0), bar("2024-06-07", 121.0)];
    let when = at("2024-06-08T10:00:00Z");
    open(&dir)
        .put_bars(&series(), fetched(bars.clone(), &[]), when)
        .await
        .unwrap();
    let stored = open(&dir)
        .bars(&series(), day("2024-06-06"), day("2024-06-07"))
        .await
        .unwrap();
    assert_eq!((stored.bars, stored.fetched_at), (bars, Some(when)));
    let store = open(&dir);
    let amd = Series::new(Provider::Yahoo, &Ticker::new("AMD").unwrap());
    let alpaca = Series::new(Provider::Alpaca, &ticker());
    for other in [amd, alpaca] {
        let other = store.bars(&other, day("2024-06-06"), day("2024-06-07"));
        assert_eq!(other.await.unwrap(), StoredBars::default());
    }
}

#[tokio::test]
async fn a_split_brings_older_prices_to_its_basis() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let before = ["2024-06-05", "2024-06-06", "2024-06-07"].map(|date| bar(date, 1_200.0));
    let early = at("2024-06-08T10:00:00Z");
    store
        .put_bars(&series(), fetched(before.to_vec(), &[]), early)
        .await
        .unwrap();
    let after = [
        ("2024-06-06", 120.0),
        ("2024-06-07", 120.0),
        ("2024-06-10", 121.0),
    ]
    .map(|(date, close)| bar(date, close));
    let split = Split {
        date: day("2024-06-10"),
        ratio: 10.0,
    };
    let late = at("2024-06-11T10:00:00Z");
    let basis = store
        .put_bars(&series(), fetched(after.to_vec(), &[split]), late)
        .await
        .unwrap();
    assert_eq!(basis, Basis::Split { ratio: 10.0 });
    assert_eq!(closes(&store).await, [120.0, 120.0, 120.0, 121.0]);
    // The older bar keeps the time at which it was fetched, and its turnover.
    let oldest = store
        .bars(&series(), day("2024-06-05"), day("2024-06-05"))
        .await
        .unwrap();
    assert_eq!(
        (oldest.fetched_at, oldest.bars[0].volume().unwrap()),
        (Some(early), 1e7)
    );
    let again = store
        .put_bars(&series(), fetched(after.to_vec(), &[split]), late)
        .await
        .unwrap();
    assert_eq!(again, Basis::Same);
}

#[tokio::test]
async fn a_revision_that_no_split_explains_is_told_and_the_newest_kept() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let day = |close| vec![bar("2024-06-06", 50.0), bar("2024-06-07", close)];
    let when = at("2024-06-08T10:00:00Z");
    store
        .put_bars(&series(), fetched(day(60.0), &[]), when)
        .await
        .unwrap();
    let split = Split {
        date: "2024-06-07".parse().unwrap(),
        ratio: 2.0,
    };
    let basis = store
        .put_bars(&series(), fetched(day(30.0), &[split]), when)
        .await
        .unwrap();
    assert_eq!(basis, Basis::Revised { sessions: 1, of: 2 });
    assert_eq!(closes(&store).await, [50.0, 30.0]);
}

#[tokio::test]
async fn bars_in_another_unit_than_the_stored_are_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let bars = |factor: f64| {
        vec![
            bar("2024-06-06", 50.0 * factor),
            bar("2024-06-07", 51.0 * factor),
        ]
    };
    let when = at("2024-06-08T10:00:00Z");
    let put = |factor| {
        let store = store.clone();
        let fetched = fetched(bars(factor), &[]);
        async move { store.put_bars(&series(), fetched, when).await.unwrap() }
    };
    assert_eq!(put(1.0).await, Basis::Same);
    assert_eq!(put(100.0).await, Basis::OtherUnit { factor: 100.0 });
    assert_eq!(closes(&store).await, [50.0, 51.0]);
}

#[tokio::test]
async fn splits_and_repairs_are_read_with_the_bars_until_these_are_fetched_clean() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let split = Split {
        date: day("2024-06-07"),
        ratio: 1.5,
    };
    let repair = Repair {
        session: "2024-06-06".parse().unwrap(),
        field: RepairField::Close,
        rule: RepairRule::Unit,
        factor: 0.01,
    };
    let bars = vec![bar("2024-06-06", 50.0), bar("2024-06-07", 51.0)];
    let mended = FetchedBars {
        repairs: vec![repair],
        ..fetched(bars.clone(), &[split])
    };
    let when = at("2024-06-08T10:00:00Z");
    store.put_bars(&series(), mended, when).await.unwrap();
    let read = |first| {
        let store = store.clone();
        async move {
            store
                .bars(&series(), day(first), day("2024-06-07"))
                .await
                .unwrap()
        }
    };
    let stored = read("2024-06-06").await;
    assert_eq!((stored.splits, stored.repairs), (vec![split], vec![repair]));
    assert_eq!(read("2024-06-07").await.repairs, []);
    store
        .put_bars(&series(), fetched(bars, &[]), when)
        .await
        .unwrap();
    assert_eq!(read("2024-06-06").await.repairs, []);
}

#[tokio::test]
async fn intraday_bars_that_had_ended_are_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let row = |start, close| IntradayRow {
        start: at(start),
        open: Some(1.0),
        high: None,
        low: Some(0.5),
        close,
        volume: Some(7.0),
    };
    let ended = row("2024-06-07T13:30:00Z", Some(2.0));
    let growing = row("2024-06-07T13:35:00Z", Some(3.0));
    let empty = row("2024-06-07T13:25:00Z", None);
    let intraday = IntradayAnswer {
        step: TimeDelta::minutes(5),
        rows: vec![empty, ended, growing],
        last_trade: (None, None),
        previous_close: Some(1.0),
        splits: vec![],
    };
    let known = at("2024-06-07T13:39:59Z");
    store
        .put_intraday(&series(), intraday, known, known)
        .await
        .unwrap();
    let times = |open, close| SessionTimes::new(at(open), at(close)).unwrap();
    let session = times("2024-06-07T13:30:00Z", "2024-06-07T20:00:00Z");
    let stored = store.intraday(&series(), session).await.unwrap();
    assert_eq!(
        (stored.step, stored.rows),
        (TimeDelta::minutes(5), vec![ended])
    );
    let next = times("2024-06-10T13:30:00Z", "2024-06-10T20:00:00Z");
    assert_eq!(store.intraday(&series(), next).await.unwrap().rows, []);
}

#[tokio::test]
async fn bars_of_sessions_long_before_are_removed_and_those_of_a_late_question_stay() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let now = at("2024-06-10T21:00:00Z");
    let put = async |start: &str| {
        let row = IntradayRow {
            start: at(start),
            open: None,
            high: None,
            low: None,
            close: Some(2.0),
            volume: None,
        };
        let answer = IntradayAnswer::of_minutes(vec![row]);
        store
            .put_intraday(&series(), answer, now, now)
            .await
            .unwrap();
    };
    let kept = async |date: &str| {
        let times = |time| at(&format!("{date}T{time}Z"));
        let session = SessionTimes::new(times("13:30:00"), times("20:00:00")).unwrap();
        let stored = store.intraday(&series(), session).await.unwrap();
        !stored.rows.is_empty()
    };
    put("2024-04-01T14:00:00Z").await;
    put("2024-05-20T14:00:00Z").await;
    assert!(!kept("2024-04-01").await && kept("2024-05-20").await);
    // Asked about long afterwards: it is there for those who ask next.
    put("2024-03-01T15:00:00Z").await;
    assert!(kept("2024-03-01").await && kept("2024-05-20").await);
    put("2024-06-10T14:00:00Z").await;
    assert!(!kept("2024-03-01").await && kept("2024-05-20").await);
}

#[tokio::test]
async fn what_was_asked_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let session = day("2024-06-07");
    let window = span("2024-01-01T00:00:00Z", "2024-06-07T20:00:00Z");
    let state = || {
        let store = open(&dir);
        async move { store.chart_state(&series(), session, window).await.unwrap() }
    };
    assert_eq!(state().await, ChartState::default());
    let now = at("2024-06-07T20:30:00Z");
    open(&dir)
        .note_asked(&series(), session, now)
        .await
        .unwrap();
    open(&dir)
        .note_asked(&series(), session, now)
        .await
        .unwrap();
    open(&dir).note_unknown(&series(), now).await.unwrap();
    let asked = state().await;
    assert_eq!((asked.asked, asked.asked_at), (2, Some(now)));
    assert_eq!((asked.unknown_at, asked.covered), (Some(now), false));
    open(&dir).note_answered(&series(), window).await.unwrap();
    let bars = vec![bar("2024-06-06", 50.0), bar("2024-06-10", 51.0)];
    open(&dir)
        .put_bars(&series(), fetched(bars, &[]), now)
        .await
        .unwrap();
    let answered = state().await;
    assert_eq!((answered.unknown_at, answered.covered), (None, true));
    // The newest bar up to the session, not one after it.
    assert_eq!(answered.newest, Some(day("2024-06-06")));
}
