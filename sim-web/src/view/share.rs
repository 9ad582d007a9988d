//! A link to copy, or why there is none.

use yew::prelude::*;

use super::effects;
use crate::state::editor::Editing;
use crate::state::sharing::{LINK_MAX, Link};
use crate::state::{Message, State};

/// Asks for a link.
pub(super) fn button(send: &Callback<Message>) -> Html {
    let share = send.reform(|_| Message::Share(effects::base()));
    html! {
        <button type="button" onclick={share}
            title="A link that plays this, with what was changed">{ "Copy link" }</button>
    }
}

/// What came of it.
pub(super) fn status(state: &State, send: &Callback<Message>) -> Html {
    let Some(link) = &state.shared else { return Html::default() };
    let (link, word) = match link {
        Link::Made(link) => (link, "Copy this link:"),
        Link::Copied(link) => (link, "Copied. Whoever opens it sees the same run:"),
        Link::TooLong(characters) => {
            let edited = state.editor.open;
            let save = send.reform(move |_| match edited {
                true => Message::Editing(Editing::Save),
                false => Message::SaveScenario,
            });
            return html! {
                <div class="link" role="status">
                    <p>{ format!(
                        "The link would have {characters} characters, and many programs cut \
                         links beyond {LINK_MAX}: send the file instead."
                    ) }</p>
                    <button type="button" onclick={save}>{ "Save the scenario" }</button>
                </div>
            };
        }
    };
    html! {
        <div class="link" role="status">
            <label for="link">{ word }</label>
            <input id="link" readonly=true value={link.clone()} />
        </div>
    }
}
