//! Two branches of a run: how they differ, and which one to keep.

use sim_core::figures::clock;
use yew::prelude::*;

use crate::protocol::Branch;
use crate::state::branches::Rival;
use crate::state::{Message, State};

/// The difference in words, the digests and the ways out; nothing where there is one branch.
pub(super) fn branches(state: &State, send: &Callback<Message>) -> Html {
    let Some(rival) = &state.rival else { return Html::default() };
    let keep = |name: &'static str, branch: Branch| {
        let press = send.reform(move |_| Message::Keep(branch));
        html! { <button type="button" onclick={press}>{ name }</button> }
    };
    let mut story = rival.story().into_iter();
    let first = story.next();
    html! {
        <section id="fork" aria-labelledby="fork-title">
            <h2 id="fork-title">{ format!("Forked at {}", clock(rival.parted)) }</h2>
            <p class="first" role="status">{ first }</p>
            <ul>{ for story.map(|line| html! { <li>{ line }</li> }) }</ul>
            { digests(state, rival) }
            <div class="group" role="group" aria-label="Branches">
                { keep("Keep the fork", Branch::Fork) }
                { keep("Keep the original", Branch::Original) }
            </div>
            <p class="note">
                { "Dashed grey in the charts: the original. What you change is changed in the \
                   fork; both meet the same requests, so the difference is the change's own. \
                   It is of whole frames of the charts, whose percentiles may differ from the \
                   verdict's by some per cent." }
            </p>
        </section>
    }
}

fn digests(state: &State, rival: &Rival) -> Html {
    let digest = |id: &'static str, name: &'static str, value: Option<&str>| {
        let value = value.map(str::to_owned);
        html! {
            if let Some(value) = value {
                <span>{ name }<code {id} data-digest={value.clone()}>{ value }</code></span>
            }
        }
    };
    if rival.course.digest().is_none() && state.fork_digest().is_none() {
        return Html::default();
    }
    html! {
        <p class="note digests">
            { digest("digest", "Digest of the original ", state.digest()) }
            { digest("fork-digest", "Digest of the fork ", state.fork_digest()) }
        </p>
    }
}
