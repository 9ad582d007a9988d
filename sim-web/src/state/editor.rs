//! The scenario as it is edited: its text, what the reader says of it, and the way back.

mod history;
pub mod kept;
pub mod starters;
#[cfg(test)]
mod tests;
pub mod typing;

use std::rc::Rc;

use sim_core::{Edit, edit};

use self::history::History;
use self::kept::Work;
use self::typing::{Key, Selected};
use super::opening::Source;
use super::packed::TEXT_MAX;
use super::topology::Map;
use super::{Effect, Message};
use crate::protocol::{Command, Note, Part};

/// How long one rests before what was typed is checked and kept, ms.
const REST_MS: u32 = 300;

/// The editor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Editor {
    /// Whether it is shown.
    pub open: bool,
    /// The scenario's name, as a file has it before its end.
    pub name: String,
    /// The text.
    pub text: Rc<str>,
    /// The text when it was opened or saved: what need not be kept.
    saved: Rc<str>,
    /// What the reader says of it.
    pub notes: Vec<Note>,
    /// Whether that is about the text as it stands.
    pub checked: bool,
    /// The parts as they could be read last.
    pub parts: Rc<Vec<Part>>,
    /// Where these stand in the picture.
    pub map: Rc<Map>,
    /// The part that is chosen, by its place in the scenario.
    pub chosen: Option<String>,
    /// Work that the browser has kept from last time.
    pub found: Option<Work>,
    /// What else is to be said: why a change was refused, why nothing is kept.
    pub said: Option<String>,
    /// The shipped scenario that it was made of.
    preset: Option<String>,
    /// The text that it was opened with.
    origin: Rc<str>,
    history: History,
    version: u32,
    /// Whether this visit has kept something.
    keeps: bool,
}

/// What happens in the editor.
#[derive(Clone, Debug, PartialEq)]
pub enum Editing {
    /// Show it, with the scenario that is played.
    Open,
    /// Show it with a small scenario to begin from.
    Own,
    /// Show it as it was left.
    Back,
    /// Hide it.
    Close,
    /// This was typed.
    Typed(String),
    /// A key with a meaning of its own was pressed.
    Pressed(Key, Selected),
    /// One has rested since this version of the text.
    Rested(u32),
    /// The text before.
    Undo,
    /// The text that was undone.
    Redo,
    /// Bring a line, from 1, before the person's eyes.
    GoTo(u32),
    /// Play the text.
    Play,
    /// Hand it over as a file.
    Save,
    /// A file was opened: its name and text, or why not.
    File(Result<(String, String), String>),
    /// The browser has kept this, or nothing.
    Kept(Option<String>),
    /// The browser keeps nothing more, and why.
    NotKept(String),
    /// Take up what was kept.
    Restore,
    /// Forget what was kept.
    Discard,
    /// Choose a part of the picture.
    Choose(String),
    /// Add a part of that kind, leading to the chosen one.
    Add(String),
    /// Remove the chosen part.
    Remove,
    /// Put the chosen part there once more.
    Duplicate,
    /// Let a field of the chosen part name another part.
    Connect(String, String),
}

impl Editor {
    /// Takes in what happens; what concerns the run is done by the page.
    pub(super) fn take(&mut self, editing: Editing) -> Vec<Effect> {
        match editing {
            Editing::Typed(text) => {
                let text: Rc<str> = text.into();
                if text == self.text {
                    return Vec::new();
                }
                self.history.typed(&self.text);
                self.text = text;
                self.changed()
            }
            Editing::Pressed(key, selected) => {
                let after = selected.after(key);
                let caret = Effect::Select(after.from, after.to, true);
                self.history.step(&self.text);
                self.text = after.text.into();
                [self.changed(), vec![caret]].concat()
            }
            Editing::Rested(version) if version == self.version => self.rested(),
            Editing::Undo => self.back(History::undo),
            Editing::Redo => self.back(History::redo),
            Editing::GoTo(number) => {
                let (from, to) = typing::line(&self.text, number);
                vec![Effect::Select(from, to, true)]
            }
            Editing::Save => {
                self.saved = Rc::clone(&self.text);
                let (name, text) = (format!("{}.yaml", self.name), self.text.to_string());
                vec![Effect::Save(name, "application/yaml", text), Effect::Keep(None)]
            }
            Editing::File(Ok((name, text))) => self.file(&name, text),
            Editing::File(Err(why)) | Editing::NotKept(why) => {
                self.said = Some(why);
                Vec::new()
            }
            Editing::Kept(kept) => self.kept(kept),
            Editing::Restore => match self.found.take() {
                Some(Work { name, text, .. }) => self.show(&name, &text, false),
                None => Vec::new(),
            },
            Editing::Discard => {
                self.found = None;
                vec![Effect::Keep(None)]
            }
            Editing::Choose(path) => {
                self.chosen = (self.chosen.as_ref() != Some(&path)).then_some(path);
                Vec::new()
            }
            Editing::Add(word) => self.add(&word),
            Editing::Remove => self.of_chosen(|path| Edit::Remove { path }),
            Editing::Duplicate => {
                let name = self.free(self.chosen.as_deref().and_then(last).unwrap_or_default());
                self.of_chosen(|path| Edit::Duplicate { path, name })
            }
            Editing::Connect(field, to) => {
                self.of_chosen(|path| Edit::Set { path: format!("{path}.{field}"), value: to })
            }
            Editing::Own => self.show("my-shop", starters::SCENARIO, true),
            Editing::Back | Editing::Close => {
                self.open = matches!(editing, Editing::Back);
                Vec::new()
            }
            Editing::Rested(_) | Editing::Open | Editing::Play => Vec::new(),
        }
    }

    /// Shows a text; the one that stood there before comes back with undo. A text that stands in
    /// a file or in the page already is `known`: it need not be kept.
    pub(super) fn show(&mut self, name: &str, text: &str, known: bool) -> Vec<Effect> {
        self.open = true;
        if *self.text != *text {
            if !self.text.is_empty() {
                self.history.step(&self.text);
            }
            self.text = text.into();
        }
        self.name = name.to_owned();
        if known {
            self.saved = Rc::clone(&self.text);
        }
        (self.preset, self.origin) = (None, Rc::clone(&self.text));
        (self.chosen, self.said) = (None, None);
        self.version += 1;
        self.rested()
    }

    /// Shows the scenario that is played, or what was made of it meanwhile.
    pub(super) fn show_source(&mut self, source: &Source) -> Vec<Effect> {
        if self.origin == source.text {
            self.open = true;
            return Vec::new();
        }
        let shown = self.show(&source.name, &source.text, true);
        self.preset.clone_from(&source.preset);
        shown
    }

    /// The text as a scenario.
    pub(super) fn source(&self) -> Source {
        let (name, text, preset) = (self.name.clone(), self.text.clone(), self.preset.clone());
        Source { name, text, preset }
    }

    /// The text as the scenario that is played from now on.
    pub(super) fn played(&mut self) -> Source {
        self.origin = Rc::clone(&self.text);
        self.source()
    }

    /// The reader's word on a version of the text.
    pub(super) fn hear(&mut self, version: u32, notes: Vec<Note>, parts: Option<Vec<Part>>) {
        if version != self.version {
            return;
        }
        (self.notes, self.checked) = (notes, true);
        if let Some(parts) = parts {
            self.map = Rc::new(Map::of(&parts));
            self.parts = Rc::new(parts);
        }
        let there = |path: &String| self.parts.iter().any(|part| part.path == *path);
        self.chosen = self.chosen.take().filter(there);
    }

    /// Whether it has text that stands nowhere else.
    #[must_use]
    pub fn unsaved(&self) -> bool {
        self.text != self.saved
    }

    /// Whether there is something to undo, and to redo.
    #[must_use]
    pub fn can(&self) -> (bool, bool) {
        self.history.can()
    }

    /// Whether the text is known to be unplayable.
    #[must_use]
    pub fn wrong(&self) -> bool {
        self.checked && self.notes.iter().any(|note| note.error)
    }

    /// The chosen part.
    #[must_use]
    pub fn part(&self) -> Option<&Part> {
        let chosen = self.chosen.as_ref()?;
        self.parts.iter().find(|part| part.path == *chosen)
    }

    /// The fields of a part that name another one.
    #[must_use]
    pub fn links(part: &Part) -> Vec<String> {
        let knobs = sim_core::manual(&part.component).map_or(&[][..], |manual| &manual.knobs);
        let names = |kind: &str| ["name of a node", "name of a service"].contains(&kind);
        let there = |path: &str| match path.rsplit_once('.') {
            None => true,
            Some((above, _)) => part.form.get(above).is_some_and(serde_json::Value::is_object),
        };
        let single = knobs
            .iter()
            .filter(|knob| names(&knob.kind) && !knob.path.starts_with("steps"))
            .map(|knob| knob.path.clone());
        single.filter(|path| there(path) && path != "service").collect()
    }

    fn changed(&mut self) -> Vec<Effect> {
        self.version += 1;
        (self.checked, self.said) = (false, None);
        let rested = Message::Editing(Editing::Rested(self.version));
        vec![Effect::Later(REST_MS, Box::new(rested))]
    }

    /// What was typed is checked and kept.
    fn rested(&mut self) -> Vec<Effect> {
        self.history.rest();
        let (version, name) = (self.version, self.name.clone());
        let text = self.text.to_string();
        let keep = self.keep();
        let check = Effect::Send(Command::Check { version, name, text });
        [check].into_iter().chain(keep).collect()
    }

    /// Keeps what stands in no file.
    pub(super) fn keep(&mut self) -> Option<Effect> {
        let kept = self.unsaved().then(|| Work::new(&self.name, &self.text).stored());
        // what was kept at the last visit stays until there is something newer
        let keeps = std::mem::replace(&mut self.keeps, kept.is_some());
        (kept.is_some() || keeps).then_some(Effect::Keep(kept))
    }

    fn back(&mut self, way: fn(&mut History, &Rc<str>) -> Option<Rc<str>>) -> Vec<Effect> {
        let Some(text) = way(&mut self.history, &self.text) else { return Vec::new() };
        let at = typing::differs(&self.text, &text);
        self.text = text;
        [self.changed(), vec![Effect::Select(at, at, false)]].concat()
    }

    fn file(&mut self, name: &str, text: String) -> Vec<Effect> {
        if text.len() > TEXT_MAX {
            self.said = Some(format!("{name} is larger than 1 MiB, which no scenario may be"));
            return Vec::new();
        }
        let name = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        self.show(name, &text, true)
    }

    fn kept(&mut self, kept: Option<String>) -> Vec<Effect> {
        match kept.as_deref().map(Work::read) {
            Some(Ok(work)) => self.found = Some(work),
            Some(Err(why)) => self.said = Some(why),
            None => {}
        }
        Vec::new()
    }

    /// A name that no part has yet.
    fn free(&self, word: &str) -> String {
        starters::free_name(word, |name| {
            self.parts.iter().any(|part| last(&part.path) == Some(name))
        })
    }

    /// Which part a new one leads to: the chosen one, or what stands before it where it has
    /// several instances, or the first that will do.
    fn target(&self, word: &str) -> Option<String> {
        let will_do = |part: &&Part| {
            part.path.starts_with("nodes.")
                && (part.instances < 2 || starters::takes_many(word))
                && starters::suits(word, &part.component)
        };
        let parts = || self.parts.iter().filter(will_do);
        let chosen = self.parts.iter().position(|part| Some(&part.path) == self.chosen.as_ref());
        let leads = |part: &&Part| part.calls.iter().any(|&to| Some(to as usize) == chosen);
        let itself = parts().find(|part| Some(&part.path) == self.chosen.as_ref());
        let found = itself.or_else(|| parts().find(leads)).or_else(|| parts().next());
        found.map(|part| part.name.clone())
    }

    fn add(&mut self, word: &str) -> Vec<Effect> {
        let to = self.target(word);
        if to.is_none() && starters::leads(word) {
            self.said = Some(format!("a {word} leads to another part: add that one first"));
            return Vec::new();
        }
        let to = to.unwrap_or_default();
        let Some((section, form)) = starters::starter(word, &to) else { return Vec::new() };
        let over = starters::over_service(section);
        let name = if over { to } else { self.free(word) };
        let section = section.to_owned();
        self.edited(&Edit::Add { section, name, form })
    }

    fn of_chosen(&mut self, of: impl FnOnce(String) -> Edit) -> Vec<Effect> {
        match self.chosen.clone() {
            Some(path) => self.edited(&of(path)),
            None => Vec::new(),
        }
    }

    /// Changes the text as an edit of the picture has it, or says why not.
    fn edited(&mut self, wanted: &Edit) -> Vec<Effect> {
        match edit(&self.text, wanted) {
            Ok(text) => {
                self.history.step(&self.text);
                self.text = text.into();
                self.changed();
                self.rested()
            }
            Err(why) => {
                self.said = Some(why);
                Vec::new()
            }
        }
    }
}

/// The name at the end of a path.
fn last(path: &str) -> Option<&str> {
    path.rsplit('.').next()
}
