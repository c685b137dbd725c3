//! Forecasts in words: one line each with the call first, and one forecast in full.

use chrono::{DateTime, NaiveDate, Utc};
use closecall_calendar::Calendar;
use closecall_protocol::{CloseForecast, Direction, Interval, QuoteAbsent, ReferenceKind};

/// Said wherever a forecast is shown to people.
pub(crate) const VERDICT: &str = "no skill beyond the price shown has been found";

/// Distance from one half up to which a probability is called near it.
const NEAR_ONE_HALF: f64 = 0.1;

/// One forecast in one line: what it calls, where the close may lie, and what it starts from.
pub(crate) fn forecast_line(forecast: &CloseForecast) -> String {
    let mut line = format!(
        "{:<5} {}  {}   {}",
        forecast.ticker,
        clock_time(forecast.as_of),
        call(forecast),
        near(forecast),
    );
    if let Some(interval) = forecast.intervals.first() {
        line += &format!("   {}", band(forecast, interval));
    }
    line += &format!("   {}", from(forecast));
    if let Some(reason) = &forecast.model.reason {
        line += &format!("   [{}: {reason}]", forecast.model.name);
    }
    line
}

/// One forecast in full: its line, what it rests on and how old that is, and what the price alone
/// says.
pub(crate) fn forecast_text(forecast: &CloseForecast) -> String {
    let model = &forecast.model;
    let mut lines = vec![
        forecast_line(forecast),
        format!(
            "  forecast of      the close of {}, as of {}",
            day_and_year(forecast.target.date()),
            forecast
                .as_of
                .to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
        ),
        format!("  rests on         {}", basis(forecast)),
        format!("  the price alone  {}", price_alone(forecast)),
    ];
    if let Some(up) = forecast.probability_up_from_here {
        let meaning = match (up - 0.5).abs() < NEAR_ONE_HALF {
            true => "near one half, for nothing known moves the rest of the day",
            false => "the model's own move, which the price does not show",
        };
        lines.push(format!(
            "  from here on     rise {:.0} %: {meaning}",
            100.0 * up
        ));
    }
    for interval in forecast.intervals.iter().skip(1) {
        lines.push(format!("  wider            {}", band(forecast, interval)));
    }
    let news = match forecast.articles {
        0 => "no news".to_owned(),
        1 => "1 article".to_owned(),
        count => format!("{count} articles"),
    };
    lines.push(format!(
        "  data             {} sessions, {news} up to now, daily prices {} old",
        forecast.sessions,
        age(forecast.data_age_s)
    ));
    for repair in &forecast.repairs {
        lines.push(format!(
            "  repaired         {} of {}: {}, factor {}",
            repair.field, repair.session, repair.rule, repair.factor
        ));
    }
    lines.push(format!(
        "  model            {} {}, seed {}, path {}, {} rows, {:.0} % of the network's move",
        model.name,
        model.spec,
        model.seed,
        model.path,
        model.rows,
        100.0 * model.gate
    ));
    lines.push(format!("  verdict          {VERDICT}"));
    lines.join("\n")
}

/// Rise or fall with the probability of just that; "same" is no call.
fn call(forecast: &CloseForecast) -> String {
    let up = forecast.probability_up;
    match forecast.direction() {
        Direction::Rise => format!("rise {}", percent(up)),
        Direction::Fall => format!("fall {}", percent(1.0 - up)),
        Direction::Same => "same     ".to_owned(),
    }
}

/// Whole percent; a call is never certain.
fn percent(probability: f64) -> String {
    if probability > 0.994 {
        ">99 %".to_owned()
    } else {
        format!("{:.0} %", 100.0 * probability)
    }
}

fn near(forecast: &CloseForecast) -> String {
    let against = match forecast.sessions_ahead {
        None | Some(0) => "on the day".to_owned(),
        Some(_) => format!("against the close of {}", day(forecast.last_session.date())),
    };
    let near = price(forecast, forecast.prediction);
    let change = change(forecast.change_pct());
    format!("close near {near} ({change} {against})")
}

/// In percent with one decimal, or two where one would hide the sign.
fn change(percent: f64) -> String {
    match percent.abs() {
        0.05.. => format!("{percent:+.1} %"),
        0.005.. => format!("{percent:+.2} %"),
        _ => "0.0 %".to_owned(),
    }
}

fn band(forecast: &CloseForecast, interval: &Interval) -> String {
    format!(
        "{:.0} %: {}-{}",
        100.0 * interval.level,
        price(forecast, interval.lower),
        price(forecast, interval.upper)
    )
}

/// The price that the forecast starts from, and when it was true.
fn from(forecast: &CloseForecast) -> String {
    let reference = price(forecast, forecast.reference_price());
    let at = forecast.reference.and_then(|reference| reference.at);
    match (forecast.reference_kind(), at) {
        (ReferenceKind::Quote, Some(at)) => format!("from {reference} at {}", clock_time(at)),
        (ReferenceKind::Opening, _) => format!("from {reference} at the opening"),
        _ if forecast.sessions_ahead.unwrap_or(0) > 0 => format!(
            "from {reference}, the close of {}",
            day(forecast.last_session.date())
        ),
        _ => format!("from yesterday's close {reference}"),
    }
}

/// Basis of the forecast, and its age.
fn basis(forecast: &CloseForecast) -> String {
    let reference = price(forecast, forecast.reference_price());
    let at = forecast.reference.and_then(|reference| reference.at);
    if let Some(at) = at {
        let name = match forecast.reference_kind() {
            ReferenceKind::Opening => "the opening",
            _ => "the price",
        };
        let old = age((forecast.as_of - at).num_seconds());
        return format!("{name} of {}, {reference}, {old} old", clock_time(at));
    }
    let close = day(forecast.last_session.date());
    let provisional = match forecast.provisional {
        Some(true) => " (of the last minute, until the day's own figure comes)",
        _ => "",
    };
    let why = match forecast.quote_absent {
        Some(QuoteAbsent::Closed) => "the exchange is closed",
        Some(QuoteAbsent::NotYetOpen) => "the session has not opened",
        Some(QuoteAbsent::NoQuote) => "no price of the session came",
        Some(QuoteAbsent::Implausible) => "the price that came is not plausible",
        None => "no price of the session is known",
    };
    let known = match forecast.sessions_ahead.unwrap_or(0) {
        0 => "nothing of the day is known yet".to_owned(),
        1 => "one session lies between".to_owned(),
        count => format!("{count} sessions lie between"),
    };
    format!("the close of {close}{provisional}, {reference}: {known}, {why}")
}

/// The side of the last close on which the price stands, which is what a forecast has to beat.
fn price_alone(forecast: &CloseForecast) -> String {
    let (reference, close) = (forecast.reference_price(), forecast.last_close);
    let close_text = format!(
        "the close of {}, {}",
        day(forecast.last_session.date()),
        price(forecast, close)
    );
    let apart = 100.0 * (reference / close - 1.0);
    match Direction::between(close, reference) {
        Direction::Same => format!("no call: it is {close_text}"),
        Direction::Rise => format!("rise: it stands {apart:.2} % above {close_text}"),
        Direction::Fall => format!("fall: it stands {:.2} % below {close_text}", -apart),
    }
}

fn price(forecast: &CloseForecast, price: f64) -> String {
    let decimals = forecast.rounding().decimals();
    format!("{price:.decimals$}")
}

/// The exchange's wall clock.
fn clock_time(at: DateTime<Utc>) -> String {
    Calendar::wall_clock(at).format("%H:%M").to_string()
}

fn day(date: NaiveDate) -> String {
    date.format("%-d %B").to_string()
}

/// A date as a heading has it.
pub(crate) fn day_and_year(date: NaiveDate) -> String {
    date.format("%A %-d %B %Y").to_string()
}

/// A span of seconds in its largest whole unit.
fn age(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..120 => (seconds, "second"),
        120..7_200 => (seconds / 60, "minute"),
        7_200..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The published forecast of the design's example, with changes.
    fn forecast(changes: &Value) -> CloseForecast {
        let mut record = json!({
            "Date": "2026-11-23", "Prediction": 489.10, "Prev_date": "2026-11-20", "Close": 482.30,
            "Stock Name": "NVDA", "pick_id": "9f2c000000000000000000000000beef",
            "as_of": "2026-11-23T19:02:00Z", "baseline": 488.95, "change": 6.8, "change_pct": 1.41,
            "direction": "rise", "probability_up": 0.87,
            "intervals": [{"level": 0.8, "lower": 485.60, "upper": 492.70}],
            "articles": 5123, "sessions": 206,
            "model": {"name": "closecall", "spec": "nowcast-v1", "seed": 7, "path": "plain",
                "rows": 196, "gate": 0.0, "file": null, "trained_at": "2026-11-23T19:02:01Z",
                "reason": null},
            "relative_mae": null, "data_age_s": 3600, "history": [["2026-11-20", 482.30]],
            "reference": 488.95, "reference_kind": "quote", "reference_at": "2026-11-23T19:01:00Z",
            "phase": "afternoon", "sessions_ahead": 0, "probability_up_from_here": 0.51,
            "scale": 0.0087
        });
        for (key, value) in changes.as_object().unwrap() {
            record[key] = value.clone();
        }
        serde_json::from_value(record).unwrap()
    }

    #[test]
    fn the_call_comes_first_and_says_what_it_rests_on() {
        assert_eq!(
            forecast_line(&forecast(&json!({}))),
            "NVDA  14:02  rise 87 %   close near 489.10 (+1.4 % on the day)   \
             80 %: 485.60-492.70   from 488.95 at 14:01"
        );
    }

    #[test]
    fn a_small_change_keeps_its_sign_and_none_has_none() {
        let hardly = json!({"Prediction": 482.29, "change": -0.01, "change_pct": -0.002});
        assert!(forecast_line(&forecast(&hardly)).contains("(0.0 % on the day)"));
        let little = json!({"Prediction": 482.13, "change": -0.17, "change_pct": -0.035});
        assert!(forecast_line(&forecast(&little)).contains("(-0.04 % on the day)"));
    }

    #[test]
    fn a_model_that_moves_the_rest_of_the_day_is_not_said_to_know_nothing() {
        let near = forecast(&json!({"probability_up_from_here": 0.51}));
        assert!(forecast_text(&near).contains("rise 51 %: near one half"));
        let far = forecast(&json!({"probability_up_from_here": 0.01}));
        assert!(forecast_text(&far).contains("rise 1 %: the model's own move"));
    }

    #[test]
    fn a_fall_has_the_probability_of_a_fall() {
        let fall = json!({"Prediction": 480.0, "probability_up": 0.4});
        assert!(forecast_line(&forecast(&fall)).contains("fall 60 %"));
        let sure = json!({"Prediction": 480.0, "probability_up": 0.0004});
        assert!(forecast_line(&forecast(&sure)).contains("fall >99 %"));
        let same = json!({"Prediction": 482.30});
        assert!(forecast_line(&forecast(&same)).contains("same "));
    }

    #[test]
    fn without_a_price_of_the_day_it_starts_from_a_close() {
        let before = json!({"reference": 482.30, "reference_kind": "last-close",
            "reference_at": null, "phase": "before", "quote_absent": "not-yet-open"});
        let before = forecast(&before);
        assert!(forecast_line(&before).ends_with("from yesterday's close 482.30"));
        let text = forecast_text(&before);
        assert!(text.contains("nothing of the day is known yet, the session has not opened"));
        assert!(text.contains("no call: it is the close of 20 November"));

        let behind = json!({"reference": 482.30, "reference_kind": "last-close",
            "reference_at": null, "phase": "before", "sessions_ahead": 2});
        let line = forecast_line(&forecast(&behind));
        assert!(line.contains("against the close of 20 November"), "{line}");
        assert!(
            line.ends_with("from 482.30, the close of 20 November"),
            "{line}"
        );
    }

    #[test]
    fn in_full_it_says_how_old_and_what_the_price_alone_says() {
        let text = forecast_text(&forecast(&json!({})));
        for part in [
            "the price of 14:01, 488.95, 60 seconds old",
            "rise: it stands 1.38 % above the close of 20 November, 482.30",
            "Monday 23 November 2026",
            "daily prices 60 minutes old",
            VERDICT,
        ] {
            assert!(text.contains(part), "no `{part}` in {text}");
        }
    }

    #[test]
    fn a_price_below_a_dollar_has_four_decimals() {
        let penny = json!({"Close": 0.0263, "Prediction": 0.0264, "reference": 0.0262,
            "baseline": 0.0262, "change": 0.0001,
            "intervals": [{"level": 0.8, "lower": 0.0259, "upper": 0.0268}],
            "history": [["2026-11-20", 0.0263]]});
        let line = forecast_line(&forecast(&penny));
        assert!(
            line.contains("0.0264") && line.contains("0.0259-0.0268"),
            "{line}"
        );
    }
}
