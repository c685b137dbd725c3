//! Text from outside stays text: in headlines, publishers, messages, and what is asked for.

use crate::support::{Recording as _, Served, at, headline, letter, one};

const HOSTILE: [&str; 9] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "</title><script>alert(2)</script>",
    "javascript:alert(3)",
    "{{7*7}}",
    "'-- DROP TABLE log",
    "=cmd()",
    "\u{1b}[31mred\u{7}\u{0}",
    "\u{202e}rtl\u{2066}x",
];

/// Elements of a page that could do anything, and how often they may be there.
fn active(page: &str) -> [usize; 4] {
    ["<script", "<img", "onerror=", "<iframe"].map(|found| page.matches(found).count())
}

#[test]
fn hostile_text_is_shown_and_does_nothing() {
    let served = Served::filled(|ledger| {
        for (number, text) in (0..).zip(HOSTILE) {
            let as_of = at("2025-03-03T14:45:00Z") + chrono::TimeDelta::minutes(number);
            let forecast = one(&as_of.to_rfc3339(), |values| {
                values.headlines = Some(vec![
                    headline(text, text),
                    headline(&text.repeat(10_000), text),
                ]);
                values.model.name = text.to_owned();
                values.model.reason = Some(text.to_owned());
                values.model.spec = text.to_owned();
            });
            ledger.record_forecast(&forecast, as_of).unwrap();
            ledger.record_dead_letter(&letter(number, text)).unwrap();
        }
    });
    let clean = active(&served.get("/").body);
    assert_eq!(clean, [1, 0, 0, 0], "the one script of every page");
    let list = served.get("/api/v1/forecasts").json();
    let mut paths: Vec<String> = [
        "/",
        "/record",
        "/dead-letters",
        "/tickers/AAPL",
        "/pipeline",
    ]
    .map(str::to_owned)
    .to_vec();
    paths.extend(
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| format!("/picks/{}", item["pick_id"].as_str().unwrap())),
    );
    let mut shown = String::new();
    for path in paths {
        let answer = served.get(&path);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(active(&answer.body)[..2], clean[..2], "{path}");
        assert!(!answer.body.contains("<img src=x"), "{path}");
        let acts = |c: char| {
            (c.is_control() && c != '\n')
                || ('\u{202a}'..='\u{202e}').contains(&c)
                || ('\u{2066}'..='\u{2069}').contains(&c)
        };
        assert!(!answer.body.chars().any(acts), "{path}");
        assert!(answer.body.len() < 200_000, "{path}: {}", answer.body.len());
        shown.push_str(&answer.body);
    }
    assert!(
        shown.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
        "it is shown as it was written"
    );
}

#[test]
fn what_is_asked_for_is_never_markup() {
    let served = Served::new();
    for path in [
        "/%3Cscript%3Ealert(1)%3C/script%3E",
        "/tickers/%3Cimg%20src=x%3E",
        "/?refresh=%3Cscript%3E",
        "/picks/%22%3E%3Cscript%3E",
    ] {
        let answer = served.get(path);
        assert!((400..500).contains(&answer.status), "{path}");
        assert_eq!(active(&answer.body)[..2], [1, 0], "{path}");
    }
    let problem = served.get("/api/v1/forecasts?limit=%3Cscript%3E");
    assert_eq!(
        problem.header("content-type"),
        Some("application/problem+json")
    );
}
