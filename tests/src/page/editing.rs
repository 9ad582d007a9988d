//! The scenario's text and picture in the page: mistakes at their lines, keys, files, what is kept.

use serde_json::json;

use super::{complaints, digest, page};
use crate::browser::Browser;
use crate::support::{file, plan, play};

const NAME: &str = "four-workers-forty-rps";
const AREA: &str = "document.getElementById('text')";
const FASTEST: &str = "(() => { const speed = document.querySelector('.controls select'); \
                       speed.value = 'max'; \
                       speed.dispatchEvent(new Event('change', {bubbles: true})); })()";

/// Presses the button of that name.
fn click(browser: &mut Browser, name: &str) {
    let button = format!(
        "[...document.querySelectorAll('button')].find((b) => b.textContent === '{name}' && \
         !b.disabled)"
    );
    browser.wait(&format!("!!{button}"), 30);
    browser.value(&format!("{button}.click()"));
}

/// Writes another text into the editor, as typing does.
fn write(browser: &mut Browser, text: &str) {
    let text = json!(text);
    browser.value(&format!(
        "(() => {{ {AREA}.value = {text}; \
         {AREA}.dispatchEvent(new InputEvent('input', {{bubbles: true}})); }})()"
    ));
}

/// Chooses an entry of a menu by its beginning.
fn choose(browser: &mut Browser, menu: &str, entry: &str) {
    browser.value(&format!(
        "(() => {{ const menu = [...document.querySelectorAll('#outline select')]\
         .find((m) => m.ariaLabel.startsWith('{menu}')); menu.value = '{entry}'; \
         menu.dispatchEvent(new Event('change', {{bubbles: true}})); }})()"
    ));
}

/// A key in the editor; whether the page gave it a meaning of its own.
fn key(browser: &mut Browser, name: &str, with: &str) -> bool {
    let event = format!(
        "new KeyboardEvent('keydown', {{key: '{name}', {with} bubbles: true, cancelable: true}})"
    );
    browser.value(&format!("!{AREA}.dispatchEvent({event})")) == true
}

fn opened(browser: &mut Browser, page: &str) -> String {
    browser.go(&format!("{page}#preset={NAME}"));
    click(browser, "Edit");
    browser.wait("document.querySelector('#problems .held')", 30);
    let text = file(&format!("scenarios/{NAME}.yaml"));
    browser.shows(&format!("{AREA}.value"), &text[..]);
    text
}

#[test]
fn a_mistake_is_shown_at_its_line_and_the_mended_text_plays_as_natively() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    let text = opened(&mut browser, &page);
    write(&mut browser, &text.replacen("workers: 4", "wrokers: 4", 1));
    let problem = "[...document.querySelectorAll('#problems li')]\
                   .find((li) => li.innerText.includes('E010'))";
    let said = browser.wait(&format!("{problem}?.innerText"), 10);
    let said = said.as_str().unwrap_or_default();
    let line = text.lines().position(|line| line.contains("workers: 4")).expect("it says so") + 1;
    assert!(said.contains(&format!("Line {line}")), "{said}");
    assert!(said.contains("workers"), "the remedy: {said}");
    browser.value(&format!("{problem}.querySelector('button').click()"));
    let selected = format!("{AREA}.value.slice({AREA}.selectionStart, {AREA}.selectionEnd)");
    let chosen = browser.wait(&format!("{selected} || null"), 10);
    assert!(chosen.as_str().is_some_and(|line| line.contains("wrokers: 4")), "{chosen}");
    let play_this = "document.querySelector('.tools .play').disabled";
    browser.shows(play_this, true);
    let mended = text.replacen("workers: 4", "workers: 5", 1);
    write(&mut browser, &mended);
    browser.wait(&format!("!{play_this}"), 10);
    assert!(key(&mut browser, "Enter", "ctrlKey: true,"));
    browser.wait("document.querySelector('.controls select')", 30);
    browser.shows("location.hash", "#edited");
    browser.value(FASTEST);
    let plan = plan(&mended, &[]);
    let natively = format!("{:016x}", play(&plan, plan.seed).digest());
    assert_eq!(digest(&mut browser, NAME), natively);
    // the report tells how to repeat it
    browser.value(
        "window.URL.createObjectURL = (blob) => { blob.text().then((text) => \
         document.body.dataset.saved = text); return 'data:,'; }",
    );
    click(&mut browser, "Report");
    let report = browser.wait("document.body.dataset.saved", 10);
    let report = report.as_str().unwrap_or_default();
    assert!(report.contains(&natively), "it is this run's");
    assert!(report.contains(&format!("busyhour run ./{NAME}.yaml --seed {}", plan.seed)));
    // and the work is still there at the next visit
    browser.ask("Page.reload", json!({}));
    click(&mut browser, "Restore");
    browser.wait(&format!("{AREA}?.value === {}", json!(mended)), 10);
    let complaints = complaints(&browser.events);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn the_keyboard_gets_into_the_text_and_out_again() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    let text = opened(&mut browser, &page);
    browser.value(&format!("{AREA}.focus(); {AREA}.setSelectionRange(0, 0)"));
    assert!(key(&mut browser, "Tab", ""));
    let value = format!("{AREA}.value");
    browser.wait(&format!("{value} === {}", json!(format!("  {text}"))), 10);
    browser.shows(&format!("{AREA}.selectionStart"), 2);
    assert!(key(&mut browser, "z", "ctrlKey: true,"));
    browser.wait(&format!("{value} === {}", json!(text)), 10);
    assert!(key(&mut browser, "y", "ctrlKey: true,"));
    browser.wait(&format!("{value} !== {}", json!(text)), 10);
    assert!(!key(&mut browser, "Escape", ""));
    assert!(!key(&mut browser, "Tab", ""), "the browser goes on to the next control");
    assert!(key(&mut browser, "Tab", ""), "and only once");
}

#[test]
fn the_picture_changes_the_text_and_both_are_undone() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    browser.go(&page);
    click(&mut browser, "Write your own");
    browser.wait("document.querySelectorAll('#outline .part').length === 4", 30);
    let own = browser.value(&format!("{AREA}.value"));
    let own = own.as_str().unwrap_or_default().to_owned();
    let of = |name: &str| {
        format!(
            "[...document.querySelectorAll('#outline .part')].find((part) => \
             part.querySelector('.name').textContent === '{name}')"
        )
    };
    let press = |name: &str| {
        format!("{}.dispatchEvent(new MouseEvent('click', {{bubbles: true}}))", of(name))
    };
    browser.value(&press("db"));
    choose(&mut browser, "Add", "cache");
    browser.wait(&format!("!!{}", of("cache")), 10);
    browser.value(&press("app"));
    browser.wait("[...document.querySelectorAll('#outline select')].length === 2", 10);
    choose(&mut browser, "app: database", "cache");
    let text = format!("{AREA}.value");
    browser.wait(&format!("{text}.includes('database: cache')"), 10);
    click(&mut browser, "Duplicate");
    browser.wait(&format!("!!{}", of("app-2")), 10);
    let after = browser.value(&text);
    let after = after.as_str().unwrap_or_default();
    let comments = |text: &str| text.lines().filter(|line| line.contains('#')).count();
    assert_eq!(comments(after), comments(&own));
    click(&mut browser, "Remove");
    browser.wait("document.querySelector('#problems .missed')", 10);
    for _ in 0..4 {
        click(&mut browser, "Undo");
    }
    browser.wait(&format!("{text} === {}", json!(own)), 10);
    browser.wait("document.querySelectorAll('#outline .part').length === 4", 10);
    let complaints = complaints(&browser.events);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// Drops a file of that name on the page; its content is an expression of the page's.
fn dropped(name: &str, content: &str) -> String {
    format!(
        "(() => {{ const data = new DataTransfer(); \
         data.items.add(new File([{content}], '{name}')); \
         window.dispatchEvent(new DragEvent('drop', {{dataTransfer: data, \
         cancelable: true}})); }})()"
    )
}

#[test]
fn a_file_that_is_dropped_on_the_page_is_opened_unless_it_is_too_large() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    browser.go(&page);
    browser.wait("document.querySelector('.presets')", 30);
    let text = file(&format!("scenarios/{NAME}.yaml"));
    let drop = |content: &str| dropped("mine.yaml", content);
    browser.value(&drop(&json!(text).to_string()));
    browser.wait(&format!("{AREA}?.value === {}", json!(text)), 10);
    browser.shows("document.querySelector('h1').textContent", "Edit mine");
    browser.value(&drop("'x'.repeat(1100000)"));
    let said = browser.wait("document.querySelector('[role=alert]')?.innerText", 10);
    assert!(said.as_str().is_some_and(|said| said.contains("1 MiB")), "{said}");
    browser.shows(&format!("{AREA}.value"), text);
}

#[test]
fn a_saved_answer_that_is_dropped_on_the_page_lies_above_it_until_it_is_closed() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    browser.go(&page);
    browser.wait("document.querySelector('.presets')", 30);
    let plan = json!({
        "schema_version": 1, "name": "a <b>shop", "minimise": "cost.usd_per_hour",
        "confidence": 0.95, "indifference": 0.02, "points": 3, "simulated": 1, "runs": 4,
        "left_out": [{"reason": "too dear", "points": 2}], "exhaustive": 12, "runners_up": [],
        "chosen": {"changes": [["nodes.app.workers", "3"]], "value": 3, "objectives": [],
                   "fate": {"best": {"close": false}}, "runs": 4},
        "binds": null, "not_told": 0, "interrupted": false,
    });
    let drop = |text: &str| dropped("plan.json", &json!(text).to_string());
    browser.value(&drop(&plan.to_string()));
    browser.shows("document.querySelector('h1').textContent", "a <b>shop");
    browser.tells("document.querySelector('#saved')?.innerText", "nodes.app.workers=3");
    browser.tells("document.querySelector('#saved table')?.innerText", "too dear");
    browser.value("document.querySelector('header button').click()");
    browser.wait("document.querySelector('.presets')", 10);
    // one that another version wrote says so, and nothing is lost
    browser.value(&drop("{\"minimise\": 1}"));
    browser.tells("document.querySelector('[role=alert]')?.innerText", "plan.json cannot be shown");
    browser.wait("document.querySelector('.presets')", 10);
}
