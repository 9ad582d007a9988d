//! Words: what the scenario is about, what the run amounted to, and what went wrong.

use sim_core::{Report, Unit, Verdict};
use yew::prelude::*;

use super::share;
use crate::protocol::{Doing, Format, Note};
use crate::state::editor::Editing;
use crate::state::rescue::Way;
use crate::state::{Message, State};

/// Name, summary and warnings.
pub(super) fn head(state: &State, send: &Callback<Message>) -> Html {
    let Some(report) = &state.course.report else { return Html::default() };
    html! {
        <header>
            <h1>{ &report.name }</h1>
            <p class="summary">{ &report.summary }</p>
            <div class="group" role="group" aria-label="The scenario">
                { edit(send) }
                { share::button(send) }
            </div>
            { share::status(state, send) }
            if !state.course.warnings.is_empty() {
                <details class="warnings">
                    <summary>{ format!("{} to think about", state.course.warnings.len()) }</summary>
                    { notes(&state.course.warnings) }
                </details>
            }
        </header>
    }
}

/// Opens the editor.
fn edit(send: &Callback<Message>) -> Html {
    let open = send.reform(|_| Message::Editing(Editing::Open));
    html! { <button type="button" onclick={open}>{ "Edit" }</button> }
}

/// The verdict in sentences, the objectives, the digest and the ways to take it along.
pub(super) fn answer(state: &State, send: &Callback<Message>) -> Html {
    let Some(report) = &state.course.report else { return Html::default() };
    if state.course.progress.doing != Doing::Finished {
        return waiting(report);
    }
    let (verdict, said) = report.verdict_said();
    let (class, sign) = match report.verdict {
        Verdict::Held => ("verdict held", "\u{2713}"),
        Verdict::Missed => ("verdict missed", "\u{2717}"),
        Verdict::NoObjectives => ("verdict", "?"),
    };
    let line = |(label, text): (&'static str, String)| {
        html! { <div><dt>{ label }</dt><dd>{ report.sentence(&text) }</dd></div> }
    };
    let digest = state.digest().map(str::to_owned);
    html! {
        <section id="answer" role="status">
            <p {class}><strong>{ format!("{sign} {verdict}") }</strong><span>{ said }</span></p>
            <dl class="story">{ for report.story().into_iter().map(line) }</dl>
            { objectives(report) }
            // with two branches, both digests stand where these are compared
            if state.rival.is_none() {
                <p class="note">
                    { format!("Seed {}, digest ", report.seed) }
                    <code id="digest" data-digest={digest}>{ &report.digest }</code>
                    { ": the same as on the command line." }
                </p>
            }
            <div class="group" role="group" aria-label="Save the report">
                { save("Report", Format::Html, send) }
                { save("JSON", Format::Json, send) }
                { save("CSV", Format::Csv, send) }
            </div>
        </section>
    }
}

/// What must hold, while nobody knows yet whether it does.
fn waiting(report: &Report) -> Html {
    if report.objectives.is_empty() {
        return Html::default();
    }
    let all: Vec<&str> = report.objectives.iter().map(|one| &one.expression[..]).collect();
    html! { <p class="note">{ format!("Must hold: {}.", all.join(", ")) }</p> }
}

fn objectives(report: &Report) -> Html {
    if report.objectives.is_empty() {
        return Html::default();
    }
    let row = |one: &sim_core::ObjectiveReport| {
        let (class, word) = if one.held { ("held", "held") } else { ("missed", "missed") };
        let say = |value: Option<f64>| {
            value.map_or_else(|| "nothing measured".to_owned(), |value| Unit::say(one.unit, value))
        };
        html! {
            <tr>
                <th scope="row">{ &one.expression }</th>
                <td {class}>{ word }</td>
                <td>{ say(one.value) }</td>
            </tr>
        }
    };
    html! {
        <div class="wide"><table id="objectives">
            <tr>
                <th scope="col">{ "objective" }</th><th scope="col">{ "verdict" }</th>
                <th scope="col">{ "value" }</th>
            </tr>
            { for report.objectives.iter().map(row) }
        </table></div>
    }
}

fn save(name: &'static str, format: Format, send: &Callback<Message>) -> Html {
    let write = send.reform(move |_| Message::Write(format));
    html! { <button type="button" onclick={write}>{ name }</button> }
}

/// A scenario that cannot be played.
pub(super) fn problems(all: &[Note], send: &Callback<Message>) -> Html {
    html! {
        <section role="alert">
            <h1>{ "This scenario cannot be played" }</h1>
            { notes(all) }
            <p class="group">{ edit(send) }<a href="#">{ "Choose another" }</a></p>
        </section>
    }
}

/// Problems as a list.
pub(super) fn notes(all: &[Note]) -> Html {
    let note = |note: &Note| {
        let place = note.line.map(|line| format!("line {line}, ")).unwrap_or_default();
        let class = if note.error { "missed" } else { "" };
        html! {
            <li>
                <b {class}>{ &note.code }</b>{ format!(" {place}{}: {}", note.path, note.message) }
                if !note.remedy.is_empty() { <br/><span class="note">{ &note.remedy }</span> }
            </li>
        }
    };
    html! { <ul class="notes">{ for all.iter().map(note) }</ul> }
}

/// Something failed.
pub(super) fn failed(state: &State, why: &str, send: &Callback<Message>) -> Html {
    let button = |name: String, message: Message| {
        let press = send.reform(move |_| message.clone());
        html! { <button type="button" onclick={press}>{ name }</button> }
    };
    let ways = match state.way_back() {
        Some(way) => vec![
            button(way, Message::Recover(Way::Snapshot)),
            button("From the beginning".to_owned(), Message::Recover(Way::Beginning)),
        ],
        None => vec![button("Try again".to_owned(), Message::Restart)],
    };
    html! {
        <section role="alert" id="failed">
            <h1>{ "That did not work" }</h1>
            <p>{ why }</p>
            <div class="group">
                { for ways }
                { button("Choose a scenario".to_owned(), Message::Leave) }
            </div>
        </section>
    }
}
