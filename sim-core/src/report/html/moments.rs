//! The report's frames as the moments that charts show: as many as a screen has room for.

use super::super::Report;
use super::super::figures::at;
use super::super::frames::FrameReport;
use super::super::latency_map::LatencyWindow;

/// A stretch of the run that is one point of every chart.
pub(crate) struct Moment<'a> {
    pub(crate) frames: &'a [FrameReport],
    pub(crate) window: &'a LatencyWindow,
}

/// The moments of a run on their common time axis.
pub(crate) struct Course<'a> {
    pub(crate) moments: Vec<Moment<'a>>,
    /// The end of the axis, seconds.
    pub(crate) end_s: f64,
}

impl<'a> Course<'a> {
    /// The course of a run; `None` if the report holds no frames.
    pub(crate) fn of(report: &'a Report) -> Option<Self> {
        let frames = report.frames.as_deref()?;
        let windows = &report.latency_map.as_ref()?.windows;
        let moment = |window: &'a LatencyWindow| {
            let from = frames.partition_point(|frame| frame.start_s < window.start_s);
            let to = frames.partition_point(|frame| frame.start_s < window.end_s);
            Moment { frames: &frames[from.min(to)..to], window }
        };
        let moments: Vec<Moment<'_>> = windows.iter().map(moment).collect();
        let end_s = moments.last().map(|moment| moment.window.end_s)?;
        (end_s > 0.0).then_some(Course { moments, end_s })
    }

    /// Where a time stands on the axis, 0 to 1.
    pub(crate) fn place(&self, at_s: f64) -> f64 {
        (at_s / self.end_s).clamp(0.0, 1.0)
    }

    /// A figure at every moment.
    pub(crate) fn series(&self, of: impl Fn(&Moment<'a>) -> Option<f64>) -> Vec<Option<f64>> {
        self.moments.iter().map(of).collect()
    }

    /// How long most moments are, in words.
    pub(crate) fn step(&self) -> String {
        self.moments.first().map_or(String::new(), |moment| at(moment.span_s()))
    }
}

impl Moment<'_> {
    /// Its length, seconds.
    pub(crate) fn span_s(&self) -> f64 {
        self.window.end_s - self.window.start_s
    }

    /// Its middle, seconds.
    pub(crate) fn middle_s(&self) -> f64 {
        (self.window.start_s + self.window.end_s) / 2.0
    }

    /// Something that is counted, per second.
    pub(crate) fn rate(&self, of: impl Fn(&FrameReport) -> u64) -> Option<f64> {
        let span = self.span_s();
        (span > 0.0).then(|| self.frames.iter().map(of).sum::<u64>() as f64 / span)
    }

    /// The mean over time of a figure of frames; `None` where no frame has it.
    pub(crate) fn mean(&self, of: impl Fn(&FrameReport) -> Option<f64>) -> Option<f64> {
        let (mut sum, mut span) = (0.0, 0.0);
        for frame in self.frames {
            if let Some(value) = of(frame) {
                let length = frame.end_s - frame.start_s;
                sum += value * length;
                span += length;
            }
        }
        (span > 0.0).then(|| sum / span)
    }
}
