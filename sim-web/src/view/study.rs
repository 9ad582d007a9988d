//! How sure the figures are: on how many days to play it, how far that is, and what is known then.

use yew::prelude::*;

use super::effects;
use crate::state::study::{At, COUNTS, Study, Studying};
use crate::state::{Message, State};

/// The part of the page about replications.
pub(super) fn study(state: &State, send: &Callback<Message>) -> Html {
    let study = state.study.as_ref();
    let found = study.and_then(|study| study.found.as_ref());
    let about = if state.rival.is_some() {
        "One run is one day. Play both branches on many days, the same ones for both, and the \
         difference comes with an interval."
    } else {
        "One run is one day. Play it on many, and figures come with an interval, objectives with a \
         verdict."
    };
    html! {
        <section id="sure" aria-labelledby="sure-title">
            <h2 id="sure-title">{ "How sure is it?" }</h2>
            <p class="note">{ about }</p>
            <div class="group" role="group" aria-label="Days to play">
                { buttons(study, send) }
            </div>
            if let Some(study) = study { { progress(state, study) } }
            if let Some(found) = found {
                <div class="days">{ Html::from_html_unchecked(found.to_part().into()) }</div>
            }
        </section>
    }
}

fn buttons(study: Option<&Study>, send: &Callback<Message>) -> Html {
    let ask =
        |studying: Studying| send.reform(move |_: MouseEvent| Message::Studying(studying.clone()));
    if study.is_some_and(Study::busy) {
        return html! {
            <button type="button" onclick={ask(Studying::End)}>{ "Stop there" }</button>
        };
    }
    let begin = |count: &u32| {
        let count = *count;
        let press = send.reform(move |_: MouseEvent| {
            Message::Studying(Studying::Begin(count, effects::cores()))
        });
        html! { <button type="button" onclick={press}>{ format!("{count} days") }</button> }
    };
    html! {
        <>
        { for COUNTS.iter().map(begin) }
        if study.is_some_and(|study| study.found.is_some()) {
            <button type="button" onclick={ask(Studying::Save)}>{ "Save as a page" }</button>
        }
        </>
    }
}

/// How far it is, and what became of it.
fn progress(state: &State, study: &Study) -> Html {
    let (done, count) = (study.done(), study.count);
    let said = match &study.at {
        At::WarmingUp => "Looking how long runs take to come into balance.".to_owned(),
        At::Playing => format!("{done} of {count} days are played."),
        At::Over if done < count => format!("Stopped after {done} of {count} days."),
        At::Over => format!("{count} days are played."),
        At::Failed(why) => format!("It cannot go on: {why}"),
    };
    html! {
        <>
        <p role="status">{ said }</p>
        if study.busy() {
            <progress max={count.to_string()} value={done.to_string()}
                aria-label="Days that are played"></progress>
        }
        if study.subjects != state.subjects() {
            <p class="notice">{ "You have changed the run since: this is about what it was." }</p>
        }
        </>
    }
}
