//! A law made ready to run: fixed delays take a lane, drawn ones the heap.

use serde::{Deserialize, Serialize};

use super::agenda::{Lane, Timer};
use super::chance::{Law, LawSpec};
use super::kernel::Cx;
use super::request::ReqId;
use super::time::Nanos;

/// How long something takes, drawn per request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delay {
    law: Law,
    /// The share of the request's own work that it is instead of a draw.
    own: Option<f64>,
    fixed: Option<Nanos>,
    lane: Option<Lane>,
}

impl Delay {
    /// A delay with the law's distribution.
    #[must_use]
    pub fn new(law: Law) -> Self {
        Delay { fixed: law.constant_nanos(), law, own: None, lane: None }
    }

    /// A delay as a person writes it, which may be work that the request brings with it.
    ///
    /// # Errors
    /// One sentence with the wrong value and its remedy.
    pub fn of(spec: &LawSpec) -> Result<Self, String> {
        let Some(share) = spec.own_share() else { return spec.compile().map(Delay::new) };
        Ok(Delay { law: Law::Constant { nanos: 0 }, own: Some(share), fixed: None, lane: None })
    }

    /// The law.
    #[must_use]
    pub fn law(&self) -> &Law {
        &self.law
    }

    /// Finds the lane of a fixed delay; call it before the node starts.
    pub fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        self.lane = self.fixed.map(lanes);
    }

    /// How long it takes for this request: the same for a salt in every attempt and variant.
    #[inline]
    #[must_use]
    pub fn draw(&self, cx: &Cx<'_>, req: ReqId, salt: u64) -> Nanos {
        match self.fixed {
            Some(delay) => delay,
            None => match self.own {
                None => self.law.sample_nanos(&mut cx.draw(req, salt)),
                Some(share) => stretch(cx.ask(req).demand, share),
            },
        }
    }

    /// Wakes the node with `word` when it is over, `slow` times as late as drawn.
    #[inline]
    pub fn arm(&self, cx: &mut Cx<'_>, of: (ReqId, u64), slow: f64, word: u64) -> Timer {
        if slow != 1.0 {
            return self.arm_slow(cx, of, slow, word);
        }
        match self.lane {
            Some(lane) => cx.after_in(lane, word),
            None => cx.after(self.draw(cx, of.0, of.1), word),
        }
    }

    #[cold]
    #[inline(never)]
    fn arm_slow(&self, cx: &mut Cx<'_>, of: (ReqId, u64), slow: f64, word: u64) -> Timer {
        cx.after(stretch(self.draw(cx, of.0, of.1), slow), word)
    }
}

/// A span of work at `slow` times the normal duration.
#[inline]
#[must_use]
pub fn stretch(span: Nanos, slow: f64) -> Nanos {
    if slow == 1.0 { span } else { (span as f64 * slow) as Nanos }
}
