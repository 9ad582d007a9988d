//! Faults in what many runs say together.

use super::Fault;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        file: "sim-core/src/experiment/statistics.rs",
        find: "        let error = (squares / (n - 1.0) / n).sqrt();",
        replace: "        let error = (squares / (n - 1.0) / (2.0 * n)).sqrt();",
        test: "experiments::intervals",
        why: "an interval that is too short promises what it does not keep",
    },
    Fault {
        file: "sim-core/src/experiment/compare.rs",
        find: "    let apart: Vec<f64> = pairs.iter().map(|(a, b)| b - a).collect();",
        replace: "    let apart: Vec<f64> = pairs.iter().map(|(a, _)| *a).collect();",
        test: "experiments::",
        why: "a difference is judged by the spread of differences",
    },
    Fault {
        file: "sim-core/src/experiment/statistics.rs",
        find: "        let error = first.0 + second.0;",
        replace: "        let error = first.0;",
        test: "experiments::variants",
        why: "both sides of a difference have luck of their own",
    },
    Fault {
        file: "sim-core/src/experiment/course.rs",
        find: "        self.squares += before * (value - self.mean);",
        replace: "        self.squares += before * before;",
        test: "sim-core experiment::course",
        why: "a band that is too wide hides what differs",
    },
    Fault {
        file: "sim-core/src/experiment/html/charts.rs",
        find: "        marks.append(&mut lines);",
        replace: "        lines.clear();",
        test: "sim-core experiment::html",
        why: "a chart without its lines shows nothing",
    },
    Fault {
        file: "sim-core/src/experiment/gate.rs",
        find: "            fails: objective.verdict != Surety::Held,",
        replace: "            fails: objective.verdict == Surety::Missed,",
        test: "experiments::an_objective",
        why: "a build does not pass by luck",
    },
    Fault {
        file: "sim-core/src/experiment/regression.rs",
        find: "        let worse = if difference.lower_is_better() { value } else { -value };",
        replace: "        let worse = value;",
        test: "experiments::a_regression",
        why: "fewer answers are worse, and more latency is",
    },
    Fault {
        file: "sim-core/src/experiment/replications.rs",
        find: "            [true, true] => Surety::Held,",
        replace: "            [true, _] => Surety::Held,",
        test: "experiments::an_objective",
        why: "what holds by luck does not pass for held",
    },
    Fault {
        file: "sim-core/src/experiment/inputs.rs",
        find: "        let half = t * (self.inputs + self.of_mean).sqrt();",
        replace: "        let half = t * self.of_mean.sqrt();",
        test: "experiments::what_is_not_known",
        why: "more runs do not make known what nobody knows",
    },
    Fault {
        file: "sim-core/src/experiment/inputs.rs",
        find: "u64::from(replication / PAIR as u32))",
        replace: "u64::from(replication))",
        test: "experiments::what_is_not_known",
        why: "inputs are told from luck by pairs that share the inputs",
    },
    Fault {
        file: "sim-core/src/experiment/warmup.rs",
        find: "const MARGIN: usize = 2;",
        replace: "const MARGIN: usize = 1;",
        test: "experiments::a_warm_up",
        why: "what is left of the beginning is less than the noise",
    },
    Fault {
        file: "sim-core/src/experiment/warmup.rs",
        find: "        if growth.low.is_none_or(|low| low > 0.0) {",
        replace: "        if growth.low.is_none() {",
        test: "experiments::what_grows",
        why: "what grows without end has no balance to wait for",
    },
];
