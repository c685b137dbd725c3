//! TickerPicker: one pick a slot, a function of the slot and the seed.
//!
//! Slots are aligned to the clock. A pick that waits for a place in the window slows the picker;
//! slots that pass meanwhile are missed and not made up. A second or restarted picker repeats the
//! pick of a slot instead of adding one, since ticker and identity follow from the slot.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Supervised, WrapFuture,
};
use chrono::{DateTime, TimeDelta, Utc};
use closecall_calendar::Timetable;
use closecall_protocol::{Pick, PickId, PickReason, Ticker, TickerPicked};
use closecall_settings::span;
use closecall_supervision::{Drain, Outbox, StageContext};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::stage;

/// The shortest slot: picks come one at a time.
const SHORTEST: Duration = Duration::from_millis(100);

/// What is picked, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PickerSettings {
    /// What is picked from.
    pub tickers: Vec<Ticker>,
    /// Length of a slot, on the clock in use; whole milliseconds.
    #[serde(with = "span")]
    pub every: Duration,
    /// Decides which ticker a slot gets.
    pub seed: u64,
    /// How long after its slot's start a pick expires; 0 never.
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
        Ok(())
    }

    /// How long after its slot a pick expires.
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

    /// The pick of the slot that starts at `slot`.
    fn pick(&self, slot: DateTime<Utc>) -> Option<Pick> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(slot.timestamp_millis().cast_unsigned());
        let tickers = u64::try_from(self.tickers.len())
            .ok()
            .filter(|count| *count > 0)?;
        let index = usize::try_from(rng.next_u64() % tickers).ok()?;
        let ticker = self.tickers.get(index)?.clone();
        Some(Pick {
            pick_id: PickId::of_slot(self.seed, slot, &ticker),
            expires_at: self.expiry().map(|after| slot + after),
            reason: PickReason::Schedule,
            ticker,
            slot,
        })
    }
}

/// How far the picker is. Kept beside the actor, so that a restart does not forget it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PickerProgress {
    /// The last slot whose pick was accepted.
    pub last_slot: Option<DateTime<Utc>>,
    /// Picks that were accepted.
    pub picked: u64,
}

/// The actor.
#[derive(Debug)]
pub struct TickerPicker {
    settings: PickerSettings,
    /// Stop after so many picks.
    limit: Option<u64>,
    /// The slots in place of those of the clock; none of them is missed.
    timetable: Option<Timetable>,
    progress: Arc<Mutex<PickerProgress>>,
    outbox: Arc<Outbox<TickerPicked>>,
    context: StageContext,
    draining: bool,
}

impl TickerPicker {
    /// A picker that delivers to `outbox`, for ever.
    #[must_use]
    pub fn new(
        settings: PickerSettings,
        outbox: Arc<Outbox<TickerPicked>>,
        context: StageContext,
    ) -> Self {
        Self {
            settings,
            limit: None,
            timetable: None,
            progress: Arc::default(),
            outbox,
            context,
            draining: false,
        }
    }

    /// Ends picking when so many picks have been accepted.
    #[must_use]
    pub fn limit(mut self, picks: Option<u64>) -> Self {
        self.limit = picks;
        self
    }

    /// Picks at these moments in place of all slots, one after the other: a pick waits until the one
    /// before is settled, and none is missed. The clock is moved to each, where it can be moved, so
    /// that a run is the same however busy the machine is.
    #[must_use]
    pub fn timetable(mut self, timetable: Option<Timetable>) -> Self {
        self.timetable = timetable;
        self
    }

    /// The slot to pick for now, and how long it is until then.
    fn next_slot(&self) -> (DateTime<Utc>, Duration) {
        let clock = self.context.clock();
        let last_slot = self.progress().last_slot;
        if let Some(timetable) = &self.timetable {
            let slot = timetable.next(last_slot);
            return (slot, clock.real_until(slot));
        }
        let slot = self.settings.slot_at(clock.now());
        if last_slot.is_none_or(|last| last < slot) {
            return (slot, Duration::ZERO);
        }
        let every = TimeDelta::from_std(self.settings.every).unwrap_or(TimeDelta::MAX);
        (slot + every, clock.real_until(slot + every))
    }

    fn progress(&self) -> PickerProgress {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next slot that has no pick yet.
    fn arm(&self, ctx: &mut Context<Self>) {
        let progress = self.progress();
        if self.draining || self.limit.is_some_and(|limit| progress.picked >= limit) {
            return;
        }
        let (_, wait) = self.next_slot();
        ctx.run_later(wait, Self::pick_now);
    }

    fn pick_now(&mut self, ctx: &mut Context<Self>) {
        self.context.handling();
        let (slot, wait) = self.next_slot();
        let Some(pick) = self
            .settings
            .pick(slot)
            .filter(|_| wait.is_zero() && !self.draining)
        else {
            return self.arm(ctx);
        };
        if self.timetable.is_some() {
            self.context.clock().set(slot);
        }
        tracing::debug!(
            stage = stage::TICKER_PICKER, ticker = %pick.ticker, pick_id = %pick.pick_id, %slot,
            "picked"
        );
        let outbox = Arc::clone(&self.outbox);
        let accepted = async move { outbox.accept(TickerPicked { pick }).await };
        let next = accepted.into_actor(self).map(move |accepted, picker, ctx| {
            let Ok(in_window) = accepted else { return };
            {
                let progress = &mut *picker
                    .progress
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                progress.last_slot = Some(slot);
                progress.picked += 1;
            }
            if picker.timetable.is_none() {
                // A place in the window is all that is waited for.
                return picker.arm(ctx);
            }
            let settled = in_window.settled().into_actor(picker);
            ctx.spawn(settled.map(|_, picker, ctx| picker.arm(ctx)));
        });
        ctx.spawn(next);
    }
}

impl Actor for TickerPicker {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.arm(ctx);
    }
}

impl Supervised for TickerPicker {}

impl Handler<Drain> for TickerPicker {
    type Result = ();

    fn handle(&mut self, _: Drain, ctx: &mut Self::Context) {
        self.draining = true;
        // A pick that still waits for a place is not accepted, and so not lost.
        if ctx.state() == actix::ActorState::Running {
            tracing::debug!(stage = stage::TICKER_PICKER, "no more picks");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(seed: u64) -> PickerSettings {
        let tickers = ["AAPL", "MSFT", "NVDA", "ON"].map(|text| Ticker::new(text).unwrap());
        PickerSettings {
            tickers: tickers.into(),
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
        assert_eq!(settings(7).pick(slot), settings(7).pick(slot));
        assert_ne!(
            settings(7).pick(slot).unwrap().pick_id,
            settings(8).pick(slot).unwrap().pick_id
        );
        let pick = settings(7).pick(slot).unwrap();
        assert_eq!(pick.expires_at, Some(at("2026-11-23T16:03:00Z")));
    }

    #[test]
    fn every_ticker_gets_its_share() {
        let (settings, start) = (settings(7), at("2026-11-23T15:00:00Z"));
        let mut counts = std::collections::BTreeMap::new();
        for slot in 0..4000 {
            let pick = settings
                .pick(start + TimeDelta::seconds(180 * slot))
                .unwrap();
            *counts.entry(pick.ticker).or_insert(0) += 1;
        }
        assert!(
            counts.values().all(|count| (850..1150).contains(count)),
            "{counts:?}"
        );
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
