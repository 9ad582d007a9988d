//! What decodes, what is recorded on the way, and how several faults are found in one go.

use indexmap::IndexMap;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::{ReferenceKind, References, decode, decode_entry};
use crate::scenario::problem::{Code, Problem, Problems, Sources, render_all};
use crate::scenario::tree::{Node, overlay};
use crate::scenario::yaml::{Limits, parse};

#[derive(Debug, Deserialize, PartialEq)]
pub(super) struct Target(pub String);

#[derive(Debug, Deserialize, PartialEq, Eq, Hash)]
pub(super) struct EndpointName(pub String);

/// A unit type as the real ones are: text in, its own words for what is wrong.
#[derive(Debug, PartialEq)]
pub(super) struct Wait(pub f64);

impl<'de> Deserialize<'de> for Wait {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Wait, D::Error> {
        let text = String::deserialize(from)?;
        let parsed = text.strip_suffix('s').and_then(|number| number.parse().ok());
        parsed.map(Wait).ok_or_else(|| {
            D::Error::custom(format!("{text:?} is no duration: write a number and a unit, like 2s"))
        })
    }
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shop {
    pub busyhour: u32,
    pub nodes: IndexMap<String, Service>,
    pub think: Option<Think>,
    pub journey: Option<IndexMap<EndpointName, f64>>,
    #[serde(default)]
    pub events: Vec<Event>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Service {
    pub model: String,
    #[serde(default)]
    pub replicas: u8,
    pub to: Option<Target>,
    pub balance: Option<Balance>,
    pub pool: Option<Pool>,
    #[serde(default)]
    pub sticky: bool,
    pub bounds: Option<Bounds>,
    pub pair: Option<(f64, f64)>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pool {
    pub size: u32,
    pub timeout: Option<Wait>,
    pub to: Target,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Balance {
    RoundRobin,
    LeastConn,
    Choices {
        #[serde(default)]
        of: u32,
    },
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Think {
    Fixed(Wait),
    Exponential { mean: Wait },
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(try_from = "(u32, u32)")]
pub(super) struct Bounds;

impl TryFrom<(u32, u32)> for Bounds {
    type Error = String;
    fn try_from((min, max): (u32, u32)) -> Result<Bounds, String> {
        let why = format!("[E026] min is {min}, above max, which is {max}: swap them");
        if min <= max { Ok(Bounds) } else { Err(why) }
    }
}

#[derive(Debug, PartialEq, Deserialize)]
pub(super) struct Event {
    pub at: Wait,
    #[serde(flatten)]
    pub act: Act,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Act {
    Kill(String),
    Slow { factor: f64 },
}

pub(super) fn read<T: serde::de::DeserializeOwned>(
    text: &str,
) -> (Result<T, Vec<Problem>>, References, Sources) {
    let mut sources = Sources::default();
    let id = sources.add("shop.yaml", text);
    let mut notes = References::default();
    let done = parse(id, text, Limits::default()).and_then(|node| decode(&node, "", &mut notes));
    (done, notes, sources)
}

pub(super) fn messages(text: &str) -> String {
    let (done, _, sources) = read::<Shop>(text);
    done.map_or_else(|all| render_all(&Problems::from(all), &sources, false), |_| String::new())
}

fn node(text: &str) -> Node {
    let (done, ..) = (parse(Sources::default().add("t", text), text, Limits::default()), ());
    done.unwrap_or_else(|all| panic!("{all:?}"))
}

const GOOD: &str = "\
busyhour: 1
nodes:
  lb: {model: nginx, balance: choices, to: web, replicas: 1_0}
  web: {model: gunicorn, pool: {size: 2.0, timeout: 30s, to: db}, sticky: true}
  db: {model: postgres, balance: {choices: {of: 3}}, bounds: [1, 2], pair: [1, 2.5]}
think: {exponential: {mean: 8s}}
journey: {home: 1, cart: 0.4}
events:
  - {at: 1s, kill: db}
  - {at: 2s, slow: {factor: 2}}
";

#[test]
fn a_good_file_is_read_whole() {
    let (shop, notes, _) = read::<Shop>(GOOD);
    let shop = shop.unwrap_or_else(|all| panic!("{all:?}"));
    assert_eq!(shop.nodes["lb"].replicas, 10);
    assert_eq!(shop.nodes["lb"].balance, Some(Balance::Choices { of: 0 }));
    assert_eq!(shop.nodes["db"].balance, Some(Balance::Choices { of: 3 }));
    assert_eq!(shop.nodes["web"].pool.as_ref().map(|pool| pool.size), Some(2));
    assert_eq!(shop.think, Some(Think::Exponential { mean: Wait(8.0) }));
    assert_eq!(shop.events[0].act, Act::Kill("db".to_string()));
    assert_eq!(shop.events[1].act, Act::Slow { factor: 2.0 });
    assert_eq!(shop.events[1].at, Wait(2.0));
    assert!(shop.nodes["web"].sticky && shop.nodes["web"].to.is_none());
    let again = read::<Shop>(GOOD).0;
    assert!(again.is_ok_and(|again| again == shop));
    assert!(shop.nodes["db"].pair == Some((1.0, 2.5)) && shop.busyhour == 1);
    let show = |kind| -> Vec<_> {
        notes.of(kind).map(|r| format!("{} -> {} at {}", r.path, r.name, r.place.line)).collect()
    };
    assert_eq!(
        show(ReferenceKind::Node),
        ["nodes.lb.to -> web at 3", "nodes.web.pool.to -> db at 4"]
    );
    assert_eq!(
        show(ReferenceKind::Endpoint),
        ["journey.home -> home at 7", "journey.cart -> cart at 7"]
    );
}

#[test]
fn nothing_after_a_colon_is_an_empty_collection_but_not_a_value() {
    let (shop, ..) = read::<Shop>("busyhour: 1\nnodes:\nthink:\nevents:\n");
    let shop = shop.unwrap_or_else(|all| panic!("{all:?}"));
    assert!(shop.nodes.is_empty() && shop.events.is_empty() && shop.think.is_none());
    assert!(messages("busyhour:\nnodes:\n").contains("busyhour is empty, but a whole number"));
}

#[test]
fn whole_numbers_are_exact_up_to_the_largest_seed() {
    let seed = decode::<u64>(&node("18446744073709551615"), "seed", &mut References::default());
    assert_eq!(seed, Ok(u64::MAX));
    let least = decode::<i64>(&node("-9223372036854775808"), "x", &mut References::default());
    assert_eq!(least, Ok(i64::MIN));
    let beyond = decode::<u64>(&node("18446744073709551616"), "x", &mut References::default());
    assert!(beyond.is_err());
    assert_eq!(decode::<u32>(&node("1e6"), "x", &mut References::default()), Ok(1_000_000));
}

#[test]
fn every_fault_is_reported_once_and_nothing_that_only_follows() {
    let text = "\
busyhour: one
nodes:
  lb: {model: 7, replcas: 2, to: web}
  web: {model: a, pool: {size: x, timeout: 5m, to: db}, balance: {choises: {of: 1}}}
  db: {replicas: 300, bounds: [3, x]}
think: {fixed: 8}
surprise: 1
";
    let (done, notes, _) = read::<Shop>(text);
    let found: Vec<_> = done.map_or_else(|all| all, |_| Vec::new());
    let found: Vec<_> = found.iter().map(|p| format!("{} {}", p.code.as_str(), p.path)).collect();
    let expected = [
        "E012 busyhour",
        "E012 nodes.lb.model",
        "E010 nodes.lb.replcas",
        "E012 nodes.web.pool.size",
        "E013 nodes.web.pool.timeout",
        "E014 nodes.web.balance",
        "E013 nodes.db.replicas",
        "E012 nodes.db.bounds[1]",
        "E011 nodes.db.model",
        "E012 think.fixed",
        "E010 surprise",
    ];
    assert_eq!(found, expected);
    let names: Vec<_> = notes.iter().map(|r| r.path.as_str()).collect();
    assert_eq!(names, ["nodes.lb.to", "nodes.web.pool.to"]);
}

#[test]
fn a_thousand_faults_end_at_twenty() {
    let mut text = "busyhour: 1\nnodes:\n".to_string();
    for n in 0..1000 {
        text.push_str(&format!("  n{n}: {{model: 1}}\n"));
    }
    let (done, ..) = read::<Shop>(&text);
    assert_eq!(done.map_or_else(|all| all.len(), |_| 0), 20);
}

#[test]
fn a_choice_laid_over_another_replaces_it() {
    let mut sources = Sources::default();
    let model = "think: {fixed: 1s}";
    let (a, b) = (sources.add("model", model), sources.add("shop", ""));
    let parse = |id, text| parse(id, text, Limits::default()).unwrap_or_else(|e| panic!("{e:?}"));
    let over = parse(b, "think: {exponential: {mean: 3s}}");
    let merged = overlay(&parse(a, model), &over);
    let think = |node: &Node| {
        let entry = node.entry("think").unwrap_or_else(|| panic!("no think"));
        decode_entry::<Think>(entry, "think", &mut References::default())
    };
    assert_eq!(think(&merged), Ok(Think::Exponential { mean: Wait(3.0) }));
    let mut set = merged.clone();
    let last = sources.add("--set", "");
    assert!(set.set("think.fixed", Node::text(super::Place::start(last), "2s")).is_ok());
    assert_eq!(think(&set), Ok(Think::Fixed(Wait(2.0))));
    let both = parse(a, "think: {fixed: 1s, exponential: {mean: 3s}}");
    let problems = think(&both).map_or_else(|all| all, |_| Vec::new());
    assert_eq!(problems.first().map(|p| p.code), Some(Code::WrongType));
}

#[test]
fn five_thousand_damaged_scenarios_neither_panic_nor_hang() {
    let mut state = 11_u64;
    let mut draw = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (state >> 33) as usize % below
    };
    let words = ["", "7", "[", "]", "{a: 1}", "x: ", "~", "\n", "web", "-1", ": ", ", "];
    let mut refused = 0;
    for _ in 0..5_000 {
        let mut text = GOOD.to_string();
        for _ in 0..=draw(3) {
            let at = draw(text.len());
            let end = (at + draw(6)).min(text.len());
            text.replace_range(at..end, words[draw(words.len())]);
        }
        refused += usize::from(!messages(&text).is_empty());
    }
    assert!(refused > 1_000, "{refused}");
}
