//! A trace in Chrome's trace event format, for Perfetto: async events, a process per request.

use serde::Serialize;

use super::names::{failure, outcome};
use super::spans::{Kind, Span};
use super::{Request, Trace};
use crate::engine::time::Nanos;
use crate::report::figures::duration_ms;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File {
    display_time_unit: &'static str,
    trace_events: Vec<Event>,
}

#[derive(Serialize)]
struct Event {
    ph: &'static str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cat: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    pid: usize,
    tid: usize,
    /// Microseconds.
    ts: f64,
    args: Args,
}

#[derive(Default, Serialize)]
struct Args {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    critical_path_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<&'static str>,
}

impl Trace {
    /// The traced requests as Chrome trace events. Spans of one thread nest under one id; forks,
    /// which may overlap, have ids of their own.
    ///
    /// # Errors
    /// A sentence if it cannot be written.
    pub fn to_chrome(&self) -> Result<String, String> {
        let mut events = Vec::new();
        for (index, request) in self.requests.iter().enumerate() {
            self.write(&mut events, index + 1, request);
        }
        // equal times stay in the order in which they nest
        events.sort_by(|a, b| a.ts.total_cmp(&b.ts));
        let file = File { display_time_unit: "ms", trace_events: events };
        let text = serde_json::to_string(&file).map_err(|error| error.to_string())?;
        Ok(text + "\n")
    }

    fn write(&self, events: &mut Vec<Event>, pid: usize, request: &Request) {
        let end = &request.end;
        let took = duration_ms(end.latency() as f64 / 1e6);
        let said = format!("{pid}: {} {} {took}", self.names.class(end), outcome(end.outcome));
        events.push(named("process_name", said, (pid, 0)));
        let lines = lines(&request.spans);
        let count = lines.iter().max().map_or(0, |most| most + 1);
        for line in 0..count {
            let first = request.spans.iter().zip(&lines).find(|(_, own)| **own == line);
            if let Some((span, _)) = first {
                events.push(named("thread_name", self.names.span(span, end), (pid, line)));
            }
            let own = |index: &usize| lines[*index] == line;
            let mut open: Vec<usize> = Vec::new();
            for index in (0..request.spans.len()).filter(own) {
                let inside = |outer: &usize| is_inside(&request.spans, index, *outer);
                while let Some(ended) = open.pop_if(|outer| !inside(outer)) {
                    events.push(self.event("e", request, ended, (pid, line)));
                }
                events.push(self.event("b", request, index, (pid, line)));
                open.push(index);
            }
            while let Some(ended) = open.pop() {
                events.push(self.event("e", request, ended, (pid, line)));
            }
        }
    }

    fn event(
        &self,
        ph: &'static str,
        request: &Request,
        index: usize,
        (pid, tid): (usize, usize),
    ) -> Event {
        let span = &request.spans[index];
        let begins = ph == "b";
        let is_phase = matches!(span.kind, Kind::Phase(..));
        let args = Args {
            name: None,
            node: begins.then(|| self.names.node(span.node).to_owned()),
            critical_path_ms: (begins && is_phase).then_some(span.critical as f64 / 1e6),
            ended: failure(span).filter(|_| begins),
        };
        Event {
            ph,
            name: self.names.span(span, &request.end),
            cat: Some("request"),
            id: Some(format!("{pid}.{tid}")),
            pid,
            tid,
            ts: micros(if begins { span.from } else { span.to }),
            args,
        }
    }
}

/// The name of a process or of a thread.
fn named(ph_name: &str, name: String, (pid, tid): (usize, usize)) -> Event {
    let args = Args { name: Some(name), ..Args::default() };
    Event { ph: "M", name: ph_name.to_owned(), cat: None, id: None, pid, tid, ts: 0.0, args }
}

fn micros(at: Nanos) -> f64 {
    at as f64 / 1e3
}

fn is_inside(spans: &[Span], mut inner: usize, outer: usize) -> bool {
    while let Some(parent) = spans[inner].parent {
        if parent == outer {
            return true;
        }
        inner = parent;
    }
    false
}

/// The line on which each span is drawn: 0 for the request and its attempts, which follow each
/// other, and one for each fork.
fn lines(spans: &[Span]) -> Vec<usize> {
    let mut forks: Vec<usize> = Vec::new();
    let mut lines = Vec::with_capacity(spans.len());
    for span in spans {
        let line = match (span.parent, span.thread) {
            (Some(parent), Some(thread)) if spans[parent].thread != Some(thread) => {
                if spans[parent].parent.is_none() {
                    0
                } else {
                    let known = forks.iter().position(|&fork| fork == thread);
                    known.unwrap_or_else(|| {
                        forks.push(thread);
                        forks.len() - 1
                    }) + 1
                }
            }
            (Some(parent), _) => lines[parent],
            (None, _) => 0,
        };
        lines.push(line);
    }
    lines
}
