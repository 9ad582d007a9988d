//! What is wrong with a YAML text, in words.

use serde_saphyr::granit_parser::{ErrorKind, ScanError};

use super::places::place_at;
use crate::scenario::problem::{Code, Place, Problem, SourceId};

pub(super) fn syntax(source: SourceId, error: &ScanError) -> Problem {
    let place = place_at(source, error.marker());
    if *error.kind() == ErrorKind::RecursionLimitExceeded {
        return too_deep(place);
    }
    let problem = Problem::new(Code::NotYaml, "", format!("not valid YAML: {}", error.info()));
    problem.at(place).with_remedy(syntax_remedy(error.kind()))
}

pub(super) fn too_deep(place: Place) -> Problem {
    let problem = Problem::new(Code::TooBig, "", "lists and maps are nested too deeply");
    problem.at(place).with_remedy("a scenario needs few levels: look for a bracket never closed")
}

fn syntax_remedy(kind: &ErrorKind) -> &'static str {
    use ErrorKind as K;
    match kind {
        K::TabNotAllowed | K::TabInBlockIndentation | K::TabInIndentation => {
            "indent with spaces, not tabs"
        }
        K::UnclosedFlowCollection { .. }
        | K::UnexpectedEofFlowMapping
        | K::UnexpectedEofFlowSequence
        | K::MismatchedFlowCollectionEnd { .. }
        | K::ExpectedFlowMappingSeparator
        | K::ExpectedFlowSequenceSeparator => "close every [ with ] and every { with }",
        K::UnclosedQuotedScalar => "close the quote",
        K::UnknownAnchor => "define the anchor with &name before *name, or quote the text",
        K::UnexpectedCharacter { .. } => "put the text in quotes",
        K::UnknownQuotedScalarEscape => "use single quotes, which know no escapes",
        _ => "check indentation and brackets, and quote a text that holds `: `",
    }
}

pub(super) fn bad_merge(place: Place) -> Box<Problem> {
    bad(place, "`<<` merges maps, and this is none", "write `<<: *name` for a map marked &name")
}

pub(super) fn bad_tag(place: Place) -> Box<Problem> {
    bad(place, "tags such as `!name` have no meaning here", "remove the tag, or quote the text")
}

pub(super) fn bad(place: Place, message: &str, remedy: &str) -> Box<Problem> {
    Box::new(Problem::new(Code::NotYaml, "", message).at(place).with_remedy(remedy))
}

pub(super) fn duplicate(key: &str, first: Place, place: Place) -> Problem {
    let message = format!("{key:?} is given twice, first on line {}", first.line);
    let remedy = format!("remove one of lines {} and {}", first.line, place.line);
    let remedy = if first.line == place.line { "remove one of them".to_string() } else { remedy };
    Problem::new(Code::DuplicateKey, key, message).at(place).with_value(key).with_remedy(remedy)
}
