//! The run's owner: obeys commands, lets time pass in slices, tells what is new.

mod pace;
mod source;
#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;

use serde_json::Value;
use sim_core::{Advanced, Plan, Report, Run};

use self::pace::Pace;
use self::source::Source;
use crate::protocol::{Answer, Command, Doing, Format, Progress, Speed};
use crate::rows::Layout;
use crate::session::pace::Goal;

/// How long a slice may take, ms: after it the worker looks for messages.
const SLICE_MS: f64 = 8.0;
/// Events between two looks at the clock.
const EVENTS: u64 = 5_000;
/// Time between two answers about how far it is, ms: what a page can draw.
const NEWS_MS: f64 = 66.0;

/// A worker's mind: at most one run, and what to do with it.
#[derive(Default)]
pub struct Session {
    player: Option<Player>,
}

/// A run, how it is played and what the page knows of it.
struct Player {
    run: Run,
    source: Source,
    layout: Layout,
    goal: Goal,
    pace: Pace,
    known: Known,
}

/// What the page has been told.
#[derive(Default)]
struct Known {
    frames: usize,
    moments: usize,
    at_ms: f64,
    finished: bool,
}

impl Session {
    /// Does what is asked; `now_ms` is any clock that rises.
    pub fn obey(&mut self, command: Command, now_ms: f64) -> Vec<Answer> {
        if let Command::Load { name, text, seed } = command {
            self.player = None;
            return match load(&name, &text, seed) {
                Ok((player, answer)) => {
                    let first = Answer::Progress(player.progress());
                    self.player = Some(player);
                    vec![answer, first]
                }
                Err(answer) => vec![answer],
            };
        }
        if command == Command::Stop {
            self.player = None;
        }
        let Some(player) = &mut self.player else { return Vec::new() };
        match command {
            Command::Play(speed) => player.set(Goal::Play(speed), now_ms),
            Command::Pause => {
                player.set(Goal::Stand, now_ms);
                // the page must not stand before the run does
                return player.news(now_ms);
            }
            Command::Step => player.set(Goal::Note(player.run.moments()), now_ms),
            Command::SeekTo(at) => {
                if at < player.run.now()
                    && let Err(answer) = player.rewind()
                {
                    return vec![answer];
                }
                player.set(Goal::Reach(at), now_ms);
            }
            Command::Intervene(event) => return player.intervene(&event, now_ms),
            Command::WriteScenario => return vec![Answer::Scenario(player.source.text())],
            Command::Write(format) => return vec![player.write(format)],
            Command::Load { .. } | Command::Stop => {}
        }
        vec![Answer::Progress(player.progress())]
    }

    /// Lets time pass for one slice, if anything is to be done, and tells what is new.
    pub fn work(&mut self, clock: &mut dyn FnMut() -> f64) -> Vec<Answer> {
        let Some(player) = &mut self.player else { return Vec::new() };
        if player.goal == Goal::Stand {
            return Vec::new();
        }
        let began = clock();
        if let Err(answer) = player.slice(began, clock) {
            self.player = None;
            return vec![answer];
        }
        player.news(clock())
    }

    /// How long the worker may sleep before the next slice, ms; `None` until a command comes.
    #[must_use]
    pub fn sleep_ms(&self, now_ms: f64) -> Option<f64> {
        let player = self.player.as_ref().filter(|player| player.goal != Goal::Stand)?;
        Some(player.pace.sleep_ms(player.run.now(), now_ms))
    }
}

fn load(name: &str, text: &str, seed: Option<u64>) -> Result<(Player, Answer), Answer> {
    let source = Source::new(name, text);
    let (plan, notes) = source.read().map_err(Answer::Problems)?;
    let seed = seed.unwrap_or(plan.seed);
    let parts = source::parts(&plan);
    let run = begin(plan, seed)?;
    let report = Report::of(&run).brief();
    let layout = Layout::of(&report);
    let (pace, known) = (Pace::default(), Known::default());
    let player = Player { run, source, layout, goal: Goal::Stand, pace, known };
    Ok((player, Answer::Loaded(Box::new(report), parts, notes)))
}

fn begin(plan: Arc<Plan>, seed: u64) -> Result<Run, Answer> {
    let name = plan.name.clone();
    Run::new(plan, seed).map_err(|(_, flaw)| {
        Answer::Failed(format!("{name} cannot be built: {}; {}", flaw.message, flaw.remedy))
    })
}

impl Player {
    fn set(&mut self, goal: Goal, now_ms: f64) {
        self.goal = if self.run.is_over() { Goal::Stand } else { goal };
        let ratio = match self.goal {
            Goal::Play(Speed::Ratio(ratio)) => Some(ratio),
            _ => None,
        };
        self.pace = Pace::from(self.run.now(), now_ms, ratio);
    }

    /// Back to the beginning of what is played now.
    fn rewind(&mut self) -> Result<(), Answer> {
        let plan = Arc::new(self.run.plan().clone());
        self.run = begin(plan, self.run.seed())?;
        self.known = Known::default();
        Ok(())
    }

    /// Changes the run now. Where the change needs instances that the run was not made with, it
    /// plays from the beginning to where it was, as the same run.
    fn intervene(&mut self, event: &Value, now_ms: f64) -> Vec<Answer> {
        let at = self.run.now() + 1;
        let (changed, event) = self.source.with(event, at);
        let plan = match changed.read() {
            Ok((plan, _)) => plan,
            Err(notes) => return vec![Answer::Refused(notes)],
        };
        if !self.run.amend(Arc::clone(&plan)) {
            let resumed = self.goal;
            self.run = match begin(plan, self.run.seed()) {
                Ok(run) => run,
                Err(answer) => return vec![answer],
            };
            self.known = Known::default();
            if let Advanced::Circling(node) = self.run.advance(at - 1, u64::MAX) {
                return vec![Answer::Failed(self.run.circling(node))];
            }
            self.set(resumed, now_ms);
        }
        self.source = changed;
        vec![Answer::Intervened(event), Answer::Progress(self.progress())]
    }

    fn slice(&mut self, began: f64, clock: &mut dyn FnMut() -> f64) -> Result<(), Answer> {
        let mut now_ms = began;
        let target = self.pace.target(began);
        while now_ms - began < SLICE_MS {
            let until = match self.goal {
                Goal::Stand => break,
                Goal::Play(_) => target,
                Goal::Reach(at) => at,
                Goal::Note(_) => self.run.frames().ends(),
            };
            let advanced = self.run.advance(until, EVENTS);
            if let Advanced::Circling(node) = advanced {
                return Err(Answer::Failed(self.run.circling(node)));
            }
            now_ms = clock();
            if self.goal.reached(&self.run) {
                self.goal = Goal::Stand;
            }
            if advanced == Advanced::Reached && matches!(self.goal, Goal::Play(_)) {
                break;
            }
        }
        self.pace.lag(self.run.now(), now_ms);
        Ok(())
    }

    fn progress(&self) -> Progress {
        let doing = match self.goal {
            _ if self.run.is_over() => Doing::Finished,
            Goal::Stand => Doing::Paused,
            Goal::Play(_) => Doing::Playing,
            Goal::Reach(_) | Goal::Note(_) => Doing::Seeking,
        };
        let ratio = (doing == Doing::Playing).then(|| self.pace.ratio()).flatten();
        Progress { now: self.run.now(), events: self.run.events(), ratio, doing }
    }

    /// What is new, unless the page was told a moment ago and can wait.
    fn news(&mut self, now_ms: f64) -> Vec<Answer> {
        if self.goal != Goal::Stand && now_ms - self.known.at_ms < NEWS_MS {
            return Vec::new();
        }
        self.pace.measure(self.run.now(), now_ms);
        let news = sim_core::News::of(&self.run, self.known.frames, self.known.moments);
        let mut answers = Vec::new();
        if !news.frames.is_empty() {
            let mut rows = Vec::with_capacity(news.frames.len() * self.layout.width());
            news.frames.iter().for_each(|frame| self.layout.push(frame, &mut rows));
            answers.push(Answer::Frames { first: news.first as u32, rows });
        }
        self.known.frames = news.first + news.frames.len();
        self.known.at_ms = now_ms;
        if !news.moments.is_empty() {
            let first = self.known.moments as u32;
            self.known.moments += news.moments.len();
            answers.push(Answer::Happened { first, moments: news.moments });
        }
        if self.run.is_over() && !self.known.finished {
            self.known.finished = true;
            answers.push(Answer::Finished(Box::new(Report::of(&self.run).brief())));
        }
        answers.push(Answer::Progress(self.progress()));
        answers
    }

    fn write(&self, format: Format) -> Answer {
        let report = Report::of(&self.run);
        let text = match format {
            Format::Html => Ok(report.to_html()),
            Format::Json => report.to_json(),
            Format::Csv => Ok(report.to_csv()),
        };
        text.map_or_else(Answer::Failed, |text| Answer::Written(format, text))
    }
}
