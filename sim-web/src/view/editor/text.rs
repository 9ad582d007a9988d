//! The text with its lines' numbers, and the keys that mean something in it.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::prelude::JsCast;
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

use crate::protocol::Note;
use crate::state::Message;
use crate::state::editor::typing::{Key, Selected};
use crate::state::editor::{Editing, Editor};

/// The id of the text.
pub(crate) const ID: &str = "text";
/// The least height, in lines.
const LINES: usize = 24;

/// Whether Escape was pressed last: Tab leaves the text then, as everywhere else.
pub(crate) type Leaving = Rc<Cell<bool>>;

pub(super) fn text(editor: &Editor, send: &Callback<Message>, leaving: &Leaving) -> Html {
    let lines = editor.text.split('\n').count();
    let numbers: Vec<String> = (1..=lines).map(|line| line.to_string()).collect();
    let typed = send.reform(|event: InputEvent| {
        let area: Option<HtmlTextAreaElement> = event.target().and_then(|on| on.dyn_into().ok());
        Message::Editing(Editing::Typed(area.map(|area| area.value()).unwrap_or_default()))
    });
    let keys = {
        let (send, leaving) = (send.clone(), Rc::clone(leaving));
        Callback::from(move |event: KeyboardEvent| {
            if let Some(editing) = meant(&event, &leaving) {
                event.prevent_default();
                send.emit(Message::Editing(editing));
            }
        })
    };
    html! {
        <>
        <div class="code">
            <div class="numbers" aria-hidden="true">
                <pre>{ numbers.join("\n") }</pre>
                { for editor.notes.iter().filter_map(mark) }
            </div>
            <textarea id={ID} value={editor.text.to_string()} rows={lines.max(LINES).to_string()}
                wrap="off" spellcheck="false" autocomplete="off" autocapitalize="off"
                aria-label="The scenario, YAML" aria-describedby="text-keys"
                oninput={typed} onkeydown={keys} />
        </div>
        <p id="text-keys" class="note">
            <kbd>{ "Ctrl+Enter" }</kbd>{ " plays it, " }<kbd>{ "Tab" }</kbd>
            { " indents; " }<kbd>{ "Esc" }</kbd>{ " and then " }<kbd>{ "Tab" }</kbd>
            { " goes on to the next control." }
        </p>
        </>
    }
}

/// A problem beside the number of its line.
fn mark(note: &Note) -> Option<Html> {
    let line = note.line?;
    let class = if note.error { "mark error" } else { "mark" };
    let style = format!("top:calc({} * var(--line))", line - 1);
    let title = format!("{}: {}", note.code, note.message);
    Some(html! { <i {class} {style} {title}>{ if note.error { "\u{2717}" } else { "!" } }</i> })
}

fn meant(event: &KeyboardEvent, leaving: &Leaving) -> Option<Editing> {
    let key = event.key();
    let escaped = leaving.replace(key == "Escape" || (leaving.get() && key == "Shift"));
    let command = event.ctrl_key() || event.meta_key();
    if event.alt_key() || event.is_composing() {
        return None;
    }
    let pressed = |key: Key| {
        let area: HtmlTextAreaElement = event.target()?.dyn_into().ok()?;
        let place = |at: Result<Option<u32>, _>| at.ok().flatten().unwrap_or(0);
        let (from, to) = (place(area.selection_start()), place(area.selection_end()));
        Some(Editing::Pressed(key, Selected { text: area.value(), from, to }))
    };
    match (command, event.shift_key(), &key[..]) {
        (true, _, "Enter") => Some(Editing::Play),
        (true, false, "z") => Some(Editing::Undo),
        (true, true, "z" | "Z") | (true, false, "y") => Some(Editing::Redo),
        (false, _, "Tab") if escaped => None,
        (false, false, "Tab") => pressed(Key::Tab),
        (false, true, "Tab") => pressed(Key::BackTab),
        (false, false, "Enter") => pressed(Key::Enter),
        _ => None,
    }
}
