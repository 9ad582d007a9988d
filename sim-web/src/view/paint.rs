//! A chart's curves on a canvas, drawn with plotters; text stays in the page, where it can be read.

use js_sys::Array;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::RGBAColor;
use plotters_canvas::CanvasBackend;
use sim_core::SHADES;
use wasm_bindgen::prelude::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, CssStyleDeclaration, HtmlCanvasElement};

use crate::state::figures::{Figure, Line, Point, Shape};

/// Dashes of the lines, in CSS pixels drawn and left out: colour is not all that tells them apart.
const DASHES: [&[f64]; 6] =
    [&[], &[7.0, 3.0], &[2.0, 4.0], &[9.0, 3.0, 2.0, 3.0], &[12.0, 5.0], &[4.0, 4.0]];

type Plane<'a> = ChartContext<'a, CanvasBackend, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

/// The colours in force.
struct Colours(CssStyleDeclaration);

impl Colours {
    fn named(&self, name: &str) -> RGBAColor {
        let text = self.0.get_property_value(name).unwrap_or_default();
        colour(text.trim()).unwrap_or(RGBAColor(128, 128, 128, 1.0))
    }
}

/// `#rrggbb` or `#rrggbbaa`, or the short form `#rgb`.
fn colour(text: &str) -> Option<RGBAColor> {
    let digits = text.strip_prefix('#')?;
    let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    if digits.len() == 3 {
        let one = |at: usize| u8::from_str_radix(digits.get(at..=at)?, 16).ok().map(|n| n * 17);
        return Some(RGBAColor(one(0)?, one(1)?, one(2)?, 1.0));
    }
    let alpha = byte(6).map_or(1.0, |alpha| f64::from(alpha) / 255.0);
    Some(RGBAColor(byte(0)?, byte(2)?, byte(4)?, alpha))
}

/// Draws a figure, as sharp as the screen is; what cannot be drawn is left out.
pub(super) fn paint(
    canvas: &HtmlCanvasElement,
    (figure, original): (&Figure, Option<&Figure>),
    flags: &[(f64, String)],
) -> Option<()> {
    let (from_s, to_s) = figure.span;
    let window = web_sys::window()?;
    let root = window.document()?.document_element()?;
    let colours = Colours(window.get_computed_style(&root).ok()??);
    let ratio = window.device_pixel_ratio().clamp(1.0, 4.0);
    let pixels = |css: i32| (f64::from(css) * ratio) as u32;
    let (width, height) = (pixels(canvas.client_width()), pixels(canvas.client_height()));
    if width == 0 || height == 0 || to_s <= from_s {
        return None;
    }
    // setting the size also wipes the canvas
    canvas.set_width(width);
    canvas.set_height(height);
    let pen: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.dyn_into().ok()?;
    let area = CanvasBackend::with_canvas_object(canvas.clone())?.into_drawing_area();
    let plane = ChartBuilder::on(&area).build_cartesian_2d(from_s..to_s, 0.0..1.0).ok()?;
    let size = (f64::from(width), f64::from(height));
    let mut brush = Brush { plane, pen, figure, size, ratio, colours };
    brush.backdrop(flags).ok()?;
    brush.cells();
    // areas would cover what is behind them
    let covers = figure.shape == Shape::Layers;
    if let Some(original) = original.filter(|_| !covers) {
        brush.behind(original).ok()?;
    }
    brush.curves().ok()?;
    if let Some(original) = original.filter(|_| covers) {
        brush.behind(original).ok()?;
    }
    brush.rules().ok()
}

/// What draws one figure: across is time in s, up is the scale's place from 0 to 1.
struct Brush<'a> {
    plane: Plane<'a>,
    /// The canvas's own pen, for the dashes that plotters does not know.
    pen: CanvasRenderingContext2d,
    figure: &'a Figure,
    /// Width and height of the canvas in its own pixels.
    size: (f64, f64),
    ratio: f64,
    colours: Colours,
}

impl Brush<'_> {
    fn style(&self, name: &str, width: f64) -> ShapeStyle {
        self.colours.named(name).stroke_width((width * self.ratio).max(1.0) as u32)
    }

    fn dashed(&self, dashes: &[f64]) {
        let scaled = dashes.iter().map(|length| JsValue::from_f64(length * self.ratio));
        // without dashes a line is still a line
        let _ = self.pen.set_line_dash(&scaled.collect::<Array>());
    }

    fn path(&mut self, points: Vec<(f64, f64)>, style: ShapeStyle) -> Drawn {
        self.plane.draw_series([PathElement::new(points, style)])?;
        Ok(())
    }

    /// Grid, and a pole at each time at which something happened.
    fn backdrop(&mut self, flags: &[(f64, String)]) -> Drawn {
        let grid = self.style("--edge", 1.0);
        for tick in self.figure.scale.ticks() {
            let place = self.figure.scale.place(tick);
            self.across(place, grid)?;
        }
        let pole = self.style("--dim", 1.0);
        self.dashed(&[2.0, 3.0]);
        for (at_s, _) in flags {
            self.path(vec![(*at_s, 0.0), (*at_s, 1.0)], pole)?;
        }
        self.dashed(&[]);
        Ok(())
    }

    fn across(&mut self, place: f64, style: ShapeStyle) -> Drawn {
        let (from_s, to_s) = self.figure.span;
        self.path(vec![(from_s, place), (to_s, place)], style)
    }

    /// The latency map's cells: all of one shade are filled at once.
    fn cells(&self) {
        let Some(map) = &self.figure.map else { return };
        let (from_s, to_s) = self.figure.span;
        let (width, height) = self.size;
        let x = |at_s: f64| ((at_s - from_s) / (to_s - from_s) * width).round();
        let place = |edge: &f64| ((1.0 - self.figure.scale.place(*edge)) * height).round();
        let edges: Vec<f64> = map.edges_ms.iter().map(place).collect();
        let shapes = map.shapes();
        for shade in 1..=SHADES {
            self.pen.begin_path();
            for (_, window, [from, to]) in shapes.iter().filter(|(own, ..)| *own == shade) {
                let (left, top) = (x(window.start_s), edges[*to]);
                self.pen.rect(left, top, x(window.end_s) - left, edges[*from] - top);
            }
            let RGBAColor(r, g, b, _) = self.colours.named(&format!("--h{shade}"));
            self.pen.set_fill_style_str(&format!("rgb({r} {g} {b})"));
            self.pen.fill();
        }
    }

    fn curves(&mut self) -> Drawn {
        let figure = self.figure;
        if let (Shape::Bands, [low, middle, high]) = (figure.shape, &figure.lines[..]) {
            self.band(middle, high, 0.22)?;
            self.band(low, middle, 0.42)?;
            return self.line("--c0", low);
        }
        if figure.shape == Shape::Layers {
            return self.layers();
        }
        if let (Some(_), [median]) = (&figure.map, &figure.lines[..]) {
            return self.line("--over", median);
        }
        for (index, line) in figure.lines.iter().enumerate() {
            self.dashed(DASHES[index % DASHES.len()]);
            self.line(&format!("--c{}", index % DASHES.len()), line)?;
        }
        self.dashed(&[]);
        Ok(())
    }

    /// Areas on top of each other: each one is drawn down to the axis, the lower ones over it.
    fn layers(&mut self) -> Drawn {
        let (figure, edge) = (self.figure, self.style("--bg", 1.0));
        for (index, top) in figure.tops().iter().enumerate().rev() {
            let fill = self.colours.named(&format!("--c{}", index % DASHES.len())).filled();
            for stretch in stretches(top, figure.span) {
                let places = stretch.iter().map(|&(at_s, value)| (at_s, figure.scale.place(value)));
                let mut outline: Vec<(f64, f64)> = places.collect();
                let ends = (stretch[0].0, stretch[stretch.len() - 1].0);
                self.plane.draw_series([PathElement::new(outline.clone(), edge)])?;
                outline.extend([(ends.1, 0.0), (ends.0, 0.0)]);
                self.plane.draw_series([Polygon::new(outline, fill)])?;
            }
        }
        Ok(())
    }

    /// The curves of the branch that this one left, muted, on the same axes; of areas their sum.
    fn behind(&mut self, original: &Figure) -> Drawn {
        let style = self.style("--dim", 1.5);
        self.dashed(&[5.0, 3.0]);
        if original.shape == Shape::Layers {
            let tops = original.tops();
            tops.last().map_or(Ok(()), |top| self.curve(top, style))?;
        } else {
            original.lines.iter().try_for_each(|line| self.curve(&line.points, style))?;
        }
        self.dashed(&[]);
        Ok(())
    }

    fn line(&mut self, colour: &str, line: &Line) -> Drawn {
        self.curve(&line.points, self.style(colour, 2.0))
    }

    fn curve(&mut self, points: &[Point], style: ShapeStyle) -> Drawn {
        for stretch in stretches(points, self.figure.span) {
            let mut points: Vec<(f64, f64)> = Vec::with_capacity(stretch.len());
            for (at_s, value) in stretch {
                let place = self.figure.scale.place(value);
                if self.figure.shape == Shape::Steps
                    && let Some((_, before)) = points.last().copied()
                {
                    points.push((at_s, before));
                }
                points.push((at_s, place));
            }
            self.path(points, style)?;
        }
        Ok(())
    }

    fn band(&mut self, below: &Line, above: &Line, strength: f64) -> Drawn {
        let scale = self.figure.scale;
        let place = |(at_s, value): (f64, f64)| (at_s, scale.place(value));
        let fill = self.colours.named("--c0").mix(strength).filled();
        let span = self.figure.span;
        let (below, above) = (stretches(&below.points, span), stretches(&above.points, span));
        for (lower, upper) in below.into_iter().zip(above) {
            let mut outline: Vec<(f64, f64)> = lower.into_iter().map(place).collect();
            outline.extend(upper.into_iter().map(place).rev());
            self.plane.draw_series([Polygon::new(outline, fill)])?;
        }
        Ok(())
    }

    /// What must hold, across everything.
    fn rules(&mut self) -> Drawn {
        let style = self.style("--ill", 1.5);
        self.dashed(&[8.0, 4.0]);
        for (_, value) in &self.figure.rules {
            let place = self.figure.scale.place(*value);
            self.across(place, style)?;
        }
        self.dashed(&[]);
        Ok(())
    }
}

/// Points that follow each other without a gap, cut off where the chart begins and ends, s.
fn stretches(points: &[Point], (from_s, to_s): (f64, f64)) -> Vec<Vec<(f64, f64)>> {
    let mut all: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    let mut before: Option<(f64, f64)> = None;
    for (at_s, value) in points {
        let here = value.map(|value| (*at_s, value));
        let Some(last) = all.last_mut() else { break };
        if let (Some(before), Some(here)) = (before, here) {
            for edge in [from_s, to_s] {
                if before.0 < edge && edge < here.0 {
                    let share = (edge - before.0) / (here.0 - before.0);
                    last.push((edge, before.1 + (here.1 - before.1) * share));
                }
            }
        }
        match here {
            Some(here) if (from_s..=to_s).contains(&here.0) => last.push(here),
            None if !last.is_empty() => all.push(Vec::new()),
            _ => {}
        }
        before = here;
    }
    all.retain(|stretch| !stretch.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_part_a_line() {
        let points =
            [(0.0, None), (1.0, Some(1.0)), (2.0, Some(2.0)), (3.0, None), (4.0, Some(4.0))];
        let all = (0.0, 9.0);
        assert_eq!(stretches(&points, all), [vec![(1.0, 1.0), (2.0, 2.0)], vec![(4.0, 4.0)]]);
        assert!(stretches(&[(0.0, None)], all).is_empty());
    }

    #[test]
    fn a_line_ends_where_the_chart_does() {
        let points = [(0.0, Some(0.0)), (2.0, Some(2.0)), (3.0, Some(3.0)), (5.0, Some(9.0))];
        let cut = vec![(1.0, 1.0), (2.0, 2.0), (3.0, 3.0), (4.0, 6.0)];
        assert_eq!(stretches(&points, (1.0, 4.0)), [cut]);
        assert_eq!(stretches(&points, (0.5, 1.5)), [vec![(0.5, 0.5), (1.5, 1.5)]]);
    }

    #[test]
    fn colours_are_those_of_the_styles() {
        assert_eq!(colour("#0072b2"), Some(RGBAColor(0, 0x72, 0xb2, 1.0)));
        assert_eq!(colour("#fff"), Some(RGBAColor(255, 255, 255, 1.0)));
        assert_eq!(colour("#e69f0033"), Some(RGBAColor(0xe6, 0x9f, 0, 0.2)));
        assert_eq!((colour("red"), colour("#12")), (None, None));
    }
}
