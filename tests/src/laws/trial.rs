//! A law on trial: a scenario played under many seeds, its figures held against theory.

use sim_core::engine::meter::{Histogram, Station};
use sim_core::engine::request::Cause;
use sim_core::engine::tally::Tally;
use sim_core::run::Run;

use super::little;
use super::statistics::{Interval, interval};
use crate::support::{plan, play};

/// The confidence at which a figure is judged.
const JUDGED: f64 = 0.9999;
/// The confidence of the interval in the table.
const SHOWN: f64 = 0.99;

type Read = Box<dyn Fn(&Seen<'_>) -> f64>;

/// What theory says of one figure of a run.
pub(super) struct Claim {
    what: String,
    theory: f64,
    /// The judged interval's half-width over theory stays below this.
    precision: f64,
    /// How far theory may be off by itself, over theory: it is a limit, not this very system.
    bias: f64,
    read: Read,
}

/// A figure of a run and the value it should have.
pub(super) fn claim(
    what: &str,
    theory: f64,
    precision: f64,
    read: impl Fn(&Seen<'_>) -> f64 + 'static,
) -> Claim {
    Claim { what: what.to_owned(), theory, precision, bias: 0.0, read: Box::new(read) }
}

impl Claim {
    /// Theory is a limit that the system misses by at most this share.
    pub(super) fn within(self, bias: f64) -> Self {
        Claim { bias, ..self }
    }
}

/// Plays a scenario under the seeds 1 to `runs` and judges every claim; Little's law must hold in
/// each run, and in one that ends empty.
#[track_caller]
pub(super) fn judge(law: &str, runs: u64, text: &str, claims: &[Claim]) {
    let plan = plan(text, &[]);
    let mut samples = vec![Vec::new(); claims.len()];
    let mut requests = 0;
    for seed in 1..=runs {
        let run = play(&plan, seed);
        little::holds_in_every_frame(&run);
        let seen = Seen(&run);
        requests += seen.answered();
        for (samples, claim) in samples.iter_mut().zip(claims) {
            samples.push((claim.read)(&seen));
        }
    }
    little::holds_for_whole_lives(text);
    let mut faults = Vec::new();
    for (samples, claim) in samples.iter().zip(claims) {
        print_row(law, claim, samples, requests);
        faults.extend(verdict(law, claim, samples));
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Judges figures that were gathered some other way.
#[track_caller]
pub(super) fn judge_samples(law: &str, claim: &Claim, samples: &[f64], requests: u64) {
    print_row(law, claim, samples, requests);
    assert_eq!(verdict(law, claim, samples), None);
}

/// A line of the table: law, figure, theory, estimate, interval at 99 %, runs x requests.
fn print_row(law: &str, Claim { what, theory, .. }: &Claim, samples: &[f64], requests: u64) {
    let Interval { mean, half } = interval(samples, SHOWN);
    let runs = samples.len() as u64;
    let (low, high, each) = (mean - half, mean + half, requests / runs);
    println!(
        "{law:<34} | {what:<11} | {theory:>13.6} | {mean:>13.6} | {low:>13.6} .. {high:>13.6} | \
         {runs:>3} x {each}"
    );
}

/// What is wrong, if theory and runs disagree.
fn verdict(law: &str, claim: &Claim, samples: &[f64]) -> Option<String> {
    let Claim { what, theory, precision, bias, .. } = claim;
    let judged = interval(samples, JUDGED);
    let scale = theory.abs();
    let off = (judged.mean - theory).abs();
    let agrees = off <= judged.half + bias * scale;
    if !agrees {
        let half = judged.half;
        return Some(format!("{law}, {what}: {} +- {half} is not {theory}", judged.mean));
    }
    if judged.half > precision * scale {
        let share = judged.half / scale;
        return Some(format!("{law}, {what}: +- {share:.4} of theory is vaguer than {precision}"));
    }
    None
}

/// A run that is over, as the laws read it; times in seconds.
pub(super) struct Seen<'a>(pub(super) &'a Run);

fn seconds(ns: f64) -> f64 {
    ns / 1e9
}

impl Seen<'_> {
    /// The meters of a part's first resource, by instance.
    pub(super) fn stations(&self, part: &str) -> Vec<Station> {
        let site = self.0.plan().blueprint.site();
        let surveys = self.0.surveys();
        let members = site.places[part].members.iter();
        members.map(|&node| *surveys[node as usize].resources[0].station).collect()
    }

    /// A class of requests of the only users.
    pub(super) fn class<T>(&self, class: usize, read: impl Fn(&Tally) -> T) -> T {
        read(self.0.surveys()[0].tallies[class])
    }

    fn latencies<T>(&self, read: impl Fn(&Histogram) -> T) -> T {
        self.class(0, |tally| read(&tally.latency))
    }

    /// Seconds measured.
    pub(super) fn span(&self) -> f64 {
        seconds((self.0.now() - self.0.plan().warmup) as f64)
    }

    /// Requests answered.
    pub(super) fn answered(&self) -> u64 {
        self.0.surveys()[0].tallies.iter().map(|tally| tally.latency.count()).sum()
    }

    /// Requests answered a second.
    pub(super) fn throughput(&self) -> f64 {
        self.answered() as f64 / self.span()
    }

    /// The mean time from question to answer.
    pub(super) fn sojourn(&self) -> f64 {
        seconds(self.latencies(|all| all.mean()).unwrap_or(f64::NAN))
    }

    /// The time from question to answer that a share `p` stays below.
    pub(super) fn quantile(&self, p: f64) -> f64 {
        seconds(self.latencies(|all| all.quantile(p)).map_or(f64::NAN, |ns| ns as f64))
    }

    /// Its variance.
    pub(super) fn variance(&self) -> f64 {
        self.latencies(|all| all.variance()).unwrap_or(f64::NAN) / 1e18
    }

    /// The share of requests that failed for a reason.
    pub(super) fn failed(&self, cause: Cause) -> f64 {
        self.class(0, |tally| {
            let failed = tally.measured_failed[cause as usize] as f64;
            let ended = tally.measured_failed.iter().sum::<u64>() + tally.latency.count();
            failed / ended as f64
        })
    }

    /// The mean wait of those who were served.
    pub(super) fn wait(&self, part: &str) -> f64 {
        let stations = self.stations(part);
        let waits: u128 = stations.iter().map(Station::wait_sum).sum();
        let served: u64 = stations.iter().map(Station::seized).sum();
        seconds(waits as f64 / served as f64)
    }

    /// The share of the served who waited.
    pub(super) fn waited(&self, part: &str) -> f64 {
        let stations = self.stations(part);
        let waited: u64 = stations.iter().map(Station::waited).sum();
        let served: u64 = stations.iter().map(Station::seized).sum();
        waited as f64 / served as f64
    }

    /// The mean number of requests waiting.
    pub(super) fn waiting(&self, part: &str) -> f64 {
        self.stations(part).iter().map(|station| station.queue.mean(self.0.now())).sum()
    }

    /// The mean number of requests in service.
    pub(super) fn in_service(&self, part: &str) -> f64 {
        self.stations(part).iter().map(|station| station.busy.mean(self.0.now())).sum()
    }

    /// The mean number of requests waiting or in service.
    pub(super) fn present(&self, part: &str) -> f64 {
        self.waiting(part) + self.in_service(part)
    }
}

#[test]
fn a_wrong_value_and_a_vague_answer_are_both_refused() {
    let samples = [0.9, 1.0, 1.1, 0.95, 1.05, 1.0, 0.9, 1.1];
    let say =
        |theory, precision| verdict("planted", &claim("x", theory, precision, |_| 0.0), &samples);
    assert_eq!(say(1.0, 0.3), None);
    assert!(say(1.5, 0.3).is_some_and(|fault| fault.contains("is not 1.5")));
    assert!(say(1.0, 0.1).is_some_and(|fault| fault.contains("vaguer than 0.1")));
    let limit = claim("x", 1.5, 0.3, |_| 0.0).within(0.3);
    assert_eq!(verdict("planted", &limit, &samples), None);
    let nothing = claim("x", 1.0, 0.3, |_| 0.0);
    assert!(verdict("planted", &nothing, &[f64::NAN; 8]).is_some());
}
