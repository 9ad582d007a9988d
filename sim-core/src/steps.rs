//! What a server does for a request, step by step: as a person writes it, and made ready to run.

mod aside;
mod demand;
mod program;
mod step;

pub(crate) use self::aside::{Aside, NOTHING};
pub use self::demand::Demand;
pub(crate) use self::program::{Asked, Op, Outgoing, Program, Work};
pub use self::step::{CachedSpec, CallSpec, HoldSpec, QuerySpec, StepSpec, own_demand};
use crate::engine::chance::{Draw, mix, name_key};
use crate::engine::delay::stretch;
use crate::engine::kernel::Cx;
use crate::engine::request::{Ask, Cause, ReqId, Want};

/// Where a job stands whose call has been answered.
pub(crate) struct Landing<'a> {
    /// The call's operation.
    pub(crate) pc: &'a mut u16,
    /// Why the call failed, if it did.
    pub(crate) failed: &'a mut Option<Cause>,
    /// Number of the job's extras.
    pub(crate) aside: &'a mut u32,
}

impl Landing<'_> {
    /// Goes on past the call, or where the look-up leads; what was leased is kept.
    #[inline]
    pub(crate) fn after(self, call: Ask, program: &Program, aside: &mut Aside) {
        let next = *self.pc + 1;
        let (hit, miss) = match &program.ops[*self.pc as usize] {
            Op::Lookup { hit, .. } => (*hit, Some(next)),
            Op::Write { .. } => (next, Some(next)),
            Op::Call { out, .. } if call.want == Want::Lease && call.lease != 0 => {
                aside.keep(self.aside, out.to, call.lease);
                (next, None)
            }
            _ => (next, None),
        };
        *self.pc = hit;
        if let (Some(cause), Some(miss)) = (*self.failed, miss)
            && cause != Cause::Cancelled
        {
            // a cache that misses or is down: the origin answers, and nothing is written
            *self.failed = None;
            *self.pc = miss;
        }
    }
}

const KEY: u64 = name_key("worker pool key");

/// Calls another node for a job; a call on a leased resource says which.
pub(crate) fn send(cx: &mut Cx<'_>, req: ReqId, of: (&Outgoing, u64, u64), index: u32) -> ReqId {
    let (out, salt, lease) = of;
    let mut ask = *cx.ask(req);
    ask.luck = mix(ask.luck, salt);
    ask.endpoint = out.endpoint;
    ask.want = out.want;
    ask.lease = lease;
    ask.demand = match &out.demand {
        Some(Asked::Drawn(law)) => law.sample_nanos(&mut Draw::new(ask.luck)),
        // 0 would leave the work to the callee
        Some(Asked::Own(share)) => stretch(ask.demand, *share).max(1),
        None => 0,
    };
    if let Some(zipf) = &out.keys {
        ask.key = zipf.sample(&mut Draw::new(ask.luck ^ KEY));
    }
    cx.fork(ask, Some(req), out.to, u64::from(index))
}
