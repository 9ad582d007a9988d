//! Scales and their ticks: a value's place between the bottom and the top, 0 to 1.

/// What a vertical axis means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// From 0 to a top.
    Linear(f64),
    /// Equal ratios have equal heights, from a bottom above 0 to a top.
    Log(f64, f64),
}

impl Scale {
    /// From 0 to just above the largest value.
    #[must_use]
    pub fn up_to(most: f64) -> Self {
        Scale::Linear(if most > 0.0 { most * 1.06 } else { 1.0 })
    }

    /// Between the smallest and the largest value above 0, with some room.
    #[must_use]
    pub fn ratios(low: f64, high: f64) -> Self {
        Scale::Log(low / 1.15, high.max(low * 2.0) * 1.15)
    }

    /// Where a value stands, 0 at the bottom, 1 at the top; beyond them it stands at the edge.
    #[must_use]
    pub fn place(self, value: f64) -> f64 {
        let place = match self {
            Scale::Linear(top) => value / top,
            Scale::Log(low, high) if value > 0.0 => {
                (libm::log(value) - libm::log(low)) / (libm::log(high) - libm::log(low))
            }
            Scale::Log(..) => 0.0,
        };
        place.clamp(0.0, 1.0)
    }

    /// Three to six round values within it, where there are such.
    #[must_use]
    pub fn ticks(self) -> Vec<f64> {
        match self {
            Scale::Linear(top) => {
                let step = round_step(top / 2.2);
                let count = (top / step + 1e-9) as u32;
                (0..=count).map(|index| f64::from(index) * step).collect()
            }
            Scale::Log(low, high) => log_ticks(low, high),
        }
    }
}

/// The largest of 1, 2, 5 times a power of ten that is not above `most`.
fn round_step(most: f64) -> f64 {
    let decade = libm::pow(10.0, libm::floor(libm::log10(most)));
    let digit = [5.0, 2.0, 1.0].into_iter().find(|digit| digit * decade <= most * (1.0 + 1e-9));
    digit.unwrap_or(1.0) * decade
}

fn log_ticks(low: f64, high: f64) -> Vec<f64> {
    let digits: [&[f64]; 4] = [&[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0], &[1.0]];
    let from = libm::floor(libm::log10(low)) as i32;
    let to = libm::ceil(libm::log10(high)) as i32;
    for (index, digits) in digits.into_iter().enumerate() {
        // beyond five decades every other one is enough
        let stride = if index == 3 { 2 } else { 1 };
        let decades = (from..=to).filter(|decade| decade.rem_euclid(stride) == 0);
        let all = decades.flat_map(|decade| {
            let unit = libm::pow(10.0, f64::from(decade));
            digits.iter().map(move |digit| digit * unit)
        });
        let ticks: Vec<f64> = all.filter(|tick| (low..=high).contains(tick)).collect();
        if ticks.len() <= 5 || index == 3 {
            return ticks;
        }
    }
    Vec::new()
}

/// Seconds between ticks of a time axis, rising.
const STEPS_S: [f64; 23] = [
    0.001, 0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0,
    1_200.0, 1_800.0, 3_600.0, 7_200.0, 21_600.0, 43_200.0, 86_400.0, 604_800.0,
];

/// Round times from 0 to `end_s`, at most six steps.
#[must_use]
pub fn times(end_s: f64) -> Vec<f64> {
    times_between(0.0, end_s)
}

/// Round times between two, s, at most six steps.
#[must_use]
pub fn times_between(from_s: f64, to_s: f64) -> Vec<f64> {
    let span_s = to_s - from_s;
    let step = STEPS_S.into_iter().find(|step| span_s / step <= 6.0);
    let step = step.unwrap_or_else(|| round_step(span_s / 3.0));
    let first = libm::ceil(from_s / step - 1e-9) as u32;
    (first..=(to_s / step + 1e-9) as u32).map(|index| f64::from(index) * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_few_and_round() {
        assert_eq!(Scale::Linear(1.06).ticks(), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(Scale::Linear(553.0).ticks(), [0.0, 200.0, 400.0]);
        assert_eq!(Scale::Log(3.0, 4_000.0).ticks(), [10.0, 100.0, 1_000.0]);
        assert_eq!(Scale::Log(30.0, 400.0).ticks(), [50.0, 100.0, 200.0]);
        for top in [1e-6, 0.3, 7.7, 99.0, 1e9] {
            let ticks = Scale::Linear(top).ticks().len();
            assert!((3..=6).contains(&ticks), "{top}: {ticks}");
        }
    }

    #[test]
    fn times_are_few_and_round() {
        assert_eq!(times(7_200.0).len(), 7);
        assert_eq!(times(600.0), [0.0, 120.0, 240.0, 360.0, 480.0, 600.0]);
        assert_eq!(times_between(61.0, 121.0), [70.0, 80.0, 90.0, 100.0, 110.0, 120.0]);
        let tenths: Vec<f64> =
            times_between(60.0, 60.5).iter().map(|at| (at * 10.0).round()).collect();
        assert_eq!(tenths, [600.0, 601.0, 602.0, 603.0, 604.0, 605.0]);
        for end in [0.003, 1.0, 59.0, 4_000.0, 86_400.0, 1e7] {
            assert!((2..=8).contains(&times(end).len()), "{end}: {:?}", times(end));
        }
    }

    #[test]
    fn a_log_scale_spaces_ratios_equally() {
        let scale = Scale::Log(1.0, 10_000.0);
        assert!((scale.place(100.0) - 0.5).abs() < 1e-12);
        assert_eq!((scale.place(0.0), scale.place(1e9)), (0.0, 1.0));
    }
}
