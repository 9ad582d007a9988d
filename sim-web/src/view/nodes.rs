//! The parts of the cluster: buttons that break and mend them, knobs that turn while it runs.

use serde_json::{Value, json};
use wasm_bindgen::prelude::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::some;
use crate::protocol::Part;
use crate::state::knobs::{Kind, Setting, settings, typed};
use crate::state::{Message, State};

/// Instances that are offered one by one; more would be a list to get lost in.
const NAMED: u32 = 12;

/// Every part, and what was changed so far.
pub(super) fn nodes(state: &State, send: &Callback<Message>) -> Html {
    html! {
        <section id="nodes">
            <h2>{ "Change it while it runs" }</h2>
            <p class="note">
                { "What you do takes effect at once and is recorded: the scenario that you save \
                   plays it again, to the same digest." }
            </p>
            if let Some(notes) = &state.course.refused {
                <div role="alert" class="refused">{ super::answer::notes(notes) }</div>
            }
            <div class="parts">{
                for state.course.parts.iter().enumerate().map(|one| part(one, send))
            }</div>
            { super::changes::changes(state, send) }
        </section>
    }
}

/// The id of a part's knobs, by its number.
pub(super) fn id(at: usize) -> String {
    format!("part-{at}")
}

fn part((at, part): (usize, &Part), send: &Callback<Message>) -> Html {
    let serves = !part.path.starts_with("users.") && part.path.starts_with("nodes.");
    let knobs = settings(part);
    html! {
        <details key={part.path.clone()} id={id(at)}>
            <summary><b>{ &part.name }</b>{ format!(" {}", part.component) }</summary>
            if serves { { deeds(part, send) } }
            <div class="knobs">{ for knobs.iter().map(|setting| knob(setting, send)) }</div>
        </details>
    }
}

fn deeds(part: &Part, send: &Callback<Message>) -> Html {
    let deed = |name: String, event: Value| {
        let change = send.reform(move |_| Message::Change(event.clone()));
        html! { <button type="button" onclick={change}>{ name }</button> }
    };
    let name = &part.name;
    let mut all = vec![
        deed("Kill".into(), json!({"kill": name})),
        deed("Restart".into(), json!({"restart": name})),
        deed("Freeze 10 s".into(), json!({"freeze": name, "for": "10s"})),
        deed("Cut off 30 s".into(), json!({"black_hole": name, "for": "30s"})),
        deed("3 \u{d7} slower".into(), json!({"slow": name, "factor": 3})),
        deed("Normal speed".into(), json!({"slow": name, "factor": 1})),
        deed("Flush".into(), json!({"flush": name})),
        deed("Add one".into(), json!({"add": name})),
        deed("Remove one".into(), json!({"remove": name})),
    ];
    if (2..=NAMED).contains(&part.instances) {
        let kill = |index: u32| {
            let one = format!("{name}[{index}]");
            deed(format!("Kill {one}"), json!({"kill": one}))
        };
        all.extend((0..part.instances).map(kill));
    }
    html! { <div class="group" role="group" aria-label={format!("Do to {name}")}>{ for all }</div> }
}

fn knob(setting: &Setting, send: &Callback<Message>) -> Html {
    let path = setting.path.clone();
    let event = move |value: String| {
        (!value.trim().is_empty())
            .then(|| Message::Change(json!({"set": path, "to": typed(&value)})))
    };
    let control = match &setting.kind {
        Kind::Choice(words) => {
            let turned = some(send, move |change: Event| {
                event(change.target()?.dyn_into::<HtmlSelectElement>().ok()?.value())
            });
            let option = |word: &String| {
                let selected = *word == setting.value;
                html! { <option value={word.clone()} {selected}>{ word }</option> }
            };
            html! { <select onchange={turned}>{ for words.iter().map(option) }</select> }
        }
        Kind::Text(form) => {
            let turned = some(send, move |change: Event| {
                event(change.target()?.dyn_into::<HtmlInputElement>().ok()?.value())
            });
            let value = setting.value.clone();
            html! { <input type="text" {value} placeholder={form.clone()} onchange={turned} /> }
        }
    };
    html! {
        <label key={setting.name.clone()} title={setting.doc.clone()}>
            <span>{ &setting.name }</span>{ control }
        </label>
    }
}
