//! A reload (HUP): a full new set of workers is forked at once, and the old ones are told to leave.
//!
//! The master does not wait for the new ones: until they have loaded the application nobody
//! accepts, and requests wait in the kernel's queue. With `preload` there is nothing to load.

use super::process::Life;
use super::spec::WorkerKind;
use super::{AppServer, OVERDUE};
use crate::engine::kernel::Cx;

impl AppServer {
    /// Every worker is replaced.
    pub(super) fn reload(&mut self, cx: &mut Cx<'_>) {
        if !self.listener.is_open {
            return;
        }
        let has = |own: &Life| matches!(own, Life::Up | Life::Booting);
        let places = 0..self.crew.all.len() as u32;
        let (old, others): (Vec<u32>, Vec<u32>) =
            places.partition(|&at| has(&self.crew.all[at as usize].life));
        let is_gone = |at: &u32| self.crew.all[*at as usize].life == Life::Gone;
        let mut free: Vec<u32> = others.into_iter().filter(is_gone).collect();
        let (taken, workers) = (self.crew.all.len() as u32, self.terms.workers);
        let missing = workers.saturating_sub(free.len() as u32);
        self.add_places(taken + missing);
        free.extend(taken..taken + missing);
        free.truncate(workers as usize);
        free.into_iter().for_each(|process| self.load(cx, process, 0));
        old.into_iter().for_each(|process| self.dismiss(cx, process));
    }

    /// A worker is told to leave: what it has not finished when its grace is over is lost.
    fn dismiss(&mut self, cx: &mut Cx<'_>, process: u32) {
        if self.crew.all[process as usize].life == Life::Booting {
            let own = &mut self.crew.all[process as usize];
            cx.disarm(own.timer);
            own.life = Life::Gone;
            return;
        }
        self.leave(cx, process);
        if self.terms.kind == WorkerKind::Sync {
            let own = &mut self.crew.all[process as usize];
            own.timer = cx.after(self.terms.graceful, OVERDUE | u64::from(process));
        }
        self.freed.push(process);
    }
}
