//! Problems as text: the sentence, the line it is about, a caret, and what to do.

use super::{Place, Problem, Severity, Sources};

/// Characters of a source line that are shown; longer lines are cropped around the caret.
const SHOWN: usize = 96;
/// Characters kept before the caret in a cropped line.
const BEFORE: usize = 40;

/// One problem in the style of rustc, readable without colour. Ends in a line break.
#[must_use]
pub fn render(problem: &Problem, sources: &Sources, color: bool) -> String {
    let paint = Paint { on: color };
    let word = match problem.severity {
        Severity::Error => paint.with("1;31", &format!("error[{}]", problem.code.as_str())),
        Severity::Warning => paint.with("1;33", &format!("warning[{}]", problem.code.as_str())),
    };
    let mut out = format!("{word}: {}\n", paint.with("1", &printable(&problem.message)));
    let mut gutter = 1;
    if let Some(place) = problem.place {
        gutter = place.line.to_string().len();
        snippet(&mut out, place, sources, &paint);
    }
    if !problem.remedy.is_empty() {
        let mark = paint.with("1;34", "=");
        let remedy = printable(&problem.remedy);
        out.push_str(&format!("{:gutter$} {mark} help: {remedy}\n", ""));
    }
    out
}

/// All of them, a blank line between two.
pub fn render_all<'a>(
    problems: impl IntoIterator<Item = &'a Problem>,
    sources: &Sources,
    color: bool,
) -> String {
    let all: Vec<_> = problems.into_iter().map(|p| render(p, sources, color)).collect();
    all.join("\n")
}

fn snippet(out: &mut String, place: Place, sources: &Sources, paint: &Paint) {
    let number = place.line.to_string();
    let gutter = number.len();
    let name = printable(sources.name(place.source));
    let arrow = paint.with("1;34", "-->");
    out.push_str(&format!("{:gutter$}{arrow} {name}:{number}:{}\n", "", place.column));
    let Some(line) = sources.line(place.source, place.line) else {
        return;
    };
    let (line, blank, carets) = crop(line, place);
    let bar = paint.with("1;34", "|");
    let caret = paint.with("1;31", &"^".repeat(carets));
    let number = paint.with("1;34", &number);
    let text = if line.is_empty() { String::new() } else { format!(" {line}") };
    out.push_str(&format!("{:gutter$} {bar}\n{number} {bar}{text}\n", ""));
    out.push_str(&format!("{:gutter$} {bar} {:blank$}{caret}\n", "", ""));
}

/// The visible part of a line, the cells before the caret, and the cells the caret covers.
fn crop(line: &str, place: Place) -> (String, usize, usize) {
    let column = place.column.max(1) as usize - 1;
    let long = line.chars().nth(SHOWN).is_some();
    // Only a line that does not fit is cut, and then its caret stays in view.
    let from = if long && column > SHOWN - BEFORE { column - BEFORE } else { 0 };
    let mut shown: Vec<char> = line.chars().skip(from).take(SHOWN).map(visible).collect();
    while from == 0 && shown.last() == Some(&' ') {
        shown.pop();
    }
    let at = (column - from).min(shown.len());
    let end = at.saturating_add(place.width as usize).min(shown.len());
    let cells = |part: &[char]| part.iter().map(|c| width(*c)).sum::<usize>();
    let (head, tail) = (from > 0, long && line.chars().nth(from.saturating_add(SHOWN)).is_some());
    let mut text: String = shown.iter().collect();
    if head {
        text.insert_str(0, "...");
    }
    if tail {
        text.push_str("...");
    }
    let blank = cells(&shown[..at]) + if head { 3 } else { 0 };
    (text, blank, cells(&shown[at..end]).max(1))
}

/// A tab counts as one column, so it is shown as one; what would steer a terminal is not sent.
fn visible(c: char) -> char {
    match c {
        '\t' => ' ',
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        '\u{feff}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

/// A sentence may quote a name of any length, so it is bounded here, once for all.
fn printable(text: &str) -> String {
    const MOST: usize = 600;
    let shown: String = text.chars().take(MOST).map(visible).collect();
    if text.chars().nth(MOST).is_some() { shown + "..." } else { shown }
}

/// Terminal cells of a character, near enough for a caret: East Asian wide and emoji are two.
fn width(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036f | 0x200b..=0x200d | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff => 2,
        0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 => 2,
        0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

struct Paint {
    on: bool,
}

impl Paint {
    fn with(&self, style: &str, text: &str) -> String {
        if self.on { format!("\u{1b}[{style}m{text}\u{1b}[0m") } else { text.to_string() }
    }
}
