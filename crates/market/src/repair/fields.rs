//! An opening or a range that cannot belong to its close becomes unknown; the close stays.

use closecall_protocol::{Bar, RepairField, RepairRule};

use super::series::{LEFT_OUT, RepairSeries};

pub(super) fn repair(series: &mut RepairSeries<'_>) {
    let (limit, doubling) = (series.within_a_row(), series.doubling());
    let mut before: Option<f64> = None;
    for row in 0..series.bars.len() {
        let bar = series.bars[row];
        let far = |price: f64, other: f64| (price / other).ln().abs() > limit;
        // An opening may lie far from the close before it, or from the day's own, not from both; on
        // a wild day from both, where the day's range holds it.
        let far_out = |open: f64| match bar.range() {
            Some(_) => (open / bar.close()).ln().abs() > doubling,
            None => far(open, bar.close()),
        };
        let open = bar
            .open()
            .filter(|open| !(far_out(*open) && before.is_none_or(|c| far(*open, c))));
        let range = bar.range().filter(|range| {
            let anchors = [Some(bar.close()), open];
            let near = |end: f64| anchors.iter().flatten().any(|anchor| !far(end, *anchor));
            near(range.low) && near(range.high)
        });
        if open != bar.open() {
            series.note(bar, RepairField::Open, RepairRule::Contradiction, LEFT_OUT);
        }
        if range != bar.range() {
            series.note(bar, RepairField::Range, RepairRule::Contradiction, LEFT_OUT);
        }
        if (open, range) != (bar.open(), bar.range()) {
            series.bars[row] = with(&bar, open, range.map(|range| (range.low, range.high)));
        }
        before = Some(bar.close());
    }
}

fn with(bar: &Bar, open: Option<f64>, range: Option<(f64, f64)>) -> Bar {
    let close = Bar::of_close(bar.session(), bar.close());
    close.map_or(*bar, |close| {
        close
            .with_open(open)
            .with_range(range.map(|(low, _)| low), range.map(|(_, high)| high))
            .with_adj_close(bar.adj_close())
            .with_volume(bar.volume())
    })
}
