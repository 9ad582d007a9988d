//! The page's section on why the slowest requests took so long.

use super::super::figures::{duration_ms, percent};
use super::super::story::words;
use super::super::{Report, Traced};
use super::markup::Markup;
use super::sections::Table;

/// Causes shown, and spans of the example.
const CAUSES_MAX: usize = 10;
const SPANS_MAX: usize = 60;

const HEADER: [(&str, &str); 6] =
    [("", "cause"), ("", "slowest 1 %"), ("", "share"), ("", "everybody"), ("", "share"), ("", "")];
const SPANS: [(&str, &str); 5] =
    [("", "begins after"), ("", "takes"), ("text", "what"), ("text", "ends"), ("text", "counts")];

/// Shares by cause and node, and one request step by step.
pub(super) fn why(page: &mut Markup, report: &Report) {
    let Some(why) = &report.trace else { return };
    page.open("section", &[("id", "why")]);
    page.element("h2", &[], "Why the slowest 1 % took so long");
    page.element("p", &[], &report.sentence(&why.said()));
    if let Some(text) = why.class_said() {
        page.element("p", &[], &report.sentence(&text));
    }
    let mut table = Table::new(page, &HEADER);
    for own in why.slowest.shares.iter().take(CAUSES_MAX) {
        let all = why.everybody.share_of(own);
        let (slow_ms, all_ms) = (own.ms, all * why.everybody.mean_ms);
        let cells = [duration_ms(slow_ms), percent(own.share), duration_ms(all_ms), percent(all)];
        table.bar(&own.said(), &cells.each_ref().map(|cell| ("", &cell[..])), own.share);
    }
    table.end();
    page.element("p", &[("class", "note")], &report.sentence(&why.basis()));
    if let Some(traced) = &why.example {
        let title = format!("The slowest of {}", why.traced_said());
        page.element("h3", &[], &title);
        example(page, traced);
    }
    page.close();
}

fn example(page: &mut Markup, traced: &Traced) {
    page.element("p", &[], &format!("{}.", traced.said()));
    let mut table = Table::new(page, &SPANS);
    for span in traced.spans.iter().take(SPANS_MAX) {
        // spaces that a browser keeps
        let what = "\u{a0}\u{a0}".repeat(span.depth as usize) + &span.name;
        let ended = span.ended.as_deref().map(words).unwrap_or_default();
        let counts = if span.critical { "critical path" } else { "" };
        let time = duration_ms(span.ms);
        let cells = [("", &time[..]), ("text", &what), ("text", &ended), ("text", counts)];
        table.row(&duration_ms(span.start_ms), &cells);
    }
    table.end();
    if traced.spans.len() > SPANS_MAX {
        let more = traced.spans.len() - SPANS_MAX;
        page.element("p", &[("class", "note")], &format!("{more} further spans are left out."));
    }
}
