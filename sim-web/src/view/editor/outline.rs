//! The text as a picture that can be changed: parts are added, connected, doubled and removed.

use wasm_bindgen::prelude::JsCast;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::button;
use crate::protocol::Part;
use crate::state::editor::{Editing, Editor, starters};
use crate::state::topology::{HIGH, WIDE};
use crate::state::{Message, State};
use crate::view::some;
use crate::view::topology::{pressed, short, tip};

/// The picture, and what can be done to it.
pub(super) fn outline(state: &State, send: &Callback<Message>) -> Html {
    let editor = &state.editor;
    let wrong = editor.wrong();
    html! {
        <div id="outline">
            <h2>{ "The picture" }</h2>
            { picture(editor, state.beside_text(), send) }
            if wrong && !editor.parts.is_empty() {
                <p class="note">{ "As the text could be read last." }</p>
            }
            <div class="group">
                { adder(send) }
                { chosen(editor, send) }
            </div>
        </div>
    }
}

fn picture(editor: &Editor, room: f64, send: &Callback<Message>) -> Html {
    if editor.parts.is_empty() {
        return html! { <p class="note">{ "There is nothing to draw yet." }</p> };
    }
    let outline = editor.map.outline(room);
    let (width, height) = (outline.width, outline.height);
    let style = format!("max-width:{width:.0}px");
    let way = |(course, watches): &(String, bool)| {
        let class = if *watches { "way watches" } else { "way" };
        html! { <path {class} d={course.clone()} marker-end="url(#outline-tip)" /> }
    };
    let parts = editor.parts.iter().zip(&outline.corners);
    html! {
        <div class="map">
            <svg role="group" aria-label="Parts of the scenario" {style}
                viewBox={format!("0 0 {width:.0} {height:.0}")}>
                <defs>
                    { tip("outline-tip") }
                </defs>
                <g aria-hidden="true">{ for outline.ways.iter().map(way) }</g>
                { for parts.map(|(part, corner)| {
                    box_of(part, *corner, editor.chosen.as_ref() == Some(&part.path), send)
                }) }
            </svg>
        </div>
    }
}

fn box_of(part: &Part, (x, y): (f64, f64), chosen: bool, send: &Callback<Message>) -> Html {
    let path = part.path.clone();
    let choose = send.reform(move |()| Message::Editing(Editing::Choose(path.clone())));
    let click = choose.reform(|_: MouseEvent| ());
    let press = pressed(choose);
    let class = if chosen { "part chosen" } else { "part" };
    let is_chosen = if chosen { "true" } else { "false" };
    let (wide, high) = (WIDE.to_string(), HIGH.to_string());
    html! {
        <g key={part.path.clone()} {class} role="button" tabindex="0" aria-pressed={is_chosen}
            aria-label={format!("{}, {}", part.name, part.component)}
            transform={format!("translate({x:.1} {y:.1})")} onclick={click} onkeydown={press}>
            <rect class="box" width={wide} height={high} rx="6" />
            <text class="name" x="10" y="28">{ short(&part.name) }</text>
            <text x="10" y="46">{ &part.component }</text>
        </g>
    }
}

/// A choice that does something and then says its name again.
fn menu(name: String, all: Vec<(String, String)>, done: Callback<String>) -> Html {
    let chosen = Callback::from(move |event: Event| {
        let select: Option<HtmlSelectElement> = event.target().and_then(|on| on.dyn_into().ok());
        if let Some(select) = select {
            let value = select.value();
            select.set_selected_index(0);
            if !value.is_empty() {
                done.emit(value);
            }
        }
    });
    let option = |(value, title): (String, String)| {
        html! { <option value={value.clone()} {title}>{ value }</option> }
    };
    html! {
        <select aria-label={name.clone()} onchange={chosen}>
            <option value="" selected=true>{ name }</option>
            { for all.into_iter().map(option) }
        </select>
    }
}

fn adder(send: &Callback<Message>) -> Html {
    let add = send.reform(|word| Message::Editing(Editing::Add(word)));
    let all = starters::all().map(|(word, told)| (word.to_owned(), told.to_owned())).collect();
    menu("Add \u{2026}".to_owned(), all, add)
}

/// What can be done to the chosen part.
fn chosen(editor: &Editor, send: &Callback<Message>) -> Html {
    let Some(part) = editor.part() else {
        return html! {
            <p class="note">{ "Choose a part to connect, duplicate or remove it." }</p>
        };
    };
    html! {
        <>
        { for Editor::links(part).into_iter().map(|field| connect(editor, part, &field, send)) }
        { button("Duplicate", Editing::Duplicate, send, true) }
        { button("Remove", Editing::Remove, send, true) }
        </>
    }
}

/// A field that names another part.
fn connect(editor: &Editor, part: &Part, field: &str, send: &Callback<Message>) -> Html {
    let others = editor
        .parts
        .iter()
        .filter(|other| other.path.starts_with("nodes.") && other.path != part.path);
    let all = others.map(|other| (other.name.clone(), String::new())).collect();
    let field = field.to_owned();
    let name = format!("{}: {field} \u{2192} \u{2026}", part.name);
    let done =
        some(send, move |to: String| Some(Message::Editing(Editing::Connect(field.clone(), to))));
    menu(name, all, done)
}
