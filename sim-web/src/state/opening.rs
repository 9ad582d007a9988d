//! Which scenario is wanted, by address, by choice or out of the editor, and how it is opened.

use std::rc::Rc;

use sim_core::{DIGEST_EPOCH, Saved, is_saved};

use super::editor::Editing;
use super::fragment::Wish;
use super::{Effect, Stage, State};
use crate::protocol::Command;

/// The scenario that is played, or was wanted last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Its name as a file has it.
    pub name: String,
    /// Its text.
    pub text: Rc<str>,
    /// The shipped scenario that it is or was made of.
    pub preset: Option<String>,
}

/// What a command saved as JSON, opened in the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The file's name.
    pub file: String,
    /// The scenario's, the sweep's or the plan's.
    pub name: String,
    /// The answer as a part of the page.
    pub part: String,
}

impl State {
    /// Shows a saved answer; what runs stands still meanwhile.
    fn show(&mut self, file: String, text: &str) -> Vec<Effect> {
        match Saved::read(text) {
            Ok(saved) => {
                let (name, part) = (saved.name().to_owned(), saved.to_part());
                self.shown = Some(Rc::new(Shown { file, name, part }));
                self.notice = None;
                self.running(Command::Pause)
            }
            Err(why) => {
                self.notice = Some(format!("{file} cannot be shown: {why}."));
                Vec::new()
            }
        }
    }

    /// A shipped scenario is chosen.
    pub(super) fn choose(&mut self, name: String) -> Vec<Effect> {
        self.wish = Wish { preset: Some(name), ..Wish::default() };
        self.at_once = false;
        let mut effects = vec![Effect::Address(self.wish.text())];
        effects.extend(self.begin());
        effects
    }

    /// Back to the choice.
    pub(super) fn leave(&mut self) -> Vec<Effect> {
        self.wish = Wish::default();
        self.editor.open = false;
        self.shown = None;
        self.clear(Stage::Choosing);
        vec![Effect::Send(Command::Stop), Effect::Address("#".to_owned())]
    }

    /// The address has changed.
    pub(super) fn address(&mut self, fragment: &str) -> Vec<Effect> {
        match Wish::read(fragment) {
            Ok(wish) if wish == self.wish && self.stage != Stage::Choosing => Vec::new(),
            Ok(wish) => {
                self.wish = wish;
                self.begin()
            }
            // a link that means nothing ends nothing
            Err(why) if self.stage == Stage::Running => {
                self.notice = Some(format!("That link cannot be opened: {why}."));
                vec![Effect::Address(self.wish.text())]
            }
            Err(why) => self.fail(why),
        }
    }

    fn fail(&mut self, why: String) -> Vec<Effect> {
        self.clear(Stage::Failed(why));
        vec![Effect::Send(Command::Stop)]
    }

    /// Loads what is wished for.
    pub(super) fn begin(&mut self) -> Vec<Effect> {
        let source = match self.wanted() {
            Ok(Some(source)) => source,
            Ok(None) => {
                self.editor.open = false;
                self.clear(Stage::Choosing);
                return vec![Effect::Send(Command::Stop)];
            }
            Err(why) => return self.fail(why),
        };
        self.clear(Stage::Loading);
        self.shown = None;
        (self.own, self.notice, self.editor.open) = (self.wish.edited, self.other_epoch(), false);
        let (name, text) = (source.name.clone(), source.text.to_string());
        self.source = Some(source);
        vec![Effect::Send(Command::Load { name, text, seed: self.wish.seed })]
    }

    /// What concerns the run and the editor both; the rest is the editor's.
    pub(super) fn editing(&mut self, editing: Editing) -> Vec<Effect> {
        match editing {
            Editing::Open => {
                let Some(source) = self.source.clone() else { return Vec::new() };
                self.shared = None;
                let stand = self.running(Command::Pause);
                [stand, self.editor.show_source(&source)].concat()
            }
            Editing::File(Ok((name, text))) if is_saved(&text) => self.show(name, &text),
            Editing::Play if self.editor.wrong() => Vec::new(),
            Editing::Play => {
                self.source = Some(self.editor.played());
                (self.own, self.at_once) = (true, true);
                self.wish = Wish { edited: true, seed: self.wish.seed, ..Wish::default() };
                let mut effects = vec![Effect::Address(self.wish.text())];
                // who plays at once has not rested from typing
                effects.extend(self.editor.keep());
                effects.extend(self.begin());
                effects
            }
            editing => {
                if matches!(editing, Editing::File(Ok(_))) {
                    self.shown = None;
                }
                if !matches!(editing, Editing::Rested(_) | Editing::GoTo(_)) {
                    self.shared = None;
                }
                let effects = self.editor.take(editing);
                if !self.editor.open && self.stage != Stage::Choosing {
                    self.notice = self.editor.said.take().or(self.notice.take());
                }
                effects
            }
        }
    }

    /// The scenario that the address asks for; `None` where it asks for none.
    ///
    /// # Errors
    /// A sentence if there is no such scenario.
    fn wanted(&self) -> Result<Option<Source>, String> {
        if let Some(text) = &self.wish.scenario {
            return Ok(Some(Source { name: "scenario".into(), text: text.clone(), preset: None }));
        }
        if self.wish.edited {
            let editor = &self.editor;
            return match (self.source.clone().filter(|_| self.own), editor.text.is_empty()) {
                (Some(source), _) => Ok(Some(source)),
                (None, false) => Ok(Some(editor.source())),
                (None, true) => Ok(None),
            };
        }
        let Some(name) = &self.wish.preset else { return Ok(None) };
        let Some(preset) = self.presets.iter().find(|preset| preset.name == *name) else {
            let names: Vec<&str> = self.presets.iter().map(|preset| &preset.name[..]).collect();
            let remedy = sim_core::nearest_remedy(name, &names);
            let name: String = name.chars().take(40).collect();
            return Err(format!("no scenario is called \"{name}\": {remedy}"));
        };
        let text = match &self.wish.edits {
            Some(edits) => edits.of(&preset.text)?,
            None => preset.text.clone(),
        };
        let (name, preset) = (name.clone(), Some(name.clone()));
        Ok(Some(Source { name, text: text.into(), preset }))
    }

    /// What to say of a link that another version of Busyhour made.
    fn other_epoch(&self) -> Option<String> {
        let epoch = self.wish.epoch.filter(|epoch| *epoch != DIGEST_EPOCH)?;
        let age = if epoch < DIGEST_EPOCH { "an older" } else { "a newer" };
        Some(format!(
            "This link was made by {age} version of Busyhour (digest epoch {epoch}; this one has \
             {DIGEST_EPOCH}): the run may differ from the one that was meant."
        ))
    }
}
