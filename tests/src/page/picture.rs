//! The topology in a real browser: what flows, what is lost, how close it is looked at.

use super::{digest, page};
use crate::browser::Browser;

#[test]
fn requests_flow_as_wide_as_their_rate_and_leave_with_their_reason() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    browser.screen(1_400, 1.0);
    browser.go(&format!("{page}#preset=bigger-or-more&play=max"));
    digest(&mut browser, "bigger-or-more");
    // while the single machine is down for its move to a larger one
    let look = "const bar = document.querySelector('.bar input'); bar.value = 240; \
                bar.dispatchEvent(new InputEvent('input', {bubbles: true}))";
    browser.value(look);
    let lost = "[...document.querySelectorAll('#topology .lost text')].map((t) => t.textContent)";
    let lost = browser.wait(&format!("{lost}.length && {lost}"), 10);
    assert!(lost.to_string().contains("/s"), "{lost}");
    let wide = "[...document.querySelectorAll('#topology .way')]\
                .map((way) => parseFloat(getComputedStyle(way).strokeWidth))";
    let wide: Vec<f64> = serde_json::from_value(browser.value(wide)).expect("numbers");
    let most = wide.iter().copied().fold(0.0, f64::max);
    let least = wide.iter().copied().fold(f64::INFINITY, f64::min);
    assert!((most - 7.0).abs() < 1e-6 && (1.5..4.0).contains(&least), "{wide:?}");
    let said = browser.value("document.querySelector('#topology .note').innerText");
    assert!(said.as_str().is_some_and(|said| said.contains("One dot stands for ")), "{said}");
    let dots = browser.value("document.querySelectorAll('#topology g[aria-hidden] .dots').length");
    assert!(dots.as_u64() >= Some(2), "{dots}");
    let titles =
        "[...document.querySelectorAll('#topology title')].map((t) => t.textContent).join()";
    let titles = browser.value(titles);
    assert!(titles.as_str().is_some_and(|all| all.contains("lb-more to more: ")), "{titles}");
}

#[test]
fn the_picture_is_looked_at_closely_by_buttons_keys_and_wheel() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    browser.screen(1_400, 1.0);
    browser.go(&format!("{page}#preset=black-friday"));
    let part = "document.querySelector('#topology svg')?.getAttribute('viewBox')";
    let whole = browser.wait(part, 30);
    let click = |word: &str| {
        format!(
            "[...document.querySelectorAll('#topology button')]\
             .find((b) => b.innerText === '{word}').click()"
        )
    };
    browser.value(&click("Closer"));
    browser.wait(&format!("{part} !== {whole}"), 10);
    browser.value("document.querySelector('.map').focus()");
    let close = browser.value(part);
    browser.press("ArrowRight");
    browser.wait(&format!("{part} !== {close}"), 10);
    browser.press("0");
    browser.wait(&format!("{part} === {whole}"), 10);
    let wheel = "document.querySelector('.map').dispatchEvent(new WheelEvent('wheel', \
                 {deltaY: -9, ctrlKey: true, clientX: 300, clientY: 300, \
                 bubbles: true, cancelable: true}))";
    browser.value(wheel);
    browser.wait(&format!("{part} !== {whole}"), 10);
    browser.value(&click("All of it"));
    browser.wait(&format!("{part} === {whole}"), 10);
    // without the control key the wheel is the page's
    browser.value(&wheel.replace("ctrlKey: true", "ctrlKey: false"));
    browser.shows(part, whole);
}
