//! Requests recorded elsewhere, such as a production log: when each came and what it asked for.
//!
//! A recording is read piece by piece, once when the scenario is checked and once in every run, so
//! that a day of it needs no more memory than a minute.

mod line;
mod reader;

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) use self::line::cells;
pub(crate) use self::line::{Client, Row};
use self::line::{Layout, Parsed};
pub(crate) use self::reader::Reader;
use self::reader::{Lines, Next};
use crate::engine::chance::{mix, name_key};
use crate::engine::time::{Nanos, SECOND, seconds};

/// Endpoints that a recording tells apart at most.
const ENDPOINTS_MAX: usize = 1_000;
/// The span over which the busiest time is looked for.
const BUSY: Nanos = 60 * SECOND;

/// The bytes of a file that nobody changes meanwhile.
pub trait Bytes: Send + Sync {
    /// Reads from position `at` on; fewer bytes than asked for only where the file ends.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<usize, String>;
}

impl Bytes for Vec<u8> {
    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<usize, String> {
        let from = usize::try_from(at).unwrap_or(usize::MAX).min(self.len());
        let count = into.len().min(self.len() - from);
        into[..count].copy_from_slice(&self[from..from + count]);
        Ok(count)
    }
}

/// A recording that has been read through once and found well.
#[derive(Clone)]
pub struct Recording(Arc<Inner>);

struct Inner {
    name: String,
    bytes: Arc<dyn Bytes>,
    layout: Layout,
    /// Where the first request stands, after the names of the columns.
    body: u64,
    endpoints: Vec<String>,
    rows: u64,
    first: Nanos,
    last: Nanos,
    busiest: f64,
    hash: u64,
    trouble: OnceLock<String>,
}

/// What a look through all requests finds.
#[derive(Default)]
struct Found {
    endpoints: Vec<String>,
    rows: u64,
    first: Nanos,
    last: Nanos,
    hash: u64,
    /// Requests in the minute that `last` lies in, and the most in any.
    minute: u64,
    most: u64,
}

impl Recording {
    /// Reads through a file of requests: CSV whose first line names the columns `time_s` or
    /// `time_ms`, `endpoint`, `demand_s` or `demand_ms`, `key`, `client`, or one JSON object with
    /// such fields a line. Only the time is needed; times never go back.
    ///
    /// # Errors
    /// One sentence with the line, what is wrong with it and what would be right.
    pub fn new(name: &str, bytes: Arc<dyn Bytes>) -> Result<Self, String> {
        let mut lines = Lines::new(0);
        let head = lines.next(&*bytes)?.ok_or("it is empty: write a line for each request")?;
        let (layout, body) = Layout::of(head.text).map(|layout| {
            let body = if layout.has_head() { head.after } else { 0 };
            (layout, body)
        })?;
        let skipped = u64::from(layout.has_head());
        let found = look_through(&layout, &*bytes, (body, skipped))?;
        if found.rows == 0 {
            return Err("it names columns and no request: write a line for each".to_owned());
        }
        let span = found.last - found.first;
        let busiest = if span < BUSY {
            found.rows as f64 / (span.max(SECOND) as f64 / SECOND as f64)
        } else {
            found.most as f64 / (BUSY / SECOND) as f64
        };
        Ok(Recording(Arc::new(Inner {
            name: name.to_owned(),
            bytes,
            layout,
            body,
            endpoints: found.endpoints,
            rows: found.rows,
            first: found.first,
            last: found.last,
            busiest,
            hash: found.hash,
            trouble: OnceLock::new(),
        })))
    }

    /// Endpoints in the order in which they first come; none if the file does not tell.
    #[must_use]
    pub fn endpoints(&self) -> &[String] {
        &self.0.endpoints
    }

    /// How many requests.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.0.rows
    }

    /// When the first and the last of them came, ns on the file's own clock.
    #[must_use]
    pub fn span(&self) -> (Nanos, Nanos) {
        (self.0.first, self.0.last)
    }

    /// Requests per second in the busiest minute.
    #[must_use]
    pub fn busiest(&self) -> f64 {
        self.0.busiest
    }

    /// Whether requests say how much work they are.
    #[must_use]
    pub fn has_demands(&self) -> bool {
        self.0.layout.has_demands()
    }

    /// Why a run could not read on, if one could not: the file changed under it.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.0.trouble.get().map(|why| format!("{}: {why}", self.0.name))
    }
}

fn look_through(
    layout: &Layout,
    bytes: &dyn Bytes,
    (body, skipped): (u64, u64),
) -> Result<Found, String> {
    let mut lines = Lines::new(body);
    let mut found = Found::default();
    let mut number = skipped;
    while let Some(Next { text, .. }) =
        lines.next(bytes).map_err(|why| format!("line {}: {why}", number + 1))?
    {
        number += 1;
        if text.trim().is_empty() {
            continue;
        }
        let parsed = layout.parse(text).map_err(|why| format!("line {number}: {why}"))?;
        found.take(&parsed).map_err(|why| format!("line {number}: {why}"))?;
        found.hash = mix(found.hash, name_key(text));
    }
    Ok(found)
}

impl Found {
    fn take(&mut self, parsed: &Parsed<'_>) -> Result<(), String> {
        if self.rows == 0 {
            self.first = parsed.at;
        } else if parsed.at < self.last {
            return Err(format!(
                "{}s comes after {}s: sort the requests by time",
                seconds(parsed.at),
                seconds(self.last)
            ));
        }
        let minute = |at: Nanos| (at - self.first) / BUSY;
        self.minute = if minute(parsed.at) == minute(self.last.max(self.first)) {
            self.minute + 1
        } else {
            1
        };
        self.most = self.most.max(self.minute);
        self.last = parsed.at;
        self.rows += 1;
        if let Some(name) = &parsed.endpoint
            && !self.endpoints.iter().any(|known| known == name)
        {
            if self.endpoints.len() == ENDPOINTS_MAX {
                return Err(format!(
                    "more than {ENDPOINTS_MAX} endpoints: give those that do the same one name"
                ));
            }
            self.endpoints.push(name.clone().into_owned());
        }
        Ok(())
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recording({}, {} requests, {:016x})", self.0.name, self.0.rows, self.0.hash)
    }
}

/// Equal where every request is.
impl PartialEq for Recording {
    fn eq(&self, other: &Self) -> bool {
        self.0.hash == other.0.hash && self.0.rows == other.0.rows
    }
}

impl Serialize for Recording {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        format!("{:016x}", self.0.hash).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Recording {
    fn deserialize<D: Deserializer<'de>>(_from: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("recorded requests stay in their file: read the scenario again"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(text: &str) -> Result<Recording, String> {
        Recording::new("log.csv", Arc::new(text.as_bytes().to_vec()))
    }

    fn all(text: &str) -> Vec<Row> {
        let mut reader = Reader::new(recording(text).unwrap());
        std::iter::from_fn(|| reader.next()).collect()
    }

    #[test]
    fn both_formats_say_the_same() {
        let csv = "time_s,endpoint,demand_ms,client,key\n0.5,io,20,7,\"a,b\"\n\n0.5,cpu,1.5,8,k\n";
        let json = r#"{"time_ms": 500, "endpoint": "io", "demand_s": 0.02, "client": 7, "key":"a,b"}
{"time_s": 0.5, "endpoint": "cpu", "demand_ms": 1.5, "client": "8", "key": "k"}"#;
        let rows = all(csv);
        assert_eq!(rows, all(json));
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].at, rows[0].demand), (SECOND / 2, Some(20_000_000)));
        assert_eq!((rows[1].endpoint, rows[1].client), (1, Some(Client::Named(8))));
        assert_eq!(recording(csv).unwrap().endpoints(), ["io", "cpu"]);
    }

    #[test]
    fn a_long_file_is_read_piece_by_piece() {
        let mut text = String::from("time_ms\n");
        (0..200_000).for_each(|ms| text.push_str(&format!("{ms}\n")));
        let held = recording(&text).unwrap();
        assert_eq!((held.rows(), held.span()), (200_000, (0, 199_999_000_000)));
        assert_eq!(held.busiest(), 1_000.0);
        let mut reader = Reader::new(held);
        let rows: Vec<Nanos> = std::iter::from_fn(|| reader.next()).map(|row| row.at).collect();
        assert!(rows.iter().zip(0..).all(|(&at, ms)| at == ms * 1_000_000));
        assert_eq!(rows.len(), 200_000);
    }

    #[test]
    fn a_copy_reads_on_where_it_was_made() {
        let text = "time_s\n1\n2\n3\n";
        let mut reader = Reader::new(recording(text).unwrap());
        reader.next();
        let mut copy = reader.clone();
        assert_eq!(reader.next(), copy.next());
        assert_eq!(reader.next().map(|row| row.at), Some(3 * SECOND));
        assert_eq!((reader.next(), copy.next().is_some()), (None, true));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, said) in [
            ("", "it is empty: write a line for each request"),
            ("time_s\n", "it names columns and no request: write a line for each"),
            ("time_s\n2\n1\n", "line 3: 1s comes after 2s: sort the requests by time"),
            ("time_s\nsoon\n", "line 2: time_s is \"soon\": write a number from 0 on, like 12.5"),
            (
                "time_s,demand_ms\n1,-3\n",
                "line 2: demand_ms is \"-3\": write a number from 0 on, like 12.5",
            ),
            ("time_s,demand_ms\n1\n", "line 2: demand_ms is missing: write 2 values"),
            (
                "when,demand_ms\n1,3\n",
                "line 1: no column is called \"when\": write time_s or time_ms, endpoint, \
                 demand_s or demand_ms, key, client",
            ),
            ("endpoint\nio\n", "line 1: the time is missing: name a column time_s or time_ms"),
            (
                "time_s,time_ms\n1,1\n",
                "line 1: the time is told twice: keep one of time_s and time_ms",
            ),
            (
                "{\"time_s\": 1}\n{\"time\": 2}\n",
                "line 2: no field is called \"time\": write time_s or time_ms, endpoint, \
                 demand_s or demand_ms, key, client",
            ),
            (
                "{\"time_s\": 1}\n{\"endpoint\": \"io\"}\n",
                "line 2: the time is missing: name a column time_s or time_ms",
            ),
        ] {
            assert_eq!(recording(text).unwrap_err(), said, "{text}");
        }
    }

    #[test]
    fn a_file_that_changes_under_a_run_is_told() {
        struct Torn;
        impl Bytes for Torn {
            fn read_at(&self, _at: u64, _into: &mut [u8]) -> Result<usize, String> {
                Err("it was unplugged".to_owned())
            }
        }
        let held = recording("time_s\n1\n2\n").unwrap();
        let inner = Inner {
            bytes: Arc::new(Torn),
            layout: held.0.layout.clone(),
            name: held.0.name.clone(),
            endpoints: Vec::new(),
            trouble: OnceLock::new(),
            ..*held.0
        };
        let torn = Recording(Arc::new(inner));
        assert_eq!(Reader::new(torn.clone()).next(), None);
        assert_eq!(torn.trouble().unwrap(), "log.csv: it was unplugged");
        assert_eq!(held.trouble(), None);
    }
}
