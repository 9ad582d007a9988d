//! A fit as a scenario to go on from, and told to people.

use serde_json::Value;

use super::Fit;
use crate::engine::chance::LawSpec;
use crate::engine::time::SECOND;
use crate::report::figures::{count, duration_ms, percent, significant};
use crate::report::indented;
use crate::report::text::{Table, wrapped};
use crate::units::{Duration, six_digits};

/// A run is at least this long, seconds.
const SHORTEST: f64 = 60.0;
/// What a server does where nothing says how long it takes.
const GUESS: &str = "50ms";
/// Times as many workers as are busy on average in the busiest stretch.
const SPARE: f64 = 1.5;

impl Fit {
    /// For programs.
    ///
    /// # Errors
    /// A sentence if a number cannot be written.
    pub fn to_json(&self) -> Result<String, String> {
        indented(self)
    }

    /// For people, at most 100 columns.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = format!(
            "{} requests of an {}, {} failed",
            count(self.requests),
            self.format.name(),
            percent(self.error_share)
        )
        .replace("an k6", "a k6")
        .replace("an Locust", "a Locust");
        out.push_str(&match self.span_s {
            0.0 => "\n".to_owned(),
            span => {
                format!(", over {}\n", Duration((span * SECOND as f64) as u64 / SECOND * SECOND))
            }
        });
        if self.skipped > 0 {
            out.push_str(&format!("{} lines are no requests: left out\n", count(self.skipped)));
        }
        let highest = self.rates.iter().copied().fold(0.0, f64::max);
        let lowest = self.rates.iter().copied().fold(f64::INFINITY, f64::min);
        out.push_str(&format!(
            "arrivals from {}/s to {}/s\n",
            significant(lowest),
            significant(highest)
        ));
        if let Some(dispersion) = self.dispersion {
            out.push_str(&wrapped(&scatter(dispersion), 100).join("\n"));
            out.push('\n');
        }
        out.push('\n');
        out.push_str(&self.table());
        out.push_str("\nNot in such a file, and marked TODO in the scenario:\n");
        for what in &self.unknown {
            out.push_str(&format!("  - {what}\n"));
        }
        out
    }

    fn table(&self) -> String {
        let header = ["endpoint", "share", "mean", "fitted", "off by", "on the last third"];
        let mut table = Table::new(&header).left(&[0, 3]);
        for (name, endpoint) in &self.endpoints {
            let time = endpoint.time.as_ref();
            let far = |share: Option<f64>| share.map_or_else(|| "-".to_owned(), percent);
            table.row(vec![
                name.clone(),
                percent(endpoint.count as f64 / self.requests as f64),
                time.map_or_else(|| "-".to_owned(), |time| duration_ms(time.mean_s * 1e3)),
                time.map_or_else(|| "not told".to_owned(), |time| short(&time.law)),
                far(time.map(|time| time.distance)),
                far(time.and_then(|time| time.held_out)),
            ]);
        }
        let about = "off by: the largest distance between the fitted and the measured distribution \
                     function; the last third of the requests was held out of the fit";
        format!("{}{}\n", table.body(), wrapped(about, 100).join("\n"))
    }

    /// A scenario that plays this load against one server, with a TODO at all that is guessed.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let seconds = libm::ceil(self.span_s.max(SHORTEST));
        let mut out = format!(
            "# From {} requests ({}). TODO marks what such a file does not tell.\n\
             busyhour: 1\nduration: {}\nusers:\n  visitors:\n    enter: web\n    arrivals: {}\n",
            count(self.requests),
            self.format.name(),
            Duration(seconds as u64 * SECOND),
            self.arrivals()
        );
        out.push_str("    mix:\n");
        for (name, endpoint) in &self.endpoints {
            out.push_str(&format!("      {name}: {}\n", endpoint.count));
        }
        out.push_str(
            "    # TODO: how long users wait before they give up, like timeout: 10s, and retry\n",
        );
        out.push_str("nodes:\n  web:\n    component: worker-pool\n");
        out.push_str(&format!(
            "    workers: {}  # TODO: how many there are; this is {SPARE} times what was busy\n",
            self.workers()
        ));
        out.push_str(
            "    # TODO: say what computes (cpu: 5ms), and what asks a database (query: 9ms).\n    \
             # The times below hold the waiting of that day, too, which is simulated again.\n    \
             endpoints:\n",
        );
        for (name, endpoint) in &self.endpoints {
            match &endpoint.time {
                Some(time) => {
                    out.push_str(&format!("      {name}: [io: {}]\n", flow(&law(&time.law))));
                }
                None => out.push_str(&format!("      {name}: [io: {GUESS}]  # TODO: its time\n")),
            }
        }
        out
    }

    fn arrivals(&self) -> String {
        let rate = |rate: f64| format!("{}/s", six_digits(rate));
        if self.rates.len() == 1 {
            return rate(self.rates[0]);
        }
        let length = self.span_s / self.rates.len() as f64;
        let point = |(index, each): (usize, &f64)| {
            let at = Duration(((index as f64 + 0.5) * length * 10.0) as u64 * SECOND / 10);
            format!("{{at: {at}, rate: {}}}", rate(*each))
        };
        let points: Vec<String> = self.rates.iter().enumerate().map(point).collect();
        let mut lines = vec!["{ramps: [".to_owned()];
        for three in points.chunks(3) {
            lines.push(format!("      {},", three.join(", ")));
        }
        lines.push("    ]}".to_owned());
        lines.join("\n")
    }

    fn workers(&self) -> u64 {
        let time = |endpoint: &super::Endpoint| endpoint.time.as_ref().map_or(0.05, |t| t.mean_s);
        let work: f64 = self.endpoints.values().map(|each| each.count as f64 * time(each)).sum();
        let highest = self.rates.iter().copied().fold(0.0, f64::max);
        (libm::ceil(SPARE * highest * work / self.requests as f64) as u64).max(1)
    }
}

fn scatter(dispersion: f64) -> String {
    let said = match dispersion {
        d if d < 0.7 => "more evenly than independent users come, as a load generator sends",
        d if d < 1.5 => "as independent users come (Poisson)",
        _ => {
            "in bursts: a Poisson stream is smoother, so queues will be underestimated; replay the \
              log itself (docs/replay.md)"
        }
    };
    format!(
        "requests of a second scatter {} times as much as they would by chance: they came {said}",
        significant(dispersion)
    )
}

fn law(law: &LawSpec) -> Value {
    serde_json::to_value(law).unwrap_or_default()
}

/// The law in the width of a column.
fn short(spec: &LawSpec) -> String {
    match law(spec) {
        Value::Object(map) if map.contains_key("quantiles") => "its percentiles".to_owned(),
        value => flow(&value),
    }
}

/// A value in YAML on one line.
fn flow(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let all = map.iter().map(|(key, value)| format!("{key}: {}", flow(value)));
            format!("{{{}}}", all.collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
