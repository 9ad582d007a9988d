//! Markup that is well-formed by the way it is built: what is opened is closed, text is escaped.

/// A document as it grows.
#[derive(Default)]
pub(crate) struct Markup {
    text: String,
    open: Vec<&'static str>,
    /// How the names of elements begin, so that it can stand in another page.
    prefix: &'static str,
}

/// Attributes of an element; values are escaped, and those without one are left out.
pub(crate) type Attributes<'a> = &'a [(&'a str, &'a str)];

impl Markup {
    /// A part of another page: the names of its elements begin like this.
    pub(crate) fn part(prefix: &'static str) -> Self {
        Markup { prefix, ..Markup::default() }
    }

    /// Opens an element.
    pub(crate) fn open(&mut self, tag: &'static str, attributes: Attributes<'_>) {
        self.tag(tag, attributes);
        self.text.push('>');
        self.open.push(tag);
    }

    /// Closes the element that was opened last.
    pub(crate) fn close(&mut self) {
        if let Some(tag) = self.open.pop() {
            self.text.push_str(&format!("</{tag}>"));
            // a line break after a block keeps the file readable and costs little
            if BLOCKS.contains(&tag) {
                self.text.push('\n');
            }
        }
    }

    /// An element with text and nothing else in it.
    pub(crate) fn element(&mut self, tag: &'static str, attributes: Attributes<'_>, text: &str) {
        self.open(tag, attributes);
        self.say(text);
        self.close();
    }

    /// A name and what is said of it, in a list of such.
    pub(crate) fn term(&mut self, name: &str, said: &str) {
        self.open("div", &[]);
        self.element("dt", &[], name);
        self.element("dd", &[], said);
        self.close();
    }

    /// An element that has no content.
    pub(crate) fn void(&mut self, tag: &'static str, attributes: Attributes<'_>) {
        self.tag(tag, attributes);
        self.text.push_str("/>");
    }

    /// Text.
    pub(crate) fn say(&mut self, text: &str) {
        text.chars().for_each(|c| escape(c, &mut self.text));
    }

    /// Text that is part of this program: styles and a script, without `<` and `&`.
    pub(crate) fn own(&mut self, text: &'static str) {
        self.text.push_str(text);
    }

    /// The whole document, everything closed.
    pub(crate) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }

    fn tag(&mut self, tag: &'static str, attributes: Attributes<'_>) {
        self.text.push('<');
        self.text.push_str(tag);
        for (name, value) in attributes.iter().filter(|(_, value)| !value.is_empty()) {
            self.text.push(' ');
            self.text.push_str(name);
            self.text.push_str("=\"");
            if *name == "id" {
                self.text.push_str(self.prefix);
            }
            self.say(value);
            self.text.push('"');
        }
    }
}

const BLOCKS: [&str; 14] = [
    "head", "title", "style", "script", "body", "header", "section", "figure", "table", "tr", "ul",
    "li", "svg", "p",
];

/// Adds a character as it may stand in text and in a quoted attribute.
fn escape(c: char, text: &mut String) {
    match c {
        '&' => text.push_str("&amp;"),
        '<' => text.push_str("&lt;"),
        '>' => text.push_str("&gt;"),
        '"' => text.push_str("&quot;"),
        '\'' => text.push_str("&#39;"),
        // what a page may not hold, and what turns the direction of the text around it
        c if c.is_control() && c != '\n' => text.push('\u{fffd}'),
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => {
            text.push('\u{fffd}');
        }
        c => text.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_attributes_cannot_leave_their_place() {
        let mut page = Markup::default();
        page.open("p", &[("title", "\"><script>")]);
        page.say("a < b & 'c'\u{202e}\u{0}");
        page.void("br", &[]);
        let text = page.finish();
        let wanted = "<p title=\"&quot;&gt;&lt;script&gt;\">\
                      a &lt; b &amp; &#39;c&#39;\u{fffd}\u{fffd}<br/></p>\n";
        assert_eq!(text, wanted);
    }
}
