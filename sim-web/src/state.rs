//! The page's state: one value, changed by messages only; what is to be done comes back as effects.

pub mod axes;
pub mod background;
pub mod branches;
pub mod changes;
pub mod course;
pub mod editor;
pub mod edits;
pub mod figures;
pub mod fragment;
pub mod happenings;
pub mod knobs;
pub mod lens;
mod messages;
pub mod opening;
mod packed;
pub mod presets;
pub mod rescue;
pub mod sharing;
pub mod sight;
pub mod study;
#[cfg(test)]
mod tests;
pub mod topology;

use std::rc::Rc;

use serde_json::Value;

use self::background::Left;
use self::branches::Rival;
use self::course::Course;
use self::editor::Editor;
use self::fragment::Wish;
pub use self::messages::{Effect, Message};
use self::opening::{Shown, Source};
use self::presets::Preset;
use self::rescue::Rescue;
use self::sharing::Link;
use self::sight::Sight;
use self::study::Study;
use self::topology::Picture;
use crate::protocol::{Answer, Command, Doing, Format, Note, Speed};

/// Speeds to choose from; beyond them there is "as fast as possible".
pub const RATIOS: [f64; 9] = [0.1, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 1_000.0];
/// How long a run should take to watch, s.
const WATCHED_S: f64 = 20.0;
/// Room for a picture from side to side: on a phone, on a desk, and there beside the editor's text,
/// pixels.
const PHONE: f64 = 388.0;
const DESK: f64 = 1_240.0;
const BESIDE_TEXT: f64 = 480.0;

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
    /// How sure its figures are, as far as that was asked.
    pub study: Option<Study>,
    /// The changes as they are being edited, until they are played.
    pub draft: Option<Vec<Value>>,
    /// What the page keeps in case its worker ends.
    pub rescue: Rescue,
    /// When the page was last looked at, while it is not.
    pub left: Option<Left>,
    /// What the browser did to the speed while nobody looked.
    pub throttled: Option<String>,
    /// The scenario that is played.
    pub source: Option<Source>,
    /// Whether that came out of the editor.
    own: bool,
    /// Whether to play it as soon as it is read.
    at_once: bool,
    /// Whether the changes of a link are on their way into the run.
    amending: bool,
    /// The scenario as it is edited.
    pub editor: Editor,
    /// The link that was asked for last.
    pub shared: Option<Link>,
    /// A saved answer that was opened: it lies above everything else until it is closed.
    pub shown: Option<Rc<Shown>>,
    /// What else is to be said about the scenario.
    pub notice: Option<String>,
    /// The time that is looked at, s; `None` follows the run.
    pub cursor_s: Option<f64>,
    /// How the page is looked at.
    pub sight: Sight,
    /// Light, dark or as the system has it.
    pub theme: Theme,
    /// Whether the system is dark.
    pub system_dark: bool,
    /// Whether the window is as narrow as a phone.
    pub narrow: bool,
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
        if effects.iter().any(|effect| matches!(effect, Effect::Send(_))) {
            // who goes on has read it
            self.course.refused = None;
        }
        effects
    }

    fn react(&mut self, message: Message) -> Vec<Effect> {
        match message {
            // keys that mean something to a run mean nothing where it is not seen
            Message::Toggle | Message::Step | Message::Restart if self.editor.open => Vec::new(),
            Message::Address(fragment) => self.address(&fragment),
            Message::Choose(name) => self.choose(name),
            Message::Leave => self.leave(),
            Message::Restart => self.restart(),
            Message::Forget => {
                self.wish.play = None;
                self.wish.changes.clear();
                self.begin()
            }
            Message::Toggle => self.toggle(),
            Message::Step => self.running(Command::Step),
            Message::Help => vec![Effect::Help],
            Message::Shut => {
                self.shown = None;
                Vec::new()
            }
            Message::Change(event) => self.running(Command::Intervene(event)),
            Message::SaveScenario => self.running(Command::WriteScenario),
            Message::Write(format) => self.running(Command::Write(format)),
            Message::Editing(editing) => self.editing(editing),
            Message::Studying(studying) => self.studying(studying),
            Message::Share(base) => self.share(&base),
            Message::Copied => {
                if let Some(Link::Made(link)) = self.shared.take() {
                    self.shared = Some(Link::Copied(link));
                }
                Vec::new()
            }
            Message::Answer(answer) => self.answer(answer),
            message => self.look(message),
        }
    }

    /// How fast, when and in which light one looks.
    fn look(&mut self, message: Message) -> Vec<Effect> {
        match message {
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
            Message::See(see) => {
                self.see(see);
                Vec::new()
            }
            Message::SavePicture(id) => {
                vec![Effect::SavePicture(id, format!("{}-{id}.png", self.course.name()))]
            }
            Message::Theme(theme) => {
                self.theme = theme;
                Vec::new()
            }
            Message::SystemDark(dark) => {
                self.system_dark = dark;
                Vec::new()
            }
            Message::Narrow(narrow) => {
                self.narrow = narrow;
                Vec::new()
            }
            Message::Open(path) => {
                let place = self.course.parts.iter().position(|part| part.path == path);
                place.map(Effect::Reveal).into_iter().collect()
            }
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

    /// The time that values are shown of, s: what is looked at, or the newest.
    #[must_use]
    pub fn shown_s(&self) -> f64 {
        self.cursor_s.unwrap_or_else(|| self.course.table.end_s())
    }

    /// The scenario at that time, as a picture.
    #[must_use]
    pub fn picture(&self) -> Picture {
        let room = if self.narrow { PHONE } else { DESK };
        self.course.picture(self.shown_s(), room)
    }

    /// Room for the editor's picture from side to side, pixels.
    #[must_use]
    pub fn beside_text(&self) -> f64 {
        if self.narrow { PHONE } else { BESIDE_TEXT }
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
        (self.rival, self.draft, self.study) = (None, None, None);
        (self.left, self.throttled) = (None, None);
        (self.cursor_s, self.shared, self.notice) = (None, None, None);
        self.amending = false;
        self.sight = Sight { presenting: self.sight.presenting, ..Sight::default() };
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
                let goes_on = self.goes_on();
                let (speed, plays) = goes_on.or(asked).unwrap_or(own);
                self.speed = speed;
                self.course = Course::new(*report, parts, warnings);
                let at_once = std::mem::take(&mut self.at_once);
                if goes_on.is_none() && !self.wish.changes.is_empty() {
                    // it plays as soon as these are in it
                    (self.amending, self.at_once) = (true, plays || at_once);
                    return self.running(Command::Amend(self.wish.changes.clone()));
                }
                if plays || at_once {
                    return self.running(Command::Play(speed));
                }
            }
            Answer::Problems(notes) if self.stage == Stage::Loading => {
                self.stage = Stage::Wrong(notes);
            }
            Answer::Refused(_, notes) if self.amending => {
                self.clear(Stage::Wrong(notes));
                return vec![Effect::Send(Command::Stop)];
            }
            Answer::Changed(_) if self.amending => {
                self.amending = false;
                self.course.take(answer);
                let plays = std::mem::take(&mut self.at_once);
                return if plays { self.running(Command::Play(self.speed)) } else { Vec::new() };
            }
            Answer::Checked { version, notes, parts } => self.editor.hear(version, notes, parts),
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
                let over = matches!(answer, Answer::Finished(_));
                self.course.take(answer);
                self.link();
                if over {
                    self.look_at_worst();
                }
            }
            _ => {}
        }
        Vec::new()
    }

    /// At the end of a run that broke, the moment to look at is not the end.
    fn look_at_worst(&mut self) {
        if self.rival.is_none() && self.cursor_s.is_none() {
            self.cursor_s = self.course.report.as_ref().and_then(|report| report.worst_s());
        }
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
