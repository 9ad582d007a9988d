//! Spans of servers as OTLP JSON.

use serde_json::Value;

use super::{Seen, word};

/// Whether a file that begins like this holds spans.
pub(super) fn is_otlp(line: &str) -> bool {
    line.trim_start().starts_with('{') && line.contains("\"resourceSpans\"")
}

/// The requests of an export: spans of kind server, or those without a parent.
pub(super) fn parse(line: &str) -> Option<Vec<Seen>> {
    let whole: Value = serde_json::from_str(line).ok()?;
    let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let spans = list(&whole, "resourceSpans").into_iter();
    let spans = spans.flat_map(|of| list(&of, "scopeSpans")).flat_map(|of| list(&of, "spans"));
    Some(spans.filter(is_request).filter_map(|span| seen(&span)).collect())
}

fn is_request(span: &Value) -> bool {
    let kind = &span["kind"];
    kind == 2
        || kind == "SPAN_KIND_SERVER"
        || (kind.is_null() && span["parentSpanId"].as_str().is_none_or(str::is_empty))
}

/// Nanoseconds since 1970, as a text or a number.
fn nanos(value: &Value) -> Option<f64> {
    value.as_str().map_or_else(|| value.as_f64(), |text| text.parse().ok())
}

fn seen(span: &Value) -> Option<Seen> {
    let (from, to) = (nanos(&span["startTimeUnixNano"])?, nanos(&span["endTimeUnixNano"])?);
    let attribute = |name: &str| {
        let all = span["attributes"].as_array()?;
        let found = all.iter().find(|entry| entry["key"] == name)?;
        found["value"]["stringValue"].as_str().map(str::to_owned)
    };
    let route = attribute("http.route").or_else(|| attribute("url.path"));
    let method = attribute("http.request.method").or_else(|| attribute("http.method"));
    let endpoint = match route {
        Some(route) => word(&method.unwrap_or_default(), &route),
        None => word("", span["name"].as_str().unwrap_or("request")),
    };
    let code = &span["status"]["code"];
    Some(Seen {
        at_s: from / 1e9,
        endpoint,
        seconds: Some(((to - from) / 1e9).max(0.0)),
        failed: *code == 2 || *code == "STATUS_CODE_ERROR",
    })
}
