//! Forks, edited changes, workers that end and loads without bound, in a real browser.

use std::fs;

use serde_json::Value;
use sim_core::append_events;

use super::{digest, page};
use crate::browser::Browser;
use crate::support::{file, plan, play};

const NAME: &str = "four-workers-forty-rps";
/// What the list of changes says of each, as a scenario has it.
const LIST: &str = "[...document.querySelectorAll('#changes code')].map((one) => one.textContent)";

/// What a run with these events in it ends in, natively.
fn native(events: &[String]) -> String {
    let text = file(&format!("scenarios/{NAME}.yaml"));
    let text = append_events(&text, events).expect("they can be added");
    let plan = plan(&text, &[]);
    format!("{:016x}", play(&plan, plan.seed).digest())
}

fn listed(browser: &mut Browser) -> Vec<String> {
    serde_json::from_value(browser.value(LIST)).expect("a list of texts")
}

/// Presses the button with these words.
fn press(browser: &mut Browser, words: &str) {
    let button = format!(
        "[...document.querySelectorAll('button')]\
         .find((b) => b.innerText.trim().endsWith('{words}'))"
    );
    browser.wait(&format!("{button} && !{button}.disabled"), 20);
    browser.value(&format!("{button}.click()"));
}

/// Types into an input and leaves it.
fn enter(browser: &mut Browser, input: &str, text: &str) {
    browser.value(&format!(
        "(() => {{ const input = {input}; input.value = '{text}'; \
         input.dispatchEvent(new Event('change', {{bubbles: true}})); }})()"
    ));
}

/// The knob of the scenario's only part.
const WORKERS: &str = "[...document.querySelectorAll('#nodes label')]\
                       .find((l) => l.innerText.trim() === 'workers').querySelector('input')";

fn open(browser: &mut Browser, page: &str, fragment: &str) {
    browser.go(&format!("{page}#preset={NAME}{fragment}"));
    browser.wait("document.querySelector('#nodes details')", 30);
    browser.value("document.querySelectorAll('#nodes details').forEach((one) => one.open = true)");
}

fn attribute(id: &str) -> String {
    format!("document.getElementById('{id}')?.dataset.digest")
}

#[test]
fn a_fork_is_compared_with_its_original_and_both_are_the_same_runs_natively() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    open(&mut browser, &page, "&play=max");
    let original = digest(&mut browser, NAME);
    let look = "(() => { const bar = document.querySelector('.bar input'); bar.value = 200; \
                bar.dispatchEvent(new InputEvent('input', {bubbles: true})); })()";
    browser.value(look);
    press(&mut browser, "Fork here");
    let first = "document.querySelector('#fork .first')?.innerText";
    browser.wait(&format!("{first}?.includes('equal so far')"), 20);
    browser.shows(&attribute("digest"), Value::from(&original[..]));
    browser.wait("document.querySelector('.clock').innerText.startsWith('3m 20s ')", 20);
    enter(&mut browser, WORKERS, "8");
    browser.wait("document.querySelectorAll('#changes li').length === 1", 10);
    press(&mut browser, "Play");
    browser.wait(&attribute("fork-digest"), 60);
    browser.wait(&format!("{first}?.includes('the fork has lost')"), 20);
    browser.tells("document.querySelector('#fork ul')?.innerText", " lower (");
    let columns = "document.querySelector('#values tbody tr:nth-child(2)').children.length";
    browser.shows(columns, 4);
    let legends = "document.querySelectorAll('figure .legend .original').length \
                   === document.querySelectorAll('figure .legend').length";
    browser.shows(legends, true);
    let changes = listed(&mut browser);
    let fork = browser.value(&attribute("fork-digest"));
    assert_eq!(fork, Value::from(native(&changes)), "{changes:?}");
    browser.shows(&attribute("digest"), Value::from(native(&[])));
    assert_ne!(fork, Value::from(original));
    press(&mut browser, "Keep the fork");
    browser.wait("!document.getElementById('fork')", 10);
    browser.shows(&attribute("digest"), fork);
}

#[test]
fn what_was_changed_is_edited_replayed_kept_and_forgotten() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    open(&mut browser, &page, "&play=60");
    browser.wait("document.querySelectorAll('figure canvas').length >= 2", 30);
    browser.value("document.querySelector('.play').click()");
    enter(&mut browser, WORKERS, "8");
    browser.wait("document.querySelectorAll('#changes li').length === 1", 10);
    press(&mut browser, "Kill");
    browser.wait("document.querySelectorAll('#changes li').length === 2", 10);
    let said = "document.querySelector('#changes .what').firstChild.textContent";
    browser.shows(said, "nodes.app.workers is set to 8");
    let entry = |n: u32, what: &str| {
        format!("document.querySelectorAll('#changes li')[{n}].querySelector('{what}')")
    };
    enter(&mut browser, &entry(0, ".when"), "4m 30s");
    enter(&mut browser, &entry(0, ".to input"), "5");
    browser.value(&format!("{}.click()", entry(1, "button")));
    browser.wait("document.querySelectorAll('#changes li').length === 1", 10);
    let fastest = "(() => { const speed = document.querySelector('.controls select'); \
                   speed.value = 'max'; \
                   speed.dispatchEvent(new Event('change', {bubbles: true})); })()";
    browser.value(fastest);
    press(&mut browser, "Replay");
    let edited = digest(&mut browser, NAME);
    let changes = listed(&mut browser);
    assert_eq!(changes.len(), 1);
    assert!(changes[0].contains("270000000000ns") && changes[0].contains(":5}"), "{changes:?}");
    assert_eq!(edited, native(&changes));
    press(&mut browser, "Play again");
    browser.wait(&format!("!({})", attribute("digest")), 10);
    assert_eq!(digest(&mut browser, NAME), edited, "the changes stay");
    press(&mut browser, "Forget the changes");
    browser.wait("!document.getElementById('changes')", 10);
    press(&mut browser, "Play");
    assert_eq!(digest(&mut browser, NAME), native(&[]));
}

#[test]
fn a_run_that_is_over_is_played_again_with_changes_beside_it() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    open(&mut browser, &page, "&play=max");
    let original = digest(&mut browser, NAME);
    // a slip is told where it was typed, and nothing else happens
    enter(&mut browser, WORKERS, "many");
    let refused = "[...document.querySelectorAll('#nodes details')]\
                   .find((part) => part.querySelector('[role=alert]'))?.innerText";
    let said = browser.wait(refused, 10);
    assert!(said.as_str().is_some_and(|said| said.contains("whole number")), "{said}");
    assert!(browser.value("document.getElementById('fork')").is_null());
    enter(&mut browser, WORKERS, "8");
    let said = browser.wait("document.querySelector('#nodes .done li')?.innerText", 10);
    let wanted = "At 0s: nodes.app.workers is set to 8; press play to see what it does.";
    assert_eq!(said, wanted);
    browser.shows(&format!("!({refused})"), true);
    press(&mut browser, "Play");
    browser.wait(&attribute("fork-digest"), 60);
    let changes = listed(&mut browser);
    assert_eq!(browser.value(&attribute("fork-digest")), native(&changes));
    assert_eq!(browser.value(&attribute("digest")), original);
    assert_eq!(changes.len(), 1);
}

#[test]
fn a_worker_that_ends_is_replaced_and_the_run_goes_on_from_a_snapshot() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    let ends = [
        ("setTimeout(() => self.close(), 0)", "Go on"),
        ("setTimeout(() => { throw new Error('no more memory') }, 0)", "From the beginning"),
    ];
    for (end, way) in ends {
        browser.blank();
        open(&mut browser, &page, "&play=30");
        let snapshot = "parseInt(document.querySelector('.clock').innerText) >= 1 \
                        && document.querySelector('.clock').innerText.startsWith('1m')";
        browser.wait(snapshot, 30);
        enter(&mut browser, WORKERS, "8");
        browser.wait("document.querySelectorAll('#changes li').length === 1", 10);
        browser.in_worker(end);
        let failed = "document.getElementById('failed')?.innerText";
        let said = browser.wait(failed, 30);
        assert!(said.as_str().is_some_and(|said| said.contains("worker")), "{said}");
        let button = format!(
            "[...document.querySelectorAll('#failed button')]\
             .find((b) => b.innerText.startsWith('{way}'))"
        );
        browser.value(&format!("{button}.click()"));
        browser.wait("document.querySelectorAll('#changes li').length === 1", 30);
        let changes = listed(&mut browser);
        assert_eq!(digest(&mut browser, NAME), native(&changes), "{end}");
        assert_ne!(native(&changes), native(&[]));
    }
}

#[test]
fn a_load_without_bound_leaves_the_page_responsive() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    let path = page.strip_prefix("file://").expect("a file");
    let whole = fs::read_to_string(path).expect("the page can be read");
    let steps = "steps: [{at: 2m, rate: 40/s}, {at: 4m, rate: 41/s}, {at: 8m, rate: 30/s}]";
    assert_eq!(whole.matches(steps).count(), 1);
    // fifty times what four workers can do, and nobody ever leaves
    let overloaded = whole.replace(steps, "steps: [{at: 1s, rate: 2000/s}]");
    let copy = std::env::temp_dir().join(format!("busyhour-overload-{}.html", std::process::id()));
    fs::write(&copy, overloaded).expect("a copy can be written");
    open(&mut browser, &format!("file://{}", copy.display()), "");
    let watch = "(() => { document.tasks = []; new PerformanceObserver((list) => \
                 document.tasks.push(...list.getEntries().map((task) => task.duration)))\
                 .observe({entryTypes: ['longtask']}); })()";
    press(&mut browser, "Play");
    browser.wait("document.querySelectorAll('figure canvas').length >= 3", 30);
    browser.value(watch);
    std::thread::sleep(std::time::Duration::from_secs(8));
    let tasks: Vec<f64> =
        serde_json::from_value(browser.value("document.tasks")).expect("durations");
    let paused = "new Promise((done) => { const began = performance.now(); \
                  const play = document.querySelector('.play'); play.click(); \
                  const look = () => play.innerText.includes('Play') \
                  ? done(performance.now() - began) : setTimeout(look, 5); look(); })";
    let took_ms = browser.value(paused).as_f64().unwrap_or(f64::MAX);
    let queue = browser.value("document.querySelector('#topology').innerText");
    // what cannot be removed is the system's to tidy
    let _ = fs::remove_file(&copy);
    assert!(took_ms < 200.0, "it paused after {took_ms} ms");
    // the browser tells of tasks from 50 ms on; another program may hold the page up once or twice
    let held_up = tasks.len() <= 2 && tasks.iter().all(|ms| *ms < 100.0);
    assert!(held_up, "the page stood still for {tasks:?} ms");
    assert!(queue.as_str().is_some_and(|text| text.contains("in line")), "{queue}");
}
