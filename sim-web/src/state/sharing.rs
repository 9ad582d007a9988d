//! The link that lets somebody else see the same run.

use sim_core::DIGEST_EPOCH;

use super::edits::Edits;
use super::fragment::Wish;
use super::opening::Source;
use super::{Effect, State};
use crate::protocol::{Doing, Speed};

/// Characters of a link beyond which other programs cut it.
pub const LINK_MAX: usize = 2_000;

/// A link for somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// It is there to be copied.
    Made(String),
    /// The browser has copied it.
    Copied(String),
    /// It would have so many characters: the file is the better way.
    TooLong(usize),
}

impl State {
    /// Makes a link to what is edited, or to what is played with all its changes. `base` is the
    /// page's address without a fragment.
    pub(super) fn share(&mut self, base: &str) -> Vec<Effect> {
        let wish = Wish { epoch: Some(DIGEST_EPOCH), ..Wish::default() };
        let (source, wish) = if self.editor.open {
            (self.editor.source(), wish)
        } else {
            let Some(source) = self.source.clone() else { return Vec::new() };
            let over = self.course.progress.doing == Doing::Finished;
            let play = Some(if over { Speed::Max } else { self.speed });
            let (seed, changes) = (self.wish.seed, self.course.changes.clone());
            (source, Wish { seed, play, changes, ..wish })
        };
        let link = format!("{base}{}", self.shortest(&source, wish).text());
        let length = link.chars().count();
        if length > LINK_MAX {
            self.shared = Some(Link::TooLong(length));
            return Vec::new();
        }
        self.shared = Some(Link::Made(link.clone()));
        vec![Effect::Copy(link)]
    }

    /// The shortest way to say which scenario.
    fn shortest(&self, source: &Source, wish: Wish) -> Wish {
        let whole = Wish { scenario: Some(source.text.clone()), ..wish.clone() };
        let named = |name: &String| self.presets.iter().find(|preset| preset.name == *name);
        let Some(preset) = source.preset.as_ref().and_then(named) else { return whole };
        let same = *preset.text == *source.text;
        let edits = (!same).then(|| Edits::between(&preset.text, &source.text));
        let made = Wish { preset: Some(preset.name.clone()), edits, ..wish };
        if same || made.text().len() <= whole.text().len() { made } else { whole }
    }
}
