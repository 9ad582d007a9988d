//! The scenario as a picture: boxes that fill, and the ways between them.

use yew::prelude::*;

use crate::state::topology::{Edge, HIGH, Node, Picture, WIDE};
use crate::state::{Message, State};

/// Least size of a picture, as a share of its natural one; below it the picture scrolls.
const LEAST: f64 = 0.7;
/// Letters of a name that a box has room for.
const LETTERS: usize = 16;
/// From a box's edge to what is written in it.
const PAD: f64 = 10.0;

/// The picture at the time that is looked at.
pub(super) fn topology(state: &State, send: &Callback<Message>) -> Html {
    let picture = state.picture();
    if picture.nodes.is_empty() {
        return Html::default();
    }
    let Picture { width, height, nodes, edges } = &picture;
    let style = format!("max-width:{width:.0}px;min-width:{:.0}px", width * LEAST);
    html! {
        <section id="topology" aria-labelledby="topology-title">
            <h2 id="topology-title">{ "Topology" }</h2>
            <p class="note">
                { "Bars: how full each part's fullest resource is. Choose a part to change it." }
            </p>
            <div class="map">
                <svg role="group" aria-label="Parts of the cluster" {style}
                    viewBox={format!("0 0 {width:.0} {height:.0}")}>
                    <defs>
                        <marker id="tip" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8"
                            markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">
                            <path d="M0 0.5L8 4L0 7.5z" />
                        </marker>
                    </defs>
                    <g aria-hidden="true">{ for edges.iter().map(way) }</g>
                    { for nodes.iter().map(|node| part(node, send)) }
                </svg>
            </div>
        </section>
    }
}

fn way(edge: &Edge) -> Html {
    let class = if edge.watches { "way watches" } else { "way" };
    html! { <path {class} d={edge.course.clone()} marker-end="url(#tip)" /> }
}

fn part(node: &Node, send: &Callback<Message>) -> Html {
    let path = node.path.clone();
    let open = send.reform(move |()| Message::Open(path.clone()));
    let click = open.reform(|_: MouseEvent| ());
    let press = Callback::from(move |event: KeyboardEvent| {
        if ["Enter", " "].contains(&&event.key()[..]) {
            event.prevent_default();
            // the page has a meaning for space, too
            event.stop_propagation();
            open.emit(());
        }
    });
    let class =
        classes!("part", node.is_full().then_some("full"), node.is_down().then_some("down"));
    let share = node.fullest.as_ref().map_or(0.0, |(_, held)| held.clamp(0.0, 1.0));
    let room = WIDE - 2.0 * PAD;
    let (pad, high, wide) = (PAD.to_string(), HIGH.to_string(), WIDE.to_string());
    html! {
        <g key={node.path.clone()} {class} role="button" tabindex="0" aria-label={node.said()}
            transform={format!("translate({:.1} {:.1})", node.x, node.y)}
            onclick={click} onkeydown={press}>
            <title>{ node.said() }</title>
            <rect class="box" width={wide} height={high} rx="6" />
            <text class="name" x={pad.clone()} y="19">{ short(&node.name) }</text>
            <text x={pad.clone()} y="34">{ node.kind() }</text>
            if let Some(held) = node.held() {
                <text class="held" x={pad.clone()} y="49">{ held }</text>
                <rect class="track" x={pad.clone()} y="54" width={room.to_string()} height="7" />
                <rect class="fill" x={pad} y="54" width={format!("{:.1}", share * room)}
                    height="7" />
            }
            if let Some(line) = node.in_line() { { badge(&line) } }
        </g>
    }
}

/// How many wait, on the upper edge.
fn badge(line: &str) -> Html {
    let wide = line.len() as f64 * 6.2 + 14.0;
    let left = WIDE - wide + 6.0;
    html! {
        <g class="badge">
            <rect x={format!("{left:.1}")} y="-11" width={format!("{wide:.1}")} height="18"
                rx="9" />
            <text x={format!("{:.1}", left + wide / 2.0)} y="2">{ line }</text>
        </g>
    }
}

/// A name that fits its box.
pub(super) fn short(name: &str) -> String {
    if name.chars().count() <= LETTERS {
        return name.to_owned();
    }
    name.chars().take(LETTERS - 1).chain(['\u{2026}']).collect()
}
