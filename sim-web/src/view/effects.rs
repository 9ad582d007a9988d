//! What the page does to the browser: the address, files handed over, the theme.

use js_sys::Array;
use wasm_bindgen::prelude::{Closure, JsCast, JsValue};
use web_sys::{
    Blob, BlobPropertyBag, Document, Element, HtmlAnchorElement, HtmlDialogElement, HtmlElement,
    MediaQueryList, Url,
};
use yew::Callback;

use crate::state::Theme;

/// The address's fragment.
pub(super) fn address() -> String {
    let window = web_sys::window();
    window.and_then(|window| window.location().hash().ok()).unwrap_or_default()
}

/// Sets the fragment as a step of its own, so that the back button undoes it.
pub(super) fn set_address(fragment: &str) {
    let Some(window) = web_sys::window() else { return };
    if address() == fragment || (address().is_empty() && fragment == "#") {
        return;
    }
    if let Ok(history) = window.history() {
        // where an address may not be changed the page works without
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(fragment));
    }
}

/// Hands a file over as a download.
pub(super) fn save(name: &str, kind: &str, text: &str) {
    let save = || -> Result<(), JsValue> {
        let options = BlobPropertyBag::new();
        options.set_type(kind);
        let parts = Array::of1(&JsValue::from_str(text));
        let blob = Blob::new_with_str_sequence_and_options(&parts, &options)?;
        let url = Url::create_object_url_with_blob(&blob)?;
        let document = web_sys::window().and_then(|w| w.document()).ok_or(JsValue::NULL)?;
        let anchor: HtmlAnchorElement = document.create_element("a")?.dyn_into()?;
        anchor.set_href(&url);
        anchor.set_download(name);
        anchor.click();
        Url::revoke_object_url(&url)
    };
    // a browser that forbids downloads says so itself
    let _ = save();
}

/// Watches whether the system is dark, as long as it lives.
pub(super) struct Darkness {
    query: MediaQueryList,
    _changed: Closure<dyn FnMut()>,
}

impl Darkness {
    /// Tells it now and whenever it changes.
    pub(super) fn watch(tell: Callback<bool>) -> Option<Self> {
        let query = web_sys::window()?.match_media("(prefers-color-scheme: dark)").ok()??;
        tell.emit(query.matches());
        let asked = query.clone();
        let changed = Closure::<dyn FnMut()>::new(move || tell.emit(asked.matches()));
        query.set_onchange(Some(changed.as_ref().unchecked_ref()));
        Some(Darkness { query, _changed: changed })
    }
}

impl Drop for Darkness {
    fn drop(&mut self) {
        self.query.set_onchange(None);
    }
}

/// Watches whether anybody looks at the page, as long as it lives.
pub(super) struct Sight {
    document: Document,
    _changed: Closure<dyn FnMut()>,
}

impl Sight {
    /// Tells of every change: whether the page is hidden, and when, ms.
    pub(super) fn watch(tell: Callback<(bool, f64)>) -> Option<Self> {
        let window = web_sys::window()?;
        let (document, clock) = (window.document()?, window.performance()?);
        let seen = document.clone();
        let changed = Closure::<dyn FnMut()>::new(move || tell.emit((seen.hidden(), clock.now())));
        document.set_onvisibilitychange(Some(changed.as_ref().unchecked_ref()));
        Some(Sight { document, _changed: changed })
    }
}

impl Drop for Sight {
    fn drop(&mut self) {
        self.document.set_onvisibilitychange(None);
    }
}

/// Counts seconds, as long as it lives.
pub(super) struct Seconds {
    id: i32,
    _passed: Closure<dyn FnMut()>,
}

impl Seconds {
    /// Tells of each.
    pub(super) fn count(tell: Callback<()>) -> Option<Self> {
        let passed = Closure::<dyn FnMut()>::new(move || tell.emit(()));
        let listener = passed.as_ref().unchecked_ref();
        let id = web_sys::window()?
            .set_interval_with_callback_and_timeout_and_arguments_0(listener, 1_000)
            .ok()?;
        Some(Seconds { id, _passed: passed })
    }
}

impl Drop for Seconds {
    fn drop(&mut self) {
        if let Some(window) = web_sys::window() {
            window.clear_interval_with_handle(self.id);
        }
    }
}

/// Sets the theme on the root element, where the styles look for it.
pub(super) fn theme(theme: Theme) {
    let document = web_sys::window().and_then(|window| window.document());
    let Some(root) = document.and_then(|document| document.document_element()) else { return };
    let _ = match theme {
        Theme::System => root.remove_attribute("data-theme"),
        Theme::Light => root.set_attribute("data-theme", "light"),
        Theme::Dark => root.set_attribute("data-theme", "dark"),
    };
}

fn element(id: &str) -> Option<Element> {
    web_sys::window()?.document()?.get_element_by_id(id)
}

/// Opens what can be opened, brings it into view and gives it the keyboard.
pub(super) fn reveal(id: &str) {
    let Some(found) = element(id) else { return };
    let _ = found.set_attribute("open", "");
    found.scroll_into_view();
    let head = found.query_selector("summary").ok().flatten();
    if let Some(head) = head.and_then(|head| head.dyn_into::<HtmlElement>().ok()) {
        let _ = head.focus();
    }
}

fn dialog(id: &str) -> Option<HtmlDialogElement> {
    element(id)?.dyn_into().ok()
}

/// Opens a dialog; the browser keeps the keyboard in it until it is closed.
pub(super) fn show_dialog(id: &str) {
    if let Some(dialog) = dialog(id).filter(|dialog| !dialog.open()) {
        let _ = dialog.show_modal();
    }
}

/// Closes a dialog; the keyboard goes back to where it was.
pub(super) fn close_dialog(id: &str) {
    if let Some(dialog) = dialog(id) {
        dialog.close();
    }
}

/// Whether a dialog is open.
pub(super) fn dialog_is_open(id: &str) -> bool {
    dialog(id).is_some_and(|dialog| dialog.open())
}
