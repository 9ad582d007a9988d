//! Charts and the topology as PNG files: what the page shows, on one canvas.

use wasm_bindgen::prelude::{Closure, JsCast, JsValue};
use web_sys::{
    Blob, CanvasRenderingContext2d, Document, Element, HtmlCanvasElement, HtmlImageElement,
};

use super::effects::hand_over;

/// Pixels of the file to one of the page.
const SHARP: f64 = 2.0;
/// Around everything.
const MARGIN: f64 = 16.0;

fn document() -> Option<Document> {
    web_sys::window()?.document()
}

/// Hands over the chart or the topology with an id, under a name. A browser that cannot draw it
/// hands over nothing.
pub(super) fn save(id: &str, name: String, dark: bool) -> Option<()> {
    let part = document()?.get_element_by_id(id)?;
    match part.query_selector(".map svg").ok()? {
        Some(svg) => drawing(&svg, name, dark),
        None => chart(&part, name),
    }
}

/// A canvas of a size in the page's pixels, with the page's background.
fn blank(width: f64, height: f64) -> Option<(HtmlCanvasElement, CanvasRenderingContext2d)> {
    let canvas: HtmlCanvasElement = document()?.create_element("canvas").ok()?.dyn_into().ok()?;
    canvas.set_width((width * SHARP) as u32);
    canvas.set_height((height * SHARP) as u32);
    let pen: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.dyn_into().ok()?;
    pen.scale(SHARP, SHARP).ok()?;
    let body: Element = document()?.body()?.into();
    pen.set_fill_style_str(&colour(&body, "background-color"));
    pen.fill_rect(0.0, 0.0, width, height);
    Some((canvas, pen))
}

fn colour(of: &Element, property: &str) -> String {
    let style = web_sys::window().and_then(|window| window.get_computed_style(of).ok()?);
    style.and_then(|style| style.get_property_value(property).ok()).unwrap_or_default()
}

fn finish(canvas: &HtmlCanvasElement, name: String) -> Option<()> {
    let done = Closure::once_into_js(move |blob: Option<Blob>| {
        if let Some(blob) = blob {
            // a browser that forbids downloads says so itself
            let _ = hand_over(&name, &blob);
        }
    });
    canvas.to_blob(done.unchecked_ref()).ok()
}

/// A chart: its canvas, and every text of it where the page has it.
fn chart(figure: &Element, name: String) -> Option<()> {
    let all = figure.get_bounding_client_rect();
    let end = figure.query_selector(".frame").ok()??.get_bounding_client_rect().bottom();
    let (left, top) = (all.left() - MARGIN, all.top() - MARGIN);
    let (canvas, pen) = blank(all.width() + 2.0 * MARGIN, end - top + MARGIN)?;
    let curves: HtmlCanvasElement = figure.query_selector("canvas").ok()??.dyn_into().ok()?;
    let place = curves.get_bounding_client_rect();
    let (x, y) = (place.left() - left, place.top() - top);
    let (width, height) = (place.width(), place.height());
    pen.draw_image_with_html_canvas_element_and_dw_and_dh(&curves, x, y, width, height).ok()?;
    let samples = figure.query_selector_all(".legend svg path").ok()?;
    for sample in (0..samples.length()).filter_map(|at| samples.get(at)?.dyn_into().ok()) {
        legend(&pen, &sample, (left, top));
    }
    let texts = figure.query_selector_all("h3,figcaption p,.legend span,.ys span,.xs span,em");
    let texts = texts.ok()?;
    for text in (0..texts.length()).filter_map(|at| texts.get(at)?.dyn_into().ok()) {
        write(&pen, &text, (left, top));
    }
    finish(&canvas, name)
}

/// A sample of the legend: its colour and its dashes tell the lines apart.
fn legend(pen: &CanvasRenderingContext2d, path: &Element, (left, top): (f64, f64)) {
    let Some(place) = path.parent_element().map(|svg| svg.get_bounding_client_rect()) else {
        return;
    };
    let (x, y) = (place.left() - left, place.top() - top);
    let lined = path.class_list().contains("line");
    pen.set_global_alpha(colour(path, "fill-opacity").parse().unwrap_or(1.0));
    if lined {
        let dashes = js_sys::Array::new();
        for dash in colour(path, "stroke-dasharray").split(',') {
            if let Ok(length) = dash.trim().trim_end_matches("px").parse::<f64>() {
                dashes.push(&JsValue::from_f64(length));
            }
        }
        // without dashes a sample is still a sample
        let _ = pen.set_line_dash(&dashes);
        pen.set_stroke_style_str(&colour(path, "stroke"));
        pen.set_line_width(2.0);
        pen.begin_path();
        pen.move_to(x, y + place.height() / 2.0);
        pen.line_to(x + place.width(), y + place.height() / 2.0);
        pen.stroke();
    } else {
        pen.set_fill_style_str(&colour(path, "fill"));
        pen.fill_rect(x, y, place.width(), place.height());
    }
    pen.set_global_alpha(1.0);
}

/// A text in its own colour and letters, where it stands; a long one in its lines.
fn write(pen: &CanvasRenderingContext2d, text: &Element, (left, top): (f64, f64)) {
    let place = text.get_bounding_client_rect();
    let size: f64 = colour(text, "font-size").trim_end_matches("px").parse().unwrap_or(12.0);
    let (weight, family) = (colour(text, "font-weight"), colour(text, "font-family"));
    pen.set_font(&format!("{weight} {size}px {family}"));
    pen.set_fill_style_str(&colour(text, "color"));
    pen.set_text_baseline("middle");
    let wide = |words: &str| pen.measure_text(words).map_or(0.0, |size| size.width());
    let mut lines = vec![String::new()];
    for word in text.text_content().unwrap_or_default().split_whitespace() {
        let Some(last) = lines.last_mut() else { return };
        let longer = if last.is_empty() { word.to_owned() } else { format!("{last} {word}") };
        if !last.is_empty() && wide(&longer) > place.width() + 2.0 {
            lines.push(word.to_owned());
        } else {
            *last = longer;
        }
    }
    let step = place.height() / lines.len() as f64;
    for (line, words) in (0..).zip(&lines) {
        let y = place.top() - top + step * (f64::from(line) + 0.5);
        // what cannot be written is missing from the picture, nothing else
        let _ = pen.fill_text(words, place.left() - left, y);
    }
}

/// The topology: its drawing with the page's styles, as an image, on a canvas.
fn drawing(svg: &Element, name: String, dark: bool) -> Option<()> {
    let page = document()?;
    let style = page.query_selector("style").ok()??.text_content()?;
    let copy: Element = svg.clone_node_with_deep(true).ok()?.dyn_into().ok()?;
    let whole = svg.get_attribute("data-whole")?;
    let mut size = whole.split(' ').skip(2).filter_map(|number| number.parse::<f64>().ok());
    let (width, height) = (size.next()?, size.next()?);
    for (attribute, value) in [
        ("xmlns", "http://www.w3.org/2000/svg"),
        ("viewBox", &whole[..]),
        ("width", &width.to_string()),
        ("height", &height.to_string()),
        ("style", "font-family:system-ui,sans-serif"),
        ("data-theme", if dark { "dark" } else { "light" }),
    ] {
        copy.set_attribute(attribute, value).ok()?;
    }
    let sheet = page.create_element_ns(Some("http://www.w3.org/2000/svg"), "style").ok()?;
    sheet.set_text_content(Some(&style));
    copy.prepend_with_node_1(&sheet).ok()?;
    let text = String::from(js_sys::encode_uri_component(&copy.outer_html()));
    let (canvas, pen) = blank(width + 2.0 * MARGIN, height + 2.0 * MARGIN)?;
    let image = HtmlImageElement::new().ok()?;
    let shown = image.clone();
    let loaded = Closure::once_into_js(move || {
        let drawn = pen.draw_image_with_html_image_element_and_dw_and_dh(
            &shown, MARGIN, MARGIN, width, height,
        );
        // what cannot be drawn is not handed over
        let _ = drawn.ok().and_then(|()| finish(&canvas, name));
    });
    image.set_onload(Some(loaded.unchecked_ref()));
    image.set_src(&format!("data:image/svg+xml,{text}"));
    Some(())
}
