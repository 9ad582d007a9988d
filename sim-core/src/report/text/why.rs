//! Why the slowest requests took so long, and one of them as a tree.

use super::super::figures::{duration_ms, percent};
use super::super::story::words;
use super::super::{Report, TimeShare, Traced, Why};
use super::table::{Table, wrapped};
use super::{ACCOUNT, LITTLE, WIDTH, shortened, titled};

/// Lines of the example: the first ones and the last ones.
const EXAMPLE: (usize, usize) = (30, 8);

pub(super) fn why(report: &Report) -> String {
    let Some(why) = &report.trace else { return String::new() };
    let said = |text: &str| {
        let lines = wrapped(text, WIDTH - 2);
        lines.into_iter().map(|line| format!("  {line}\n")).collect::<String>()
    };
    let mut body = said(&report.sentence(&why.said()));
    body.extend(why.class_said().map(|text| said(&report.sentence(&text))));
    body.push_str(&shares(why));
    body.push_str(&said(&report.sentence(&why.basis())));
    let section = titled("Why the slowest 1 % took so long", &body);
    let Some(example) = &why.example else { return section };
    let title = format!("The slowest of {}", why.traced_said());
    format!("{section}\n{title}\n  {}", example.tree(EXAMPLE))
}

fn shares(why: &Why) -> String {
    let header = ["", "slowest 1 %", "", "everybody", "", ""];
    let mut table = Table::new(&header).left(&[0, 5]);
    let shares = &why.slowest.shares;
    let worth = shares.iter().take(ACCOUNT).filter(|own| own.share >= LITTLE).count();
    let of_everybody = |own: &TimeShare| why.everybody.share_of(own);
    let row = |name: String, slow: f64, all: f64| {
        let (slow_ms, all_ms) = (slow * why.slowest.mean_ms, all * why.everybody.mean_ms);
        let bar = "█".repeat((slow * 18.0 + 0.5) as usize);
        vec![name, duration_ms(slow_ms), percent(slow), duration_ms(all_ms), percent(all), bar]
    };
    for own in &shares[..worth] {
        table.row(row(own.said(), own.share, of_everybody(own)));
    }
    let rest: f64 = shares[worth..].iter().map(|own| own.share).sum();
    if rest >= LITTLE {
        let shown: f64 = shares[..worth].iter().map(of_everybody).sum();
        table.row(row("the rest".to_owned(), rest, (1.0 - shown).max(0.0)));
    }
    table.body()
}

impl Traced {
    /// The request as a tree, after a line that says which one it is: each span with when it began
    /// and how long it took. `*` marks what made the request late. Of many lines the first and the
    /// last ones are shown.
    #[must_use]
    pub fn tree(&self, most: (usize, usize)) -> String {
        let cells = |ms: f64| if ms > 0.0 { duration_ms(ms) } else { "0".to_owned() };
        let starts: Vec<String> = self.spans.iter().map(|span| cells(span.start_ms)).collect();
        let times: Vec<String> = self.spans.iter().map(|span| cells(span.ms)).collect();
        let width = |all: &[String]| all.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
        let (first, second) = (width(&starts), width(&times));
        let mut lines = Vec::new();
        for (span, (start, time)) in self.spans.iter().zip(starts.iter().zip(&times)) {
            let mark = if span.critical { '*' } else { ' ' };
            let indent = "  ".repeat(span.depth as usize);
            let ended = span.ended.as_deref().map(|ended| format!(": {}", words(ended)));
            let (name, ended) = (&span.name, ended.unwrap_or_default());
            let line = format!("  {start:>first$}  {time:>second$} {mark} {indent}{name}{ended}");
            lines.push(line.chars().take(WIDTH).collect::<String>() + "\n");
        }
        format!("{}\n{}", self.said(), shortened(lines, most))
    }
}
