//! Where boxes stand: in layers from the users on, with as few crossings as a few sweeps find.

use std::collections::BTreeSet;

use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{DfsEvent, depth_first_search};

/// Width of a box, in units of the picture: pixels where there is room.
pub const WIDE: f64 = 148.0;
/// Height of a box.
pub const HIGH: f64 = 66.0;
/// Between two layers.
const ACROSS: f64 = 44.0;
/// Between two boxes of a layer.
const BETWEEN: f64 = 24.0;
/// Height that a line takes which passes a layer by.
const PASSING: f64 = 10.0;
/// Around everything.
const MARGIN: f64 = 14.0;
/// Sweeps over the layers in search of an order with fewer crossings.
const SWEEPS: usize = 12;
/// Sweeps over the layers that bring boxes level with what they are joined to.
const LEVELLINGS: usize = 6;

/// Where requests go in a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// From left to right: layers are columns.
    #[default]
    Right,
    /// Down: layers are rows.
    Down,
}

impl Direction {
    /// How far a box reaches along the way that requests go, and across it.
    fn box_size(self) -> (f64, f64) {
        match self {
            Direction::Right => (WIDE, HIGH),
            Direction::Down => (HIGH, WIDE),
        }
    }

    /// A point so far along the way and so far across it, or the other way round.
    pub(super) fn point(self, (along, across): (f64, f64)) -> (f64, f64) {
        match self {
            Direction::Right => (along, across),
            Direction::Down => (across, along),
        }
    }
}

/// What is to be laid out.
pub(super) struct Wiring {
    /// For every box those that it leads to.
    pub(super) to: Vec<BTreeSet<usize>>,
    /// Boxes that stand where everything begins.
    pub(super) begins: Vec<bool>,
    /// Boxes that only look after others and stand just before them.
    pub(super) watches: Vec<bool>,
}

/// Where everything stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Layout {
    pub(super) direction: Direction,
    pub(super) width: f64,
    pub(super) height: f64,
    /// The upper left corner of each box.
    pub(super) corners: Vec<(f64, f64)>,
    /// Each line with the points it runs through, two in every layer that it passes by.
    pub(super) lines: Vec<Line>,
}

/// A line between two boxes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) points: Vec<(f64, f64)>,
    /// Whether it leads back to an earlier layer.
    pub(super) back: bool,
}

/// Boxes and the places where lines pass a layer by: the items of the layers.
struct Rows {
    /// The items of each layer, from the top down.
    rows: Vec<Vec<usize>>,
    /// Neighbours of each item in the layer before and in the one after.
    sides: [Vec<Vec<usize>>; 2],
    /// Every forward line as a chain of items.
    chains: Vec<Vec<usize>>,
    boxes: usize,
    /// What a box takes of its row.
    high: f64,
}

/// Lays boxes out. The same wiring always gives the same layout.
pub(super) fn layout(wiring: &Wiring, direction: Direction) -> Layout {
    let (deep, high) = direction.box_size();
    let (graph, back) = forward(wiring);
    let layers = layers(&graph, wiring);
    let mut rows = Rows::of(&graph, &layers, high);
    rows.untangle();
    let middles = rows.level();
    let bottom = middles.iter().enumerate().map(|(item, y)| y + rows.high(item) / 2.0);
    let across = bottom.fold(0.0, f64::max) + MARGIN + BETWEEN * f64::from(!back.is_empty());
    let last = layers.iter().max().map_or(0, |last| last + 1);
    let left = |layer: usize| MARGIN + layer as f64 * (deep + ACROSS);
    let corner = |(at, layer): (usize, &usize)| (left(*layer), middles[at] - high / 2.0);
    let corners: Vec<(f64, f64)> = layers.iter().enumerate().map(corner).collect();
    let mut lines: Vec<Line> = Vec::new();
    for chain in &rows.chains {
        let (from, to) = (chain[0], chain[chain.len() - 1]);
        let x = |step: usize| left(layers[from] + step);
        let both = |(step, item): (usize, &usize)| {
            [(x(step), middles[*item]), (x(step) + deep, middles[*item])]
        };
        let all: Vec<(f64, f64)> = chain.iter().enumerate().flat_map(both).collect();
        let points = all[1..all.len() - 1].to_vec();
        lines.push(Line { from, to, points, back: false });
    }
    for (from, to) in back {
        let foot = |at: usize| (corners[at].0 + deep / 2.0, corners[at].1 + high);
        lines.push(Line { from, to, points: vec![foot(from), foot(to)], back: true });
    }
    let along = if last == 0 { 0.0 } else { left(last) - ACROSS + MARGIN };
    let (width, height) = direction.point((along, across));
    let placed = |point: &mut (f64, f64)| *point = direction.point(*point);
    lines.iter_mut().flat_map(|line| &mut line.points).for_each(placed);
    let corners = corners.into_iter().map(|corner| direction.point(corner)).collect();
    Layout { direction, width, height, corners, lines }
}

/// The wiring without the lines that lead back, and these.
fn forward(wiring: &Wiring) -> (DiGraph<(), ()>, Vec<(usize, usize)>) {
    let mut graph = DiGraph::<(), ()>::new();
    let nodes: Vec<NodeIndex> = wiring.to.iter().map(|_| graph.add_node(())).collect();
    for (from, to) in wiring.to.iter().enumerate() {
        to.iter().for_each(|&to| {
            graph.add_edge(nodes[from], nodes[to], ());
        });
    }
    let begins = (0..nodes.len()).filter(|&at| wiring.begins[at]);
    let others = (0..nodes.len()).filter(|&at| !wiring.begins[at]);
    let mut back = Vec::new();
    depth_first_search(&graph, begins.chain(others).map(|at| nodes[at]), |event| {
        if let DfsEvent::BackEdge(from, to) = event {
            back.push((from.index(), to.index()));
        }
    });
    back.sort_unstable();
    graph.retain_edges(|graph, edge| {
        let ends = graph.edge_endpoints(edge).map(|(from, to)| (from.index(), to.index()));
        !ends.is_some_and(|ends| back.contains(&ends))
    });
    (graph, back)
}

/// The layer of each box: as far from the beginning as the longest way to it.
fn layers(graph: &DiGraph<(), ()>, wiring: &Wiring) -> Vec<usize> {
    let mut layers = vec![0_usize; graph.node_count()];
    // without the lines that lead back there is such an order
    for from in toposort(graph, None).unwrap_or_default() {
        for to in graph.neighbors(from) {
            layers[to.index()] = layers[to.index()].max(layers[from.index()] + 1);
        }
    }
    for at in (0..layers.len()).filter(|&at| wiring.watches[at]) {
        let first = wiring.to[at].iter().map(|&to| layers[to]).min();
        layers[at] = first.map_or(0, |first| first.saturating_sub(1));
    }
    layers
}

impl Rows {
    fn of(graph: &DiGraph<(), ()>, layers: &[usize], high: f64) -> Self {
        let boxes = layers.len();
        let mut rows = vec![Vec::new(); layers.iter().max().map_or(0, |last| last + 1)];
        layers.iter().enumerate().for_each(|(at, &layer)| rows[layer].push(at));
        let mut chains = Vec::new();
        let mut items = boxes;
        for from in graph.node_indices() {
            let mut ends: Vec<usize> = graph.neighbors(from).map(NodeIndex::index).collect();
            ends.sort_unstable();
            for to in ends {
                let mut chain = vec![from.index()];
                for row in &mut rows[layers[from.index()] + 1..layers[to]] {
                    row.push(items);
                    chain.push(items);
                    items += 1;
                }
                chain.push(to);
                chains.push(chain);
            }
        }
        let mut sides = [vec![Vec::new(); items], vec![Vec::new(); items]];
        for pair in chains.iter().flat_map(|chain| chain.windows(2)) {
            sides[1][pair[0]].push(pair[1]);
            sides[0][pair[1]].push(pair[0]);
        }
        Rows { rows, sides, chains, boxes, high }
    }

    fn high(&self, item: usize) -> f64 {
        if item < self.boxes { self.high } else { PASSING }
    }

    /// The number of each item in its row.
    fn places(&self) -> Vec<f64> {
        let mut places = vec![0.0; self.sides[0].len()];
        for row in &self.rows {
            row.iter().enumerate().for_each(|(place, &item)| places[item] = place as f64);
        }
        places
    }

    /// Rows in the order of a sweep, with the side of the neighbours that have been there before.
    fn sweep(&self, number: usize) -> Vec<(usize, usize)> {
        let rows = 0..self.rows.len();
        match number % 2 {
            0 => rows.map(|row| (row, 0)).collect(),
            _ => rows.rev().map(|row| (row, 1)).collect(),
        }
    }

    /// Orders each row by where its neighbours stand, and keeps the best order found.
    fn untangle(&mut self) {
        let mut best = (self.crossings(), self.rows.clone());
        for number in 0..SWEEPS {
            for (row, side) in self.sweep(number) {
                let places = self.places();
                let wish = |item: &usize| mean(&self.sides[side][*item], &places, *item);
                let mut wished: Vec<(f64, usize)> =
                    self.rows[row].iter().map(|item| (wish(item), *item)).collect();
                wished.sort_by(|one, other| one.0.total_cmp(&other.0));
                self.rows[row] = wished.into_iter().map(|(_, item)| item).collect();
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.rows.clone());
            }
        }
        self.rows = best.1;
    }

    /// How often lines cross.
    fn crossings(&self) -> usize {
        let places = self.places();
        let crossed = |row: &Vec<usize>| {
            let ends = |item: &usize| {
                let from = places[*item];
                self.sides[1][*item].iter().map(move |to| (from, *to))
            };
            let lines: Vec<(f64, f64)> =
                row.iter().flat_map(ends).map(|(from, to)| (from, places[to])).collect();
            let cross = |(at, one): (usize, &(f64, f64))| {
                let over = |other: &&(f64, f64)| (one.0 - other.0) * (one.1 - other.1) < 0.0;
                lines[at + 1..].iter().filter(over).count()
            };
            lines.iter().enumerate().map(cross).sum::<usize>()
        };
        self.rows.iter().map(crossed).sum()
    }

    /// The middle of each item, level with its neighbours as far as the rows' order allows.
    fn level(&self) -> Vec<f64> {
        let mut middles = self.places();
        middles.iter_mut().for_each(|middle| *middle *= self.high + BETWEEN);
        for number in 0..LEVELLINGS {
            for (row, side) in self.sweep(number) {
                let items = &self.rows[row];
                let wish = |item: &usize| mean(&self.sides[side][*item], &middles, *item);
                let wished: Vec<f64> = items.iter().map(wish).collect();
                let places = self.apart(items, &wished);
                items.iter().zip(places).for_each(|(&item, place)| middles[item] = place);
            }
        }
        let top = |(item, middle): (usize, &f64)| middle - self.high(item) / 2.0;
        let first = middles.iter().enumerate().map(top).fold(f64::INFINITY, f64::min);
        middles.into_iter().map(|middle| middle - first + MARGIN).collect()
    }

    /// Places as near to those wished for as can be without touching.
    fn apart(&self, items: &[usize], wished: &[f64]) -> Vec<f64> {
        let mut places: Vec<f64> = Vec::with_capacity(items.len());
        for (at, &wish) in wished.iter().enumerate() {
            let least = at.checked_sub(1).map(|before| {
                let halves = (self.high(items[before]) + self.high(items[at])) / 2.0;
                places[before] + halves + BETWEEN
            });
            places.push(least.map_or(wish, |least| wish.max(least)));
        }
        let off: f64 = wished.iter().zip(&places).map(|(wish, place)| wish - place).sum();
        let shift = off / wished.len().max(1) as f64;
        places.into_iter().map(|place| place + shift).collect()
    }
}

/// Where the neighbours stand on average, or else where it stands itself.
fn mean(neighbours: &[usize], places: &[f64], own: usize) -> f64 {
    if neighbours.is_empty() {
        return places[own];
    }
    neighbours.iter().map(|&item| places[item]).sum::<f64>() / neighbours.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wiring(to: &[&[usize]]) -> Wiring {
        let begins = (0..to.len()).map(|at| at == 0).collect();
        let to: Vec<BTreeSet<usize>> = to.iter().map(|to| to.iter().copied().collect()).collect();
        Wiring { watches: vec![false; to.len()], begins, to }
    }

    fn layer(layout: &Layout, at: usize) -> usize {
        ((layout.corners[at].0 - MARGIN) / (WIDE + ACROSS)) as usize
    }

    #[test]
    fn a_box_stands_behind_everything_that_leads_to_it() {
        // 0 leads to 3 directly and by way of 1 and 2
        let layout = layout(&wiring(&[&[1, 3], &[2], &[3], &[]]), Direction::Right);
        let layers: Vec<usize> = (0..4).map(|at| layer(&layout, at)).collect();
        assert_eq!(layers, [0, 1, 2, 3]);
        let long = layout.lines.iter().find(|line| (line.from, line.to) == (0, 3)).unwrap();
        assert_eq!(long.points.len(), 6, "it passes two layers by");
        for at in [1, 2] {
            let (top, end) = (layout.corners[at].1, layout.corners[at].1 + HIGH);
            let hit = |(x, y): &(f64, f64)| {
                let (left, right) = (layout.corners[at].0, layout.corners[at].0 + WIDE);
                (left..=right).contains(x) && (top..=end).contains(y)
            };
            assert!(!long.points.iter().any(hit), "it does not run through box {at}");
        }
    }

    #[test]
    fn what_leads_back_is_drawn_and_does_not_disturb_the_layers() {
        let layout = layout(&wiring(&[&[1], &[2], &[1, 2]]), Direction::Right);
        let layers: Vec<usize> = (0..3).map(|at| layer(&layout, at)).collect();
        assert_eq!(layers, [0, 1, 2]);
        let back = layout.lines.iter().filter(|line| line.back);
        let back: Vec<(usize, usize)> = back.map(|line| (line.from, line.to)).collect();
        assert_eq!(back, [(2, 1), (2, 2)]);
    }

    #[test]
    fn lines_cross_no_more_than_they_must() {
        let wiring = wiring(&[&[1, 2, 3], &[6], &[5], &[4], &[], &[], &[]]);
        let (graph, _) = forward(&wiring);
        let mut rows = Rows::of(&graph, &layers(&graph, &wiring), HIGH);
        assert_eq!(rows.crossings(), 3);
        rows.untangle();
        assert_eq!(rows.crossings(), 0);
    }

    #[test]
    fn who_looks_after_a_box_stands_just_before_it() {
        let mut wiring = wiring(&[&[1], &[2], &[3], &[], &[3]]);
        wiring.watches[4] = true;
        assert_eq!(layer(&layout(&wiring, Direction::Right), 4), 2);
    }

    #[test]
    fn sixty_boxes_do_not_touch_and_always_stand_the_same() {
        let lead = |at: usize| -> Vec<usize> {
            [at * 2 + 1, at * 2 + 2, at + 17].into_iter().filter(|&to| to < 60).collect()
        };
        let all: Vec<Vec<usize>> = (0..60).map(lead).collect();
        let all: Vec<&[usize]> = all.iter().map(|to| &to[..]).collect();
        for direction in [Direction::Right, Direction::Down] {
            let one = layout(&wiring(&all), direction);
            assert_eq!(one, layout(&wiring(&all), direction));
            for (at, a) in one.corners.iter().enumerate() {
                assert!(a.0 >= 0.0 && a.0 + WIDE <= one.width, "{a:?}");
                assert!(a.1 >= 0.0 && a.1 + HIGH <= one.height, "{a:?}");
                for b in &one.corners[..at] {
                    let apart = (a.0 - b.0).abs() >= WIDE || (a.1 - b.1).abs() >= HIGH;
                    assert!(apart, "{a:?} {b:?}");
                }
            }
        }
    }

    #[test]
    fn downwards_every_line_goes_from_a_lower_edge_to_an_upper_one() {
        let layout = layout(&wiring(&[&[1, 3], &[2], &[3], &[]]), Direction::Down);
        for line in &layout.lines {
            let ((x, y), (to_x, to_y)) = (line.points[0], line.points[line.points.len() - 1]);
            let ((left, top), (to_left, to_top)) =
                (layout.corners[line.from], layout.corners[line.to]);
            assert_eq!((x, y), (left + WIDE / 2.0, top + HIGH));
            assert_eq!((to_x, to_y), (to_left + WIDE / 2.0, to_top));
        }
    }

    #[test]
    fn nothing_has_no_size() {
        let none = layout(&wiring(&[]), Direction::Right);
        assert_eq!((none.width, none.corners.len(), none.lines.len()), (0.0, 0, 0));
    }
}
