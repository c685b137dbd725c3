//! `closecall doctor`: what a run needs, looked at one by one: calendar, disk, vendors,
//! broker, topics, groups.

use std::path::Path;
use std::process::ExitCode;

use closecall_calendar::Clock;
use closecall_kafka::admin::KafkaAdmin;
use closecall_protocol::Provider;
use serde_json::json;

use crate::exit::Code;
use crate::settings::Settings;

/// Years that the calendar's rules are meant for.
const CALENDAR_YEARS: std::ops::Range<i32> = 2010..2040;

/// One finding.
struct Finding {
    what: &'static str,
    ok: bool,
    says: String,
}

impl Finding {
    fn good(what: &'static str, says: impl Into<String>) -> Self {
        Self {
            what,
            ok: true,
            says: says.into(),
        }
    }

    fn bad(what: &'static str, says: impl Into<String>) -> Self {
        Self {
            what,
            ok: false,
            says: says.into(),
        }
    }
}

pub(super) fn run(settings: &Settings, as_json: bool) -> anyhow::Result<ExitCode> {
    let mut findings = vec![clock(settings), disk(&settings.data_dir)];
    findings.extend(vendors(settings)?);
    findings.extend(kafka(settings)?);
    let ok = findings.iter().all(|finding| finding.ok);
    if as_json {
        let findings: Vec<_> = findings
            .iter()
            .map(|f| json!({"check": f.what, "ok": f.ok, "message": f.says}))
            .collect();
        crate::stdout::print(json!({"ok": ok, "checks": findings}))?;
    } else {
        for finding in &findings {
            let mark = if finding.ok { "ok  " } else { "FAIL" };
            crate::stdout::print(format_args!("{mark} {:<10} {}", finding.what, finding.says))?;
        }
    }
    Ok(if ok {
        ExitCode::SUCCESS
    } else {
        Code::Unavailable.number().into()
    })
}

fn clock(settings: &Settings) -> Finding {
    use chrono::Datelike;
    let now = Clock::system().now();
    if !CALENDAR_YEARS.contains(&now.year()) {
        return Finding::bad("clock", format!("the system's clock says {now}: set it"));
    }
    let calendar = settings.calendar.calendar();
    let target = calendar.target(now);
    Finding::good(
        "clock",
        format!("{now}, the session forecast now is {}", target.date),
    )
}

fn disk(folder: &Path) -> Finding {
    let probe = folder.join(".probe");
    let tried = std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&probe, b"probe"))
        .and_then(|()| std::fs::remove_file(&probe));
    match tried {
        Ok(()) => Finding::good("disk", format!("{} can be written", folder.display())),
        Err(error) => {
            let folder = folder.display();
            Finding::bad(
                "disk",
                format!("{folder} cannot be written: {error}; set `data_dir`"),
            )
        }
    }
}

/// One question to each vendor that is configured. One provider of prices is enough, and news are
/// not needed: what fails beside it is said, and fails nothing.
fn vendors(settings: &Settings) -> anyhow::Result<Vec<Finding>> {
    let market = match settings.open_market_to_check(&Clock::system()) {
        Ok(market) => market,
        Err(error) => return Ok(vec![Finding::bad("prices", format!("{error:#}"))]),
    };
    let Some(ticker) = settings.picker.tickers.first() else {
        return Ok(Vec::new());
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let checks = match runtime.block_on(market.check(ticker)) {
        Ok(checks) => checks,
        Err(error) => return Ok(vec![Finding::bad("prices", error.to_string())]),
    };
    let has_prices = checks.iter().any(|check| check.prices && check.ok);
    let mut findings: Vec<Finding> = checks
        .iter()
        .map(|check| {
            let what = if check.prices { "prices" } else { "news" };
            let says = format!("{}: {}", check.vendor, check.says);
            if check.ok || has_prices || !check.prices {
                Finding::good(what, says)
            } else {
                Finding::bad(what, says)
            }
        })
        .collect();
    findings.extend(not_configured(settings)?);
    Ok(findings)
}

/// The vendors that are not asked, each with the setting that it needs.
fn not_configured(settings: &Settings) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let configured = settings.market_settings().configured_providers()?;
    for provider in &settings.prices.providers {
        if !configured.contains(provider) {
            let needs = match provider {
                Provider::Alpaca => "`alpaca.key_id` and `alpaca.secret_key` are not set",
                Provider::Tiingo => "`tiingo.api_key` is not set",
                _ => "`files.folder` is not set",
            };
            let says = format!("{provider}: not asked, {needs}");
            findings.push(Finding::good("prices", says));
        }
    }
    if settings.alphavantage.api_key.is_none() {
        let says = "no key for news: forecasts rest on prices only (`alphavantage.api_key`)";
        findings.push(Finding::good("news", says));
    }
    Ok(findings)
}

fn kafka(settings: &Settings) -> anyhow::Result<Vec<Finding>> {
    if !settings.kafka.enabled() {
        let says = "`kafka.brokers` is not set: everything runs in one process";
        return Ok(vec![Finding::good("broker", says)]);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let admin = match KafkaAdmin::new(&settings.kafka) {
        Ok(admin) => admin,
        Err(error) => return Ok(vec![Finding::bad("broker", error.to_string())]),
    };
    let reports = match runtime.block_on(admin.describe_topics()) {
        Ok(reports) => reports,
        Err(error) => return Ok(vec![Finding::bad("broker", error.to_string())]),
    };
    let brokers = &settings.kafka.brokers;
    let mut findings = vec![Finding::good("broker", format!("{brokers} answers"))];
    for report in reports {
        let name = &report.wanted.name;
        findings.push(match (&report.found, report.drift.is_empty()) {
            (None, _) => Finding::bad(
                "topic",
                format!("{name} is missing: `closecall topics create`"),
            ),
            (Some(_), false) => Finding::bad(
                "topic",
                format!("{name} differs: {}", report.drift.join("; ")),
            ),
            (Some(_), true) => Finding::good("topic", format!("{name} is as it should be")),
        });
    }
    match admin.group_lags() {
        Ok(lags) => findings.extend(lags.into_iter().map(|lag| {
            let (group, topic, behind) = (lag.group, lag.topic, lag.lag);
            Finding::good(
                "group",
                format!("{group} is {behind} records behind on {topic}"),
            )
        })),
        Err(error) => findings.push(Finding::bad("group", error.to_string())),
    }
    Ok(findings)
}
