//! What was changed while it ran, as a list that can be edited and played again.

use serde_json::Value;
use wasm_bindgen::prelude::JsCast;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::some;
use crate::state::changes::{Edit, sentence, time, value};
use crate::state::{Message, State};

/// The list, where anything was changed.
pub(super) fn changes(state: &State, send: &Callback<Message>) -> Html {
    let edited = state.draft.is_some();
    let list = state.draft.as_ref().unwrap_or(&state.course.changes);
    if list.is_empty() && !edited {
        return Html::default();
    }
    let button = |name: &'static str, message: Message, class: &'static str| {
        let press = send.reform(move |_| message.clone());
        html! { <button type="button" {class} onclick={press}>{ name }</button> }
    };
    html! {
        <div id="changes">
            <h3>{ "What you changed" }</h3>
            <p class="note">
                { "Set another time or value, or take one out; then replay the run with these." }
            </p>
            if let Some((None, notes)) = &state.course.refused {
                <div role="alert" class="refused">{ super::answer::notes(notes) }</div>
            }
            <ol class="notes">{ for list.iter().enumerate().map(|one| entry(one, send)) }</ol>
            if list.is_empty() { <p class="note">{ "None is left." }</p> }
            <div class="group">
                { button("Replay", Message::Replay, if edited { "main" } else { "" }) }
                if edited {
                    { button("Undo the edits", Message::Edit(Edit::Undo), "") }
                }
                { button("Forget the changes", Message::Forget, "") }
                { button("Save the scenario with these", Message::SaveScenario, "") }
            </div>
        </div>
    }
}

fn entry((index, change): (usize, &Value), send: &Callback<Message>) -> Html {
    let said = sentence(change);
    let typed = move |event: Event| {
        let input: HtmlInputElement = event.target()?.dyn_into().ok()?;
        Some(input.value()).filter(|text| !text.trim().is_empty())
    };
    let at = some(send, move |event| Some(Message::Edit(Edit::At(index, typed(event)?))));
    let to = some(send, move |event| Some(Message::Edit(Edit::Value(index, typed(event)?))));
    let remove = send.reform(move |_| Message::Edit(Edit::Remove(index)));
    html! {
        <li>
            <input type="text" class="when" value={time(change)} onchange={at}
                aria-label={format!("Time of: {said}")} />
            <span class="what">{ &said }<code>{ change.to_string() }</code></span>
            if let Some((name, value)) = value(change) {
                <label class="to"><span>{ name }</span>
                    <input type="text" {value} onchange={to}
                        aria-label={format!("Value of: {said}")} /></label>
            }
            <button type="button" onclick={remove} aria-label={format!("Take out: {said}")}>
                { "Take out" }
            </button>
        </li>
    }
}
