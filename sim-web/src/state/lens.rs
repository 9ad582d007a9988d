//! A lens over the picture: how close it is, and where.

/// The closest look, in times the whole picture.
const CLOSEST: f64 = 8.0;
/// How much closer a step brings.
const STEP: f64 = 1.5;

/// What of a picture is shown: all of it, or a part around a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lens {
    /// How many times as large as the whole picture, from 1.
    scale: f64,
    /// The middle, as shares of the picture's width and height.
    middle: (f64, f64),
}

/// A movement of the lens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Move {
    /// A step closer.
    In,
    /// A step away.
    Out,
    /// The whole picture.
    Whole,
    /// So many times closer, while a point stays where it is: shares of what is shown, from the
    /// left and from the top.
    At(f64, (f64, f64)),
    /// To the right and down, in shares of what is shown.
    By(f64, f64),
}

impl Default for Lens {
    fn default() -> Self {
        Lens { scale: 1.0, middle: (0.5, 0.5) }
    }
}

impl Lens {
    /// Whether only a part is shown.
    #[must_use]
    pub fn is_close(&self) -> bool {
        self.scale > 1.0
    }

    /// The part of a picture that is shown: left, top, width and height.
    #[must_use]
    pub fn part(&self, (width, height): (f64, f64)) -> [f64; 4] {
        let (wide, high) = (width / self.scale, height / self.scale);
        [self.middle.0 * width - wide / 2.0, self.middle.1 * height - high / 2.0, wide, high]
    }

    pub(super) fn go(&mut self, by: Move) {
        match by {
            Move::In => self.closer(STEP, (0.5, 0.5)),
            Move::Out => self.closer(1.0 / STEP, (0.5, 0.5)),
            Move::Whole => *self = Lens::default(),
            Move::At(factor, point) => self.closer(factor, point),
            Move::By(right, down) => {
                self.middle.0 += right / self.scale;
                self.middle.1 += down / self.scale;
            }
        }
        // nothing beyond the picture's edges is shown
        let half = 0.5 / self.scale;
        let inside = |middle: f64| middle.clamp(half, 1.0 - half);
        self.middle = (inside(self.middle.0), inside(self.middle.1));
    }

    fn closer(&mut self, factor: f64, (x, y): (f64, f64)) {
        let before = self.scale;
        self.scale = (before * factor).clamp(1.0, CLOSEST);
        let stays =
            |middle: f64, share: f64| middle + (share - 0.5) / before - (share - 0.5) / self.scale;
        self.middle = (stays(self.middle.0, x), stays(self.middle.1, y));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(all: &[Move]) -> [f64; 4] {
        let mut lens = Lens::default();
        all.iter().for_each(|by| lens.go(*by));
        lens.part((1_000.0, 100.0))
    }

    #[test]
    fn closer_around_a_point_and_never_beyond_the_edge() {
        assert_eq!(seen(&[]), [0.0, 0.0, 1_000.0, 100.0]);
        assert_eq!(seen(&[Move::At(2.0, (0.5, 0.5))]), [250.0, 25.0, 500.0, 50.0]);
        assert_eq!(seen(&[Move::At(2.0, (0.0, 0.0))]), [0.0, 0.0, 500.0, 50.0]);
        assert_eq!(seen(&[Move::At(2.0, (1.0, 0.5))]), [500.0, 25.0, 500.0, 50.0]);
        assert_eq!(seen(&[Move::At(2.0, (0.0, 0.0)), Move::By(0.1, -3.0)])[0], 50.0);
        assert_eq!(seen(&[Move::In, Move::By(9.0, 9.0), Move::Out]), seen(&[]));
        assert_eq!(seen(&[Move::In, Move::Whole]), seen(&[]));
        assert_eq!(seen(&[Move::At(99.0, (0.5, 0.5))])[2], 125.0);
    }
}
