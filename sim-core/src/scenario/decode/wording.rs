//! Faults as sentences.

use super::fault::{Fault, Got, Kind, Spot};
use super::trail::join;
use crate::scenario::problem::{Code, Problem, nearest_remedy};
use crate::scenario::tree::Step;

/// What other tools call a field, and what it is called here.
const MEANT: [(&str, &str); 6] = [
    ("instances", "replicas"),
    ("count", "replicas"),
    ("copies", "replicas"),
    ("rate", "base"),
    ("target", "enter"),
    ("url", "enter"),
];

/// The problem that a located fault is; `root` is the path of what was decoded.
pub(super) fn problem(fault: &Fault, root: &str) -> Problem {
    let path = join(root, fault.steps());
    let here = subject(&path);
    let problem = match fault.kind() {
        Kind::UnknownField { name, known } => {
            let parent = parent(root, fault.steps(), name);
            let message = format!("{} has no field \"{name}\"", subject(&parent));
            let problem = Problem::new(Code::UnknownField, &path, message);
            let meant = MEANT
                .iter()
                .find(|(other, field)| other == name && known.iter().any(|known| known == field));
            match meant {
                Some((_, field)) => problem.with_remedy(format!("did you mean \"{field}\"?")),
                None if known.is_empty() => {
                    problem.with_remedy("check its spelling and its indentation, or remove it")
                }
                None => problem.with_nearest(name, &borrowed(known)),
            }
        }
        Kind::UnknownVariant { name, known } => {
            let message = format!("{here} is \"{name}\", which is none of its choices");
            let problem = Problem::new(Code::UnknownChoice, &path, message);
            problem.with_remedy(nearest_remedy(name, &borrowed(known)))
        }
        Kind::MissingField(name) => {
            let field = join(&path, &[Step::Key(name.clone())]);
            let problem =
                Problem::new(Code::MissingField, field, format!("{here} lacks \"{name}\""));
            problem.with_remedy(format!("add `{name}: ...`"))
        }
        Kind::FieldTwice(name) => {
            let message = format!("{here} has \"{name}\" twice, under two spellings");
            Problem::new(Code::DuplicateKey, &path, message).with_remedy("keep one of them")
        }
        Kind::Type { got, want } => unfit(Code::WrongType, &path, (got, want), fault.spot()),
        Kind::Value { got, want } => unfit(Code::BadValue, &path, (got, want), fault.spot()),
        Kind::Length { count, want } => {
            let message = format!("{here} is a list of {count}, but {} is wanted", wanted(want));
            Problem::new(Code::BadValue, &path, message).with_remedy("add or remove items")
        }
        Kind::Custom(text) => custom(&path, text),
    };
    let Some(spot) = fault.spot() else { return problem };
    let value = if fault.missing().is_some() { None } else { Some(spot.shown.clone()) };
    Problem { place: Some(spot.place), value, ..problem }
}

fn subject(path: &str) -> &str {
    if path.is_empty() { "the top level" } else { path }
}

/// The path of the map that has an unknown field: the fault itself is the field's.
fn parent(root: &str, steps: &[Step], field: &str) -> String {
    match steps.split_last() {
        Some((Step::Key(key), up)) if key == field => join(root, up),
        _ => join(root, steps),
    }
}

fn borrowed(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

fn unfit(code: Code, path: &str, (got, want): (&Got, &str), spot: Option<&Spot>) -> Problem {
    // What serde found in its buffer is told in its words; else as it was written.
    let described = match spot {
        Some(spot) if got.collection || !spot.collection => spot.described.as_str(),
        _ => got.text.as_str(),
    };
    let want = wanted(want);
    let message = format!("{} is {described}, but {want} is wanted", subject(path));
    let remedy = type_remedy(&want, described, spot);
    Problem::new(code, path, message).with_remedy(remedy)
}

/// Serde's expectation in the words of a scenario's author.
fn wanted(want: &str) -> String {
    let range = |low: &str, high: &str| format!("a whole number from {low} to {high}");
    match want {
        "a string" | "a borrowed string" | "string" | "a character" => "a text".to_string(),
        "a boolean" => "true or false".to_string(),
        "u8" => range("0", "255"),
        "u16" => range("0", "65535"),
        "u32" => range("0", "4294967295"),
        "u64" | "usize" | "u128" => "a whole number from 0".to_string(),
        "i8" => range("-128", "127"),
        "i16" => range("-32768", "32767"),
        "i32" => range("-2147483648", "2147483647"),
        "i64" | "isize" | "i128" => "a whole number".to_string(),
        "f32" | "f64" => "a number".to_string(),
        "a sequence" => "a list".to_string(),
        "unit" => "nothing".to_string(),
        _ if want.starts_with("a nonzero ") => "a whole number from 1".to_string(),
        _ if want.starts_with("struct ") => "a map of fields".to_string(),
        _ if want.starts_with("enum ") => "a choice".to_string(),
        _ if want.starts_with("a tuple of size ") => want.replace("a tuple of size", "a list of"),
        _ if want.starts_with("tuple ") => "a list".to_string(),
        _ => want.to_string(),
    }
}

fn type_remedy(want: &str, described: &str, spot: Option<&Spot>) -> String {
    let text = spot.and_then(|spot| spot.text.as_deref());
    let shown = spot.map_or(described, |spot| spot.shown.as_str());
    let number_wanted = want.contains("number");
    let scalar = spot.is_some_and(|spot| !spot.collection);
    match text {
        _ if described == "empty" => {
            "write a value after the colon, or remove the name".to_string()
        }
        None if want == "a text" && scalar => format!("quote it: \"{shown}\""),
        Some(text) if number_wanted && text.parse::<f64>().is_ok() => {
            format!("write it without quotes: {text}")
        }
        Some(text) if number_wanted && text.starts_with(|c: char| c.is_ascii_digit()) => {
            "write the number alone, without a unit".to_string()
        }
        Some("yes" | "Yes" | "on" | "On" | "y") if want == "true or false" => "write true".into(),
        Some("no" | "No" | "off" | "Off" | "n") if want == "true or false" => "write false".into(),
        _ if want == "a list" && scalar => {
            format!("write it in brackets: [{}]", text.unwrap_or(shown))
        }
        _ if want.starts_with("a map") => {
            "write its fields indented below, or in braces: {name: value}".to_string()
        }
        _ if want == "nothing" => "write the name alone, with nothing after it".to_string(),
        _ if want.starts_with("a whole number") => "write a whole number, like 3".to_string(),
        _ => format!("write {want}"),
    }
}

/// A type's own words: `MESSAGE: REMEDY`, perhaps after `[CODE] `.
fn custom(path: &str, text: &str) -> Problem {
    // Serde's words for untagged and for flattened choices.
    if text.starts_with("data did not match any") || text.ends_with("found in flattened data") {
        let message = format!("{} has none of the forms that are allowed there", subject(path));
        let problem = Problem::new(Code::UnknownChoice, path, message);
        return problem.with_remedy("compare its fields with an example");
    }
    let coded = text.strip_prefix('[').and_then(|rest| rest.split_once("] "));
    let coded = coded.and_then(|(code, rest)| Some((Code::parse(code)?, rest)));
    let (code, text) = coded.unwrap_or((Code::BadValue, text));
    let (message, remedy) = match outside_quotes(text) {
        Some(at) => (&text[..at], &text[at + 2..]),
        None => (text, ""),
    };
    let message = if path.is_empty() { message.to_string() } else { format!("{path}: {message}") };
    let fallback = || format!("`busyhour explain {}` shows an example", code.as_str());
    let remedy = if remedy.is_empty() { fallback() } else { remedy.to_string() };
    Problem::new(code, path, message).with_remedy(remedy)
}

/// The first `: ` that is not inside a quoted value.
fn outside_quotes(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    let found = text.char_indices().find(|(at, c)| {
        if !escaped && *c == '"' {
            quoted = !quoted;
        }
        escaped = !escaped && quoted && *c == '\\';
        !quoted && text[*at..].starts_with(": ")
    });
    // An unbalanced quote hides them all: then the last one is the likelier.
    found.map(|(at, _)| at).or_else(|| text.rfind(": "))
}
