//! Charts that are wrong in what they say, and bodies that grow when they are read.

use closecall_market::Error;
use closecall_protocol::Provider;

use crate::every_fault::{only, open, serve};
use crate::support::{AS_OF, gather};

#[tokio::test]
async fn charts_that_are_wrong_in_what_they_say_are_repaired_left_out_or_said() {
    // The newest row is of the session in progress. A close that is missing is the price at which
    // the session's own bars end.
    for (fault, bars, repairs) in [
        ("daily:null-rows=2", 42, 0),
        ("daily:missing=last", 42, 0),
        ("daily:missing=2023-06-29", 42, 0),
        ("daily:missing=2023-06-15", 41, 0),
        ("daily:doubled-bar", 42, 0),
        ("daily:split=4:1,2023-06-20,unapplied,announced", 42, 1),
        ("daily:split=4:1,2023-06-20,applied,announced", 42, 0),
    ] {
        let server = serve(fault);
        let dir = tempfile::tempdir().unwrap();
        let market = open(&only(Provider::Yahoo, &server), dir.path());
        let scraped = gather(&market, AS_OF).await.unwrap();
        let found = (scraped.bars.len(), scraped.repairs.len().min(1));
        assert_eq!(found, (bars, repairs), "{fault}");
        let closes: Vec<f64> = scraped.bars.iter().map(|bar| bar.close()).collect();
        let jump = closes.windows(2).map(|two| (two[1] / two[0]).ln().abs());
        assert!(
            jump.fold(0.0, f64::max) < 0.3,
            "{fault}: a jump is left in {closes:?}"
        );
    }
    // In which unit the newest close is cannot be known: the next provider has to say.
    let server = serve("daily:unit=100,2");
    let mut settings = only(Provider::Yahoo, &server);
    let dir = tempfile::tempdir().unwrap();
    let error = gather(&open(&settings, dir.path()), AS_OF).await;
    let error = error.unwrap_err();
    assert!(matches!(error, Error::Unsound { .. }), "{error}");
    settings.prices.providers.push(Provider::Alpaca);
    let dir = tempfile::tempdir().unwrap();
    let scraped = gather(&open(&settings, dir.path()), AS_OF).await.unwrap();
    assert_eq!(scraped.provider, Provider::Alpaca);
    // A price of the moment from before the opening is none.
    let server = serve("intraday:stale=60");
    let dir = tempfile::tempdir().unwrap();
    let market = open(&only(Provider::Yahoo, &server), dir.path());
    assert!(gather(&market, AS_OF).await.unwrap().quote.is_err());
}

#[test]
fn a_compressed_bomb_takes_no_more_than_the_limit_and_sixteen_mebibytes() {
    let name = "wrong_data::a_compressed_bomb_takes_no_more_than_the_limit_and_sixteen_mebibytes";
    if !testing::alone(name) {
        return;
    }
    for bomb in ["daily:bomb=gzip,10", "daily:bomb=deflate,10"] {
        let server = serve(bomb);
        let dir = tempfile::tempdir().unwrap();
        let market = open(&only(Provider::Yahoo, &server), dir.path());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let work = || runtime.block_on(gather(&market, AS_OF)).is_err();
        let Some((failed, grown)) = testing::growth(work) else {
            return;
        };
        assert!(failed);
        assert!(grown <= (8 + 16) << 20, "{bomb}: {} MiB", grown >> 20);
    }
}
