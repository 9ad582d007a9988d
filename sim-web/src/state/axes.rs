//! How the axes of the charts are set: the stretch of time that they show, and steps or ratios.

/// The least share of a run that can be looked at closely.
const CLOSEST: f64 = 1.0 / 2_000.0;

/// What is set for all charts together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Axes {
    /// From and to, s; `None` is the whole run.
    zoom: Option<(f64, f64)>,
    /// Whether equal ratios of latencies are of equal height; `None` where the values decide.
    pub ratios: Option<bool>,
}

/// A change of the stretch of time that is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Zoom {
    /// From one time to another, s, in any order.
    To(f64, f64),
    /// So many times as long, around the time that is looked at.
    By(f64),
    /// The whole run.
    Out,
}

impl Axes {
    /// The stretch shown of a run that ends at `end_s`, s.
    #[must_use]
    pub fn span(&self, end_s: f64) -> (f64, f64) {
        self.zoom.unwrap_or((0.0, end_s))
    }

    /// Whether it is only a part of the run.
    #[must_use]
    pub fn is_zoomed(&self) -> bool {
        self.zoom.is_some()
    }

    /// Shows another stretch of a run that ends at `end_s`, while `shown_s` is looked at.
    pub(super) fn zoom(&mut self, zoom: Zoom, (shown_s, end_s): (f64, f64)) {
        let (from, to) = self.span(end_s);
        let (from, to) = match zoom {
            Zoom::To(a, b) => (a.min(b), a.max(b)),
            Zoom::By(factor) => {
                let middle =
                    if (from..=to).contains(&shown_s) { shown_s } else { (from + to) / 2.0 };
                // what is looked at stays where it is on the screen
                (middle - (middle - from) * factor, middle + (to - middle) * factor)
            }
            Zoom::Out => (0.0, end_s),
        };
        let least = end_s * CLOSEST;
        let length = (to - from).clamp(least, end_s);
        let from = ((from + to - length) / 2.0).clamp(0.0, end_s - length);
        self.zoom = (length < end_s * 0.999).then_some((from, from + length));
    }

    /// Moves the stretch just so far that a time lies in it.
    pub(super) fn follow(&mut self, at_s: f64) {
        if let Some((from, to)) = &mut self.zoom {
            let off = (at_s - *to).max(0.0) + (at_s - *from).min(0.0);
            (*from, *to) = (*from + off, *to + off);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zoomed(all: &[Zoom]) -> (f64, f64) {
        let mut axes = Axes::default();
        all.iter().for_each(|zoom| axes.zoom(*zoom, (400.0, 1_000.0)));
        axes.span(1_000.0)
    }

    #[test]
    fn a_stretch_is_chosen_widened_and_left() {
        assert_eq!(zoomed(&[]), (0.0, 1_000.0));
        assert_eq!(zoomed(&[Zoom::To(300.0, 200.0)]), (200.0, 300.0));
        assert_eq!(zoomed(&[Zoom::To(300.0, 200.0), Zoom::Out]), (0.0, 1_000.0));
        assert_eq!(zoomed(&[Zoom::By(0.5)]), (200.0, 700.0), "400 stays at two fifths");
        assert_eq!(zoomed(&[Zoom::By(0.5), Zoom::By(2.0)]), (0.0, 1_000.0));
        assert_eq!(zoomed(&[Zoom::To(0.0, 100.0), Zoom::By(2.0)]), (0.0, 200.0));
        let (from, to) = zoomed(&[Zoom::To(500.0, 500.0)]);
        assert!((to - from - 0.5).abs() < 1e-9 && from < 500.0 && to > 500.0, "never nothing");
    }

    #[test]
    fn a_stretch_follows_what_is_looked_at() {
        let mut axes = Axes::default();
        axes.follow(500.0);
        assert!(!axes.is_zoomed());
        axes.zoom(Zoom::To(100.0, 200.0), (0.0, 1_000.0));
        for (at_s, span) in
            [(150.0, (100.0, 200.0)), (210.0, (110.0, 210.0)), (90.0, (90.0, 190.0))]
        {
            axes.follow(at_s);
            assert_eq!(axes.span(1_000.0), span);
        }
    }
}
