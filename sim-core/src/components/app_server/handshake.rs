//! Connections that the client has and the server has not: the last packet of the handshake found
//! the accept queue full.
//!
//! A SYN is answered while the queue has room. The client's ACK comes a round trip later; when
//! several SYNs were answered for one place, the kernel drops the ACKs of the others without a
//! word. Their clients believe in their connections and send the request, again and again with
//! twice the pause: whichever copy finds room makes the connection whole. Meanwhile the kernel
//! repeats its SYN-ACK, and the bare ACK to that may find room too: then a worker accepts a
//! connection on which nothing has come, and one that waits for data is idle until the client's
//! next copy.

use serde::{Deserialize, Serialize};

use super::job::{NONE_HALF, Place};
use super::spec::WorkerKind;
use super::{AppServer, COPY, REMINDER};
use crate::engine::agenda::Timer;
use crate::engine::kernel::Cx;
use crate::engine::meter::Counter;
use crate::engine::request::{Cause, Doing};
use crate::engine::slab::Slab;
use crate::engine::time::{Nanos, SECOND};

/// From the request to its first copy, the probe of a lost tail; and from there to the second at
/// least (`TCP_RTO_MIN`). Each further pause is twice the one before.
const PAUSE: Nanos = SECOND / 5;
/// The longest pause (`TCP_RTO_MAX`).
const PAUSE_MAX: Nanos = 120 * SECOND;
/// Copies after which a client gives up (`tcp_retries2`).
const COPIES: u32 = 15;
/// SYN-ACKs after the first (`tcp_synack_retries`), and under pressure.
const REMINDERS: u32 = 5;
const REMINDERS_LEAST: u32 = 2;
/// Half-open connections that count as no pressure.
const FEW: usize = 8;

/// When a timer of the kernel fires that is to fire after `wait`, from `now` on: its wheel has
/// coarser teeth the longer the time, and timers that share a tooth fire together.
pub(super) fn tick(now: Nanos, wait: Nanos, hz: Option<u32>) -> Nanos {
    let Some(hz) = hz else { return wait };
    let jiffy = SECOND / Nanos::from(hz);
    let jiffies = wait.div_ceil(jiffy);
    let teeth = [63, 504, 4_032, 32_256].into_iter().take_while(|&end| jiffies > end).count();
    let tooth = 3 * teeth as u32;
    let fires = (((now / jiffy + jiffies) >> tooth) + 1) << tooth;
    fires * jiffy - now
}

/// A connection that is half open, or on which nothing has come yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Half {
    job: u32,
    /// Copies of the request that were sent, the first included.
    copies: u32,
    copy: Timer,
    /// The pause before the next copy but one, ns.
    pause: Nanos,
    /// What the server remembers of it.
    known: Known,
}

/// What the server remembers of a connection that is half open.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Known {
    /// Its request in the SYN queue, and how often the SYN-ACK was sent again.
    Waits { reminders: u32, timer: Timer },
    /// Nothing: what the client sends says it all, in a SYN cookie or in a queue's own.
    Cookie,
    /// Nothing, and what the client sends says nothing either: it is reset.
    Forgotten,
    /// All: it is in the accept queue, or with a worker.
    Whole,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Halves {
    all: Slab<Half>,
    /// Connections whose last packet of the handshake was dropped.
    pub(super) opened: Counter,
    /// Connections that a worker accepted before anything had come on them.
    pub(super) silent: Counter,
}

impl Halves {
    fn reminded(&self) -> impl Iterator<Item = u32> + '_ {
        let reminders = |index| match self.all.get(index)?.known {
            Known::Waits { reminders, .. } => Some(reminders),
            _ => None,
        };
        self.all.numbers().filter_map(reminders)
    }

    /// How often a SYN-ACK is sent again: less often when the SYN queue is half full, and few of
    /// those in it are new.
    fn reminders(&self, limit: u32) -> u32 {
        let waiting = self.reminded().count();
        if 2 * waiting <= FEW.max(limit as usize) {
            return REMINDERS;
        }
        let mut young = 2 * self.reminded().filter(|&reminders| reminders == 0).count();
        let mut most = REMINDERS;
        while most > REMINDERS_LEAST && waiting >= young {
            most -= 1;
            young *= 2;
        }
        most
    }

    pub(super) fn clear(&mut self) {
        self.all.drain();
    }
}

impl AppServer {
    /// A SYN finds room again: the client's ACK comes a round trip later, and with it the request.
    /// True if that takes any time.
    pub(super) fn answer_syn(&mut self, cx: &mut Cx<'_>, index: u32) -> bool {
        let Some(job) = self.jobs.get_mut(index) else { return false };
        let Place::Outside { dropped, .. } = job.place else { return false };
        let round_trip = 2 * (job.began - cx.born(job.req));
        let least = Nanos::from(self.terms.kernel_hz.is_some());
        if round_trip.max(least) == 0 {
            return false;
        }
        let timer = cx.after(round_trip.max(least), super::ACK | u64::from(index));
        job.place = Place::Outside { dropped, timer };
        true
    }

    /// An ACK found the queue full: the client has a connection, and the server has none.
    pub(super) fn half_open(&mut self, cx: &mut Cx<'_>, index: u32) {
        let (now, hz) = (cx.now(), self.terms.kernel_hz);
        let pause = self.terms.rto.as_ref().map_or(PAUSE, |law| self.crew.draw(law).max(PAUSE));
        let Some(job) = self.jobs.get_mut(index) else { return };
        job.place = Place::Half;
        self.halves.opened.add(1);
        let half = Half { job: index, copies: 1, copy: Timer::NONE, pause, known: Known::Cookie };
        job.half = self.halves.all.insert(half);
        cx.doing(job.req, Doing::Travelling);
        let number = u64::from(job.half);
        let is_full = self.halves.reminded().count() >= self.terms.backlog as usize;
        let Some(half) = self.halves.all.get_mut(number as u32) else { return };
        half.copy = cx.after(tick(now, PAUSE, hz), COPY | number);
        if !is_full {
            let timer = cx.after(tick(now, SECOND, hz), REMINDER | number);
            half.known = Known::Waits { reminders: 0, timer };
        }
    }

    /// A client sends its request once more.
    pub(super) fn copy(&mut self, cx: &mut Cx<'_>, number: u32) {
        let Some(half) = self.halves.all.get_mut(number) else { return };
        half.copies += 1;
        let Half { job: index, known, copies, pause, .. } = *half;
        if known == Known::Forgotten {
            self.abort(cx, index, Cause::Reset);
        } else if known == Known::Whole {
            self.forget_half(cx, index);
            if self.jobs.get(index).is_some_and(|job| job.place == Place::Silent) {
                self.resume(cx, index);
            }
        } else if self.listener.has_room(self.terms.backlog) {
            self.forget_half(cx, index);
            self.enter(cx, index);
        } else if copies > COPIES {
            self.abort(cx, index, Cause::Lost);
        } else {
            self.listener.overflows.add(1);
            let wait = tick(cx.now(), pause, self.terms.kernel_hz);
            half.copy = cx.after(wait, COPY | u64::from(number));
            half.pause = (2 * pause).min(PAUSE_MAX);
        }
    }

    /// The server sends its SYN-ACK again, and the client answers it at once.
    pub(super) fn remind(&mut self, cx: &mut Cx<'_>, number: u32) {
        let most = self.halves.reminders(self.terms.backlog - 1);
        let Some(half) = self.halves.all.get_mut(number) else { return };
        let Known::Waits { reminders, .. } = half.known else { return };
        if reminders >= most {
            half.known = Known::Forgotten;
            return;
        }
        // other workers wait for data where that costs nothing
        if self.terms.kind == WorkerKind::Sync && self.listener.has_room(self.terms.backlog) {
            half.known = Known::Whole;
            let index = half.job;
            self.enter(cx, index);
            return;
        }
        let wait = tick(cx.now(), SECOND << (reminders + 1), self.terms.kernel_hz);
        let timer = cx.after(wait, REMINDER | u64::from(number));
        half.known = Known::Waits { reminders: reminders + 1, timer };
    }

    /// A request's connection is whole and its data are there, or it is over.
    pub(super) fn forget_half(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(job) = self.jobs.get_mut(index) else { return };
        let number = std::mem::replace(&mut job.half, NONE_HALF);
        self.end_half(cx, number);
    }

    /// A connection is not half open any more.
    pub(super) fn end_half(&mut self, cx: &mut Cx<'_>, number: u32) {
        let Some(half) = self.halves.all.remove(number) else { return };
        cx.disarm(half.copy);
        if let Known::Waits { timer, .. } = half.known {
            cx.disarm(timer);
        }
    }

    /// A sync worker that has accepted a connection waits for what is to come on it; true if
    /// nothing has come.
    #[inline]
    pub(super) fn falls_silent(&mut self, index: u32) -> bool {
        let Some(job) = self.jobs.get_mut(index).filter(|job| job.half != NONE_HALF) else {
            return false;
        };
        job.place = Place::Silent;
        self.halves.silent.add(1);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Nanos = SECOND / 1_000;

    /// Times between SYNs that Linux 6.18 at 250 Hz was seen to repeat: 1.00 to 1.04 s, 2.01 and
    /// 2.02 s, 4.03 to 4.26 s, 8.19 and 8.2 s.
    #[test]
    fn timers_of_the_kernel_fire_on_the_teeth_of_its_wheel() {
        for (wait, most) in [(200, 205), (1_000, 1_033), (2_000, 2_033), (4_000, 4_257)] {
            let after: Vec<Nanos> =
                (0..1_000).map(|ms| tick(ms * MS + 1, wait * MS, Some(250))).collect();
            let (low, high) = (after.iter().min().unwrap(), after.iter().max().unwrap());
            assert!(*low >= wait * MS && *high <= most * MS, "{wait}: {low} to {high}");
            assert!(high - low > (most - wait) * MS / 2, "{wait}: {low} to {high}");
        }
        // whoever is to be woken within one tooth is woken at once
        assert_eq!(
            300 * MS + tick(300 * MS, SECOND, Some(250)),
            311 * MS + tick(311 * MS, SECOND, Some(250))
        );
        assert_eq!(tick(7, SECOND, None), SECOND);
    }
}
