//! Aligned columns within the width of a line, and text wrapped at spaces.

use super::WIDTH;

/// Rows of cells under a header; columns are aligned right unless said otherwise.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    left: Vec<usize>,
    droppable: Vec<usize>,
}

impl Table {
    /// An empty table; a header of empty names is not shown.
    pub(crate) fn new(header: &[&str]) -> Self {
        let header = header.iter().map(|name| (*name).to_owned()).collect();
        Table { rows: vec![header], left: Vec::new(), droppable: Vec::new() }
    }

    /// These columns are aligned left.
    pub(crate) fn left(mut self, columns: &[usize]) -> Self {
        self.left = columns.to_vec();
        self
    }

    /// These columns may be left out where a line is too long, the first one first.
    pub(crate) fn may_drop(mut self, columns: &[usize]) -> Self {
        self.droppable = columns.to_vec();
        self
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The lines, or nothing if no row was added.
    pub(crate) fn body(&self) -> String {
        if self.rows.len() < 2 {
            return String::new();
        }
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths: Vec<usize> = (0..columns).map(|column| self.width(column)).collect();
        for &column in &self.droppable {
            if total(&widths) > WIDTH {
                widths[column] = 0;
            }
        }
        // a long name gives way in the end
        let over = total(&widths).saturating_sub(WIDTH);
        widths[0] = widths[0].saturating_sub(over).max(8.min(widths[0]));
        self.rows.iter().filter_map(|row| self.line(row, &widths)).collect()
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    }

    fn line(&self, row: &[String], widths: &[usize]) -> Option<String> {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate().filter(|(column, _)| widths[*column] > 0) {
            let width = widths[column];
            let cell = shortened(cell, width);
            line.push_str("  ");
            if self.left.contains(&column) {
                line.push_str(&format!("{cell:<width$}"));
            } else {
                line.push_str(&format!("{cell:>width$}"));
            }
        }
        let line = shortened(line.trim_end(), WIDTH);
        (!line.is_empty()).then(|| line + "\n")
    }
}

fn total(widths: &[usize]) -> usize {
    widths.iter().filter(|width| **width > 0).map(|width| width + 2).sum()
}

fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    kept + "…"
}

/// Columns of what a sentence is about, before it.
pub(crate) const LABEL: usize = 15;

/// A sentence behind what it is about, in as many lines of at most `width` characters as it takes.
pub(crate) fn labelled(label: &str, said: &str, width: usize) -> String {
    let lines = wrapped(said, width);
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    labels.zip(lines).map(|(label, line)| format!("{label:<LABEL$}{line}\n")).collect()
}

/// Lines of at most `width` characters, broken at spaces; a longer word is cut.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let word = shortened(word, width);
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word);
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines
}
