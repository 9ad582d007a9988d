//! The page's state: one value, changed by messages only; what is to be done comes back as effects.

pub mod figures;
pub mod fragment;
pub mod knobs;
pub mod presets;
#[cfg(test)]
mod tests;
pub mod topology;

use std::rc::Rc;

use serde_json::Value;
use sim_core::{Moment, Report};

use self::figures::{Figure, figures};
use self::fragment::Wish;
use self::presets::Preset;
use self::topology::{Map, Picture};
use crate::protocol::{Answer, Command, Doing, Format, Note, Part, Progress, Speed};
use crate::rows::{Layout, Table};

/// Things of note that are kept: more than anybody reads, fewer than a page can hold.
const MOMENTS_MAX: usize = 2_000;

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
    /// How far the run is.
    pub progress: Progress,
    /// What the speed is set to.
    pub speed: Speed,
    /// The report: empty before the end.
    pub report: Option<Rc<Report>>,
    /// What is doubtful about the scenario.
    pub warnings: Vec<Note>,
    /// The frames so far.
    pub table: Table,
    /// The charts of these frames.
    pub figures: Vec<Rc<Figure>>,
    /// What happened so far.
    pub moments: Rc<Vec<Moment>>,
    /// The time that is looked at, s; `None` follows the run.
    pub cursor_s: Option<f64>,
    /// What can be changed while it runs.
    pub parts: Rc<Vec<Part>>,
    /// Where these stand in the picture.
    pub map: Rc<Map>,
    /// What was changed, as events of a scenario.
    pub changes: Vec<Value>,
    /// Why the last change was refused.
    pub refused: Option<Vec<Note>>,
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
    /// From the beginning, with nothing played yet.
    Restart,
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
            Message::Toggle => self.toggle(),
            Message::Step => self.running(Command::Step),
            Message::Speed(speed) => {
                self.speed = speed;
                match self.progress.doing {
                    Doing::Playing => self.running(Command::Play(speed)),
                    _ => Vec::new(),
                }
            }
            Message::Seek(at_s) => {
                let end_s = self.duration_s();
                if at_s * 1e9 < self.progress.now as f64 {
                    self.forget_frames();
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
                let place = self.parts.iter().position(|part| part.path == path);
                place.map(Effect::Reveal).into_iter().collect()
            }
            Message::Help => vec![Effect::Help],
            Message::Change(event) => self.running(Command::Intervene(event)),
            Message::SaveScenario => self.running(Command::WriteScenario),
            Message::Write(format) => self.running(Command::Write(format)),
            Message::Answer(answer) => self.answer(answer),
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
        self.report.as_ref().map_or(0.0, |report| report.duration_s)
    }

    /// The finished run's digest.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        let over = self.progress.doing == Doing::Finished;
        self.report.as_ref().filter(|report| over && !report.interrupted).map(|r| &r.digest[..])
    }

    /// The time that values are shown of, s: what is looked at, or the newest.
    #[must_use]
    pub fn shown_s(&self) -> f64 {
        self.cursor_s.unwrap_or_else(|| self.table.end_s())
    }

    /// The scenario at that time, as a picture.
    #[must_use]
    pub fn picture(&self) -> Picture {
        let Some(report) = &self.report else { return Picture::default() };
        self.map.picture(&self.parts, report, (&self.table, self.shown_s()))
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
        let failed = matches!(self.stage, Stage::Failed(_));
        let mut effects = if failed { vec![Effect::NewWorker] } else { Vec::new() };
        effects.push(Effect::Address(self.wish.text()));
        effects.extend(self.begin());
        effects
    }

    fn toggle(&mut self) -> Vec<Effect> {
        match self.progress.doing {
            Doing::Playing | Doing::Seeking => self.running(Command::Pause),
            Doing::Paused => {
                self.cursor_s = None;
                self.running(Command::Play(self.speed))
            }
            Doing::Finished => {
                let mut effects = self.restart();
                self.wish.play = Some(self.speed);
                effects.retain(|effect| !matches!(effect, Effect::Address(_)));
                effects
            }
        }
    }

    /// A command that means something only while there is a run.
    fn running(&self, command: Command) -> Vec<Effect> {
        if self.stage == Stage::Running { vec![Effect::Send(command)] } else { Vec::new() }
    }

    fn clear(&mut self, stage: Stage) {
        self.stage = stage;
        self.report = None;
        self.warnings.clear();
        self.parts = Rc::default();
        self.map = Rc::default();
        self.changes.clear();
        self.refused = None;
        self.progress = Progress::default();
        self.cursor_s = None;
        self.table = Table::default();
        self.forget_frames();
    }

    fn forget_frames(&mut self) {
        self.table.take(0, &[]);
        self.figures.clear();
        self.moments = Rc::default();
    }

    fn answer(&mut self, answer: Answer) -> Vec<Effect> {
        // what the last run still had to say is not about the one that is wanted now
        let about_this = self.stage == Stage::Running;
        match answer {
            Answer::Loaded(report, parts, warnings) if self.stage == Stage::Loading => {
                self.table = Table::new(Layout::of(&report));
                (self.stage, self.warnings) = (Stage::Running, warnings);
                self.map = Rc::new(Map::of(&parts));
                self.parts = Rc::new(parts);
                self.speed = self.wish.play.unwrap_or_else(|| watchable(report.duration_s));
                self.report = Some(Rc::new(*report));
                if self.wish.play.is_some() {
                    return self.running(Command::Play(self.speed));
                }
            }
            Answer::Problems(notes) if self.stage == Stage::Loading => {
                self.stage = Stage::Wrong(notes);
            }
            Answer::Progress(progress) if about_this => self.progress = progress,
            Answer::Frames { first, rows } if about_this => {
                self.table.take(first as usize, &rows);
                self.draw();
            }
            Answer::Happened { first, moments } if about_this => {
                let known = Rc::make_mut(&mut self.moments);
                known.truncate(first as usize);
                known.extend(moments);
                known.truncate(MOMENTS_MAX);
            }
            Answer::Finished(report) if about_this => {
                self.report = Some(Rc::new(*report));
                self.draw();
            }
            Answer::Intervened(event) if about_this => {
                self.refused = None;
                if let (Some(path), Some(value)) = (event["set"].as_str(), event.get("to")) {
                    self.turned(path, value);
                }
                self.changes.push(event);
            }
            Answer::Refused(notes) if about_this => self.refused = Some(notes),
            Answer::Scenario(text) if about_this => {
                return vec![Effect::Save(self.name() + ".yaml", "application/yaml", text)];
            }
            Answer::Written(format, text) if about_this => return vec![self.file(format, text)],
            // what came first is the reason, what follows from it is not
            Answer::Failed(_) if matches!(self.stage, Stage::Failed(_)) => {}
            Answer::Failed(why) => self.stage = Stage::Failed(why),
            _ => {}
        }
        Vec::new()
    }

    fn draw(&mut self) {
        if let Some(report) = &self.report {
            self.figures = figures(report, &self.table);
        }
    }

    /// A knob stands where it was turned to.
    fn turned(&mut self, path: &str, value: &Value) {
        for part in Rc::make_mut(&mut self.parts) {
            let Some(knob) = path.strip_prefix(&part.path).and_then(|p| p.strip_prefix('.')) else {
                continue;
            };
            let mut here = &mut part.form;
            for step in knob.split('.') {
                here = &mut here[step];
            }
            *here = value.clone();
        }
    }

    fn name(&self) -> String {
        self.report.as_ref().map_or("scenario", |report| &report.name[..]).to_owned()
    }

    fn file(&self, format: Format, text: String) -> Effect {
        let name = self.name();
        let (end, kind) = match format {
            Format::Html => ("html", "text/html"),
            Format::Json => ("json", "application/json"),
            Format::Csv => ("csv", "text/csv"),
        };
        Effect::Save(format!("{name}.{end}"), kind, text)
    }
}
