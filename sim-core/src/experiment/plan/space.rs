//! A plan file: a scenario, what may vary in it, and what is to be least.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::scenario::decode::{References, decode};
use crate::scenario::machines;
use crate::scenario::problem::{Code, Place, Problem, Problems, SourceId, Sources};
use crate::scenario::tree::{Entry, Node, Value, to_json};
use crate::scenario::yaml;
use crate::units::Share;

/// Set-ups that are looked at one by one, at most.
const POINTS_MAX: u64 = 10_000;
/// The version of the format.
const VERSION: u64 = 1;
/// How near to its bound an objective may be without it mattering on which side, unless said.
const INDIFFERENCE: f64 = 0.02;

/// What a person asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanFile {
    /// The scenario, relative to the plan's own file.
    pub scenario: String,
    /// What may vary.
    pub space: Space,
    /// Changes of the scenario that all set-ups share, as `path=value`.
    pub common: Vec<String>,
    /// The measure that is to be least.
    pub minimise: String,
    /// How near to its bound an objective may be without it mattering on which side, as a share of
    /// the bound.
    pub indifference: f64,
}

/// Everything that may vary: each combination is a set-up.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    variables: Vec<Variable>,
}

/// A field and what it may say.
#[derive(Clone, Debug, PartialEq)]
struct Variable {
    path: String,
    /// As YAML on one line, with what each costs beside the scenario's own prices, USD/h.
    values: Vec<(String, f64)>,
}

/// A plan as read, unless something is wrong with it, and all that is to be said about it.
pub struct PlanReading {
    /// The plan.
    pub file: Option<PlanFile>,
    /// What is wrong.
    pub problems: Problems,
    /// The text that the places point into.
    pub sources: Sources,
}

/// A plan: a scenario, what may vary in it, and what is to be least.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Busyhour plan")]
struct PlanForm {
    /// The version of this format: 1.
    #[serde(rename = "plan")]
    #[expect(dead_code, reason = "checked before the rest is read")]
    version: u64,
    /// The scenario, relative to this file.
    scenario: String,
    /// What may vary: a path with a list of values or a range of whole numbers. Each combination
    /// is a set-up.
    #[serde(default)]
    #[expect(dead_code, reason = "read entry by entry, where a problem can be shown at its place")]
    vary: IndexMap<String, Varied>,
    /// What must hold; default: the scenario's own objectives.
    #[serde(default)]
    objectives: Vec<String>,
    /// The measure that is to be least; default: cost.usd_per_hour.
    #[serde(default)]
    minimise: Option<String>,
    /// Nearer to a bound than this share of it, either side will do; default 2%.
    #[serde(default)]
    indifference: Option<Share>,
}

/// What a path may say.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the type is the schema: places are lost in an untagged choice")]
enum Varied {
    /// These values.
    Values(Vec<Json>),
    /// Whole numbers.
    Range(Range),
}

/// Whole numbers from one to another.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Range {
    /// The lowest.
    from: u32,
    /// The highest.
    to: u32,
    /// From one to the next; default 1.
    #[serde(default)]
    step: Option<u32>,
    /// What each one costs beside the scenario's own prices, like `0.10 USD/h`.
    #[serde(default)]
    price: Option<String>,
}

/// The JSON Schema (draft-07) of a plan, for editors.
#[must_use]
pub fn plan_schema() -> Json {
    let mut generator = schemars::generate::SchemaSettings::draft07().into_generator();
    generator.root_schema_for::<PlanForm>().to_value()
}

/// A combination.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// What it changes in the scenario, path and value as YAML on one line.
    pub changes: Vec<(String, String)>,
    /// What that costs beside the scenario's own prices, USD/h.
    pub usd_per_hour: f64,
}

impl Space {
    /// How many set-ups there are.
    #[must_use]
    pub fn points(&self) -> u64 {
        self.variables.iter().map(|one| one.values.len() as u64).product()
    }

    /// A set-up by its number; the last variable changes first.
    #[must_use]
    pub fn point(&self, number: u64) -> Point {
        let mut left = number;
        let mut point = Point { changes: Vec::new(), usd_per_hour: 0.0 };
        for one in self.variables.iter().rev() {
            let many = one.values.len() as u64;
            let (value, usd) = &one.values[(left % many) as usize];
            point.changes.push((one.path.clone(), value.clone()));
            point.usd_per_hour += usd;
            left /= many;
        }
        point.changes.reverse();
        point
    }
}

/// Reads a plan file.
#[must_use]
pub fn read_plan_file(name: &str, text: &str) -> PlanReading {
    let mut sources = Sources::default();
    let source = sources.add(name, text);
    let (file, problems) = match file(source, text) {
        Ok(file) => (Some(file), Vec::new()),
        Err(problems) => (None, problems),
    };
    PlanReading { file, problems: Problems::from(problems), sources }
}

fn file(source: SourceId, text: &str) -> Result<PlanFile, Vec<Problem>> {
    let mut root = yaml::parse(source, text, yaml::Limits::default())?;
    check_version(&root)?;
    let vary = root.take("vary");
    let form = decode::<PlanForm>(&root, "", &mut References::default());
    let variables = match &vary {
        Some(entry) if !entry.node.entries().is_empty() => variables(&entry.node),
        _ => Err(vec![nothing_varies(root.place)]),
    };
    let (form, variables) = match (form, variables) {
        (Ok(form), Ok(variables)) => (form, variables),
        (form, variables) => {
            return Err(form.err().into_iter().chain(variables.err()).flatten().collect());
        }
    };
    let space = Space { variables };
    check_size(&space, vary.map_or(root.place, |entry| entry.key_place))?;
    let objectives = serde_json::to_string(&form.objectives).unwrap_or_default();
    let common = (!form.objectives.is_empty()).then(|| format!("objectives={objectives}"));
    Ok(PlanFile {
        scenario: form.scenario,
        space,
        common: common.into_iter().collect(),
        minimise: form.minimise.unwrap_or_else(|| "cost.usd_per_hour".to_owned()),
        indifference: form.indifference.map_or(INDIFFERENCE, Share::value),
    })
}

fn check_version(root: &Node) -> Result<(), Vec<Problem>> {
    let found = root.get("plan");
    if found.is_some_and(|node| to_json(node) == serde_json::json!(VERSION)) {
        return Ok(());
    }
    let (message, place) = match found {
        Some(node) => (format!("plan: {} is no version of this", node.shown()), node.place),
        None if root.get("busyhour").is_some() => {
            ("the file is a scenario, not a plan for one".to_owned(), root.place)
        }
        None => ("the file does not say that it is a plan".to_owned(), root.place),
    };
    let remedy = format!("begin it with plan: {VERSION}, then scenario: FILE and vary:");
    Err(vec![Problem::new(Code::BadVersion, "plan", message).at(place).with_remedy(remedy)])
}

fn nothing_varies(place: Place) -> Problem {
    let message = "nothing may vary, so there is nothing to choose";
    Problem::new(Code::MissingField, "vary", message)
        .at(place)
        .with_remedy("write vary: {nodes.web.replicas: {from: 2, to: 20}}")
}

fn check_size(space: &Space, place: Place) -> Result<(), Vec<Problem>> {
    let many = space.variables.iter().try_fold(1u64, |n, v| n.checked_mul(v.values.len() as u64));
    if many.is_some_and(|many| many <= POINTS_MAX) {
        return Ok(());
    }
    let many = many.map_or("very many".to_owned(), |many| many.to_string());
    let message = format!("{many} set-ups are too many to look at one by one");
    let remedy = format!(
        "narrow a range, give it a step (from: 2, to: 20, step: 2), or leave a variable out, so \
         that there are at most {POINTS_MAX}"
    );
    Err(vec![Problem::new(Code::TooBig, "vary", message).at(place).with_remedy(remedy)])
}

fn variables(vary: &Node) -> Result<Vec<Variable>, Vec<Problem>> {
    let (mut all, mut problems) = (Vec::new(), Vec::new());
    for entry in vary.entries() {
        match values(entry) {
            Ok(values) => all.push(Variable { path: entry.key.clone(), values }),
            Err(more) => problems.extend(more),
        }
    }
    if problems.is_empty() { Ok(all) } else { Err(problems) }
}

fn values(entry: &Entry) -> Result<Vec<(String, f64)>, Vec<Problem>> {
    let path = format!("vary.{}", entry.key);
    let wrong = |code, message: String, remedy: &str| {
        vec![Problem::new(code, &*path, message).at(entry.node.place).with_remedy(remedy)]
    };
    let remedy = "write a list of values, or {from: 2, to: 20}";
    match &entry.node.value {
        Value::List(items) if items.is_empty() => {
            Err(wrong(Code::BadValue, format!("{} has no value", entry.key), remedy))
        }
        Value::List(items) => {
            Ok(items.iter().map(|item| (to_json(item).to_string(), 0.0)).collect())
        }
        Value::Map(_) => {
            let range = decode::<Range>(&entry.node, &path, &mut References::default())?;
            let Range { from, to, step, price } = range;
            let step = step.unwrap_or(1);
            if from > to || step == 0 || u64::from((to - from) / step) >= POINTS_MAX {
                let message = format!("from {from} to {to} by {step} is no range");
                let remedy = "write the lower number first and a step of at least 1";
                return Err(wrong(Code::BadValue, message, remedy));
            }
            let each = price.map(|price| machines::price(&price)).transpose().map_err(|why| {
                let (message, remedy) = why.split_once(": ").unwrap_or((&why, ""));
                wrong(Code::BadValue, message.to_owned(), remedy)
            })?;
            let cost = |number: u32| each.unwrap_or(0.0) * f64::from(number);
            let numbers = (from..=to).step_by(step as usize);
            Ok(numbers.map(|number| (number.to_string(), cost(number))).collect())
        }
        _ => {
            let message = format!("{} is {}", entry.key, entry.node.describe());
            Err(wrong(Code::WrongType, message, remedy))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_are_counted_and_named() {
        let text = "plan: 1\nscenario: a.yaml\nvary:\n  nodes.web.replicas: {from: 2, to: 8, \
                    step: 3, price: 0.5 USD/h}\n  nodes.web.machine: [c7i.large, c7i.xlarge]\n";
        let file = read_plan_file("plan.yaml", text).file.expect("it is right");
        assert_eq!(file.space.points(), 6);
        let Point { changes, usd_per_hour } = file.space.point(3);
        assert_eq!(changes[0], ("nodes.web.replicas".to_owned(), "5".to_owned()));
        assert_eq!(changes[1], ("nodes.web.machine".to_owned(), "\"c7i.xlarge\"".to_owned()));
        assert_eq!(usd_per_hour, 2.5);
        assert_eq!(file.minimise, "cost.usd_per_hour");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let wrong = |text: &str| {
            let reading = read_plan_file("plan.yaml", text);
            assert!(reading.file.is_none(), "{text}");
            let first = reading.problems.iter().next().expect("a problem").clone();
            (first.code, first.message)
        };
        let head = "plan: 1\nscenario: a.yaml\n";
        assert_eq!(wrong(head).0, Code::MissingField);
        assert_eq!(wrong(&format!("{head}vary: {{a: 3}}\n")).0, Code::WrongType);
        assert_eq!(wrong(&format!("{head}vary: {{a: {{from: 3, to: 2}}}}\n")).0, Code::BadValue);
        assert_eq!(wrong(&format!("{head}vary: {{a: [1]}}\nminimize: x\n")).0, Code::UnknownField);
        let many = "vary: {a: {from: 1, to: 200}, b: {from: 1, to: 200}}\n";
        assert!(wrong(&format!("{head}{many}")).1.contains("40000 set-ups"));
        assert_eq!(wrong("plan: 7\nscenario: a.yaml\nvary: {a: [1]}\n").0, Code::BadVersion);
        assert!(
            wrong("busyhour: 1\nscenario: a.yaml\nvary: {a: [1]}\n").1.contains("is a scenario")
        );
    }
}
