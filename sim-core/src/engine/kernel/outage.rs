//! Nodes that neither run nor are dead: frozen ones hear later, cut off ones hear nothing.

use super::core::Core;
use super::inbox::Message;
use super::{Behaviour, World};
use crate::engine::agenda::Alarm;
use crate::engine::request::{Cause, Outcome, ReqId};
use crate::engine::time::Nanos;

impl Core {
    /// A call that finds nobody who hears it.
    #[cold]
    pub(super) fn unheard_call(&mut self, to: u32, req: ReqId) {
        let seat = &self.seats[to as usize];
        if seat.cut {
            self.lose(req);
        } else if seat.alive {
            self.held.push_back(Message::Call { to, req });
        } else {
            self.break_off(req, Cause::Refused);
        }
    }

    /// An answer whose frame is taken off already, for a node that is alive and does not hear it.
    #[cold]
    pub(super) fn unheard_answer(&mut self, node: u32, req: ReqId, outcome: Outcome) {
        let request = self.requests.get_mut(req);
        request.depth += 1;
        request.has_arrived();
        if self.seats[node as usize].cut {
            self.lose(req);
        } else {
            self.held.push_back(Message::Answer { req, outcome });
        }
    }

    /// News for a node that does not hear: a frozen one gets it when it thaws.
    #[cold]
    pub(super) fn hold_for(&mut self, node: u32, message: Message) {
        let seat = &self.seats[node as usize];
        if seat.alive && seat.thaws > 0 && !seat.cut {
            self.held.push_back(message);
        }
    }

    /// Sends news of a request after the message that moves it.
    #[cold]
    pub(super) fn follow(&mut self, req: ReqId, message: Message) {
        let moves = |held: &Message| match held {
            Message::Call { req: moved, .. } | Message::Answer { req: moved, .. } => *moved == req,
            Message::Note { .. } | Message::Cancel { .. } => false,
        };
        if self.held.iter().any(moves) {
            self.held.push_back(message);
        } else {
            self.inbox.push_back(message);
        }
    }

    /// Delivers what was held, in order; what still finds nobody is held again.
    pub(super) fn release(&mut self) {
        while let Some(message) = self.held.pop_front() {
            self.inbox.push_back(message);
        }
    }
}

impl<C: Behaviour> World<C> {
    /// A timer of a node that does not run: a frozen one hears it when it thaws.
    #[cold]
    pub(super) fn unheard_alarm(&mut self, alarm: Alarm) {
        let seat = &self.core.seats[alarm.life.node() as usize];
        if seat.alive && seat.incarnation == alarm.life.incarnation() {
            self.core.agenda.put_off(seat.thaws, alarm);
        }
    }

    /// Kills a node; false if it is not alive.
    pub(crate) fn kill(&mut self, node: u32) -> bool {
        let alive = self.core.seats[node as usize].alive;
        self.stop(node, Cause::Reset);
        self.core.seats[node as usize].killed |= alive;
        alive
    }

    /// Tells a node to stop when it has finished what it holds; false if it is not in service.
    pub(crate) fn dismiss(&mut self, node: u32) -> bool {
        let seat = &mut self.core.seats[node as usize];
        let is_told = seat.alive && !seat.draining;
        seat.killed |= is_told;
        self.core.drain(node);
        is_told
    }

    /// Brings a node back that was killed or told to stop, as soon as it has stopped; false if it
    /// is not such a one, or something else brought it back.
    pub(crate) fn revive(&mut self, node: u32) -> bool {
        let seat = &mut self.core.seats[node as usize];
        let killed = std::mem::take(&mut seat.killed);
        if killed && seat.draining {
            seat.returns = true;
            return true;
        }
        let comes = killed && !seat.alive;
        if comes {
            self.start(node);
        }
        comes
    }

    /// A node's time stands still until then: it hears nothing, and gets all of it afterwards.
    /// False if it is not alive.
    pub(crate) fn freeze(&mut self, node: u32, until: Nanos) -> bool {
        let seat = &mut self.core.seats[node as usize];
        if seat.alive {
            seat.thaws = seat.thaws.max(until);
            seat.settle();
        }
        seat.alive
    }

    /// Ends a freeze whose time has come; false if there is none.
    pub(crate) fn thaw(&mut self, node: u32) -> bool {
        let now = self.core.now;
        let seat = &mut self.core.seats[node as usize];
        let due = seat.thaws > 0 && seat.thaws <= now;
        if due {
            seat.thaws = 0;
            seat.settle();
            self.core.release();
        }
        due
    }

    /// Cuts a node off from the network, or joins it again.
    pub(crate) fn cut(&mut self, node: u32, cut: bool) {
        let seat = &mut self.core.seats[node as usize];
        seat.cut = cut;
        seat.settle();
        self.core.release();
    }
}
