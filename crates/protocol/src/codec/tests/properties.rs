//! Properties of the readers: no bytes make one panic, and a dataset reads back to the bit.

use closecall_calendar::Calendar;
use proptest::prelude::*;

use super::examples::*;
use crate::codec::*;
use crate::*;

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(
        value in proptest::collection::vec(any::<u8>(), 0..400),
        header in "\\PC{0,40}",
    ) {
        let record = raw(value).with_header("ce_type", header);
        let from = arrival(Topic::StockModelOutput);
        std::hint::black_box(pick::decode(&record, &from).is_ok());
        std::hint::black_box(dataset::decode(&record, &from, &Calendar::default()).is_ok());
        std::hint::black_box(forecast::decode(&record, &from).is_ok());
        std::hint::black_box(dead_letter::decode(&record, &from));
    }

    #[test]
    fn json_of_any_shape_is_answered(text in "[\\[\\]{}\",:0-9a-zA-Z_ .eE-]{0,200}") {
        let from = arrival(Topic::StockModelOutput);
        if let Ok(read) = dataset::decode(&raw(text), &from, &Calendar::default()) {
            prop_assert!(read.rows.iter().all(|row| row.close().is_finite()));
        }
    }

    #[test]
    fn datasets_round_trip(
        closes in proptest::collection::vec(0.01_f64..1e5, 1..40),
        score in proptest::option::of(-1.0_f64..1.0),
        articles in 1_u32..1000,
    ) {
        let calendar = Calendar::default();
        let last = calendar.last_closed(pick().slot);
        let mut day = last.date;
        let mut rows = Vec::new();
        for close in closes {
            let news = SessionNews { sentiment: score, articles: score.map_or(0, |_| articles) };
            rows.push(row(&day.to_string(), close, news));
            day = calendar.previous(day).date;
        }
        rows.reverse();
        let built = DatasetBuilt { rows: rows.into(), ..dataset() };
        let record = dataset::encode(&built).unwrap();
        let from = arrival(Topic::StockModelOutput);
        prop_assert_eq!(dataset::decode(&record, &from, &calendar).unwrap(), built);
    }
}
