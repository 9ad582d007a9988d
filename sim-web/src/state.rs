//! The page's state: one value, changed by messages only; what is to be done comes back as effects.

pub mod background;
pub mod branches;
pub mod changes;
pub mod course;
pub mod figures;
pub mod fragment;
pub mod knobs;
pub mod presets;
pub mod rescue;
#[cfg(test)]
mod tests;
pub mod topology;

use std::rc::Rc;

use serde_json::Value;

use self::background::Left;
use self::branches::Rival;
use self::changes::Edit;
use self::course::Course;
use self::fragment::Wish;
use self::presets::Preset;
use self::rescue::{Rescue, Way};
use self::topology::Picture;
use crate::protocol::{Answer, Branch, Command, Doing, Format, Note, Speed};

/// Speeds to choose from; beyond them there is "as fast as possible".
pub const RATIOS: [f64; 9] = [0.1, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 1_000.0];
/// How long a run should take to watch, s.
const WATCHED_S: f64 = 20.0;

/// The speed at which a scenario is over before one gets tired of it.
fn watchable(duration_s: f64) -> Speed {
    let fits = |ratio: &&f64| **ratio * WATCHED_S <= duration_s;
    Speed::Ratio(RATIOS.iter().rev().find(fits).copied().unwrap_or(1.0))
}

/// Everything that the page shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// The shipped scenarios.
    pub presets: Rc<Vec<Preset>>,
    /// What was asked for.
    pub wish: Wish,
    /// What the page is about at the moment.
    pub stage: Stage,
    /// What the speed is set to.
    pub speed: Speed,
    /// The run; with two branches, the fork.
    pub course: Course,
    /// The branch that the fork left, while there are two.
    pub rival: Option<Rival>,
    /// The changes as they are being edited, until they are played.
    pub draft: Option<Vec<Value>>,
    /// What the page keeps in case its worker ends.
    pub rescue: Rescue,
    /// When the page was last looked at, while it is not.
    pub left: Option<Left>,
    /// What the browser did to the speed while nobody looked.
    pub throttled: Option<String>,
    /// The time that is looked at, s; `None` follows the run.
    pub cursor_s: Option<f64>,
    /// Light, dark or as the system has it.
    pub theme: Theme,
    /// Whether the system is dark.
    pub system_dark: bool,
}

/// What the page is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Stage {
    /// Nothing is chosen yet.
    #[default]
    Choosing,
    /// A scenario is being read.
    Loading,
    /// A run stands, goes on or is over.
    Running,
    /// The scenario cannot be played.
    Wrong(Vec<Note>),
    /// Something failed; a new worker can begin again.
    Failed(String),
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// What happens to the page.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// The address has this fragment.
    Address(String),
    /// A shipped scenario is chosen.
    Choose(String),
    /// Back to the choice.
    Leave,
    /// Play, or stand still.
    Toggle,
    /// Go on to the next thing of note.
    Step,
    /// From the beginning, with what was changed; a fork begins where it left the original.
    Restart,
    /// The scenario as it was before anything was changed.
    Forget,
    /// Part into two branches at the time that is looked at.
    Fork,
    /// Keep one of two branches.
    Keep(Branch),
    /// Edit the list of changes.
    Edit(Edit),
    /// Play the run that has the edited changes from the beginning.
    Replay,
    /// Go on after the worker ended.
    Recover(Way),
    /// A second has passed.
    Tick,
    /// Nobody looks at the page any more, or somebody does again, at a time of a clock, ms.
    Hidden(bool, f64),
    /// Play this fast from now on.
    Speed(Speed),
    /// Let the run go to a time, s.
    Seek(f64),
    /// Look at a time, s; `None` follows the run.
    Look(Option<f64>),
    /// Light or dark.
    Theme(Theme),
    /// The system is dark, or light.
    SystemDark(bool),
    /// Show the knobs of a part, by its place in the scenario.
    Open(String),
    /// Show which keys there are.
    Help,
    /// Change the running scenario: an event without its time.
    Change(Value),
    /// Hand over the scenario with what was changed.
    SaveScenario,
    /// Write the report.
    Write(Format),
    /// The worker says something.
    Answer(Answer),
}

/// What the page is to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Post this to the worker.
    Send(Command),
    /// End the worker and start a new one.
    NewWorker,
    /// Let the address have this fragment.
    Address(String),
    /// Bring the knobs of the part with this number before the person's eyes.
    Reveal(usize),
    /// Show the sheet of keys.
    Help,
    /// Hand this file to the person: name, type, text.
    Save(String, &'static str, String),
}

impl State {
    /// The page before anything is chosen.
    #[must_use]
    pub fn new(presets: Vec<Preset>) -> Self {
        State { presets: Rc::new(presets), ..State::default() }
    }

    /// Takes a message in.
    pub fn take(&mut self, message: Message) -> Vec<Effect> {
        let effects = self.react(message);
        self.rescue.asks(&effects);
        effects
    }

    fn react(&mut self, message: Message) -> Vec<Effect> {
        match message {
            Message::Address(fragment) => self.address(&fragment),
            Message::Choose(name) => {
                self.wish = Wish { preset: Some(name), ..Wish::default() };
                let mut effects = vec![Effect::Address(self.wish.text())];
                effects.extend(self.begin());
                effects
            }
            Message::Leave => {
                self.wish = Wish::default();
                self.clear(Stage::Choosing);
                vec![Effect::Send(Command::Stop), Effect::Address("#".to_owned())]
            }
            Message::Restart => self.restart(),
            Message::Forget => {
                self.wish.play = None;
                self.begin()
            }
            Message::Toggle => self.toggle(),
            Message::Step => self.running(Command::Step),
            Message::Speed(speed) => {
                self.speed = speed;
                match self.course.progress.doing {
                    Doing::Playing => self.running(Command::Play(speed)),
                    _ => Vec::new(),
                }
            }
            Message::Seek(at_s) => {
                let end_s = self.duration_s();
                if at_s * 1e9 < self.course.progress.now as f64 {
                    self.course.forget_frames();
                }
                self.running(Command::SeekTo((at_s.clamp(0.0, end_s) * 1e9) as u64))
            }
            Message::Look(at_s) => {
                self.cursor_s = at_s.map(|at_s| at_s.clamp(0.0, self.duration_s()));
                Vec::new()
            }
            Message::Theme(theme) => {
                self.theme = theme;
                Vec::new()
            }
            Message::SystemDark(dark) => {
                self.system_dark = dark;
                Vec::new()
            }
            Message::Open(path) => {
                let place = self.course.parts.iter().position(|part| part.path == path);
                place.map(Effect::Reveal).into_iter().collect()
            }
            Message::Help => vec![Effect::Help],
            Message::Change(event) => self.running(Command::Intervene(event)),
            Message::SaveScenario => self.running(Command::WriteScenario),
            Message::Write(format) => self.running(Command::Write(format)),
            Message::Answer(answer) => self.answer(answer),
            message => self.take_course(message),
        }
    }

    /// Whether the page is dark.
    #[must_use]
    pub fn dark(&self) -> bool {
        self.theme == Theme::Dark || self.theme == Theme::System && self.system_dark
    }

    /// How long the scenario lasts, s.
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        self.course.duration_s()
    }

    /// The finished run's digest; with two branches, the original's.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        self.first_digest()
    }

    /// The time that values are shown of, s: what is looked at, or the newest.
    #[must_use]
    pub fn shown_s(&self) -> f64 {
        self.cursor_s.unwrap_or_else(|| self.course.table.end_s())
    }

    /// The scenario at that time, as a picture.
    #[must_use]
    pub fn picture(&self) -> Picture {
        self.course.picture(self.shown_s())
    }

    fn address(&mut self, fragment: &str) -> Vec<Effect> {
        match Wish::read(fragment) {
            Ok(wish) if wish == self.wish && self.stage != Stage::Choosing => Vec::new(),
            Ok(wish) => {
                self.wish = wish;
                self.begin()
            }
            Err(why) => {
                self.clear(Stage::Failed(why));
                vec![Effect::Send(Command::Stop)]
            }
        }
    }

    /// Loads what is wished for.
    fn begin(&mut self) -> Vec<Effect> {
        let Some(name) = self.wish.preset.clone() else {
            self.clear(Stage::Choosing);
            return vec![Effect::Send(Command::Stop)];
        };
        let Some(preset) = self.presets.iter().find(|preset| preset.name == name) else {
            let names: Vec<&str> = self.presets.iter().map(|preset| &preset.name[..]).collect();
            let remedy = sim_core::nearest_remedy(&name, &names);
            let name: String = name.chars().take(40).collect();
            self.clear(Stage::Failed(format!("no scenario is called \"{name}\": {remedy}")));
            return vec![Effect::Send(Command::Stop)];
        };
        let (name, text) = (preset.name.clone(), preset.text.clone());
        self.clear(Stage::Loading);
        vec![Effect::Send(Command::Load { name, text, seed: self.wish.seed })]
    }

    fn restart(&mut self) -> Vec<Effect> {
        self.wish.play = None;
        let mut effects = vec![Effect::Address(self.wish.text())];
        match self.stage {
            Stage::Running => effects.extend(self.rewind()),
            Stage::Failed(_) => {
                effects.insert(0, Effect::NewWorker);
                effects.extend(self.begin());
            }
            _ => effects.extend(self.begin()),
        }
        effects
    }

    /// Back to the start of what is played now.
    fn rewind(&mut self) -> Vec<Effect> {
        self.cursor_s = None;
        self.course.forget_frames();
        self.running(Command::SeekTo(self.start()))
    }

    fn toggle(&mut self) -> Vec<Effect> {
        match self.course.progress.doing {
            Doing::Playing | Doing::Seeking => self.running(Command::Pause),
            Doing::Paused => {
                self.cursor_s = None;
                self.running(Command::Play(self.speed))
            }
            Doing::Finished => {
                let mut effects = self.rewind();
                effects.extend(self.running(Command::Play(self.speed)));
                effects
            }
        }
    }

    /// Messages about which course the run takes, and whether it goes on at all.
    fn take_course(&mut self, message: Message) -> Vec<Effect> {
        match message {
            Message::Fork => return self.fork(),
            Message::Keep(branch) => return self.keep(branch),
            Message::Replay => return self.replay(),
            Message::Recover(way) => return self.recover(way),
            Message::Edit(edit) => self.edit(edit),
            Message::Tick => self.tick(),
            Message::Hidden(hidden, now_ms) => self.hidden(hidden, now_ms),
            _ => {}
        }
        Vec::new()
    }

    /// A command that means something only while there is a run.
    fn running(&self, command: Command) -> Vec<Effect> {
        if self.stage == Stage::Running { vec![Effect::Send(command)] } else { Vec::new() }
    }

    fn clear(&mut self, stage: Stage) {
        self.stage = stage;
        self.course = Course::default();
        (self.rival, self.draft) = (None, None);
        (self.left, self.throttled) = (None, None);
        self.cursor_s = None;
    }

    fn answer(&mut self, mut answer: Answer) -> Vec<Effect> {
        self.rescue.hears(&mut answer, &self.course.changes);
        // what the last run still had to say is not about the one that is wanted now
        let about_this = self.stage == Stage::Running;
        match answer {
            Answer::Loaded(report, parts, warnings) if self.stage == Stage::Loading => {
                self.stage = Stage::Running;
                let asked = self.wish.play.map(|speed| (speed, true));
                let own = (watchable(report.duration_s), false);
                let (speed, plays) = self.goes_on().or(asked).unwrap_or(own);
                self.speed = speed;
                self.course = Course::new(*report, parts, warnings);
                if plays {
                    return self.running(Command::Play(speed));
                }
            }
            Answer::Problems(notes) if self.stage == Stage::Loading => {
                self.stage = Stage::Wrong(notes);
            }
            Answer::Scenario(text) if about_this => {
                let name = format!("{}.yaml", self.course.name());
                return vec![Effect::Save(name, "application/yaml", text)];
            }
            Answer::Written(format, text) if about_this => return vec![self.file(format, text)],
            // what came first is the reason, what follows from it is not
            Answer::Failed(_) if matches!(self.stage, Stage::Failed(_)) => {}
            Answer::Failed(why) => self.stage = Stage::Failed(why),
            answer @ (Answer::Forked(_)
            | Answer::Original(_)
            | Answer::Compared(_)
            | Answer::Kept(_))
                if about_this =>
            {
                self.branch(answer);
            }
            answer if about_this => {
                if matches!(answer, Answer::Changed(_)) {
                    self.draft = None;
                }
                self.course.take(answer);
                self.link();
            }
            _ => {}
        }
        Vec::new()
    }

    fn file(&self, format: Format, text: String) -> Effect {
        let name = self.course.name();
        let (end, kind) = match format {
            Format::Html => ("html", "text/html"),
            Format::Json => ("json", "application/json"),
            Format::Csv => ("csv", "text/csv"),
        };
        Effect::Save(format!("{name}.{end}"), kind, text)
    }
}
