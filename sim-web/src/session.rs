//! The run's owner: obeys commands, lets time pass in slices, tells what is new.

mod pace;
mod player;
mod snapshots;
pub(crate) mod source;
mod study;
#[cfg(test)]
pub(crate) mod tests;

use serde_json::Value;
use sim_core::Difference;

use self::pace::Goal;
use self::player::Player;
use self::source::Source;
use self::study::Study;
use crate::protocol::{Answer, Branch, Command, Resume};

/// Time between two comparisons of branches that go on, ms.
const COMPARED_MS: f64 = 500.0;

/// A worker's mind: at most one run, what to do with it, and the run that it parted from; or its
/// share of a study.
#[derive(Default)]
pub struct Session {
    player: Option<Player>,
    original: Option<Original>,
    /// What it helps with instead.
    study: Option<Study>,
}

/// The branch that stays as it was.
struct Original {
    player: Player,
    /// When the other one left it, ns.
    parted: u64,
    compared_ms: f64,
}

impl Session {
    /// Does what is asked; `now_ms` is any clock that rises.
    pub fn obey(&mut self, command: Command, now_ms: f64) -> Vec<Answer> {
        match command {
            Command::Check { version, name, text } => {
                let (notes, parts) = Source::new(&name, &text).check();
                return vec![Answer::Checked { version, notes, parts }];
            }
            Command::Load { name, text, seed } => return self.load(&name, &text, seed),
            Command::Resume(left) => return self.resume(*left, now_ms),
            Command::Stop => *self = Session::default(),
            Command::Fork(at) => return self.fork(at, now_ms),
            Command::Keep(branch) => return self.keep(branch, now_ms),
            Command::Intervene(event) => return self.intervene(&event, now_ms),
            command @ (Command::Study { .. } | Command::WarmUp | Command::Replicate { .. }) => {
                return self.study(command).into_iter().collect();
            }
            _ => {}
        }
        let Some(player) = &mut self.player else { return Vec::new() };
        match command {
            Command::Play(speed) => player.set(Goal::Play(speed), now_ms),
            Command::Pause => {
                player.stand(now_ms);
                // the page must not stand before the run does
                return player.news(now_ms, true);
            }
            Command::Step => player.set(Goal::Note(player.run.moments()), now_ms),
            Command::SeekTo(at) => {
                if let Err(answer) = player.reach(at, now_ms) {
                    return vec![answer];
                }
            }
            Command::Amend(changes) => return player.amend(changes, now_ms),
            Command::WriteScenario => return vec![Answer::Scenario(player.source.text())],
            Command::Write(format) => return vec![player.write(format)],
            _ => {}
        }
        vec![Answer::Progress(player.progress())]
    }

    /// Lets time pass for one slice, if anything is to be done, and tells what is new.
    pub fn work(&mut self, clock: &mut dyn FnMut() -> f64) -> Vec<Answer> {
        if let Some(study) = &mut self.study {
            return study.work(clock).unwrap_or_else(|answer| {
                self.study = None;
                vec![answer]
            });
        }
        if self.original_is_behind() {
            return self.follow(clock);
        }
        let Some(player) = self.player.as_mut().filter(|player| player.busy()) else {
            return Vec::new();
        };
        let began = clock();
        if let Err(answer) = player.slice(began, clock) {
            *self = Session::default();
            return vec![answer];
        }
        let now_ms = clock();
        let mut answers = player.news(now_ms, !player.busy());
        answers.extend(player.save(now_ms));
        if !self.original_is_behind() {
            answers.extend(self.compare(now_ms));
        }
        answers
    }

    /// How long the worker may sleep before the next slice, ms; `None` until a command comes.
    #[must_use]
    pub fn sleep_ms(&self, now_ms: f64) -> Option<f64> {
        if self.original_is_behind() || self.study.as_ref().is_some_and(Study::busy) {
            return Some(0.0);
        }
        let player = self.player.as_ref().filter(|player| player.busy())?;
        Some(player.pace.sleep_ms(player.run.now(), now_ms))
    }

    /// What is asked of a helper.
    fn study(&mut self, command: Command) -> Option<Answer> {
        match (command, &mut self.study) {
            (Command::Study { subjects, seed }, _) => {
                let study = Study::of(&subjects, seed);
                *self = Session::default();
                study.map(|study| self.study = Some(study)).err()
            }
            (Command::WarmUp, Some(study)) => study.warm_up(),
            (Command::Replicate { number, warmup }, Some(study)) => {
                study.replicate(number, warmup);
                None
            }
            _ => None,
        }
    }

    fn load(&mut self, name: &str, text: &str, seed: Option<u64>) -> Vec<Answer> {
        *self = Session::default();
        match Player::load(name, text, seed) {
            Ok((player, answer)) => {
                let first = Answer::Progress(player.progress());
                self.player = Some(player);
                vec![answer, first]
            }
            Err(answer) => vec![answer],
        }
    }

    fn resume(&mut self, left: Resume, now_ms: f64) -> Vec<Answer> {
        let mut answers = self.load(&left.name, &left.text, left.seed);
        if let Some(player) = &mut self.player {
            answers.extend(player.take_over(left, now_ms));
        }
        answers
    }

    /// Changes the run now, or what is to be played beside the one that is over.
    fn intervene(&mut self, event: &Value, now_ms: f64) -> Vec<Answer> {
        let parted = self.original.as_ref().map_or(0, |original| original.parted);
        let Some(player) = &mut self.player else { return Vec::new() };
        if !player.ends() {
            return player.intervene(event, now_ms);
        }
        let changes = match player.changed_at(event, parted + 1) {
            Ok(changes) => changes,
            Err(refused) => return vec![refused],
        };
        let mut answers = Vec::new();
        if self.original.is_none() {
            answers = self.fork(parted, now_ms);
        }
        answers.extend(
            self.player.as_mut().map(|fork| fork.amend(changes, now_ms)).into_iter().flatten(),
        );
        answers
    }

    /// Two branches from a time on; there are never more.
    fn fork(&mut self, at: u64, now_ms: f64) -> Vec<Answer> {
        let Some(mut player) = self.player.take().filter(|_| self.original.is_none()) else {
            return Vec::new();
        };
        let parted = at.min(player.run.now());
        match player.fork(parted, now_ms) {
            Ok(fork) => {
                player.stand(now_ms);
                let mut answers = player.news(now_ms, true);
                answers.extend([Answer::Forked(parted), Answer::Progress(fork.progress())]);
                self.player = Some(fork);
                self.original = Some(Original { player, parted, compared_ms: now_ms });
                answers
            }
            Err(answer) => {
                self.player = Some(player);
                vec![answer]
            }
        }
    }

    fn keep(&mut self, branch: Branch, now_ms: f64) -> Vec<Answer> {
        let Some(Original { player: mut original, .. }) = self.original.take() else {
            return Vec::new();
        };
        if branch == Branch::Original {
            let goal = self.player.as_ref().map_or(Goal::Stand, |fork| fork.goal);
            original.set(if matches!(goal, Goal::Play(_)) { goal } else { Goal::Stand }, now_ms);
            self.player = Some(original);
        }
        let told = self.player.as_mut().map(|player| player.news(now_ms, true));
        [Answer::Kept(branch)].into_iter().chain(told.into_iter().flatten()).collect()
    }

    fn original_is_behind(&self) -> bool {
        let (Some(player), Some(original)) = (&self.player, &self.original) else { return false };
        original.player.run.now() < player.run.now()
    }

    /// Lets the original come to where its fork is.
    fn follow(&mut self, clock: &mut dyn FnMut() -> f64) -> Vec<Answer> {
        let (Some(player), Some(original)) = (&self.player, &mut self.original) else {
            return Vec::new();
        };
        let (ahead, busy) = (player.run.now(), player.busy());
        let began = clock();
        original.player.goal = Goal::Reach(ahead);
        if let Err(answer) = original.player.slice(began, clock) {
            *self = Session::default();
            return vec![answer];
        }
        let (now_ms, there) = (clock(), original.player.run.now() >= ahead);
        let news = original.player.news(now_ms, there && !busy);
        let mut answers: Vec<Answer> =
            news.into_iter().map(|answer| Answer::Original(Box::new(answer))).collect();
        if there {
            answers.extend(self.compare(now_ms));
        }
        answers
    }

    /// How the branches differ, now and then while they go on, and when they stand.
    fn compare(&mut self, now_ms: f64) -> Option<Answer> {
        let (player, original) = (self.player.as_ref()?, self.original.as_mut()?);
        if player.busy() && now_ms - original.compared_ms < COMPARED_MS {
            return None;
        }
        original.compared_ms = now_ms;
        let found = Difference::of(&original.player.run, &player.run, original.parted)?;
        Some(Answer::Compared(Box::new(found)))
    }
}
