//! Warnings about parts that are right by themselves and do not fit together.

use super::check::Graph;
use super::parts::ReadPart;
use super::plan::Blueprint;
use super::problem::{Code, Problem};
use crate::components::Limits;
use crate::units::Duration;

/// Warns of pools that add up to more than a server accepts, and of timeouts that fire when those
/// who asked have gone.
pub(super) fn check(
    graph: &Graph,
    parts: &[ReadPart],
    blueprint: &Blueprint,
    problems: &mut Vec<Problem>,
) {
    let limits: Vec<Limits> = blueprint.parts.iter().map(|part| part.form.limits()).collect();
    for (at, own) in limits.iter().enumerate() {
        let found = pools(&limits, blueprint, (at, own)).into_iter();
        let found = found.chain(timeouts(&limits, (parts, graph), (at, own)));
        problems.extend(found.map(|(code, message, remedy)| {
            Problem::new(code, parts[at].path.clone(), message)
                .at(parts[at].place)
                .with_remedy(remedy)
        }));
    }
}

type Finding = (Code, String, String);

/// All pools before a server, with every instance that there can be.
fn pools(limits: &[Limits], blueprint: &Blueprint, (at, own): (usize, &Limits)) -> Option<Finding> {
    let accepts = own.accepts?;
    let name = &blueprint.parts[at].name;
    let mut all = 0;
    let mut sums = Vec::new();
    for (part, limits) in blueprint.parts.iter().zip(limits) {
        for (_, each) in limits.opens.iter().filter(|(to, _)| to == name) {
            let instances = u64::from(part.prepared);
            all += each * instances;
            sums.push(match instances {
                1 => format!("{} {each}", part.name),
                _ => format!("{} {instances} x {each}", part.name),
            });
        }
    }
    (all > accepts).then(|| {
        let sums = sums.join(" + ");
        let message =
            format!("pools may open {all} connections ({sums}) to {name}, which accepts {accepts}");
        let remedy = "make the pools smaller, put a shared pool before it, or accept more";
        (Code::PoolArithmetic, message, remedy.to_owned())
    })
}

/// Timeouts on the way of users who leave before these fire.
fn timeouts(
    limits: &[Limits],
    (parts, graph): (&[ReadPart], &Graph),
    (at, own): (usize, &Limits),
) -> Option<Finding> {
    let leaves = own.leaves_after?;
    let late: Vec<String> = graph
        .reach(at)
        .into_iter()
        .flat_map(|to| limits[to].waits.iter().map(move |wait| (to, wait)))
        .filter(|(_, (_, wait))| *wait > leaves)
        .map(|(to, (field, wait))| format!("{}.{field} {}", parts[to].name, Duration(*wait)))
        .collect();
    (!late.is_empty()).then(|| {
        let (name, leaves, late) = (&parts[at].name, Duration(leaves), late.join(", "));
        let message = format!(
            "{name} have gone after about {leaves}, before these timeouts fire: {late}; until then \
             the work goes on for nobody"
        );
        (Code::TimeoutOrder, message, format!("make them shorter than {leaves}"))
    })
}
