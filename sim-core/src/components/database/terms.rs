//! What the form of a database says, ready to run.

use serde::{Deserialize, Serialize};

use super::spec::{DatabaseSpec, LockSpec, QueryKind};
use super::usl::Usl;
use crate::engine::agenda::Lane;
use crate::engine::chance::{Draw, Law, LawSpec, Zipf, below, mix, name_key};
use crate::engine::delay::Delay;
use crate::engine::time::Nanos;
use crate::units::{Bytes, Duration};
use crate::wiring::{Flaw, Site};

const ROW: u64 = name_key("database row");

/// A kind of query, ready to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Kind {
    pub(super) cpu: Option<Delay>,
    pub(super) io: Option<Delay>,
    pub(super) commit: bool,
    pub(super) rows: Option<Rows>,
    /// Of every kind another, so that their times are independent.
    pub(super) salt: u64,
}

/// The rows of which a query locks one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Rows {
    count: u64,
    zipf: Option<Zipf>,
    /// Of every table another.
    table: u64,
}

impl Rows {
    fn new(spec: &LockSpec, name: &str) -> Result<Self, Flaw> {
        if spec.rows == 0 {
            return Err(Flaw::new("rows", "no row can be locked", "write 1 or more"));
        }
        let zipf = spec.s.filter(|&s| s != 0.0).map(|s| Zipf::new(spec.rows, s)).transpose();
        let zipf = zipf.map_err(|message| Flaw::new("s", message, "write 0 for even rows"))?;
        let table = spec.table.as_deref().map_or(mix(ROW, name_key(name)), name_key);
        Ok(Rows { count: spec.rows, zipf, table })
    }

    /// The row that a request with this luck wants.
    pub(super) fn pick(&self, luck: u64) -> u64 {
        let draw = &mut Draw::new(luck ^ ROW);
        let row = match &self.zipf {
            Some(zipf) => zipf.sample(draw),
            None => below(draw, self.count),
        };
        mix(self.table, row)
    }
}

/// What the form says, ready to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Terms {
    pub(super) max_connections: u32,
    /// Connections for everybody: less those kept for administrators.
    pub(super) limit: u32,
    pub(super) cores: Option<u32>,
    pub(super) kinds: Vec<Kind>,
    /// Index in `kinds` by endpoint number; `u16::MAX` where there is none.
    pub(super) by_endpoint: Vec<u16>,
    pub(super) service: Option<Delay>,
    pub(super) usl: Option<Usl>,
    pub(super) salt: u64,
    /// What opening a connection costs; a kind without a name.
    pub(super) connect: Option<Kind>,
    /// Whether connections are worth showing: by their cost, their memory or their limit.
    pub(super) shows_sessions: bool,
    pub(super) connection_memory: u64,
    pub(super) fsync: Option<Delay>,
    pub(super) synchronous: bool,
    pub(super) lock_timeout: Option<Delay>,
    pub(super) statement_timeout: Option<Delay>,
    pub(super) failover: Option<Law>,
}

fn law(path: &str, spec: &LawSpec) -> Result<Law, Flaw> {
    spec.compile().map_err(|message| Flaw::told(path, &message, "correct the law"))
}

fn delay(path: &str, spec: Option<&LawSpec>) -> Result<Option<Delay>, Flaw> {
    let wrong = |message: String| Flaw::told(path, &message, "correct the law");
    spec.map(|spec| Delay::of(spec).map_err(wrong)).transpose()
}

fn within(path: &str, number: Option<u32>) -> Result<(), Flaw> {
    match number {
        Some(number) if !(1..=100_000).contains(&number) => {
            let message = format!("{path} cannot be {number}");
            Err(Flaw::new(path, message, "write 1 to 100000"))
        }
        _ => Ok(()),
    }
}

/// A time after which somebody gives up; none for 0.
fn limit(time: Option<Duration>) -> Option<Delay> {
    let nanos = time.map(Duration::nanos).filter(|&nanos| nanos > 0)?;
    Some(Delay::new(Law::Constant { nanos }))
}

impl Terms {
    pub(super) fn new(spec: &DatabaseSpec, site: &Site) -> Result<Self, Flaw> {
        within("max_connections", Some(spec.max_connections))?;
        within("cores", spec.cores)?;
        let reserved = spec.reserved.unwrap_or(0);
        if reserved >= spec.max_connections {
            let message = format!("{reserved} of {} connections are kept", spec.max_connections);
            return Err(Flaw::new("reserved", message, "keep fewer than there are"));
        }
        let salt = name_key(&site.name);
        let mut by_endpoint = vec![u16::MAX; site.endpoints.len()];
        let mut kinds = Vec::new();
        for (name, kind) in &spec.queries {
            let path = format!("queries.{}", name.0);
            let number = site.endpoint(&name.0);
            let number = number.map_err(|flaw| Flaw { path: path.clone(), ..flaw })?;
            by_endpoint[number as usize] = kinds.len() as u16;
            kinds.push(Kind::new(kind, (&name.0, &path), salt)?);
        }
        if let Some((name, _)) = spec.queries.iter().find(|(_, k)| k.commit && spec.log.is_none()) {
            let path = format!("queries.{}.commit", name.0);
            let message = "there is no log that a commit could wait for";
            return Err(Flaw::new(&path, message, "write log: {fsync: 1ms} in the database"));
        }
        let connect = spec.connect.as_ref().map(|connect| {
            let kind = QueryKind {
                cpu: connect.cpu.clone(),
                io: connect.io.clone(),
                ..QueryKind::default()
            };
            Kind::new(&kind, ("", "connect"), mix(salt, name_key("database connect")))
        });
        let failover = spec.standby.as_ref();
        let failover = failover.map(|it| law("standby.failover", &it.failover)).transpose()?;
        Ok(Terms {
            max_connections: spec.max_connections,
            limit: spec.max_connections - reserved,
            cores: spec.cores,
            kinds,
            by_endpoint,
            service: delay("service", spec.service.as_ref())?,
            usl: spec.contention.as_ref().map(Usl::new).transpose()?,
            salt,
            connect: connect.transpose()?,
            shows_sessions: spec.reserved.is_some()
                || spec.connect.is_some()
                || spec.connection_memory.is_some(),
            connection_memory: spec.connection_memory.map_or(0, Bytes::bytes),
            fsync: delay("log.fsync", spec.log.as_ref().map(|log| &log.fsync))?,
            synchronous: spec.log.as_ref().is_some_and(|log| log.synchronous),
            lock_timeout: limit(spec.lock_timeout),
            statement_timeout: limit(spec.statement_timeout),
            failover,
        })
    }

    pub(super) fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        let kinds = self.kinds.iter_mut().chain(&mut self.connect);
        let of_kinds = kinds.flat_map(|kind| [&mut kind.cpu, &mut kind.io]);
        let own = [
            &mut self.service,
            &mut self.fsync,
            &mut self.lock_timeout,
            &mut self.statement_timeout,
        ];
        for delay in of_kinds.chain(own).flatten() {
            delay.prepare(lanes);
        }
    }

    pub(super) fn shares(&self) -> bool {
        self.cores.is_some() || self.usl.is_some()
    }

    pub(super) fn locks(&self) -> bool {
        self.kinds.iter().any(|kind| kind.rows.is_some())
    }

    /// Resources that come and go with the form, which stays the same while a run goes on.
    pub(super) fn shown(&self) -> [bool; 3] {
        [self.locks(), self.fsync.is_some(), self.shows_sessions]
    }

    /// Cores that a meter can show.
    pub(super) fn cores_shown(&self) -> u32 {
        self.cores.unwrap_or(self.max_connections)
    }

    /// Cores and their speed while `active` queries are in progress: the law slows each query, the
    /// cores cap what all get together.
    pub(super) fn power(&self, active: u32, slow: f64) -> (f64, f64) {
        let cores = self.cores.map_or(f64::INFINITY, f64::from);
        let speed = self.usl.map_or(1.0, |usl| usl.speed(active));
        (cores / speed, speed / slow)
    }
}

impl Kind {
    fn new(spec: &QueryKind, (name, path): (&str, &str), salt: u64) -> Result<Self, Flaw> {
        let under = |flaw: Flaw| Flaw { path: format!("{path}.lock.{}", flaw.path), ..flaw };
        let rows = spec.lock.as_ref().map(|lock| Rows::new(lock, name)).transpose();
        Ok(Kind {
            cpu: delay(&format!("{path}.cpu"), spec.cpu.as_ref())?,
            io: delay(&format!("{path}.io"), spec.io.as_ref())?,
            commit: spec.commit,
            rows: rows.map_err(under)?,
            salt: if name.is_empty() { salt } else { mix(salt, name_key(name)) },
        })
    }
}
