//! For everybody: no barrier that axe-core finds, contrast, keyboard, less motion, phones.

use serde_json::json;

use super::{digest, page};
use crate::browser::Browser;
use crate::support::file;

/// The page's stages: what to open, and what is there once it is.
const STAGES: [(&str, &str); 5] = [
    ("", "document.querySelector('.presets a')"),
    ("#preset=dead-peer&play=10", "document.querySelector('#heat canvas')"),
    ("#preset=dead-peer&play=max", "document.getElementById('digest')?.dataset.digest"),
    ("#preset=nothing-like-it", "document.querySelector('[role=alert]')"),
    ("#preset=four-workers-forty-rps", DAYS),
];
/// What many days say, which is asked for on the way.
const DAYS: &str = "(() => { const button = [...document.querySelectorAll('#sure button')]\
                    .find((button) => button.textContent === '10 days'); \
                    if (!document.querySelector('#sure progress, #sure .days')) button?.click(); \
                    return document.querySelector('#sure .days'); })()";

#[test]
fn axe_finds_no_serious_barrier() {
    let Some(page) = page() else { return };
    let Some(axe) = std::env::var_os("BUSYHOUR_AXE") else {
        println!("BUSYHOUR_AXE is not set: `cargo xtask test` fetches axe-core");
        return;
    };
    let axe = std::fs::read_to_string(axe).expect("axe-core is there");
    let mut browser = Browser::start();
    let mut found = Vec::new();
    for theme in ["light", "dark"] {
        browser.media(&[("prefers-color-scheme", theme)]);
        for width in [1_400, 420] {
            browser.screen(width, 1.0);
            for (fragment, there) in STAGES {
                browser.blank();
                browser.go(&format!("{page}{fragment}"));
                browser.wait(there, 60);
                // everything that can be opened is looked at, too
                browser.value("document.querySelectorAll('details').forEach((d) => d.open = true)");
                browser.value(&axe);
                let all = browser.value(
                    "axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations\
                     .filter((v) => ['serious', 'critical'].includes(v.impact))\
                     .map((v) => `${v.id}: ` + v.nodes.slice(0, 3)\
                     .map((n) => `${n.target} ${n.failureSummary}`).join('; ')))",
                );
                for one in all.as_array().into_iter().flatten() {
                    found.push(format!("{theme} {width} {fragment}: {one}"));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// A colour's part of the contrast, as WCAG defines it.
fn luminance(colour: &str) -> f64 {
    let digits: String = match colour.len() {
        4 => colour[1..].chars().flat_map(|c| [c, c]).collect(),
        _ => colour[1..7].to_owned(),
    };
    let channel = |at: usize| {
        let value = u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal digits");
        let share = f64::from(value) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { libm::pow((share + 0.055) / 1.055, 2.4) }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// The colours of a theme, by name: what stands between `after` and the next brace.
fn colours(style: &str, after: &str) -> Vec<(String, String)> {
    let rest = &style[style.find(after).expect("the styles have the theme") + after.len()..];
    let block = &rest[..rest.find('}').expect("it ends")];
    let pair = |part: &str| {
        let (name, value) = part.trim().split_once(':')?;
        value.starts_with('#').then(|| (name.to_owned(), value.to_owned()))
    };
    block.split(';').filter_map(pair).collect()
}

#[test]
fn lines_and_words_stand_out() {
    let style = file("sim-core/src/report/html/page.css");
    let own = file("sim-web/page/page.css");
    for (theme, block) in [("light", "color-scheme:light dark;"), ("dark", "dark){:root{")] {
        let mut all = colours(&style, block);
        all.extend(colours(&own, ":root{"));
        let named = |name: &str| {
            let found = all.iter().find(|(known, _)| known == name);
            found.unwrap_or_else(|| panic!("no colour is called {name}")).1.clone()
        };
        let (ground, soft) = (named("--bg"), named("--soft"));
        for name in ["--c0", "--c1", "--c2", "--c3", "--c4", "--c5", "--over", "--way", "--h6"] {
            let ratio = contrast(&named(name), &ground);
            assert!(ratio >= 3.0, "{theme}: {name} has {ratio:.2}");
        }
        for name in ["--fg", "--dim", "--good", "--ill"] {
            for ground in [&ground, &soft] {
                let ratio = contrast(&named(name), ground);
                assert!(ratio >= 4.5, "{theme}: {name} on {ground} has {ratio:.2}");
            }
        }
    }
    assert!((contrast("#000", "#ffffff") - 21.0).abs() < 0.01);
    assert!((contrast("#e69f00", "#fff") - 2.25).abs() < 0.01);
}

#[test]
fn the_keyboard_reaches_everything() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    browser.screen(1_400, 1.0);
    browser.go(&format!("{page}#preset=dead-peer&play=max"));
    digest(&mut browser, "dead-peer");
    browser.wait("document.querySelector('#heat canvas')", 10);
    let wanted = "(() => { const all = [...document.querySelectorAll(\
                  'a[href], button, input, select, textarea, summary, [tabindex=\"0\"]')]\
                  .filter((e) => !e.disabled && e.checkVisibility() && e.tabIndex >= 0); \
                  document.reached = new Set(); return all.length; })()";
    let wanted = browser.value(wanted).as_u64().unwrap_or(0);
    assert!(wanted > 40, "{wanted}");
    for _ in 0..wanted + 5 {
        browser.press("Tab");
        browser.value("document.reached.add(document.activeElement)");
    }
    let reached = "[...document.querySelectorAll(\
                   'a[href], button, input, select, textarea, summary, [tabindex=\"0\"]')]\
                   .filter((e) => !e.disabled && e.checkVisibility() && !document.reached.has(e))\
                   .map((e) => e.outerHTML.slice(0, 80))";
    browser.shows(reached, json!([]));
}

#[test]
fn who_wants_less_motion_gets_none() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    let moving = "document.getAnimations().filter((a) => a.playState === 'running').length";
    for (wish, some) in [("no-preference", true), ("reduce", false)] {
        browser.media(&[("prefers-reduced-motion", wish)]);
        browser.blank();
        browser.go(&format!("{page}#preset=dead-peer&play=10"));
        browser.wait("document.querySelector('.moves .dots')", 30);
        browser.until(moving, |moving| (moving.as_u64() > Some(0)) == some);
    }
    // what moves stands still when the run does
    browser.media(&[("prefers-reduced-motion", "no-preference")]);
    browser.press(" ");
    browser.wait("!document.querySelector('.moves')", 10);
    browser.shows(moving, 0);
}

#[test]
fn a_phone_can_watch_and_press_play() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    browser.screen(420, 2.0);
    browser.ask("Emulation.setTouchEmulationEnabled", json!({"enabled": true}));
    browser.go(&format!("{page}#preset=dead-peer"));
    let place = browser.wait(
        "(() => { const r = document.querySelector('.play')?.getBoundingClientRect(); \
         return r && r.top >= 0 && r.bottom <= innerHeight && r.right <= 420 \
         && [r.left + r.width / 2, r.top + r.height / 2]; })()",
        30,
    );
    let touch = json!([{"x": place[0], "y": place[1]}]);
    browser.ask("Input.dispatchTouchEvent", json!({"type": "touchStart", "touchPoints": touch}));
    browser.ask("Input.dispatchTouchEvent", json!({"type": "touchEnd", "touchPoints": []}));
    browser.wait("document.querySelector('#traffic canvas')", 30);
    browser.shows("document.documentElement.scrollWidth", 420);
    // nothing of the picture is cut off
    let cut = "((map) => [map.scrollWidth - map.clientWidth, \
               map.scrollHeight - map.clientHeight])(document.querySelector('.map'))";
    browser.shows(cut, json!([0, 0]));
    let small = "[...document.querySelectorAll('button')].filter((b) => b.checkVisibility() && \
                 b.getBoundingClientRect().height < 24).map((b) => b.outerHTML)";
    browser.shows(small, json!([]));
}

#[test]
fn presenting_is_large_and_has_a_timer() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    browser.screen(1_400, 1.0);
    browser.go(&format!("{page}#preset=dead-peer&play=10"));
    browser.wait("document.querySelector('#values')", 30);
    let size = "parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)";
    let seen = "document.querySelector('#nodes').checkVisibility()";
    let before = browser.value(size).as_f64().unwrap_or(0.0);
    browser.shows(seen, true);
    browser.press("h");
    let timer = "document.querySelector('.timer')?.innerText";
    browser.wait(&format!("{timer} === '0:02'"), 10);
    browser.wait(&format!("{size} >= {}", before * 1.4), 10);
    browser.shows(seen, false);
    browser.shows("document.querySelector('.play').checkVisibility()", true);
    browser.shows("document.documentElement.scrollWidth", 1_400);
    browser.value(
        "[...document.querySelectorAll('button')]\
         .find((b) => b.innerText === 'Stop presenting').click()",
    );
    browser.wait(&format!("!{timer} && {seen}"), 10);
}
