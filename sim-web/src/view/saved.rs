//! What a command saved as JSON, opened in the page.

use yew::prelude::*;

use crate::state::{Message, State};

pub(super) fn saved(state: &State, send: &Callback<Message>) -> Html {
    let Some(shown) = &state.shown else { return Html::default() };
    let shut = send.reform(|_: MouseEvent| Message::Shut);
    html! {
        <>
        <header>
            <h1>{ &shown.name }</h1>
            <div class="group" role="group" aria-label="The answer">
                <button type="button" onclick={shut}>{ "Close" }</button>
                <span class="note">{ format!("As {} has it.", shown.file) }</span>
            </div>
        </header>
        <div id="saved" class="days">{ Html::from_html_unchecked(shown.part.clone().into()) }</div>
        </>
    }
}
