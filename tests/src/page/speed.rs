//! How fast the page is and what it needs: limits as tests, figures by `cargo xtask bench-page`.

use std::process::Command;

use serde_json::{Value, json};

use super::{digest, page};
use crate::browser::Browser;
use crate::support::root;

/// The longest that the page may be busy at a stretch while a run plays, ms.
const BUSY_MS: f64 = 50.0;
/// What ten more replays may leave behind, bytes: what a garbage collection may not find at once.
const LEFT: f64 = 3e6;

/// How many processes want each of the machine's processors: on a loaded machine everything takes
/// so many times as long.
fn crowd() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: f64 = text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(1.0);
    let processors = std::thread::available_parallelism().map_or(1.0, |n| n.get() as f64);
    (load / processors).max(1.0)
}

/// How many times as long as at best the page takes for the same work at the moment: another
/// process may hold the processor meanwhile.
fn held_up(browser: &mut Browser) -> f64 {
    let times = browser.value(
        "(() => { const all = []; for (let k = 0; k < 60; k++) { const from = performance.now(); \
         let x = 0; for (let i = 0; i < 2e6; i++) x += Math.sqrt(i); \
         all.push(performance.now() - from + x * 0); } return all; })()",
    );
    let times: Vec<f64> = serde_json::from_value(times).expect("numbers");
    let least = times.iter().copied().fold(f64::INFINITY, f64::min);
    times.iter().sum::<f64>() / times.len() as f64 / least.max(0.1)
}

/// Notes from now on, in every page that is opened, whatever keeps it busy for over 50 ms.
fn watch(browser: &mut Browser) {
    let source = "new PerformanceObserver((list) => list.getEntries().forEach((e) => \
                  (document.busy ??= []).push([e.startTime, e.duration])))\
                  .observe({type: 'longtask', buffered: true})";
    browser.ask("Page.addScriptToEvaluateOnNewDocument", json!({"source": source}));
}

/// What has kept a watched page busy since a time: when and for how long, ms.
fn busy_since(browser: &mut Browser, time: f64) -> Vec<(f64, f64)> {
    let mut busy: Vec<(f64, f64)> =
        serde_json::from_value(browser.value("document.busy ?? []")).expect("pairs of numbers");
    busy.retain(|(at, _)| *at > time);
    busy
}

#[test]
fn the_page_is_never_busy_for_long_while_a_run_plays() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    browser.screen(1_400, 1.0);
    watch(&mut browser);
    browser.go(&format!("{page}#preset=dead-peer"));
    browser.wait("document.querySelector('.play')", 30);
    let fastest = "(() => { const speed = document.querySelector('.controls select'); \
                   speed.value = 'max'; \
                   speed.dispatchEvent(new Event('change', {bubbles: true})); })()";
    browser.value(fastest);
    let before = held_up(&mut browser);
    let began = browser.value("performance.now()").as_f64().unwrap_or(0.0);
    browser.press(" ");
    digest(&mut browser, "dead-peer");
    let mut long = busy_since(&mut browser, began);
    let allowed = BUSY_MS * crowd() * before.max(held_up(&mut browser));
    long.retain(|(_, ms)| *ms > allowed);
    assert!(long.is_empty(), "busy for over {allowed:.0} ms: {long:?}");
}

/// Bytes of all WASM memories of a page or worker.
fn wasm_bytes(browser: &mut Browser) -> f64 {
    let prototype = json!({"expression": "WebAssembly.Memory.prototype"});
    let prototype = browser.ask("Runtime.evaluate", prototype)["result"]["objectId"].clone();
    let all = browser.ask("Runtime.queryObjects", json!({"prototypeObjectId": prototype}));
    let sum = json!({
        "functionDeclaration":
            "function () { return this.reduce((n, m) => n + m.buffer.byteLength, 0); }",
        "objectId": all["objects"]["objectId"], "returnByValue": true
    });
    browser.ask("Runtime.callFunctionOn", sum)["result"]["value"].as_f64().unwrap_or(0.0)
}

/// Bytes that scripts hold after everything that nobody needs is gone.
fn script_bytes(browser: &mut Browser) -> f64 {
    browser.ask("HeapProfiler.collectGarbage", json!({}));
    browser.ask("Runtime.getHeapUsage", json!({}))["usedSize"].as_f64().unwrap_or(0.0)
}

/// Plays again, and is done as soon as the page shows no digest any more. The page itself looks
/// for that: a run may be over before anybody asks from outside.
const REPLAY: &str = "new Promise((begun) => { \
    const gone = () => !document.getElementById('digest'); \
    new MutationObserver((_, looking) => { if (gone()) { looking.disconnect(); begun(); } })\
    .observe(document.body, {childList: true, subtree: true}); \
    document.querySelector('.play').click(); })";

#[test]
fn ten_replays_leave_nothing_behind() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    let name = "dead-peer";
    browser.go(&format!("{page}#preset={name}&play=max"));
    digest(&mut browser, name);
    let again = |browser: &mut Browser, times: u32| {
        for _ in 0..times {
            browser.value(REPLAY);
            digest(browser, name);
        }
        [script_bytes(browser), wasm_bytes(browser)]
    };
    let before = again(&mut browser, 3);
    let after = again(&mut browser, 10);
    for (what, (before, after)) in ["scripts", "WASM"].iter().zip(before.into_iter().zip(after)) {
        assert!(before > 0.0 && after - before < LEFT, "{what}: {before} bytes, then {after}");
    }
}

/// Two hours at 1,200 requests a second.
const BUSY_SHOP: &str = "black-friday";

/// Seconds of CPU time under node for a scenario in the same module.
fn node_s(glue: &str, scenario: &str) -> f64 {
    let script = "const { readFileSync } = require('fs'); \
                  const { play } = require(process.argv[1] + '/busyhour.js'); \
                  const text = readFileSync(process.argv[2], 'utf8'); \
                  const from = performance.now(); play(text, undefined); \
                  console.log((performance.now() - from) / 1e3)";
    let scenario = root().join(format!("scenarios/{scenario}.yaml"));
    let out = Command::new("node").args(["-e", script, glue]).arg(scenario).output();
    let out = out.expect("node runs");
    let printed = String::from_utf8_lossy(&out.stdout);
    printed.trim().parse().expect("node prints seconds")
}

/// Goes on in the page's worker, of which there is one.
fn in_worker<T>(browser: &mut Browser, of: impl FnOnce(&mut Browser) -> T) -> T {
    let all = json!({"autoAttach": true, "waitForDebuggerOnStart": false, "flatten": true});
    browser.ask("Target.setAutoAttach", all);
    // what is attached is told before the page answers again
    browser.value("new Promise((soon) => setTimeout(soon, 500))");
    let worker = browser.events.iter().find(|event| {
        event["method"] == "Target.attachedToTarget"
            && event["params"]["targetInfo"]["type"] == "worker"
    });
    let session = worker.map(|event| event["params"]["sessionId"].clone()).unwrap_or_default();
    let page = browser.session(session.as_str().expect("the page has a worker"));
    let value = of(browser);
    browser.session(&page);
    value
}

/// What a visitor does in each of three hundred frames, and where the page tells what it shows.
const SMOOTH: [(&str, &str, &str); 2] = [
    (
        "pointing at a chart ",
        "const chart = document.querySelector('#traffic canvas'); \
         const box = chart.getBoundingClientRect(); \
         const there = {clientX: box.left + 60 + (n * 7) % 400, clientY: box.top + 40}; \
         chart.dispatchEvent(new PointerEvent('pointermove', {bubbles: true, ...there}));",
        "document.querySelector('#values caption')?.textContent",
    ),
    (
        "scrubbing           ",
        "const bar = document.querySelector('input[type=range]'); \
         bar.value = Number(bar.max) * ((n * 7) % 400) / 400; \
         bar.dispatchEvent(new Event('input', {bubbles: true}));",
        "document.querySelector('input[type=range]').getAttribute('aria-valuetext')",
    ),
];

/// Says how many frames a second there are while a visitor moves over what is recorded.
fn print_frames(browser: &mut Browser, (what, act, tells): (&str, &str, &str)) {
    let script = format!(
        "new Promise((done) => {{ const times = [], told = new Set(); let last, n = 0; \
         const frame = (now) => {{ told.add({tells}); if (n > 0) times.push(now - last); \
         last = now; n += 1; {act}; \
         if (n <= 300) requestAnimationFrame(frame); else done([times, told.size]); }}; \
         requestAnimationFrame(frame); }})"
    );
    let (mut times, told): (Vec<f64>, usize) =
        serde_json::from_value(browser.value(&script)).expect("times and a count");
    assert!(told > 200, "{what}: the page showed {told} moments in 300 frames");
    times.sort_by(f64::total_cmp);
    let a_second = 1e3 * times.len() as f64 / times.iter().sum::<f64>();
    let (p95, longest) = (times[times.len() * 95 / 100], times[times.len() - 1]);
    println!("{what} {a_second:.0} frames/s (aim: 60), p95 {p95:.0} ms, longest {longest:.0} ms");
}

#[test]
#[ignore = "a benchmark: cargo xtask bench-page"]
fn figures_of_the_page() {
    let Some(page) = page() else { return };
    let glue = std::env::var("BUSYHOUR_WASM").expect("cargo xtask bench-page names the build");
    let mut browser = Browser::start();
    browser.screen(1_400, 1.0);
    watch(&mut browser);
    browser.go(&format!("{page}#preset={BUSY_SHOP}&play=max"));
    let paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime";
    let paint = browser.wait(paint, 60).as_f64().unwrap_or(0.0);
    browser.wait("document.querySelector('#traffic canvas')", 60);
    let chart = browser.value("performance.now()").as_f64().unwrap_or(0.0);
    println!("first paint          {:.2} s (aim: under 1 s)", paint / 1e3);
    println!("first running chart  {:.2} s (aim: under 3 s)", chart / 1e3);
    let done = "document.getElementById('digest')?.dataset.digest && performance.now()";
    let end = browser.wait(done, 600).as_f64().unwrap_or(0.0);
    let here_s = (end - chart) / 1e3;
    let node_s = node_s(&glue, BUSY_SHOP);
    let share = node_s / here_s * 100.0;
    println!(
        "{BUSY_SHOP} in the page {here_s:.1} s, under node {node_s:.1} s: {share:.0} % (aim: 80 %)"
    );
    let busy = busy_since(&mut browser, chart);
    let longest = busy.into_iter().map(|(_, ms)| ms).fold(0.0, f64::max);
    println!("busy at a stretch    {longest:.0} ms while it plays, 0 if never over 50 (aim: 50)");
    for way in SMOOTH {
        print_frames(&mut browser, way);
    }
    let mut all = 0.0;
    for (what, bytes) in [
        ("the page's scripts", script_bytes(&mut browser)),
        ("the page's WASM", wasm_bytes(&mut browser)),
        ("the worker's WASM", in_worker(&mut browser, wasm_bytes)),
    ] {
        all += bytes;
        println!("{what:20} {:.1} MB", bytes / 1e6);
    }
    println!("all of it            {:.1} MB (aim: under 150 MB)", all / 1e6);
    let digest: Value = browser.value("document.getElementById('digest').dataset.digest");
    println!("digest               {digest}");
}
