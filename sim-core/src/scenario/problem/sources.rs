//! The texts that problems point into, so that a message can show its line.

use serde::Serialize;

/// Which text of a [`Sources`] table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[serde(transparent)]
pub struct SourceId(pub u16);

/// Names and texts of everything read for one scenario: files, models, `--set` arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    entries: Vec<(String, String)>,
}

impl Sources {
    /// Adds a text and says how to point into it. Past 65,535 texts all share the last number.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let id = SourceId(u16::try_from(self.entries.len()).unwrap_or(u16::MAX));
        self.entries.push((name.into(), text.into()));
        id
    }

    /// The name to show, such as `shop.yaml`; `?` for a number that was never given out.
    #[must_use]
    pub fn name(&self, id: SourceId) -> &str {
        self.entries.get(usize::from(id.0)).map_or("?", |(name, _)| name)
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self, id: SourceId) -> Option<&str> {
        self.entries.get(usize::from(id.0)).map(|(_, text)| text.as_str())
    }

    /// Line `number` (from 1) without its line break, as YAML counts lines: LF, CR LF or CR.
    #[must_use]
    pub fn line(&self, id: SourceId, number: u32) -> Option<&str> {
        let mut rest = self.text(id)?;
        for _ in 1..number {
            let end = rest.find(['\n', '\r'])?;
            let width = if rest[end..].starts_with("\r\n") { 2 } else { 1 };
            rest = &rest[end + width..];
        }
        (number > 0).then(|| rest.split(['\n', '\r']).next().unwrap_or(""))
    }
}
