//! The scenario as a picture: who leads to whom, and how full each part is at a time.

mod flow;
mod layout;

use std::collections::BTreeSet;

use sim_core::figures::significant;
use sim_core::{Report, Unit};

use self::flow::{Flow, begins};
use self::layout::{Direction, Layout, Line, Wiring, layout};
pub use self::layout::{HIGH, WIDE};
use crate::protocol::Part;
use crate::rows::{Column, Table};

/// From here on a resource counts as full.
const FULL: f64 = 0.9;
/// Below this nobody stands in line worth telling.
const NOBODY: f64 = 0.5;
/// Width of an edge that nothing goes over, and of the busiest one.
const THIN: f64 = 1.5;
const THICK: f64 = 7.0;
/// The shortest and the longest time between two dots, s.
const SOONEST_S: f64 = 0.12;
const RAREST_S: f64 = 30.0;
/// One time between dots to the next shorter one.
const STEP: f64 = 1.5;

/// Where the parts of a scenario stand: computed once, so that nothing jumps while it runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map {
    right: Layout,
    down: Layout,
    watches: Vec<bool>,
}

/// What is drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// Its width, in pixels where there is room.
    pub width: f64,
    /// Its height.
    pub height: f64,
    /// Every part, in the order of the scenario.
    pub nodes: Vec<Node>,
    /// Who leads to whom.
    pub edges: Vec<Edge>,
    /// Requests for which one dot on an edge stands.
    pub dot: f64,
}

/// Where boxes and ways are, whatever goes over them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    /// Its width, in pixels where there is room.
    pub width: f64,
    /// Its height.
    pub height: f64,
    /// The upper left corner of every part, in the order of the scenario.
    pub corners: Vec<(f64, f64)>,
    /// Every way: its course, and whether no requests go there.
    pub ways: Vec<(String, bool)>,
}

/// A part; all its instances are one box.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its place in the scenario, like `nodes.web`.
    pub path: String,
    /// Its component.
    pub component: String,
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Instances in service; `None` where nothing is known yet or there are none to count.
    pub instances: Option<u32>,
    /// The resource that is held most, and how much of it, 0 to 1.
    pub fullest: Option<(String, f64)>,
    /// How many stand in line on average, all lines together.
    pub queue: f64,
    /// Names of the parts that it leads to.
    pub to: Vec<String>,
    /// Requests a second that come to it or, of users, that they begin.
    pub rate: f64,
    /// Requests a second that leave it unanswered, by reason, the most frequent first.
    pub lost: Vec<(String, f64)>,
}

/// A way from a part to another one.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Index of the part that it comes from.
    pub from: usize,
    /// Index of the part that it leads to.
    pub to: usize,
    /// Whether no requests go there: the one looks after the other.
    pub watches: bool,
    /// Its course, as SVG writes a path.
    pub course: String,
    /// Requests a second that go over it.
    pub rate: f64,
    /// Its width in the picture.
    pub wide: f64,
    /// From one dot to the next, in seconds that it takes them; `None` where hardly any go.
    pub every_s: Option<f64>,
    /// What it is, in words.
    pub said: String,
}

impl Map {
    /// Places for the parts.
    #[must_use]
    pub fn of(parts: &[Part]) -> Self {
        let watches: Vec<bool> = parts.iter().map(watches).collect();
        let targets = |part: &Part| -> BTreeSet<usize> {
            part.calls.iter().map(|&to| to as usize).filter(|&to| to < parts.len()).collect()
        };
        let wiring = Wiring {
            to: parts.iter().map(targets).collect(),
            begins: parts.iter().map(|part| part.path.starts_with("users.")).collect(),
            watches: watches.clone(),
        };
        let [right, down] = [Direction::Right, Direction::Down].map(|way| layout(&wiring, way));
        Map { right, down, watches }
    }

    /// The layout that is larger where there is only so much room from side to side, pixels.
    fn layout(&self, room: f64) -> &Layout {
        if self.right.width <= room || self.right.width <= self.down.width {
            &self.right
        } else {
            &self.down
        }
    }

    /// The picture of no moment, where there is so much room from side to side, pixels.
    #[must_use]
    pub fn outline(&self, room: f64) -> Outline {
        let Layout { direction, width, height, corners, lines } = self.layout(room);
        let way = |line: &Line| (course(line, *direction), self.watches[line.from]);
        Outline {
            width: *width,
            height: *height,
            corners: corners.clone(),
            ways: lines.iter().map(way).collect(),
        }
    }

    /// The picture of a moment, s: the frame in which it lies. There is so much room from side to
    /// side, pixels.
    #[must_use]
    pub fn picture(
        &self,
        parts: &[Part],
        report: &Report,
        (table, at_s): (&Table, f64),
        room: f64,
    ) -> Picture {
        let Layout { direction, width, height, corners, lines } = self.layout(room);
        let row = table.row_at(at_s);
        let flow = Flow::at(report, table, at_s);
        let groups = parts.iter().filter(|part| begins(part)).count();
        let node = |(part, corner): (&Part, &(f64, f64))| Node {
            rate: flow.as_ref().map_or(0.0, |flow| flow.arrives(part)),
            lost: flow.as_ref().map_or(Vec::new(), |flow| flow.lost(part, groups)),
            to: part
                .calls
                .iter()
                .filter_map(|&to| Some(parts.get(to as usize)?.name.clone()))
                .collect(),
            ..node(part, *corner, report, row.map(|row| (table, row)))
        };
        let rate = |line: &Line| match &flow {
            Some(flow) if !self.watches[line.from] => flow.over(line, parts, lines),
            _ => 0.0,
        };
        let rates: Vec<f64> = lines.iter().map(rate).collect();
        let most = rates.iter().copied().fold(0.0, f64::max);
        let dot = flow.as_ref().map_or(0.0, Flow::dot);
        let edge = |(line, &rate): (&Line, &f64)| Edge {
            from: line.from,
            to: line.to,
            watches: self.watches[line.from],
            course: course(line, *direction),
            rate,
            wide: THIN + (THICK - THIN) * if most > 0.0 { (rate / most).sqrt() } else { 0.0 },
            every_s: if rate > 0.0 { every_s(dot / rate) } else { None },
            said: said(&parts[line.from], &parts[line.to], rate),
        };
        Picture {
            width: *width,
            height: *height,
            nodes: parts.iter().zip(corners).map(node).collect(),
            edges: lines.iter().zip(&rates).map(edge).collect(),
            dot,
        }
    }
}

/// An edge in words.
fn said(from: &Part, to: &Part, rate: f64) -> String {
    let (from, to) = (&from.name, &to.name);
    if rate > 0.0 {
        format!("{from} to {to}: {}", per_second(rate))
    } else {
        format!("{from} to {to}")
    }
}

fn per_second(rate: f64) -> String {
    Unit::PerSecond.say(rate)
}

/// Seconds between two dots, in steps so that dots do not jump whenever a rate changes a little.
fn every_s(seconds: f64) -> Option<f64> {
    let mut step_s = SOONEST_S;
    while step_s * STEP <= seconds {
        step_s *= STEP;
    }
    (step_s <= RAREST_S).then_some(step_s)
}

/// Whether a part sends no requests and serves none.
fn watches(part: &Part) -> bool {
    !part.path.starts_with("users.") && !part.path.starts_with("nodes.")
}

/// A box with what its frame tells.
fn node(part: &Part, (x, y): (f64, f64), report: &Report, row: Option<(&Table, usize)>) -> Node {
    let name = &part.name[..];
    let value = |column| row.and_then(|(table, row)| table.value(row, column));
    let serves = part.path.starts_with("nodes.");
    let instances = value(Column::Instances(name)).filter(|_| serves).map(|n| n as u32);
    let (mut fullest, mut queue): (Option<(String, f64)>, f64) = (None, 0.0);
    for resource in report.nodes.get(name).iter().flat_map(|node| node.resources.keys()) {
        let held = value(Column::Utilisation(name, resource));
        if let Some(held) = held.filter(|held| fullest.as_ref().is_none_or(|(_, most)| held > most))
        {
            fullest = Some((resource.clone(), held));
        }
        queue += value(Column::Queue(name, resource)).unwrap_or(0.0);
    }
    let (path, component) = (part.path.clone(), part.component.clone());
    let name = name.to_owned();
    Node { name, path, component, x, y, instances, fullest, queue, ..Node::default() }
}

/// A line as SVG writes it: straight where it meets boxes, curved between the layers.
fn course(line: &Line, direction: Direction) -> String {
    let write = |along: f64, across: f64| {
        let (x, y) = direction.point((along, across));
        format!("{x:.1} {y:.1}")
    };
    // along and across: the way that requests go, whichever it is
    let points: Vec<(f64, f64)> = line.points.iter().map(|point| direction.point(*point)).collect();
    let mut course = format!("M{}", write(points[0].0, points[0].1));
    for (step, pair) in points.windows(2).enumerate() {
        let ((from, side), (to, next)) = (pair[0], pair[1]);
        let middle = f64::midpoint(from, to);
        course += &match (line.back, step % 2) {
            (true, _) => {
                let dip = side.max(next) + 30.0;
                let (on, before) = (write(from + 20.0, dip), write(to - 20.0, dip));
                format!("C{on} {before} {}", write(to, next))
            }
            (false, 1) => format!("L{}", write(to, next)),
            (false, _) => {
                let (level, risen) = (write(middle, side), write(middle, next));
                format!("C{level} {risen} {}", write(to, next))
            }
        };
    }
    course
}

impl Node {
    /// Whether its fullest resource is as good as full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.fullest.as_ref().is_some_and(|(_, held)| *held >= FULL)
    }

    /// Whether none of its instances is in service.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.instances == Some(0)
    }

    /// What it is and how many of them.
    #[must_use]
    pub fn kind(&self) -> String {
        match self.instances {
            Some(0) => format!("{}, none up", self.component),
            None | Some(1) => self.component.clone(),
            Some(many) => format!("{} \u{d7} {many}", self.component),
        }
    }

    /// Its fullest resource and how full that is.
    #[must_use]
    pub fn held(&self) -> Option<String> {
        let (resource, held) = self.fullest.as_ref()?;
        Some(format!("{resource} {}", Unit::say(Unit::Share, *held)))
    }

    /// How many stand in line, where anybody does.
    #[must_use]
    pub fn in_line(&self) -> Option<String> {
        (self.queue >= NOBODY).then(|| format!("{} in line", significant(self.queue)))
    }

    /// What leaves it unanswered, where anything does: the most frequent reason.
    #[must_use]
    pub fn loses(&self) -> Option<String> {
        let all: f64 = self.lost.iter().map(|(_, rate)| rate).sum();
        let (reason, _) = self.lost.first()?;
        let more = if self.lost.len() > 1 { " and more" } else { "" };
        Some(format!("{} {reason}{more}", per_second(all)))
    }

    /// All of it in words.
    #[must_use]
    pub fn said(&self) -> String {
        let to = (!self.to.is_empty()).then(|| format!("leads to {}", self.to.join(", ")));
        let comes = (self.rate > 0.0).then(|| per_second(self.rate));
        let name = self.name.clone();
        let all = [Some(name), Some(self.kind()), self.held(), self.in_line(), self.loses(), comes];
        // what stands in the picture is said once more if it is a sum
        let each = self.lost.iter().filter(|_| self.lost.len() > 1);
        let lost = each.map(|(why, rate)| Some(format!("{}: {why}", per_second(*rate))));
        all.into_iter().chain(lost).chain([to]).flatten().collect::<Vec<String>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Answer, Command};
    use crate::rows::Layout as Columns;
    use crate::session::Session;
    use crate::session::tests::{OVERLOADED, played, played_text, text};

    fn parts(name: &str) -> Vec<Part> {
        let load = Command::Load { name: name.to_owned(), text: text(name), seed: None };
        let answers = Session::default().obey(load, 0.0);
        let Answer::Loaded(_, parts, _) = &answers[0] else { panic!("{answers:?}") };
        parts.clone()
    }

    fn table(report: &Report) -> Table {
        let layout = Columns::of(report);
        let mut rows = Vec::new();
        for frame in report.frames.as_ref().unwrap() {
            layout.push(frame, &Vec::new(), &mut rows);
        }
        let mut table = Table::new(layout);
        table.take(0, &rows);
        table
    }

    #[test]
    fn every_part_is_a_box_and_its_lines_lead_where_requests_go() {
        let parts = parts("black-friday");
        let report = played("four-workers-forty-rps");
        let picture = Map::of(&parts).picture(&parts, &report, (&Table::default(), 0.0), 1_240.0);
        let names: Vec<&str> = picture.nodes.iter().map(|node| &node.name[..]).collect();
        assert_eq!(names.len(), parts.len());
        let mut leads: Vec<(&str, &str, bool)> = Vec::new();
        for edge in &picture.edges {
            assert!(edge.course.starts_with('M'));
            leads.push((names[edge.from], names[edge.to], edge.watches));
        }
        leads.sort_unstable();
        let wanted = [
            ("autoscale:web", "web", true),
            ("internet", "lb", false),
            ("lb", "web", false),
            ("shoppers", "internet", false),
            ("web", "db", false),
            ("web", "payment", false),
            ("web", "redis", false),
        ];
        assert_eq!(leads, wanted);
        let x = |name: &str| picture.nodes.iter().find(|node| node.name == name).unwrap().x;
        assert!(x("shoppers") < x("internet") && x("lb") < x("web") && x("web") < x("db"));
        assert_eq!(x("autoscale:web"), x("lb"));
    }

    #[test]
    fn a_box_tells_of_its_frame_and_stays_where_it_is() {
        let name = "cores-and-the-gil";
        let (parts, report) = (parts(name), played(name));
        let (map, table) = (Map::of(&parts), table(&report));
        let (mut lines, mut inner) = (0, 0);
        let first = map.picture(&parts, &report, (&table, 0.0), 1_240.0);
        for frame in report.frames.iter().flatten().step_by(7) {
            let at_s = (frame.start_s + frame.end_s) / 2.0;
            let picture = map.picture(&parts, &report, (&table, at_s), 1_240.0);
            for (node, before) in picture.nodes.iter().zip(&first.nodes) {
                assert_eq!((node.x, node.y), (before.x, before.y));
                let Some(part) = frame.parts.get(&node.name) else { continue };
                let held = || part.resources.iter().map(|(name, one)| (&name[..], one.utilisation));
                let most = held().map(|(_, held)| held).fold(0.0, f64::max);
                assert_eq!(node.fullest.as_ref().map_or(0.0, |(_, held)| *held), most);
                let named = node.fullest.as_ref().map(|(name, held)| (&name[..], *held));
                assert!(named.is_none_or(|named| held().any(|held| held == named)));
                let queue: f64 = part.resources.values().map(|one| one.queue_mean).sum();
                assert_eq!((node.queue, node.is_full()), (queue, most >= FULL));
                lines += usize::from(node.in_line().is_some());
                inner += usize::from(held().next().is_some_and(|(_, first)| first < most));
            }
        }
        assert!(lines > 0 && inner > 0, "{lines} {inner}");
    }

    #[test]
    fn requests_flow_over_the_edges_and_are_lost_with_their_reason() {
        let report = played_text("small", OVERLOADED);
        let load = Command::Load { name: "small".into(), text: OVERLOADED.into(), seed: None };
        let answers = Session::default().obey(load, 0.0);
        let Answer::Loaded(_, parts, _) = &answers[0] else { panic!("{answers:?}") };
        let (map, table) = (Map::of(parts), table(&report));
        let at_s = report.duration_s / 3.0;
        let picture = map.picture(parts, &report, (&table, at_s), 1_240.0);
        let row = table.row_at(at_s).unwrap();
        let frames = &report.frames.as_ref().unwrap()[row - 4..=row];
        let span_s = frames[4].end_s - frames[0].start_s;
        let rate = |of: &dyn Fn(&sim_core::FrameReport) -> u64| {
            frames.iter().map(of).sum::<u64>() as f64 / span_s
        };
        let edge = |from: &str, to: &str| {
            let at = |name: &str| parts.iter().position(|part| part.name == name);
            let ends = (at(from), at(to));
            picture.edges.iter().find(|edge| (Some(edge.from), Some(edge.to)) == ends).unwrap()
        };
        // only the balancer leads to the web servers: all that came there came over this edge
        let web = rate(&|frame| frame.parts["web"].taken + frame.parts["web"].turned_away);
        let leads = edge("lb", "web");
        assert!(web > 10.0 && (leads.rate / web - 1.0).abs() < 1e-9, "{} {web}", leads.rate);
        assert!(leads.said.starts_with("lb to web: "), "{}", leads.said);
        assert!(leads.wide > THIN && leads.wide <= THICK && leads.every_s.is_some());
        let lost: f64 = picture.nodes[0].lost.iter().map(|(_, rate)| rate).sum();
        let wanted = rate(&|frame| frame.requests.failed);
        assert!(wanted > 0.0 && (lost / wanted - 1.0).abs() < 0.01, "{lost} {wanted}");
        assert!(picture.nodes[0].said().contains(&picture.nodes[0].lost[0].0));
        assert!((20.0..=100.0).contains(&picture.dot), "{}", picture.dot);
    }

    #[test]
    fn a_box_is_told_in_words() {
        let mut node = Node {
            name: "web".to_owned(),
            component: "app-server".to_owned(),
            instances: Some(6),
            fullest: Some(("workers".to_owned(), 0.875)),
            queue: 12.0,
            to: vec!["db".to_owned(), "redis".to_owned()],
            ..Node::default()
        };
        let said = node.said();
        assert!(said.starts_with("web, app-server \u{d7} 6, workers 87"), "{said}");
        assert!(said.ends_with("12.0 in line, leads to db, redis"), "{said}");
        (node.instances, node.queue, node.fullest) = (Some(0), 0.0, None);
        assert!(node.is_down() && !node.is_full());
        assert_eq!(node.said(), "web, app-server, none up, leads to db, redis");
    }
}
