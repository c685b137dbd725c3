//! Settings that contradict themselves are refused before anything starts.

use std::time::Duration;

use closecall_calendar::Clock;
use closecall_settings::changed;
use closecall_supervision::{Error, SupervisionSettings, Supervisor};

fn refusal(change: impl FnOnce(&mut SupervisionSettings)) -> Error {
    let mut settings = SupervisionSettings::default();
    settings.validate().unwrap();
    change(&mut settings);
    Supervisor::new(settings, Clock::system(), 7).unwrap_err()
}

#[test]
fn a_period_that_the_backoffs_alone_outlast() {
    // 1 + 2 + 4 + 8 + 16 = 31 s, with the jitter 37.2 s.
    let error = refusal(|settings| settings.restart.period = Duration::from_secs(37));
    assert!(
        matches!(error, Error::PeriodTooShort { intensity: 5, .. }),
        "{error}"
    );
    let mut settings = SupervisionSettings::default();
    settings.restart.period = Duration::from_secs(38);
    settings.validate().unwrap();
}

#[test]
fn as_many_attempts_as_restarts() {
    let error = refusal(|settings| settings.delivery.attempts = 5.try_into().unwrap());
    assert!(
        matches!(
            error,
            Error::TooManyAttempts {
                attempts: 5,
                intensity: 5
            }
        ),
        "{error}"
    );
}

#[test]
fn single_values_out_of_range() {
    let key = |error: Error| match error {
        Error::Setting { key, .. } => key,
        other => panic!("{other}"),
    };
    assert_eq!(
        key(refusal(|s| s.restart.intensity = 1001.try_into().unwrap())),
        "restart.intensity"
    );
    assert_eq!(
        key(refusal(|s| s.restart.backoff.factor = f64::NAN)),
        "backoff.factor"
    );
    assert_eq!(
        key(refusal(|s| s.delivery.backoff.max = Duration::ZERO)),
        "backoff.max"
    );
    assert_eq!(
        key(refusal(|s| s.watchdog.every = Duration::ZERO)),
        "watchdog.every"
    );
    assert_eq!(
        key(refusal(|s| s.drain.force = Duration::from_secs(30))),
        "drain.force"
    );
}

#[test]
fn settings_are_read_with_units_and_unknown_keys_are_refused() {
    let read = |toml: &str| changed::<SupervisionSettings>("supervision", toml);
    let settings = read("restart.period = '5m'\nrestart.backoff.first = 0.25").unwrap();
    assert_eq!(settings.restart.period, Duration::from_secs(300));
    assert_eq!(settings.restart.backoff.first, Duration::from_millis(250));
    let default = serde_json::to_string(&SupervisionSettings::default()).unwrap();
    let back: SupervisionSettings = serde_json::from_str(&default).unwrap();
    assert_eq!(back, SupervisionSettings::default());
    // What cannot be at all is refused where it is read.
    for (text, named) in [
        ("restart.perod = '5m'", "perod"),
        ("restart.intensity = 0", "nonzero"),
        ("delivery.attempts = 0", "nonzero"),
        ("delivery.window = 0", "nonzero"),
        ("restart.backoff.jitter = 1.0", "share"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(named), "{text}: {error}");
    }
}
