//! A run watched while it goes on: what is new since the last look, without a whole report.

use super::facts::Facts;
use super::frames::{FrameReport, since};
use super::latency_map::{Cells, cells};
use super::timeline::{Moment, happened};
use crate::run::Run;

/// What a run has to tell since it was last looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct News {
    /// The number of the first of `frames`: those from it on take the place of what was known.
    pub first: usize,
    /// Frames that have ended, as the report tells them.
    pub frames: Vec<FrameReport>,
    /// The latencies of each of them, as a latency map counts them.
    pub latencies: Vec<Cells>,
    /// What happened, as the report's timeline tells it.
    pub moments: Vec<Moment>,
}

impl News {
    /// What is new to somebody who knows so many frames and so many moments. Frames that were
    /// merged since then are all told again.
    #[must_use]
    pub fn of(run: &Run, frames: usize, moments: usize) -> Self {
        let all = run.frames().all().len();
        let first = if all < frames { 0 } else { frames };
        let journal = run.world().core.journal.iter().skip(moments);
        let fresh = if first < all { since(&Facts::of(run), first) } else { Vec::new() };
        let latencies = run.frames().all()[first..].iter().map(cells).collect();
        News { first, frames: fresh, latencies, moments: journal.map(happened).collect() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::report::Report;
    use crate::scenario::{NoFiles, read};

    #[test]
    fn news_put_together_are_what_the_report_tells() {
        let text = "busyhour: 1\nduration: 60s\nusers: {u: {enter: app, arrivals: 20/s}}\nnodes: \
                    {app: {component: worker-pool, workers: 2, steps: [cpu: 30ms]}}\n\
                    events: [{at: 20s, kill: app, for: 5s}]\n";
        let plan = Arc::new(read("t", text, &[], &NoFiles).plan.unwrap());
        let mut run = Run::new(plan, 1).unwrap();
        let (mut frames, mut moments, mut answered) = (Vec::new(), Vec::new(), 0);
        for slice in 1..=100 {
            run.advance(slice * 600_000_000, u64::MAX);
            let news = News::of(&run, frames.len(), moments.len());
            assert_eq!((news.first, news.latencies.len()), (frames.len(), news.frames.len()));
            answered += news.latencies.iter().flatten().map(|(_, n)| n).sum::<u64>();
            frames.extend(news.frames);
            moments.extend(news.moments);
        }
        let report = Report::of(&run);
        assert_eq!(answered, report.requests.completed);
        assert!(frames.len() > 500 && Some(&frames) == report.frames.as_ref());
        let events = report.timeline.iter().filter(|moment| moment.kind == "event");
        assert!(moments.len() >= 2 && moments.iter().eq(events));
    }

    #[test]
    fn merged_frames_are_told_from_the_beginning() {
        let text = "busyhour: 1\nduration: 60s\nframe: 10ms\nusers: {u: {enter: app, arrivals: \
                    20/s}}\nnodes:\n  app: {component: worker-pool, workers: 2, steps: [cpu: \
                    30ms]}\n";
        let plan = Arc::new(read("t", text, &[], &NoFiles).plan.unwrap());
        let mut run = Run::new(plan, 1).unwrap();
        run.advance(40_000_000_000, u64::MAX);
        let known = News::of(&run, 0, 0).frames.len();
        run.finish();
        let news = News::of(&run, known, 0);
        assert!(news.first == 0 && news.frames.len() < known, "{} {known}", news.first);
        assert_eq!(Some(news.frames), Report::of(&run).frames);
    }
}
