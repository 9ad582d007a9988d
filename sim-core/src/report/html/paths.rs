//! Values at moments as paths in a square of 1,000 units that a page stretches to its width.

use std::fmt::Write;

use super::axis::Scale;
use super::moments::Course;

/// Units from one edge of the square to the other.
const UNITS: f64 = 1_000.0;

/// Draws values of one scale over one course.
pub(crate) struct Pen<'a> {
    pub(crate) course: &'a Course<'a>,
    pub(crate) scale: Scale,
}

/// A value over time; `None` where there is none.
pub(crate) type Values = Vec<Option<f64>>;

/// Units from the left for a place between 0 and 1.
pub(crate) fn across(place: f64) -> i64 {
    libm::round(place * UNITS) as i64
}

/// Units from the top for a height between 0 and 1.
pub(crate) fn down(height: f64) -> i64 {
    libm::round((1.0 - height) * UNITS) as i64
}

impl Pen<'_> {
    fn x(&self, at_s: f64) -> i64 {
        across(self.course.place(at_s))
    }

    fn y(&self, value: f64) -> i64 {
        down(self.scale.place(value))
    }

    /// Stretches of moments that have a value: the first one's index and the values.
    fn stretches(values: &[Option<f64>]) -> Vec<(usize, Vec<f64>)> {
        let mut all: Vec<(usize, Vec<f64>)> = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let Some(value) = *value else { continue };
            match all.last_mut() {
                Some((first, stretch)) if *first + stretch.len() == index => stretch.push(value),
                _ => all.push((index, vec![value])),
            }
        }
        all
    }

    /// A line through the middles of moments.
    pub(crate) fn line(&self, values: &[Option<f64>]) -> String {
        let mut path = String::new();
        for (first, stretch) in Self::stretches(values) {
            let mut word = 'M';
            for (value, moment) in stretch.iter().zip(&self.course.moments[first..]) {
                push(&mut path, word, self.x(moment.middle_s()), self.y(*value));
                word = 'L';
            }
            if stretch.len() == 1 {
                // a single point has no length; this one shows as a dot
                path.push_str("h1");
            }
        }
        path
    }

    /// A line that keeps its height for the whole of a moment.
    pub(crate) fn steps(&self, values: &[Option<f64>]) -> String {
        let mut path = String::new();
        for (first, stretch) in Self::stretches(values) {
            let mut last = None;
            for (value, moment) in stretch.iter().zip(&self.course.moments[first..]) {
                let (from, to) = (self.x(moment.window.start_s), self.x(moment.window.end_s));
                let y = self.y(*value);
                match last {
                    None => push(&mut path, 'M', from, y),
                    Some(before) if before != y => {
                        // writing to a string cannot fail
                        let _ = write!(path, "H{from}V{y}");
                    }
                    Some(_) => {}
                }
                last = Some(y);
                if moment.window.end_s >= self.course.end_s || stretch.len() == 1 {
                    let _ = write!(path, "H{to}");
                }
            }
        }
        path
    }

    /// The area between two values, where there are both.
    pub(crate) fn between(&self, low: &[Option<f64>], high: &[Option<f64>]) -> String {
        let both: Values = low.iter().zip(high).map(|(low, high)| low.and(*high)).collect();
        let mut path = String::new();
        for (first, stretch) in Self::stretches(&both) {
            let last = first + stretch.len();
            let end = |index: usize| {
                // a stretch reaches the edges of its first and last moment
                let window = self.course.moments[index].window;
                match index {
                    _ if index == first => window.start_s,
                    _ if index + 1 == last => window.end_s,
                    _ => self.course.moments[index].middle_s(),
                }
            };
            let there = (first..last).map(|index| (index, high[index]));
            let back = (first..last).rev().map(|index| (index, low[index]));
            let mut word = 'M';
            for (index, value) in there.chain(back) {
                push(&mut path, word, self.x(end(index)), self.y(value.unwrap_or(0.0)));
                word = 'L';
            }
            path.push('Z');
        }
        path
    }
}

fn push(path: &mut String, word: char, x: i64, y: i64) {
    // writing to a string cannot fail
    let _ = write!(path, "{word}{x} {y}");
}

/// Values that stand on top of each other: each one's top, the first one lowest.
pub(crate) fn stacked(series: &[&Values]) -> Vec<Values> {
    let length = series.first().map_or(0, |values| values.len());
    let mut top = vec![Some(0.0); length];
    let mut tops = Vec::new();
    for values in series {
        for (top, value) in top.iter_mut().zip(values.iter()) {
            *top = top.map(|top: f64| top + value.unwrap_or(0.0));
        }
        tops.push(top.clone());
    }
    tops
}
