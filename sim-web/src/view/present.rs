//! Presenting: a button, and how long one has been talking.

use wasm_bindgen::prelude::{Closure, JsCast};
use yew::prelude::*;

use crate::state::sight::See;
use crate::state::{Message, State};

/// Presents, or no longer.
pub(super) fn button(state: &State, send: &Callback<Message>) -> Html {
    let presenting = state.sight.presenting;
    let word = if presenting { "Stop presenting" } else { "Present" };
    let present = send.reform(|_| Message::See(See::Present));
    html! {
        <button type="button" aria-pressed={presenting.to_string()} onclick={present}
            title="Large letters, without panels, with a timer (H)">{ word }</button>
    }
}

/// Minutes and seconds since it stands in the page.
pub(super) struct Timer {
    seconds: u32,
    ticking: Option<(i32, Closure<dyn FnMut()>)>,
}

impl Component for Timer {
    type Message = ();
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let link = ctx.link().clone();
        let tick = Closure::<dyn FnMut()>::new(move || link.send_message(()));
        let window = web_sys::window();
        let id = window.and_then(|window| {
            let tick = tick.as_ref().unchecked_ref();
            window.set_interval_with_callback_and_timeout_and_arguments_0(tick, 1_000).ok()
        });
        Timer { seconds: 0, ticking: id.map(|id| (id, tick)) }
    }

    fn update(&mut self, _: &Context<Self>, (): ()) -> bool {
        self.seconds += 1;
        true
    }

    fn destroy(&mut self, _: &Context<Self>) {
        if let (Some((id, _)), Some(window)) = (&self.ticking, web_sys::window()) {
            window.clear_interval_with_handle(*id);
        }
    }

    fn view(&self, _: &Context<Self>) -> Html {
        let said = format!("{}:{:02}", self.seconds / 60, self.seconds % 60);
        html! { <p class="timer" role="timer" aria-label="Time presented">{ said }</p> }
    }
}
