//! How sure a run's figures are: replications of it, or of both its branches on the same luck,
//! played by helpers beside the page's own worker.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use sim_core::{CONFIDENCE, Comparison, Replications, Sample, Summary, WarmUp};

use super::{Effect, Stage, State};
use crate::protocol::{Answer, Command, Note, Subject};
use crate::session::source::Source;

/// How often a run can be asked to be played.
pub const COUNTS: [u32; 4] = [10, 20, 50, 100];
/// Helpers at most: each holds a run of its own in memory.
const HELPERS_MAX: u32 = 8;

/// Replications under way, or what they said.
#[derive(Clone, Debug, PartialEq)]
pub struct Study {
    /// What is played: a run with its changes, or the original and its fork.
    pub subjects: Vec<Subject>,
    /// How often.
    pub count: u32,
    /// Where it is.
    pub at: At,
    /// What is known so far.
    pub found: Option<Rc<Found>>,
    /// The number that is handed out next.
    next: u32,
    helpers: u32,
    warmup: Option<WarmUp>,
    sets: Vec<Replications>,
    /// Those that came before their turn.
    early: BTreeMap<u32, Vec<Sample>>,
}

/// Where a study is.
#[derive(Clone, Debug, PartialEq)]
pub enum At {
    /// It looks how long runs take to come into balance.
    WarmingUp,
    /// It plays.
    Playing,
    /// It is over, or was ended.
    Over,
    /// It cannot go on, and why.
    Failed(String),
}

/// What replications say together.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Of the run; of the fork, where there are two branches.
    pub summary: Summary,
    /// How the fork differs from the original.
    pub comparison: Option<Comparison>,
}

/// What is asked about a study, and what helpers say.
#[derive(Clone, Debug, PartialEq)]
pub enum Studying {
    /// Play it so often; this machine has so many cores.
    Begin(u32, u32),
    /// End it with what is known.
    End,
    /// A helper, by its number, says something.
    Heard(u32, Answer),
    /// Hand over what is known as a page.
    Save,
}

impl Study {
    /// Replications that are in.
    #[must_use]
    pub fn done(&self) -> u32 {
        self.sets.first().map_or(0, Replications::len)
    }

    /// Whether helpers work for it.
    #[must_use]
    pub fn busy(&self) -> bool {
        matches!(self.at, At::WarmingUp | At::Playing)
    }

    fn begin(subjects: Vec<Subject>, count: u32, helpers: u32) -> Result<Self, Vec<Note>> {
        let read = |one: &Subject| Source::of(one).read().map(|(plan, _)| plan);
        let plans: Result<Vec<_>, _> = subjects.iter().map(read).collect();
        let mut plans = plans?;
        if let [original, fork] = &mut plans[..] {
            for (plan, branch) in [(original, "the original"), (fork, "the fork")] {
                Arc::make_mut(plan).name = branch.to_owned();
            }
        }
        let sets = plans.into_iter().map(|plan| Replications::new(plan, CONFIDENCE)).collect();
        Ok(Study {
            subjects,
            count,
            at: At::WarmingUp,
            found: None,
            next: 0,
            helpers,
            warmup: None,
            sets,
            early: BTreeMap::new(),
        })
    }

    /// Gives a helper its next replication, while there are any.
    fn next(&mut self, helper: u32) -> Option<Effect> {
        let number = self.next;
        self.next += 1;
        let warmup = self.warmup;
        (number < self.count).then_some(Effect::Ask(helper, Command::Replicate { number, warmup }))
    }

    fn hear(&mut self, helper: u32, answer: Answer) -> Vec<Effect> {
        match answer {
            Answer::WarmedUp(warmup) if self.at == At::WarmingUp => {
                (self.at, self.warmup) = (At::Playing, warmup);
                let sets = std::mem::take(&mut self.sets).into_iter();
                self.sets = sets.map(|set| set.warmed_up(warmup)).collect();
                (0..self.helpers).filter_map(|helper| self.next(helper)).collect()
            }
            Answer::Replicated { number, samples } if self.at == At::Playing => {
                self.early.insert(number, samples);
                // in the order of their numbers: what comes out is the same for any helpers
                while let Some(samples) = self.early.remove(&self.done()) {
                    self.sets.iter_mut().zip(samples).for_each(|(set, sample)| set.add(sample));
                }
                self.sum_up();
                if self.done() == self.count {
                    self.end()
                } else {
                    Vec::from_iter(self.next(helper))
                }
            }
            Answer::Problems(notes) => self.fail(first(&notes)),
            Answer::Failed(why) => self.fail(why),
            _ => Vec::new(),
        }
    }

    fn sum_up(&mut self) {
        let Some((last, before)) = self.sets.split_last().filter(|(last, _)| !last.is_empty())
        else {
            return;
        };
        let comparison = before
            .first()
            .map(|original| Comparison::of(original, std::slice::from_ref(last), CONFIDENCE));
        self.found = Some(Rc::new(Found { summary: last.summary(), comparison }));
    }

    fn end(&mut self) -> Vec<Effect> {
        self.at = At::Over;
        vec![Effect::Helpers(0)]
    }

    fn fail(&mut self, why: String) -> Vec<Effect> {
        self.at = At::Failed(why);
        vec![Effect::Helpers(0)]
    }
}

fn first(notes: &[Note]) -> String {
    notes.iter().find(|note| note.error).map_or_else(String::new, |note| note.message.clone())
}

impl State {
    /// What a study of the page's run would be about.
    #[must_use]
    pub fn subjects(&self) -> Vec<Subject> {
        let Some(source) = &self.source else { return Vec::new() };
        let courses = self.rival.iter().map(|rival| &rival.course).chain([&self.course]);
        let subject =
            |changes| Subject { name: source.name.clone(), text: source.text.to_string(), changes };
        courses.map(|course| subject(course.changes.clone())).collect()
    }

    /// What is asked about a study, and what helpers say.
    pub(super) fn studying(&mut self, studying: Studying) -> Vec<Effect> {
        match (studying, &mut self.study) {
            (Studying::Begin(count, cores), _) => self.study(count, cores),
            (Studying::End, Some(study)) => study.end(),
            (Studying::Heard(helper, answer), Some(study)) => study.hear(helper, answer),
            (Studying::Save, Some(study)) => {
                let name = format!("{}-replications.html", self.course.name());
                let page = study.found.as_ref().map(|found| found.to_html());
                page.map(|page| Effect::Save(name, "text/html", page)).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    fn study(&mut self, count: u32, cores: u32) -> Vec<Effect> {
        let seed = self.course.report.as_ref().map(|report| report.seed);
        let Some(seed) = seed.filter(|_| self.stage == Stage::Running) else { return Vec::new() };
        // one core is the page's own worker's and the page's
        let helpers = cores.saturating_sub(1).clamp(1, HELPERS_MAX).min(count);
        let subjects = self.subjects();
        match Study::begin(subjects.clone(), count, helpers) {
            Ok(study) => self.study = Some(study),
            Err(notes) => {
                self.notice = Some(first(&notes));
                return Vec::new();
            }
        }
        let ask = |helper| Effect::Ask(helper, Command::Study { subjects: subjects.clone(), seed });
        let asks = (0..helpers).map(ask);
        [Effect::Helpers(helpers)]
            .into_iter()
            .chain(asks)
            .chain([Effect::Ask(0, Command::WarmUp)])
            .collect()
    }
}

impl Found {
    /// As a part of the page.
    #[must_use]
    pub fn to_part(&self) -> String {
        match &self.comparison {
            Some(comparison) => comparison.to_part(),
            None => self.summary.to_part(),
        }
    }

    /// As a page of its own.
    fn to_html(&self) -> String {
        match &self.comparison {
            Some(comparison) => comparison.to_html(),
            None => self.summary.to_html(),
        }
    }
}
