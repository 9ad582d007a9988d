//! A cell's figures, measured or predicted, and how far they are apart.

use serde::Serialize;

use super::cell::{Cell, Regime, Rep};
use crate::engine::record::End;
use crate::engine::request::Outcome;
use crate::engine::time::{MILLISECOND, Nanos, SECOND};

/// What a run of a cell amounts to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Answered well within the measured window, per second.
    pub throughput_rps: f64,
    /// Share of the requests sent in the window that failed.
    pub error_share: f64,
    /// Latencies of those that did not, milliseconds.
    pub mean_ms: f64,
    /// Half of them were faster.
    pub p50_ms: f64,
    /// 90 % of them were faster.
    pub p90_ms: f64,
    /// 95 % of them were faster.
    pub p95_ms: f64,
    /// 99 % of them were faster.
    pub p99_ms: f64,
    /// Answered well in each second from the window's begin on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub each_second: Vec<f64>,
}

impl Rep {
    /// What was measured.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let latency = self.latency_ok_ms;
        Figures {
            throughput_rps: self.throughput_ok_rps,
            error_share: self.error_share,
            mean_ms: latency.mean,
            p50_ms: latency.p50,
            p90_ms: latency.p90,
            p95_ms: latency.p95,
            p99_ms: latency.p99,
            each_second: self.series.completions_ok.clone(),
        }
    }
}

impl Figures {
    /// The figures of a run whose measured window lies there, by the ends of its requests; `sent`
    /// in the window, where that is known.
    #[must_use]
    pub fn of(ends: &[End], window: (Nanos, Nanos), sent: Option<u64>) -> Self {
        let (from, to) = window;
        let seconds = (to - from) as f64 / SECOND as f64;
        let is_done = |end: &&End| end.outcome == Outcome::Done;
        let within = |at: Nanos| (from..to).contains(&at);
        let mut each_second = vec![0.0; libm::ceil(seconds) as usize];
        for end in ends.iter().filter(is_done).filter(|end| within(end.ended)) {
            each_second[((end.ended - from) / SECOND) as usize] += 1.0;
        }
        let mut asked = 0_u64;
        let mut latencies = Vec::new();
        for end in ends.iter().filter(|end| within(end.started)) {
            asked += 1;
            if is_done(&end) {
                latencies.push(end.latency() as f64 / MILLISECOND as f64);
            }
        }
        latencies.sort_unstable_by(f64::total_cmp);
        let sent = sent.unwrap_or(asked).max(1);
        let at = |p: f64| quantile(&latencies, p);
        Figures {
            throughput_rps: each_second.iter().sum::<f64>() / seconds,
            error_share: 1.0 - latencies.len() as f64 / sent as f64,
            mean_ms: latencies.iter().sum::<f64>() / latencies.len().max(1) as f64,
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p95_ms: at(0.95),
            p99_ms: at(0.99),
            each_second,
        }
    }

    /// Answers per second before and after a run tips: the two levels that its seconds lie nearest
    /// to, but for the one in which it tips, which belongs to neither.
    fn levels(&self) -> (f64, f64) {
        let level = |part: &[f64]| part.iter().sum::<f64>() / part.len().max(1) as f64;
        let around = |part: &[f64]| {
            let level = level(part);
            part.iter().map(|second| (second - level) * (second - level)).sum::<f64>()
        };
        let parts = |at: usize| (&self.each_second[..at], &self.each_second[at + 1..]);
        let cost = |at: &usize| {
            let (before, after) = parts(*at);
            around(before) + around(after)
        };
        let places = LEVEL_MIN..self.each_second.len().saturating_sub(LEVEL_MIN);
        let at = places.min_by(|a, b| cost(a).total_cmp(&cost(b)));
        let (before, after) = at.map_or((&self.each_second[..], &self.each_second[..]), parts);
        (level(before), level(after))
    }

    /// The mean of each over several runs.
    #[must_use]
    pub fn mean(all: &[Figures]) -> Self {
        let count = all.len().max(1) as f64;
        let mean = |of: fn(&Figures) -> f64| all.iter().map(of).sum::<f64>() / count;
        let seconds = all.iter().map(|each| each.each_second.len()).max().unwrap_or(0);
        let second =
            |at: usize| all.iter().filter_map(|each| each.each_second.get(at)).sum::<f64>() / count;
        Figures {
            throughput_rps: mean(|each| each.throughput_rps),
            error_share: mean(|each| each.error_share),
            mean_ms: mean(|each| each.mean_ms),
            p50_ms: mean(|each| each.p50_ms),
            p90_ms: mean(|each| each.p90_ms),
            p95_ms: mean(|each| each.p95_ms),
            p99_ms: mean(|each| each.p99_ms),
            each_second: (0..seconds).map(second).collect(),
        }
    }
}

/// The value below which that share of sorted values lies, on straight lines between them.
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let at = p * last as f64;
    let (below, part) = (at as usize, at - libm::floor(at));
    let above = sorted[(below + 1).min(last)];
    sorted[below] + (above - sorted[below]) * part
}

/// A cell's predictions beside what was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// The cell.
    pub cell: String,
    /// What ran under what load.
    pub title: String,
    /// Whether less came than could be done, and nothing broke.
    pub is_below: bool,
    /// Measured, over the cell's runs.
    pub measured: Figures,
    /// Lowest and highest mean latency of these runs, ms.
    pub spread_mean_ms: (f64, f64),
    /// Predicted on the very requests of each run, then over the runs.
    pub predicted: Figures,
    /// Predicted on other requests of the same law: lowest and highest mean latency, ms.
    pub fresh_mean_ms: (f64, f64),
    /// How much higher what counts was predicted than measured, as shares: mean and p95, beyond
    /// saturation throughput.
    pub errors: Vec<(&'static str, f64)>,
    /// Answers of every second of the first run, measured and predicted.
    #[serde(skip)]
    pub(super) course: [Vec<f64>; 2],
    /// Whether they are within what is demanded.
    pub held: bool,
}

/// Predictions of one run of a cell: several seeds where the requests do not settle what happens.
#[derive(Clone, Debug, Default)]
pub struct Predicted {
    /// On the very requests.
    pub same: Vec<Figures>,
    /// On other requests of the same law.
    pub fresh: Vec<Figures>,
}

/// A prediction below saturation is off by at most this share of what was measured.
const LATENCY: f64 = 0.10;
/// Shares of failed requests are off by at most this much below saturation.
const ERRORS: f64 = 0.02;
/// Beyond saturation by at most this share of what was measured,
const BEYOND: f64 = 0.15;
/// or of what was offered.
const OFFERED: f64 = 0.03;
/// Seconds before and after a run tips, at least.
const LEVEL_MIN: usize = 2;

impl Judged {
    /// A cell with the predictions of each of its runs, in their order.
    #[must_use]
    pub fn new(cell: &Cell, predicted: &[Predicted]) -> Self {
        let measured: Vec<Figures> = cell.reps.iter().map(Rep::figures).collect();
        let same: Vec<Figures> = predicted.iter().map(|run| Figures::mean(&run.same)).collect();
        let fresh: Vec<&Figures> = predicted.iter().flat_map(|run| &run.fresh).collect();
        let pairs: Vec<Pair<'_>> = measured
            .iter()
            .zip(predicted)
            .zip(&cell.reps)
            .map(|((measured, all), rep)| Pair { measured, all, rep })
            .collect();
        let regime = cell.regime();
        let errors: Vec<(&'static str, f64)> = figures(regime)
            .iter()
            .map(|&(name, of)| (name, pairs.iter().map(|pair| pair.told(of, regime)).sum::<f64>()))
            .map(|(name, sum)| (name, sum / pairs.len() as f64))
            .collect();
        Judged {
            cell: cell.cell.clone(),
            title: cell.title.clone(),
            is_below: regime == Regime::Below,
            spread_mean_ms: ends(measured.iter()),
            fresh_mean_ms: ends(fresh.into_iter()),
            held: pairs.iter().all(|pair| pair.holds(regime)),
            course: [&measured, &same].map(|all| all[0].each_second.clone()),
            measured: Figures::mean(&measured),
            predicted: Figures::mean(&same),
            errors,
        }
    }

    /// How far an error of that name is off, without its sign.
    #[must_use]
    pub fn off(&self, name: &str) -> Option<f64> {
        self.errors.iter().find(|(known, _)| *known == name).map(|(_, error)| error.abs())
    }
}

type Reading = fn(&Figures) -> f64;

/// What a cell is judged by, besides its failures.
fn figures(regime: Regime) -> &'static [(&'static str, Reading)] {
    match regime {
        Regime::Below | Regime::Burst => {
            &[("mean", |each| each.mean_ms), ("p95", |each| each.p95_ms)]
        }
        Regime::Beyond => &[("throughput", |each| each.throughput_rps)],
        Regime::Tipping => &[("before", |each| each.levels().0), ("after", |each| each.levels().1)],
    }
}

fn ends<'a>(all: impl Iterator<Item = &'a Figures>) -> (f64, f64) {
    all.map(|each| each.mean_ms)
        .fold((f64::INFINITY, 0.0), |(low, high), ms| (ms.min(low), ms.max(high)))
}

/// A run as it was and as it was predicted.
struct Pair<'a> {
    measured: &'a Figures,
    all: &'a Predicted,
    rep: &'a Rep,
}

impl Pair<'_> {
    /// What was predicted, over all kinds of luck.
    fn predicted(&self, of: Reading) -> f64 {
        self.all.same.iter().map(of).sum::<f64>() / self.all.same.len().max(1) as f64
    }

    /// How much higher the prediction is, as a share of the measured value.
    fn off(&self, of: Reading) -> f64 {
        let measured = of(self.measured);
        if measured == 0.0 { 0.0 } else { self.predicted(of) / measured - 1.0 }
    }

    /// The same as it is told: of what may be nothing, as a share of what was offered.
    fn told(&self, of: Reading, regime: Regime) -> f64 {
        match regime {
            Regime::Below | Regime::Burst | Regime::Beyond => self.off(of),
            Regime::Tipping => (self.predicted(of) - of(self.measured)) / self.rep.offered_rps,
        }
    }

    /// Whether luck that the requests do not settle can give what was measured.
    fn in_band(&self, of: Reading) -> bool {
        let all = self.all.same.iter().map(of);
        let (low, high) =
            all.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (x.min(a), x.max(b)));
        low < high && (low..=high).contains(&of(self.measured))
    }

    fn holds(&self, regime: Regime) -> bool {
        let failed = (self.predicted(|each| each.error_share) - self.measured.error_share).abs();
        let offered = self.rep.offered_rps;
        let near = |off: f64, of: f64| off <= (BEYOND * of).max(OFFERED * offered);
        let is_near =
            |of: Reading| near((self.predicted(of) - of(self.measured)).abs(), of(self.measured));
        let (failures, figure): (bool, &dyn Fn(Reading) -> bool) = match regime {
            Regime::Below | Regime::Burst => {
                (failed <= ERRORS, &|of| self.off(of).abs() <= LATENCY)
            }
            Regime::Beyond => {
                let lost = near(failed * offered, self.measured.error_share * offered);
                (lost || self.in_band(|each| each.error_share), &is_near)
            }
            // how many failed says only when it tipped
            Regime::Tipping => (true, &is_near),
        };
        failures && figures(regime).iter().all(|&(_, of)| figure(of) || self.in_band(of))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(each_second: &[f64]) -> Figures {
        Figures { each_second: each_second.to_vec(), ..Figures::default() }
    }

    #[test]
    fn a_run_that_tips_has_a_level_before_and_one_after() {
        assert_eq!(course(&[30.0, 26.0, 28.0, 9.0, 1.0, 0.0, 0.0, 0.0]).levels(), (28.0, 0.25));
        // one that never tips has nearly the same twice, and a short one whatever there is
        let (before, after) = course(&[20.0, 21.0, 19.0, 20.0, 22.0, 18.0]).levels();
        assert!((before - 20.0).abs() <= 1.0 && (after - 20.0).abs() <= 1.0, "{before} {after}");
        assert_eq!(course(&[6.0, 8.0, 7.0]).levels(), (7.0, 7.0));
    }

    #[test]
    fn when_it_tips_is_luck_and_how_it_is_before_and_after_is_not() {
        let cell = include_str!("../../../../tests/reality/L-trigger-backoff.json");
        let cell = Cell::parse(cell).expect("a cell");
        assert_eq!(cell.regime(), Regime::Tipping);
        let tips = |after: usize, level: f64, rest: f64| {
            let mut each_second = vec![level; after];
            each_second.resize(60, rest);
            let run = course(&each_second);
            Predicted { same: vec![run.clone()], fresh: vec![run] }
        };
        let held = |one: Predicted| Judged::new(&cell, &[one.clone(), one]).held;
        // measured: about 30 a second, nothing after 11 s
        assert!(held(tips(11, 30.0, 0.0)) && held(tips(25, 30.0, 0.0)));
        assert!(!held(tips(11, 22.0, 0.0)), "another level before");
        assert!(!held(tips(11, 30.0, 12.0)), "another level after");
    }
}
