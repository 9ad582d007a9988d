//! Lines go in one after another; what they amount to comes out.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use indexmap::IndexMap;

use super::law::FittedLaw;
use super::{Endpoint, Fit, Format, Seen, access_log, k6, locust, otlp};

/// Times of an endpoint that are kept at most; beyond that every second, fourth ... one.
const TIMES: usize = 200_000;
/// Endpoints that are told apart; the others are one together.
const ENDPOINTS: usize = 12;
/// Names that are kept apart while reading.
const NAMES: usize = 10_000;
/// Stretches that the span is cut into at most, and seconds of one at least.
const STRETCHES: (usize, f64) = (48, 10.0);
/// The endpoint of what is asked for rarely.
const OTHER: &str = "other";

/// Times in the order of the file, thinned out evenly where there are many.
#[derive(Clone, Debug, Default)]
struct Times {
    kept: Vec<f64>,
    count: u64,
    stride: u64,
}

impl Times {
    fn push(&mut self, seconds: f64) {
        self.stride = self.stride.max(1);
        if self.count.is_multiple_of(self.stride) {
            self.kept.push(seconds);
        }
        self.count += 1;
        if self.kept.len() > TIMES {
            let mut at = 0;
            self.kept.retain(|_| {
                at += 1;
                at % 2 == 1
            });
            self.stride *= 2;
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Asked {
    count: u64,
    times: Times,
    law: Option<FittedLaw>,
}

/// What has been read so far.
#[derive(Clone, Debug)]
pub struct Collector {
    format: Format,
    columns: Vec<String>,
    endpoints: IndexMap<String, Asked>,
    /// Requests of each second since 1970.
    seconds: BTreeMap<i64, u32>,
    span: (f64, f64),
    /// Rates that are told instead of times.
    told: f64,
    requests: u64,
    failed: u64,
    skipped: u64,
    /// Every request, if they are to be replayed: when, which endpoint, and how long it took.
    kept: Option<Vec<(f64, u32, Option<f64>)>>,
}

impl Collector {
    /// For a file that begins with this line, which is not taken in yet.
    ///
    /// # Errors
    /// A sentence if nothing is known that writes such lines.
    pub fn new(first: &str) -> Result<Self, String> {
        let format = if locust::is_locust(first) {
            Format::Locust
        } else if otlp::is_otlp(first) {
            Format::Otlp
        } else if k6::is_k6(first) {
            Format::K6
        } else if access_log::parse(first).is_some() {
            Format::AccessLog
        } else {
            return Err("its first line is none of an access log (combined), k6 --out json, \
                        Locust's _stats.csv and OTLP JSON: give one of these"
                .to_owned());
        };
        let columns = if format == Format::Locust { locust::columns(first) } else { Vec::new() };
        Ok(Collector {
            format,
            columns,
            endpoints: IndexMap::new(),
            seconds: BTreeMap::new(),
            span: (f64::INFINITY, f64::NEG_INFINITY),
            told: 0.0,
            requests: 0,
            failed: 0,
            skipped: 0,
            kept: None,
        })
    }

    /// Keeps every request, for [`Collector::recorded`].
    #[must_use]
    pub fn keeping(self) -> Self {
        Collector { kept: Some(Vec::new()), ..self }
    }

    /// All requests as a file that users can replay: CSV, from time 0 on. `None` if they were not
    /// kept, or the file does not tell them apart.
    #[must_use]
    pub fn recorded(&self) -> Option<String> {
        let mut all = self.kept.clone().filter(|all| !all.is_empty())?;
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let has_times = all.iter().any(|(_, _, seconds)| seconds.is_some());
        let mut counts: Vec<(u64, usize)> =
            self.endpoints.values().enumerate().map(|(at, asked)| (asked.count, at)).collect();
        counts.sort_by_key(|&(count, at)| {
            (Reverse(count), self.endpoints.get_index(at).map(|e| e.0))
        });
        let common: Vec<usize> = counts.iter().take(ENDPOINTS).map(|&(_, at)| at).collect();
        let mut text = "time_s,endpoint".to_owned();
        text.push_str(if has_times { ",demand_ms\n" } else { "\n" });
        for (at_s, endpoint, seconds) in &all {
            let name = self.endpoints.get_index(*endpoint as usize);
            let name = name.filter(|_| common.contains(&(*endpoint as usize)));
            let name = name.map_or(OTHER, |(name, _)| name);
            let _ = write!(text, "{:.6},{name}", at_s - self.span.0);
            if has_times {
                let _ = write!(text, ",{:.3}", seconds.unwrap_or(0.0) * 1e3);
            }
            text.push('\n');
        }
        Some(text)
    }

    /// Takes a line in.
    pub fn line(&mut self, line: &str) {
        match self.format {
            _ if line.trim().is_empty() => {}
            Format::AccessLog => match access_log::parse(line) {
                Some(seen) => self.take(seen),
                None => self.skipped += 1,
            },
            // lines about other things belong there
            Format::K6 => {
                if let Some(seen) = k6::parse(line) {
                    self.take(seen);
                }
            }
            Format::Otlp => match otlp::parse(line) {
                Some(all) => all.into_iter().for_each(|seen| self.take(seen)),
                None => self.skipped += 1,
            },
            Format::Locust => self.summed(line),
        }
    }

    /// The place of an endpoint; beyond so many names the rest is one.
    fn place(&mut self, name: String) -> usize {
        let is_new = !self.endpoints.contains_key(&name);
        let name = if is_new && self.endpoints.len() >= NAMES { OTHER.to_owned() } else { name };
        let entry = self.endpoints.entry(name);
        let place = entry.index();
        entry.or_default();
        place
    }

    fn take(&mut self, seen: Seen) {
        self.requests += 1;
        self.failed += u64::from(seen.failed);
        *self.seconds.entry(libm::floor(seen.at_s) as i64).or_default() += 1;
        self.span = (self.span.0.min(seen.at_s), self.span.1.max(seen.at_s));
        let place = self.place(seen.endpoint);
        let asked = &mut self.endpoints[place];
        asked.count += 1;
        // a failure says nothing of the work
        if let Some(seconds) = seen.seconds.filter(|_| !seen.failed) {
            asked.times.push(seconds);
        }
        if let Some(kept) = &mut self.kept {
            kept.push((seen.at_s, place as u32, seen.seconds));
        }
    }

    fn summed(&mut self, line: &str) {
        let Some(summed) = locust::parse(&self.columns, line) else { return };
        self.requests += summed.count;
        self.failed += summed.failed;
        self.told += summed.per_second;
        let law = FittedLaw::of_percentiles(&summed.percentiles);
        let place = self.place(summed.endpoint);
        let asked = &mut self.endpoints[place];
        asked.count += summed.count;
        asked.law = law;
    }

    /// What it all amounts to.
    ///
    /// # Errors
    /// A sentence if there was no request.
    pub fn fit(mut self) -> Result<Fit, String> {
        if self.requests == 0 {
            return Err(format!(
                "no line of it is a request ({}): give one that holds some",
                self.format.name()
            ));
        }
        self.gather();
        let (rates, dispersion) = self.rates();
        let mut endpoints = IndexMap::new();
        for (name, asked) in &self.endpoints {
            let time = asked.law.clone().or_else(|| FittedLaw::of(&asked.times.kept));
            endpoints.insert(name.clone(), Endpoint { count: asked.count, time });
        }
        let has_times = endpoints.values().any(|endpoint| endpoint.time.is_some());
        let span_s = (self.span.1 - self.span.0).max(0.0);
        Ok(Fit {
            format: self.format,
            requests: self.requests,
            skipped: self.skipped,
            error_share: self.failed as f64 / self.requests as f64,
            span_s: if span_s.is_finite() { span_s } else { 0.0 },
            rates,
            dispersion,
            endpoints,
            unknown: unknown(self.format, has_times),
        })
    }

    /// Orders endpoints by how often they are asked for, and puts the rare ones together.
    fn gather(&mut self) {
        self.endpoints.sort_by(|a, x, b, y| y.count.cmp(&x.count).then_with(|| a.cmp(b)));
        let rare = self.endpoints.split_off(ENDPOINTS.min(self.endpoints.len()));
        for (_, asked) in rare {
            let other = self.endpoints.entry(OTHER.to_owned()).or_default();
            other.count += asked.count;
            asked.times.kept.into_iter().for_each(|seconds| other.times.push(seconds));
            other.law = other.law.take().or(asked.law);
        }
    }

    /// Requests per second over equal stretches, and how they scatter around that.
    fn rates(&self) -> (Vec<f64>, Option<f64>) {
        let (Some((&first, _)), Some((&last, _))) =
            (self.seconds.first_key_value(), self.seconds.last_key_value())
        else {
            return (vec![self.told], None);
        };
        let all = (last - first + 1) as f64;
        let (most, least) = STRETCHES;
        let count = ((all / least) as usize).clamp(1, most);
        let length = all / count as f64;
        let stretch = |second: i64| (((second - first) as f64 / length) as usize).min(count - 1);
        let mut sums = vec![0.0; count];
        let mut widths = vec![0.0; count];
        for second in first..=last {
            let at = stretch(second);
            sums[at] += f64::from(self.seconds.get(&second).copied().unwrap_or(0));
            widths[at] += 1.0;
        }
        let rates: Vec<f64> = sums.iter().zip(&widths).map(|(sum, width)| sum / width).collect();
        let (mut scatter, mut seen) = (0.0, 0.0);
        for second in first..=last {
            let mean = rates[stretch(second)];
            if mean > 0.0 {
                let off = f64::from(self.seconds.get(&second).copied().unwrap_or(0)) - mean;
                scatter += off * off / mean;
                seen += 1.0;
            }
        }
        let freedom = seen - count as f64;
        (rates, (freedom >= 20.0).then(|| scatter / freedom))
    }
}

/// What such a file does not tell.
fn unknown(format: Format, has_times: bool) -> Vec<&'static str> {
    let mut unknown = Vec::new();
    if !has_times {
        unknown.push("how long a request takes");
    } else {
        unknown.push("how much of a request's time was waiting, which is simulated again");
    }
    unknown.push("how much of its time a request computes, and what else it asks for");
    unknown.push("how many workers, connections and cores there are");
    if format == Format::Locust {
        unknown.push("when requests came, so that their rate is the same all the time");
    }
    if matches!(format, Format::K6 | Format::Locust) {
        unknown
            .push("how users behave: a load generator waits for answers and thinks as it was told");
    } else {
        unknown.push("how long users wait before they give up, and whether they try again");
    }
    unknown
}
