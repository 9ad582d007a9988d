//! The numbers under the crosshair as one table, and what happened as a list.

use std::rc::Rc;

use sim_core::Moment;
use sim_core::figures::at;
use yew::prelude::*;

use crate::state::figures::{Figure, Line};
use crate::state::happenings::{said, when};
use crate::state::{Message, State};

/// Every chart's values at the time that is looked at.
pub(super) fn values(state: &State) -> Html {
    if state.course.table.is_empty() {
        return Html::default();
    }
    let at_s = state.shown_s();
    let two = state.rival.is_some();
    let rows = |figure: &Rc<Figure>| -> Html {
        let row = |line: &Line| values_of(line, figure, state);
        let columns = if two { "4" } else { "2" };
        html! {
            <tbody key={figure.id}>
                <tr><th scope="colgroup" colspan={columns}>{ figure.title }</th></tr>
                { for figure.lines.iter().map(row) }
            </tbody>
        }
    };
    html! {
        <table id="values">
            <caption>{ format!("At {}", at(at_s)) }</caption>
            if two {
                <thead><tr>
                    <td></td><th scope="col">{ "fork" }</th><th scope="col">{ "original" }</th>
                    <th scope="col">{ "difference" }</th>
                </tr></thead>
            }
            { for state.course.figures.iter().map(rows) }
        </table>
    }
}

/// A line's value, and beside it that of the original and the difference.
fn values_of(line: &Line, figure: &Figure, state: &State) -> Html {
    let at_s = state.shown_s();
    let say = |value: Option<f64>| value.map_or("-".to_owned(), |value| figure.say(value));
    let own = line.at(at_s);
    let other = state.original_of(figure.id);
    let beside = state.rival.as_ref().map(|_| {
        let lines = other.into_iter().flat_map(|other| &other.lines);
        let same = lines.into_iter().find(|same| same.name == line.name);
        let value = same.and_then(|same| same.at(at_s));
        html! { <><td>{ say(value) }</td><td>{ figure.say_difference(own, value) }</td></> }
    });
    html! {
        <tr>
            <th scope="row">{ &line.name }</th><td>{ say(own) }</td>
            { beside }
        </tr>
    }
}

/// What happened up to the time that is looked at, the newest first.
pub(super) fn happened(state: &State, send: &Callback<Message>) -> Html {
    let later = state.happens_later();
    if state.course.happened().is_empty() {
        return Html::default();
    }
    let entry = |moment: &Moment| {
        let at_s = moment.at_s;
        let look = send.reform(move |_| Message::Look(Some(at_s)));
        html! {
            <li><button type="button" onclick={look}>{ when(at_s) }</button>{ said(moment) }</li>
        }
    };
    html! {
        <section id="happened" aria-labelledby="happened-title">
            <h2 id="happened-title">
                { "What happened" }
                if let Some(at_s) = state.cursor_s {
                    <small>{ format!(" up to {}; {later} more later", at(at_s)) }</small>
                }
            </h2>
            <div tabindex="0" role="region" aria-labelledby="happened-title">
                <ol class="happened">{ for state.happened().iter().rev().map(entry) }</ol>
            </div>
        </section>
    }
}
