//! The scenario as a picture: boxes that fill, and the ways between them with what goes over them.

use sim_core::figures::{at, significant};
use web_sys::DomRect;
use yew::prelude::*;

use super::some;
use crate::protocol::Doing;
use crate::state::lens::Move;
use crate::state::sight::See;
use crate::state::topology::{Edge, HIGH, Node, Picture, WIDE};
use crate::state::{Message, State};

/// Letters of a name that a box has room for.
const LETTERS: usize = 16;
/// From a box's edge to what is written in it.
const PAD: f64 = 10.0;
/// Pixels that a dot goes in a second.
const DOT_SPEED: f64 = 60.0;
/// How far a key moves the picture, as a share of what is shown.
const NUDGE: f64 = 0.15;
/// The id of the whole.
const ID: &str = "topology";

/// The picture at the time that is looked at.
pub(super) fn topology(state: &State, send: &Callback<Message>) -> Html {
    let picture = state.picture();
    if picture.nodes.is_empty() {
        return Html::default();
    }
    let Picture { width, height, nodes, edges, dot } = &picture;
    let lens = state.sight.lens;
    let [left, top, wide, high] = lens.part((*width, *height));
    let style = format!("max-width:{width:.0}px");
    let moves = matches!(state.course.progress.doing, Doing::Playing | Doing::Seeking);
    let class = classes!("map", lens.is_close().then_some("close"), moves.then_some("moves"));
    let dots = match dot {
        0.0 => String::new(),
        dot => format!(" One dot stands for {} requests a second.", significant(*dot)),
    };
    html! {
        <section id={ID} aria-labelledby="topology-title">
            <div class="heading">
                <h2 id="topology-title">{ "Topology" }</h2>
                { tools(lens.is_close(), send) }
            </div>
            <p class="note">
                if let Some(at_s) = state.cursor_s { <b>{ format!("At {}. ", at(at_s)) }</b> }
                { "Bars: how full each part's fullest resource is. Choose a part to change it." }
                { dots }
            </p>
            <div {class} tabindex="0" role="region" aria-label="Picture of the cluster"
                onkeydown={keys(send)} onwheel={wheel(send)} onpointermove={drag(send)}>
                <svg role="group" aria-label="Parts of the cluster" {style}
                    data-whole={format!("0 0 {width:.0} {height:.0}")}
                    viewBox={format!("{left:.1} {top:.1} {wide:.1} {high:.1}")}>
                    <defs>
                        { tip("tip") }
                    </defs>
                    <g aria-hidden="true">{ for edges.iter().map(way) }</g>
                    { for nodes.iter().map(|node| part(node, send)) }
                </svg>
            </div>
        </section>
    }
}

fn tools(close: bool, send: &Callback<Message>) -> Html {
    let go = |by: Move| send.reform(move |_: MouseEvent| Message::See(See::Picture(by)));
    html! {
        <div class="group tools" role="group" aria-label="Size of the picture">
            <button type="button" onclick={go(Move::In)}>{ "Closer" }</button>
            <button type="button" disabled={!close} onclick={go(Move::Out)}>{ "Away" }</button>
            <button type="button" disabled={!close} onclick={go(Move::Whole)}>
                { "All of it" }
            </button>
            <button type="button" aria-label="Topology as PNG"
                onclick={send.reform(|_| Message::SavePicture(ID))}>{ "PNG" }</button>
        </div>
    }
}

/// Keys on the picture itself; on a box they are the box's.
fn keys(send: &Callback<Message>) -> Callback<KeyboardEvent> {
    some(send, |event: KeyboardEvent| {
        let by = match &event.key()[..] {
            "+" | "=" => Move::In,
            "-" => Move::Out,
            "0" => Move::Whole,
            "ArrowLeft" => Move::By(-NUDGE, 0.0),
            "ArrowRight" => Move::By(NUDGE, 0.0),
            "ArrowUp" => Move::By(0.0, -NUDGE),
            "ArrowDown" => Move::By(0.0, NUDGE),
            _ => return None,
        };
        event.prevent_default();
        // the charts have a meaning for these, too
        event.stop_propagation();
        Some(Message::See(See::Picture(by)))
    })
}

/// Where the drawing is in the window.
fn place() -> Option<DomRect> {
    let whole = web_sys::window()?.document()?.get_element_by_id(ID)?;
    Some(whole.query_selector(".map svg").ok()??.get_bounding_client_rect())
}

/// A pinch, or the wheel with the control key: without it the wheel is the page's.
fn wheel(send: &Callback<Message>) -> Callback<WheelEvent> {
    some(send, |event: WheelEvent| {
        if !event.ctrl_key() {
            return None;
        }
        event.prevent_default();
        let place = place()?;
        let x = (f64::from(event.client_x()) - place.left()) / place.width();
        let y = (f64::from(event.client_y()) - place.top()) / place.height();
        let factor = if event.delta_y() < 0.0 { 1.15 } else { 1.0 / 1.15 };
        Some(Message::See(See::Picture(Move::At(factor, (x, y)))))
    })
}

/// What is held is moved.
fn drag(send: &Callback<Message>) -> Callback<PointerEvent> {
    some(send, |event: PointerEvent| {
        if event.buttons() & 1 == 0 {
            return None;
        }
        let place = place()?;
        let right = -f64::from(event.movement_x()) / place.width();
        let down = -f64::from(event.movement_y()) / place.height();
        Some(Message::See(See::Picture(Move::By(right, down))))
    })
}

fn way(edge: &Edge) -> Html {
    let class = if edge.watches { "way watches" } else { "way" };
    let style = format!("stroke-width:{:.1}", edge.wide);
    let course = &edge.course;
    let dots = edge.every_s.map(|every_s| {
        let style = format!("--gap:{:.1}", every_s * DOT_SPEED);
        html! { <path class="dots" {style} d={course.clone()} /> }
    });
    html! {
        <g>
            <title>{ &edge.said }</title>
            <path class="reach" d={course.clone()} />
            <path {class} {style} d={course.clone()} marker-end="url(#tip)" />
            { dots }
        </g>
    }
}

/// The point of an arrow, under a name that is the picture's own.
pub(super) fn tip(id: &'static str) -> Html {
    html! {
        <marker {id} viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8"
            markerUnits="userSpaceOnUse" orient="auto">
            <path d="M0 0.5L8 4L0 7.5z" />
        </marker>
    }
}

/// The keys that press a button, for a part of a picture that acts as one.
pub(super) fn pressed(act: Callback<()>) -> Callback<KeyboardEvent> {
    Callback::from(move |event: KeyboardEvent| {
        if ["Enter", " "].contains(&&event.key()[..]) {
            event.prevent_default();
            // the page has a meaning for space, too
            event.stop_propagation();
            act.emit(());
        }
    })
}

fn part(node: &Node, send: &Callback<Message>) -> Html {
    let path = node.path.clone();
    let open = send.reform(move |()| Message::Open(path.clone()));
    let click = open.reform(|_: MouseEvent| ());
    let press = pressed(open);
    let class =
        classes!("part", node.is_full().then_some("full"), node.is_down().then_some("down"));
    let share = node.fullest.as_ref().map_or(0.0, |(_, held)| held.clamp(0.0, 1.0));
    let room = WIDE - 2.0 * PAD;
    let (pad, high, wide) = (PAD.to_string(), HIGH.to_string(), WIDE.to_string());
    html! {
        <g key={node.path.clone()} {class} role="button" tabindex="0"
            transform={format!("translate({:.1} {:.1})", node.x, node.y)}
            onclick={click} onkeydown={press}>
            <title>{ node.said() }</title>
            if let Some(lost) = node.loses() { { leaving(&lost) } }
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

/// How many are lost and why, below the lower edge, where they fall out.
fn leaving(lost: &str) -> Html {
    let (middle, out) = ((WIDE / 2.0).to_string(), format!("M6 {HIGH}v20"));
    html! {
        <g class="lost">
            <path d={out.clone()} />
            <path class="dots" style="--gap:24" d={out} />
            <text x={middle} y={(HIGH + 13.0).to_string()}>{ lost }</text>
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
