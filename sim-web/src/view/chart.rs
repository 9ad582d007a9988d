//! One chart: title, legend and ticks as text, the curves on a canvas.

use std::rc::Rc;

use sim_core::figures::at;
use sim_core::times;
use wasm_bindgen::prelude::{Closure, JsCast};
use web_sys::{HtmlCanvasElement, ResizeObserver};
use yew::prelude::*;

use super::paint::paint;
use super::some;
use crate::state::Message;
use crate::state::figures::{Figure, Shape};

/// What a chart shows.
#[derive(PartialEq, Properties)]
pub(super) struct Shown {
    pub(super) figure: Rc<Figure>,
    /// The same chart of the branch that this one left.
    pub(super) original: Option<Rc<Figure>>,
    /// Where the time axis ends, s.
    pub(super) end_s: f64,
    /// A change of it changes the colours.
    pub(super) dark: bool,
    /// Times of what happened, s, and what.
    pub(super) flags: Rc<Vec<(f64, String)>>,
    pub(super) send: Callback<Message>,
}

/// A chart in the page.
pub(super) struct Chart {
    canvas: NodeRef,
    resized: Option<(ResizeObserver, Closure<dyn FnMut()>)>,
}

impl Component for Chart {
    type Message = ();
    type Properties = Shown;

    fn create(_: &Context<Self>) -> Self {
        Chart { canvas: NodeRef::default(), resized: None }
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &Shown) -> bool {
        ctx.props() != old
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        let Some(canvas) = self.canvas.cast::<HtmlCanvasElement>() else { return };
        let shown = ctx.props();
        let pair = (&*shown.figure, shown.original.as_deref());
        paint(&canvas, pair, shown.end_s, &shown.flags);
        if first {
            let again = ctx.link().callback(|()| ());
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
        let Shown { figure, end_s, send, .. } = ctx.props();
        let said = format!("{}: {}", figure.title, figure.note);
        let look = look(send, &self.canvas, *end_s);
        let heights = figure.scale.ticks().into_iter().map(|tick| height(figure, tick));
        let moments = times(*end_s).into_iter().map(|tick| moment(tick, *end_s));
        html! {
            <figure id={figure.id}>
                <figcaption><h3>{ figure.title }</h3><p>{ &figure.note }</p></figcaption>
                { legend(figure, ctx.props().original.is_some()) }
                <div class="frame">
                    <div class="ys">{ for heights }</div>
                    <div class="plot" role="img" aria-label={said} onpointermove={look.clone()}
                        onpointerdown={look}>
                        <canvas ref={self.canvas.clone()}></canvas>
                        { for figure.rules.iter().map(|rule| ruled(figure, rule)) }
                        { for ctx.props().flags.iter().map(|flag| flagged(flag, *end_s)) }
                    </div>
                    <div class="xs">{ for moments }</div>
                </div>
            </figure>
        }
    }
}

/// The time under the pointer.
fn look(send: &Callback<Message>, canvas: &NodeRef, end_s: f64) -> Callback<PointerEvent> {
    let canvas = canvas.clone();
    some(send, move |event: PointerEvent| {
        let place = canvas.cast::<HtmlCanvasElement>()?.get_bounding_client_rect();
        let share = (f64::from(event.client_x()) - place.left()) / place.width();
        Some(Message::Look(Some(share * end_s)))
    })
}

fn legend(figure: &Figure, forked: bool) -> Html {
    let entry = |class: String, name: String| {
        let sample = if class.contains("line") { "M0 5h28" } else { "M0 0h28v10h-28z" };
        html! {
            <li>
                <svg viewBox="0 0 28 10" aria-hidden="true"><path {class} d={sample} /></svg>
                <span>{ name }</span>
            </li>
        }
    };
    let entries: Vec<Html> = match figure.shape {
        Shape::Bands => vec![
            entry("s0 line".into(), "half are faster (p50)".into()),
            entry("s0 band near".into(), "p50 to p95".into()),
            entry("s0 band far".into(), "p95 to p99".into()),
        ],
        Shape::Lines | Shape::Steps => figure
            .lines
            .iter()
            .enumerate()
            .map(|(index, line)| entry(format!("s{index} line"), line.name.clone()))
            .collect(),
    };
    let original = forked.then(|| entry("original line".into(), "the original".into()));
    html! { <ul class="legend">{ for entries }{ original }</ul> }
}

fn height(figure: &Figure, tick: f64) -> Html {
    let style = format!("bottom:{:.1}%", figure.scale.place(tick) * 100.0);
    html! { <span {style}>{ figure.say(tick) }</span> }
}

fn moment(tick: f64, end_s: f64) -> Html {
    let place = tick / end_s;
    let class = if place > 0.97 { "end" } else { "" };
    html! { <span {class} style={format!("left:{:.2}%", place * 100.0)}>{ at(tick) }</span> }
}

fn ruled(figure: &Figure, (name, value): &(String, f64)) -> Html {
    let place = figure.scale.place(*value);
    let class = if place > 0.85 { "rule below" } else { "rule" };
    html! { <em {class} style={format!("bottom:{:.1}%", place * 100.0)}>{ name }</em> }
}

fn flagged((at_s, said): &(f64, String), end_s: f64) -> Html {
    let style = format!("left:{:.2}%", at_s / end_s * 100.0);
    html! { <b class="flag" {style} title={said.clone()}>{ "\u{25be}" }</b> }
}
