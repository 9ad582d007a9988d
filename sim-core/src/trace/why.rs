//! What the time of many requests was spent on, from the critical paths of some.

use std::collections::BTreeMap;

use super::critical::{Spent, critical_path};
use super::names::Names;
use super::scout::{self, Found};
use crate::engine::record::{End, Identity, Record};
use crate::report::{ClassShare, Population, TimeShare};

/// Everybody, and the slowest.
pub(super) fn why(found: &Found, records: &[Record], names: &Names) -> (Population, Population) {
    let known: BTreeMap<Identity, &Record> =
        records.iter().map(|record| (record.end.identity(), record)).collect();
    let of = |all: &scout::Population| population(all, &known, names);
    (of(&found.everybody), of(&found.slowest))
}

fn population(
    all: &scout::Population,
    known: &BTreeMap<Identity, &Record>,
    names: &Names,
) -> Population {
    let mut sums: BTreeMap<_, u128> = BTreeMap::new();
    let sample = all.sample.iter().map(End::identity);
    let sample: Vec<&Record> = sample.filter_map(|of| known.get(&of).copied()).collect();
    for piece in sample.iter().flat_map(|record| critical_path(record)) {
        *sums.entry(names.cause(&piece)).or_default() += u128::from(piece.to - piece.from);
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|&(_, ns)| std::cmp::Reverse(ns));
    let total: u128 = sums.iter().map(|(_, ns)| ns).sum();
    let each = |ns: u128| ns as f64 / 1e6 / sample.len().max(1) as f64;
    let shares = sums.iter().map(|&((part, spent, resource), ns)| TimeShare {
        node: names.part(part).to_owned(),
        doing: doing(spent).to_owned(),
        resource: resource.map(str::to_owned),
        share: ns as f64 / total as f64,
        ms: each(ns),
    });
    Population {
        requests: all.requests,
        sampled: sample.len() as u64,
        from_ms: all.least as f64 / 1e6,
        mean_ms: each(total),
        shares: shares.collect(),
        classes: classes(&sample, names),
    }
}

/// Of which classes requests are.
fn classes(sample: &[&Record], names: &Names) -> Vec<ClassShare> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for record in sample {
        *counts.entry(names.class(&record.end)).or_default() += 1;
    }
    let mut counts: Vec<(&str, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|&(_, n)| std::cmp::Reverse(n));
    let share = |n: u64| n as f64 / sample.len() as f64;
    let classes = counts.into_iter();
    classes.map(|(class, n)| ClassShare { class: class.to_owned(), share: share(n) }).collect()
}

/// The name in reports.
pub(super) fn doing(spent: Spent) -> &'static str {
    match spent {
        Spent::Waiting => "waiting",
        Spent::Working => "working",
        Spent::Travelling => "travelling",
        Spent::Away => "away",
        Spent::Retrying => "retrying",
        Spent::Lost => "lost",
    }
}
