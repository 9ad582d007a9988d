//! Typing, changing the picture, opening, keeping and undoing: nothing that was written is lost.

use super::*;
use crate::session::tests::text;

const SMALL: &str = "four-workers-forty-rps";

/// An editor with a worker that answers at once.
#[derive(Default)]
struct Desk {
    editor: Editor,
    kept: Option<String>,
    selected: Vec<(u32, u32)>,
}

impl Desk {
    fn with(text: &str) -> Self {
        let mut desk = Desk::default();
        desk.take(Editing::File(Ok(("shop.yaml".into(), text.to_owned()))));
        desk
    }

    /// Everything that follows happens at once, rests too.
    fn take(&mut self, editing: Editing) {
        let mut effects = self.editor.take(editing);
        while let Some(effect) = effects.pop() {
            match effect {
                Effect::Send(command) => self.obey(command),
                Effect::Later(_, message) => {
                    let Message::Editing(rested) = *message else { panic!("{message:?}") };
                    effects.extend(self.editor.take(rested));
                }
                Effect::Keep(kept) => self.kept = kept,
                Effect::Select(from, to, _) => self.selected.push((from, to)),
                Effect::Save(..) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn obey(&mut self, command: Command) {
        let mut session = crate::session::Session::default();
        for answer in session.obey(command, 0.0) {
            let crate::protocol::Answer::Checked { version, notes, parts } = answer else {
                panic!("{answer:?}")
            };
            self.editor.hear(version, notes, parts);
        }
    }

    fn errors(&self) -> Vec<&str> {
        assert!(self.editor.checked);
        self.editor.notes.iter().filter(|n| n.error).map(|n| &n.message[..]).collect()
    }
}

#[test]
fn what_is_typed_is_checked_and_a_mistake_has_its_line() {
    let good = text(SMALL);
    let mut desk = Desk::with(&good);
    assert!(desk.errors().is_empty() && !desk.editor.parts.is_empty());
    let bad = good.replacen("workers:", "wrokers:", 1);
    desk.take(Editing::Typed(bad.clone()));
    assert!(desk.editor.wrong());
    let note = desk.editor.notes.iter().find(|note| note.code == "E010").unwrap();
    let line = bad.lines().position(|line| line.contains("wrokers")).unwrap() + 1;
    assert_eq!(note.line, Some(line as u32));
    assert!(note.remedy.contains("workers"), "{note:?}");
    desk.take(Editing::GoTo(note.line.unwrap()));
    let (from, to) = desk.selected[0];
    assert!(bad[from as usize..to as usize].contains("wrokers"));
    desk.take(Editing::Undo);
    assert_eq!((&*desk.editor.text, desk.editor.wrong()), (&good[..], false));
    desk.take(Editing::Redo);
    assert_eq!(&*desk.editor.text, &bad[..]);
}

#[test]
fn an_old_word_on_a_newer_text_is_not_heard() {
    let mut desk = Desk::with(&text(SMALL));
    let effects = desk.editor.take(Editing::Typed("a: [".into()));
    assert!(!desk.editor.checked && matches!(effects[..], [Effect::Later(REST_MS, _)]));
    desk.editor.hear(1, Vec::new(), None);
    assert!(!desk.editor.checked);
    // and who types on is not checked in the middle of a word
    assert_eq!(desk.editor.take(Editing::Rested(1)), []);
}

#[test]
fn unsaved_work_is_kept_until_it_stands_in_a_file() {
    let mut desk = Desk::with("a: 1\n");
    assert_eq!(desk.kept, None);
    desk.take(Editing::Typed("a: 2\n".into()));
    let kept = desk.kept.clone();
    assert_eq!(Work::read(kept.as_deref().unwrap()).unwrap().text, "a: 2\n");
    // the next visit
    let mut next = Desk::default();
    next.take(Editing::Kept(kept.clone()));
    assert!(!next.editor.open && next.editor.found.is_some());
    next.take(Editing::Restore);
    assert_eq!(
        (&*next.editor.text, &next.editor.name[..], next.editor.open),
        ("a: 2\n", "shop", true)
    );
    assert_eq!(next.kept, kept, "it stands in no file yet");
    next.take(Editing::Save);
    assert_eq!((next.kept, next.editor.unsaved()), (None, false));
    // looking at something else does not throw away what was found
    let mut other = Desk { kept: kept.clone(), ..Desk::default() };
    other.take(Editing::Kept(kept.clone()));
    other.take(Editing::Own);
    assert_eq!((other.kept.clone(), other.editor.found.is_some()), (kept, true));
    other.take(Editing::Discard);
    assert_eq!((other.kept, other.editor.found), (None, None));
    let mut broken = Desk::default();
    broken.take(Editing::Kept(Some("{".into())));
    assert!(broken.editor.said.is_some() && broken.editor.found.is_none());
}

#[test]
fn a_file_takes_the_place_of_the_text_and_undo_brings_it_back() {
    let mut desk = Desk::with("a: 1\n");
    desk.take(Editing::Typed("a: 2\n".into()));
    desk.take(Editing::File(Ok(("other.shop.yml".into(), "b: 1\n".into()))));
    assert_eq!((&desk.editor.name[..], &*desk.editor.text), ("other.shop", "b: 1\n"));
    desk.take(Editing::Undo);
    assert_eq!(&*desk.editor.text, "a: 2\n");
    desk.take(Editing::File(Ok(("big.yaml".into(), "x".repeat(TEXT_MAX + 1)))));
    assert!(desk.editor.said.as_ref().is_some_and(|said| said.contains("1 MiB")));
    assert_eq!(&*desk.editor.text, "a: 2\n");
}

#[test]
fn the_picture_changes_the_text_and_keeps_its_comments() {
    let before = starters::SCENARIO;
    let mut desk = Desk::with(before);
    assert_eq!(desk.errors(), [""; 0]);
    desk.take(Editing::Choose("nodes.db".into()));
    desk.take(Editing::Add("cache".into()));
    assert_eq!(desk.errors(), [""; 0]);
    assert!(desk.editor.text.contains("  cache: {component: cache, hit: 90%, origin: db}\n"));
    desk.take(Editing::Add("cache".into()));
    assert!(desk.editor.text.contains("  cache-2: "));
    desk.take(Editing::Choose("nodes.app".into()));
    let app = desk.editor.part().unwrap().clone();
    assert_eq!(Editor::links(&app), ["database"]);
    desk.take(Editing::Connect("database".into(), "cache".into()));
    let called = |desk: &Desk, name: &str| {
        let parts = &desk.editor.parts;
        let app = parts.iter().find(|part| part.name == "app").unwrap();
        app.calls.iter().any(|&to| parts[to as usize].name == name)
    };
    assert!(called(&desk, "cache") && !called(&desk, "db"), "{:?}", desk.editor.notes);
    desk.take(Editing::Duplicate);
    assert!(desk.editor.parts.iter().any(|part| part.name == "app-2"));
    desk.take(Editing::Remove);
    // the balancer leads nowhere now, which is said
    assert!(desk.errors().iter().any(|error| error.contains("app")), "{:?}", desk.errors());
    let comments = |text: &str| text.lines().filter(|l| l.trim().starts_with('#')).count();
    assert_eq!(comments(&desk.editor.text), comments(before));
    for _ in 0..5 {
        desk.take(Editing::Undo);
    }
    assert_eq!(&*desk.editor.text, before);
    desk.take(Editing::Typed("a: [".into()));
    desk.take(Editing::Add("database".into()));
    assert!(desk.editor.said.is_some() && &*desk.editor.text == "a: [", "{:?}", desk.editor.said);
}

#[test]
fn everything_that_can_be_added_is_valid_as_it_is_added() {
    for (word, told) in starters::all() {
        let mut desk = Desk::with(starters::SCENARIO);
        desk.take(Editing::Choose("nodes.app".into()));
        desk.take(Editing::Add(word.to_owned()));
        assert_eq!((desk.errors(), &desk.editor.said), (vec![], &None), "{word}");
        assert!(desk.editor.text.len() > starters::SCENARIO.len() && !told.is_empty());
    }
    let mut desk = Desk::with("busyhour: 1\nduration: 1s\n");
    desk.take(Editing::Add("balancer".into()));
    assert!(desk.editor.said.is_some());
    desk.take(Editing::Add("database".into()));
    assert!(desk.editor.text.ends_with("nodes:\n  database: {component: database, cores: 4}\n"));
}

#[test]
fn keys_in_the_text_are_steps_of_their_own() {
    let mut desk = Desk::with("nodes:");
    let selected = Selected { text: "nodes:".into(), from: 6, to: 6 };
    desk.take(Editing::Pressed(Key::Enter, selected));
    assert_eq!((&*desk.editor.text, desk.selected.last()), ("nodes:\n  ", Some(&(9, 9))));
    desk.take(Editing::Undo);
    assert_eq!(&*desk.editor.text, "nodes:");
}
