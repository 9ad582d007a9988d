//! One chart: title, legend and ticks as text, the curves on a canvas, its numbers as a table.

use std::rc::Rc;

use sim_core::figures::at;
use sim_core::times_between;
use wasm_bindgen::prelude::{Closure, JsCast};
use web_sys::{HtmlCanvasElement, HtmlDetailsElement, ResizeObserver};
use yew::prelude::*;

use super::legend::legend;
use super::paint::paint;
use crate::state::Message;
use crate::state::axes::Zoom;
use crate::state::figures::{Figure, Numbers};
use crate::state::sight::See;

/// Less than this share of a chart is a click, not a stretch.
const CLICK: f64 = 0.01;

/// What a chart shows.
#[derive(Properties)]
pub(super) struct Shown {
    pub(super) figure: Rc<Figure>,
    /// The same chart of the branch that this one left.
    pub(super) original: Option<Rc<Figure>>,
    /// A change of it changes the colours.
    pub(super) dark: bool,
    /// A change of it changes the size of letters.
    pub(super) presenting: bool,
    /// Times of what happened, s, and what.
    pub(super) flags: Rc<Vec<(f64, String)>>,
    pub(super) send: Callback<Message>,
}

impl PartialEq for Shown {
    /// Figures are drawn anew as wholes: to compare their points would cost what it should save.
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.figure, &other.figure)
            && self.original.as_ref().map(Rc::as_ptr) == other.original.as_ref().map(Rc::as_ptr)
            && (self.dark, self.presenting) == (other.dark, other.presenting)
            && self.flags == other.flags
            && self.send == other.send
    }
}

/// A chart in the page.
pub(super) struct Chart {
    canvas: NodeRef,
    resized: Option<(ResizeObserver, Closure<dyn FnMut()>)>,
    /// What the pointer marks, from and to, as shares of the width.
    marked: Option<(f64, f64)>,
    /// Whether the numbers are shown.
    open: bool,
    /// Whether the canvas shows something else than it should.
    stale: bool,
}

/// What happens to a chart.
pub(super) enum Touch {
    /// Its size is another one.
    Resized,
    /// The pointer goes down at a share of the width.
    Down(f64),
    /// It moves.
    Over(f64),
    /// It goes up.
    Up,
    /// The numbers are opened or closed.
    Opened(bool),
}

impl Component for Chart {
    type Message = Touch;
    type Properties = Shown;

    fn create(_: &Context<Self>) -> Self {
        let canvas = NodeRef::default();
        Chart { canvas, resized: None, marked: None, open: false, stale: true }
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &Shown) -> bool {
        let changed = ctx.props() != old;
        self.stale |= changed;
        changed
    }

    fn update(&mut self, ctx: &Context<Self>, touch: Touch) -> bool {
        let Shown { figure, send, .. } = ctx.props();
        let (from_s, to_s) = figure.span;
        let time = |share: f64| from_s + share * (to_s - from_s);
        match touch {
            Touch::Resized => {
                self.stale = true;
                true
            }
            Touch::Down(share) => {
                self.marked = Some((share, share));
                false
            }
            Touch::Over(share) => {
                send.emit(Message::Look(Some(time(share))));
                let Some((_, to)) = &mut self.marked else { return false };
                *to = share;
                true
            }
            Touch::Up => {
                let Some((a, b)) = self.marked.take() else { return false };
                if (a - b).abs() > CLICK {
                    send.emit(Message::See(See::Zoom(Zoom::To(time(a), time(b)))));
                }
                true
            }
            Touch::Opened(open) => std::mem::replace(&mut self.open, open) != open,
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        let Some(canvas) = self.canvas.cast::<HtmlCanvasElement>() else { return };
        let shown = ctx.props();
        // what moves over the curves does not draw them again
        if std::mem::take(&mut self.stale) {
            let pair = (&*shown.figure, shown.original.as_deref());
            paint(&canvas, pair, &shown.flags);
        }
        if first {
            let again = ctx.link().callback(|()| Touch::Resized);
            let draw = Closure::<dyn FnMut()>::new(move || again.emit(()));
            if let Ok(observer) = ResizeObserver::new(draw.as_ref().unchecked_ref()) {
                observer.observe(&canvas);
                self.resized = Some((observer, draw));
            }
        }
    }

    fn destroy(&mut self, _: &Context<Self>) {
        if let Some((observer, _)) = &self.resized {
            observer.disconnect();
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let Shown { figure, flags, send, .. } = ctx.props();
        let heights = figure.scale.ticks().into_iter().map(|tick| height(figure, tick));
        let (from_s, to_s) = figure.span;
        let moments = times_between(from_s, to_s).into_iter().map(|tick| moment(figure, tick));
        let inside = |(at_s, _): &&(f64, String)| (from_s..=to_s).contains(at_s);
        let flagged = flags.iter().filter(inside).map(|flag| flagged(figure, flag, send));
        html! {
            <figure id={figure.id}>
                <figcaption>
                    <div><h3>{ figure.title }</h3><p>{ &figure.note }</p></div>
                    { tools(figure, send) }
                </figcaption>
                { legend(figure, ctx.props().original.is_some()) }
                <div class="frame">
                    <div class="ys">{ for heights }</div>
                    { self.plot(ctx, flagged.collect()) }
                    <div class="xs">{ for moments }</div>
                </div>
                { self.numbers(ctx) }
            </figure>
        }
    }
}

impl Chart {
    /// The curves, and over them what tells of single values and times.
    fn plot(&self, ctx: &Context<Self>, flags: Html) -> Html {
        let Shown { figure, send, .. } = ctx.props();
        let said = format!("{}: {}", figure.title, figure.note);
        let link = ctx.link();
        let down = self.touch(link, |event: &PointerEvent, share, canvas| {
            let drags = event.pointer_type() != "touch" && event.button() == 0;
            if drags {
                // a pointer that leaves the chart still marks it; without that it stops at the edge
                let _ = canvas.set_pointer_capture(event.pointer_id());
            }
            if drags { Touch::Down(share) } else { Touch::Over(share) }
        });
        let over = self.touch(link, |_: &PointerEvent, share, _| Touch::Over(share));
        let up = link.callback(|_: PointerEvent| Touch::Up);
        let whole = send.reform(|_: MouseEvent| Message::See(See::Zoom(Zoom::Out)));
        let marked = self.marked.map(|(a, b)| {
            let (left, wide) = (a.min(b) * 100.0, (a - b).abs() * 100.0);
            let style = format!("left:{left:.2}%;width:{wide:.2}%");
            html! { <i class="marked" {style}></i> }
        });
        html! {
            <div class="plot">
                <canvas ref={self.canvas.clone()} role="img" aria-label={said}
                    onpointerdown={down} onpointermove={over} onpointerup={up.clone()}
                    onpointercancel={up} ondblclick={whole}></canvas>
                { for figure.rules.iter().map(|rule| ruled(figure, rule)) }
                { marked }
                { flags }
            </div>
        }
    }

    /// A pointer's place over the canvas, as a share of its width.
    fn touch(
        &self,
        link: &html::Scope<Self>,
        of: impl Fn(&PointerEvent, f64, &HtmlCanvasElement) -> Touch + 'static,
    ) -> Callback<PointerEvent> {
        let (canvas, link) = (self.canvas.clone(), link.clone());
        Callback::from(move |event: PointerEvent| {
            let Some(canvas) = canvas.cast::<HtmlCanvasElement>() else { return };
            let place = canvas.get_bounding_client_rect();
            let share = (f64::from(event.client_x()) - place.left()) / place.width();
            link.send_message(of(&event, share.clamp(0.0, 1.0), &canvas));
        })
    }

    /// The numbers as a table, made when somebody opens it.
    fn numbers(&self, ctx: &Context<Self>) -> Html {
        let figure = &ctx.props().figure;
        let toggled = ctx.link().batch_callback(|event: Event| {
            let details: HtmlDetailsElement = event.target()?.dyn_into().ok()?;
            Some(Touch::Opened(details.open()))
        });
        html! {
            <details ontoggle={toggled}>
                <summary>
                    { "Numbers" }<span class="unseen">{ format!(" of {}", figure.title) }</span>
                </summary>
                if self.open { { table(figure.title, &figure.numbers()) } }
            </details>
        }
    }
}

fn table(title: &'static str, numbers: &Numbers) -> Html {
    let line = |(time, cells): &(String, Vec<String>)| {
        html! {
            <tr>
                <th scope="row">{ time }</th>
                { for cells.iter().map(|cell| html! { <td>{ cell }</td> }) }
            </tr>
        }
    };
    html! {
        <div class="wide" tabindex="0" role="region" aria-label={format!("Numbers of {title}")}>
            <table class="values">
                <tr>
                    <th scope="col">{ "from" }</th>
                    { for numbers.names.iter().map(|name| html! { <th scope="col">{ name }</th> }) }
                </tr>
                { for numbers.lines.iter().map(line) }
            </table>
        </div>
    }
}

/// What can be done with one chart.
fn tools(figure: &Figure, send: &Callback<Message>) -> Html {
    let id = figure.id;
    let save = send.reform(move |_| Message::SavePicture(id));
    let ratios = |name: &'static str, ratios: bool| {
        let choose = send.reform(move |_| Message::See(See::Ratios(ratios)));
        let pressed = if figure.has_ratios() == ratios { "true" } else { "false" };
        html! { <button type="button" aria-pressed={pressed} onclick={choose}>{ name }</button> }
    };
    html! {
        <div class="group tools">
            if id == "latency" {
                <div class="group" role="group" aria-label="Axis of the latencies">
                    { ratios("Linear", false) }{ ratios("Log", true) }
                </div>
            }
            <button type="button" aria-label={format!("{} as PNG", figure.title)} onclick={save}>
                { "PNG" }
            </button>
        </div>
    }
}

fn height(figure: &Figure, tick: f64) -> Html {
    let style = format!("bottom:{:.1}%", figure.scale.place(tick) * 100.0);
    html! { <span {style}>{ figure.say(tick) }</span> }
}

/// Where a time stands, as a share of the width.
fn place(figure: &Figure, at_s: f64) -> f64 {
    let (from_s, to_s) = figure.span;
    (at_s - from_s) / (to_s - from_s)
}

fn moment(figure: &Figure, tick: f64) -> Html {
    let place = place(figure, tick);
    let class = match place {
        _ if place > 0.97 => "end",
        _ if place < 0.03 => "begin",
        _ => "",
    };
    html! { <span {class} style={format!("left:{:.2}%", place * 100.0)}>{ at(tick) }</span> }
}

fn ruled(figure: &Figure, (name, value): &(String, f64)) -> Html {
    let place = figure.scale.place(*value);
    let class = if place > 0.85 { "rule below" } else { "rule" };
    html! { <em {class} style={format!("bottom:{:.1}%", place * 100.0)}>{ name }</em> }
}

/// A flag is for the pointer: the keyboard has the list of what happened.
fn flagged(figure: &Figure, (at_s, said): &(f64, String), send: &Callback<Message>) -> Html {
    let style = format!("left:{:.2}%", place(figure, *at_s) * 100.0);
    let at_s = *at_s;
    let look = send.reform(move |_: MouseEvent| Message::Look(Some(at_s)));
    html! {
        <b class="flag" {style} title={said.clone()} aria-hidden="true" onclick={look}>
            { "\u{25be}" }
        </b>
    }
}
