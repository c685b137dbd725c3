//! Small seeded evaluations: the rows hold, and each planted fault turns its rows red.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;

use closecall_backtest::{Evaluation, EvaluationRow, Extent, Plant, ScoredHeadlines};
use closecall_calendar::Calendar;
use closecall_forecast::ForecastSettings;
use closecall_sentiment::{DatasetBuilder, Vader};

const SMALL: Extent = Extent {
    markets: 24,
    sessions: 10,
    watched: 40,
    trials: 40,
};

/// Bands with prices behind need no fit: more of them.
const WIDER: Extent = Extent {
    markets: 40,
    sessions: 12,
    ..SMALL
};

fn evaluated(wanted: &[&'static str], plant: Option<Plant>, folder: &Path) -> Vec<EvaluationRow> {
    let calendar = Calendar::default();
    let builder = DatasetBuilder::new(calendar.clone(), ScoredHeadlines::new(Vader::new()));
    let evaluation = Evaluation {
        settings: &ForecastSettings::default(),
        calendar: &calendar,
        builder: &builder,
        window_days: 300,
        seed: 1,
        extent: if wanted.contains(&"N8") { WIDER } else { SMALL },
        plant,
        wanted,
        folder,
        keep: true,
        jobs: NonZeroUsize::new(2).unwrap(),
    };
    let rows = evaluation.run(&mut |_, _| ControlFlow::Continue(()));
    rows.unwrap().unwrap()
}

fn red(rows: &[EvaluationRow]) -> BTreeSet<&'static str> {
    rows.iter()
        .filter(|row| !row.pass)
        .map(|row| row.name)
        .collect()
}

/// The rows hold; then, on what was kept, each plant turns one of its rows red.
fn hold_and_turn_red(wanted: &[&'static str], plants: &[Plant]) {
    let folder = tempfile::tempdir().unwrap();
    let rows = evaluated(wanted, None, folder.path());
    let missed: Vec<&EvaluationRow> = rows.iter().filter(|row| !row.pass).collect();
    assert!(missed.is_empty(), "{missed:#?}");
    for &plant in plants {
        let names: Vec<&'static str> = plant
            .rows()
            .iter()
            .copied()
            .filter(|n| wanted.contains(n))
            .collect();
        let rows = evaluated(&names, Some(plant), folder.path());
        assert!(!red(&rows).is_empty(), "{plant}: {rows:#?}");
    }
}

#[test]
fn without_a_signal_no_harm_is_done_and_the_original_is_far_worse() {
    hold_and_turn_red(
        &["H1", "H2", "H5", "N6", "H12"],
        &[
            Plant::BoldMoves,
            Plant::KindOriginal,
            Plant::NarrowBands,
            Plant::NoLeak,
        ],
    );
}

#[test]
fn a_planted_signal_is_found_and_the_news_earn_their_place() {
    hold_and_turn_red(&["H8"], &[Plant::Deaf]);
}

#[test]
fn bands_hold_with_prices_some_sessions_behind() {
    hold_and_turn_red(&["N8"], &[Plant::IgnoredHorizon]);
}

#[test]
fn nothing_later_is_known_and_a_second_run_is_the_same() {
    hold_and_turn_red(&["N9", "H10", "H11"], &[Plant::Leak, Plant::Reseeded]);
}

#[test]
fn the_label_is_rare_without_a_signal() {
    hold_and_turn_red(&["H4"], &[Plant::EagerLabel, Plant::NoLabel]);
}

#[test]
fn every_plant_names_rows_and_every_row_a_plant() {
    let named: BTreeSet<&str> = Plant::ALL
        .iter()
        .flat_map(|plant| plant.rows())
        .copied()
        .collect();
    let rows = [
        "fair", "N1", "N2", "N3", "N4", "N5", "N6", "N7", "N8", "N9", "H1", "H2", "H4", "H5", "H6",
        "H7", "H8", "H10", "H11", "H12", "H13", "H14",
    ];
    for row in rows {
        assert!(named.contains(row), "{row} has no plant");
    }
}
