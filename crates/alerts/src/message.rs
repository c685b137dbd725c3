//! One alert, and how each kind of receiver wants it.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::kind::AlertKind;
use crate::settings::AlertFormat;

/// Whether it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlertState {
    /// It was raised, or still stands.
    Raised,
    /// It is over.
    Cleared,
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Its subject.
    pub kind: AlertKind,
    /// Whether it stands.
    pub state: AlertState,
    /// When that was seen, on the product's clock.
    pub at: DateTime<Utc>,
    /// The stage, where it is about one.
    pub subject: Option<String>,
    /// A few words, such as "GruTrainer is down".
    pub title: String,
    /// The rest of the sentence.
    pub detail: String,
    /// The measured value.
    pub value: f64,
    /// From where on it is raised.
    pub limit: f64,
}

impl Alert {
    /// The body for a receiver. `page` is the address of the pages, with a slash at its end; `topic`
    /// is ntfy's.
    #[must_use]
    pub fn body(&self, format: AlertFormat, page: &str, topic: &str) -> Value {
        let raised = self.state == AlertState::Raised;
        let link = format!("{page}{}", self.kind.path());
        let Self { title, detail, .. } = self;
        let page_name = match self.kind.path() {
            "" => "page",
            path => path,
        };
        match format {
            AlertFormat::Json => json!({
                "kind": self.kind, "state": self.state, "severity": self.kind.severity(),
                "at": self.at.to_rfc3339_opts(SecondsFormat::Secs, true), "subject": self.subject,
                "text": format!("{title}: {detail}"), "value": self.value, "limit": self.limit,
                "page": link, "version": env!("CARGO_PKG_VERSION"),
            }),
            AlertFormat::Slack => {
                let sign = if raised {
                    ":red_circle:"
                } else {
                    ":white_check_mark:"
                };
                let text = format!(
                    "{sign} *{}*: {}\n<{link}|{page_name}>",
                    slack(title),
                    slack(detail)
                );
                json!({"text": text})
            }
            AlertFormat::Discord => json!({
                "content": format!("**{title}**: {detail}\n{link}"),
                // No word of a message may call anybody.
                "allowed_mentions": {"parse": []},
            }),
            AlertFormat::Ntfy => {
                let priority = match (raised, self.kind.severity()) {
                    (true, "critical") => 5,
                    (true, _) => 4,
                    (false, _) => 3,
                };
                let tag = if raised {
                    "red_circle"
                } else {
                    "white_check_mark"
                };
                json!({"topic": topic, "title": title, "message": detail, "priority": priority,
                       "tags": [tag], "click": link})
            }
        }
    }
}

fn slack(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(state: AlertState) -> Alert {
        Alert {
            kind: AlertKind::StageDown,
            state,
            at: "2026-11-26T14:03:10Z".parse().unwrap(),
            subject: Some("gru-trainer".into()),
            title: "GruTrainer is down".into(),
            detail: "restarted 5 times".into(),
            value: 60.0,
            limit: 60.0,
        }
    }

    #[test]
    fn each_receiver_gets_its_form() {
        let page = "http://127.0.0.1:8316/";
        let body = |format| alert(AlertState::Raised).body(format, page, "closecall");
        let json = body(AlertFormat::Json);
        assert_eq!(
            (&json["kind"], &json["state"], &json["severity"]),
            (&"stage-down".into(), &"raised".into(), &"critical".into())
        );
        assert_eq!(json["text"], "GruTrainer is down: restarted 5 times");
        assert_eq!(json["page"], "http://127.0.0.1:8316/pipeline");
        assert_eq!(
            body(AlertFormat::Slack)["text"],
            ":red_circle: *GruTrainer is down*: restarted 5 times\n<http://127.0.0.1:8316/pipeline|pipeline>"
        );
        assert_eq!(
            body(AlertFormat::Discord)["allowed_mentions"]["parse"],
            json!([])
        );
        let ntfy = body(AlertFormat::Ntfy);
        assert_eq!(
            (&ntfy["topic"], &ntfy["priority"], &ntfy["tags"][0]),
            (&"closecall".into(), &5.into(), &"red_circle".into())
        );
        let cleared = alert(AlertState::Cleared).body(AlertFormat::Ntfy, page, "closecall");
        assert_eq!(cleared["tags"][0], "white_check_mark");
    }

    #[test]
    fn markup_of_slack_is_text() {
        let hostile = Alert {
            detail: "<!channel> & <http://x|y>".into(),
            ..alert(AlertState::Raised)
        };
        let text = hostile.body(AlertFormat::Slack, "http://p/", "t")["text"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(
            text.contains("&lt;!channel&gt; &amp; &lt;http://x|y&gt;"),
            "{text}"
        );
    }
}
