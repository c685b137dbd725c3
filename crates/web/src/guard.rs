//! Guard of the door. A loopback address is no protection from a page of another site: its name can
//! be made to lead here (DNS rebinding), so a name has to be known. A literal address cannot be
//! rebound.

use std::net::IpAddr;

use crate::problem::{Kind, Problem};

/// The largest head of a request.
const HEAD_BYTES: usize = 8 * 1024;

/// Parts of a request that are looked at before anything else.
#[derive(Debug, Clone, Default)]
pub(crate) struct WebRequest {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) host: Option<String>,
    /// `Sec-Fetch-Site` and `Sec-Fetch-Mode`, as browsers send them.
    pub(crate) fetch_site: Option<String>,
    pub(crate) fetch_mode: Option<String>,
    pub(crate) if_none_match: Option<String>,
    pub(crate) last_event_id: Option<String>,
    /// Whether the reader takes gzip.
    pub(crate) gzip: bool,
    pub(crate) head_bytes: usize,
}

impl WebRequest {
    /// Whether an error is answered as a problem of the API.
    pub(crate) fn is_api(&self) -> bool {
        self.path.starts_with("/api/v1") || self.path == "/openapi.json"
    }
}

/// Paths that an orchestrator asks by whatever host it likes.
const PROBES: [&str; 3] = ["/healthz", "/readyz", "/startupz"];

/// Refuses what is not to be answered.
pub(crate) fn admit(asked: &WebRequest, hosts: &[String]) -> Result<(), Problem> {
    if asked.head_bytes > HEAD_BYTES {
        let title = "the head of the request is larger than 8 KiB";
        return Err(Problem::new(Kind::HeadTooLarge, title));
    }
    if !PROBES.contains(&asked.path.as_str()) && !is_known(asked.host.as_deref(), hosts) {
        let title = "this host is not served here: add its name to `http.hosts`";
        return Err(Problem::new(Kind::Misdirected, title));
    }
    if !matches!(asked.method.as_str(), "GET" | "HEAD") {
        return Err(Problem::new(
            Kind::Method,
            "only GET and HEAD are answered here",
        ));
    }
    let cross_site = asked.fetch_site.as_deref() == Some("cross-site");
    // A link in a chat has to work.
    let link = asked.fetch_mode.as_deref() == Some("navigate") && !asked.is_api();
    if cross_site && !link {
        return Err(Problem::new(
            Kind::CrossSite,
            "a page of another site may not read this",
        ));
    }
    Ok(())
}

/// Any literal address, `localhost` and what is below it, and the names that are set.
fn is_known(host: Option<&str>, hosts: &[String]) -> bool {
    let Some(host) = host else {
        return false;
    };
    let name = without_port(host).to_ascii_lowercase();
    let name = name.strip_suffix('.').unwrap_or(&name);
    let literal = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if literal.unwrap_or(name).parse::<IpAddr>().is_ok() {
        return true;
    }
    name == "localhost"
        || name.ends_with(".localhost")
        || hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // The colons of a bare IPv6 literal part no port.
        Some((name, port))
            if port.bytes().all(|byte| byte.is_ascii_digit())
                && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(host: &str) -> WebRequest {
        WebRequest {
            method: "GET".into(),
            path: "/".into(),
            host: Some(host.into()),
            ..WebRequest::default()
        }
    }

    #[test]
    fn literal_addresses_localhost_and_set_names_are_served() {
        let hosts = ["Closecall.example".to_owned()];
        for good in [
            "127.0.0.1",
            "127.0.0.1:8316",
            "[::1]:8316",
            "[::1]",
            "10.1.2.3:80",
            "localhost",
            "LOCALHOST:1",
            "localhost.",
            "a.localhost:99",
            "closecall.example:443",
            "closecall.example.",
        ] {
            assert!(admit(&asked(good), &hosts).is_ok(), "{good}");
        }
        for bad in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "notlocalhost",
            "closecall.example.evil",
            "127.0.0.1:8316:9",
            "[::1].evil",
            "0x7f000001.evil",
        ] {
            let refused = admit(&asked(bad), &hosts).unwrap_err();
            assert_eq!(refused.kind, Kind::Misdirected, "{bad}");
        }
        let mut none = asked("x");
        none.host = None;
        assert!(admit(&none, &hosts).is_err());
        none.path = "/healthz".into();
        assert!(admit(&none, &hosts).is_ok());
    }

    #[test]
    fn another_sites_page_may_link_here_and_read_nothing() {
        let mut link = asked("localhost");
        link.fetch_site = Some("cross-site".into());
        assert_eq!(admit(&link, &[]).unwrap_err().kind, Kind::CrossSite);
        link.fetch_mode = Some("navigate".into());
        assert!(admit(&link, &[]).is_ok());
        link.path = "/api/v1/score".into();
        assert_eq!(admit(&link, &[]).unwrap_err().kind, Kind::CrossSite);
    }

    #[test]
    fn nothing_is_changed_from_here() {
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"] {
            let mut change = asked("localhost");
            change.method = method.into();
            assert_eq!(
                admit(&change, &[]).unwrap_err().kind,
                Kind::Method,
                "{method}"
            );
        }
        let mut large = asked("localhost");
        large.head_bytes = HEAD_BYTES + 1;
        assert_eq!(admit(&large, &[]).unwrap_err().kind, Kind::HeadTooLarge);
    }
}
