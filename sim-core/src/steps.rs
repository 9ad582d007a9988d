//! What a server does for a request, step by step: as a person writes it, and made ready to run.

mod aside;
mod program;
mod step;

pub(crate) use self::aside::{Aside, NOTHING};
pub(crate) use self::program::{Op, Outgoing, Program, Work};
pub use self::step::{CachedSpec, CallSpec, HoldSpec, QuerySpec, StepSpec, own_demand};
use crate::engine::chance::{Draw, mix, name_key};
use crate::engine::kernel::Cx;
use crate::engine::request::ReqId;

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
        Some(law) => law.sample_nanos(&mut Draw::new(ask.luck)),
        None => 0,
    };
    if let Some(zipf) = &out.keys {
        ask.key = zipf.sample(&mut Draw::new(ask.luck ^ KEY));
    }
    cx.fork(ask, out.to, u64::from(index))
}
