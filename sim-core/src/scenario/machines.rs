//! Machine types: cores, memory and dated list price by name, shipped as a YAML file with sources.

use super::problem::{Code, Place, Problem, SourceId};
use super::tree::Node;
use super::yaml;

const FILE: &str = include_str!("../../../models/machines/aws.yaml");
/// Hours of a month, as providers count them.
const MONTH_H: f64 = 730.0;
/// The dearest price that is not a mistake, USD/h.
const DEAREST: f64 = 1e6;

/// The file with every machine type, each number with its source.
#[must_use]
pub fn text() -> &'static str {
    FILE
}

/// A type of machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// Its name, as its provider writes it.
    pub name: String,
    /// Virtual cores.
    pub cores: u32,
    /// Memory, as written: `4GiB`.
    pub memory: String,
    /// What an instance of it costs, USD/h.
    pub usd_per_hour: f64,
}

/// Every machine type, in the order of the file.
#[must_use]
pub fn all() -> Vec<Machine> {
    let root = yaml::parse(SourceId(0), FILE, yaml::Limits::default());
    let machines = root.ok().and_then(|root| root.get("machines").cloned());
    let entries = machines.iter().flat_map(Node::entries);
    entries.filter_map(|entry| machine(&entry.key, &entry.node)).collect()
}

fn machine(name: &str, node: &Node) -> Option<Machine> {
    let value = |key: &str| {
        let value = node.get(key)?.get("value")?;
        Some(value.as_text().map_or_else(|| value.shown(), str::to_owned))
    };
    Some(Machine {
        name: name.to_owned(),
        cores: value("cores")?.parse().ok()?,
        memory: value("memory")?,
        usd_per_hour: price(&value("price")?).ok()?,
    })
}

/// The machine type of that name, or a problem with the nearest names.
pub(super) fn named(name: &str, path: &str, place: Place) -> Result<Machine, Box<Problem>> {
    let known = all();
    if let Some(machine) = known.iter().find(|machine| machine.name == name) {
        return Ok(machine.clone());
    }
    let names: Vec<&str> = known.iter().map(|machine| machine.name.as_str()).collect();
    let message = format!("\"{name}\" is no machine type");
    let problem = Problem::new(Code::UnknownModel, path, message).at(place).with_value(name);
    let problem = problem.with_nearest(name, &names);
    let more = "busyhour explain machines lists all; or write cores, memory and price yourself";
    let remedy = format!("{}; {more}", problem.remedy);
    Err(Box::new(problem.with_remedy(remedy)))
}

/// A price as a person writes it, in USD/h: `0.10 USD/h`, or `72 USD/month` of 730 hours.
///
/// # Errors
/// A sentence with the value and how to write it.
pub fn price(text: &str) -> Result<f64, String> {
    let wrong = || format!("\"{text}\" is no price: write it like 0.10 USD/h or 72 USD/month");
    let (number, unit) = text.trim().split_once(char::is_whitespace).ok_or_else(wrong)?;
    let hours = match unit.trim() {
        "USD/h" => 1.0,
        "USD/month" => MONTH_H,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let price = number / hours;
    if (0.0..=DEAREST).contains(&price) { Ok(price) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Bytes;

    #[test]
    fn every_machine_can_be_read_and_has_sources() {
        let root = yaml::parse(SourceId(0), FILE, yaml::Limits::default()).unwrap();
        let entries = root.get("machines").unwrap().entries();
        let machines = all();
        assert_eq!(machines.len(), entries.len());
        for (machine, entry) in machines.iter().zip(entries) {
            assert!(machine.cores >= 1 && machine.usd_per_hour > 0.0, "{machine:?}");
            assert!(machine.memory.parse::<Bytes>().is_ok_and(|bytes| bytes.bytes() > 0));
            for value in entry.node.entries() {
                for key in ["value", "unit", "source"] {
                    assert!(value.node.get(key).is_some(), "{}: {key}", entry.key);
                }
            }
        }
        let c7i = machines.iter().find(|machine| machine.name == "c7i.large").unwrap();
        assert_eq!((c7i.cores, &c7i.memory[..], c7i.usd_per_hour), (2, "4GiB", 0.0893));
    }

    #[test]
    fn the_ladder_doubles_cores_memory_and_price() {
        let machines = all();
        let find = |name: &str| machines.iter().find(|machine| machine.name == name).unwrap();
        for family in ["c6i", "c7i", "m5", "m6a", "m7i", "r5", "r7i"] {
            let (one, four) =
                (find(&format!("{family}.large")), find(&format!("{family}.2xlarge")));
            assert_eq!(four.cores, one.cores * 4);
            let bytes = |machine: &Machine| machine.memory.parse::<Bytes>().unwrap().bytes();
            assert_eq!(bytes(four), bytes(one) * 4);
            assert!((four.usd_per_hour / one.usd_per_hour - 4.0).abs() < 1e-9);
        }
    }

    #[test]
    fn prices_are_by_the_hour() {
        assert_eq!(price("0.10 USD/h"), Ok(0.1));
        assert_eq!(price("73 USD/month"), Ok(0.1));
        for wrong in ["0.10", "0.10 EUR/h", "-1 USD/h", "x USD/h", "1e9 USD/h", "inf USD/h", ""] {
            assert!(price(wrong).unwrap_err().contains("0.10 USD/h"), "{wrong}");
        }
    }
}
