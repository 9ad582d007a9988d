//! The manifest: a header line and a line per finished point, each with a checksum. What was torn
//! off at its end is dropped; what a finished sweep was made of is compared, never guessed.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::record::{Header, PointRecord, hex, points_hash};
use crate::engine::chance::name_key;

/// A part of a sweep: the points whose number divided by `of` leaves `index`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Its number, from 0.
    pub index: u32,
    /// How many there are.
    pub of: u32,
}

impl Shard {
    /// Whether it has the point of this number.
    #[must_use]
    pub fn has(self, id: u32) -> bool {
        id % self.of == self.index
    }
}

impl Display for Shard {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.index, self.of)
    }
}

/// What a manifest file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// What the sweep was made of.
    pub header: Header,
    /// Finished points, in the order in which they were finished.
    pub records: Vec<PointRecord>,
    /// Bytes of whole lines: what follows was torn off in writing.
    pub whole: u64,
}

/// A line of a manifest: its content behind its kind, and a checksum, with the line break.
fn line(kind: &str, content: &impl Serialize) -> Result<String, String> {
    let text = serde_json::to_string(content).map_err(|error| error.to_string())?;
    Ok(format!("{{\"{kind}\":{text},\"check\":\"{}\"}}\n", hex(name_key(&text))))
}

/// The content of a line of this kind, if it is whole and as it was written.
fn content<T: DeserializeOwned>(kind: &str, line: &str) -> Option<T> {
    let inside = line.strip_prefix(&format!("{{\"{kind}\":"))?.strip_suffix("\"}")?;
    let (text, check) = inside.rsplit_once(",\"check\":\"")?;
    (hex(name_key(text)) == check).then(|| serde_json::from_str(text).ok())?
}

impl Header {
    /// The first line of a manifest.
    ///
    /// # Errors
    /// A sentence if a number cannot be written.
    pub fn to_line(&self) -> Result<String, String> {
        line("header", self)
    }

    /// What differs between two, the first few things by name; nothing where both are the same but
    /// for the shard.
    #[must_use]
    pub fn differences(&self, other: &Header) -> Vec<String> {
        let whole = |header: &Header| {
            serde_json::to_value(header.clone().with_shard(None)).unwrap_or_default()
        };
        let mut found = Vec::new();
        differ("", &whole(self), &whole(other), &mut found);
        // what the files say explains the rest
        let said = |one: &String| one.starts_with("inputs.");
        if found.iter().any(said) {
            found.retain(said);
        }
        found.iter().map(|one| one.trim_start_matches("inputs.").to_owned()).collect()
    }
}

/// Lists where two values differ, outermost first.
fn differ(path: &str, a: &Json, b: &Json, found: &mut Vec<String>) {
    let inner = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (a, b) {
        (Json::Object(a), Json::Object(b)) => {
            let added = b.keys().filter(|key| !a.contains_key(*key));
            for key in a.keys().chain(added) {
                let of = |map: &serde_json::Map<String, Json>| map.get(key).cloned();
                match (of(a), of(b)) {
                    (Some(a), Some(b)) => differ(&inner(key), &a, &b, found),
                    (Some(a), None) => found.push(format!("{} was {}", inner(key), short(&a))),
                    (_, b) => {
                        let b = b.unwrap_or_default();
                        found.push(format!("{} is new: {}", inner(key), short(&b)));
                    }
                }
            }
        }
        _ if a == b => {}
        _ => found.push(format!("{path} was {}, is {}", short(a), short(b))),
    }
}

fn short(value: &Json) -> String {
    const MOST: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

impl PointRecord {
    /// Its line in a manifest.
    ///
    /// # Errors
    /// A sentence if a number cannot be written.
    pub fn to_line(&self) -> Result<String, String> {
        line("point", self)
    }
}

impl Manifest {
    /// Reads a manifest. `None` where not even the header was written whole.
    ///
    /// # Errors
    /// A sentence where a line in the middle is not as it was written, or is not of this version.
    pub fn read(text: &str) -> Result<Option<Self>, String> {
        let mut manifest: Option<Manifest> = None;
        let mut whole = 0;
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let number = index + 1;
            // a line without its end was torn off in writing; nothing follows it
            let Some(line) = line.strip_suffix('\n') else { break };
            whole += line.len() as u64 + 1;
            match &mut manifest {
                None => {
                    let header: Header = content("header", line).ok_or_else(|| {
                        format!(
                            "line {number} is no header of a sweep of this version: give another \
                             folder, or remove the file"
                        )
                    })?;
                    manifest = Some(Manifest { header, records: Vec::new(), whole });
                }
                Some(manifest) => {
                    let record = content("point", line).ok_or_else(|| {
                        format!(
                            "line {number} is not as it was written: the disk or somebody changed \
                             it; remove the line, and its point is played again"
                        )
                    })?;
                    manifest.records.push(record);
                    manifest.whole = whole;
                }
            }
        }
        Ok(manifest)
    }
}

/// Puts shards together; `parts` are manifests with the names of their files.
///
/// # Errors
/// A sentence that names what is missing, or what does not belong together.
pub fn merged(parts: Vec<(String, Manifest)>) -> Result<(Header, Vec<PointRecord>), String> {
    let Some((first, header)) = parts.first().map(|(name, one)| (name.clone(), one.header.clone()))
    else {
        return Err("there is no manifest: name the folder that a sweep wrote to".to_owned());
    };
    for (name, part) in &parts[1..] {
        let differences = header.differences(&part.header);
        if !differences.is_empty() {
            return Err(format!(
                "{first} and {name} are not of one sweep: {}",
                differences.iter().take(3).cloned().collect::<Vec<_>>().join("; ")
            ));
        }
    }
    let mut records: BTreeMap<u32, (String, PointRecord)> = BTreeMap::new();
    let mut shards: Vec<Shard> = Vec::new();
    for (name, part) in parts {
        shards.extend(part.header.shard);
        for record in part.records {
            let id = record.id;
            match records.get(&id) {
                Some((other, known)) if *known != record => {
                    return Err(format!(
                        "{other} and {name} disagree about point {id}: {} and {}",
                        known.digest, record.digest
                    ));
                }
                Some(_) => {}
                None => {
                    records.insert(id, (name.clone(), record));
                }
            }
        }
    }
    complete(&header, &records, &shards)?;
    let records = records.into_values().map(|(_, record)| record).collect();
    Ok((header.with_shard(None), records))
}

/// That each point is there, and is the point of the sweep.
fn complete(
    header: &Header,
    records: &BTreeMap<u32, (String, PointRecord)>,
    shards: &[Shard],
) -> Result<(), String> {
    let missing: Vec<u32> = (0..header.points).filter(|id| !records.contains_key(id)).collect();
    if !missing.is_empty() {
        let of = shards.first().map_or(1, |shard| shard.of);
        let mut who: Vec<String> = Vec::new();
        for index in (0..of).filter(|_| of > 1) {
            let shard = Shard { index, of };
            let lacks = missing.iter().filter(|id| shard.has(**id)).count();
            let begun = shards.contains(&shard);
            if lacks > 0 {
                let what =
                    if begun { format!("lacks {lacks} points") } else { "is missing".into() };
                who.push(format!("shard {shard} {what}"));
            }
        }
        let who = if who.is_empty() { String::new() } else { format!(": {}", who.join(", ")) };
        return Err(format!(
            "{} of {} points are missing{who}; play them, then merge again",
            missing.len(),
            header.points
        ));
    }
    let overrides = records.values().map(|(_, record)| (record.id, &record.overrides[..]));
    if points_hash(overrides) != header.points_hash {
        return Err("the points are not those of the sweep's header".to_owned());
    }
    Ok(())
}
