//! How the page is looked at: what its axes show, how close the picture is, who looks on.

use super::State;
use super::axes::{Axes, Zoom};
use super::lens::{Lens, Move};

/// Steps of the crosshair from one edge of a chart to the other.
const STEPS: f64 = 200.0;

/// How the page is looked at; nothing of it changes a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sight {
    /// The charts' axes.
    pub axes: Axes,
    /// The part of the picture that is shown.
    pub lens: Lens,
    /// Whether the page is shown to an audience: large, without what only its operator needs.
    pub presenting: bool,
}

/// A change of how the page is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum See {
    /// Another stretch of time.
    Zoom(Zoom),
    /// Latencies in ratios, or in steps.
    Ratios(bool),
    /// The crosshair goes so many steps on, or back where it is negative.
    Step(f64),
    /// Back to where one came from: the whole run, then the newest, then out of presenting.
    Back,
    /// To an audience, or no longer.
    Present,
    /// Another part of the picture.
    Picture(Move),
}

impl State {
    /// The stretch of time that charts show, from and to, s.
    #[must_use]
    pub fn span(&self) -> (f64, f64) {
        self.sight.axes.span(self.duration_s())
    }

    pub(super) fn see(&mut self, see: See) {
        let (shown_s, end_s) = (self.shown_s(), self.duration_s());
        let sight = &mut self.sight;
        match see {
            See::Zoom(zoom) => sight.axes.zoom(zoom, (shown_s, end_s)),
            See::Ratios(ratios) => sight.axes.ratios = Some(ratios),
            See::Step(steps) => {
                let (from, to) = sight.axes.span(end_s);
                let at_s = (shown_s + steps * (to - from) / STEPS).clamp(0.0, end_s);
                self.cursor_s = Some(at_s);
                sight.axes.follow(at_s);
            }
            See::Back if sight.axes.is_zoomed() => sight.axes.zoom(Zoom::Out, (shown_s, end_s)),
            See::Back if self.cursor_s.is_some() => self.cursor_s = None,
            See::Back => sight.presenting = false,
            See::Present => sight.presenting = !sight.presenting,
            See::Picture(by) => sight.lens.go(by),
        }
        self.course.show(self.sight.axes);
        if let Some(rival) = &mut self.rival {
            rival.course.show(self.sight.axes);
        }
        self.link();
    }
}
