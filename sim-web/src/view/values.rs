//! The numbers under the crosshair as one table, and what happened as a list.

use std::rc::Rc;

use sim_core::Moment;
use sim_core::figures::at;
use yew::prelude::*;

use crate::state::figures::{Figure, Line};
use crate::state::{Message, State};

/// Happenings that the list shows: those around the time that is looked at.
const LISTED: usize = 12;

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

/// Flags that stand in every chart: when, and what happened.
pub(super) fn flags(state: &State) -> Vec<(f64, String)> {
    let apart_s = state.duration_s() / 60.0;
    let mut flags: Vec<(f64, String)> = Vec::new();
    for moment in state.course.moments.iter() {
        match flags.last_mut() {
            Some((at_s, all)) if moment.at_s - *at_s < apart_s => {
                all.push_str(&format!("; {}", said(moment)));
            }
            _ => flags.push((moment.at_s, format!("{}: {}", at(moment.at_s), said(moment)))),
        }
    }
    flags
}

fn said(moment: &Moment) -> String {
    let node = moment.node.as_deref().map_or(String::new(), |node| format!("{node}: "));
    format!("{node}{}", moment.what)
}

/// What happened around the time that is looked at.
pub(super) fn happened(state: &State, send: &Callback<Message>) -> Html {
    if state.course.moments.is_empty() {
        return Html::default();
    }
    let before = state.course.moments.partition_point(|moment| moment.at_s <= state.shown_s());
    let from = before.saturating_sub(LISTED);
    let entry = |moment: &Moment| {
        let at_s = moment.at_s;
        let look = send.reform(move |_| Message::Look(Some(at_s)));
        html! {
            <li><button type="button" onclick={look}>{ at(at_s) }</button>{ said(moment) }</li>
        }
    };
    html! {
        <>
        <h2>{ "What happened" }</h2>
        <ol class="happened">{ for state.course.moments[from..before].iter().rev().map(entry) }</ol>
        </>
    }
}
