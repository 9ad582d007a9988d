//! A first scenario from what a team has measured: arrivals, mix and times out of a log.

mod access_log;
mod collect;
mod k6;
mod law;
mod locust;
mod otlp;
mod write;

use indexmap::IndexMap;
use serde::Serialize;

pub use self::collect::Collector;
pub use self::law::FittedLaw;

/// What wrote the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// A web server's access log in the combined or common format, with the time that a request
    /// took at its end if it was configured so.
    AccessLog,
    /// `k6 run --out json`.
    K6,
    /// Locust's `--csv` statistics: one line per endpoint.
    Locust,
    /// Spans as OTLP JSON, one export a line.
    Otlp,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Format::AccessLog => "access log",
            Format::K6 => "k6 JSON",
            Format::Locust => "Locust statistics",
            Format::Otlp => "OTLP spans",
        }
    }
}

/// One request as it was written down.
#[derive(Clone, Debug, Default, PartialEq)]
struct Seen {
    /// Seconds since 1970.
    at_s: f64,
    /// As words of a scenario: see [`word`].
    endpoint: String,
    /// How long it took, waiting included.
    seconds: Option<f64>,
    failed: bool,
}

/// What is known of an endpoint.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Endpoint {
    /// Requests.
    pub count: u64,
    /// How long they took, if the file tells.
    pub time: Option<FittedLaw>,
}

/// What a file says of the users and their requests.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fit {
    /// What wrote it.
    pub format: Format,
    /// Requests that were read.
    pub requests: u64,
    /// Lines that were none.
    pub skipped: u64,
    /// Share of the requests that failed.
    pub error_share: f64,
    /// From the first request to the last, seconds.
    pub span_s: f64,
    /// Requests per second, over equal stretches of the span; one for a file without times.
    pub rates: Vec<f64>,
    /// Variance of the counts of a second over their mean, around the rate of the stretch: 1 where
    /// users come independently; `None` where nothing tells.
    pub dispersion: Option<f64>,
    /// The endpoints, the most asked for first.
    pub endpoints: IndexMap<String, Endpoint>,
    /// What could not be learned from such a file.
    pub unknown: Vec<&'static str>,
}

/// The name of an endpoint as scenarios have them: words with dashes, identifiers as `id`.
fn word(method: &str, path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let is_id = |part: &str| {
        let hex = |c: char| c.is_ascii_hexdigit() || c == '-';
        part.chars().all(|c| c.is_ascii_digit())
            || (part.len() >= 8
                && part.chars().all(hex)
                && part.chars().any(|c| c.is_ascii_digit()))
    };
    let mut words = vec![method.to_lowercase()];
    for part in path.split('/').filter(|part| !part.is_empty()) {
        if is_id(part) {
            words.push("id".to_owned());
            continue;
        }
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        words.push(
            part.chars().take(40).map(plain).collect::<String>().trim_matches('-').to_owned(),
        );
    }
    words.retain(|word| !word.is_empty());
    match words.len() {
        1 if path == "/" => format!("{}-root", words[0]),
        0 => "request".to_owned(),
        _ => words.join("-"),
    }
}

#[cfg(test)]
mod tests;
