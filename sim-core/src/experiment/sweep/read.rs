//! Reading a sweep: every problem has a code, a place in the file, a value and a remedy.

use serde_json::Value as Json;

use super::design::{Design, Points};
use super::expression::Expression;
use super::factor::{Factor, Levels, Range, number};
use super::form::{FactorForm, SweepForm, UnitForm};
use super::{Derived, POINTS_MAX, Sweep, points};
use crate::scenario::decode::{References, decode, decode_entry};
use crate::scenario::objective::Objective;
use crate::scenario::problem::{Code, Place, Problem, Problems, Sources};
use crate::scenario::tree::{Entry, Node, Step, Value, parse_path, push_step, to_json};
use crate::scenario::{Files, yaml};

/// The version of the sweep format.
const VERSION: u64 = 1;
/// Replications of each point unless the sweep says otherwise.
const REPLICATIONS: u32 = 5;
/// Replications at most.
const REPLICATIONS_MAX: u32 = 100_000;

/// What a sweep file says, as far as it can be read.
pub struct SweepReading {
    /// The sweep, if nothing is wrong.
    pub sweep: Option<Sweep>,
    /// What is wrong.
    pub problems: Problems,
    /// The texts that the places point into.
    pub sources: Sources,
}

/// Reads a sweep. `files` gives the scenario by its path as written.
#[must_use]
pub fn read_sweep(name: &str, text: &str, files: &dyn Files) -> SweepReading {
    let mut sources = Sources::default();
    let source = sources.add(name, text);
    let sweep = yaml::parse(source, text, yaml::Limits::default())
        .and_then(|root| Reader { name, root: &root, files, problems: Vec::new() }.read());
    match sweep {
        Ok(sweep) => SweepReading { sweep: Some(sweep), problems: Problems::default(), sources },
        Err(problems) => SweepReading { sweep: None, problems: problems.into(), sources },
    }
}

/// A sweep file being read, with what is wrong so far.
struct Reader<'a> {
    name: &'a str,
    root: &'a Node,
    files: &'a dyn Files,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn read(mut self) -> Result<Sweep, Vec<Problem>> {
        self.check_version()?;
        // what is varied is read entry by entry, where a problem can be shown at its place
        let mut head = self.root.clone();
        let sections = ["vary", "derive"].map(|key| head.take(key));
        let form: SweepForm = decode(&head, "", &mut References::default())?;
        let [vary, derive] = sections;
        let factors = self.factors(vary.as_ref());
        let derived = self.derived(derive.as_ref(), &factors);
        let scenario = self.scenario(&form)?;
        let mut fixed: Vec<String> = Vec::new();
        fixed.extend(form.duration.map(|duration| format!("duration={duration}")));
        fixed.extend(form.set.iter().map(|(path, value)| format!("{path}={value}")));
        fixed.extend(self.objectives(&form, &scenario));
        self.check_paths(&form, &factors, &derived);
        let design = form.design.unwrap_or(Design::Grid);
        self.check_design(&design, &factors);
        self.check_counts(form.replications);
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let stated = scenario.0.get("seed").map(to_json).and_then(|seed| seed.as_u64());
        let mut sweep = Sweep {
            name: form.name.unwrap_or_else(|| stem(self.name)),
            summary: form.summary.unwrap_or_default(),
            scenario: form.scenario,
            scenario_text: scenario.1,
            said: to_json(self.root),
            scenario_said: to_json(&scenario.0),
            fixed,
            factors,
            derived,
            design,
            replications: form.replications.unwrap_or(REPLICATIONS),
            seed: form.seed.or(stated).unwrap_or(1),
            points: Vec::new(),
        };
        sweep.points = points::all(&sweep).map_err(|(path, message, remedy)| {
            self.tell(Code::BadValue, &path, (message, remedy));
            self.problems
        })?;
        Ok(sweep)
    }

    fn place(&self, path: &str) -> Place {
        self.root.get(path).map_or(self.root.place, |node| node.place)
    }

    fn tell(&mut self, code: Code, path: &str, (message, remedy): (String, String)) {
        let found = self.root.get(path);
        let mut problem = Problem::new(code, path, message).at(self.place(path));
        if let Some(node) = found.filter(|node| node.entries().is_empty()) {
            problem = problem.with_value(node.shown());
        }
        self.problems.push(problem.with_remedy(remedy));
    }

    fn check_version(&self) -> Result<(), Vec<Problem>> {
        let found = self.root.get("sweep");
        if found.is_some_and(|node| to_json(node) == serde_json::json!(VERSION)) {
            return Ok(());
        }
        let (message, place) = match found {
            Some(node) => (format!("sweep: {} is no version of this", node.shown()), node.place),
            None if self.root.get("busyhour").is_some() => {
                ("the file is a scenario, not a sweep of one".to_owned(), self.root.place)
            }
            None => ("the file does not say that it is a sweep".to_owned(), self.root.place),
        };
        let remedy = format!("begin it with sweep: {VERSION}, then scenario: FILE and vary:");
        Err(vec![Problem::new(Code::BadVersion, "sweep", message).at(place).with_remedy(remedy)])
    }

    /// The scenario's tree and text.
    fn scenario(&mut self, form: &SweepForm) -> Result<(Node, String), Vec<Problem>> {
        let text = self.files.read(&form.scenario).map_err(|why| {
            let message = format!("{} cannot be read: {why}", form.scenario);
            let remedy = "give a path relative to the sweep file".to_owned();
            self.tell(Code::UnreadableData, "scenario", (message, remedy));
            std::mem::take(&mut self.problems)
        })?;
        // what is wrong with it is told when its points are read
        let source = Sources::default().add(&form.scenario, text.as_str());
        let tree = yaml::parse(source, &text, yaml::Limits::default());
        Ok((tree.unwrap_or_else(|_| Node::empty_map(self.root.place)), text))
    }

    fn factors(&mut self, vary: Option<&Entry>) -> Vec<Factor> {
        let entries = vary.map_or(&[][..], |entry| entry.node.entries());
        let mut factors = Vec::new();
        for entry in entries {
            let path = inside("vary", &entry.key);
            match self.factor(entry, &path) {
                Ok(factor) => factors.push(factor),
                Err(more) => self.problems.extend(more),
            }
        }
        if entries.is_empty() {
            let message = "nothing is varied".to_owned();
            let remedy = "write vary: {nodes.web.workers: [4, 8, 16]}".to_owned();
            self.tell(Code::NothingToDo, "vary", (message, remedy));
        }
        factors
    }

    fn factor(&self, entry: &Entry, path: &str) -> Result<Factor, Vec<Problem>> {
        let wrong = |code, message: String, remedy: &str| {
            let problem = Problem::new(code, path, message).at(entry.node.place);
            vec![problem.with_value(entry.node.shown()).with_remedy(remedy)]
        };
        const FORMS: &str = "write a list like [4, 8, 16], or {from: 4, to: 16, steps: 3}";
        let name = entry.key.clone();
        if let Value::List(items) = &entry.node.value {
            if items.is_empty() {
                return Err(wrong(Code::BadValue, format!("{name} has no values"), FORMS));
            }
            let levels = Levels::Values(items.iter().map(to_json).collect());
            return Ok(Factor { paths: vec![name.clone()], name, levels });
        }
        if !matches!(entry.node.value, Value::Map(_)) {
            let found = entry.node.describe();
            let message = format!("{name} is {found}, but values are wanted");
            return Err(wrong(Code::WrongType, message, FORMS));
        }
        let form: FactorForm = decode_entry(entry, path, &mut References::default())?;
        let paths = form.paths.clone().unwrap_or_else(|| vec![name.clone()]);
        let levels = match (&form.values, &form.from, &form.to) {
            (Some(values), None, None) if !values.is_empty() => Levels::Values(values.clone()),
            (None, Some(from), Some(to)) => match range(from, to, &form) {
                Ok(range) => Levels::Range(range),
                Err((message, remedy)) => {
                    return Err(wrong(Code::BadValue, format!("{name}: {message}"), &remedy));
                }
            },
            _ => {
                let message = format!("{name} needs either values, or from and to");
                return Err(wrong(Code::MissingField, message, FORMS));
            }
        };
        Ok(Factor { name, paths, levels })
    }

    fn derived(&mut self, derive: Option<&Entry>, factors: &[Factor]) -> Vec<Derived> {
        let names: Vec<&str> = factors.iter().map(|factor| &*factor.name).collect();
        let mut all = Vec::new();
        for entry in derive.map_or(&[][..], |entry| entry.node.entries()) {
            let path = inside("derive", &entry.key);
            let written = match &entry.node.value {
                Value::Text(text) => Ok((text.clone(), String::new())),
                Value::Int(_) | Value::Float(_) => Ok((entry.node.shown(), String::new())),
                _ => decode_entry::<UnitForm>(entry, &path, &mut References::default())
                    .map(|form| (form.is, form.unit)),
            };
            let (text, unit) = match written {
                Ok(written) => written,
                Err(more) => {
                    self.problems.extend(more);
                    continue;
                }
            };
            match Expression::parse(&text, &names).and_then(|found| measured(found, factors)) {
                Ok(is) => all.push(Derived { path: entry.key.clone(), is, unit }),
                Err(wrong) => self.tell(Code::BadValue, &path, wrong),
            }
        }
        all
    }

    /// Objectives that are added behind those of the scenario.
    fn objectives(&mut self, form: &SweepForm, scenario: &(Node, String)) -> Vec<String> {
        let replaced = form.set.get("objectives").and_then(Json::as_array).map(Vec::len);
        let own = scenario.0.get("objectives").map_or(0, |list| list.items().len());
        let first = replaced.unwrap_or(own);
        for (index, text) in form.objectives.iter().enumerate() {
            if let Err(message) = Objective::parse(text) {
                let (message, remedy) = message.split_once(": ").unwrap_or((&message, ""));
                let wrong = (message.to_owned(), remedy.to_owned());
                self.tell(Code::BadObjective, &format!("objectives[{index}]"), wrong);
            }
        }
        let added = form.objectives.iter().enumerate();
        let quoted = |text: &String| Json::from(text.as_str());
        added.map(|(at, text)| format!("objectives[{}]={}", first + at, quoted(text))).collect()
    }

    /// Each path is well formed and set by one thing only.
    fn check_paths(&mut self, form: &SweepForm, factors: &[Factor], derived: &[Derived]) {
        let mut known: Vec<(String, String)> = Vec::new();
        let set = form.set.keys().map(|path| (inside("set", path), path));
        let varied = factors.iter().flat_map(|factor| {
            factor.paths.iter().map(|path| (inside("vary", &factor.name), path))
        });
        let derived = derived.iter().map(|one| (inside("derive", &one.path), &one.path));
        for (at, path) in set.chain(varied).chain(derived) {
            if let Err(error) = parse_path(path) {
                self.tell(Code::BadPath, &at, (error.message, error.remedy));
            } else if path == "seed" {
                let message = "all points share their luck, so the seed is none of them".to_owned();
                let remedy = "write seed: 7 at the top level of the sweep".to_owned();
                self.tell(Code::BadPath, &at, (message, remedy));
            } else if let Some((other, _)) = known.iter().find(|(_, known)| known == path) {
                let message = format!("{path} is set by {other} already");
                self.tell(Code::BadPath, &at, (message, "keep one of them".to_owned()));
            }
            known.push((at, path.clone()));
        }
    }

    fn check_counts(&mut self, replications: Option<u32>) {
        if replications.is_some_and(|n| !(1..=REPLICATIONS_MAX).contains(&n)) {
            let message = "that many replications cannot be played".to_owned();
            let remedy = format!("write 1 to {REPLICATIONS_MAX}");
            self.tell(Code::BadValue, "replications", (message, remedy));
        }
    }

    fn check_design(&mut self, design: &Design, factors: &[Factor]) {
        let Some(count) = design.count(factors) else {
            let open = factors.iter().filter(|factor| factor.steps().is_none());
            for name in open.map(|factor| factor.name.clone()).collect::<Vec<_>>() {
                let message = format!("{name} has no steps, so a grid cannot be made of it");
                let remedy = "add steps: 5, or write design: {latin-hypercube: {points: 20}}";
                self.tell(Code::MissingField, &inside("vary", &name), (message, remedy.to_owned()));
            }
            return;
        };
        if !(1..=POINTS_MAX).contains(&count) {
            let message = format!("{count} points are not 1 to {POINTS_MAX}");
            let remedy = "vary fewer values, or write design: {sobol: {points: 256}}".to_owned();
            self.tell(Code::TooBig, "design", (message, remedy));
        }
        let lengths: Vec<Option<usize>> = factors.iter().map(Factor::steps).collect();
        if *design == Design::List && lengths.windows(2).any(|two| two[0] != two[1]) {
            let each =
                factors.iter().map(|one| format!("{} {}", one.name, one.steps().unwrap_or(0)));
            let message =
                format!("the lists differ in length: {}", each.collect::<Vec<_>>().join(", "));
            let remedy = "give all as many values, or write design: grid".to_owned();
            self.tell(Code::BadValue, "design", (message, remedy));
        }
        let dimensions = match design {
            Design::Sobol(_) => factors.len(),
            Design::Saltelli(_) => 2 * factors.len(),
            _ => 0,
        };
        if dimensions > super::sobol::DIMENSIONS {
            let message = format!("it needs {dimensions} dimensions of a Sobol' sequence");
            let remedy = format!("there are {}: vary less", super::sobol::DIMENSIONS);
            self.tell(Code::TooBig, "design", (message, remedy));
        }
        if matches!(design, Design::Saltelli(Points { points: 0..=7 })) {
            let message = "so few base points say nothing of sensitivity".to_owned();
            let remedy = "write at least 8, better 64".to_owned();
            self.tell(Code::BadValue, "design", (message, remedy));
        }
    }
}

fn inside(section: &str, key: &str) -> String {
    let mut path = section.to_owned();
    push_step(&mut path, &Step::Key(key.to_owned()));
    path
}

/// A range from what was written.
fn range(from: &Json, to: &Json, form: &FactorForm) -> Result<Range, (String, String)> {
    let wrong = |message: &str, remedy: &str| Err((message.to_owned(), remedy.to_owned()));
    let (Some((low, unit)), Some((high, other))) = (number(from), number(to)) else {
        return wrong("from and to are not both numbers", "write {from: 10ms, to: 200ms}");
    };
    if unit != other {
        return wrong("from and to have different units", "write both in the same unit");
    }
    let log = form.log.unwrap_or(false);
    if low >= high {
        return wrong("from is not below to", "write the smaller one as from");
    }
    if log && low <= 0.0 {
        return wrong("equal ratios cannot begin at zero", "begin above 0, or leave log out");
    }
    let whole = from.is_i64() && to.is_i64();
    let room = if whole { (high - low) as u64 + 1 } else { u64::MAX };
    match form.steps {
        Some(0 | 1) => wrong("both ends are two steps already", "write steps: 2 or more"),
        Some(steps) if u64::from(steps) > room => {
            let remedy = format!("write steps: {room}, or 1.0 instead of 1 for fractions");
            Err((format!("there are only {room} whole numbers between"), remedy))
        }
        steps => {
            let range = Range { from: low, to: high, steps, log, whole, unit };
            match range.twice() {
                Some(value) => {
                    let message = format!("rounded to whole numbers its steps are {value} twice");
                    Err((message, "write fewer steps".to_owned()))
                }
                None => Ok(range),
            }
        }
    }
}

/// The expression, if all names in it have numbers of one unit each.
fn measured(is: Expression, factors: &[Factor]) -> Result<Expression, (String, String)> {
    for place in is.names() {
        if factors[place].unit().is_none() {
            let name = &factors[place].name;
            let message = format!("{name} has values that are not numbers of one unit");
            return Err((message, "write all of them in the same unit".to_owned()));
        }
    }
    Ok(is)
}

fn stem(name: &str) -> String {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    file.strip_suffix(".yaml").or_else(|| file.strip_suffix(".yml")).unwrap_or(file).to_owned()
}
