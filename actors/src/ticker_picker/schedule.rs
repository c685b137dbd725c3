//! The schedule of picks: the settings, and the pick of each slot as a function of them.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use closecall_protocol::{Pick, PickId, PickReason, Ticker};
use closecall_settings::{choice, span};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

/// The shortest slot: picks come one at a time.
const SHORTEST: Duration = Duration::from_millis(100);

/// Tickers that a slot gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PickerMode {
    /// One, drawn by the seed.
    Random,
    /// Every one, in their order. Picks that are late are made up until the slot ends.
    Sweep,
}

/// Tickers and times of the picks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PickerSettings {
    /// Tickers that a slot gets.
    #[serde(with = "choice")]
    pub mode: PickerMode,
    /// Tickers to pick from.
    pub tickers: Vec<Ticker>,
    /// A file of tickers, one a line, in place of those above.
    #[serde(default)]
    pub tickers_file: Option<PathBuf>,
    /// Length of a slot, on the clock in use; whole milliseconds.
    #[serde(with = "span")]
    pub every: Duration,
    /// Decides which ticker a slot gets.
    pub seed: u64,
    /// Span after its slot's start in which a pick expires; 0 never.
    #[serde(with = "span")]
    pub expires_after: Duration,
}

impl PickerSettings {
    /// # Errors
    /// What is wrong, and what to set.
    pub fn validate(&self) -> Result<(), String> {
        if self.tickers.is_empty() {
            return Err("`picker.tickers` is empty: name at least one ticker".into());
        }
        if self.every < SHORTEST || !self.every.subsec_nanos().is_multiple_of(1_000_000) {
            return Err("`picker.every` must be whole milliseconds, at least 100ms".into());
        }
        if self.every > Duration::from_secs(7 * 86_400) {
            return Err("`picker.every` must be at most 168h".into());
        }
        if self.mode == PickerMode::Sweep && self.tickers.len() as u128 > self.every.as_millis() {
            return Err(format!(
                "a sweep of {} tickers does not fit into `picker.every`: at least 1ms each is needed",
                self.tickers.len()
            ));
        }
        Ok(())
    }

    /// Takes the tickers of `tickers_file`, where one is named: one a line; empty lines and lines
    /// that begin with `#` are left out.
    ///
    /// # Errors
    /// What is wrong with the file, with the line.
    pub fn read_tickers_file(&mut self) -> Result<(), String> {
        let Some(path) = &self.tickers_file else {
            return Ok(());
        };
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("`picker.tickers_file`: cannot read {shown}: {error}"))?;
        let mut tickers = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let ticker = Ticker::new(line)
                .map_err(|error| format!("{shown}, line {}: {error}", number + 1))?;
            if !tickers.contains(&ticker) {
                tickers.push(ticker);
            }
        }
        if tickers.is_empty() {
            return Err(format!(
                "{shown} names no ticker: write at least one, one a line"
            ));
        }
        self.tickers = tickers;
        Ok(())
    }

    /// Number of picks of a slot.
    fn turns(&self) -> usize {
        match self.mode {
            PickerMode::Random => 1,
            PickerMode::Sweep => self.tickers.len(),
        }
    }

    /// When a pick of a slot is due: they are spread evenly over it.
    pub(super) fn due(&self, slot: DateTime<Utc>, turn: usize) -> DateTime<Utc> {
        let share = self.every.as_millis() * turn as u128 / self.turns().max(1) as u128;
        slot + TimeDelta::milliseconds(i64::try_from(share).unwrap_or(i64::MAX))
    }

    /// Span after its slot in which a pick expires.
    #[must_use]
    pub fn expiry(&self) -> Option<TimeDelta> {
        TimeDelta::from_std(self.expires_after)
            .ok()
            .filter(|span| !span.is_zero())
    }

    /// Start of the slot that `now` lies in.
    fn slot_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let every = i64::try_from(self.every.as_millis())
            .unwrap_or(i64::MAX)
            .max(1);
        let start = now.timestamp_millis().div_euclid(every) * every;
        DateTime::from_timestamp_millis(start).unwrap_or(now)
    }

    /// A pick of the slot that starts at `slot`.
    pub(super) fn pick(&self, slot: DateTime<Utc>, turn: usize) -> Option<Pick> {
        let (index, slot) = match self.mode {
            PickerMode::Random => (self.drawn(slot)?, slot),
            PickerMode::Sweep => (turn, self.due(slot, turn)),
        };
        let ticker = self.tickers.get(index)?.clone();
        Some(Pick {
            pick_id: PickId::of_slot(self.seed, slot, &ticker),
            expires_at: self.expiry().map(|after| slot + after),
            reason: PickReason::Schedule,
            ticker,
            slot,
        })
    }

    /// Index of the ticker that the seed draws for a slot.
    fn drawn(&self, slot: DateTime<Utc>) -> Option<usize> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(slot.timestamp_millis().cast_unsigned());
        let tickers = u64::try_from(self.tickers.len())
            .ok()
            .filter(|count| *count > 0)?;
        usize::try_from(rng.next_u64() % tickers).ok()
    }

    /// The slot and the pick in it that follow on `last` at `now`: the rest of the running slot
    /// first. Slots that have passed are not made up.
    pub(super) fn next(
        &self,
        last: Option<(DateTime<Utc>, usize)>,
        now: DateTime<Utc>,
    ) -> (DateTime<Utc>, usize) {
        let slot = self.slot_at(now);
        match last {
            // The clock may have been set back.
            Some((last, turn)) if last >= slot => {
                if turn + 1 < self.turns() {
                    (last, turn + 1)
                } else {
                    let every = TimeDelta::from_std(self.every).unwrap_or(TimeDelta::MAX);
                    (last + every, 0)
                }
            }
            _ => (slot, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(seed: u64) -> PickerSettings {
        let tickers = ["AAPL", "MSFT", "NVDA", "ON"].map(|text| Ticker::new(text).unwrap());
        PickerSettings {
            mode: PickerMode::Random,
            tickers: tickers.into(),
            tickers_file: None,
            every: Duration::from_secs(180),
            seed,
            expires_after: Duration::from_secs(3600),
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn slots_are_aligned_to_the_clock() {
        let slot = settings(7).slot_at(at("2026-11-23T15:05:59.9Z"));
        assert_eq!(slot, at("2026-11-23T15:03:00Z"));
        assert_eq!(settings(7).slot_at(slot), slot);
    }

    #[test]
    fn a_pick_is_a_function_of_its_slot_and_seed() {
        let slot = at("2026-11-23T15:03:00Z");
        assert_eq!(settings(7).pick(slot, 0), settings(7).pick(slot, 0));
        assert_ne!(
            settings(7).pick(slot, 0).unwrap().pick_id,
            settings(8).pick(slot, 0).unwrap().pick_id
        );
        let pick = settings(7).pick(slot, 0).unwrap();
        assert_eq!(pick.expires_at, Some(at("2026-11-23T16:03:00Z")));
    }

    #[test]
    fn every_ticker_gets_its_share() {
        let (settings, start) = (settings(7), at("2026-11-23T15:00:00Z"));
        let mut counts = std::collections::BTreeMap::new();
        for slot in 0..4000 {
            let pick = settings
                .pick(start + TimeDelta::seconds(180 * slot), 0)
                .unwrap();
            *counts.entry(pick.ticker).or_insert(0) += 1;
        }
        assert!(
            counts.values().all(|count| (850..1150).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn a_sweep_picks_every_ticker_once_a_slot_spread_over_it() {
        let sweep = PickerSettings {
            mode: PickerMode::Sweep,
            ..settings(7)
        };
        let slot = at("2026-11-23T15:03:00Z");
        let mut last = None;
        let mut picks = Vec::new();
        for _ in 0..5 {
            let next = sweep.next(last, slot + TimeDelta::seconds(20));
            picks.push((
                sweep.due(next.0, next.1),
                sweep.pick(next.0, next.1).unwrap(),
            ));
            last = Some(next);
        }
        let tickers: Vec<_> = picks.iter().map(|(_, pick)| pick.ticker.as_str()).collect();
        assert_eq!(tickers, ["AAPL", "MSFT", "NVDA", "ON", "AAPL"]);
        for ((due, pick), seconds) in picks.iter().zip([0, 45, 90, 135, 180]) {
            assert_eq!(
                (*due, pick.slot),
                (slot + TimeDelta::seconds(seconds), *due)
            );
        }
        // What was not picked before its slot ended is missed.
        let later = slot + TimeDelta::seconds(180);
        assert_eq!(sweep.next(Some((slot, 1)), later), (later, 0));
    }

    #[test]
    fn tickers_come_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tickers");
        let mut settings = PickerSettings {
            tickers_file: Some(path.clone()),
            ..settings(7)
        };
        assert!(
            settings
                .read_tickers_file()
                .unwrap_err()
                .contains("cannot read")
        );
        for (text, refused) in [
            ("# none\n\n", "names no ticker"),
            ("AAPL\naapl\n", "line 2"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = settings.read_tickers_file().unwrap_err();
            assert!(error.contains(refused), "{error}");
        }
        std::fs::write(&path, "# two\nAAPL\r\n\n  BRK-B \nAAPL\n").unwrap();
        settings.read_tickers_file().unwrap();
        let tickers: Vec<_> = settings.tickers.iter().map(Ticker::as_str).collect();
        assert_eq!(tickers, ["AAPL", "BRK-B"]);
    }

    #[test]
    fn unusable_settings_are_refused() {
        let good = settings(7);
        assert!(good.validate().is_ok());
        assert!(
            PickerSettings {
                tickers: vec![],
                ..good.clone()
            }
            .validate()
            .is_err()
        );
        for every in [
            Duration::ZERO,
            Duration::from_millis(99),
            Duration::from_micros(100_500),
        ] {
            assert!(
                PickerSettings {
                    every,
                    ..good.clone()
                }
                .validate()
                .is_err()
            );
        }
    }
}
