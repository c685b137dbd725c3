//! The grammar of faults: `STAGE[.POINT]:ACTION[:every=N|:once]`.

use std::time::Duration;

use super::{Action, InjectedFault, KnownPoints, When};
use crate::Error;

/// The longest stall, so that a slip does not hold a thread for a year.
const LONGEST_STALL_MS: u64 = 3_600_000;

impl InjectedFault {
    /// Reads one fault, which must name a place in `known`.
    ///
    /// # Errors
    /// When it cannot be read, or names an unknown stage or point; then with the nearest name.
    pub fn parse(spec: &str, known: KnownPoints<'_>) -> Result<Self, Error> {
        let bad = |problem: String| Error::FaultSyntax {
            spec: spec.into(),
            problem,
        };
        let mut parts = spec.split(':');
        let place = parts.next().unwrap_or_default();
        let (stage, point) = match place.split_once('.') {
            Some((stage, point)) => (stage, Some(point)),
            None => (place, None),
        };
        let action = parts.next().ok_or_else(|| bad("no action given".into()))?;
        let action = parse_action(action).map_err(bad)?;
        let when = parts.next().map_or(Ok(When::Always), parse_when);
        let when = when.map_err(bad)?;
        if let Some(rest) = parts.next() {
            return Err(bad(format!("`{rest}` is too much")));
        }

        let unknown = |kind, name: &str, names: &mut dyn Iterator<Item = &str>| Error::FaultPlace {
            spec: spec.into(),
            kind,
            name: name.into(),
            suggestion: suggest(name, names),
        };
        let points = known
            .iter()
            .find(|(name, _)| *name == stage)
            .map(|(_, points)| *points)
            .ok_or_else(|| unknown("stage", stage, &mut known.iter().map(|(name, _)| *name)))?;
        if let Some(point) = point
            && !points.contains(&point)
        {
            return Err(unknown("point", point, &mut points.iter().copied()));
        }
        Ok(Self {
            stage: stage.into(),
            point: point.map(Into::into),
            action,
            when,
        })
    }
}

fn parse_action(text: &str) -> Result<Action, String> {
    match text.split_once('=') {
        None if text == "panic" => Ok(Action::Panic),
        None if text == "exit" => Ok(Action::Exit),
        Some(("stall", millis)) => {
            let stall = number(millis).filter(|millis| *millis <= LONGEST_STALL_MS);
            stall
                .map(|millis| Action::Stall(Duration::from_millis(millis)))
                .ok_or_else(|| {
                    format!("stall={millis} is not milliseconds up to {LONGEST_STALL_MS}")
                })
        }
        _ => Err(format!(
            "`{text}` is not an action; there are panic, exit and stall=MILLISECONDS"
        )),
    }
}

fn parse_when(text: &str) -> Result<When, String> {
    match text.split_once('=') {
        None if text == "once" => Ok(When::Once),
        Some(("every", n)) => number(n)
            .filter(|n| *n > 0)
            .map(When::Every)
            .ok_or_else(|| format!("every={n} is not a whole number from 1")),
        _ => Err(format!("`{text}` is neither every=N nor once")),
    }
}

/// Digits only: `+7` is a number to the standard library.
fn number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// The nearest name, or all of them when none is near.
fn suggest(name: &str, names: &mut dyn Iterator<Item = &str>) -> String {
    let names: Vec<&str> = names.collect();
    let nearest = names
        .iter()
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .min()
        .filter(|(distance, _)| *distance <= 3);
    match nearest {
        Some((_, known)) => format!("did you mean {known}?"),
        None if names.is_empty() => "there are none".into(),
        None => format!("there are {}", names.join(", ")),
    }
}
