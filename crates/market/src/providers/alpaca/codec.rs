//! Alpaca's answers about bars, or the fault that says what came instead.

use std::collections::BTreeMap;

use closecall_calendar::Calendar;
use closecall_protocol::{Bar, SessionDate};
use serde::Deserialize;

use crate::providers::{Chart, IntradayRow};
use crate::vendor::VendorFault;
use crate::vendor::bounded::{AtMost, Named};
use crate::vendor::fault::shown;
use crate::vendor::http::HttpAnswer;
use crate::vendor::number::{Cell, number};

/// Bars of one page; the vendor sends at most ten thousand.
type Bars = AtMost<WireBar, 20_000>;

#[derive(Deserialize)]
struct Envelope {
    /// One symbol was asked for.
    bars: Option<Named<Bars, 1>>,
    next_page_token: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct WireBar {
    t: Cell,
    o: Option<Cell>,
    h: Option<Cell>,
    l: Option<Cell>,
    c: Option<Cell>,
    v: Option<Cell>,
}

#[derive(Deserialize)]
struct Refusal {
    message: Option<String>,
}

/// A page of bars of one symbol.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) bars: Vec<WireBar>,
    pub(super) next: Option<String>,
}

/// Reads an answer about `symbol`.
pub(super) fn read(answer: &HttpAnswer, symbol: &str) -> Result<Page, VendorFault> {
    if let Some(fault) = answer.refusal() {
        return Err(fault);
    }
    if answer.status >= 400 {
        return Err(refused(answer));
    }
    let Envelope {
        bars,
        next_page_token,
    } = answer.json()?;
    let bars = bars.ok_or_else(|| VendorFault::Malformed("there are no bars in it".into()))?;
    let bars = match bars.0.into_iter().next() {
        None => Vec::new(),
        Some((name, bars)) if name == symbol => bars.0,
        Some((other, _)) => {
            let (asked, answered) = (symbol.to_owned(), shown(&other));
            return Err(VendorFault::WrongSymbol { asked, answered });
        }
    };
    Ok(Page {
        bars,
        next: next_page_token.filter(|token| !token.is_empty()),
    })
}

/// Meaning of a refusal's status and words. A page out of place is no word about the
/// request.
fn refused(answer: &HttpAnswer) -> VendorFault {
    let status = answer.status;
    let Ok(Refusal { message }) = answer.json() else {
        return answer.refused_without_words();
    };
    let text = shown(&message.unwrap_or_default());
    let lower = text.to_ascii_lowercase();
    match status {
        403 if lower.contains("subscription") => VendorFault::NotEntitled(text),
        401 | 403 => VendorFault::Credential(text),
        400 if lower.contains("symbol") => VendorFault::UnknownSymbol(text),
        400 | 422 => VendorFault::BadRequest(text),
        _ => VendorFault::Status(status),
    }
}

/// Daily bars; a row is judged by its close and time, every other number costs itself alone.
pub(super) fn chart(page: &Page) -> Chart {
    let mut chart = Chart::default();
    let mut by_date = BTreeMap::new();
    for (row, wire) in page.bars.iter().enumerate() {
        match daily(wire) {
            Ok(bar) => drop(by_date.insert(bar.session(), bar)),
            Err(why) => chart.refuse(format!("row {row}: {why}")),
        }
    }
    chart.bars = by_date.into_values().collect();
    chart
}

fn daily(wire: &WireBar) -> Result<Bar, String> {
    let at = wire.t.time().ok_or("it has no time")?;
    let close = number(&wire.c).ok_or("its close is not a number")?;
    // Midnight of New York.
    let session = SessionDate::new(Calendar::date_at(at)).map_err(|error| error.to_string())?;
    let bar = Bar::of_close(session, close).map_err(|error| error.to_string())?;
    Ok(bar
        .with_open(number(&wire.o))
        .with_range(number(&wire.l), number(&wire.h))
        .with_volume(number(&wire.v)))
}

/// Bars of a minute.
pub(super) fn rows(page: &Page) -> Result<Vec<IntradayRow>, VendorFault> {
    let row = |(place, wire): (usize, &WireBar)| {
        let WireBar { t, o, h, l, c, v } = wire;
        IntradayRow::of_cells(place, (t, [o, h, l, c, v]))
    };
    page.bars.iter().enumerate().map(row).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::recorded;

    const TWO_DAYS: &str = r#"{"bars":{"AAPL":[
        {"t":"2022-01-03T05:00:00Z","o":178.26,"h":182.88,"l":177.71,"c":182.01,"v":104487900,"n":830381,"vw":181.4},
        {"t":"2022-07-05T04:00:00Z","o":137.77,"h":141.61,"l":136.93,"c":141.56,"v":73353800,"n":1,"vw":1}
    ]},"next_page_token":"QUFQTHxE"}"#;

    fn json(status: u16, body: &str) -> HttpAnswer {
        HttpAnswer::of(status, "application/json", body)
    }

    #[test]
    fn a_page_of_daily_bars_is_read_in_the_zone_of_the_exchange() {
        let body = r#"{"bars":{"AAPL":[
            {"t":"2022-01-03T05:00:00Z","o":178.26,"h":182.88,"l":177.71,"c":182.01,"v":104487900,"n":830381,"vw":181.4},
            {"t":"2022-07-05T04:00:00Z","o":137.77,"h":141.61,"l":136.93,"c":141.56,"v":73353800,"n":1,"vw":1},
            {"t":"2022-07-06T04:00:00Z","c":null}
        ]},"next_page_token":"QUFQTHxE"}"#;
        let page = read(&json(200, body), "AAPL").unwrap();
        assert_eq!(page.next.as_deref(), Some("QUFQTHxE"));
        let chart = chart(&page);
        let days: Vec<String> = chart
            .bars
            .iter()
            .map(|bar| bar.session().to_string())
            .collect();
        assert_eq!(days, ["2022-01-03", "2022-07-05"]);
        assert_eq!((chart.bars[0].close(), chart.refused), (182.01, 1));
    }

    #[test]
    fn an_empty_page_is_no_data_and_a_strangers_page_is_refused() {
        let empty = read(&json(200, r#"{"bars":{},"next_page_token":null}"#), "AAPL").unwrap();
        assert!(empty.bars.is_empty() && empty.next.is_none());
        let other = read(
            &json(200, r#"{"bars":{"MSFT":[]},"next_page_token":null}"#),
            "AAPL",
        );
        assert!(matches!(other, Err(VendorFault::WrongSymbol { .. })));
    }

    #[test]
    fn refusals_are_what_their_words_say() {
        let fault = |status, body| read(&json(status, body), "AAPL").unwrap_err();
        let sip = r#"{"message":"subscription does not permit querying recent SIP data"}"#;
        assert!(matches!(fault(403, sip), VendorFault::NotEntitled(_)));
        assert!(matches!(
            fault(403, r#"{"message":"forbidden."}"#),
            VendorFault::Credential(_)
        ));
        let symbol = r#"{"code":400,"message":"invalid symbol: AAPL!"}"#;
        assert!(matches!(fault(400, symbol), VendorFault::UnknownSymbol(_)));
        let too_many = r#"{"message":"too many requests."}"#;
        assert!(matches!(
            fault(429, too_many),
            VendorFault::Throttled { .. }
        ));
        assert!(matches!(fault(403, "<html>"), VendorFault::Blocked(_)));
        assert!(matches!(fault(200, "<html>"), VendorFault::NotJson(_)));
        assert!(matches!(fault(200, "{}"), VendorFault::Malformed(_)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(recorded::mutations()))]

        #[test]
        fn no_bytes_make_it_panic(status in 100_u16..600, seed in any::<u64>()) {
            let answer = HttpAnswer::of(status, "application/json", testing::noise(seed));
            prop_assert!(read(&answer, "AAPL").is_err());
        }

        #[test]
        fn no_page_spoilt_makes_it_panic(seed in any::<u64>()) {
            let body = testing::spoilt(TWO_DAYS.as_bytes(), seed);
            if let Ok(page) = read(&HttpAnswer::of(200, "application/json", body), "AAPL") {
                let chart = chart(&page);
                prop_assert!(chart.bars.iter().all(|bar| bar.close().is_finite()));
                prop_assert!(chart.bars.is_sorted_by_key(Bar::session));
                prop_assert!(rows(&page).map_or(true, |rows| rows.len() == page.bars.len()));
            }
        }
    }
}
