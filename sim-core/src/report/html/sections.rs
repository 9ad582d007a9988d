//! The page's texts and tables: the answer, objectives, where the time went, losses, nodes, origin.

use super::super::figures::{at, count, duration_ms, percent, significant};
use super::super::story::{meaning, words};
use super::super::{Latency, NodeReport, Report, Verdict};
use super::markup::Markup;

/// Lines of the account of time; what is left is one more line.
const ACCOUNT_MAX: usize = 10;

const ACCOUNT: [(&str, &str); 5] =
    [("", "node"), ("text", "doing"), ("", "time"), ("", "share"), ("", "")];
const LOSSES: [(&str, &str); 5] =
    [("", "cause"), ("text", "meaning"), ("", "requests"), ("", "of all"), ("", "")];
const NODES: [(&str, &str); 10] = [
    ("", "node"),
    ("text", "kind"),
    ("", "instances"),
    ("text", "resource"),
    ("", "places"),
    ("", "busy"),
    ("", "in line"),
    ("", "most"),
    ("", "wait"),
    ("", "lost"),
];

const COST: [(&str, &str); 7] = [
    ("", "node"),
    ("text", "machine"),
    ("", "USD/h each"),
    ("", "instances"),
    ("", "USD/h"),
    ("", "share"),
    ("", ""),
];

/// The answer in sentences, and the figures that a reader looks for first.
pub(super) fn answer(page: &mut Markup, report: &Report) {
    let (verdict, said) = report.verdict_said();
    let (class, sign) = match report.verdict {
        Verdict::Held => ("verdict held", "\u{2713}"),
        Verdict::Missed => ("verdict missed", "\u{2717}"),
        Verdict::NoObjectives => ("verdict", "?"),
    };
    if !report.summary.is_empty() {
        page.element("p", &[("class", "summary")], &report.summary);
    }
    page.open("p", &[("class", class)]);
    page.element("strong", &[], &format!("{sign} {verdict}"));
    page.element("span", &[], &said);
    page.close();
    page.open("dl", &[("class", "story")]);
    for (label, text) in report.story() {
        page.term(label, &report.sentence(&text));
    }
    page.close();
    tiles(page, report);
}

fn tiles(page: &mut Markup, report: &Report) {
    let lost = report.requests.failed as f64 / report.requests.issued.max(1) as f64;
    let latency = |value: Option<f64>| value.map_or("-".to_owned(), duration_ms);
    page.open("ul", &[("class", "tiles")]);
    let mut tile = |value: &str, label: &str| {
        page.open("li", &[]);
        page.element("b", &[], value);
        page.element("span", &[], label);
        page.close();
    };
    tile(&count(report.requests.issued), "requests");
    tile(&percent(lost), "lost");
    tile(&format!("{}/s", significant(report.goodput_rps)), "answered");
    tile(&latency(report.latency_ms.p50), "p50 latency");
    tile(&latency(report.latency_ms.p95), "p95 latency");
    tile(&latency(report.latency_ms.p99), "p99 latency");
    if let Some(orders) = &report.orders {
        tile(&significant(orders.usd_lost), "USD of orders lost");
    }
    if let Some(cost) = &report.cost {
        tile(&significant(cost.usd_per_hour), "USD per hour");
        let each = cost.usd_per_1000_good.map_or("-".to_owned(), significant);
        tile(&each, "USD / 1,000 good");
    }
    page.close();
}

/// Verdict by objective.
pub(super) fn objectives(page: &mut Markup, report: &Report) {
    if report.objectives.is_empty() {
        return;
    }
    page.open("section", &[("id", "objectives")]);
    page.element("h2", &[], "Objectives");
    let mut table =
        Table::new(page, &[("", "objective"), ("", ""), ("", "measured"), ("text", "broken")]);
    for objective in &report.objectives {
        let (class, verdict) =
            if objective.held { ("held", "\u{2713} held") } else { ("missed", "\u{2717} missed") };
        let value = objective.value.map_or("nothing to measure".into(), |v| objective.unit.say(v));
        let stretches: Vec<String> = objective
            .broken
            .iter()
            .map(|breach| {
                let until = if breach.to_the_end { "the end".into() } else { at(breach.end_s) };
                format!("{} to {until}", at(breach.start_s))
            })
            .collect();
        let mut broken = stretches.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        if stretches.len() > 3 {
            broken.push_str(&format!(" and {} more times", stretches.len() - 3));
        }
        table.row(&objective.expression, &[(class, verdict), ("", &value), ("text", &broken)]);
    }
    table.end();
    page.close();
}

/// A table whose rows begin with a name.
pub(crate) struct Table<'a> {
    page: &'a mut Markup,
}

impl<'a> Table<'a> {
    /// An empty table; columns of the class `text` are aligned left.
    pub(crate) fn new(page: &'a mut Markup, header: &[(&str, &str)]) -> Self {
        page.open("div", &[("class", "wide"), ("tabindex", "0")]);
        page.open("table", &[]);
        page.open("tr", &[]);
        for (class, name) in header {
            page.element("th", &[("scope", "col"), ("class", class)], name);
        }
        page.close();
        Table { page }
    }

    /// A row; each cell with its class.
    pub(crate) fn row(&mut self, name: &str, cells: &[(&str, &str)]) {
        self.page.open("tr", &[]);
        self.page.element("th", &[("scope", "row")], name);
        for (class, text) in cells {
            self.page.element("td", &[("class", class)], text);
        }
        self.page.close();
    }

    /// A row whose last cell is a bar, of a share of 1.
    pub(crate) fn bar(&mut self, name: &str, cells: &[(&str, &str)], share: f64) {
        self.page.open("tr", &[]);
        self.page.element("th", &[("scope", "row")], name);
        for (class, text) in cells {
            self.page.element("td", &[("class", class)], text);
        }
        self.page.open("td", &[("class", "bar")]);
        let style = format!("width:{:.1}%", share.clamp(0.0, 1.0) * 100.0);
        self.page.element("i", &[("style", &style)], "");
        self.page.close();
        self.page.close();
    }

    pub(crate) fn end(self) {
        self.page.close();
        self.page.close();
    }
}

/// Where the time of all requests went.
pub(super) fn account(page: &mut Markup, report: &Report) {
    let Some(each) = report.time.ms_per_completed else { return };
    page.open("section", &[("id", "time")]);
    page.element("h2", &[], "Where the time went");
    let lost = if report.requests.failed > 0 { ", what was lost included" } else { "" };
    page.element("p", &[], &format!("{} per answered request{lost}.", duration_ms(each)));
    let mut table = Table::new(page, &ACCOUNT);
    let mut entries = report.time.entries.iter();
    for entry in entries.by_ref().take(ACCOUNT_MAX) {
        let ms = entry.ms_per_completed.map_or(String::new(), duration_ms);
        let cells = [("text", &entry.doing[..]), ("", &ms), ("", &percent(entry.share))];
        table.bar(&entry.node, &cells, entry.share);
    }
    let rest: f64 = entries.map(|entry| entry.share).sum();
    if rest > 0.0 {
        let ms = duration_ms(each * rest);
        table.bar("the rest", &[("text", ""), ("", &ms), ("", &percent(rest))], rest);
    }
    table.end();
    page.close();
}

/// What requests were lost to.
pub(super) fn losses(page: &mut Markup, report: &Report) {
    let causes = report.causes();
    if causes.is_empty() {
        return;
    }
    page.open("section", &[("id", "lost")]);
    page.element("h2", &[], "Losses by cause");
    let mut table = Table::new(page, &LOSSES);
    for (cause, n) in causes {
        let share = n as f64 / report.requests.issued.max(1) as f64;
        let (n, of_all) = (count(n), percent(share));
        let cells = [("text", meaning(cause)), ("", &n[..]), ("", &of_all[..])];
        let of_losses = share * report.requests.issued as f64 / report.requests.failed as f64;
        table.bar(&words(cause), &cells, of_losses);
    }
    table.end();
    page.close();
}

/// Latencies by class of requests.
pub(super) fn classes(page: &mut Markup, report: &Report) {
    page.open("section", &[("id", "classes")]);
    page.element("h2", &[], "Latency by class of requests");
    let header =
        ["class", "asked", "lost", "answered", "mean", "p50", "p95", "p99", "p99.9", "max"];
    let mut table = Table::new(page, &header.map(|name| ("", name)));
    let mut row = |name: &str, (issued, lost): (u64, u64), rate: f64, l: &Latency| {
        let mut cells = vec![count(issued), count(lost), format!("{}/s", significant(rate))];
        for value in [l.mean, l.p50, l.p95, l.p99, l.p999, l.max] {
            cells.push(value.map_or("-".to_owned(), duration_ms));
        }
        let cells: Vec<(&str, &str)> = cells.iter().map(|cell| ("", &cell[..])).collect();
        table.row(name, &cells);
    };
    for (name, class) in &report.classes {
        let requests = (class.requests.issued, class.requests.failed);
        row(name, requests, class.goodput_rps, &class.latency_ms);
    }
    if report.classes.len() > 1 {
        let requests = (report.requests.issued, report.requests.failed);
        row("all", requests, report.goodput_rps, &report.latency_ms);
    }
    table.end();
    page.close();
}

/// Nodes with their resources: how busy, how long the line, how long the wait.
pub(super) fn nodes(page: &mut Markup, report: &Report) {
    page.open("section", &[("id", "nodes")]);
    page.element("h2", &[], "Nodes");
    let mut table = Table::new(page, &NODES);
    for (name, node) in &report.nodes {
        let mut first = (name.clone(), node.kind.clone(), instances(node));
        if node.resources.is_empty() {
            table.row(name, &[("text", &node.kind), ("", &first.2)]);
        }
        for (resource, figures) in &node.resources {
            let limited = figures.capacity > 0.0;
            let dash = |text: String| if limited { text } else { "-".to_owned() };
            let (name, kind, instances) = std::mem::take(&mut first);
            let cells = [
                ("text", kind),
                ("", instances),
                ("text", resource.clone()),
                ("", dash(significant(figures.capacity))),
                ("", dash(percent(figures.utilisation))),
                ("", significant(figures.queue_mean)),
                ("", count(u64::from(figures.queue_max))),
                ("", figures.wait_ms_mean.map_or("-".to_owned(), duration_ms)),
                ("", count(figures.turned_away)),
            ];
            let cells: Vec<(&str, &str)> =
                cells.iter().map(|(class, text)| (*class, &text[..])).collect();
            table.row(&name, &cells);
        }
    }
    table.end();
    page.close();
}

fn instances(node: &NodeReport) -> String {
    let all = node.instances;
    if all.min == all.max { all.end.to_string() } else { format!("{} to {}", all.min, all.max) }
}

/// What each node costs.
pub(super) fn cost(page: &mut Markup, report: &Report) {
    let Some(cost) = &report.cost else { return };
    page.open("section", &[("id", "cost")]);
    page.element("h2", &[], "Cost");
    let mut table = Table::new(page, &COST);
    for (name, node) in &cost.nodes {
        let cells = [
            ("text", node.paid_for()),
            ("", node.or_dash(significant(node.usd_per_instance_hour))),
            ("", node.or_dash(significant(node.instances_mean))),
            ("", significant(node.usd_per_hour)),
            ("", percent(node.share)),
        ];
        let cells: Vec<(&str, &str)> =
            cells.iter().map(|(class, text)| (*class, &text[..])).collect();
        table.bar(name, &cells, node.share);
    }
    table.end();
    let how = "Time in service times the price, after the warm-up; an instance is billed for a \
               minute at least; traffic by what left over lines with a price. Boot before service \
               and storage are not in it.";
    page.element("p", &[("class", "note")], how);
    if !cost.not_priced.is_empty() {
        let names = cost.not_priced.join(", ");
        page.element("p", &[("class", "note")], &format!("Without a price: {names}."));
    }
    page.close();
}

/// Where the report comes from, and how to repeat the run.
pub(super) fn origin(page: &mut Markup, report: &Report) {
    page.open("section", &[("id", "origin")]);
    page.element("h2", &[], "This run");
    if let Some(command) = &report.command {
        page.element("p", &[], "The same run again, to the last bit:");
        page.open("pre", &[]);
        page.element("code", &[], command);
        page.close();
    }
    page.open("dl", &[("class", "facts")]);
    let mut fact = |name: &str, value: &str| page.term(name, value);
    fact("simulated", &at(report.simulated_s));
    if report.warmup_s > 0.0 {
        fact("warm-up, not measured", &at(report.warmup_s));
    }
    fact("Busyhour", &report.version);
    fact("scenario", &report.scenario_hash);
    fact("seed", &report.seed.to_string());
    fact("digest", &report.digest);
    fact("events", &count(report.engine.events));
    if let Some(cpu) = report.engine.cpu_seconds {
        fact("CPU time", &duration_ms(cpu * 1e3));
    }
    page.close();
    let limits = "A simulation of one draw of luck: repeat it with other seeds before a decision \
                  rests on it. Rates, latencies and utilisations leave the warm-up out; counts of \
                  requests are of the whole run.";
    page.element("p", &[("class", "note")], limits);
    page.close();
}
