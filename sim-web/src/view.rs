//! The page in yew: shows the state, sends messages, carries effects out. It computes nothing.

mod answer;
mod branches;
mod changes;
mod chart;
mod choice;
mod controls;
mod editor;
mod effects;
mod legend;
mod nodes;
mod paint;
mod picture;
mod present;
mod saved;
mod share;
mod sheet;
mod study;
mod topology;
mod values;

use std::rc::Rc;

use js_sys::Function;
use sim_core::figures::at;
use wasm_bindgen::prelude::{Closure, JsCast, wasm_bindgen};
use yew::prelude::*;

use self::chart::Chart;
use crate::link::Link;
use crate::protocol::{Answer, Format};
use crate::state::axes::Zoom;
use crate::state::editor::Editing;
use crate::state::figures::Figure;
use crate::state::sight::See;
use crate::state::study::Studying;
use crate::state::{Effect, Message, Stage, State, Theme, presets};

/// What the page is started with.
#[derive(Clone, PartialEq, Properties)]
struct Start {
    new_worker: Function,
    scenarios: String,
}

/// Puts the page into the element `busyhour`. `new_worker` makes a worker with the module in it,
/// `scenarios` is a JSON map from names to YAML.
///
/// # Errors
/// A sentence if the element is not there.
#[wasm_bindgen]
pub fn page(new_worker: Function, scenarios: String) -> Result<(), String> {
    let document = web_sys::window().and_then(|window| window.document());
    let root = document.and_then(|document| document.get_element_by_id("busyhour"));
    let root = root.ok_or("the page has no element called busyhour")?;
    let start = Start { new_worker, scenarios };
    yew::Renderer::<App>::with_root_and_props(root, start).render();
    Ok(())
}

/// The page.
struct App {
    state: State,
    /// The one way by which every part of the page sends: a new one would draw all charts anew.
    send: Callback<Message>,
    link: Result<Link, String>,
    /// Workers that play replications.
    helpers: Vec<Link>,
    _address: Closure<dyn FnMut()>,
    _keys: Closure<dyn FnMut(KeyboardEvent)>,
    _files: Closure<dyn FnMut(DragEvent)>,
    _darkness: Option<effects::Media>,
    _width: Option<effects::Media>,
    _sight: Option<effects::Sight>,
    _seconds: Option<effects::Seconds>,
    /// What is to be selected in the editor, once it shows its new text.
    select: Option<(u32, u32, bool)>,
    leaving: editor::Leaving,
}

impl Component for App {
    type Message = Message;
    type Properties = Start;

    fn create(ctx: &Context<Self>) -> Self {
        let (presets, problem) = match presets::presets(&ctx.props().scenarios) {
            Ok(presets) => (presets, None),
            Err(why) => (Vec::new(), Some(why)),
        };
        let mut state = State::new(presets);
        if let Some(why) = problem {
            state.stage = Stage::Failed(why);
        }
        let send = ctx.link().callback(Message::Address);
        let address = Closure::<dyn FnMut()>::new(move || send.emit(effects::address()));
        let send = ctx.link().callback(|message| message);
        let keys = Closure::<dyn FnMut(KeyboardEvent)>::new(move |event: KeyboardEvent| {
            if let Some(message) = sheet::key(&event) {
                event.prevent_default();
                send.emit(message);
            }
        });
        let send = ctx.link().callback(|message| message);
        let files = Closure::<dyn FnMut(DragEvent)>::new(move |event: DragEvent| {
            match &event.type_()[..] {
                "drop" => effects::read_dropped(&event, &send),
                // without this the browser would leave the page for the file
                _ => event.prevent_default(),
            }
        });
        if let Some(window) = web_sys::window() {
            // a browser that refuses these still has a page with buttons
            let listen = |kind: &str, to: &wasm_bindgen::JsValue| {
                let _ = window.add_event_listener_with_callback(kind, to.unchecked_ref());
            };
            listen("hashchange", address.as_ref());
            listen("keydown", keys.as_ref());
            listen("dragover", files.as_ref());
            listen("drop", files.as_ref());
        }
        ctx.link().send_message(Message::Editing(Editing::Kept(effects::kept())));
        ctx.link().send_message(Message::Address(effects::address()));
        let link = connect(ctx);
        let watch = |what: &str, tell| effects::Media::watch(what, ctx.link().callback(tell));
        let darkness = watch("(prefers-color-scheme: dark)", Message::SystemDark as fn(bool) -> _);
        let width = watch("(max-width: 560px)", Message::Narrow);
        let hidden = ctx.link().callback(|(hidden, now_ms)| Message::Hidden(hidden, now_ms));
        let send = ctx.link().callback(|message| message);
        App {
            state,
            send,
            link,
            helpers: Vec::new(),
            _address: address,
            _keys: keys,
            _files: files,
            _darkness: darkness,
            _width: width,
            _sight: effects::Sight::watch(hidden),
            _seconds: effects::Seconds::count(ctx.link().callback(|()| Message::Tick)),
            select: None,
            leaving: editor::Leaving::default(),
        }
    }

    fn update(&mut self, ctx: &Context<Self>, message: Message) -> bool {
        for effect in self.state.take(message) {
            self.carry_out(ctx, effect);
        }
        if let Err(why) = &self.link {
            self.state.stage = Stage::Failed(why.clone());
        }
        if self.state.study.is_none() {
            self.helpers.clear();
        }
        true
    }

    fn rendered(&mut self, _ctx: &Context<Self>, _first: bool) {
        if let Some((from, to, takes)) = self.select.take() {
            effects::select(editor::TEXT, (from, to), takes);
        }
    }

    fn view(&self, _: &Context<Self>) -> Html {
        let (state, send) = (&self.state, self.send.clone());
        effects::theme(state.theme);
        effects::present(state.sight.presenting);
        let body = match &state.stage {
            Stage::Failed(why) => answer::failed(state, why, &send),
            _ if state.shown.is_some() => saved::saved(state, &send),
            _ if state.editor.open => editor::editor(state, &send, &self.leaving),
            Stage::Choosing => choice::choice(state, &send),
            Stage::Loading => {
                html! { <p class="note" role="status">{ "Reading the scenario." }</p> }
            }
            Stage::Running => running(state, &send),
            Stage::Wrong(notes) => answer::problems(notes, &send),
        };
        let leave = send.reform(|event: MouseEvent| {
            event.prevent_default();
            Message::Leave
        });
        html! {
            <>
            <div class="top">
                <a href="#" class="brand" onclick={leave}>{ "Busyhour" }</a>
                if state.sight.presenting { <present::Timer /> }
                <div class="group">
                    { present::button(state, &send) }
                    { sheet::button(&send) }
                    { theme_choice(state.theme, &send) }
                </div>
            </div>
            if let Some(notice) = &state.notice {
                <p class="notice" role="alert">{ notice }</p>
            }
            { body }
            { sheet::sheet() }
            </>
        }
    }
}

impl App {
    /// Has so many helpers; what cannot be started says so.
    fn help(&mut self, ctx: &Context<Self>, count: u32) {
        self.helpers.clear();
        for number in 0..count {
            let heard = move |answer| Message::Studying(Studying::Heard(number, answer));
            let hear = ctx.link().callback(heard);
            let worker = &ctx.props().new_worker;
            match Link::start(worker, move |answer| hear.emit(answer)) {
                Ok(link) => self.helpers.push(link),
                Err(why) => ctx.link().send_message(heard(Answer::Failed(why))),
            }
        }
    }

    fn carry_out(&mut self, ctx: &Context<Self>, effect: Effect) {
        match effect {
            Effect::Send(command) => {
                if let Ok(link) = &self.link {
                    link.send(&command);
                }
            }
            Effect::NewWorker => self.link = connect(ctx),
            Effect::Helpers(count) => self.help(ctx, count),
            Effect::Ask(helper, command) => {
                if let Some(link) = self.helpers.get(helper as usize) {
                    link.send(&command);
                }
            }
            Effect::Address(fragment) => effects::set_address(&fragment),
            Effect::Reveal(at) => effects::reveal(&nodes::id(at)),
            Effect::Help => effects::show_dialog(sheet::ID),
            Effect::Save(name, kind, text) => effects::save(&name, kind, &text),
            Effect::Later(ms, message) => {
                effects::later(ms, *message, ctx.link().callback(|message| message));
            }
            Effect::Keep(work) => {
                if let Err(why) = effects::keep(work.as_deref()) {
                    ctx.link().send_message(Message::Editing(Editing::NotKept(why)));
                }
            }
            Effect::Select(from, to, takes) => self.select = Some((from, to, takes)),
            Effect::Copy(text) => effects::copy(&text, ctx.link().callback(|()| Message::Copied)),
            Effect::SavePicture(id, name) => {
                // a browser that cannot draw it hands over nothing
                let _ = picture::save(id, name, self.state.dark());
            }
        }
    }
}

/// A callback for events of which only some mean anything.
fn some<E: 'static>(
    send: &Callback<Message>,
    of: impl Fn(E) -> Option<Message> + 'static,
) -> Callback<E> {
    let send = send.clone();
    Callback::from(move |event| {
        if let Some(message) = of(event) {
            send.emit(message);
        }
    })
}

fn connect(ctx: &Context<App>) -> Result<Link, String> {
    let hear = ctx.link().callback(Message::Answer);
    Link::start(&ctx.props().new_worker, move |answer| hear.emit(answer))
}

fn theme_choice(now: Theme, send: &Callback<Message>) -> Html {
    let themes = [("System", Theme::System), ("Light", Theme::Light), ("Dark", Theme::Dark)];
    let button = |(name, theme): (&'static str, Theme)| {
        let pressed = if theme == now { "true" } else { "false" };
        let choose = send.reform(move |_| Message::Theme(theme));
        html! { <button type="button" aria-pressed={pressed} onclick={choose}>{ name }</button> }
    };
    html! {
        <div class="group" role="group" aria-label="Colours">
            { for themes.into_iter().map(button) }
        </div>
    }
}

/// The page about a run.
fn running(state: &State, send: &Callback<Message>) -> Html {
    let flags = Rc::new(state.flags());
    let chart = |figure: &Rc<Figure>| {
        html! {
            <Chart key={figure.id} figure={Rc::clone(figure)} dark={state.dark()}
                original={state.original_of(figure.id).cloned()}
                presenting={state.sight.presenting} send={send.clone()}
                flags={Rc::clone(&flags)} />
        }
    };
    let (from_s, to_s) = state.span();
    let place = (state.shown_s() - from_s) / (to_s - from_s).max(1e-9);
    // a crosshair at another time than the charts show stands far away
    let place = if (0.0..=1.0).contains(&place) { place * 100.0 } else { -1e3 };
    html! {
        <>
        { answer::head(state, send) }
        { controls::controls(state, send) }
        { answer::answer(state, send) }
        { branches::branches(state, send) }
        { topology::topology(state, send) }
        { values::happened(state, send) }
        <div class="run" style={format!("--at:{place:.3}%")}>
            <section id="charts" aria-labelledby="charts-title">
                { stretch(state, send) }
                { for state.course.figures.iter().map(chart) }
                if state.course.figures.is_empty() {
                    <p class="note">{ "Press play: the charts grow as simulated time passes." }</p>
                }
            </section>
            <aside>
                { values::values(state) }
            </aside>
        </div>
        { study::study(state, send) }
        { nodes::nodes(state, send) }
        </>
    }
}

/// The heading of the charts, and what is done with all of them.
fn stretch(state: &State, send: &Callback<Message>) -> Html {
    let empty = state.course.figures.is_empty();
    let zoom = |zoom: Zoom| send.reform(move |_: MouseEvent| Message::See(See::Zoom(zoom)));
    let (from_s, to_s) = state.span();
    let zoomed = state.sight.axes.is_zoomed();
    html! {
        <div class="heading">
            <h2 id="charts-title">
                { "Charts" }
                if zoomed { <small>{ format!(" {} to {}", at(from_s), at(to_s)) }</small> }
            </h2>
            <div class="group tools" role="group" aria-label="Stretch of time that charts show">
                <button type="button" disabled={empty} onclick={zoom(Zoom::By(0.5))}
                    title="Half as long (+), or drag over a chart">{ "Zoom in" }</button>
                <button type="button" disabled={!zoomed} onclick={zoom(Zoom::By(2.0))}
                    title="Twice as long (-)">{ "Zoom out" }</button>
                <button type="button" disabled={!zoomed} onclick={zoom(Zoom::Out)}
                    title="Esc, or a double click on a chart">{ "Whole run" }</button>
                <button type="button" disabled={empty} aria-label="Every chart's numbers as CSV"
                    onclick={send.reform(|_| Message::Write(Format::Csv))}>{ "CSV" }</button>
            </div>
        </div>
    }
}
