//! A recording's lines one after another, a block in memory at a time.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::line::Row;
use super::{Bytes, Recording};

/// Bytes that are read at once, and those of a line at most.
const BLOCK: usize = 64 << 10;

/// A line, and where the next one begins.
pub(super) struct Next<'a> {
    pub(super) text: &'a str,
    pub(super) after: u64,
}

/// A way through a file. A copy shares the block: forks of a run are cheap.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Lines {
    /// Where the next line begins.
    at: u64,
    /// Where the block in memory begins.
    from: u64,
    #[serde(skip)]
    block: Arc<Vec<u8>>,
}

impl Lines {
    pub(super) fn new(at: u64) -> Self {
        Lines { at, from: at, block: Arc::default() }
    }

    /// The next line, without its end; `None` after the last one.
    pub(super) fn next(&mut self, bytes: &dyn Bytes) -> Result<Option<Next<'_>>, String> {
        let mut end = self.end();
        if end.is_none() {
            self.load(bytes)?;
            end = self.end();
        }
        let rest = &self.block[(self.at - self.from) as usize..];
        if rest.is_empty() {
            return Ok(None);
        }
        if end.is_none() && self.block.len() >= BLOCK {
            return Err(format!("it is longer than {BLOCK} bytes: write one request a line"));
        }
        let line = &rest[..end.unwrap_or(rest.len())];
        self.at += (line.len() + usize::from(end.is_some())) as u64;
        let text = std::str::from_utf8(line).map_err(|_| "it is not UTF-8 text".to_owned())?;
        Ok(Some(Next { text: text.trim_end_matches('\r'), after: self.at }))
    }

    /// The length of the next line, where the block holds its end.
    fn end(&self) -> Option<usize> {
        let rest = self.block.get((self.at - self.from) as usize..)?;
        rest.iter().position(|&byte| byte == b'\n')
    }

    fn load(&mut self, bytes: &dyn Bytes) -> Result<(), String> {
        let mut block = vec![0; BLOCK];
        let mut filled = 0;
        while filled < BLOCK {
            match bytes.read_at(self.at + filled as u64, &mut block[filled..])? {
                0 => break,
                more => filled += more,
            }
        }
        block.truncate(filled);
        (self.from, self.block) = (self.at, Arc::new(block));
        Ok(())
    }
}

/// A run's way through a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reader {
    /// Stays behind when a run is written out: see [`Reader::reattach`].
    #[serde(skip)]
    of: Option<Recording>,
    lines: Lines,
}

impl Reader {
    /// At the first request.
    pub(crate) fn new(of: Recording) -> Self {
        let lines = Lines::new(of.0.body);
        Reader { of: Some(of), lines }
    }

    /// A way that was read back reads on in its recording.
    pub(crate) fn reattach(&mut self, of: &Recording) {
        self.of = Some(of.clone());
    }

    /// The next request; `None` after the last one, and where the file cannot be read any more,
    /// which [`Recording::trouble`] then tells.
    pub(crate) fn next(&mut self) -> Option<Row> {
        let of = self.of.as_ref()?;
        read(&mut self.lines, of).unwrap_or_else(|why| {
            of.0.trouble.get_or_init(|| why);
            None
        })
    }
}

fn read(lines: &mut Lines, of: &Recording) -> Result<Option<Row>, String> {
    while let Some(Next { text, .. }) = lines.next(&*of.0.bytes)? {
        if !text.trim().is_empty() {
            let parsed = of.0.layout.parse(text)?;
            return Ok(Some(parsed.numbered(of.endpoints())));
        }
    }
    Ok(None)
}
