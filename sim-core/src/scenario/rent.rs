//! What every node may say whatever it is: the machine that an instance runs on, and its price.

use serde::{Deserialize, Serialize};

use super::machines::{self, Machine};
use super::problem::{Code, Place, Problem};
use super::tree::{Entry, Node, Value};
use crate::components::manual::{Knob, manual};

/// What an instance of a part costs, and on what machine it runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rent {
    /// The machine type, where one is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// USD/h.
    pub usd_per_hour: f64,
}

/// A node's machine and price, taken out of its tree.
pub(super) struct Terms {
    machine: Option<(Machine, Entry)>,
    price: Option<f64>,
}

/// Takes `machine` and `price` out of a node's tree, which its component's form does not know.
pub(super) fn take(tree: &mut Node, path: &str) -> Result<Terms, Vec<Problem>> {
    let (mut machine, mut price) = (None, None);
    if let Some(entry) = tree.take("machine") {
        let path = format!("{path}.machine");
        let Some(name) = entry.node.as_text() else { return Err(not_a_name(&path, &entry)) };
        let found = machines::named(name, &path, entry.node.place);
        machine = Some((found.map_err(|problem| vec![*problem])?, entry));
    }
    if let Some(entry) = tree.take("price") {
        let read = machines::price(&word(&entry.node)).map_err(|why| {
            let (message, remedy) = why.split_once(": ").unwrap_or((&why, ""));
            let problem = Problem::new(Code::BadValue, format!("{path}.price"), message);
            vec![problem.at(entry.node.place).with_remedy(remedy)]
        });
        price = Some(read?);
    }
    Ok(Terms { machine, price })
}

/// A text or a number as it is written.
fn word(node: &Node) -> String {
    node.as_text().map_or_else(|| node.shown(), str::to_owned)
}

fn not_a_name(path: &str, entry: &Entry) -> Vec<Problem> {
    let message = format!("{path} is {}", entry.node.describe());
    let problem = Problem::new(Code::WrongType, path, message).at(entry.node.place);
    vec![problem.with_remedy("write the name of a machine type, like c7i.large")]
}

impl Machine {
    /// What an instance of it costs at its list price.
    pub(super) fn rent(&self) -> Rent {
        Rent { machine: Some(self.name.clone()), usd_per_hour: self.usd_per_hour }
    }
}

impl Terms {
    /// What is paid, if anything.
    pub(super) fn rent(&self) -> Option<Rent> {
        let machine = self.machine.as_ref().map(|(machine, _)| machine);
        let usd_per_hour = self.price.or(machine.map(|machine| machine.usd_per_hour))?;
        Some(Rent { machine: machine.map(|machine| machine.name.clone()), usd_per_hour })
    }

    /// What a form of the component takes over from the machine, if there is one.
    pub(super) fn form(&self, component: &str, written: &Node) -> Node {
        match &self.machine {
            Some((machine, entry)) => fields(machine, entry.node.place, (component, written)),
            None => Node::empty_map(written.place),
        }
    }
}

/// What a form takes over from a machine: its cores and its memory, where the component has such
/// knobs. A section `memory` in which `machine` stands for all there is, is filled in only where
/// it is written: without it memory plays no part.
pub(super) fn fields(machine: &Machine, place: Place, (component, written): (&str, &Node)) -> Node {
    let mut form = Node::empty_map(place);
    let knobs = manual(component).map_or(&[][..], |manual| &manual.knobs);
    let knows = |path: &str| knobs.iter().any(|knob: &Knob| knob.path == path);
    if knows("cores") {
        push(&mut form, "cores", Node::new(place, Value::Int(i128::from(machine.cores))));
    }
    let memory = Node::text(place, machine.memory.clone());
    if knows("memory.machine") {
        if matches!(written.get("memory").map(|node| &node.value), Some(Value::Map(_))) {
            let mut section = Node::empty_map(place);
            push(&mut section, "machine", memory);
            push(&mut form, "memory", section);
        }
    } else if knows("memory") {
        push(&mut form, "memory", memory);
    }
    form
}

fn push(map: &mut Node, key: &str, node: Node) {
    if let Value::Map(entries) = &mut map.value {
        entries.push(Entry { key: key.to_owned(), key_place: node.place, node });
    }
}
