//! The topology in a real browser: what flows, what is lost, how close it is looked at.

use serde_json::Value;

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
    browser.until(lost, |lost| lost.to_string().contains("/s"));
    let wide = "[...document.querySelectorAll('#topology .way')]\
                .map((way) => parseFloat(getComputedStyle(way).strokeWidth))";
    browser.until(wide, |wide| {
        let wide = wide.as_array().into_iter().flatten().filter_map(Value::as_f64);
        let (least, most) =
            wide.fold((f64::INFINITY, 0.0_f64), |(low, high), w| (low.min(w), high.max(w)));
        (most - 7.0).abs() < 1e-6 && (1.5..4.0).contains(&least)
    });
    browser.tells("document.querySelector('#topology .note')?.innerText", "One dot stands for ");
    let dots = "document.querySelectorAll('#topology g[aria-hidden] .dots').length";
    browser.until(dots, |dots| dots.as_u64() >= Some(2));
    let titles =
        "[...document.querySelectorAll('#topology title')].map((t) => t.textContent).join()";
    browser.tells(titles, "lb-more to more: ");
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
