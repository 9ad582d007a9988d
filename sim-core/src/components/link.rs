//! A network link: latency both ways, jitter, and lost requests that are sent again.

#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Bound, Component, Limits, Survey};
use crate::engine::agenda::{Lane, Timer};
use crate::engine::chance::{Law, LawSpec, flip, mix, name_key};
use crate::engine::delay::{Delay, stretch};
use crate::engine::kernel::{Action, Answer, Behaviour, Cancelled, Cx, Note};
use crate::engine::request::{Cause, Doing, Outcome, ReqId};
use crate::engine::slab::Slab;
use crate::engine::time::{Nanos, SECOND};
use crate::units::{Duration, Share};
use crate::wiring::{Flaw, Site, Target};

/// A wire between a caller and a node. It has no limit of bandwidth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkSpec {
    /// The node at the far end.
    pub to: Target,
    /// Time on the wire one way: of requests, answers and the news that a caller has left.
    pub latency: LawSpec,
    /// Further time on the wire, drawn anew for each way. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<LawSpec>,
    /// Probability that a request is lost each time it is sent; answers always arrive. Default: 0%.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Share>,
    /// When a lost request is sent again; default: after 1, 3, 7, 15, 31 and 63 s, as Linux before
    /// 6.5 does with a connection request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retransmit: Option<RetransmitSpec>,
}

/// The schedule of retransmissions: equal waits, then doubling ones of at most 120 s. After the
/// last one the request is gone, and its caller hears nothing until its own timeout.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetransmitSpec {
    /// The first wait; default 1s, the initial timeout of RFC 6298.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Duration>,
    /// Retransmissions at equal waits before the doubling ones (Linux `tcp_syn_linear_timeouts`);
    /// default 0. Linux has 4 since version 6.5: 1, 2, 3, 4, 5, 7, 11, 19, 35, 67 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linear: Option<u32>,
    /// Retransmissions at doubling waits (Linux `tcp_syn_retries`); default 6, at most 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubling: Option<u32>,
}

/// The longest wait before a retransmission, `TCP_RTO_MAX` of Linux.
const WAIT_MAX: Nanos = 120 * SECOND;

const THERE: u64 = name_key("link there");
const BACK: u64 = name_key("link back");
const JITTER: u64 = name_key("link jitter");
const LOSS: u64 = name_key("link loss");

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Schedule {
    first: Nanos,
    linear: u32,
    doubling: u32,
}

impl Schedule {
    fn new(spec: Option<&RetransmitSpec>) -> Result<Self, Flaw> {
        let spec = spec.cloned().unwrap_or_default();
        let first = spec.first.map_or(SECOND, Duration::nanos);
        if first == 0 {
            let remedy = "write how long the sender waits for an answer, like 1s";
            return Err(Flaw::new("retransmit.first", "0s is no wait", remedy));
        }
        let (linear, doubling) = (spec.linear.unwrap_or(0), spec.doubling.unwrap_or(6));
        for (path, number) in [("linear", linear), ("doubling", doubling)] {
            if number > 30 {
                let message = format!("{number} retransmissions are too many");
                return Err(Flaw::new(&format!("retransmit.{path}"), message, "write 0 to 30"));
            }
        }
        Ok(Schedule { first, linear, doubling })
    }

    /// The wait after the `sent`-th transmission, counted from 0; `None` after the last one.
    fn wait(&self, sent: u32) -> Option<Nanos> {
        let doublings = sent.saturating_sub(self.linear);
        let wait = self.first.saturating_mul(1 << doublings.min(31));
        (sent < self.linear + self.doubling).then_some(wait.min(WAIT_MAX.max(self.first)))
    }
}

/// What is on the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Packet {
    /// A request on its way, and the news that follows it if its caller has left.
    There { req: ReqId, gone: Option<Cancelled> },
    /// A lost request before its next transmission.
    Lost { req: ReqId, sent: u32, timer: Timer },
    /// An answer.
    Back { req: ReqId, outcome: Outcome },
    /// The news that a caller has left.
    Gone(Cancelled),
}

/// A link in a running world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Link {
    to: u32,
    latency: Delay,
    jitter: Option<Law>,
    loss: f64,
    schedule: Schedule,
    /// Nothing takes time: no timer is needed.
    instant: bool,
    salt: u64,
    slow: f64,
    packets: Slab<Packet>,
    sent: u64,
    lost: u64,
    retransmitted: u64,
    given_up: u64,
}

fn law(path: &str, spec: &LawSpec) -> Result<Law, Flaw> {
    spec.compile().map_err(|message| Flaw::told(path, &message, "correct the value"))
}

impl Link {
    /// Luck of one attempt: a retry of the same request travels anew, and open arrivals have the
    /// same luck in every variant.
    #[inline]
    fn luck(&self, cx: &Cx<'_>, req: ReqId, purpose: u64) -> u64 {
        mix(self.salt ^ purpose, cx.born(req))
    }

    /// Puts something on the wire; a timer brings it to the other end.
    #[inline]
    fn travel(&mut self, cx: &mut Cx<'_>, of: (ReqId, u64), packet: Packet) -> u32 {
        let (req, way) = of;
        let index = self.packets.insert(packet);
        let salt = self.luck(cx, req, way);
        let Some(jitter) = &self.jitter else {
            self.latency.arm(cx, (req, salt), self.slow, u64::from(index));
            return index;
        };
        let jitter = jitter.sample_nanos(&mut cx.draw(req, mix(salt, JITTER)));
        let span = self.latency.draw(cx, req, salt).saturating_add(jitter);
        cx.after(stretch(span, self.slow), u64::from(index));
        index
    }

    #[inline]
    fn send(&mut self, cx: &mut Cx<'_>, req: ReqId, sent: u32) {
        let lost = self.loss > 0.0
            && flip(&mut cx.draw(req, mix(self.luck(cx, req, LOSS), u64::from(sent))), self.loss);
        if lost {
            self.lose(cx, req, sent);
        } else if self.instant {
            cx.call(req, self.to, 0);
        } else {
            cx.doing(req, Doing::Travelling);
            let index = self.travel(cx, (req, THERE), Packet::There { req, gone: None });
            cx.hold(req, u64::from(index));
        }
    }

    fn lose(&mut self, cx: &mut Cx<'_>, req: ReqId, sent: u32) {
        self.lost += 1;
        let Some(wait) = self.schedule.wait(sent) else {
            self.given_up += 1;
            cx.lose(req);
            return;
        };
        cx.doing(req, Doing::Travelling);
        let index = self.packets.insert(Packet::Lost { req, sent, timer: Timer::NONE });
        cx.hold(req, u64::from(index));
        let again = cx.after(wait, u64::from(index));
        if let Some(Packet::Lost { timer, .. }) = self.packets.get_mut(index) {
            *timer = again;
        }
    }
}

impl Component for Link {
    const NAME: &'static str = "link";
    const SUMMARY: &'static str =
        "A network link: latency both ways, jitter, and lost requests that are sent again.";
    type Spec = LinkSpec;

    fn build(spec: &LinkSpec, site: &Site) -> Result<Self, Flaw> {
        let latency = Delay::new(law("latency", &spec.latency)?);
        let jitter = spec.jitter.as_ref().map(|spec| law("jitter", spec)).transpose()?;
        Ok(Link {
            to: site.node(&spec.to).map_err(|flaw| Flaw { path: "to".into(), ..flaw })?,
            instant: jitter.is_none() && latency.law().constant_nanos() == Some(0),
            latency,
            jitter,
            loss: spec.loss.map_or(0.0, Share::value),
            schedule: Schedule::new(spec.retransmit.as_ref())?,
            salt: name_key(&site.name),
            slow: 1.0,
            packets: Slab::default(),
            sent: 0,
            lost: 0,
            retransmitted: 0,
            given_up: 0,
        })
    }

    fn retune(&mut self, cx: &mut Cx<'_>, spec: &LinkSpec, site: &Site) -> Result<(), Flaw> {
        let mut fresh = Self::build(spec, site)?;
        fresh.latency.prepare(&mut |delay| cx.lane(delay));
        self.to = fresh.to;
        self.latency = fresh.latency;
        self.jitter = fresh.jitter;
        self.loss = fresh.loss;
        self.schedule = fresh.schedule;
        self.instant = fresh.instant;
        Ok(())
    }

    fn limits(_spec: &LinkSpec) -> Limits {
        Limits { is_on_the_way: true, ..Limits::default() }
    }

    fn survey<'a>(&'a self, survey: &mut Survey<'a>) {
        survey.counts.push(("sent", self.sent));
        survey.counts.push(("lost", self.lost));
        survey.counts.push(("retransmitted", self.retransmitted));
        survey.counts.push(("given_up", self.given_up));
    }

    fn bound(_spec: &LinkSpec) -> Bound {
        Bound { forwards: true, ..Bound::default() }
    }
}

impl Behaviour for Link {
    fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        self.latency.prepare(lanes);
    }

    fn start(&mut self, _cx: &mut Cx<'_>) {}

    #[inline]
    fn call(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        self.sent += 1;
        self.send(cx, req, 0);
    }

    #[inline]
    fn answer(&mut self, cx: &mut Cx<'_>, answer: Answer) {
        let Answer { req, outcome, .. } = answer;
        if self.instant {
            cx.reply(req, outcome);
            return;
        }
        cx.doing(req, Doing::Travelling);
        let index = self.travel(cx, (req, BACK), Packet::Back { req, outcome });
        cx.hold(req, u64::from(index));
    }

    #[inline]
    fn timer(&mut self, cx: &mut Cx<'_>, word: u64) {
        match self.packets.remove(word as u32) {
            Some(Packet::There { req, gone }) => {
                cx.call(req, self.to, 0);
                if let Some(mut gone) = gone {
                    gone.word = Some(0);
                    cx.pass_on(gone);
                }
            }
            Some(Packet::Lost { req, sent, .. }) => {
                self.retransmitted += 1;
                self.send(cx, req, sent + 1);
            }
            Some(Packet::Back { req, outcome }) => cx.reply(req, outcome),
            Some(Packet::Gone(gone)) => cx.pass_on(gone),
            None => {}
        }
    }

    /// The wire knows nothing of it: what travels arrives, and the news travels behind it. Only a
    /// lost request is not sent again.
    fn cancelled(&mut self, cx: &mut Cx<'_>, gone: Cancelled) {
        let req = gone.req;
        if gone.word.is_some() {
            if self.instant {
                cx.pass_on(gone);
            } else {
                self.travel(cx, (req, THERE), Packet::Gone(gone));
            }
            return;
        }
        let index = cx.held(req) as u32;
        match self.packets.get_mut(index) {
            Some(Packet::There { gone: news, .. }) => {
                *news = Some(gone);
                cx.mark_cancelled(req);
            }
            Some(Packet::Lost { timer, .. }) => {
                cx.disarm(*timer);
                self.packets.remove(index);
                cx.reply(req, Outcome::Failed(Cause::Cancelled));
            }
            _ => cx.mark_cancelled(req),
        }
    }

    /// What is given back goes to whom it belongs.
    fn note(&mut self, cx: &mut Cx<'_>, note: Note) {
        if let Note::Release { .. } = note {
            cx.note(self.to, note);
        }
    }

    fn stop(&mut self, cx: &mut Cx<'_>, cause: Cause) {
        for packet in self.packets.drain() {
            match packet {
                Packet::There { req, .. } | Packet::Lost { req, .. } | Packet::Back { req, .. } => {
                    cx.reply(req, Outcome::Failed(cause));
                }
                Packet::Gone(_) => {}
            }
        }
    }

    fn act(&mut self, _cx: &mut Cx<'_>, action: Action) -> bool {
        let Action::Slow(factor) = action else { return false };
        self.slow = factor;
        true
    }

    fn reset_meters(&mut self, _now: Nanos) {
        (self.sent, self.lost, self.retransmitted, self.given_up) = (0, 0, 0, 0);
    }
}
