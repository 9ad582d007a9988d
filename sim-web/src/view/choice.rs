//! The empty page: what can be played, each with its question.

use yew::prelude::*;

use super::editor;
use crate::state::editor::Editing;
use crate::state::presets::Preset;
use crate::state::{Message, State};

pub(super) fn choice(state: &State, send: &Callback<Message>) -> Html {
    html! {
        <>
        <h1>{ "Rehearse a cluster's busy hour" }</h1>
        <p class="summary">
            { "Choose a scenario and press play: every request is simulated, and the run is the \
               same to the last bit as on the command line." }
        </p>
        { found(state, send) }
        if let Some(said) = &state.editor.said {
            <div role="alert" class="refused"><p>{ said }</p></div>
        }
        <ul class="presets">{ for state.presets.iter().map(|preset| entry(preset, send)) }</ul>
        <div class="group own">
            { say("Write your own", Editing::Own, send) }
            { editor::open(send) }
            <span class="note">{
                "or drop a file anywhere on the page: a scenario, or what a command saved as JSON."
            }</span>
        </div>
        </>
    }
}

fn say(name: &'static str, editing: Editing, send: &Callback<Message>) -> Html {
    let press = send.reform(move |_| Message::Editing(editing.clone()));
    html! { <button type="button" onclick={press}>{ name }</button> }
}

/// Work of the last visit that stands in no file.
fn found(state: &State, send: &Callback<Message>) -> Html {
    let editor = &state.editor;
    if editor.unsaved() {
        return html! {
            <div class="found" role="status">
                <p>{ format!("{} is edited and stands in no file yet.", editor.name) }</p>
                <div class="group">{ say("Go on editing", Editing::Back, send) }</div>
            </div>
        };
    }
    let Some(work) = &editor.found else { return Html::default() };
    let lines = work.text.lines().count();
    html! {
        <div class="found" role="status">
            <p>{ format!("Restore what you were editing? {}, {lines} lines.", work.name) }</p>
            <div class="group">
                { say("Restore", Editing::Restore, send) }
                { say("Forget it", Editing::Discard, send) }
            </div>
        </div>
    }
}

fn entry(preset: &Preset, send: &Callback<Message>) -> Html {
    let name = preset.name.clone();
    let choose = send.reform(move |event: MouseEvent| {
        event.prevent_default();
        Message::Choose(name.clone())
    });
    html! {
        <li key={preset.name.clone()}>
            <a href={format!("#preset={}", preset.name)} onclick={choose}>
                <b>{ &preset.name }</b>
                <span>{ &preset.summary }</span>
                <em>{ &preset.question }</em>
            </a>
        </li>
    }
}
