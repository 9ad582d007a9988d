//! The worker's side of the wire: messages to the session, its answers back, slices in between.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, ArrayBuffer, Float64Array, Uint8Array};
use wasm_bindgen::prelude::{Closure, JsCast, JsValue, wasm_bindgen};
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent, MessagePort};

use crate::protocol::{Answer, Command};
use crate::session::Session;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn now_ms() -> f64;
}

/// The worker, alive as long as its global scope.
struct Host {
    scope: DedicatedWorkerGlobalScope,
    session: RefCell<Session>,
    /// Posting to it comes back as a message to `work`: sooner than any timer may, and after all
    /// messages that wait already.
    bell: MessagePort,
    /// Whether a message or a timer is under way that lets it work.
    rung: Cell<bool>,
    later: RefCell<Option<Closure<dyn FnMut()>>>,
}

/// Turns the worker that this runs in into the run's owner. It answers nothing until asked.
///
/// # Errors
/// Where this is no worker, or the browser has no message channels.
#[wasm_bindgen]
pub fn worker() -> Result<(), JsValue> {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().dyn_into()?;
    let channel = MessageChannel::new()?;
    let host = Rc::new(Host {
        scope: scope.clone(),
        session: RefCell::default(),
        bell: channel.port2(),
        rung: Cell::new(false),
        later: RefCell::new(None),
    });
    tell_of_panics();
    let ringing = Rc::clone(&host);
    let rung = Closure::<dyn FnMut()>::new(move || ringing.work());
    channel.port1().set_onmessage(Some(rung.as_ref().unchecked_ref()));
    rung.forget();
    let timed = Rc::clone(&host);
    *host.later.borrow_mut() = Some(Closure::new(move || timed.work()));
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        host.hear(&event);
    });
    scope.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
    Ok(())
}

/// A panic ends the module; before that the page is told why.
fn tell_of_panics() {
    std::panic::set_hook(Box::new(|info| {
        // the hook owns nothing of the browser's: it finds the scope again when it is needed
        let answer = Answer::Failed(format!("an error inside Busyhour: {info}"));
        if let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() {
            post(&scope, answer);
        }
    }));
}

/// Posts an answer; what is large goes beside it as a buffer that changes hands without being
/// copied.
fn post(scope: &DedicatedWorkerGlobalScope, mut answer: Answer) {
    let Ok(text) = serde_json::to_string(&answer) else { return };
    let message = Array::of1(&JsValue::from_str(&text));
    let given = Array::new();
    let buffer = match answer.told() {
        Answer::Frames { rows, .. } => Some(Float64Array::from(&rows[..]).buffer()),
        Answer::Snapshot { bytes, .. } => Some(Uint8Array::from(&bytes[..]).buffer()),
        _ => None,
    };
    if let Some(buffer) = buffer {
        message.push(&buffer);
        given.push(&buffer);
    }
    // a page that is gone needs no answer
    let _ = scope.post_message_with_transfer(&message, &given);
}

/// What a message asks for.
fn command(event: &MessageEvent) -> Result<Command, String> {
    let parts: Array = event.data().dyn_into().map_err(|_| "no list".to_owned())?;
    let text = parts.get(0).as_string().unwrap_or_default();
    let mut command = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if let (Command::Resume(left), Ok(bytes)) = (&mut command, parts.get(1).dyn_into()) {
        let bytes: ArrayBuffer = bytes;
        left.snapshot = Uint8Array::new(&bytes).to_vec();
    }
    Ok(command)
}

impl Host {
    fn hear(&self, event: &MessageEvent) {
        let answers = match command(event) {
            Ok(command) => self.session.borrow_mut().obey(command, now_ms()),
            Err(error) => vec![Answer::Failed(format!("a message that means nothing: {error}"))],
        };
        answers.into_iter().for_each(|answer| post(&self.scope, answer));
        self.ring();
    }

    fn work(&self) {
        self.rung.set(false);
        let answers = self.session.borrow_mut().work(&mut now_ms);
        answers.into_iter().for_each(|answer| post(&self.scope, answer));
        self.ring();
    }

    /// Sees to it that it works again when there is something to do.
    fn ring(&self) {
        let Some(sleep_ms) = self.session.borrow().sleep_ms(now_ms()) else { return };
        if self.rung.replace(true) {
            return;
        }
        if sleep_ms < 1.0 {
            let _ = self.bell.post_message(&JsValue::NULL);
        } else if let Some(later) = &*self.later.borrow() {
            let work = later.as_ref().unchecked_ref();
            let ms = sleep_ms as i32;
            let _ = self.scope.set_timeout_with_callback_and_timeout_and_arguments_0(work, ms);
        }
    }
}
