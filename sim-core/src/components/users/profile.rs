//! Arrival rates over time: what a person writes, and exact inversion of the cumulative rate.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::engine::time::{Nanos, SECOND, seconds};
use crate::shorthand::{self, Written};
use crate::units::{Duration, Rate};
use crate::wiring::{DataFile, Flaw, Site};

/// A rate of arrivals, constant or over time.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ProfileSpec {
    /// The same rate all the time, like `26/s`.
    Constant(Rate),
    /// A rate over time.
    Varying(Box<VaryingSpec>),
}

impl<'de> Deserialize<'de> for ProfileSpec {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match shorthand::read(from, "a rate like 26/s, or a map with base, peaks ...")? {
            Written::Short(rate) => ProfileSpec::Constant(rate),
            Written::Full(varying) => ProfileSpec::Varying(varying),
        })
    }
}

/// A base rate with peaks or steps, a daily curve, or a curve from a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VaryingSpec {
    /// The rate where nothing else is said; default 0/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Rate>,
    /// Peaks above the base: a ramp up, a plateau, a ramp down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peaks: Vec<PeakSpec>,
    /// Sudden changes: from `at` on the rate is `rate`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepSpec>,
    /// A straight line between these points; before the first and after the last it is level.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ramps: Vec<StepSpec>,
    /// A daily curve: a sine between trough and peak.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily: Option<DailySpec>,
    /// A CSV file with the columns seconds and rate per second, joined by straight lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curve: Option<DataFile>,
    /// All rates are multiplied with this; default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<f64>,
    /// How arrivals are spaced: `poisson` (default) or `even`, one every 1/rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spacing: Option<Spacing>,
}

/// How arrivals are spaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Spacing {
    /// Independent users: exponential gaps.
    Poisson,
    /// A metronome: equal gaps.
    Even,
}

/// A peak: `ramp` up from the base, `hold` at `rate`, `ramp` down again (or `fall`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeakSpec {
    /// When the ramp begins.
    pub at: Duration,
    /// How long the rise takes; default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ramp: Option<Duration>,
    /// How long the plateau lasts.
    pub hold: Duration,
    /// How long the fall takes; default like the rise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fall: Option<Duration>,
    /// The rate on the plateau.
    pub rate: Rate,
}

/// From a time on, a rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepSpec {
    /// When.
    pub at: Duration,
    /// The rate from then on.
    pub rate: Rate,
}

/// A day: the rate swings between trough and peak as a sine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DailySpec {
    /// Lowest rate.
    pub trough: Rate,
    /// Highest rate.
    pub peak: Rate,
    /// When the peak is reached; default 12h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_at: Option<Duration>,
    /// Length of the day; default 24h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Duration>,
}

/// A corner of the rate curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Corner {
    at: Nanos,
    rate: f64,
}

/// The rate as straight lines between corners, level after the last one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    corners: Vec<Corner>,
    segment: u32,
    /// Arrivals are one apart on the cumulative rate instead of exponentially spaced.
    pub even: bool,
}

/// Corners of a sampled day: enough that a straight line misses the sine by under 0.1 %.
const DAILY_CORNERS: u64 = 288;
/// Rates are multiplied with this at most.
const TIMES_MAX: f64 = 1e6;
/// Days that a daily curve covers before it stays level.
const DAYS_MAX: u64 = 31;

impl ProfileSpec {
    /// Makes the curve.
    ///
    /// # Errors
    /// A flaw where times do not increase, peaks overlap or a file is wrong.
    pub fn compile(&self, site: &Site) -> Result<Profile, Flaw> {
        let (corners, even) = match self {
            ProfileSpec::Constant(rate) => (vec![Corner { at: 0, rate: rate.per_second() }], false),
            ProfileSpec::Varying(spec) => {
                (spec.multiplied(spec.corners(site)?)?, spec.spacing == Some(Spacing::Even))
            }
        };
        Ok(Profile { corners, segment: 0, even })
    }

    /// Whether the rate is another one at another time.
    pub fn varies(&self) -> bool {
        match self {
            ProfileSpec::Constant(_) => false,
            ProfileSpec::Varying(spec) => {
                let corners = spec.peaks.len() + spec.steps.len() + spec.ramps.len();
                corners > 0 || spec.daily.is_some() || spec.curve.is_some()
            }
        }
    }

    /// Every rate becomes `factor` times as high.
    pub(super) fn scale(&mut self, factor: f64) {
        match self {
            ProfileSpec::Constant(rate) => {
                *rate = Rate::new(rate.per_second() * factor).unwrap_or(*rate);
            }
            ProfileSpec::Varying(spec) => spec.times = Some(spec.times.unwrap_or(1.0) * factor),
        }
    }

    /// The highest rate on the curve, per second.
    pub fn highest(&self, site: &Site) -> f64 {
        self.compile(site).map_or(0.0, |profile| profile.highest())
    }
}

impl VaryingSpec {
    fn multiplied(&self, mut corners: Vec<Corner>) -> Result<Vec<Corner>, Flaw> {
        let Some(times) = self.times else { return Ok(corners) };
        if !(0.0..=TIMES_MAX).contains(&times) {
            let message = format!("no rate can be {times} times as high");
            return Err(Flaw::new("times", message, "write a number from 0 to 1000000, like 2.5"));
        }
        corners.iter_mut().for_each(|corner| corner.rate *= times);
        Ok(corners)
    }

    fn corners(&self, site: &Site) -> Result<Vec<Corner>, Flaw> {
        let kinds = usize::from(!self.peaks.is_empty())
            + usize::from(!self.steps.is_empty())
            + usize::from(!self.ramps.is_empty())
            + usize::from(self.daily.is_some())
            + usize::from(self.curve.is_some());
        if kinds > 1 {
            return Err(Flaw::new(
                "",
                "peaks, steps, ramps, daily and curve exclude each other",
                "keep one, or describe the users in two groups",
            ));
        }
        if kinds == 0 && self.base.is_none() {
            return Err(Flaw::new("", "the rate is missing", "write base: 26/s, or only 26/s"));
        }
        let base = self.base.as_ref().map_or(0.0, |rate| rate.per_second());
        if let Some(daily) = &self.daily {
            return Ok(daily.corners());
        }
        if let Some(file) = &self.curve {
            return read_curve(site.file(&file.0)?, &file.0);
        }
        let mut corners = vec![Corner { at: 0, rate: base }];
        let mut rate = base;
        for (index, step) in self.steps.iter().enumerate() {
            let at = step.at.nanos();
            in_order(&corners, at, &format!("steps[{index}].at"))?;
            corners.push(Corner { at, rate });
            rate = step.rate.per_second();
            corners.push(Corner { at, rate });
        }
        for (index, point) in self.ramps.iter().enumerate() {
            let at = point.at.nanos();
            in_order(&corners, at, &format!("ramps[{index}].at"))?;
            if index == 0 {
                let level =
                    self.base.as_ref().map_or(point.rate.per_second(), |rate| rate.per_second());
                corners[0].rate = level;
            }
            corners.push(Corner { at, rate: point.rate.per_second() });
        }
        for (index, peak) in self.peaks.iter().enumerate() {
            let rise = peak.ramp.as_ref().map_or(0, |ramp| ramp.nanos());
            let fall = peak.fall.as_ref().map_or(rise, |fall| fall.nanos());
            let at = peak.at.nanos();
            in_order(&corners, at, &format!("peaks[{index}].at"))?;
            let top = at + rise;
            let end = top + peak.hold.nanos();
            for (at, rate) in [
                (at, base),
                (top, peak.rate.per_second()),
                (end, peak.rate.per_second()),
                (end + fall, base),
            ] {
                corners.push(Corner { at, rate });
            }
        }
        Ok(corners)
    }
}

fn in_order(corners: &[Corner], at: Nanos, path: &str) -> Result<(), Flaw> {
    let last = corners.last().map_or(0, |corner| corner.at);
    if at >= last {
        return Ok(());
    }
    Err(Flaw::new(
        path,
        format!("begins at {}s, before the one above it ends at {}s", seconds(at), seconds(last)),
        "put them in order of time, without overlap",
    ))
}

impl DailySpec {
    fn corners(&self) -> Vec<Corner> {
        let period = self.period.as_ref().map_or(86_400 * SECOND, |period| period.nanos()).max(1);
        let peak_at = self.peak_at.as_ref().map_or(period / 2, |at| at.nanos());
        let middle = (self.peak.per_second() + self.trough.per_second()) / 2.0;
        let swing = (self.peak.per_second() - self.trough.per_second()) / 2.0;
        (0..=DAYS_MAX * DAILY_CORNERS)
            .map(|index| {
                let at =
                    (u128::from(period) * u128::from(index) / u128::from(DAILY_CORNERS)) as u64;
                let phase = (at as f64 - peak_at as f64) / period as f64;
                let rate = middle + swing * libm::cos(2.0 * core::f64::consts::PI * phase);
                Corner { at, rate: rate.max(0.0) }
            })
            .collect()
    }
}

fn read_curve(text: &str, name: &str) -> Result<Vec<Corner>, Flaw> {
    let mut corners: Vec<Corner> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut cells = line.split(',').map(str::trim);
        let pair = (cells.next().and_then(number), cells.next().and_then(number));
        let (Some(at), Some(rate)) = pair else {
            if corners.is_empty() && index == 0 {
                continue;
            }
            return Err(Flaw::new(
                "curve",
                format!("{name} line {}: \"{line}\" is not seconds,rate", index + 1),
                "write two numbers a line, like 3600,26.5",
            ));
        };
        let at = (at * SECOND as f64) as Nanos;
        if corners.is_empty() && at > 0 {
            corners.push(Corner { at: 0, rate });
        }
        in_order(&corners, at, "curve")?;
        corners.push(Corner { at, rate });
    }
    if corners.is_empty() {
        return Err(Flaw::new(
            "curve",
            format!("{name} has no points"),
            "write seconds,rate lines",
        ));
    }
    Ok(corners)
}

fn number(cell: &str) -> Option<f64> {
    cell.parse::<f64>().ok().filter(|x| x.is_finite() && *x >= 0.0 && *x < 1e9)
}

impl Profile {
    /// The highest rate, per second.
    #[must_use]
    pub fn highest(&self) -> f64 {
        self.corners.iter().fold(0.0, |top, corner| top.max(corner.rate))
    }

    /// The time at which `amount` more arrivals have accumulated after `now`, exactly; `None` if
    /// the rate stays 0 before that. Calls must not go back in time.
    #[inline]
    pub fn after(&mut self, now: Nanos, amount: f64) -> Option<Nanos> {
        self.wait(amount).map(|wait| now + wait).or_else(|| self.along(now, amount))
    }

    /// How long it takes until `amount` more arrivals have accumulated, where the rate never
    /// changes.
    #[inline]
    pub fn wait(&self, amount: f64) -> Option<Nanos> {
        match self.corners[..] {
            [Corner { rate, .. }] if rate > 0.0 => Some((amount / rate * SECOND as f64) as Nanos),
            _ => None,
        }
    }

    fn along(&mut self, now: Nanos, mut amount: f64) -> Option<Nanos> {
        let mut at = now;
        loop {
            let index = self.segment as usize;
            let here = self.corners[index];
            let Some(&next) = self.corners.get(index + 1) else {
                let gap = amount / here.rate * SECOND as f64;
                return (here.rate > 0.0).then(|| at + gap as Nanos);
            };
            if at >= next.at {
                self.segment += 1;
                continue;
            }
            let slope = (next.rate - here.rate) / seconds(next.at - here.at);
            let rate = here.rate + slope * seconds(at - here.at);
            let left = seconds(next.at - at);
            let area = (rate + next.rate) / 2.0 * left;
            if area > amount {
                // root of rate x + slope x^2 / 2 = amount in the form that does not cancel
                let root = (rate * rate + 2.0 * slope * amount).max(0.0).sqrt();
                let gap = 2.0 * amount / (rate + root);
                return Some((at + (gap * SECOND as f64) as Nanos).min(next.at));
            }
            amount -= area;
            at = next.at;
            self.segment += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(corners: &[(u64, f64)]) -> Profile {
        let corners = corners.iter().map(|&(at, rate)| Corner { at: at * SECOND, rate }).collect();
        Profile { corners, segment: 0, even: true }
    }

    #[test]
    fn arrivals_follow_a_ramp_exactly() {
        // from 0/s to 10/s in 10 s: t^2/2 arrivals by t
        let mut ramp = profile(&[(0, 0.0), (10, 10.0)]);
        let mut now = 0;
        for k in 1..=50u32 {
            now = ramp.after(now, 1.0).unwrap();
            let expected = (2.0 * f64::from(k)).sqrt();
            assert!((seconds(now) - expected).abs() < 1e-6, "arrival {k} at {now}");
        }
        assert_eq!(ramp.after(now, 10.0), Some(now + SECOND));
    }

    #[test]
    fn a_silent_stretch_is_skipped_and_a_silent_end_is_the_end() {
        let mut steps = profile(&[(0, 1.0), (2, 1.0), (2, 0.0), (10, 0.0), (10, 2.0), (11, 2.0)]);
        assert_eq!(steps.after(0, 3.0), Some(10 * SECOND + SECOND / 2));
        let mut ending = profile(&[(0, 1.0), (2, 1.0), (2, 0.0)]);
        assert_eq!(ending.after(0, 3.0), None);
    }
}
