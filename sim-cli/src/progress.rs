//! The line that shows how far a run is: simulated time, speed, and how long it will take.

#![expect(clippy::disallowed_types, reason = "a door may look at the machine's clock")]

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sim_core::{Run, figures};

/// Steps of the bar.
const STEPS: u64 = 1_000;

/// A progress line on standard error, or nothing.
pub(crate) struct Progress {
    bar: ProgressBar,
    began: Instant,
}

impl Progress {
    /// A line that is drawn only if `shown`.
    pub(crate) fn new(shown: bool) -> Self {
        let target =
            if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {msg}") {
            bar.set_style(style.progress_chars("██░"));
        }
        Progress { bar, began: Instant::now() }
    }

    /// Shows how many of so many replications are complete.
    pub(crate) fn count(&self, done: u32, all: u32) {
        let took = self.began.elapsed().as_secs_f64();
        let left = left(took, f64::from(done) / f64::from(all));
        self.bar.set_length(u64::from(all));
        self.bar.set_position(u64::from(done));
        self.bar.set_message(format!("{done} of {all} replications, {left} left"));
    }

    /// Shows how many of so many points are finished, and the best of them in short.
    pub(crate) fn points(&self, (done, all): (usize, usize), best: &str) {
        let took = self.began.elapsed().as_secs_f64();
        let left = left(took, done as f64 / all as f64);
        self.bar.set_length(all as u64);
        self.bar.set_position(done as u64);
        self.bar.set_message(format!("{done} of {all} points, {left} left; best: {best}"));
    }

    /// Shows what is being played, where nobody knows how much there is to play.
    pub(crate) fn say(&self, runs: u64, what: &str) {
        self.bar.set_message(format!("{runs} runs so far; {what}"));
        self.bar.tick();
    }

    /// Shows how far the run has come.
    pub(crate) fn show(&self, run: &Run) {
        if self.bar.is_hidden() {
            return;
        }
        let (now, all) = (run.now(), run.plan().duration.max(1));
        let took = self.began.elapsed().as_secs_f64().max(1e-6);
        let speed = figures::significant(now as f64 / 1e9 / took);
        let done = now as f64 / all as f64;
        let left = left(took, done);
        let (now, all) = (figures::clock(now), figures::clock(all));
        self.bar.set_length(STEPS);
        self.bar.set_position((done * STEPS as f64) as u64);
        self.bar.set_message(format!("{now} of {all} simulated, {speed}x, {left} left"));
    }

    /// Takes the line away.
    pub(crate) fn done(&self) {
        self.bar.finish_and_clear();
    }
}

/// How long it will take yet, where a part of it took so many seconds.
fn left(took: f64, done: f64) -> String {
    let left = if done > 0.0 { took * (1.0 - done) / done } else { 0.0 };
    figures::clock(Duration::from_secs_f64(left.min(1e9)).as_secs() * 1_000_000_000)
}

/// CPU time of this thread so far, seconds.
#[cfg(unix)]
pub(crate) fn cpu_seconds() -> f64 {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Time since the first call, seconds: where CPU time is not to be had, it stands for it.
#[cfg(not(unix))]
pub(crate) fn cpu_seconds() -> f64 {
    static BEGAN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    BEGAN.get_or_init(Instant::now).elapsed().as_secs_f64()
}
