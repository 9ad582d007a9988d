//! YAML text to a located tree, within bounds; only here and below is the YAML library known.

mod build;
mod places;
mod scalar;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_wrong;
mod words;

use serde_saphyr::granit_parser::{Options, Parser};

use super::problem::{Code, Place, Problem, SourceId};
use super::tree::{Node, Value};
use build::Builder;
use places::{place_of_byte, shift_node, shift_place};
use words::syntax;

/// How much a text may ask for. A text is data from anyone: it must not exhaust memory or stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text.
    pub bytes: usize,
    /// Levels of lists and maps, aliases expanded.
    pub depth: usize,
    /// Values, aliases expanded.
    pub nodes: usize,
    /// Bytes of scalars and keys, aliases expanded.
    pub expanded_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { bytes: 1 << 20, depth: 64, nodes: 200_000, expanded_bytes: 4 << 20 }
    }
}

/// Reads one YAML document.
///
/// # Errors
/// [`Code::NotYaml`], [`Code::TooBig`] or every [`Code::DuplicateKey`] of the text.
pub fn parse(source: SourceId, text: &str, limits: Limits) -> Result<Node, Vec<Problem>> {
    check_text(source, text, limits).map_err(|problem| vec![problem])?;
    let mut options = Options::default();
    options.set_emit_comments(false);
    // One more than ours, so that the builder's own sentence comes first.
    options.flow_nesting_limit = limits.depth + 1;
    options.block_nesting_limit = limits.depth + 1;
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut builder = Builder::new(source, limits);
    while let Some(event) = parser.next_event() {
        let event = event.map_err(|error| vec![syntax(source, &error)])?;
        builder.take(event).map_err(|problem| vec![*problem])?;
    }
    let (root, duplicates) = builder.finish();
    if !duplicates.is_empty() {
        return Err(duplicates);
    }
    root.filter(|node| node.value != Value::Null).ok_or_else(|| {
        let problem = Problem::new(Code::NotYaml, "", "the text is empty");
        vec![problem.at(Place::start(source)).with_remedy("start with the line `busyhour: 1`")]
    })
}

/// Reads `path=value`, as in `--set nodes.web.replicas=3`; the value is YAML, and its places are
/// those in the whole text, so that `source` can show the argument as it was typed.
///
/// # Errors
/// [`Code::BadPath`] without an equals sign, else the same as [`parse`].
pub fn parse_assignment(
    source: SourceId,
    text: &str,
    limits: Limits,
) -> Result<(String, Node), Vec<Problem>> {
    let Some((path, value)) = split_assignment(text) else {
        let message = format!("{text:?} sets nothing");
        let problem = Problem::new(Code::BadPath, text, message).at(Place::start(source));
        return Err(vec![problem.with_remedy("write path=value, like nodes.web.replicas=3")]);
    };
    let before = text.len() - value.len();
    let shift = u32::try_from(text[..before].chars().count()).unwrap_or(u32::MAX);
    let null = || Node { raw: Some(String::new()), ..Node::new(Place::start(source), Value::Null) };
    let parsed = match value.trim() {
        "" | "~" | "null" => Ok(null()),
        _ => parse(source, value, limits),
    };
    match parsed {
        Ok(mut node) => {
            shift_node(&mut node, shift);
            Ok((path.trim().to_string(), node))
        }
        Err(mut problems) => {
            for problem in &mut problems {
                problem.place.iter_mut().for_each(|place| shift_place(place, shift));
            }
            Err(problems)
        }
    }
}

/// Splits at the first equals sign outside quotes.
fn split_assignment(text: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let at = text.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == '=' && !quoted
    });
    at.map(|(at, _)| (&text[..at], &text[at + 1..]))
}

fn check_text(source: SourceId, text: &str, limits: Limits) -> Result<(), Problem> {
    if text.len() > limits.bytes {
        let message = format!(
            "the text has {} bytes, more than the {} that are read",
            text.len(),
            limits.bytes
        );
        let problem = Problem::new(Code::TooBig, "", message).at(Place::start(source));
        return Err(problem.with_remedy("move long data into a CSV file that the scenario names"));
    }
    // The library takes NUL for the end of the text, and would drop what follows.
    if let Some(at) = text.find('\0') {
        let problem = Problem::new(Code::NotYaml, "", "the text holds a NUL character");
        let place = place_of_byte(source, text, at);
        return Err(problem.at(place).with_remedy("save the file as UTF-8 text"));
    }
    Ok(())
}
