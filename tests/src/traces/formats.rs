//! Traces read back as a viewer reads them.

use std::collections::BTreeMap;

use serde_json::Value;

/// A span as OTLP has it.
#[derive(Debug)]
struct Span {
    trace: String,
    id: String,
    parent: Option<String>,
    service: String,
    name: String,
    from: u64,
    to: u64,
    attributes: BTreeMap<String, String>,
}

/// The spans of an `ExportTraceServiceRequest`.
#[derive(Debug)]
pub(super) struct Otlp(Vec<Span>);

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no text {key} in {value}"))
}

/// Attributes by key; integers are text in OTLP.
fn attributes(of: &Value) -> BTreeMap<String, String> {
    let all = of["attributes"].as_array().expect("a list");
    let pair = |one: &Value| {
        let (kind, value) =
            one["value"].as_object().and_then(|v| v.iter().next()).expect("a value");
        let value = match kind.as_str() {
            "stringValue" | "intValue" => value.as_str().expect("text").to_owned(),
            "boolValue" => value.as_bool().expect("true or false").to_string(),
            other => panic!("{other}"),
        };
        (text(one, "key").to_owned(), value)
    };
    all.iter().map(pair).collect()
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits
        && text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
        && text.chars().any(|c| c != '0')
}

impl Otlp {
    pub(super) fn read(json: &str) -> Self {
        assert_eq!(json.lines().count(), 1, "one line: a JSON and a JSONL at once");
        let file: Value = serde_json::from_str(json).expect("JSON");
        let mut all = Vec::new();
        for resource in file["resourceSpans"].as_array().expect("a list") {
            let service = attributes(&resource["resource"])["service.name"].clone();
            for scope in resource["scopeSpans"].as_array().expect("a list") {
                assert_eq!(text(&scope["scope"], "name"), "busyhour");
                let spans = scope["spans"].as_array().expect("a list");
                all.extend(spans.iter().map(|span| one(span, &service)));
            }
        }
        Otlp(all)
    }

    /// Spans lie inside their parents, and the critical path is as long as the request.
    pub(super) fn check(&self, context: &str) {
        let spans = &self.0;
        let known: BTreeMap<(&str, &str), &Span> =
            spans.iter().map(|span| ((&span.trace[..], &span.id[..]), span)).collect();
        assert_eq!(known.len(), spans.len(), "identities are unique: {context}");
        let mut critical: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for span in spans {
            assert!(span.from <= span.to && !span.name.is_empty(), "{span:?} {context}");
            let sums = critical.entry(&span.trace).or_default();
            match &span.parent {
                None => sums.0 += span.to - span.from,
                Some(parent) => {
                    let parent = known[&(&span.trace[..], &parent[..])];
                    let inside = parent.from <= span.from && span.to <= parent.to;
                    assert!(inside, "{span:?} is not inside {parent:?}: {context}");
                }
            }
            if let Some(ns) = span.attributes.get("busyhour.critical_path_ns") {
                let ns: u64 = ns.parse().expect("a number");
                assert!(ns <= span.to - span.from, "{span:?} {context}");
                sums.1 += ns;
            }
        }
        for (trace, (latency, path)) in critical {
            let own: Vec<&Span> = spans.iter().filter(|span| span.trace == trace).collect();
            assert_eq!(path, latency, "{own:#?} {context}");
        }
    }

    /// Requests.
    pub(super) fn traces(&self) -> usize {
        self.0.iter().filter(|span| span.parent.is_none()).count()
    }

    /// All time that was spent in a way at a part, ns.
    pub(super) fn time(&self, service: &str, doing: &str) -> u64 {
        let is = |span: &&Span| {
            let own = span.attributes.get("busyhour.doing").map(String::as_str);
            // before a retry the account calls it waiting
            let own = if own == Some("retrying") { Some("waiting") } else { own };
            span.service == service && own == Some(doing)
        };
        self.0.iter().filter(is).map(|span| span.to - span.from).sum()
    }

    /// The sum of the latencies of requests that ended so, ms.
    pub(super) fn latencies_ms(&self, outcome: &str) -> f64 {
        let ended =
            |span: &&Span| span.parent.is_none() && span.attributes["busyhour.outcome"] == outcome;
        self.0.iter().filter(ended).map(|span| (span.to - span.from) as f64 / 1e6).sum()
    }
}

fn one(span: &Value, service: &str) -> Span {
    let (trace, id) = (text(span, "traceId"), text(span, "spanId"));
    assert!(is_hex(trace, 32) && is_hex(id, 16), "{span}");
    let parent = span.get("parentSpanId").map(|_| text(span, "parentSpanId").to_owned());
    assert!(parent.as_deref().is_none_or(|parent| is_hex(parent, 16)), "{span}");
    assert!((1..=3).contains(&span["kind"].as_u64().expect("a number")), "{span}");
    assert!((0..=2).contains(&span["status"]["code"].as_u64().expect("a number")), "{span}");
    let time = |key| text(span, key).parse().expect("nanoseconds as text");
    Span {
        trace: trace.to_owned(),
        id: id.to_owned(),
        parent,
        service: service.to_owned(),
        name: text(span, "name").to_owned(),
        from: time("startTimeUnixNano"),
        to: time("endTimeUnixNano"),
        attributes: attributes(span),
    }
}

/// Chrome's events: of each id, what begins last ends first, and time never goes back.
pub(super) fn check_chrome(json: &str) {
    let file: Value = serde_json::from_str(json).expect("JSON");
    let mut open: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut names: BTreeMap<u64, String> = BTreeMap::new();
    let mut last = 0.0;
    for event in file["traceEvents"].as_array().expect("a list") {
        let pid = event["pid"].as_u64().expect("a number");
        let at = event["ts"].as_f64().expect("a number");
        assert!(at >= last, "{event}");
        last = at;
        let name = text(event, "name").to_owned();
        match text(event, "ph") {
            "M" if name == "process_name" => {
                names.insert(pid, text(&event["args"], "name").to_owned());
            }
            "M" => assert_eq!(name, "thread_name"),
            "b" => {
                assert_eq!(text(event, "cat"), "request");
                assert!(names.contains_key(&pid), "{event}");
                open.entry(text(event, "id").to_owned()).or_default().push(name);
            }
            "e" => {
                let begun = open.get_mut(text(event, "id")).and_then(Vec::pop);
                assert_eq!(begun.as_deref(), Some(&name[..]), "{event}");
            }
            other => panic!("{other}"),
        }
    }
    assert!(open.values().all(Vec::is_empty), "{open:?}");
}
