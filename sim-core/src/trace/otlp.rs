//! A trace as OTLP JSON: an `ExportTraceServiceRequest`, as OpenTelemetry's exporters write it.

use serde::Serialize;

use super::names::{failure, outcome};
use super::spans::{Kind, Span};
use super::why::doing;
use super::{Request, Trace};
use crate::engine::chance::mix;
use crate::engine::request::Outcome;
use crate::engine::time::Nanos;

/// The moment at which simulated time begins, ns since 1970: midnight of 1 January 2000, UTC.
const EPOCH: Nanos = 946_684_800_000_000_000;
/// Values of `SpanKind`.
const INTERNAL: u8 = 1;
const SERVER: u8 = 2;
const CLIENT: u8 = 3;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExportTraceServiceRequest<'a> {
    resource_spans: Vec<ResourceSpans<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: Resource<'a>,
    scope_spans: [ScopeSpans; 1],
}

#[derive(Serialize)]
struct Resource<'a> {
    attributes: [Attribute<'a>; 1],
}

#[derive(Serialize)]
struct ScopeSpans {
    scope: Scope,
    spans: Vec<OtlpSpan>,
}

#[derive(Serialize)]
struct Scope {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Attribute<'a> {
    key: &'a str,
    value: Value,
}

/// 64-bit integers are text, as protobuf's JSON has them.
#[derive(Serialize)]
enum Value {
    #[serde(rename = "stringValue")]
    Text(String),
    #[serde(rename = "intValue")]
    Int(String),
    #[serde(rename = "boolValue")]
    Bool(bool),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OtlpSpan {
    trace_id: String,
    span_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<String>,
    name: String,
    kind: u8,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    attributes: Vec<Attribute<'static>>,
    status: Status,
}

#[derive(Serialize)]
struct Status {
    /// 0 unset, 1 ok, 2 error.
    code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
}

fn text(key: &'static str, value: &str) -> Attribute<'static> {
    Attribute { key, value: Value::Text(value.to_owned()) }
}

impl Trace {
    /// The traced requests as OTLP JSON in one line; each part of the scenario is a service.
    ///
    /// # Errors
    /// A sentence if it cannot be written.
    pub fn to_otlp(&self) -> Result<String, String> {
        let mut services: Vec<(Option<usize>, Vec<OtlpSpan>)> = Vec::new();
        for request in &self.requests {
            for (index, span) in request.spans.iter().enumerate() {
                let part = self.names.part_of(span.node);
                let place = services.iter().position(|(known, _)| *known == part);
                let place = place.unwrap_or_else(|| {
                    services.push((part, Vec::new()));
                    services.len() - 1
                });
                services[place].1.push(self.otlp_span(request, index, span));
            }
        }
        let services = services.into_iter().map(|(part, spans)| ResourceSpans {
            resource: Resource { attributes: [text("service.name", self.names.part(part))] },
            scope_spans: [ScopeSpans {
                scope: Scope { name: "busyhour", version: env!("CARGO_PKG_VERSION") },
                spans,
            }],
        });
        let all = ExportTraceServiceRequest { resource_spans: services.collect() };
        let text = serde_json::to_string(&all).map_err(|error| error.to_string())?;
        Ok(text + "\n")
    }

    fn otlp_span(&self, request: &Request, index: usize, span: &Span) -> OtlpSpan {
        let (end, own) = (&request.end, mix(self.seed, request.end.luck));
        // all zeros would be no identity
        let id = |index: usize| format!("{:016x}", mix(own, index as u64).max(1));
        let trace_id = format!("{:016x}{own:016x}", mix(own, u64::from(end.node)).max(1));
        let kind = match span.kind {
            Kind::Attempt(_) => CLIENT,
            Kind::Stay => SERVER,
            Kind::Request | Kind::Phase(..) => INTERNAL,
        };
        let name = match self.names.span(span, end) {
            name if kind == SERVER || span.parent.is_none() => name,
            name => format!("{}: {name}", self.names.part(self.names.part_of(span.node))),
        };
        OtlpSpan {
            trace_id,
            span_id: id(index),
            parent_span_id: span.parent.map(id),
            name,
            kind,
            start_time_unix_nano: (EPOCH + span.from).to_string(),
            end_time_unix_nano: (EPOCH + span.to).to_string(),
            attributes: self.attributes(span),
            status: status(span),
        }
    }

    fn attributes(&self, span: &Span) -> Vec<Attribute<'static>> {
        let mut all = vec![text("busyhour.node", self.names.node(span.node))];
        if let Kind::Phase(spent, what) = span.kind {
            all.push(text("busyhour.doing", doing(spent)));
            let resource = self.names.resource(span.node, (spent, what));
            all.extend(resource.map(|resource| text("busyhour.waits_for", resource)));
            let critical = Value::Int(span.critical.to_string());
            all.push(Attribute { key: "busyhour.critical_path_ns", value: critical });
        }
        if let Some(ended) = span.outcome {
            all.push(text("busyhour.outcome", outcome(ended)));
        }
        if span.is_left {
            all.push(Attribute { key: "busyhour.given_up", value: Value::Bool(true) });
        }
        all
    }
}

fn status(span: &Span) -> Status {
    let message = failure(span);
    let code = match (message, span.outcome) {
        (Some(_), _) => 2,
        (None, Some(Outcome::Done)) => 1,
        (None, _) => 0,
    };
    Status { code, message }
}
