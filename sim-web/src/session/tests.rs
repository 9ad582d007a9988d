//! The session against the run that it plays: any way of playing is the same run.

mod branches;

use serde_json::{Value, json};
use sim_core::{NoFiles, Report, Run, read};

use super::Session;
use crate::protocol::{Answer, Command, Doing, Format, Progress, Speed};
use crate::rows::{Column, Layout, Table};

/// A shipped scenario's text.
pub(crate) fn text(name: &str) -> String {
    let path = format!("{}/../scenarios/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// A shipped scenario played in one go.
pub(crate) fn played(name: &str) -> Report {
    played_text(name, &text(name))
}

/// A small cluster with prices and more users than it can serve: half of them are lost.
pub(crate) const OVERLOADED: &str = "busyhour: 1\nduration: 60s\nusers: {people: {enter: lb, \
    arrivals: 150/s, patience: 300ms}}\nnodes:\n  lb: {component: balancer, to: web}\n  \
    web: {component: worker-pool, machine: c7i.large, replicas: 2, workers: 2, \
    steps: [cpu: 40ms]}\n";

/// A scenario's text played in one go.
pub(crate) fn played_text(name: &str, text: &str) -> Report {
    let plan = read(name, text, &[], &NoFiles).plan.unwrap();
    let seed = plan.seed;
    let mut run = Run::new(plan.into(), seed).unwrap();
    run.finish();
    Report::of(&run)
}

/// A session with a clock that goes 1 ms on at each look.
struct Desk {
    session: Session,
    clock_ms: f64,
    answers: Vec<Answer>,
}

impl Desk {
    fn with(name: &str) -> Self {
        let mut desk = Desk { session: Session::default(), clock_ms: 0.0, answers: Vec::new() };
        desk.ask(Command::Load { name: name.to_owned(), text: text(name), seed: None });
        desk
    }

    fn ask(&mut self, command: Command) {
        let more = self.session.obey(command, self.clock_ms);
        self.answers.extend(more);
    }

    /// Works until it stands, sleeping as it wants to; at most for so many slices.
    fn work(&mut self, slices: usize) {
        for _ in 0..slices {
            let Some(sleep_ms) = self.session.sleep_ms(self.clock_ms) else { return };
            let clock_ms = &mut self.clock_ms;
            *clock_ms += sleep_ms;
            let more = self.session.work(&mut || {
                *clock_ms += 1.0;
                *clock_ms
            });
            self.answers.extend(more);
        }
    }

    fn finished(&self) -> Option<&Report> {
        self.answers.iter().rev().find_map(|answer| match answer {
            Answer::Finished(report) => Some(&**report),
            _ => None,
        })
    }

    fn progress(&self) -> Progress {
        let last = self.answers.iter().rev().find_map(|answer| match answer {
            Answer::Progress(progress) => Some(*progress),
            _ => None,
        });
        last.unwrap()
    }

    /// What a page has put together from the answers.
    fn table(&self) -> Table {
        let mut table = Table::default();
        for answer in &self.answers {
            match answer {
                Answer::Loaded(report, ..) => table = Table::new(Layout::of(report)),
                Answer::Frames { first, rows } => table.take(*first as usize, rows),
                _ => {}
            }
        }
        table
    }
}

const SMALL: &str = "four-workers-forty-rps";

#[test]
fn a_run_in_slices_with_pauses_and_changes_of_speed_is_the_run() {
    let whole = played(SMALL);
    let mut desk = Desk::with(SMALL);
    desk.ask(Command::Play(Speed::Ratio(40.0)));
    desk.work(50);
    desk.ask(Command::Pause);
    desk.work(10);
    let paused = desk.progress();
    let open_s = paused.now as f64 / 1e9 - desk.table().end_s();
    assert_eq!(paused.doing, Doing::Paused);
    assert!((0.0..1.0).contains(&open_s), "{open_s} s are not shown");
    desk.ask(Command::Play(Speed::Max));
    desk.work(usize::MAX);
    let finished = desk.finished().unwrap();
    assert_eq!((&finished.digest, finished.engine.events), (&whole.digest, whole.engine.events));
    assert_eq!(*finished, whole.clone().brief());
    let mut rows = Vec::new();
    let layout = Layout::of(&whole);
    let streamed = desk.table();
    let latencies = |row| streamed.latencies(row..row + 1);
    for (row, frame) in whole.frames.iter().flatten().enumerate() {
        let answered: u64 = latencies(row).iter().map(|(_, n)| n).sum();
        assert_eq!(answered, frame.requests.completed);
        layout.push(frame, &latencies(row), &mut rows);
    }
    let mut wanted = Table::new(layout);
    wanted.take(0, &rows);
    assert_eq!(format!("{:?}", desk.table()), format!("{wanted:?}"));
}

#[test]
fn a_ratio_is_kept_where_the_machine_can() {
    let mut desk = Desk::with(SMALL);
    desk.ask(Command::Play(Speed::Ratio(10.0)));
    while desk.clock_ms < 2_000.0 {
        desk.work(1);
    }
    desk.ask(Command::Pause);
    let now_s = desk.progress().now as f64 / 1e9;
    let wanted_s = desk.clock_ms / 1e3 * 10.0;
    assert!((wanted_s - 0.5..=wanted_s).contains(&now_s), "{now_s} of {wanted_s}");
}

#[test]
fn a_step_ends_where_something_happened() {
    let mut desk = Desk::with("dead-peer");
    desk.ask(Command::Step);
    desk.work(usize::MAX);
    let happened = |answer: &Answer| match answer {
        Answer::Happened { moments, .. } => moments.last().map(|moment| moment.at_s),
        _ => None,
    };
    let at_s = desk.answers.iter().find_map(happened).unwrap();
    let now_s = desk.progress().now as f64 / 1e9;
    assert!(desk.progress().doing == Doing::Paused && now_s >= at_s, "{now_s} {at_s}");
    assert_eq!(desk.table().end_s(), now_s);
    desk.ask(Command::Step);
    desk.work(usize::MAX);
    assert!(desk.progress().now as f64 / 1e9 > now_s);
}

#[test]
fn going_back_and_forth_ends_in_the_same_run() {
    let mut desk = Desk::with(SMALL);
    for at_s in [30, 10, 50] {
        desk.ask(Command::SeekTo(at_s * 1_000_000_000));
        desk.work(usize::MAX);
        assert_eq!(
            (desk.progress().now, desk.progress().doing),
            (at_s * 1_000_000_000, Doing::Paused)
        );
    }
    desk.ask(Command::Play(Speed::Max));
    desk.work(usize::MAX);
    assert_eq!(desk.finished().unwrap().digest, played(SMALL).digest);
}

#[test]
fn what_is_wrong_with_a_scenario_is_told_with_its_line() {
    let mut session = Session::default();
    let text = "busyhour: 1\nduration: 10s\nusers: {u: {enter: wbe, arrivals: 1/s}}\nnodes:\n  \
                web: {component: worker-pool, workers: 1, steps: [cpu: 1ms]}\n";
    let load = |text: &str| Command::Load { name: "x".into(), text: text.into(), seed: None };
    let answers = session.obey(load(text), 0.0);
    let [Answer::Problems(notes)] = &answers[..] else { panic!("{answers:?}") };
    assert!(notes[0].error && notes[0].line == Some(3), "{notes:?}");
    assert!(notes[0].remedy.contains("web"), "{notes:?}");
    assert_eq!(session.sleep_ms(0.0), None);
    // and what was loaded before is gone: nothing plays under an error message
    let mut desk = Desk::with(SMALL);
    desk.ask(load(text));
    desk.ask(Command::Play(Speed::Max));
    assert_eq!(desk.session.sleep_ms(0.0), None);
}

#[test]
fn the_report_can_be_written_in_every_form() {
    let mut desk = Desk::with(SMALL);
    desk.ask(Command::Play(Speed::Max));
    desk.work(usize::MAX);
    desk.answers.clear();
    let whole = played(SMALL);
    for format in [Format::Json, Format::Html, Format::Csv] {
        desk.ask(Command::Write(format));
    }
    let repeat = "busyhour run ./four-workers-forty-rps.yaml --seed 1   # the scenario as the page \
                  saves it";
    let mut page = whole.clone();
    page.command = Some(repeat.to_owned());
    let wanted = [whole.to_json().unwrap(), page.to_html(), whole.to_csv()];
    for (answer, wanted) in desk.answers.iter().zip(wanted) {
        assert!(matches!(answer, Answer::Written(_, text) if *text == wanted));
    }
    assert_eq!(desk.answers.len(), 3);
}

/// A run that is changed while it plays, and what it becomes from the exported scenario.
fn changed(name: &str, events: &[(u64, Value)]) -> (String, String, Desk) {
    let mut desk = Desk::with(name);
    for (at_ms, event) in events {
        desk.ask(Command::SeekTo(at_ms * 1_000_000));
        desk.work(usize::MAX);
        desk.ask(Command::Intervene(event.clone()));
    }
    desk.ask(Command::Play(Speed::Max));
    desk.work(usize::MAX);
    desk.ask(Command::WriteScenario);
    let Some(Answer::Scenario(text)) = desk.answers.last() else { panic!("no scenario") };
    let plan = read(name, text, &[], &NoFiles).plan.unwrap();
    let seed = plan.seed;
    let mut run = Run::new(plan.into(), seed).unwrap();
    run.finish();
    let live = desk.finished().unwrap().digest.clone();
    (live, Report::of(&run).digest, desk)
}

#[test]
fn a_run_that_was_changed_live_is_the_run_of_the_exported_scenario() {
    let events = [
        (20_123, json!({"set": "nodes.app.workers", "to": 8})),
        (61_000, json!({"slow": "app", "factor": 3, "for": "7s"})),
        (90_000, json!({"kill": "app", "for": "2s"})),
    ];
    let (live, exported, desk) = changed(SMALL, &events);
    assert_eq!(live, exported);
    assert_ne!(live, played(SMALL).digest);
    let told = |answer: &&Answer| matches!(answer, Answer::Intervened(_));
    let first = desk.answers.iter().find(told).unwrap();
    let Answer::Intervened(event) = first else { unreachable!() };
    assert_eq!(event["at"], "20123000001ns");
}

#[test]
fn instances_that_were_not_prepared_can_be_added_live() {
    let add = json!({"add": "web-hopeful", "count": 2});
    let events = [(30_000, add), (200_000, json!({"remove": "web-hopeful"}))];
    let (live, exported, desk) = changed("cascading-failure", &events);
    assert_eq!(live, exported);
    assert!(!desk.answers.iter().any(|answer| matches!(answer, Answer::Refused(..))));
    // the page was told all frames anew, those with the new instances among them
    let (table, column) = (desk.table(), Column::Instances("web-hopeful"));
    let at = |at_s| table.value(table.row_at(at_s).unwrap(), column);
    assert_eq!([20.0, 40.0, 300.0].map(at), [Some(4.0), Some(6.0), Some(5.0)]);
    assert_eq!(table.end_s(), desk.finished().unwrap().duration_s);
}

#[test]
fn what_cannot_be_done_is_refused_and_nothing_is_changed() {
    let mut desk = Desk::with(SMALL);
    desk.ask(Command::SeekTo(1_000_000_000));
    desk.work(usize::MAX);
    for event in [json!({"kill": "ap"}), json!({"set": "nodes.app.workers", "to": "many"})] {
        desk.ask(Command::Intervene(event));
        let Some(Answer::Refused(_, notes)) = desk.answers.last() else {
            panic!("{:?}", desk.answers)
        };
        assert!(!notes[0].message.is_empty());
    }
    desk.ask(Command::Play(Speed::Max));
    desk.work(usize::MAX);
    assert_eq!(desk.finished().unwrap().digest, played(SMALL).digest);
}
