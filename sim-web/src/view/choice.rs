//! The empty page: what can be played, each with its question.

use yew::prelude::*;

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
        <ul class="presets">{ for state.presets.iter().map(|preset| entry(preset, send)) }</ul>
        </>
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
            </a>
        </li>
    }
}
