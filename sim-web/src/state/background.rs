//! A page that nobody looks at: whether the browser let its run go on as fast as before.

use sim_core::figures::significant;

use super::State;
use crate::protocol::Doing;

/// A run that is slower than this part of its former speed was held back.
const HELD_BACK: f64 = 0.8;
/// Time in the background that says something about speed, ms.
const LEAST_MS: f64 = 3_000.0;

/// When the page was last looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Left {
    now: u64,
    at_ms: f64,
    ratio: f64,
}

impl State {
    /// The page goes into the background, or comes back; `now_ms` is any clock that rises.
    pub(super) fn hidden(&mut self, hidden: bool, now_ms: f64) {
        let progress = self.course.progress;
        if hidden {
            let plays = progress.doing == Doing::Playing;
            let left = |ratio| Left { now: progress.now, at_ms: now_ms, ratio };
            (self.left, self.throttled) = (progress.ratio.filter(|_| plays).map(left), None);
            return;
        }
        let Some(left) = self.left.take() else { return };
        let away_ms = now_ms - left.at_ms;
        let ratio = progress.now.saturating_sub(left.now) as f64 / (away_ms * 1e6);
        let tells = away_ms >= LEAST_MS && progress.doing == Doing::Playing;
        if tells && ratio < HELD_BACK * left.ratio {
            let [slow, before] = [ratio, left.ratio].map(significant);
            self.throttled = Some(format!(
                "The browser throttled this tab in the background: {slow} \u{d7} real time instead \
                 of {before} \u{d7}. No simulated time is lost."
            ));
        }
    }
}
