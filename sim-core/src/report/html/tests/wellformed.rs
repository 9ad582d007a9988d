//! A strict reader of markup: every element closed, every attribute quoted and given once.

/// What a page consists of.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece<'a> {
    Open(&'a str, Vec<(&'a str, String)>),
    Close(&'a str),
    Text(String),
}

const ENTITIES: [(&str, &str); 5] =
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];

/// The pieces of a page, or what is wrong with it.
pub(crate) fn pieces(page: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut rest = page.strip_prefix("<!DOCTYPE html>\n").ok_or("no document type")?;
    let (mut found, mut open) = (Vec::new(), Vec::new());
    while !rest.is_empty() {
        let (text, after) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        if !text.trim().is_empty() {
            let raw = matches!(open.last(), Some(&"script" | &"style"));
            let text = if raw { text.to_owned() } else { plain(text)? };
            found.push(Piece::Text(text));
            if open.is_empty() {
                return Err("text outside of the document".to_owned());
            }
        }
        rest = after;
        let Some(inner) = rest.strip_prefix('<') else { break };
        let end = inner.find('>').ok_or("a tag does not end")?;
        let tag = &inner[..end];
        rest = &inner[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Err(format!("</{name}> closes nothing"));
            }
            found.push(Piece::Close(name));
        } else {
            let void = tag.ends_with('/');
            let (name, attributes) = element(tag.trim_end_matches('/'))?;
            found.push(Piece::Open(name, attributes));
            if void {
                found.push(Piece::Close(name));
            } else {
                open.push(name);
            }
        }
    }
    if open.is_empty() { Ok(found) } else { Err(format!("{open:?} are not closed")) }
}

type Attributes<'a> = Vec<(&'a str, String)>;

fn element(tag: &str) -> Result<(&str, Attributes<'_>), String> {
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(format!("<{name}> is no element"));
    }
    let mut attributes: Vec<(&str, String)> = Vec::new();
    while !rest.trim().is_empty() {
        let wrong = || format!("attributes of <{name}>: {rest}");
        let (key, after) = rest.split_once("=\"").ok_or_else(wrong)?;
        let (value, after) = after.split_once('"').ok_or_else(wrong)?;
        let key = key.trim();
        if key.contains([' ', '"']) || attributes.iter().any(|(known, _)| *known == key) {
            return Err(wrong());
        }
        attributes.push((key, plain(value)?));
        rest = after;
    }
    Ok((name, attributes))
}

/// Text with its entities resolved.
fn plain(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let known = ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity));
        let (entity, stands_for) = known.ok_or_else(|| format!("no entity: {rest:.20}"))?;
        out.push_str(stands_for);
        rest = &rest[entity.len()..];
    }
    if rest.contains('>') || text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(format!("not escaped: {text:.40}"));
    }
    Ok(out + rest)
}
