//! What happens to the page, and what it is to do then.

use serde_json::Value;

use super::Theme;
use super::changes::Edit;
use super::editor::Editing;
use super::rescue::Way;
use super::sight::See;
use super::study::Studying;
use crate::protocol::{Answer, Branch, Command, Format, Speed};

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
    /// Look at it in another way.
    See(See),
    /// Hand over a chart, or the topology, as a picture: its id in the page.
    SavePicture(&'static str),
    /// Light or dark.
    Theme(Theme),
    /// The system is dark, or light.
    SystemDark(bool),
    /// The window is as narrow as a phone, or wide.
    Narrow(bool),
    /// Show the knobs of a part, by its place in the scenario.
    Open(String),
    /// Show which keys there are.
    Help,
    /// Close the answer that was opened.
    Shut,
    /// Change the running scenario: an event without its time.
    Change(Value),
    /// Hand over the scenario with what was changed.
    SaveScenario,
    /// Write the report.
    Write(Format),
    /// Something happens in the editor.
    Editing(Editing),
    /// Something about how sure the figures are.
    Studying(Studying),
    /// Make a link; the page's address without a fragment.
    Share(String),
    /// The link is copied.
    Copied,
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
    /// Have so many helpers, workers beside the page's own; those there were end.
    Helpers(u32),
    /// Post this to the helper with this number.
    Ask(u32, Command),
    /// Let the address have this fragment.
    Address(String),
    /// Bring the knobs of the part with this number before the person's eyes.
    Reveal(usize),
    /// Show the sheet of keys.
    Help,
    /// Hand this file to the person: name, type, text.
    Save(String, &'static str, String),
    /// Send this message after so many ms.
    Later(u32, Box<Message>),
    /// Keep this for the next visit, or nothing more.
    Keep(Option<String>),
    /// Select this in the editor, from and to, and bring it into view, with the keyboard or not.
    Select(u32, u32, bool),
    /// Copy this.
    Copy(String),
    /// Hand a chart, or the topology, to the person as a picture: its id and the file's name.
    SavePicture(&'static str, String),
}
