//! Which parts of a tree the reader passes over, because their faults are already known.

use std::collections::BTreeMap;

use crate::scenario::tree::Step;

/// A tree of steps whose marked ends are cut.
#[derive(Debug, Default)]
pub(super) struct Cuts {
    here: bool,
    below: BTreeMap<Step, Cuts>,
}

impl Cuts {
    /// The cuts inside a child.
    pub(super) fn below(&self, step: &Step) -> Option<&Cuts> {
        self.below.get(step)
    }

    /// Whether exactly this part is cut.
    pub(super) fn here(&self) -> bool {
        self.here
    }

    /// Whether nothing at all is cut, here or below.
    pub(super) fn is_empty(&self) -> bool {
        !self.here && self.below.is_empty()
    }

    /// Cuts out the part at `steps`, or what encloses it where that did not help before. False
    /// once only the whole is left.
    pub(super) fn cut(&mut self, steps: &[Step]) -> bool {
        let target = match self.covered(steps) {
            Some(depth) => depth.saturating_sub(1),
            None => steps.len(),
        };
        let mut cuts = self;
        for step in &steps[..target] {
            cuts = cuts.below.entry(step.clone()).or_default();
        }
        cuts.here = true;
        target > 0
    }

    /// Whether the part at `steps` or something around it is cut.
    pub(super) fn covers(&self, steps: &[Step]) -> bool {
        self.covered(steps).is_some()
    }

    /// Whether the field `name` of the map at `steps` is cut.
    pub(super) fn covers_field(&self, steps: &[Step], name: &str) -> bool {
        let at = steps.iter().try_fold(self, |cuts, step| cuts.below(step));
        at.and_then(|cuts| cuts.below(&Step::Key(name.to_string()))).is_some_and(Cuts::here)
    }

    /// Whether anything inside the part at `steps` is cut.
    pub(super) fn any_below(&self, steps: &[Step]) -> bool {
        let at = steps.iter().try_fold(self, |cuts, step| cuts.below(step));
        at.is_some_and(|cuts| !cuts.below.is_empty())
    }

    /// How many steps lead to the outermost cut on the way.
    fn covered(&self, steps: &[Step]) -> Option<usize> {
        let mut cuts = self;
        for (depth, step) in steps.iter().enumerate() {
            cuts = cuts.below(step)?;
            if cuts.here {
                return Some(depth + 1);
            }
        }
        None
    }
}
