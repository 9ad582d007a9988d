//! Dotted paths such as `nodes.web.pool.size` and `events[2].at`.

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Into a map.
    Key(String),
    /// Into a list, from 0.
    Index(usize),
}

/// A path deeper than any tree that is read; bounds what `set` can build.
const DEEPEST: usize = 64;

/// Why a path cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathError {
    /// One sentence.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl PathError {
    pub(super) fn new(message: impl Into<String>, remedy: impl Into<String>) -> PathError {
        PathError { message: message.into(), remedy: remedy.into() }
    }
}

/// The steps of a path. A name that holds a dot or bracket is quoted: `nodes."web.1".workers`.
///
/// # Errors
/// A sentence and a remedy when the path is empty, unbalanced or too deep.
pub fn parse_path(path: &str) -> Result<Vec<Step>, PathError> {
    let bad = |what: &str| {
        let message = format!("{path:?} is no path: {what}");
        Err(PathError::new(message, "write names with dots between, like nodes.web.replicas"))
    };
    let mut steps = Vec::new();
    let mut rest = path.trim();
    let mut name_wanted = true;
    while name_wanted || !rest.is_empty() {
        if steps.len() == DEEPEST {
            return bad("it has more than 64 steps");
        }
        if let Some(inside) = rest.strip_prefix('[') {
            if name_wanted && !steps.is_empty() {
                return bad("a name is missing after a dot");
            }
            let Some((digits, after)) = inside.split_once(']') else {
                return bad("a [ is never closed");
            };
            match digits.trim().parse() {
                Ok(index) => steps.push(Step::Index(index)),
                Err(_) => return bad("an index must be a whole number from 0"),
            }
            rest = after;
        } else if !name_wanted {
            return bad("a dot is missing after ]");
        } else {
            let Some((name, after)) = take_name(rest) else {
                return bad("a name is missing or its quote is never closed");
            };
            steps.push(Step::Key(name));
            rest = after;
        }
        name_wanted = rest.starts_with('.');
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    Ok(steps)
}

/// A plain or quoted name and what follows it.
fn take_name(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(['.', '[']).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_string(), &text[end..]));
    };
    let mut name = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((name, &quoted[at + 1..])),
            '\\' => name.push(chars.next()?.1),
            c => name.push(c),
        }
    }
    None
}

/// The steps as a dotted path, in the form that [`parse_path`] reads.
#[must_use]
pub fn show_path(steps: &[Step]) -> String {
    let mut out = String::new();
    for step in steps {
        push_step(&mut out, step);
    }
    out
}

/// Appends one step to a dotted path.
pub(crate) fn push_step(out: &mut String, step: &Step) {
    match step {
        Step::Index(index) => out.push_str(&format!("[{index}]")),
        Step::Key(key) => {
            if !out.is_empty() {
                out.push('.');
            }
            let special = |c: char| ".[]\"\\=".contains(c) || c.is_whitespace() || c.is_control();
            if key.is_empty() || key.contains(special) {
                let escaped = key.replace('\\', "\\\\").replace('"', "\\\"");
                out.push_str(&format!("\"{escaped}\""));
            } else {
                out.push_str(key);
            }
        }
    }
}
