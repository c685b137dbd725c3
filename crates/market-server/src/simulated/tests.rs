//! The statistics of the simulated market, and that it is a function of (seed, date).

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;

fn market(seed: u64, predictability: f64) -> Simulated {
    let settings = SimulatedSettings {
        predictability,
        ..SimulatedSettings::new(seed)
    };
    Simulated::new(settings, Calendar::default()).unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn ticker(symbol: &str) -> Ticker {
    Ticker::new(symbol).unwrap()
}

fn variance(numbers: &[f64]) -> f64 {
    let squares: Vec<f64> = numbers.iter().map(|number| number * number).collect();
    mean(&squares) - mean(numbers).powi(2)
}

/// The slope of the regression of the second of each pair on the first.
fn slope(pairs: &[(f64, f64)]) -> f64 {
    let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    correlation(pairs) * (variance(&y) / variance(&x)).sqrt()
}

/// The truth of thirty years, about 7,500 sessions.
fn thirty_years(market: &Simulated, symbol: &str) -> Vec<Truth> {
    market.truth(&ticker(symbol), date("1990-01-01"), date("2019-12-31"))
}

fn returns(truth: &[Truth]) -> Vec<f64> {
    truth.iter().map(|day| day.log_return).collect()
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

pub(super) fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let (mean_x, mean_y) = (mean(&x), mean(&y));
    let moment = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        pairs.iter().map(|(x, y)| f(x - mean_x, y - mean_y)).sum()
    };
    moment(&|x, y| x * y) / (moment(&|x, _| x * x) * moment(&|_, y| y * y)).sqrt()
}

fn autocorrelation(numbers: &[f64], lag: usize) -> f64 {
    let later = numbers[lag..].iter().copied();
    let pairs: Vec<_> = numbers.iter().copied().zip(later).collect();
    correlation(&pairs)
}

#[test]
fn moves_are_heavy_tailed_and_come_in_clusters() {
    let market = market(1, 0.0);
    for company in ["AAPL", "TSLA", "PG"] {
        let returns = returns(&thirty_years(&market, company));
        let squares: Vec<f64> = returns.iter().map(|r| r * r).collect();
        let fourth: Vec<f64> = squares.iter().map(|s| s * s).collect();
        let kurtosis = mean(&fourth) / mean(&squares).powi(2);
        assert!(
            kurtosis > 4.0,
            "{company}: kurtosis {kurtosis}; a normal has 3"
        );
        let sizes: Vec<f64> = returns.iter().map(|r| r.abs()).collect();
        for (lag, least) in [(1, 0.08), (5, 0.06), (20, 0.02)] {
            let clustered = autocorrelation(&sizes, lag);
            assert!(clustered > least, "{company}: lag {lag}: {clustered}");
        }
    }
}

#[test]
fn the_volatility_is_the_companys_and_any_two_tickers_correlate() {
    let market = market(2, 0.0);
    let symbols = ["AAPL", "MSFT", "NVDA", "TSLA", "PG"];
    let paths = symbols.map(|symbol| returns(&thirty_years(&market, symbol)));
    for (symbol, path) in symbols.iter().zip(&paths) {
        let squares: Vec<f64> = path.iter().map(|r| r * r).collect();
        let expected = companies::company(&ticker(symbol)).volatility;
        let ratio = mean(&squares).sqrt() / expected;
        assert!((0.8..1.25).contains(&ratio), "{symbol}: {ratio}");
    }
    for (index, first) in paths.iter().enumerate() {
        for second in &paths[index + 1..] {
            let pairs: Vec<_> = first.iter().copied().zip(second.iter().copied()).collect();
            let found = correlation(&pairs);
            assert!((0.35..0.55).contains(&found), "{found}");
        }
    }
}

/// The squared correlation of the next return with the return before and with the mood before,
/// averaged over tickers and seeds.
fn recovered(predictability: f64) -> (f64, f64, f64) {
    let (mut momentum, mut news, mut both, mut count) = (0.0, 0.0, 0.0, 0.0);
    for seed in 0..2 {
        let market = market(seed, predictability);
        for symbol in ["AAPL", "NVDA", "PG", "GOOG"] {
            let days = thirty_years(&market, symbol);
            let squared = |feature: &dyn Fn(&Truth, &Truth) -> f64| {
                let pairs: Vec<_> = days
                    .windows(2)
                    .map(|two| (feature(&two[0], &two[1]), two[1].log_return))
                    .collect();
                correlation(&pairs).powi(2)
            };
            momentum += squared(&|before, _| before.log_return);
            news += squared(&|before, _| before.mood);
            both += squared(&|_, now| now.expected);
            count += 1.0;
        }
    }
    (momentum / count, news / count, both / count)
}

#[test]
fn without_a_planted_signal_nothing_predicts_the_next_return() {
    // A squared correlation that is zero in truth is 1/7,500 on average, plus what heavy tails add.
    let (momentum, news, both) = recovered(0.0);
    assert!(momentum < 0.002 && news < 0.002, "{momentum} {news}");
    assert!(both < 0.003, "the reversion of the level shows: {both}");
}

#[test]
fn the_planted_share_is_recovered_half_from_momentum_half_from_news() {
    for planted in [0.1, 0.5] {
        let (momentum, news, both) = recovered(planted);
        for (name, found, expected) in [
            ("momentum", momentum, planted / 2.0),
            ("news", news, planted / 2.0),
            ("both", both, planted),
        ] {
            let ratio = found / expected;
            assert!((0.75..1.3).contains(&ratio), "{planted}: {name}: {found}");
        }
    }
}

/// Gap and session part of seven tickers' bars over thirty years, in units of the day's own
/// volatility.
fn gaps_and_sessions(predictability: f64, signal: SignalPart) -> Vec<(f64, f64)> {
    let settings = SimulatedSettings {
        predictability,
        signal,
        ..SimulatedSettings::new(4)
    };
    let market = Simulated::new(settings, Calendar::default()).unwrap();
    let mut pairs = Vec::new();
    for symbol in ["TSLA", "PG"] {
        let days = thirty_years(&market, symbol);
        let (first, last) = (days[0].session, days[days.len() - 1].session);
        let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc();
        let to = midnight(last) + TimeDelta::days(1);
        let bars = market.opened(&ticker(symbol), midnight(first), to);
        assert_eq!(bars.len(), days.len());
        for (two, truth) in bars.windows(2).zip(&days[1..]) {
            let gap = (two[1].quote.open / two[0].quote.close).ln();
            let rest = (two[1].quote.close / two[1].quote.open).ln();
            assert!((gap - truth.overnight).abs() < 1e-6);
            assert!((rest - truth.intraday).abs() < 1e-6);
            pairs.push((gap / truth.volatility, rest / truth.volatility));
        }
    }
    pairs
}

#[test]
fn the_gap_predicts_nothing_of_the_session_and_has_four_tenths_of_the_variance() {
    for (planted, signal) in [
        (0.0, SignalPart::Session),
        (0.1, SignalPart::Session),
        (0.1, SignalPart::Overnight),
    ] {
        let pairs = gaps_and_sessions(planted, signal);
        assert!(pairs.len() > 14_000, "{}", pairs.len());
        let slope = slope(&pairs);
        assert!(slope.abs() < 0.05, "{planted} {signal:?}: {slope}");
        if planted == 0.0 {
            let (gaps, sessions): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            let ratio = variance(&gaps) / variance(&sessions);
            // Half days, a fiftieth of all, are calmer in the session.
            assert!((0.6..0.75).contains(&ratio), "{ratio}");
        }
    }
}

#[test]
fn the_variance_left_inside_a_session_is_the_profiles() {
    let market = market(6, 0.0);
    let symbol = ticker("MSFT");
    let days = market.truth(&symbol, date("2000-01-01"), date("2011-12-31"));
    let calendar = Calendar::default();
    let shares = [0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99];
    let mut left = [0.0; 7];
    let mut from_opening = [0.0; 7];
    let mut moves: Vec<(f64, f64)> = Vec::new();
    let mut whole = 0.0;
    for day in &days {
        let session = calendar.session(day.session).unwrap();
        let tape = market.tape(&symbol, &session).unwrap();
        let all = tape.until(session.close);
        let close = tape.official_close(session.close).unwrap();
        let length = (session.close - session.open).num_seconds() as f64;
        let unit = day.volatility;
        whole += (day.intraday / unit).powi(2);
        for (place, share) in shares.iter().enumerate() {
            let at = session.open + TimeDelta::seconds((share * length) as i64);
            let print = tape.until(at).last().unwrap();
            left[place] += ((close / print.close).ln() / unit).powi(2);
            from_opening[place] += ((print.close / all[0].open).ln() / unit).powi(2);
            if *share == 0.25 {
                let so_far = (print.close / all[0].open).ln() / unit;
                moves.push((so_far, (close / print.close).ln() / unit));
            }
        }
    }
    for (place, share) in shares.iter().enumerate() {
        let expected = closecall_protocol::day_profile::remaining_variance(*share);
        // Heavy tails: a few days carry much of the sums.
        let found = left[place] / whole;
        assert!(
            (found / expected - 1.0).abs() < 0.1,
            "{share}: {found} for {expected}"
        );
        let done = from_opening[place] / whole;
        assert!((done - (1.0 - expected)).abs() < 0.08, "{share}: {done}");
    }
    assert!(slope(&moves).abs() < 0.1, "{}", slope(&moves));
}

#[test]
fn the_planted_move_acts_on_the_part_that_the_dial_names() {
    for (signal, acts_overnight) in [(SignalPart::Overnight, true), (SignalPart::Session, false)] {
        let settings = SimulatedSettings {
            predictability: 0.1,
            signal,
            ..SimulatedSettings::new(9)
        };
        let market = Simulated::new(settings, Calendar::default()).unwrap();
        let days = thirty_years(&market, "GOOG");
        let explained = |part: fn(&Truth) -> f64| {
            let pairs: Vec<_> = days.iter().map(|day| (day.expected, part(day))).collect();
            correlation(&pairs).powi(2)
        };
        let (overnight, session) = (
            explained(|day| day.overnight),
            explained(|day| day.intraday),
        );
        let (with, without) = if acts_overnight {
            (overnight, session)
        } else {
            (session, overnight)
        };
        assert!(
            with > 0.1 && without < 0.003,
            "{signal:?}: {with} {without}"
        );
    }
}

#[test]
fn a_pattern_says_which_tickers_are_traded() {
    let settings = SimulatedSettings {
        tickers: TradedTickers::matching("S[0-9]{3}|AAPL").unwrap(),
        ..SimulatedSettings::new(1)
    };
    let market = Simulated::new(settings, Calendar::default()).unwrap();
    let (first, last) = (date("2020-01-01"), date("2020-02-01"));
    for (symbol, traded) in [
        ("S001", true),
        ("AAPL", true),
        ("S0012", false),
        ("MSFT", false),
    ] {
        let days = market.truth(&ticker(symbol), first, last);
        assert_eq!(days.len(), if traded { 21 } else { 0 }, "{symbol}");
    }
    for wrong in ["S[", "a)|(b"] {
        let error = TradedTickers::matching(wrong).unwrap_err();
        assert!(error.to_string().contains(wrong), "{error}");
    }
}

#[test]
fn the_stated_expectation_and_volatility_are_true() {
    let market = market(5, 0.2);
    let days = thirty_years(&market, "AMZN");
    let standardised: Vec<f64> = days
        .iter()
        .map(|day| (day.log_return - day.expected) / day.volatility)
        .collect();
    let squares: Vec<f64> = standardised.iter().map(|z| z * z).collect();
    assert!(mean(&standardised).abs() < 0.05, "{}", mean(&standardised));
    assert!((mean(&squares) - 1.0).abs() < 0.12, "{}", mean(&squares));
}

#[test]
fn bars_are_valid_and_their_closes_give_the_true_returns() {
    let market = market(7, 0.0);
    // The wildest for ninety years, or to the end of time, the others for a while.
    let wildest = match std::env::var_os("CLOSECALL_LONG_TESTS") {
        Some(_) => "2199-12-31",
        None => "2079-12-31",
    };
    for (symbol, end) in [
        ("TSLA", wildest),
        ("AAPL", "2010-12-31"),
        ("PG", "2010-12-31"),
    ] {
        let ticker = ticker(symbol);
        let (first, last) = (date("1990-01-01"), date(end));
        let truth = market.truth(&ticker, first, last);
        let days = market.opened(&ticker, bounds().0, Calendar::end_of_day(last));
        assert_eq!(days.len(), truth.len());
        let usual = companies::company(&ticker).price;
        for (two, truth) in days.windows(2).zip(&truth[1..]) {
            let (before, now) = (&two[0], &two[1]);
            assert_eq!(now.session.date, truth.session);
            let session = closecall_protocol::SessionDate::new(now.session.date).unwrap();
            closecall_protocol::Bar::new(session, now.quote).unwrap();
            let observed = (now.quote.close / before.quote.close).ln();
            assert!((observed - truth.log_return).abs() < 1e-6, "{session}");
            let level = now.quote.close / usual;
            assert!(
                (0.01..100.0).contains(&level),
                "{symbol} {session}: {level}"
            );
        }
    }
}

#[test]
fn a_dial_outside_its_range_is_refused() {
    for predictability in [-0.1, 1.0, f64::NAN] {
        let settings = SimulatedSettings {
            predictability,
            ..SimulatedSettings::new(0)
        };
        let made = Simulated::new(settings, Calendar::default());
        assert!(matches!(made, Err(Error::Predictability(_))));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Whatever was asked before, in whatever order, a day and its news are the same.
    #[test]
    fn the_same_seed_and_date_give_the_same_numbers(
        seed in 0u64..4,
        days in prop::collection::vec(0i64..3_000, 1..4),
        length in 1i64..300,
    ) {
        let asked_before = market(seed, 0.1);
        let apple = ticker("AAPL");
        for start in days {
            let first = date("1990-01-01") + TimeDelta::days(start);
            let last = first + TimeDelta::days(length);
            let fresh = market(seed, 0.1);
            if start % 2 == 0 {
                let further = fresh.truth(&ticker("TSLA"), first, last + TimeDelta::days(1_000));
                prop_assert!(!further.is_empty());
            }
            prop_assert_eq!(
                fresh.truth(&apple, first, last),
                asked_before.truth(&apple, first, last)
            );
            let window = |market: &Simulated, newest_first: bool| -> Vec<Article> {
                let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc();
                let (from, to) = (midnight(first), midnight(last.min(first + TimeDelta::days(5))));
                market.articles(&apple, from, to, newest_first).collect()
            };
            let mut newest_first = window(&fresh, true);
            newest_first.reverse();
            prop_assert_eq!(newest_first, window(&asked_before, false));
        }
    }
}

#[test]
fn another_seed_is_another_market() {
    let (one, other) = (market(1, 0.0), market(2, 0.0));
    let pairs: Vec<_> = returns(&thirty_years(&one, "AAPL"))
        .into_iter()
        .zip(returns(&thirty_years(&other, "AAPL")))
        .collect();
    assert!(correlation(&pairs).abs() < 0.05);
}
