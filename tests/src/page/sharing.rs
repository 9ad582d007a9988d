//! Links that restore a run, and links that are refused.

use sim_core::append_events;

use super::{complaints, digest, page};
use crate::browser::Browser;
use crate::support::{file, plan, play};

#[test]
fn a_copied_link_restores_the_run_with_its_seed_and_changes_to_the_digest() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    let name = "four-workers-forty-rps";
    browser.go(&format!("{page}#preset={name}&seed=7"));
    browser.wait("document.querySelector('.play')", 30);
    browser.value("document.querySelector('.play').click()");
    browser.wait("document.querySelectorAll('figure canvas').length > 2", 30);
    let click = |word: &str| {
        format!(
            "[...document.querySelectorAll('button')].find((b) => b.textContent === '{word}')\
             .click()"
        )
    };
    let recorded = "document.querySelectorAll('#changes li').length";
    browser.value(&click("Freeze 10 s"));
    browser.wait(&format!("{recorded} === 1"), 10);
    browser.value(
        "(() => { const speed = document.querySelector('.controls select'); speed.value = 'max'; \
         speed.dispatchEvent(new Event('change', {bubbles: true})); })()",
    );
    let live = digest(&mut browser, name);
    let list = "[...document.querySelectorAll('#changes code')].map((one) => one.textContent)";
    let events: Vec<String> = serde_json::from_value(browser.value(list)).expect("texts");
    let text = append_events(&file(&format!("scenarios/{name}.yaml")), &events);
    let plan = plan(&text.expect("they can be added"), &[]);
    assert_eq!(live, format!("{:016x}", play(&plan, 7).digest()));
    browser.value(&click("Copy link"));
    let link = browser.wait("document.querySelector('#link')?.value", 10);
    let link = link.as_str().unwrap_or_default().to_owned();
    assert!(link.len() < 2_000 && link.contains("&seed=7&play=max&epoch="), "{link}");
    browser.blank();
    browser.go(&link);
    assert_eq!(digest(&mut browser, name), live);
    browser.shows(recorded, 1);
    let complaints = complaints(&browser.events);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn a_hostile_link_is_refused_in_a_sentence() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    for fragment in ["scenario=1AAAA", "scenario=9abc", "changes=%3Cscript%3E", "evil=1"] {
        browser.blank();
        browser.go(&format!("{page}#{fragment}"));
        let said = browser.wait("document.querySelector('[role=alert]')?.innerText", 30);
        assert!(said.as_str().is_some_and(|said| said.contains("link")), "{fragment}: {said}");
    }
    let name = "four-workers-forty-rps";
    browser.blank();
    browser.go(&format!("{page}#preset={name}&epoch=1&play=max"));
    digest(&mut browser, name);
    let said = browser.wait("document.querySelector('.notice')?.innerText", 10);
    assert!(said.as_str().is_some_and(|said| said.contains("digest epoch 1")), "{said}");
    // one that comes while something is there ends nothing
    browser.value("location.hash = '#scenario=1AAAA'");
    browser.wait("document.querySelector('.notice').innerText.includes('cannot be opened')", 10);
    browser.shows("document.querySelector('h1').textContent", name);
}
