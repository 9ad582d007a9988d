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
    let rows = |figure: &Rc<Figure>| -> Html {
        let row = |line: &Line| {
            let value = line.at(at_s).map_or("-".to_owned(), |value| figure.say(value));
            html! { <tr><th scope="row">{ &line.name }</th><td>{ value }</td></tr> }
        };
        html! {
            <tbody key={figure.id}>
                <tr><th scope="colgroup" colspan="2">{ figure.title }</th></tr>
                { for figure.lines.iter().map(row) }
            </tbody>
        }
    };
    html! {
        <table id="values">
            <caption>{ format!("At {}", at(at_s)) }</caption>
            { for state.course.figures.iter().map(rows) }
        </table>
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
