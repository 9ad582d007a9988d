//! What happened in a run: as a list up to the time that is looked at, and as flags in the charts.

use sim_core::Moment;
use sim_core::figures::at;

use super::State;

/// Happenings that the list shows: as many as anybody reads.
const LISTED: usize = 60;
/// Flags that would stand closer, as a share of the run, are one.
const APART: f64 = 1.0 / 60.0;
/// How near a flag is that is meant, as a share of what the charts show.
const NEAR: f64 = 0.01;

/// When something happened: a change is made a nanosecond after the time that the run stood at.
#[must_use]
pub fn when(at_s: f64) -> String {
    at((at_s * 1e3).floor() / 1e3)
}

/// A happening in words.
#[must_use]
pub fn said(moment: &Moment) -> String {
    let node = moment.node.as_deref().map_or(String::new(), |node| format!("{node}: "));
    format!("{node}{}", moment.what)
}

impl State {
    /// The last of what happened up to the time that is looked at.
    #[must_use]
    pub fn happened(&self) -> &[Moment] {
        let (before, _) = self.parted();
        &before[before.len().saturating_sub(LISTED)..]
    }

    /// How many things happened after the time that is looked at.
    #[must_use]
    pub fn happens_later(&self) -> usize {
        self.parted().1.len()
    }

    /// What happened up to the time that is looked at, and later.
    fn parted(&self) -> (&[Moment], &[Moment]) {
        let all = self.course.happened();
        all.split_at(all.partition_point(|moment| moment.at_s <= self.shown_s()))
    }

    /// Flags that stand in every chart: when, and what happened.
    #[must_use]
    pub fn flags(&self) -> Vec<(f64, String)> {
        let apart_s = self.duration_s() * APART;
        let mut flags: Vec<(f64, String)> = Vec::new();
        for moment in self.course.happened() {
            match flags.last_mut() {
                Some((at_s, all)) if moment.at_s - *at_s < apart_s => {
                    all.push_str(&format!("; {}", said(moment)));
                }
                _ => flags.push((moment.at_s, format!("{}: {}", when(moment.at_s), said(moment)))),
            }
        }
        flags
    }

    /// What the flag says that somebody looks at, who may have no pointer to lay on it.
    #[must_use]
    pub fn flag(&self) -> Option<String> {
        let (at_s, (from_s, to_s)) = (self.cursor_s?, self.span());
        let apart = |(flag_s, _): &(f64, String)| (flag_s - at_s).abs();
        let nearest = self.flags().into_iter().min_by(|a, b| apart(a).total_cmp(&apart(b)))?;
        (apart(&nearest) <= (to_s - from_s) * NEAR).then_some(nearest.1)
    }
}
