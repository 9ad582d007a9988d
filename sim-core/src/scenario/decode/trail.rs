//! The way from the root to a node.

use crate::scenario::tree::{Step, push_step};

/// The way from the root to a node, kept on the stack: it is written out only for a fault.
#[derive(Clone, Copy)]
pub(super) enum Trail<'a> {
    /// The path at which the root itself stands.
    Root(&'a str),
    Key(&'a Trail<'a>, &'a str),
    Index(&'a Trail<'a>, usize),
}

impl Trail<'_> {
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut here = self;
        loop {
            match here {
                Trail::Root(_) => break,
                Trail::Key(up, key) => {
                    steps.push(Step::Key((*key).to_string()));
                    here = up;
                }
                Trail::Index(up, index) => {
                    steps.push(Step::Index(*index));
                    here = up;
                }
            }
        }
        steps.reverse();
        steps
    }

    pub(super) fn path(&self) -> String {
        let mut root = self;
        while let Trail::Key(up, _) | Trail::Index(up, _) = root {
            root = up;
        }
        let Trail::Root(path) = root else { return String::new() };
        join(path, &self.steps())
    }
}

/// The dotted path of `steps` below `root`.
pub(super) fn join(root: &str, steps: &[Step]) -> String {
    let mut path = root.to_string();
    steps.iter().for_each(|step| push_step(&mut path, step));
    path
}
