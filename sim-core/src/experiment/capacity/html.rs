//! A capacity and its ladder of bottlenecks as a page or a part of one.

use super::Capacity;
use crate::experiment::html::{judged, story};
use crate::report::html::markup::Markup;
use crate::report::html::sections::Table;

const LADDER: [(&str, &str); 5] =
    [("", ""), ("", "holds up to"), ("", ""), ("", "shown between"), ("text", "breaks there")];

impl Capacity {
    /// Writes it, below a title.
    pub(crate) fn body(&self, page: &mut Markup) {
        let Some(first) = self.rungs.first() else {
            page.element("p", &[], &self.to_text());
            return;
        };
        story(page, &self.story(first));
        if let Some(fails) = first.fails.or(first.estimate) {
            judged(page, &format!("Objectives at {}", fails.said_short()), &first.objectives);
        }
        page.open("section", &[("id", "ladder")]);
        page.element("h2", &[], "Ladder of bottlenecks");
        let mut table = Table::new(page, &LADDER);
        for [rung, times, load, between, breaks] in self.rows() {
            table.row(&rung, &[("", &times), ("", &load), ("", &between), ("text", &breaks)]);
        }
        table.end();
        page.element("p", &[("class", "note")], &self.end());
        page.close();
    }
}
