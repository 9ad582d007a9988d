//! Play, pause, step, speed and the bar over the recorded time.

use sim_core::figures::{at, count, significant};
use wasm_bindgen::prelude::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::some;
use crate::protocol::{Doing, Speed};
use crate::state::{Message, RATIOS, State};

/// The word of the speed that has no number.
const MAX: &str = "max";

pub(super) fn controls(state: &State, send: &Callback<Message>) -> Html {
    let doing = state.course.progress.doing;
    let going = matches!(doing, Doing::Playing | Doing::Seeking);
    let (word, sign) = match doing {
        Doing::Playing | Doing::Seeking => ("Pause", "\u{2016}"),
        Doing::Paused => ("Play", "\u{25b6}\u{fe0e}"),
        Doing::Finished => ("Play again", "\u{21bb}"),
    };
    let step = send.reform(|_| Message::Step);
    let again = send.reform(|_| Message::Restart);
    let fork = send.reform(|_| Message::Fork);
    html! {
        <section class="controls" aria-label="Time">
            <button type="button" class="play" onclick={send.reform(|_| Message::Toggle)}>
                <span aria-hidden="true">{ sign }</span>{ word }
            </button>
            <button type="button" onclick={step} disabled={going || doing == Doing::Finished}
                title="Go on until something happens">{ "Next event" }</button>
            <button type="button" onclick={again} disabled={state.course.progress.now == 0}
                title="Back to the beginning, with what you changed">{ "From the start" }</button>
            <button type="button" class="fork" onclick={fork} disabled={!state.can_fork()}
                title="Part into two branches at the time that is looked at">
                { "Fork here" }
            </button>
            { speeds(state, send) }
            <p class="clock" role="timer">{ clock(state) }</p>
            { bar(state, send) }
            if let Some(throttled) = &state.throttled {
                <p class="note throttled" role="status">{ throttled }</p>
            }
        </section>
    }
}

fn speeds(state: &State, send: &Callback<Message>) -> Html {
    let change = some(send, |event: Event| {
        let select: HtmlSelectElement = event.target()?.dyn_into().ok()?;
        let value = select.value();
        let ratio = || value.parse().ok().map(Speed::Ratio);
        if value == MAX { Some(Speed::Max) } else { ratio() }.map(Message::Speed)
    });
    let mut ratios = RATIOS.to_vec();
    if let Speed::Ratio(own) = state.speed
        && !ratios.contains(&own)
    {
        ratios.push(own);
        ratios.sort_by(f64::total_cmp);
    }
    let option = |ratio: f64| {
        let selected = state.speed == Speed::Ratio(ratio);
        let name = format!("{ratio} \u{d7} real time");
        html! { <option value={ratio.to_string()} {selected}>{ name }</option> }
    };
    html! {
        <label>{ "Speed " }
            <select onchange={change}>
                { for ratios.into_iter().map(option) }
                <option value={MAX} selected={state.speed == Speed::Max}>
                    { "as fast as possible" }
                </option>
            </select>
        </label>
    }
}

/// How far it is, and how fast it really goes.
fn clock(state: &State) -> String {
    let now = at(state.course.progress.now as f64 / 1e9);
    let mut text = format!("{now} of {}", at(state.duration_s()));
    if let Some(ratio) =
        state.course.progress.ratio.filter(|_| state.course.progress.doing == Doing::Playing)
    {
        text.push_str(&format!(", at {} \u{d7} real time", significant(ratio)));
    }
    if let Some(at_s) = state.cursor_s {
        text.push_str(&format!(", looking at {}", at(at_s)));
    } else if state.course.progress.doing == Doing::Finished {
        text.push_str(&format!(", {} events", count(state.course.progress.events)));
    }
    text
}

/// The recorded part can be looked at; beyond it the run is let go there.
fn bar(state: &State, send: &Callback<Message>) -> Html {
    let end_s = state.duration_s();
    let recorded_s = state.course.table.end_s();
    let over = state.course.progress.doing == Doing::Finished;
    let to = move |value: f64| {
        if value <= recorded_s || over { Message::Look(Some(value)) } else { Message::Seek(value) }
    };
    let value_of = |event: InputEvent| -> Option<f64> {
        event.target()?.dyn_into::<HtmlInputElement>().ok()?.value().parse().ok()
    };
    let moved = some(send, move |event: InputEvent| value_of(event).map(to));
    let share = if end_s > 0.0 { recorded_s / end_s * 100.0 } else { 0.0 };
    let now_s = state.cursor_s.unwrap_or(state.course.progress.now as f64 / 1e9);
    let follow = send.reform(|_| Message::Look(None));
    html! {
        <>
        <div class="bar">
            <input type="range" min="0" max={end_s.to_string()} step={(end_s / 1_000.0).to_string()}
                value={now_s.to_string()} oninput={moved} style={format!("--done:{share:.2}%")}
                aria-label="Time that is looked at" aria-valuetext={at(now_s)} />
            if state.cursor_s.is_some() {
                <button type="button" onclick={follow}>
                    { if over { "To the end" } else { "Follow the run" } }
                </button>
            }
        </div>
        if let Some(happened) = state.flag() { <p class="note here">{ happened }</p> }
        </>
    }
}
