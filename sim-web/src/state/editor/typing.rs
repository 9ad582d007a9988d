//! Keys with a meaning of their own in YAML: Tab indents, Enter keeps the indentation.
//!
//! Positions are those of a browser: UTF-16 units from the beginning.

/// What one level of YAML is indented by.
const INDENT: &str = "  ";

/// A text and what is selected in it, from and to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// The text.
    pub text: String,
    /// Where the selection begins.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
}

/// A key with a meaning of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Indent what is selected, or put spaces in.
    Tab,
    /// Take indentation away from the lines that are selected.
    BackTab,
    /// A new line, indented as this one.
    Enter,
}

impl Selected {
    /// The text after a key.
    #[must_use]
    pub fn after(self, key: Key) -> Self {
        let (from, to) = (byte(&self.text, self.from), byte(&self.text, self.to));
        let (from, to) = (from.min(to), from.max(to));
        match key {
            Key::Enter => {
                let line = &self.text[line_start(&self.text, from)..from];
                let indent = &line[..line.len() - line.trim_start_matches(' ').len()];
                let more = if line.trim_end().ends_with(':') { INDENT } else { "" };
                let put = format!("\n{indent}{more}");
                self.with(from, to, &put)
            }
            Key::Tab if !self.text[from..to].contains('\n') => {
                let column = from - line_start(&self.text, from);
                self.with(from, to, &INDENT[column % INDENT.len()..])
            }
            Key::Tab => self.lines(from, to, |line| format!("{INDENT}{line}")),
            Key::BackTab => self.lines(from, to, |line| {
                let spaces = line.len() - line.trim_start_matches(' ').len();
                line[spaces.min(INDENT.len())..].to_owned()
            }),
        }
    }

    fn with(self, from: usize, to: usize, put: &str) -> Self {
        let text = format!("{}{put}{}", &self.text[..from], &self.text[to..]);
        let at = units(&text[..from + put.len()]);
        Selected { text, from: at, to: at }
    }

    /// Every line that is touched becomes another one; all of them are selected then.
    fn lines(self, from: usize, to: usize, change: impl Fn(&str) -> String) -> Self {
        let start = line_start(&self.text, from);
        let last = if to > from && self.text[..to].ends_with('\n') { to - 1 } else { to };
        let end = self.text[last..].find('\n').map_or(self.text.len(), |at| last + at);
        let changed: Vec<String> = self.text[start..end].split('\n').map(change).collect();
        let changed = changed.join("\n");
        let text = format!("{}{changed}{}", &self.text[..start], &self.text[end..]);
        let (from, to) = (units(&text[..start]), units(&text[..start + changed.len()]));
        Selected { text, from, to }
    }
}

/// The selection of a line, from 1, without its end.
#[must_use]
pub fn line(text: &str, number: u32) -> (u32, u32) {
    let mut from = 0;
    for (line, at) in text.split('\n').zip(1..) {
        let to = from + units(line);
        if at == number {
            return (from, to);
        }
        from = to + 1;
    }
    let end = units(text);
    (end, end)
}

/// Where two texts begin to differ, in the second one: where one looks after undo.
#[must_use]
pub fn differs(old: &str, new: &str) -> u32 {
    let same = old.chars().zip(new.chars()).take_while(|(a, b)| a == b);
    same.map(|(c, _)| c.len_utf16() as u32).sum()
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |at| at + 1)
}

fn units(text: &str) -> u32 {
    text.chars().map(|c| c.len_utf16() as u32).sum()
}

/// The byte of a position; the end for one beyond it.
fn byte(text: &str, position: u32) -> usize {
    let mut before = 0;
    for (at, c) in text.char_indices() {
        if before >= position {
            return at;
        }
        before += c.len_utf16() as u32;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `<` and `>` mark the selection, `|` a place.
    fn marked(text: &str) -> Selected {
        let (from, to) = match text.find('|') {
            Some(at) => (at, at),
            None => (text.find('<').unwrap(), text.find('>').unwrap() - 1),
        };
        let plain = text.replace(['<', '>', '|'], "");
        Selected { from: units(&plain[..from]), to: units(&plain[..to]), text: plain }
    }

    #[test]
    fn keys_keep_yaml_in_order() {
        for (before, key, after) in [
            ("a:|", Key::Enter, "a:\n  |"),
            ("  b: 1| # x", Key::Enter, "  b: 1\n  | # x"),
            ("\u{1f600}: <x>", Key::Enter, "\u{1f600}: \n  |"),
            ("|a", Key::Tab, "  |a"),
            ("a|", Key::Tab, "a |"),
            ("<a\n b>\nc", Key::Tab, "<  a\n   b>\nc"),
            ("<a\nb\n>c", Key::Tab, "<  a\n  b>\nc"),
            ("x\n   a|", Key::BackTab, "x\n< a>"),
            ("<a\n b>", Key::BackTab, "<a\nb>"),
        ] {
            assert_eq!(marked(before).after(key), marked(after), "{before}");
        }
    }

    #[test]
    fn lines_and_differences_are_counted_as_browsers_do() {
        let text = "a\n\u{1f600}b\n\nc";
        assert_eq!(
            [1, 2, 3, 4, 9].map(|n| line(text, n)),
            [(0, 1), (2, 5), (6, 6), (7, 8), (8, 8)]
        );
        assert_eq!(differs("\u{1f600}ab", "\u{1f600}ac"), 3);
        let beyond = Selected { text: "a".into(), from: 9, to: 9 };
        assert_eq!(beyond.after(Key::Tab).text, "a ");
    }
}
