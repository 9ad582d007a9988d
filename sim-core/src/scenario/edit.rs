//! Parts of a scenario's text added, removed, doubled and connected, so that everything else in it
//! stays as a person wrote it: comments, order, spaces.

#[cfg(test)]
mod tests;

use std::ops::Range;

use serde_json::{Map, Value as Json};

use super::problem::{Place, SourceId};
use super::tree::{Entry, Node, Value, to_json};
use super::yaml::{Limits, parse};

/// One change of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// A part more at the end of a section.
    Add {
        /// `users`, `nodes`, `autoscale` or `supervise`.
        section: String,
        /// Its name.
        name: String,
        /// Its form, YAML on one line.
        form: String,
    },
    /// A part less.
    Remove {
        /// The part, like `nodes.web`.
        path: String,
    },
    /// A part once more, right after itself.
    Duplicate {
        /// The part, like `nodes.web`.
        path: String,
        /// The name of the second one.
        name: String,
    },
    /// A field gets a value, whether it had one or not.
    Set {
        /// The field, like `nodes.lb.to`.
        path: String,
        /// The value, YAML on one line.
        value: String,
    },
}

/// The text after an edit. What it says then is compared with what it should say, so that no text
/// comes out that says something else.
///
/// # Errors
/// A sentence if the text is no YAML, or the edit cannot be made without writing it anew.
pub fn edit(text: &str, edit: &Edit) -> Result<String, String> {
    let before = tree(text).ok_or("the text is no YAML yet: put that right first")?;
    let wanted = wanted(to_json(&before), edit)?;
    let unable = || "that cannot be done without writing the file anew: do it in the text";
    let written = Written { text, root: &before };
    let made = match edit {
        Edit::Add { section, name, form } => written.add(section, &format!("{name}: {form}")),
        Edit::Remove { path } => written.remove(path),
        Edit::Duplicate { path, name } => written.duplicate(path, name),
        Edit::Set { path, value } => written.set(path, value),
    };
    let made = made.ok_or_else(unable)?;
    let says = tree(&made).map(|tree| normal(to_json(&tree)));
    if says == Some(normal(wanted)) { Ok(made) } else { Err(unable().to_owned()) }
}

fn tree(text: &str) -> Option<Node> {
    parse(SourceId(0), text, Limits::default()).ok()
}

/// A section without anything is the same whether it says `{}` or nothing.
fn normal(mut says: Json) -> Json {
    for section in says.as_object_mut().into_iter().flat_map(Map::values_mut) {
        if section.as_object().is_some_and(Map::is_empty) {
            *section = Json::Null;
        }
    }
    says
}

/// What the text should say after the edit.
fn wanted(mut says: Json, edit: &Edit) -> Result<Json, String> {
    let value = |yaml: &str| {
        let read = tree(yaml).map(|node| to_json(&node));
        read.ok_or_else(|| format!("\"{yaml}\" is no YAML"))
    };
    match edit {
        Edit::Add { section, name, form } => {
            let form = value(form)?;
            let parts = inside(&mut says, section).ok_or("a scenario is a map")?;
            put(parts, name, form)?;
        }
        Edit::Remove { path } => {
            let (parts, name) = around(&mut says, path)?;
            parts.shift_remove(name).ok_or_else(|| format!("there is no {path}"))?;
        }
        Edit::Duplicate { path, name } => {
            let (parts, old) = around(&mut says, path)?;
            let form = parts.get(old).cloned().ok_or_else(|| format!("there is no {path}"))?;
            put(parts, name, form)?;
        }
        Edit::Set { path, value: new } => {
            let new = value(new)?;
            let (fields, name) = around(&mut says, path)?;
            fields.insert(name.to_owned(), new);
        }
    }
    Ok(says)
}

fn put(parts: &mut Map<String, Json>, name: &str, form: Json) -> Result<(), String> {
    if parts.contains_key(name) {
        return Err(format!("there is a {name} already"));
    }
    parts.insert(name.to_owned(), form);
    Ok(())
}

/// A map in a map, made if it is not there.
fn inside<'a>(says: &'a mut Json, section: &str) -> Option<&'a mut Map<String, Json>> {
    let section = says.as_object_mut()?.entry(section).or_insert(Json::Null);
    if section.is_null() {
        *section = Json::Object(Map::new());
    }
    section.as_object_mut()
}

/// The map that a path's last step is in, and that step.
fn around<'a, 'p>(
    says: &'a mut Json,
    path: &'p str,
) -> Result<(&'a mut Map<String, Json>, &'p str), String> {
    let nowhere = || format!("{path} leads nowhere");
    let (above, name) = path.rsplit_once('.').ok_or_else(nowhere)?;
    let mut here = says;
    for step in above.split('.') {
        here = here.get_mut(step).ok_or_else(nowhere)?;
    }
    Ok((here.as_object_mut().ok_or_else(nowhere)?, name))
}

/// A text with what was read of it.
struct Written<'a> {
    text: &'a str,
    root: &'a Node,
}

impl Written<'_> {
    fn add(&self, section: &str, line: &str) -> Option<String> {
        match self.root.entry(section) {
            Some(section) if section.node.value != Value::Null => {
                self.put_into(&section.node, line)
            }
            Some(section) => {
                let end = self.line_end(self.offset(section.key_place)?);
                self.with(end, &format!("  {line}\n"))
            }
            None => self.with(self.text.len(), &format!("{section}:\n  {line}\n")),
        }
    }

    fn remove(&self, path: &str) -> Option<String> {
        let (parts, entry) = self.entry(path)?;
        let mut range = self.range(parts, entry)?;
        if self.is_flow(parts)? {
            let after = &self.text[range.end..];
            let rest = after.trim_start();
            if let Some(next) = rest.strip_prefix(',') {
                range.end = self.text.len() - next.trim_start_matches(' ').len();
            } else {
                let before = self.text[..range.start].trim_end();
                range.start = before.strip_suffix(',').unwrap_or(before).len();
            }
        }
        Some(self.text[..range.start].to_owned() + &self.text[range.end..])
    }

    fn duplicate(&self, path: &str, name: &str) -> Option<String> {
        let (parts, entry) = self.entry(path)?;
        let range = self.range(parts, entry)?;
        let key = self.scalar(entry.key_place)?;
        let copy = format!(
            "{}{name}{}",
            &self.text[range.start..key.start],
            &self.text[key.end..range.end]
        );
        let copy = if self.is_flow(parts)? { format!(", {copy}") } else { copy };
        self.with(range.end, &copy)
    }

    fn set(&self, path: &str, value: &str) -> Option<String> {
        if let Some(node) = self.root.get(path) {
            let range = match node.value {
                Value::Map(_) | Value::List(_) => return None,
                Value::Null if node.raw.as_deref().is_none_or(str::is_empty) => return None,
                _ => self.scalar(node.place)?,
            };
            return Some(format!(
                "{}{value}{}",
                &self.text[..range.start],
                &self.text[range.end..]
            ));
        }
        let (above, name) = path.rsplit_once('.')?;
        self.put_into(self.root.get(above)?, &format!("{name}: {value}"))
    }

    /// An entry more at the end of a map that has one, or has brackets.
    fn put_into(&self, map: &Node, line: &str) -> Option<String> {
        if !matches!(map.value, Value::Map(_)) {
            return None;
        }
        let entries = map.entries();
        if self.is_flow(map)? {
            let open = self.offset(map.place)?;
            let inside = &self.text[open + 1..self.closing(open)?];
            let end = open + 1 + inside.trim_end().len();
            let comma = match inside.trim_end().chars().last() {
                None => "",
                Some(',') => " ",
                Some(_) => ", ",
            };
            return Some(format!("{}{comma}{line}{}", &self.text[..end], &self.text[end..]));
        }
        let (first, last) = (entries.first()?, entries.last()?);
        let indent = " ".repeat(first.key_place.column as usize - 1);
        self.with(self.range(map, last)?.end, &format!("{indent}{line}\n"))
    }

    /// The text with lines more; where its last line does not end, it does then.
    fn with(&self, at: usize, lines: &str) -> Option<String> {
        let (before, after) = self.text.split_at_checked(at)?;
        let open = lines.ends_with('\n') && !before.is_empty() && !before.ends_with('\n');
        Some(format!("{before}{}{lines}{after}", if open { "\n" } else { "" }))
    }

    /// A named part and the map that it stands in.
    fn entry(&self, path: &str) -> Option<(&Node, &Entry)> {
        let (above, name) = path.rsplit_once('.')?;
        let map = self.root.get(above)?;
        Some((map, map.entry(name)?))
    }

    /// Where an entry stands: whole lines of a block map, or from its key to its value's end.
    fn range(&self, map: &Node, entry: &Entry) -> Option<Range<usize>> {
        let key = self.offset(entry.key_place)?;
        if self.is_flow(map)? {
            let value = self.offset(entry.node.place)?;
            let end = match self.text[value..].chars().next()? {
                '{' | '[' => self.closing(value)? + 1,
                _ => self.scalar(entry.node.place)?.end,
            };
            return Some(key..end);
        }
        let start = self.text[..key].rfind('\n').map_or(0, |at| at + 1);
        let indent = key - start;
        // what stands before the key would go with it
        self.text[start..key].trim().is_empty().then_some(())?;
        let (mut end, mut from) = (self.line_end(key), self.line_end(key));
        for line in self.text[from..].split_inclusive('\n') {
            from += line.len();
            let body = line.trim_start_matches(' ');
            let leading = line.len() - body.len();
            let item = leading == indent && (body.starts_with("- ") || body.trim_end() == "-");
            if body.trim().is_empty() || (body.starts_with('#') && leading <= indent) {
                continue;
            }
            if leading <= indent && !item {
                break;
            }
            end = from;
        }
        Some(start..end)
    }

    fn is_flow(&self, map: &Node) -> Option<bool> {
        let first = self.text[self.offset(map.place)?..].chars().next()?;
        // an alias or a tag stands for something that is written elsewhere
        (!['*', '&', '!'].contains(&first)).then_some(first == '{')
    }

    /// The bracket that closes the one at a byte, with regard to quotes and comments.
    fn closing(&self, open: usize) -> Option<usize> {
        let (mut depth, mut quote, mut before) = (0_u32, None, ' ');
        let mut comment = false;
        for (at, c) in self.text[open..].char_indices() {
            match (quote, c) {
                _ if comment => comment = c != '\n',
                (Some(open), c) if open == c && !(c == '"' && before == '\\') => quote = None,
                (Some(_), _) => {}
                (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(c),
                (None, '#') if before.is_whitespace() => comment = true,
                (None, '[' | '{') => depth += 1,
                (None, ']' | '}') => depth = depth.checked_sub(1)?,
                _ => {}
            }
            if depth == 0 {
                return Some(open + at);
            }
            before = c;
        }
        None
    }

    /// The bytes of a key or value on one line.
    fn scalar(&self, place: Place) -> Option<Range<usize>> {
        let start = self.offset(place)?;
        let line = self.text[start..].lines().next()?;
        let wide = line.char_indices().nth(place.width as usize).map_or(line.len(), |(at, _)| at);
        let end = start + line[..wide].trim_end().len();
        Some(start..end)
    }

    fn line_end(&self, from: usize) -> usize {
        self.text[from..].find('\n').map_or(self.text.len(), |at| from + at + 1)
    }

    /// The byte of a place.
    fn offset(&self, place: Place) -> Option<usize> {
        let mut from = 0;
        let mut lines = self.text.split_inclusive('\n');
        for _ in 1..place.line {
            from += lines.next()?.len();
        }
        let line = lines.next()?;
        let (at, _) = line.char_indices().nth(place.column as usize - 1)?;
        Some(from + at)
    }
}
