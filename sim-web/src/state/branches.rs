//! Two branches of a run: the fork, which the page is about, and the original beside it.

use std::cmp::Ordering;
use std::rc::Rc;

use sim_core::{Difference, Scale};

use super::course::Course;
use super::figures::{Figure, Line};
use super::{Effect, Stage, State};
use crate::protocol::{Answer, Branch, Command, Doing};

/// The original of a fork.
#[derive(Clone, Debug, PartialEq)]
pub struct Rival {
    /// Its run.
    pub course: Course,
    /// When the fork left it, ns.
    pub parted: u64,
    /// How the fork differs, as far as both are known.
    pub difference: Option<Rc<Difference>>,
}

impl Rival {
    /// How the fork differs, in sentences.
    #[must_use]
    pub fn story(&self) -> Vec<String> {
        self.difference.as_ref().map_or_else(
            || vec!["Both branches are equal so far: change something, and press play.".to_owned()],
            |difference| difference.story(),
        )
    }
}

impl State {
    /// Whether the run can be forked: there is one, and no other branch of it.
    #[must_use]
    pub fn can_fork(&self) -> bool {
        self.stage == Stage::Running && self.rival.is_none() && self.course.progress.now > 0
    }

    pub(super) fn fork(&self) -> Vec<Effect> {
        let now = self.course.progress.now;
        let at = self.cursor_s.map_or(now, |at_s| ((at_s * 1e9) as u64).min(now));
        if self.can_fork() { self.running(Command::Fork(at)) } else { Vec::new() }
    }

    pub(super) fn keep(&self, branch: Branch) -> Vec<Effect> {
        if self.rival.is_some() { self.running(Command::Keep(branch)) } else { Vec::new() }
    }

    /// What the worker says of branches.
    pub(super) fn branch(&mut self, answer: Answer) {
        match answer {
            Answer::Forked(at) => {
                let mut fork = self.course.clone();
                fork.cut(at);
                let course = std::mem::replace(&mut self.course, fork);
                self.rival = Some(Rival { course, parted: at, difference: None });
                self.cursor_s = None;
                self.draft = None;
            }
            Answer::Original(answer) => {
                if let Some(rival) = &mut self.rival {
                    rival.course.take(*answer);
                }
            }
            Answer::Compared(difference) => {
                if let Some(rival) = &mut self.rival {
                    rival.difference = Some(Rc::from(difference));
                }
            }
            Answer::Kept(branch) => {
                if let Some(rival) = self.rival.take()
                    && branch == Branch::Original
                {
                    self.course = rival.course;
                    self.draft = None;
                }
                self.course.draw();
            }
            _ => {}
        }
        self.link();
    }

    /// Puts the original's curves into the fork's charts, on the same axes.
    pub(super) fn link(&mut self) {
        if let Some(rival) = &self.rival {
            let end_s = self.course.table.end_s();
            linked(&mut self.course.figures, &rival.course.figures, end_s);
        }
    }

    /// The finished run's digest; with two branches, the original's.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        self.rival.as_ref().map_or(&self.course, |rival| &rival.course).digest()
    }

    /// The fork's own digest, once it is over.
    #[must_use]
    pub fn fork_digest(&self) -> Option<&str> {
        self.rival.as_ref().and_then(|_| self.course.digest())
    }

    /// The original's chart of this name.
    #[must_use]
    pub fn original_of(&self, id: &str) -> Option<&Rc<Figure>> {
        let figures = self.rival.as_ref().map(|rival| &rival.course.figures);
        figures?.iter().find(|figure| figure.id == id)
    }

    /// Where "from the start" and "play again" begin, ns: a fork begins where it left the original.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.rival.as_ref().map_or(0, |rival| rival.parted)
    }

    /// Whether anything goes on.
    pub(super) fn going(&self) -> bool {
        matches!(self.course.progress.doing, Doing::Playing | Doing::Seeking)
    }
}

impl Figure {
    /// How much larger a value is than another one, with its sign.
    #[must_use]
    pub fn say_difference(&self, value: Option<f64>, than: Option<f64>) -> String {
        let (Some(value), Some(than)) = (value, than) else { return "-".to_owned() };
        let by = (value - than).abs();
        match value.total_cmp(&than) {
            Ordering::Equal => "=".to_owned(),
            Ordering::Less => format!("\u{2212}{}", self.say(by)),
            Ordering::Greater => format!("+{}", self.say(by)),
        }
    }
}

/// Widens the axes of charts so that another branch's curves fit; a chart that only the other
/// branch has is there, too: up to `end_s` there was nothing to lose or to wait for.
fn linked(own: &mut Vec<Rc<Figure>>, other: &[Rc<Figure>], end_s: f64) {
    for figure in other {
        if let Some(same) = own.iter_mut().find(|same| same.id == figure.id) {
            let scale = wider(same.scale, figure.scale);
            if scale != same.scale {
                Rc::make_mut(same).scale = scale;
            }
        } else {
            let lines = figure.lines.iter().map(|line| flat(line, figure.id, end_s)).collect();
            own.push(Rc::new(Figure { lines, ..Figure::clone(figure) }));
        }
    }
}

/// The line of a chart that a branch does not have: losses and queues are missing where all are 0.
fn flat(line: &Line, id: &str, end_s: f64) -> Line {
    let known = line.points.iter().filter(|(at_s, _)| *at_s <= end_s);
    let points = match id {
        "losses" | "queues" => known.map(|(at_s, value)| (*at_s, value.map(|_| 0.0))).collect(),
        _ => Vec::new(),
    };
    Line { name: line.name.clone(), points }
}

/// An axis with room for what fits either.
fn wider(one: Scale, other: Scale) -> Scale {
    match (one, other) {
        (Scale::Linear(one), Scale::Linear(other)) => Scale::Linear(one.max(other)),
        (Scale::Log(low, high), Scale::Log(other_low, other_high)) => {
            Scale::Log(low.min(other_low), high.max(other_high))
        }
        (Scale::Log(low, high), Scale::Linear(top))
        | (Scale::Linear(top), Scale::Log(low, high)) => Scale::Log(low, high.max(top)),
    }
}
