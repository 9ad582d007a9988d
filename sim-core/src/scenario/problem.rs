//! What is wrong with a scenario: a code, a place in a file, a value and a remedy.

mod code;
mod pages;
mod pages_checks;
mod render;
mod sources;
#[cfg(test)]
mod tests;

use serde::Serialize;

pub use code::Code;
pub use render::{render, render_all};
pub use sources::{SourceId, Sources};

/// Where a piece of text stands: lines and columns count from 1, columns and widths in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// Which text.
    pub source: SourceId,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// How many characters the caret underlines.
    pub width: u32,
}

impl Place {
    /// The first character of a source, for what is wrong with the source as a whole.
    #[must_use]
    pub const fn start(source: SourceId) -> Place {
        Place { source, line: 1, column: 1, width: 1 }
    }
}

/// Whether a problem stops the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The scenario cannot be played.
    Error,
    /// It can be played, but it is probably not what was meant.
    Warning,
}

/// One thing that is wrong, and how to put it right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The kind of problem; `busyhour explain CODE` prints its page.
    pub code: Code,
    /// Follows from the code.
    pub severity: Severity,
    /// Where, if it stands anywhere: a missing file has no place.
    pub place: Option<Place>,
    /// The part of the scenario at fault, like `nodes.web.pool.size` or `events[2].at`.
    pub path: String,
    /// One sentence without a full stop.
    pub message: String,
    /// The value at fault as it was written.
    pub value: Option<String>,
    /// What to do, one line; empty if there is nothing to add.
    pub remedy: String,
}

impl Problem {
    /// A problem without a place, a value or a remedy yet.
    #[must_use]
    pub fn new(code: Code, path: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem {
            code,
            severity: code.severity(),
            place: None,
            path: path.into(),
            message: message.into(),
            value: None,
            remedy: String::new(),
        }
    }

    /// The same problem, pointing at `place`.
    #[must_use]
    pub fn at(mut self, place: Place) -> Problem {
        self.place = Some(place);
        self
    }

    /// The same problem with the value at fault.
    #[must_use]
    pub fn with_value(mut self, value: impl Into<String>) -> Problem {
        self.value = Some(value.into());
        self
    }

    /// The same problem with what to do about it.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Problem {
        self.remedy = remedy.into();
        self
    }

    /// The same problem with the nearest of `known` as its remedy, or else the list of them.
    #[must_use]
    pub fn with_nearest(self, name: &str, known: &[&str]) -> Problem {
        self.with_remedy(nearest_remedy(name, known))
    }
}

/// Problems in the order in which a reader meets them: errors and warnings mixed, by place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds one; the same sentence about the same place is kept once.
    pub fn push(&mut self, problem: Problem) {
        let key = |p: &Problem| (p.place.is_none(), p.place, p.code);
        let at = self.0.partition_point(|other| key(other) <= key(&problem));
        if !self.0[..at].iter().rev().take(8).any(|other| *other == problem) {
            self.0.insert(at, problem);
        }
    }

    /// Whether any of them stops the run.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.first_error().is_some()
    }

    /// The first that stops the run: warnings may stand before it.
    #[must_use]
    pub fn first_error(&self) -> Option<&Problem> {
        self.0.iter().find(|problem| problem.severity == Severity::Error)
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The problems in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }
}

impl Extend<Problem> for Problems {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, more: I) {
        for problem in more {
            self.push(problem);
        }
    }
}

impl FromIterator<Problem> for Problems {
    fn from_iter<I: IntoIterator<Item = Problem>>(all: I) -> Problems {
        let mut problems = Problems::default();
        problems.extend(all);
        problems
    }
}

impl From<Vec<Problem>> for Problems {
    fn from(all: Vec<Problem>) -> Problems {
        all.into_iter().collect()
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// The candidate nearest to `name`, if it is near enough to be a slip of the finger: at most a
/// third of the name's letters wrong, and never fewer than one allowed. The first of equals wins.
pub fn suggest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A name of thousands of letters is no slip, and the distance costs their product.
    let letters = name.chars().count();
    if letters > 64 {
        return None;
    }
    let most = (letters / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= 256)
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= most && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `did you mean "web"?`, or what there is to choose from. A name that others only go on from, as
/// gunicorn-sync does from gunicorn, is not a slip.
#[must_use]
pub fn nearest_remedy(name: &str, known: &[&str]) -> String {
    const SHOWN: usize = 12;
    let family: Vec<&str> = known
        .iter()
        .copied()
        .filter(|known| known.strip_prefix(name).is_some_and(|rest| rest.starts_with('-')))
        .collect();
    match family[..] {
        [] => {}
        [only] => return format!("did you mean \"{only}\"?"),
        _ => return format!("there is more than one: {}", family.join(", ")),
    }
    if let Some(near) = suggest(name, known.iter().copied()) {
        return format!("did you mean \"{near}\"?");
    }
    match known {
        [] => "none is known here: remove it".to_string(),
        [only] => format!("only \"{only}\" is known here"),
        _ if known.len() <= SHOWN => format!("known here: {}", known.join(", ")),
        _ => {
            let more = known.len() - SHOWN;
            format!("known here: {} and {more} more", known[..SHOWN].join(", "))
        }
    }
}
