//! Quotes from answers made by hand: what counts, what is refused, and that nothing after the
//! as-of time does.

use closecall_calendar::Calendar;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn session(date: &str) -> SessionTimes {
    let session = Calendar::default().session(date.parse().unwrap()).unwrap();
    SessionTimes::from(&session)
}

fn row(start: DateTime<Utc>, [open, high, low, close]: [f64; 4], volume: f64) -> IntradayRow {
    IntradayRow {
        start,
        open: Some(open),
        high: Some(high),
        low: Some(low),
        close: Some(close),
        volume: Some(volume),
    }
}

/// Bars of five minutes from the session's opening on, closes rising by 0.1 from 100.
fn bars(session: &SessionTimes, count: usize) -> IntradayAnswer {
    let step = TimeDelta::minutes(5);
    let rows = (0..count).map(|number| {
        let close = 100.0 + 0.1 * (number + 1) as f64;
        let start = session.open() + step * number as i32;
        row(
            start,
            [close - 0.1, close + 0.05, close - 0.2, close],
            1_000.0,
        )
    });
    IntradayAnswer {
        step,
        rows: rows.collect(),
        last_trade: (None, None),
        previous_close: Some(99.0),
        splits: vec![],
    }
}

fn expected(session: SessionTimes, as_of: &str) -> Expected<'static> {
    Expected {
        source: Provider::Yahoo,
        session,
        as_of: at(as_of),
        live: true,
        last_close: 99.0,
        sessions_ahead: 0,
        previous_close: Some(99.0),
        splits: &[],
    }
}

const DAY: &str = "2023-06-30";

fn taken(intraday: &IntradayAnswer, as_of: &str) -> Result<Quote, QuoteAbsent> {
    quote(intraday, &expected(session(DAY), as_of)).map(|quoted| quoted.quote)
}

#[test]
fn the_last_bar_that_had_ended_gives_the_price_and_its_end_the_time() {
    let intraday = bars(&session(DAY), 20);
    let quote = taken(&intraday, "2023-06-30T13:57:30Z").unwrap();
    assert_eq!((quote.price, quote.at), (100.5, at("2023-06-30T13:55:00Z")));
    assert_eq!(quote.open, 100.0);
    let range = quote.range.unwrap();
    assert!((range.high - 100.55).abs() < 1e-9 && (range.low - 99.9).abs() < 1e-9);
    // The end of a bar belongs to it.
    let sharp = taken(&intraday, "2023-06-30T14:00:00Z").unwrap();
    assert_eq!(sharp.at, at("2023-06-30T14:00:00Z"));
}

#[test]
fn what_no_minute_can_have_moved_is_neither_price_nor_range() {
    let right = taken(&bars(&session(DAY), 6), "2023-06-30T14:00:00Z").unwrap();
    let times = |row: &mut IntradayRow, factor: f64| {
        for price in [&mut row.open, &mut row.high, &mut row.low, &mut row.close] {
            *price = price.map(|price| price * factor);
        }
    };
    // A row, or an end of one, that the rows around it give away.
    for factor in [100.0, 0.01, 1.3, 0.7] {
        let mut row_off = bars(&session(DAY), 6);
        times(&mut row_off.rows[3], factor);
        let quote = taken(&row_off, "2023-06-30T14:00:00Z").unwrap();
        assert_eq!((quote.price, quote.open), (right.price, right.open));
        assert_eq!(quote.range, right.range, "{factor}");
    }
    for row in 0..6 {
        let mut high_off = bars(&session(DAY), 6);
        high_off.rows[row].high = Some(300.0);
        let quote = taken(&high_off, "2023-06-30T14:00:00Z").unwrap();
        assert!(quote.range.unwrap().high <= right.range.unwrap().high);
    }
    // Two of them do not: there is no range.
    let mut two_off = bars(&session(DAY), 6);
    times(&mut two_off.rows[2], 100.0);
    times(&mut two_off.rows[3], 100.0);
    let quote = taken(&two_off, "2023-06-30T14:00:00Z").unwrap();
    assert_eq!((quote.price, quote.range), (right.price, None));
    // The newest row and the opening have no rows around them.
    for (row, factor) in [(5, 1.3), (5, 0.7), (0, 100.0), (0, 0.01)] {
        let mut end_off = bars(&session(DAY), 6);
        times(&mut end_off.rows[row], factor);
        let quote = taken(&end_off, "2023-06-30T14:00:00Z");
        assert_eq!(quote, Err(QuoteAbsent::Implausible), "{row} {factor}");
    }
}

#[test]
fn a_leap_after_a_pause_in_trading_is_believed() {
    let mut paused = bars(&session(DAY), 6);
    paused.rows[5] = row(paused.rows[5].start, [125.0; 4], 1_000.0);
    paused.rows.remove(4);
    let quote = taken(&paused, "2023-06-30T14:00:00Z").unwrap();
    assert_eq!((quote.price, quote.range.unwrap().high), (125.0, 125.0));
}

#[test]
fn a_live_row_is_read_only_while_no_bar_has_ended() {
    let mut intraday = bars(&session(DAY), 1);
    let stamp = at("2023-06-30T13:32:10Z");
    intraday.rows.push(row(stamp, [100.7; 4], 0.0));
    intraday.last_trade = (Some(stamp), Some(100.702));
    let early = taken(&intraday, "2023-06-30T13:33:00Z").unwrap();
    assert_eq!((early.price, early.at, early.open), (100.7, stamp, 100.0));
    assert_eq!(early.range, None);
    assert_eq!(
        taken(&intraday, "2023-06-30T13:32:09Z"),
        Err(QuoteAbsent::NoQuote)
    );
    let later = taken(&intraday, "2023-06-30T13:35:00Z").unwrap();
    assert_eq!((later.price, later.at), (100.1, at("2023-06-30T13:35:00Z")));
    // Stamped with a time of the grid it is still no bar.
    intraday.rows[1].start = at("2023-06-30T13:35:00Z");
    intraday.last_trade.0 = Some(at("2023-06-30T13:35:00Z"));
    assert_eq!(
        taken(&intraday, "2023-06-30T13:45:00Z").unwrap().price,
        100.1
    );
    // Without a live row the vendor's own last price stands in for it.
    intraday.rows.pop();
    intraday.last_trade = (Some(stamp), Some(100.702));
    assert_eq!(
        taken(&intraday, "2023-06-30T13:33:00Z").unwrap().price,
        100.702
    );
}

#[test]
fn a_replays_opening_row_is_the_opening() {
    let day = session(DAY);
    let mut intraday = bars(&day, 0);
    intraday.step = TimeDelta::minutes(1);
    intraday.rows = vec![row(day.open(), [191.63; 4], 0.0)];
    let against = |as_of| Expected {
        last_close: 189.59,
        previous_close: Some(189.59),
        ..expected(day, as_of)
    };
    intraday.previous_close = Some(189.59);
    for traded in [None, Some(day.open())] {
        intraday.last_trade.0 = traded;
        let quoted = quote(&intraday, &against("2023-06-30T18:00:00Z")).unwrap();
        assert_eq!((quoted.quote.at, quoted.quote.price), (day.open(), 191.63));
    }
}

#[test]
fn nothing_of_another_session_or_of_after_hours_counts() {
    // 13:00 is the end of a half day; the row stamped with it holds wild prints of after hours.
    let half = session("2023-11-24");
    let mut intraday = bars(&half, 42);
    intraday
        .rows
        .push(row(half.close(), [104.0, 190.0, 12.0, 104.0], 0.0));
    let as_of = "2023-11-24T17:59:59Z";
    let quoted = quote(&intraday, &expected(half, as_of)).unwrap().quote;
    assert_eq!(quoted.at, at("2023-11-24T17:55:00Z"));
    assert!(quoted.range.unwrap().high < 105.0);
    // The last bar's close is the session's; where the vendor leaves that bar out, the row's is.
    assert!((closing_price(&intraday, &half).unwrap() - 104.2).abs() < 1e-9);
    intraday.rows.remove(41);
    assert_eq!(closing_price(&intraday, &half), Some(104.0));
    intraday.rows.pop();
    assert_eq!(closing_price(&intraday, &half), None);

    // The clocks change between these two sessions: 14:30 is an opening before, 13:30 after it.
    let after = session("2023-03-13");
    let mut days = bars(&session("2023-03-10"), 3);
    days.rows.extend(bars(&after, 2).rows);
    let quoted = quote(&days, &expected(after, "2023-03-13T13:50:00Z")).unwrap();
    assert_eq!(quoted.quote.at, at("2023-03-13T13:40:00Z"));

    let mut early = bars(&session(DAY), 2);
    early
        .rows
        .insert(0, row(at("2023-06-30T12:00:00Z"), [80.0; 4], 0.0));
    assert_eq!(taken(&early, "2023-06-30T13:45:00Z").unwrap().open, 100.0);
}

#[test]
fn a_halt_leaves_the_price_and_the_time_of_before() {
    let quote = taken(&bars(&session(DAY), 4), "2023-06-30T17:00:00Z").unwrap();
    assert_eq!(quote.at, at("2023-06-30T13:50:00Z"));
}

#[test]
fn answers_that_cannot_be_trusted_give_no_quote() {
    let doubled = {
        let mut intraday = bars(&session(DAY), 3);
        intraday.rows[2].start = intraday.rows[1].start;
        intraday
    };
    assert_eq!(
        taken(&doubled, "2023-06-30T14:00:00Z"),
        Err(QuoteAbsent::NoQuote)
    );
    let mut yesterdays = bars(&session(DAY), 3);
    yesterdays.last_trade.0 = Some(at("2023-06-29T20:00:01Z"));
    assert_eq!(
        taken(&yesterdays, "2023-06-30T14:00:00Z"),
        Err(QuoteAbsent::NoQuote)
    );
    let mut late = bars(&session(DAY), 9);
    late.rows.drain(..3);
    assert_eq!(
        taken(&late, "2023-06-30T14:20:00Z"),
        Err(QuoteAbsent::NoQuote)
    );
    let empty = bars(&session(DAY), 0);
    assert_eq!(
        taken(&empty, "2023-06-30T14:00:00Z"),
        Err(QuoteAbsent::NoQuote)
    );
}

/// The quote of one bar that moved by so much since a close of 99.
fn moved(
    step: f64,
    change: impl FnOnce(&mut IntradayAnswer, &mut Expected<'_>),
) -> Result<f64, QuoteAbsent> {
    let day = session(DAY);
    let mut intraday = bars(&day, 1);
    intraday.rows = vec![row(day.open(), [99.0 * step.exp(); 4], 5.0), {
        let start = day.open() + intraday.step;
        row(start, [99.0 * step.exp(); 4], 5.0)
    }];
    let mut expected = expected(day, "2023-06-30T13:45:00Z");
    change(&mut intraday, &mut expected);
    quote(&intraday, &expected).map(|quoted| quoted.factor)
}

#[test]
fn a_move_is_taken_up_to_a_limit_that_grows_with_the_sessions() {
    for sign in [1.0, -1.0] {
        assert_eq!(moved(0.39 * sign, |_, _| {}), Ok(1.0));
        assert_eq!(moved(0.41 * sign, |_, _| {}), Err(QuoteAbsent::Implausible));
        let behind = |_: &mut IntradayAnswer, expected: &mut Expected<'_>| {
            expected.sessions_ahead = 3;
            expected.previous_close = None;
        };
        assert_eq!(moved(0.79 * sign, behind), Ok(1.0));
        assert_eq!(moved(0.81 * sign, behind), Err(QuoteAbsent::Implausible));
    }
}

#[test]
fn a_split_of_the_day_brings_stored_prices_to_its_basis_when_it_is_announced() {
    for ratio in [4.0, 0.05, 1.25] {
        let basis = 1.0_f64 / ratio;
        let on_new_basis = move |announced: bool| {
            move |intraday: &mut IntradayAnswer, _: &mut Expected<'_>| {
                intraday.previous_close = Some(99.0 * basis);
                if announced {
                    let date = DAY.parse().unwrap();
                    intraday.splits = vec![Split { date, ratio }];
                }
            }
        };
        let step = basis.ln() + 0.02;
        assert_eq!(moved(step, on_new_basis(true)), Ok(basis), "{ratio}");
        let unannounced = moved(step, on_new_basis(false));
        assert_eq!(unannounced, Err(QuoteAbsent::Implausible), "{ratio}");
        // Announced, and applied to the price but not to the close before it.
        let half_applied = moved(step, |intraday, _| {
            let date = DAY.parse().unwrap();
            intraday.splits = vec![Split { date, ratio }];
        });
        assert_eq!(half_applied, Err(QuoteAbsent::Implausible), "{ratio}");
        // Announced by the daily prices, which are on the new basis already.
        let splits = [Split {
            date: DAY.parse().unwrap(),
            ratio,
        }];
        let day = session(DAY);
        let both = quote(
            &bars(&day, 2),
            &Expected {
                splits: &splits,
                ..expected(day, "2023-06-30T13:45:00Z")
            },
        );
        assert_eq!(both.unwrap().factor, 1.0);
    }
}

#[test]
fn without_a_close_to_compare_a_move_like_a_splits_is_not_believed() {
    let alone =
        |intraday: &mut IntradayAnswer, _: &mut Expected<'_>| intraday.previous_close = None;
    assert_eq!(
        moved(-(4.0_f64 / 3.0).ln(), alone),
        Err(QuoteAbsent::Implausible)
    );
    assert_eq!(moved(0.26, alone), Ok(1.0));
    assert_eq!(moved(-0.31, alone), Ok(1.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn nothing_after_the_as_of_time_changes_a_bit(
        known in 1_usize..70, seconds in 0_i64..300, spoilt in prop::collection::vec(
            (0_i64..200, prop::array::uniform4(prop::num::f64::ANY), any::<bool>()), 0..8),
        traded in (1_i64..20_000, prop::num::f64::ANY),
    ) {
        let day = session(DAY);
        let intraday = bars(&day, 78);
        let as_of = day.open() + intraday.step * known as i32 + TimeDelta::seconds(seconds);
        let against = Expected { as_of, ..expected(day, "2023-06-30T14:00:00Z") };
        let right = quote(&intraday, &against);
        prop_assert!(right.is_ok());
        let mut later = intraday.clone();
        later.rows.retain(|row| row.start + intraday.step <= as_of);
        for (place, prices, off_grid) in spoilt {
            let start = as_of + TimeDelta::seconds(if off_grid { 1 + place } else { 300 * (1 + place) });
            later.rows.push(row(start, prices, 0.0));
        }
        later.last_trade = (Some(as_of + TimeDelta::seconds(traded.0)), Some(traded.1));
        prop_assert_eq!(quote(&later, &against), right);
    }
}
