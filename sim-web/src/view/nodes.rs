//! The parts of the cluster: buttons that break and mend them, knobs that turn while it runs.

use serde_json::{Value, json};
use sim_core::figures::clock;
use wasm_bindgen::prelude::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::some;
use crate::protocol::{Doing, Part};
use crate::state::knobs::{Kind, Setting, settings, typed};
use crate::state::{Message, State};

/// Instances that are offered one by one; more would be a list to get lost in.
const NAMED: u32 = 12;

/// Every part, and what was changed so far.
pub(super) fn nodes(state: &State, send: &Callback<Message>) -> Html {
    let over = state.course.progress.doing == Doing::Finished;
    let from = match state.start() {
        0 => "from the start".to_owned(),
        parted => format!("at {}", clock(parted)),
    };
    html! {
        <section id="nodes">
            <h2>{ "Change it while it runs" }</h2>
            <p class="note">
                { "What you do takes effect at once and is recorded: the scenario that you save \
                   plays it again, to the same digest." }
                if over {
                    { format!(" The run is over, so a change begins a second branch {from}: set \
                               what you like, press play, and see both side by side. For a later \
                               change look at a time and press Fork here.") }
                }
            </p>
            <div class="parts">{
                for state.course.parts.iter().enumerate().map(|one| part(one, state, send))
            }</div>
            { super::changes::changes(state, send) }
        </section>
    }
}

/// The id of a part's knobs, by its number.
pub(super) fn id(at: usize) -> String {
    format!("part-{at}")
}

fn part((at, part): (usize, &Part), state: &State, send: &Callback<Message>) -> Html {
    let serves = part.path.starts_with("nodes.");
    let knobs = settings(part);
    let running = state.course.in_service(part).filter(|_| serves);
    html! {
        <details key={part.path.clone()} id={id(at)}>
            <summary><b>{ &part.name }</b>{ format!(" {}", part.component) }</summary>
            { outcome(part, state) }
            if serves { { deeds(part, send) } }
            <div class="knobs">{
                for knobs.iter().map(|setting| knob(setting, running, send))
            }</div>
        </details>
    }
}

/// What became of the changes to a part.
fn outcome(part: &Part, state: &State) -> Html {
    let done = state.course.done_to(part).into_iter().map(|said| html! { <li>{ said }</li> });
    html! {
        <>
        <ul class="notes done" role="status">{ for done }</ul>
        if let Some(notes) = state.course.refused_to(part) {
            <div role="alert" class="refused">{ super::answer::notes(notes) }</div>
        }
        </>
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

fn knob(setting: &Setting, running: Option<u32>, send: &Callback<Message>) -> Html {
    // whoever scales has another number in service than the scenario begins with
    let now =
        running.filter(|_| setting.name == "replicas").map(|now| format!(" ({now} in service)"));
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
        <div class="knob" key={setting.name.clone()} title={setting.doc.clone()}>
            <label><span>{ &setting.name }{ now }</span>{ control }</label>
            <small>{ setting.doc.split_inclusive(". ").next() }</small>
        </div>
    }
}
