//! One recorded request: a line of CSV, or a JSON object.

use core::net::Ipv4Addr;
use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::engine::chance::name_key;
use crate::engine::time::{MILLISECOND, Nanos, SECOND};

/// What a recording may tell of a request.
const COLUMNS: &str = "time_s or time_ms, endpoint, demand_s or demand_ms, key, client";
/// No time is as late, in seconds: it leaves room for times that count from 1970.
const LATEST: f64 = 9.4e9;

/// A request of a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    /// When it came, ns on the file's own clock.
    pub(crate) at: Nanos,
    /// Its endpoint, by its place among the recording's; 0 if the file does not tell.
    pub(crate) endpoint: u16,
    /// The work it asks for, ns.
    pub(crate) demand: Option<Nanos>,
    /// The object it asks for.
    pub(crate) key: Option<u64>,
    /// Who asks.
    pub(crate) client: Option<Client>,
}

/// Who asks: somebody at an address, or somebody with another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Client {
    At([u8; 4]),
    Named(u64),
}

impl Client {
    fn of(name: &str) -> Self {
        let address = name.parse::<Ipv4Addr>().ok();
        address.map_or_else(|| Client::Named(number_of(name)), |at| Client::At(at.octets()))
    }
}

/// The same with its endpoint's name.
pub(super) struct Parsed<'a> {
    pub(super) at: Nanos,
    pub(super) endpoint: Option<Cow<'a, str>>,
    demand: Option<Nanos>,
    key: Option<u64>,
    client: Option<Client>,
}

impl Parsed<'_> {
    pub(super) fn numbered(self, endpoints: &[String]) -> Row {
        let Parsed { at, endpoint, demand, key, client } = self;
        let place = endpoint.and_then(|name| endpoints.iter().position(|known| *known == name));
        Row { at, endpoint: place.unwrap_or(0) as u16, demand, key, client }
    }
}

/// What a column of a CSV file holds; times with the ns of their unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Time(Nanos),
    Endpoint,
    Demand(Nanos),
    Key,
    Client,
}

impl Column {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "time_s" => Column::Time(SECOND),
            "time_ms" => Column::Time(MILLISECOND),
            "endpoint" => Column::Endpoint,
            "demand_s" => Column::Demand(SECOND),
            "demand_ms" => Column::Demand(MILLISECOND),
            "key" => Column::Key,
            "client" => Column::Client,
            _ => return None,
        })
    }
}

/// How a recording's lines are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Values between commas, in the order of these columns with their names.
    Csv(Vec<(Column, String)>),
    /// A JSON object each; whether the first one tells its demand.
    Json { has_demands: bool },
}

/// A request as a JSON object.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Object<'a> {
    time_s: Option<f64>,
    time_ms: Option<f64>,
    #[serde(borrow)]
    endpoint: Option<Cow<'a, str>>,
    demand_s: Option<f64>,
    demand_ms: Option<f64>,
    #[serde(borrow)]
    key: Option<Name<'a>>,
    #[serde(borrow)]
    client: Option<Name<'a>>,
}

/// Who or what: a number, or a name.
#[derive(Deserialize)]
#[serde(untagged)]
enum Name<'a> {
    Number(u64),
    #[serde(borrow)]
    Text(Cow<'a, str>),
}

impl Name<'_> {
    fn number(&self) -> u64 {
        match self {
            Name::Number(number) => *number,
            Name::Text(text) => number_of(text),
        }
    }

    fn client(&self) -> Client {
        match self {
            Name::Number(number) => Client::Named(*number),
            Name::Text(text) => Client::of(text),
        }
    }
}

/// A name as a number: itself if it is one.
fn number_of(name: &str) -> u64 {
    name.parse().unwrap_or_else(|_| name_key(name))
}

fn nanos(value: f64, unit: Nanos) -> Option<Nanos> {
    let seconds = value * unit as f64 / SECOND as f64;
    (0.0..LATEST).contains(&seconds).then_some((value * unit as f64 + 0.5) as Nanos)
}

fn time(name: &str, text: &str, unit: Nanos) -> Result<Nanos, String> {
    let value = text.parse::<f64>().ok().and_then(|value| nanos(value, unit));
    value.ok_or_else(|| format!("{name} is \"{text}\": write a number from 0 on, like 12.5"))
}

/// At most one of the two ways to tell a time.
fn either(what: &str, s: Option<f64>, ms: Option<f64>) -> Result<Option<Nanos>, String> {
    let (field, value, unit) = match (s, ms) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return Err(format!("{what}_s and {what}_ms: keep one of them")),
        (Some(s), None) => ("s", s, SECOND),
        (None, Some(ms)) => ("ms", ms, MILLISECOND),
    };
    let wrong = || format!("{what}_{field} is {value}: write a number from 0 on, like 12.5");
    nanos(value, unit).map(Some).ok_or_else(wrong)
}

/// The values of a line between its commas; those in quotes may hold commas themselves.
pub(crate) fn cells(line: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest?.trim_start();
        let Some(quoted) = text.strip_prefix('"') else {
            let (cell, after) = text.split_once(',').map_or((text, None), |(a, b)| (a, Some(b)));
            rest = after;
            return Some(Cow::Borrowed(cell.trim_end()));
        };
        let end = closing(quoted);
        rest = quoted[end..].split_once(',').map(|(_, after)| after);
        let inner = &quoted[..end];
        Some(if inner.contains('"') {
            Cow::Owned(inner.replace("\"\"", "\""))
        } else {
            Cow::Borrowed(inner)
        })
    })
}

/// Where the quote closes that was opened before; two in a row are one that is meant.
fn closing(quoted: &str) -> usize {
    let bytes = quoted.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'"', Some(b'"')) => at += 2,
            (b'"', _) => return at,
            _ => at += 1,
        }
    }
    at
}

const NO_TIME: &str = "the time is missing: name a column time_s or time_ms";

impl Layout {
    /// The layout of a file that begins with this line.
    pub(super) fn of(first: &str) -> Result<Self, String> {
        if first.trim_start().starts_with('{') {
            let parsed = object(first).map_err(|why| format!("line 1: {why}"))?;
            return Ok(Layout::Json { has_demands: parsed.demand.is_some() });
        }
        Self::columns(first).map(Layout::Csv).map_err(|why| format!("line 1: {why}"))
    }

    fn columns(head: &str) -> Result<Vec<(Column, String)>, String> {
        let mut columns: Vec<(Column, String)> = Vec::new();
        for name in cells(head.trim_start_matches('\u{feff}')) {
            let column = Column::of(&name)
                .ok_or_else(|| format!("no column is called \"{name}\": write {COLUMNS}"))?;
            let same = |(known, _): &&(Column, String)| {
                std::mem::discriminant(known) == std::mem::discriminant(&column)
            };
            if let Some((_, known)) = columns.iter().find(same) {
                let what = match column {
                    Column::Time(_) => "the time",
                    Column::Demand(_) => "the demand",
                    _ => &name,
                };
                return Err(format!("{what} is told twice: keep one of {known} and {name}"));
            }
            columns.push((column, name.into_owned()));
        }
        let has_time = columns.iter().any(|(column, _)| matches!(column, Column::Time(_)));
        if has_time { Ok(columns) } else { Err(NO_TIME.to_owned()) }
    }

    /// Whether the first line names the columns.
    pub(super) fn has_head(&self) -> bool {
        matches!(self, Layout::Csv(_))
    }

    pub(super) fn has_demands(&self) -> bool {
        match self {
            Layout::Csv(columns) => columns.iter().any(|(of, _)| matches!(of, Column::Demand(_))),
            Layout::Json { has_demands } => *has_demands,
        }
    }

    /// A line's request.
    ///
    /// # Errors
    /// What is wrong with it, without the line's number.
    pub(super) fn parse<'a>(&self, line: &'a str) -> Result<Parsed<'a>, String> {
        let Layout::Csv(columns) = self else { return object(line) };
        let mut row = Parsed { at: 0, endpoint: None, demand: None, key: None, client: None };
        let mut cells = cells(line);
        for (column, name) in columns {
            let Some(cell) = cells.next() else {
                return Err(format!("{name} is missing: write {} values", columns.len()));
            };
            match column {
                Column::Time(unit) => row.at = time(name, &cell, *unit)?,
                Column::Endpoint => row.endpoint = Some(cell),
                Column::Demand(unit) => row.demand = Some(time(name, &cell, *unit)?),
                Column::Key => row.key = Some(number_of(&cell)),
                Column::Client => row.client = Some(Client::of(&cell)),
            }
        }
        match cells.next() {
            None => Ok(row),
            Some(more) => {
                Err(format!("\"{more}\" is one too many: write {} values", columns.len()))
            }
        }
    }
}

fn object(line: &str) -> Result<Parsed<'_>, String> {
    let object: Object<'_> = serde_json::from_str(line).map_err(|error| {
        let said = error.to_string();
        match said.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`')) {
            Some((name, _)) => format!("no field is called \"{name}\": write {COLUMNS}"),
            None => format!("{said}: write one JSON object a line, like {{\"time_s\": 12.5}}"),
        }
    })?;
    Ok(Parsed {
        at: either("time", object.time_s, object.time_ms)?.ok_or(NO_TIME)?,
        endpoint: object.endpoint,
        demand: either("demand", object.demand_s, object.demand_ms)?,
        key: object.key.as_ref().map(Name::number),
        client: object.client.as_ref().map(Name::client),
    })
}
