//! The scenario's text and its picture side by side, with what the reader says of them.

mod outline;
mod text;

use yew::prelude::*;

pub(super) use self::text::{ID as TEXT, Leaving};
use super::{effects, share};
use crate::protocol::Note;
use crate::state::editor::{Editing, Editor};
use crate::state::{Message, State};

/// The editor instead of the run.
pub(super) fn editor(state: &State, send: &Callback<Message>, leaving: &Leaving) -> Html {
    let editor = &state.editor;
    html! {
        <section id="editor" aria-labelledby="editor-title">
            <h1 id="editor-title">{ format!("Edit {}", editor.name) }</h1>
            { tools(state, send) }
            if let Some(said) = &editor.said {
                <div role="alert" class="refused"><p>{ said }</p></div>
            }
            { share::status(state, send) }
            <div class="desk">
                <div>
                    { text::text(editor, send, leaving) }
                </div>
                <div>
                    { verdict(editor, send) }
                    { outline::outline(state, send) }
                </div>
            </div>
        </section>
    }
}

/// A button that does something to the text.
fn button(name: &'static str, editing: Editing, send: &Callback<Message>, able: bool) -> Html {
    let press = send.reform(move |_| Message::Editing(editing.clone()));
    html! { <button type="button" onclick={press} disabled={!able}>{ name }</button> }
}

fn tools(state: &State, send: &Callback<Message>) -> Html {
    let editor = &state.editor;
    let play = send.reform(|_| Message::Editing(Editing::Play));
    let (undo, redo) = editor.can();
    let back = if state.course.report.is_some() { "Back to the run" } else { "Close" };
    html! {
        <div class="group tools" role="group" aria-label="The text">
            <button type="button" class="play" onclick={play} disabled={editor.wrong()}
                title="Ctrl+Enter">{ "Play this" }</button>
            { button("Undo", Editing::Undo, send, undo) }
            { button("Redo", Editing::Redo, send, redo) }
            { open(send) }
            { button("Save the file", Editing::Save, send, true) }
            { share::button(send) }
            { button(back, Editing::Close, send, true) }
        </div>
    }
}

/// A button that asks for a file.
pub(super) fn open(send: &Callback<Message>) -> Html {
    let send = send.clone();
    let chosen = Callback::from(move |event: Event| effects::read_chosen(&event, &send));
    html! {
        <label class="file">
            { "Open a file" }
            <input type="file" accept=".yaml,.yml" onchange={chosen} />
        </label>
    }
}

/// What is wrong, and where.
fn verdict(editor: &Editor, send: &Callback<Message>) -> Html {
    let errors = editor.notes.iter().filter(|note| note.error).count();
    let said = match (errors, editor.notes.len()) {
        (0, 0) => "It can be played.".to_owned(),
        (0, 1) => "It can be played; one thing to think about.".to_owned(),
        (0, all) => format!("It can be played; {all} things to think about."),
        (1, _) => "One mistake to put right.".to_owned(),
        (errors, _) => format!("{errors} mistakes to put right."),
    };
    let class = if errors > 0 { "verdict missed" } else { "verdict held" };
    html! {
        <div id="problems">
            <p {class} role="status">{
                if editor.checked { said } else { "Reading \u{2026}".to_owned() }
            }</p>
            <ul class="notes">{ for editor.notes.iter().map(|note| problem(note, send)) }</ul>
        </div>
    }
}

fn problem(note: &Note, send: &Callback<Message>) -> Html {
    let class = if note.error { "missed" } else { "" };
    let place = match note.line {
        Some(line) => {
            let jump = send.reform(move |_| Message::Editing(Editing::GoTo(line)));
            html! {
                <button type="button" onclick={jump}>{ format!("Line {line}") }</button>
            }
        }
        None => Html::default(),
    };
    html! {
        <li>
            { place }
            <b {class}>{ &note.code }</b>{ format!(" {}: {}", note.path, note.message) }
            if !note.remedy.is_empty() { <br/><span class="note">{ &note.remedy }</span> }
        </li>
    }
}
