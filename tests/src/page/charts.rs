//! The charts in a real browser: closer looks, the crosshair, flags, numbers and pictures.

use serde_json::{Value, json};

use super::{complaints, digest, page};
use crate::browser::Browser;

/// A finished run at 1,400 pixels.
fn finished(page: &str, name: &str) -> Browser {
    let mut browser = Browser::start();
    browser.screen(1_400, 1.0);
    browser.go(&format!("{page}#preset={name}&play=max"));
    digest(&mut browser, name);
    browser.wait("document.querySelector('#heat canvas')", 10);
    browser
}

/// The middle of an element's height and a place from left to right, in the window.
fn inside(browser: &mut Browser, selector: &str, share: f64) -> (f64, f64) {
    let place = browser.value(&format!(
        "(() => {{ const e = document.querySelector('{selector}'); \
         e.scrollIntoView({{block: 'center'}}); const r = e.getBoundingClientRect(); \
         return [r.left + r.width * {share}, r.top + r.height / 2]; }})()"
    ));
    (place[0].as_f64().unwrap_or(0.0), place[1].as_f64().unwrap_or(0.0))
}

/// The ticks under each chart.
const TICKS: &str = "[...document.querySelectorAll('figure .xs')].map((xs) => xs.innerText.trim())";

#[test]
fn a_stretch_that_is_dragged_over_is_shown_by_every_chart() {
    let Some(page) = page() else { return };
    let mut browser = finished(&page, "dead-peer");
    let whole = browser.until(TICKS, |ticks| ticks.as_array().is_some_and(|all| all.len() >= 6));
    let charts = whole.as_array().map_or(0, Vec::len);
    let from = inside(&mut browser, "#latency canvas", 0.25);
    let to = inside(&mut browser, "#latency canvas", 0.5);
    browser.mouse("mousePressed", from, 1);
    browser.mouse("mouseMoved", to, 1);
    browser.wait("document.querySelector('.marked')", 10);
    browser.mouse("mouseReleased", to, 1);
    let stretch = "document.querySelector('#charts-title small')?.innerText.trim()";
    assert_eq!(browser.wait(stretch, 10), "2m to 4m");
    browser.wait(
        &format!(
            "(() => {{ const ticks = {TICKS}; return ticks.length === {charts} \
             && ticks.every((own) => own === ticks[0] && own !== {}); }})()",
            whole[0]
        ),
        10,
    );
    // out again: by a double click, by a key, by a button
    browser.mouse("mousePressed", to, 1);
    browser.mouse("mouseReleased", to, 1);
    let double =
        json!({"type": "mousePressed", "x": to.0, "y": to.1, "button": "left", "clickCount": 2});
    browser.ask("Input.dispatchMouseEvent", double.clone());
    let up =
        json!({"type": "mouseReleased", "x": to.0, "y": to.1, "button": "left", "clickCount": 2});
    browser.ask("Input.dispatchMouseEvent", up);
    browser.wait(&format!("!{stretch}"), 10);
    browser.press("+");
    browser.wait(stretch, 10);
    browser.press("Escape");
    browser.wait(&format!("!{stretch}"), 10);
    browser.shows(TICKS, whole);
    let button =
        "[...document.querySelectorAll('.tools button')].find((b) => b.innerText === 'Zoom in')";
    browser.value(&format!("{button}.click()"));
    browser.wait(stretch, 10);
    let complaints = complaints(&browser.events);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn the_crosshair_moves_over_all_charts_and_draws_none_of_them_again() {
    let Some(page) = page() else { return };
    let mut browser = finished(&page, "dead-peer");
    // a dot of a colour that no chart has tells whether a canvas was wiped
    let marked = "[...document.querySelectorAll('figure canvas')].every((c) => \
                  c.getContext('2d').getImageData(1, 1, 1, 1).data.join() === '255,0,255,255')";
    let mark = "document.querySelectorAll('figure canvas').forEach((c) => { \
                const pen = c.getContext('2d'); pen.fillStyle = '#f0f'; \
                pen.fillRect(0, 0, 4, 4); })";
    browser.value(mark);
    browser.shows(marked, true);
    let caption = "document.querySelector('#values caption').textContent";
    let before = browser.value(caption);
    for share in [0.3, 0.4, 0.5] {
        let at = inside(&mut browser, "#traffic canvas", share);
        browser.mouse("mouseMoved", at, 0);
    }
    browser.wait(&format!("{caption} === 'At 4m'"), 10);
    assert_ne!(before, "At 4m");
    browser.press("ArrowRight");
    browser.wait(&format!("{caption} === 'At 4m 2s'"), 10);
    let lines = "[...document.querySelectorAll('.plot')].map((plot) => \
                 Math.round(parseFloat(getComputedStyle(plot, '::after').left) \
                 / plot.clientWidth * 1000))";
    browser.until(lines, |places| {
        let places = places.as_array().map_or(&[][..], Vec::as_slice);
        let near = |place: &Value| place.as_i64().is_some_and(|place| (500..=508).contains(&place));
        places.len() >= 6 && places.iter().all(near)
    });
    assert_eq!(browser.value(marked), true, "no canvas was drawn again");
    browser.press("+");
    browser.wait(&format!("!({marked})"), 10);
}

#[test]
fn a_flag_a_log_axis_and_the_numbers() {
    let Some(page) = page() else { return };
    let mut browser = finished(&page, "dead-peer");
    let caption = "document.querySelector('#values caption').textContent";
    browser.value("document.querySelector('#latency .flag').click()");
    browser.wait(&format!("{caption} === 'At 2m'"), 10);
    let axis = "document.querySelector('#latency .ys').innerText";
    let choose = |word: &str| {
        format!(
            "[...document.querySelectorAll('#latency button')]\
             .find((b) => b.innerText === '{word}').click()"
        )
    };
    browser.value(&choose("Linear"));
    browser.wait(&format!("{axis}.startsWith('0 ms')"), 10);
    browser.value(&choose("Log"));
    browser.wait(&format!("!{axis}.startsWith('0 ms')"), 10);
    let rows = "document.querySelectorAll('#traffic .values tr').length";
    browser.shows(rows, 0);
    browser.value("document.querySelector('#traffic summary').click()");
    let rows = browser.wait(&format!("{rows} || null"), 10);
    assert!(rows.as_u64().is_some_and(|rows| (30..=61).contains(&rows)), "{rows}");
    // the heat map is a map, not a line
    let colours = "(() => { const c = document.querySelector('#heat canvas'); const d = \
                   c.getContext('2d').getImageData(0, 0, c.width, c.height).data; \
                   const all = new Set(); for (let i = 0; i < d.length; i += 4) \
                   all.add(d.slice(i, i + 3).join()); return all.size; })()";
    browser.until(colours, |colours| colours.as_u64() > Some(7));
}

#[test]
fn every_chart_and_the_topology_can_be_taken_along_as_pictures() {
    let Some(page) = page() else { return };
    let mut browser = finished(&page, "bigger-or-more");
    // what would be downloaded is kept
    browser.value(
        "URL.createObjectURL = (blob) => { \
         (document.kept ??= []).push(blob); return '#'; }; \
         HTMLAnchorElement.prototype.click = function () { \
         (document.names ??= []).push(this.download); }",
    );
    let buttons = "[...document.querySelectorAll('button')].filter((b) => b.innerText === 'PNG')";
    let count = browser.value(&format!("{buttons}.length")).as_u64().unwrap_or(0);
    let charts = browser.value("document.querySelectorAll('figure').length").as_u64().unwrap_or(0);
    assert!(count == charts + 1 && charts >= 6, "{count} {charts}");
    browser.value(&format!("{buttons}.forEach((b) => b.click())"));
    browser.wait(&format!("document.names?.length === {count}"), 20);
    let names = browser.value("document.names.sort()");
    assert!(names.to_string().contains("bigger-or-more-topology.png"), "{names}");
    assert!(names.to_string().contains("bigger-or-more-spending.png"), "{names}");
    // each is a picture with something on it
    let looked = "Promise.all(document.kept.map(async (blob) => { \
                  const image = await createImageBitmap(blob); \
                  const c = new OffscreenCanvas(image.width, image.height); \
                  const pen = c.getContext('2d'); pen.drawImage(image, 0, 0); \
                  const d = pen.getImageData(0, 0, image.width, image.height).data; \
                  const all = new Set(); for (let i = 0; i < d.length; i += 4) \
                  all.add(d[i] << 16 | d[i + 1] << 8 | d[i + 2]); \
                  return [blob.type, image.width, all.size]; }))";
    let pictures = browser.value(looked);
    for picture in pictures.as_array().into_iter().flatten() {
        assert_eq!(picture[0], "image/png");
        assert!(picture[1].as_u64() > Some(1_000) && picture[2].as_u64() > Some(10), "{pictures}");
    }
    let complaints = complaints(&browser.events);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
