//! Simulated time against the clock: how far a run should be, and how fast it really goes.

use sim_core::Run;

use crate::protocol::Speed;

/// How far behind a run may fall before it gives up catching up, ms.
const LAG_MS: f64 = 250.0;
/// The longest sleep between two slices, ms: a frame of the screen.
const NAP_MS: f64 = 16.0;
/// The part of the speed that a new measurement makes out.
const FRESH: f64 = 0.3;

/// What a run is played for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Goal {
    /// Nothing: it stands still.
    Stand,
    /// To its end, this fast.
    Play(Speed),
    /// To a time, ns.
    Reach(u64),
    /// Until more than so many things of note have happened.
    Note(usize),
}

impl Goal {
    /// Whether a run is where it should go.
    pub(super) fn reached(self, run: &Run) -> bool {
        run.is_over()
            || match self {
                Goal::Stand => true,
                Goal::Play(_) => false,
                Goal::Reach(at) => run.now() >= at,
                Goal::Note(known) => {
                    let last = run.frames().all().last();
                    run.moments() > known && last.is_some_and(|frame| frame.end == run.now())
                }
            }
    }
}

/// A line from here and now on, along which simulated time should run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    /// Simulated ns per ms; `None` is as fast as possible.
    per_ms: Option<f64>,
    from_ns: u64,
    from_ms: f64,
    seen: Option<(u64, f64)>,
    ratio: Option<f64>,
}

impl Pace {
    /// From a simulated time (ns) and a time of the clock (ms) on, so many times as fast as it.
    pub(super) fn from(now: u64, now_ms: f64, ratio: Option<f64>) -> Self {
        let per_ms = ratio.map(|ratio| ratio.max(0.0) * 1e6);
        Pace { per_ms, from_ns: now, from_ms: now_ms, seen: Some((now, now_ms)), ratio: None }
    }

    /// Where the run should be, ns.
    pub(super) fn target(&self, now_ms: f64) -> u64 {
        let Some(per_ms) = self.per_ms else { return u64::MAX };
        let passed = (now_ms - self.from_ms).max(0.0) * per_ms;
        self.from_ns.saturating_add(passed as u64)
    }

    /// Starts anew from where the run is, if it is too far behind to catch up: a page that was
    /// asleep must not race through what it missed.
    pub(super) fn lag(&mut self, now: u64, now_ms: f64) {
        if self
            .per_ms
            .is_some_and(|per_ms| self.target(now_ms).saturating_sub(now) as f64 > LAG_MS * per_ms)
        {
            (self.from_ns, self.from_ms) = (now, now_ms);
        }
    }

    /// How long until there is anything to do, ms.
    pub(super) fn sleep_ms(&self, now: u64, now_ms: f64) -> f64 {
        let Some(per_ms) = self.per_ms else { return 0.0 };
        let behind = self.target(now_ms).saturating_sub(now) as f64;
        (NAP_MS - behind / per_ms.max(1.0)).max(0.0)
    }

    /// Notes how far it came since the last measurement.
    pub(super) fn measure(&mut self, now: u64, now_ms: f64) {
        if let Some((then, then_ms)) = self.seen
            && now_ms > then_ms
        {
            let fresh = now.saturating_sub(then) as f64 / ((now_ms - then_ms) * 1e6);
            let before = self.ratio.unwrap_or(fresh);
            self.ratio = Some(before + FRESH * (fresh - before));
        }
        self.seen = Some((now, now_ms));
    }

    /// Simulated seconds per second lately.
    pub(super) fn ratio(&self) -> Option<f64> {
        self.ratio
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_simulated_time_over_time() {
        let pace = Pace::from(5_000_000_000, 100.0, Some(60.0));
        assert_eq!(pace.target(100.0), 5_000_000_000);
        assert_eq!(pace.target(1_100.0), 65_000_000_000);
        assert_eq!(Pace::from(0, 0.0, None).target(1.0), u64::MAX);
    }

    #[test]
    fn who_slept_does_not_race() {
        let mut pace = Pace::from(0, 0.0, Some(1.0));
        pace.lag(900_000_000, 1_000.0);
        assert_eq!(pace.target(1_000.0), 1_000_000_000);
        pace.lag(1_000_000_000, 60_000.0);
        assert_eq!(pace.target(60_010.0), 1_010_000_000);
    }

    #[test]
    fn the_achieved_speed_is_measured() {
        let mut pace = Pace::from(0, 0.0, None);
        for step in 1..=40 {
            pace.measure(step * 2_000_000_000, step as f64 * 100.0);
        }
        assert!((pace.ratio().unwrap() - 20.0).abs() < 1e-9);
    }
}
