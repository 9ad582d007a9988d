//! A proposal as a page or a part of one.

use super::Proposal;
use crate::experiment::html::{judged, story};
use crate::report::figures::count;
use crate::report::html::markup::Markup;
use crate::report::html::sections::Table;

impl Proposal {
    /// Writes it, below a title.
    pub(crate) fn body(&self, page: &mut Markup) {
        story(page, &self.story());
        if let Some(best) = &self.chosen {
            let title = format!("Objectives, {} runs", best.runs);
            judged(page, &title, &best.objectives);
        }
        self.others_in(page);
        self.pruned_in(page);
    }

    fn others_in(&self, page: &mut Markup) {
        let Some((header, rows)) = self.others() else { return };
        page.open("section", &[("id", "others")]);
        page.element("h2", &[], "Runners-up");
        let last = header.len() - 1;
        let class = |at: usize| if at == last { "text" } else { "" };
        let named: Vec<(&str, &str)> =
            header.iter().enumerate().map(|(at, name)| (class(at), &name[..])).collect();
        let mut table = Table::new(page, &named);
        for row in &rows {
            let cells = row.iter().enumerate().map(|(at, cell)| (class(at), &cell[..]));
            let cells: Vec<(&str, &str)> = cells.collect();
            if let Some(((_, name), rest)) = cells.split_first() {
                table.row(name, rest);
            }
        }
        table.end();
        page.close();
    }

    fn pruned_in(&self, page: &mut Markup) {
        if self.left_out.is_empty() {
            return;
        }
        page.open("section", &[("id", "left-out")]);
        page.element("h2", &[], "Left out without a run");
        let mut table = Table::new(page, &[("", "why"), ("", "set-ups")]);
        for one in &self.left_out {
            table.row(&one.reason, &[("", &count(one.points))]);
        }
        table.end();
        page.close();
    }
}
