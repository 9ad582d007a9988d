//! The page's side of the wire: starts the worker, posts commands, hands its answers on.

use js_sys::{Array, ArrayBuffer, Float64Array, Function, Uint8Array};
use wasm_bindgen::prelude::{Closure, JsCast, JsValue};
use web_sys::{ErrorEvent, MessageEvent, Worker};

use crate::protocol::{Answer, Command};

/// A worker at the other end; it ends with this.
pub(crate) struct Link {
    worker: Worker,
    _heard: Closure<dyn FnMut(MessageEvent)>,
    _died: Closure<dyn FnMut(ErrorEvent)>,
}

impl Link {
    /// Starts a worker with what makes one; `hear` gets every answer.
    pub(crate) fn start(
        new_worker: &Function,
        hear: impl Fn(Answer) + Clone + 'static,
    ) -> Result<Self, String> {
        let made = new_worker.call0(&JsValue::NULL).and_then(|made| made.dyn_into::<Worker>());
        let worker = made.map_err(|why| format!("no worker can be started: {why:?}"))?;
        let tell = hear.clone();
        let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(answer) = answer(&event.data()) {
                hear(answer);
            }
        });
        let died = Closure::<dyn FnMut(ErrorEvent)>::new(move |event: ErrorEvent| {
            tell(Answer::Failed(format!("the worker stopped: {}", event.message())));
        });
        worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        worker.set_onerror(Some(died.as_ref().unchecked_ref()));
        Ok(Link { worker, _heard: heard, _died: died })
    }

    /// Posts a command.
    pub(crate) fn send(&self, command: &Command) {
        if let Ok(text) = serde_json::to_string(command) {
            let message = Array::of1(&JsValue::from_str(&text));
            if let Command::Resume(left) = command {
                message.push(&Uint8Array::from(&left.snapshot[..]).buffer());
            }
            // a worker that is gone has said so
            let _ = self.worker.post_message(&message);
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

fn answer(message: &JsValue) -> Option<Answer> {
    let parts: &Array = message.dyn_ref()?;
    let mut answer: Answer = serde_json::from_str(&parts.get(0).as_string()?).ok()?;
    let beside = || parts.get(1).dyn_into::<ArrayBuffer>().ok();
    match answer.told() {
        Answer::Frames { rows, .. } => *rows = Float64Array::new(&beside()?.into()).to_vec(),
        Answer::Snapshot { bytes, .. } => *bytes = Uint8Array::new(&beside()?.into()).to_vec(),
        _ => {}
    }
    Some(answer)
}
