//! Checks for GitHub Actions: a job summary in Markdown, and annotations at the lines at fault.

use super::Check;
use crate::report::Markup;

/// Annotations of a kind that GitHub shows of a step.
const ANNOTATIONS_MAX: usize = 10;
/// Bytes kept for saying that something was left out.
const NOTE: usize = 200;

/// A job summary of at most `room` bytes: the checks as a table, then `more`, which is Markdown,
/// then a report to unfold. What does not fit is left out from the end, and that is said.
#[must_use]
pub fn job_summary(checks: &[Check], more: &str, report: &str, room: usize) -> String {
    let mut out = heading(checks);
    let mut room = room.saturating_sub(out.len() + NOTE);
    let mut cut = false;
    let mut add = |text: &str, out: &mut String, kept: usize| {
        let fits = !cut && text.len() + kept <= room;
        if fits {
            out.push_str(text);
            room -= text.len();
        }
        cut |= !fits;
        fits
    };
    for check in checks {
        add(&row(check), &mut out, 0);
    }
    if !more.is_empty() {
        add(&format!("\n{more}"), &mut out, 0);
    }
    let (begin, end) =
        ("\n<details><summary>The report</summary>\n\n<pre>\n", "</pre>\n</details>\n");
    if !report.is_empty() && add(begin, &mut out, end.len()) {
        for line in report.lines() {
            add(&format!("{}\n", html(line)), &mut out, end.len());
        }
        out.push_str(end);
    }
    if cut {
        out.push_str("\nThe rest is left out: a job summary holds 1 MiB.\n");
    }
    out + "\n"
}

fn heading(checks: &[Check]) -> String {
    let failed = checks.iter().filter(|check| check.fails).count();
    let said = match (checks.len(), failed) {
        (0, _) => return "### Busyhour: nothing was asked for\n".to_owned(),
        (1, 0) => "the objective holds".to_owned(),
        (all, 0) => format!("all {all} hold"),
        (all, failed) => format!("{failed} of {all} not held"),
    };
    format!("### Busyhour: {said}\n\n| | scenario | objective | measured |\n|---|---|---|---|\n")
}

fn row(check: &Check) -> String {
    let sign = if check.fails { "\u{274c}" } else { "\u{2705}" };
    let cells = [&check.scenario, &check.name, &check.found].map(|text| cell(text));
    format!("| {sign} {} | {} |\n", check.outcome(), cells.join(" | "))
}

/// Text that Markdown shows as it is, also in a table.
pub(in crate::experiment) fn cell(text: &str) -> String {
    let mut out = String::new();
    for c in html(text).chars() {
        match c {
            '|' | '*' | '_' | '`' | '[' | ']' | '~' | '\\' => {
                out.push_str(&format!("&#{};", u32::from(c)));
            }
            '\n' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn html(text: &str) -> String {
    let mut page = Markup::default();
    page.say(text);
    page.finish()
}

/// At most ten annotations for the checks that fail, a line each; `kind` is `error` or `warning`.
#[must_use]
pub fn annotations(checks: &[Check], kind: &str) -> Vec<String> {
    let failed: Vec<&Check> = checks.iter().filter(|check| check.fails).collect();
    let shown = if failed.len() > ANNOTATIONS_MAX { ANNOTATIONS_MAX - 1 } else { failed.len() };
    let mut lines: Vec<String> = failed[..shown].iter().map(|one| annotation(one, kind)).collect();
    if shown < failed.len() {
        let more = failed.len() - shown;
        lines.push(format!("::{kind} title=Busyhour::{more} more are in the job summary"));
    }
    lines
}

fn annotation(check: &Check, kind: &str) -> String {
    let title = format!("{}: {}", check.outcome(), check.name);
    let mut properties = Vec::new();
    if let Some(spot) = &check.spot {
        properties.push(format!("file={}", property(&spot.file)));
        properties.extend(spot.line.map(|line| format!("line={line}")));
    }
    properties.push(format!("title={}", property(&title)));
    let message = message(&format!("{}: {}", check.scenario, check.found));
    format!("::{kind} {}::{message}", properties.join(","))
}

fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
