//! All cells as one page: the table, and every second of a run beside what was measured.

use super::judge::{Figures, Judged};
use super::text::Reality;
use crate::report::LatencyWindow;
use crate::report::figures::{percent, significant};
use crate::report::html::axis::Scale;
use crate::report::html::figure::{Figure, Key, Mark, Series};
use crate::report::html::flags::Backdrop;
use crate::report::html::markup::Markup;
use crate::report::html::moments::{Course, Moment};
use crate::report::html::paths::{Pen, Values};
use crate::report::html::sections::Table;
use crate::report::html::{begin, end};

const HEADER: [(&str, &str); 7] = [
    ("text", "Cell"),
    ("", "Answers/s"),
    ("", "Failed"),
    ("", "Mean ms"),
    ("", "p95 ms"),
    ("text", "Off by"),
    ("text", ""),
];

impl Reality {
    /// The page: one file that loads nothing.
    #[must_use]
    pub fn to_html(&self) -> String {
        let mut page = begin("Busyhour: predictions beside measurements", "");
        page.element("h1", &[], "Predictions beside measurements");
        page.element("p", &[("class", "summary")], &self.last_lines());
        page.open("section", &[("id", "cells")]);
        page.element("h2", &[], "All cells");
        let note = "Every figure is measured / predicted, over the runs of a cell.";
        page.element("p", &[("class", "note")], note);
        let mut table = Table::new(&mut page, &HEADER);
        self.cells.iter().for_each(|cell| row(&mut table, cell));
        table.end();
        page.close();
        page.open("section", &[("id", "charts")]);
        page.element("h2", &[], "Second by second");
        let note = "Answers in each second of a cell's first run; the prediction is the mean over \
                    all plays of its very requests.";
        page.element("p", &[("class", "note")], note);
        self.cells.iter().for_each(|cell| chart(&mut page, cell));
        page.close();
        end(page)
    }
}

fn row(table: &mut Table<'_>, cell: &Judged) {
    let pair = |of: fn(&Figures) -> f64, say: fn(f64) -> String| {
        format!("{} / {}", say(of(&cell.measured)), say(of(&cell.predicted)))
    };
    let cells = [
        pair(|each| each.throughput_rps, significant),
        pair(|each| each.error_share, percent),
        pair(|each| each.mean_ms, significant),
        pair(|each| each.p95_ms, significant),
    ];
    let mut shown: Vec<(&str, &str)> = cells.iter().map(|text| ("", &text[..])).collect();
    let (off, verdict) = (cell.said(), if cell.held { "held" } else { "missed" });
    shown.extend([("text", &off[..]), ("text", verdict)]);
    table.row(&cell.cell, &shown);
}

fn chart(page: &mut Markup, cell: &Judged) {
    let [measured, predicted] = &cell.course;
    let seconds = measured.len().min(predicted.len());
    if seconds < 2 {
        return;
    }
    let windows: Vec<LatencyWindow> = (0..seconds)
        .map(|second| LatencyWindow {
            start_s: second as f64,
            end_s: (second + 1) as f64,
            ..LatencyWindow::default()
        })
        .collect();
    let moments = windows.iter().map(|window| Moment { frames: &[], window }).collect();
    let course = Course { moments, end_s: seconds as f64 };
    let values = |all: &[f64]| -> Values { all[..seconds].iter().map(|&n| Some(n)).collect() };
    let all = [("measured", values(measured)), ("predicted", values(predicted))];
    let most = measured.iter().chain(predicted).copied().fold(1.0, f64::max);
    let scale = Scale::up_to(most);
    let pen = Pen { course: &course, scale };
    let class = |index: usize| format!("s{index} line");
    let marks = all.iter().enumerate();
    let marks = marks.map(|(at, (_, values))| Mark { class: class(at), path: pen.line(values) });
    let keys = all.iter().enumerate();
    let keys = keys.map(|(at, (name, _))| Key { class: class(at), name: (*name).to_owned() });
    let figure = Figure {
        id: &cell.cell,
        title: &cell.cell,
        note: format!("{}.", cell.title),
        keys: keys.collect(),
        marks: marks.collect(),
        rules: Vec::new(),
        scale,
        say: |rate| format!("{}/s", significant(rate)),
        say_cell: significant,
        table: all.map(|(name, values)| Series { name: name.to_owned(), values }).into(),
    };
    figure.write(page, &course, &Backdrop::warm(0.0));
}
