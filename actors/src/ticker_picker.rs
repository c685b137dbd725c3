//! TickerPicker: one pick a slot, a function of the slot and the seed; or a sweep, every ticker
//! once a slot, spread over it.
//!
//! Slots are aligned to the clock. A pick that waits for a place in the window slows the picker;
//! slots that pass meanwhile are missed and not made up. A second or restarted picker repeats the
//! pick of a slot instead of adding one, since ticker and identity follow from the slot.

mod schedule;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Supervised, WrapFuture,
};
use chrono::{DateTime, Utc};
use closecall_calendar::Timetable;
use closecall_protocol::TickerPicked;
use closecall_supervision::{Drain, Outbox, StageContext};

use crate::stage;

pub use schedule::{PickerMode, PickerSettings};

/// Progress of the picker. Kept beside the actor, so that a restart does not forget it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PickerProgress {
    /// The last pick that was accepted: its slot's start, and its place in the slot.
    pub last: Option<(DateTime<Utc>, usize)>,
    /// Picks that were accepted.
    pub picked: u64,
}

/// The actor.
#[derive(Debug)]
pub struct TickerPicker {
    settings: PickerSettings,
    /// Stop after this number of picks.
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

    /// Ends picking when this number of picks has been accepted.
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

    /// The slot to pick for, the pick's place in it, and how long it is until then.
    fn next_pick(&self) -> (DateTime<Utc>, usize, Duration) {
        let clock = self.context.clock();
        let last = self.progress().last;
        if let Some(timetable) = &self.timetable {
            let slot = timetable.next(last.map(|(slot, _)| slot));
            return (slot, 0, clock.real_until(slot));
        }
        let (slot, turn) = self.settings.next(last, clock.now());
        (slot, turn, clock.real_until(self.settings.due(slot, turn)))
    }

    fn progress(&self) -> PickerProgress {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next pick.
    fn arm(&self, ctx: &mut Context<Self>) {
        let progress = self.progress();
        if self.draining || self.limit.is_some_and(|limit| progress.picked >= limit) {
            return;
        }
        let (_, _, wait) = self.next_pick();
        ctx.run_later(wait, Self::pick_now);
    }

    fn pick_now(&mut self, ctx: &mut Context<Self>) {
        self.context.handling();
        let (slot, turn, wait) = self.next_pick();
        let Some(pick) = self
            .settings
            .pick(slot, turn)
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
                progress.last = Some((slot, turn));
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
