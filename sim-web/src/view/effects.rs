//! What the page does to the browser: the address, files handed over, the theme.

use js_sys::Array;
use wasm_bindgen::prelude::{Closure, JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Blob, BlobPropertyBag, Document, DragEvent, Element, Event, File, HtmlAnchorElement,
    HtmlDialogElement, HtmlElement, HtmlInputElement, HtmlTextAreaElement, MediaQueryList, Storage,
    Url,
};
use yew::Callback;

use crate::state::editor::Editing;
use crate::state::{Message, Theme};

/// Under which name the browser keeps unsaved work; the number is that of its form.
const KEPT: &str = "busyhour.edited.1";
/// Bytes of a file that is read at most: the answer of a large sweep.
const FILE_MAX: f64 = 67_108_864.0;

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
        hand_over(name, &Blob::new_with_str_sequence_and_options(&parts, &options)?)
    };
    // a browser that forbids downloads says so itself
    let _ = save();
}

/// Hands bytes over as a download.
pub(super) fn hand_over(name: &str, blob: &Blob) -> Result<(), JsValue> {
    let url = Url::create_object_url_with_blob(blob)?;
    let document = web_sys::window().and_then(|w| w.document()).ok_or(JsValue::NULL)?;
    let anchor: HtmlAnchorElement = document.create_element("a")?.dyn_into()?;
    anchor.set_href(&url);
    anchor.set_download(name);
    anchor.click();
    Url::revoke_object_url(&url)
}

/// Shows the page to an audience, or to its operator, as the styles have it.
pub(super) fn present(presenting: bool) {
    let document = web_sys::window().and_then(|window| window.document());
    let Some(root) = document.and_then(|document| document.document_element()) else { return };
    // a page that is not enlarged still is the page
    let _ = root.toggle_attribute_with_force("data-presenting", presenting);
}

/// Watches whether a media query holds, as long as it lives.
pub(super) struct Media {
    query: MediaQueryList,
    _changed: Closure<dyn FnMut()>,
}

impl Media {
    /// Tells it now and whenever it changes.
    pub(super) fn watch(what: &str, tell: Callback<bool>) -> Option<Self> {
        let query = web_sys::window()?.match_media(what).ok()??;
        tell.emit(query.matches());
        let asked = query.clone();
        let changed = Closure::<dyn FnMut()>::new(move || tell.emit(asked.matches()));
        query.set_onchange(Some(changed.as_ref().unchecked_ref()));
        Some(Media { query, _changed: changed })
    }
}

impl Drop for Media {
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

/// The page's address without its fragment.
pub(super) fn base() -> String {
    let address = web_sys::window().and_then(|window| window.location().href().ok());
    let address = address.unwrap_or_default();
    address.split('#').next().unwrap_or_default().to_owned()
}

/// Copies a text and tells when it is done; a browser that refuses leaves it to the person.
pub(super) fn copy(text: &str, done: Callback<()>) {
    let Some(window) = web_sys::window() else { return };
    let navigator = window.navigator();
    // where the page comes from another machine without encryption there is no clipboard
    let there = js_sys::Reflect::get(&navigator, &JsValue::from_str("clipboard"));
    if there.is_ok_and(|clipboard| clipboard.is_object()) {
        let copied = navigator.clipboard().write_text(text);
        spawn_local(async move {
            if JsFuture::from(copied).await.is_ok() {
                done.emit(());
            }
        });
    }
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

/// What the browser has kept of unsaved work.
pub(super) fn kept() -> Option<String> {
    storage()?.get_item(KEPT).ok()?
}

/// Keeps unsaved work, or nothing more.
pub(super) fn keep(work: Option<&str>) -> Result<(), String> {
    let why = "this browser keeps nothing for the next visit (its storage is full or switched \
               off): save the file";
    let storage = storage().ok_or(why)?;
    let done = match work {
        Some(work) => storage.set_item(KEPT, work),
        None => storage.remove_item(KEPT),
    };
    done.map_err(|_| why.to_owned())
}

/// Selects in a text area and brings the place into view; it `takes` the keyboard or does not.
pub(super) fn select(id: &str, (from, to): (u32, u32), takes: bool) {
    let area: Option<HtmlTextAreaElement> = element(id).and_then(|area| area.dyn_into().ok());
    let Some(area) = area else { return };
    if takes {
        let _ = area.focus();
    }
    let _ = area.set_selection_range(from, to);
    let Some(around) = area.parent_element() else { return };
    let before = area.value().encode_utf16().take(from as usize).filter(|c| *c == 10).count();
    let lines = area.value().split('\n').count().max(area.rows() as usize);
    let line = f64::from(area.scroll_height()) / lines.max(1) as f64;
    let (top, height) = (before as f64 * line, f64::from(around.client_height()));
    let shown = f64::from(around.scroll_top());
    if top < shown || top + 2.0 * line > shown + height {
        around.set_scroll_top((top - height / 3.0).max(0.0) as i32);
    }
}

/// Cores of this machine, as far as the browser tells.
pub(super) fn cores() -> u32 {
    web_sys::window().map_or(1, |window| window.navigator().hardware_concurrency() as u32)
}

/// Sends a message later.
pub(super) fn later(ms: u32, message: Message, send: Callback<Message>) {
    let wait = Closure::once_into_js(move || send.emit(message));
    if let Some(window) = web_sys::window() {
        let ms = i32::try_from(ms).unwrap_or(i32::MAX);
        let _ =
            window.set_timeout_with_callback_and_timeout_and_arguments_0(wait.unchecked_ref(), ms);
    }
}

/// Reads the file that was chosen, and lets the same one be chosen again.
pub(super) fn read_chosen(event: &Event, send: &Callback<Message>) {
    let input: Option<HtmlInputElement> = event.target().and_then(|on| on.dyn_into().ok());
    let Some(input) = input else { return };
    if let Some(file) = input.files().and_then(|files| files.get(0)) {
        read(file, send.clone());
    }
    input.set_value("");
}

/// Reads the file that was dropped on the page.
pub(super) fn read_dropped(event: &DragEvent, send: &Callback<Message>) {
    let files = event.data_transfer().and_then(|data| data.files());
    if let Some(file) = files.and_then(|files| files.get(0)) {
        event.prevent_default();
        read(file, send.clone());
    }
}

fn read(file: File, send: Callback<Message>) {
    let name = file.name();
    let tell = move |read| send.emit(Message::Editing(Editing::File(read)));
    if file.size() > FILE_MAX {
        tell(Err(format!("{name} is larger than 64 MiB, which no scenario and no answer may be")));
        return;
    }
    spawn_local(async move {
        let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
        tell(match text {
            Some(text) => Ok((name, text)),
            None => Err(format!("{name} cannot be read")),
        });
    });
}
