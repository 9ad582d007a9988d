//! A world that somebody watches, event by event: the same events, at the price of looking.

use super::{Behaviour, Progress, World};
use crate::engine::record::{End, Recorder};
use crate::engine::time::Nanos;

impl<C: Behaviour> World<C> {
    /// Keeps the ends of logical requests from now on.
    pub(crate) fn keep_ends(&mut self) {
        self.core.ends.get_or_insert_default();
    }

    /// The ends kept since the last time.
    pub(crate) fn take_ends(&mut self) -> Vec<End> {
        self.core.ends.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// [`World::advance`] while a recorder looks on; ends of logical requests must be kept.
    pub(crate) fn advance_watched(
        &mut self,
        until: Nanos,
        budget: u64,
        recorder: &mut Recorder,
    ) -> Progress {
        let stop = self.core.events.saturating_add(budget);
        // what was done from outside meanwhile
        recorder.after(&mut self.core, &self.nodes);
        loop {
            recorder.before(&self.core);
            let is_commanded = self.core.inbox.first().is_none() && !self.core.commands.is_empty();
            let progress = if is_commanded {
                self.obey();
                None
            } else {
                Some(self.advance(until, 1)).filter(|&progress| progress != Progress::Budget)
            };
            if progress != Some(Progress::Reached) {
                recorder.after(&mut self.core, &self.nodes);
            }
            match progress {
                Some(progress) => return progress,
                None if self.core.events >= stop => return Progress::Budget,
                None => {}
            }
        }
    }
}
