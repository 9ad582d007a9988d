//! A line of k6's JSON output.

use std::borrow::Cow;

use serde::Deserialize;

use super::access_log::days;
use super::{Seen, word};

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    metric: Cow<'a, str>,
    data: Option<serde_json::Value>,
}

/// `2026-11-27T14:34:45.625+02:00` in seconds since 1970.
pub(super) fn time(text: &str) -> Option<f64> {
    let (date, clock) = text.split_once('T')?;
    let mut parts = date.split('-').map(str::parse::<i64>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let (clock, offset) = match clock.find(['Z', '+', '-']) {
        Some(at) if clock.as_bytes()[at] != b'Z' => {
            let (hours, minutes) = clock[at + 1..].split_once(':')?;
            let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
            (&clock[..at], if clock.as_bytes()[at] == b'-' { -minutes } else { minutes } * 60)
        }
        Some(at) => (&clock[..at], 0),
        None => (clock, 0),
    };
    let mut parts = clock.split(':');
    let hour: i64 = parts.next()?.parse().ok()?;
    let minute: i64 = parts.next()?.parse().ok()?;
    let second: f64 = parts.next()?.parse().ok()?;
    let whole = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 - offset;
    Some(whole as f64 + second)
}

/// Whether a file that begins like this is k6's.
pub(super) fn is_k6(line: &str) -> bool {
    serde_json::from_str::<Line<'_>>(line)
        .is_ok_and(|line| ["Metric", "Point"].contains(&&*line.kind))
}

/// The request of a line; `None` where it tells something else.
pub(super) fn parse(line: &str) -> Option<Seen> {
    let line: Line<'_> = serde_json::from_str(line).ok()?;
    if line.kind != "Point" || line.metric != "http_req_duration" {
        return None;
    }
    let data = line.data?;
    let tag = |name: &str| data["tags"][name].as_str().unwrap_or_default().to_owned();
    let seconds = data["value"].as_f64()? / 1e3;
    let url = tag("name");
    let path = url.split_once("://").map_or(&url[..], |(_, rest)| rest);
    let path = path.find('/').map_or("/", |at| &path[at..]);
    let status: u16 = tag("status").parse().unwrap_or(200);
    Some(Seen {
        // the point is written when the answer is there
        at_s: time(data["time"].as_str()?)? - seconds,
        endpoint: word(&tag("method"), path),
        seconds: Some(seconds),
        failed: status >= 500 || status == 0,
    })
}
