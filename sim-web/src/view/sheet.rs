//! The keys that mean something anywhere on the page, and the sheet that lists them.

use wasm_bindgen::prelude::JsCast;
use yew::prelude::*;

use super::effects;
use crate::state::Message;
use crate::state::axes::Zoom;
use crate::state::sight::See;

/// The id of the sheet.
pub(super) const ID: &str = "keys";

/// A key: its names, as a keyboard event has them; what to call it; what it does.
type Key = (&'static [&'static str], &'static str, &'static str, fn() -> Message);

const KEYS: [Key; 10] = [
    (&[" ", "k"], "Space or K", "Play, and stand still", || Message::Toggle),
    (&["."], ".", "Go on until something happens", || Message::Step),
    (&["Home"], "Home", "Back to the beginning", || Message::Restart),
    (&["ArrowLeft"], "\u{2190}", "Look earlier", || Message::See(See::Step(-1.0))),
    (&["ArrowRight"], "\u{2192}", "Look later", || Message::See(See::Step(1.0))),
    (&["+", "="], "+", "Charts show half as long a time", || {
        Message::See(See::Zoom(Zoom::By(0.5)))
    }),
    (&["-"], "-", "Charts show twice as long a time", || Message::See(See::Zoom(Zoom::By(2.0)))),
    (&["Escape"], "Esc", "Show the whole run; then look at the newest again", || {
        Message::See(See::Back)
    }),
    (&["h"], "H", "Present: large, with a timer, without panels", || Message::See(See::Present)),
    (&["?"], "?", "This sheet", || Message::Help),
];

/// Keys that the browser gives a meaning, once something has the focus.
const FOCUSED: [(&str, &str); 4] = [
    ("Tab", "On to the next control, box of the picture or part"),
    ("Enter", "Press a button; on a box of the picture: show its knobs"),
    ("\u{2190} \u{2192}", "On the bar over the time: look earlier or later"),
    ("+ - 0 and arrows", "On the picture: closer, away, all of it, to its sides"),
];

/// What a key means anywhere on the page.
pub(super) fn key(event: &KeyboardEvent) -> Option<Message> {
    let on = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let tag = on.as_ref().map(web_sys::Element::tag_name).unwrap_or_default();
    // what scrolls does so by arrow keys
    let scrolls = event.key().starts_with("Arrow")
        && on.is_some_and(|element| element.get_attribute("role").as_deref() == Some("region"));
    let typed = ["INPUT", "SELECT", "TEXTAREA"].contains(&&tag[..]);
    // on what is pressed, a question mark presses nothing
    let pressed = ["BUTTON", "A", "SUMMARY"].contains(&&tag[..]) && event.key() != "?";
    let meant = event.ctrl_key() || event.meta_key() || event.alt_key();
    if typed || pressed || scrolls || meant || effects::dialog_is_open(ID) {
        return None;
    }
    let found = KEYS.iter().find(|(names, ..)| names.contains(&&event.key()[..]));
    found.map(|(.., message)| message())
}

/// Opens the sheet.
pub(super) fn button(send: &Callback<Message>) -> Html {
    let open = send.reform(|_| Message::Help);
    html! {
        <button type="button" aria-haspopup="dialog" aria-label="Keys" title="Keys"
            onclick={open}>{ "?" }</button>
    }
}

/// The sheet; closed until the browser is told to show it.
pub(super) fn sheet() -> Html {
    let line = |name: &'static str, what: &'static str| {
        html! { <tr><th scope="row"><kbd>{ name }</kbd></th><td>{ what }</td></tr> }
    };
    let close = Callback::from(|_| effects::close_dialog(ID));
    html! {
        <dialog id={ID} aria-labelledby="keys-title">
            <h2 id="keys-title">{ "Keys" }</h2>
            <table>
                { for KEYS.iter().map(|(_, name, what, _)| line(name, what)) }
                { for FOCUSED.iter().map(|(name, what)| line(name, what)) }
            </table>
            <button type="button" onclick={close}>{ "Close" }</button>
        </dialog>
    }
}
