//! A real browser for the tests: Chromium without a window, driven over its debugging pipe.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{sleep, spawn};
use std::time::Duration;

use serde_json::{Value, json};

/// How long the browser may take to answer one request.
const ANSWER: Duration = Duration::from_secs(60);
/// Time between two looks at a page.
const LOOK: Duration = Duration::from_millis(50);
/// What keeps Chromium to itself: no window, no first-run pages, no calls home. The sandbox wants
/// rights that a container does not give; the only page that it shows is our own.
const FLAGS: &str = "--headless --remote-debugging-pipe --no-sandbox --disable-gpu --no-first-run \
                     --disable-background-networking --disable-component-update --disable-sync \
                     --disable-default-apps --disable-dev-shm-usage --hide-scrollbars \
                     --host-resolver-rules='MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'";

/// Keys that write nothing, with the code that Windows gave them.
const KEYS: [(&str, u32); 6] = [
    ("Escape", 27),
    ("Tab", 9),
    ("ArrowLeft", 37),
    ("ArrowUp", 38),
    ("ArrowRight", 39),
    ("ArrowDown", 40),
];

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A browser with one page. It ends with this.
pub(crate) struct Browser {
    child: Child,
    to: File,
    from: Receiver<Value>,
    folder: PathBuf,
    page: String,
    requests: u64,
    /// Everything that the page's browser told unasked.
    pub(crate) events: Vec<Value>,
}

impl Browser {
    /// Starts Chromium with an empty page.
    pub(crate) fn start() -> Self {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("busyhour-browser-{}-{count}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("a folder for the browser can be made");
        let (to, from) = (folder.join("to"), folder.join("from"));
        let made = Command::new("mkfifo").args([&to, &from]).status();
        assert!(made.is_ok_and(|status| status.success()), "mkfifo works");
        // a shell, because the pipe's ends must be the numbers 3 and 4
        let line = format!("exec chromium {FLAGS} --user-data-dir=profile 3<to 4>from");
        let child = Command::new("sh")
            .args(["-c", &line])
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh runs");
        let to = OpenOptions::new().write(true).open(to).expect("the pipe opens");
        let (told, heard) = channel();
        let from = File::open(from).expect("the pipe opens");
        spawn(move || {
            for message in BufReader::new(from).split(0) {
                let value = message.ok().and_then(|text| serde_json::from_slice(&text).ok());
                if value.is_none_or(|value: Value| told.send(value).is_err()) {
                    return;
                }
            }
        });
        let (page, events) = (String::new(), Vec::new());
        let mut browser = Browser { child, to, from: heard, folder, page, requests: 0, events };
        browser.open();
        browser
    }

    fn open(&mut self) {
        let target = self.ask("Target.createTarget", json!({"url": "about:blank"}));
        let which = json!({"targetId": target["targetId"], "flatten": true});
        let attached = self.ask("Target.attachToTarget", which);
        self.page = attached["sessionId"].as_str().expect("a session").to_owned();
        for domain in ["Page", "Runtime", "Network", "Log"] {
            self.ask(&format!("{domain}.enable"), json!({}));
        }
    }

    /// Asks the browser to do something; what it says meanwhile is kept.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        let mut request = json!({"id": id, "method": method, "params": params});
        if !self.page.is_empty() {
            request["sessionId"] = json!(self.page);
        }
        let mut bytes = request.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).expect("the browser listens");
        loop {
            let Ok(mut message) = self.from.recv_timeout(ANSWER) else {
                panic!("the browser does not answer {method}");
            };
            if message["id"] != id {
                self.events.push(message);
                continue;
            }
            assert!(message.get("error").is_none(), "{method}: {}", message["error"]);
            return message["result"].take();
        }
    }

    /// Asks another session from now on: another page's or a worker's. Returns the last one.
    pub(crate) fn session(&mut self, session: &str) -> String {
        std::mem::replace(&mut self.page, session.to_owned())
    }

    /// Goes to an address. One that differs in its fragment only stays in the same document.
    pub(crate) fn go(&mut self, address: &str) {
        let gone = self.ask("Page.navigate", json!({"url": address}));
        assert!(gone.get("errorText").is_none(), "{address}: {gone}");
    }

    /// Goes to a page with nothing in it, from a file too: what was shown before is gone.
    pub(crate) fn blank(&mut self) {
        let file = self.folder.join("blank.html");
        fs::write(&file, "<!doctype html><title>blank</title>").expect("the folder is there");
        self.go(&format!("file://{}", file.display()));
        self.wait("document.title === 'blank'", 10);
    }

    /// The value of an expression in the page.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut answer = self.ask("Runtime.evaluate", params);
        let problem = answer.get("exceptionDetails");
        assert!(problem.is_none(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].take()
    }

    /// Lets the page's newest worker evaluate an expression.
    pub(crate) fn in_worker(&mut self, expression: &str) {
        let attach = json!({"autoAttach": true, "waitForDebuggerOnStart": false, "flatten": true});
        self.ask("Target.setAutoAttach", attach);
        let worker = |event: &&Value| {
            event["method"] == "Target.attachedToTarget"
                && event["params"]["targetInfo"]["type"] == "worker"
        };
        let attached = self.events.iter().rev().find(worker).expect("the page has a worker");
        let session = attached["params"]["sessionId"].as_str().expect("a session").to_owned();
        let page = std::mem::replace(&mut self.page, session);
        self.ask("Runtime.evaluate", json!({"expression": expression}));
        self.page = page;
    }

    /// Looks at the page until an expression is true in the sense of JavaScript, for so many
    /// seconds.
    pub(crate) fn wait(&mut self, expression: &str, seconds: u32) -> Value {
        for _ in 0..seconds * 20 {
            let value = self.value(expression);
            if ![json!(null), json!(false), json!(0), json!("")].contains(&value) {
                return value;
            }
            sleep(LOOK);
        }
        let shown = self.value("document.body.innerText");
        panic!("{expression} did not come in {seconds} s; the page shows\n{shown}");
    }

    /// Looks at the page until an expression has this value: what follows from one thing that is
    /// seen may be drawn a frame later.
    #[track_caller]
    pub(crate) fn shows(&mut self, expression: &str, wanted: impl Into<Value>) {
        let wanted = wanted.into();
        self.until(expression, |value| *value == wanted);
    }

    /// Looks at the page until an expression has a value that will do.
    #[track_caller]
    pub(crate) fn until(&mut self, expression: &str, will_do: impl Fn(&Value) -> bool) -> Value {
        let mut value = self.value(expression);
        for _ in 0..20 * 20 {
            if will_do(&value) {
                return value;
            }
            sleep(LOOK);
            value = self.value(expression);
        }
        panic!("{expression} is {value} for 20 s, which will not do");
    }

    /// Looks at the page until a text of it contains something.
    #[track_caller]
    pub(crate) fn tells(&mut self, expression: &str, part: &str) {
        self.until(expression, |value| value.as_str().is_some_and(|text| text.contains(part)));
    }

    /// Presses a key: a letter, which writes itself, or one of [`KEYS`].
    pub(crate) fn press(&mut self, key: &str) {
        for kind in ["keyDown", "keyUp"] {
            let mut stroke = json!({"type": kind, "key": key, "code": key});
            match KEYS.iter().find(|(name, _)| *name == key) {
                Some((_, code)) => stroke["windowsVirtualKeyCode"] = json!(code),
                None => stroke["text"] = json!(key),
            }
            self.ask("Input.dispatchKeyEvent", stroke);
        }
    }

    /// A screen so wide, in pixels of the page, and so many of its own to one of these.
    pub(crate) fn screen(&mut self, width: u32, ratio: f64) {
        let size =
            json!({"width": width, "height": 900, "deviceScaleFactor": ratio, "mobile": false});
        self.ask("Emulation.setDeviceMetricsOverride", size);
    }

    /// What the system prefers, by the names of CSS.
    pub(crate) fn media(&mut self, features: &[(&str, &str)]) {
        let all: Vec<Value> =
            features.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        self.ask("Emulation.setEmulatedMedia", json!({"features": all}));
    }

    /// The mouse does something at a place of the window, with its left button where it presses
    /// or holds it (`buttons` is 1).
    pub(crate) fn mouse(&mut self, kind: &str, (x, y): (f64, f64), buttons: u32) {
        let button = if buttons == 0 { "none" } else { "left" };
        let params = json!({"type": kind, "x": x, "y": y, "button": button, "buttons": buttons,
            "clickCount": 1});
        self.ask("Input.dispatchMouseEvent", params);
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // whatever of it is left ends with the process that it was started as
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
