//! The page in a real browser, opened from a file without any server: the same runs, to the bit.
//!
//! The test run builds the page and names its file in `BUSYHOUR_PAGE`; without it (a plain
//! `cargo test`) there is nothing to open.

mod access;
mod branches;
mod charts;
mod editing;
mod hosted;
mod looks;
mod picture;
mod sharing;
mod speed;
mod study;

use serde_json::{Value, json};
use sim_core::append_events;

use crate::browser::Browser;
use crate::support::{file, plan, play, scenarios};

/// The address of the page, if there is one.
fn page() -> Option<String> {
    let Some(path) = std::env::var_os("BUSYHOUR_PAGE") else {
        println!("BUSYHOUR_PAGE is not set: `cargo xtask test` builds the page and opens it");
        return None;
    };
    let path = std::fs::canonicalize(path).expect("the page is there");
    Some(format!("file://{}", path.to_string_lossy()))
}

/// What the page says of the finished run, once it is the one that is asked for.
fn digest(browser: &mut Browser, scenario: &str) -> String {
    let shown = format!("document.querySelector('h1')?.textContent === '{scenario}'");
    let digest = "document.getElementById('digest')?.dataset.digest";
    let text = "document.getElementById('digest').textContent";
    let both = browser.wait(&format!("{shown} && {digest} && [{digest}, {text}]"), 120);
    assert_eq!(both[0], both[1], "{scenario}: the text and the attribute are one digest");
    both[0].as_str().unwrap_or_default().to_owned()
}

/// Things that the page's browser complained about, and what it tried to fetch.
fn complaints(events: &[Value]) -> Vec<String> {
    let mut all = Vec::new();
    for event in events {
        let params = &event["params"];
        match event["method"].as_str().unwrap_or_default() {
            "Runtime.exceptionThrown" => all.push(params["exceptionDetails"].to_string()),
            "Log.entryAdded" => all.push(params["entry"]["text"].to_string()),
            "Runtime.consoleAPICalled" => all.push(params["args"].to_string()),
            "Network.requestWillBeSent" => {
                let url = params["request"]["url"].as_str().unwrap_or_default();
                if !["file:", "blob:", "data:"].iter().any(|kind| url.starts_with(kind)) {
                    all.push(format!("asks for {url}"));
                }
            }
            _ => {}
        }
    }
    all
}

#[test]
fn every_scenario_is_the_same_run_in_the_page() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    let mut wrong = Vec::new();
    for scenario in scenarios() {
        let name = scenario.trim_start_matches("scenarios/").trim_end_matches(".yaml");
        browser.go(&format!("{page}#preset={name}&play=max"));
        let there = digest(&mut browser, name);
        let plan = plan(&file(&scenario), &[]);
        let here = format!("{:016x}", play(&plan, plan.seed).digest());
        if here != there {
            wrong.push(format!("{name}: {here} natively, {there} in the page"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let complaints = complaints(&browser.events);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn another_seed_is_another_run_and_the_same_as_natively() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    let name = "four-workers-forty-rps";
    browser.go(&format!("{page}#preset={name}&seed=12345678901234567890&play=max"));
    let there = digest(&mut browser, name);
    let plan = plan(&file(&format!("scenarios/{name}.yaml")), &[]);
    let digest = |seed| format!("{:016x}", play(&plan, seed).digest());
    assert_eq!(there, digest(12_345_678_901_234_567_890));
    assert_ne!(there, digest(plan.seed));
}

#[test]
fn a_visitor_chooses_plays_pauses_and_looks_back() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    let own = "Object.getOwnPropertyNames(window)";
    browser.blank();
    let before = browser.value(own);
    browser.go(&page);
    let shipped = scenarios().len();
    let listed = "document.querySelectorAll('.presets a').length || null";
    assert_eq!(browser.wait(listed, 30), shipped, "every scenario is offered");
    browser.value("document.querySelector('a[href=\"#preset=dead-peer\"]').click()");
    let word = "document.querySelector('.play')?.innerText.includes";
    browser.wait(&format!("{word}('Play')"), 30);
    browser.shows("location.hash", "#preset=dead-peer");
    browser.press(" ");
    browser.wait(&format!("{word}('Pause')"), 10);
    browser.wait("document.querySelectorAll('figure canvas').length >= 3", 30);
    browser.press(" ");
    browser.wait(&format!("{word}('Play')"), 10);
    let clock = "document.querySelector('.clock').textContent";
    let stands = browser.value(clock);
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(browser.value(clock), stands, "it stands still");
    assert!(browser.value("document.getElementById('digest')").is_null());
    // looking back changes the values shown, not the run
    let caption = "document.querySelector('#values caption').textContent";
    let newest = browser.value(caption);
    let look = "const bar = document.querySelector('.bar input'); bar.value = 1; \
                bar.dispatchEvent(new InputEvent('input', {bubbles: true}))";
    browser.value(look);
    browser.wait(&format!("{caption} !== {newest}"), 10);
    let stands = stands.as_str().expect("a text");
    browser.shows(clock, format!("{stands}, looking at 960ms"));
    let complaints = complaints(&browser.events);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    let after = browser.value(own);
    let names = |list: &Value| list.as_array().cloned().unwrap_or_default();
    let hooks: Vec<Value> =
        names(&after).into_iter().filter(|name| !names(&before).contains(name)).collect();
    assert!(hooks.is_empty(), "window has {hooks:?}");
}

#[test]
fn what_is_changed_in_the_page_is_the_same_run_natively() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    let name = "cascading-failure";
    browser.go(&format!("{page}#preset={name}"));
    browser.wait("document.querySelector('#nodes details')", 30);
    let part = "[...document.querySelectorAll('#nodes details')]\
                .find((part) => part.querySelector('b').textContent === 'web-bounded')";
    let click = |word: &str| {
        format!(
            "[...{part}.querySelectorAll('button')].find((b) => b.textContent === '{word}').click()"
        )
    };
    let recorded = "document.querySelectorAll('#changes li').length";
    browser.value("document.querySelector('.play').click()");
    browser.wait("document.querySelectorAll('figure canvas').length > 2", 30);
    browser.value(&click("Restart"));
    browser.wait(&format!("{recorded} === 1"), 10);
    browser.value(&click("Add one"));
    browser.wait(&format!("{recorded} === 2"), 10);
    let turn = format!(
        "(() => {{ const knob = [...{part}.querySelectorAll('label')]\
         .find((l) => l.innerText.trim() === 'workers').querySelector('input'); \
         knob.value = '9'; knob.dispatchEvent(new Event('change', {{bubbles: true}})); }})()"
    );
    browser.value(&format!("{part}.open = true"));
    browser.value(&turn);
    browser.wait(&format!("{recorded} === 3"), 10);
    let fastest = "(() => { const speed = document.querySelector('.controls select'); \
                   speed.value = 'max'; \
                   speed.dispatchEvent(new Event('change', {bubbles: true})); })()";
    browser.value(fastest);
    let there = digest(&mut browser, name);
    let list = "[...document.querySelectorAll('#changes code')].map((one) => one.textContent)";
    let events: Vec<String> = serde_json::from_value(browser.value(list)).expect("a list of texts");
    let text = file(&format!("scenarios/{name}.yaml"));
    let text = append_events(&text, &events).expect("they can be added");
    let plan = plan(&text, &[]);
    assert_eq!(there, format!("{:016x}", play(&plan, plan.seed).digest()), "{events:?}");
}

#[test]
fn a_link_that_means_nothing_says_so() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    browser.go(&format!("{page}#preset=black-fridy&play=max"));
    let said = "document.querySelector('[role=alert]')?.innerText";
    let said = browser.wait(said, 30);
    assert!(said.as_str().is_some_and(|text| text.contains("black-friday")), "{said}");
}

#[test]
fn curves_are_drawn_sharp_at_any_width() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    let screen = |width: u32, ratio: f64| {
        let height = 900;
        json!({"width": width, "height": height, "deviceScaleFactor": ratio, "mobile": false})
    };
    for (width, ratio) in [(1_400, 1.0), (420, 2.0)] {
        browser.ask("Emulation.setDeviceMetricsOverride", screen(width, ratio));
        browser.blank();
        browser.go(&format!("{page}#preset=dead-peer&seed={width}&play=max"));
        digest(&mut browser, "dead-peer");
        let canvas = "document.querySelector('#traffic canvas')";
        let sharp = format!("{canvas}.width === Math.floor({canvas}.clientWidth * {ratio})");
        browser.wait(&sharp, 10);
        // some of it has the colour of the first line
        let painted = format!(
            "(() => {{ const c = {canvas}; \
             const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; \
             let n = 0; for (let i = 0; i < d.length; i += 4) \
             n += d[i + 3] > 200 && d[i] < 60 && d[i + 2] > 150; return n; }})()"
        );
        browser.until(&painted, |pixels| pixels.as_u64() > Some(100));
        browser.shows("document.documentElement.scrollWidth", width);
    }
}

#[test]
fn the_picture_has_every_part_and_shows_its_knobs() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    let name = "black-friday";
    browser.go(&format!("{page}#preset={name}"));
    browser.wait("document.querySelector('#topology svg')", 30);
    let plan = plan(&file(&format!("scenarios/{name}.yaml")), &[]);
    let parts: Vec<&str> = plan.blueprint.parts.iter().map(|part| &part.name[..]).collect();
    let boxes = "[...document.querySelectorAll('#topology .part .name')].map((n) => n.textContent)";
    browser.shows(boxes, json!(parts));
    let ways: usize = plan.blueprint.calls.iter().map(Vec::len).sum();
    browser.shows("document.querySelectorAll('#topology .way').length", ways);
    // a click opens the knobs and gives them the keyboard, and so does a key
    let of = |name: &str| {
        format!(
            "[...document.querySelectorAll('#topology .part')]\
             .find((part) => part.querySelector('.name').textContent === '{name}')"
        )
    };
    let shown = "document.activeElement.closest('details[open]')?.querySelector('b').textContent";
    browser
        .value(&format!("{}.dispatchEvent(new MouseEvent('click', {{bubbles: true}}))", of("db")));
    browser.wait(&format!("{shown} === 'db'"), 10);
    let inside = "(() => { const r = document.activeElement.getBoundingClientRect(); \
                  return r.top >= 0 && r.bottom <= innerHeight; })()";
    browser.shows(inside, true);
    browser.value(&format!("{}.focus()", of("web")));
    browser.press(" ");
    browser.wait(&format!("{shown} === 'web'"), 10);
    let clock = browser.value("document.querySelector('.clock').textContent");
    assert!(
        clock.as_str().is_some_and(|clock| clock.starts_with("0s ")),
        "it does not play: {clock}"
    );
}

#[test]
fn a_question_mark_lists_the_keys() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    browser.go(&format!("{page}#preset=dead-peer"));
    browser.wait("document.querySelector('.play')", 30);
    browser.value("document.querySelector('.play').focus()");
    let open = "document.querySelector('dialog').open";
    browser.shows(open, false);
    browser.press("?");
    browser.wait(open, 10);
    let inside = "document.activeElement.closest('dialog') !== null";
    browser.shows(inside, true);
    browser.press("Escape");
    browser.wait(&format!("!{open}"), 10);
    let back = "document.activeElement.className";
    browser.shows(back, "play");
}
