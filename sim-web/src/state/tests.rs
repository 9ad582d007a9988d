//! The reducer: what each message does to the page and asks of the worker.

mod branches;
mod sharing;
mod study;

use super::axes::Zoom;
use super::editor::Editing;
use super::sight::See;
use super::study::Studying;
use super::*;
use crate::protocol::Progress;
use crate::session::Session;
use crate::session::tests::{played, text};

const SMALL: &str = "four-workers-forty-rps";

fn page() -> State {
    let json = |name: &str| (name.to_owned(), Value::from(text(name)));
    let all: serde_json::Map<String, Value> =
        [json(SMALL), json("dead-peer")].into_iter().collect();
    State::new(presets::presets(&Value::from(all).to_string()).unwrap())
}

/// A page with a session at the other end instead of a worker.
struct Desk {
    state: State,
    session: Session,
    helpers: Vec<Session>,
    clock_ms: f64,
    addresses: Vec<String>,
    saved: Vec<(String, String)>,
}

impl Desk {
    fn new() -> Self {
        let (state, session) = (page(), Session::default());
        Desk {
            state,
            session,
            helpers: Vec::new(),
            clock_ms: 0.0,
            addresses: Vec::new(),
            saved: Vec::new(),
        }
    }

    fn take(&mut self, message: Message) {
        for effect in self.state.take(message) {
            match effect {
                Effect::Send(command) => {
                    let answers = self.session.obey(command, self.clock_ms);
                    self.hear(answers);
                }
                Effect::NewWorker => self.session = Session::default(),
                Effect::Helpers(count) => {
                    self.helpers = (0..count).map(|_| Session::default()).collect();
                }
                Effect::Ask(helper, command) => {
                    let clock_ms = self.clock_ms;
                    let asked = self.helpers.get_mut(helper as usize);
                    let answers = asked.map(|helper| helper.obey(command, clock_ms));
                    self.heard(helper, answers.unwrap_or_default());
                }
                Effect::Address(fragment) => self.addresses.push(fragment),
                Effect::Later(_, message) => self.take(*message),
                Effect::Reveal(_)
                | Effect::Help
                | Effect::Keep(_)
                | Effect::Select(..)
                | Effect::Copy(_) => {}
                Effect::Save(name, _, text) => self.saved.push((name, text)),
                Effect::SavePicture(id, name) => self.saved.push((name, id.to_owned())),
            }
        }
    }

    fn hear(&mut self, answers: Vec<Answer>) {
        answers.into_iter().for_each(|answer| self.take(Message::Answer(answer)));
    }

    fn heard(&mut self, helper: u32, answers: Vec<Answer>) {
        for answer in answers {
            self.take(Message::Studying(Studying::Heard(helper, answer)));
        }
    }

    /// Lets helpers work until there is nothing more to do, in this order.
    fn help(&mut self, order: fn(usize) -> Vec<usize>) {
        while self.helpers.iter().any(|helper| helper.sleep_ms(self.clock_ms).is_some()) {
            for helper in order(self.helpers.len()) {
                let Some(session) = self.helpers.get_mut(helper) else { break };
                let clock_ms = &mut self.clock_ms;
                let answers = session.work(&mut || {
                    *clock_ms += 1.0;
                    *clock_ms
                });
                self.heard(helper as u32, answers);
            }
        }
    }

    /// Lets the worker work until it stands, or for so many slices.
    fn work(&mut self, slices: usize) {
        for _ in 0..slices {
            let Some(sleep_ms) = self.session.sleep_ms(self.clock_ms) else { return };
            let clock_ms = &mut self.clock_ms;
            *clock_ms += sleep_ms;
            let answers = self.session.work(&mut || {
                *clock_ms += 1.0;
                *clock_ms
            });
            self.hear(answers);
        }
    }
}

#[test]
fn a_link_plays_a_scenario_to_its_digest_without_a_click() {
    let mut desk = Desk::new();
    desk.take(Message::Address(format!("#preset={SMALL}&play=max")));
    desk.work(usize::MAX);
    assert_eq!(desk.state.digest(), Some(&played(SMALL).digest[..]));
    let figures = desk.state.course.figures.len();
    assert!(
        figures >= 4 && desk.state.course.table.end_s() == desk.state.duration_s(),
        "{figures}"
    );
}

#[test]
fn another_seed_is_another_run() {
    let mut desk = Desk::new();
    desk.take(Message::Address(format!("#preset={SMALL}&seed=99&play=max")));
    desk.work(usize::MAX);
    let digest = desk.state.digest().unwrap().to_owned();
    assert_ne!(digest, played(SMALL).digest);
    assert_eq!(desk.state.course.report.as_ref().unwrap().seed, 99);
}

#[test]
fn there_is_no_digest_before_the_end() {
    let mut desk = Desk::new();
    desk.take(Message::Choose(SMALL.to_owned()));
    assert_eq!(desk.addresses, [format!("#preset={SMALL}")]);
    assert_eq!((desk.state.digest(), &desk.state.stage), (None, &Stage::Running));
    desk.take(Message::Toggle);
    desk.work(30);
    assert_eq!((desk.state.digest(), desk.state.course.progress.doing), (None, Doing::Playing));
    desk.take(Message::Toggle);
    assert_eq!(desk.state.course.progress.doing, Doing::Paused);
    desk.take(Message::Speed(Speed::Max));
    desk.take(Message::Toggle);
    desk.work(usize::MAX);
    assert!(desk.state.digest().is_some());
}

#[test]
fn play_after_the_end_plays_again() {
    let mut desk = Desk::new();
    desk.take(Message::Address(format!("#preset={SMALL}&play=max")));
    desk.work(usize::MAX);
    let digest = desk.state.digest().unwrap().to_owned();
    desk.take(Message::Toggle);
    assert_eq!((desk.state.digest(), desk.state.course.progress.now), (None, 0));
    desk.work(usize::MAX);
    assert_eq!(desk.state.digest(), Some(&digest[..]));
}

#[test]
fn a_speed_that_is_chosen_while_it_plays_holds_at_once() {
    let mut desk = Desk::new();
    desk.take(Message::Choose(SMALL.to_owned()));
    desk.take(Message::Toggle);
    let effects = desk.state.take(Message::Speed(Speed::Ratio(5.0)));
    assert_eq!(effects, [Effect::Send(Command::Play(Speed::Ratio(5.0)))]);
}

#[test]
fn going_back_shows_no_future() {
    let mut desk = Desk::new();
    desk.take(Message::Address(format!("#preset={SMALL}&play=max")));
    desk.work(20);
    let (rows, end_s) = (desk.state.course.table.len(), desk.state.course.table.end_s());
    desk.take(Message::Toggle);
    desk.take(Message::Seek(end_s / 3.0));
    desk.work(usize::MAX);
    assert!(desk.state.course.table.len() < rows);
    assert!(desk.state.course.table.end_s() <= end_s / 3.0 + 1e-9);
    assert_eq!(desk.state.course.progress.doing, Doing::Paused);
}

#[test]
fn bad_links_are_told_and_play_nothing() {
    for (link, wanted) in [
        ("#preset=dead-per", "dead-peer"),
        ("#preset=dead-peer&seed=x", "seed"),
        ("#evil=1", "means nothing"),
    ] {
        let mut desk = Desk::new();
        desk.take(Message::Address(link.to_owned()));
        let Stage::Failed(why) = &desk.state.stage else { panic!("{link}") };
        assert!(why.contains(wanted), "{link}: {why}");
        assert_eq!(desk.session.sleep_ms(0.0), None);
    }
}

#[test]
fn what_the_last_run_still_says_is_not_heard() {
    let mut desk = Desk::new();
    desk.take(Message::Choose(SMALL.to_owned()));
    desk.take(Message::Leave);
    let late = Progress { now: 5, ..Progress::default() };
    desk.take(Message::Answer(Answer::Progress(late)));
    desk.take(Message::Answer(Answer::Frames { first: 0, rows: vec![1.0; 64] }));
    assert_eq!(
        (desk.state.course.progress, desk.state.course.table.len()),
        (Progress::default(), 0)
    );
    assert_eq!(desk.state.stage, Stage::Choosing);
}

#[test]
fn a_dead_worker_is_replaced_on_restart() {
    let mut desk = Desk::new();
    desk.take(Message::Choose(SMALL.to_owned()));
    desk.take(Message::Answer(Answer::Failed("the worker stopped".to_owned())));
    assert_eq!(desk.state.stage, Stage::Failed("the worker stopped".to_owned()));
    let effects = desk.state.take(Message::Restart);
    assert_eq!(effects[0], Effect::NewWorker);
    assert!(matches!(effects.last(), Some(Effect::Send(Command::Load { .. }))));
}

#[test]
fn the_report_is_saved_under_the_scenarios_name() {
    let mut desk = Desk::new();
    desk.take(Message::Address(format!("#preset={SMALL}&play=max")));
    desk.work(usize::MAX);
    desk.take(Message::Write(Format::Json));
    let (name, text) = &desk.saved[0];
    assert_eq!(name, &format!("{SMALL}.json"));
    assert_eq!(*text, played(SMALL).to_json().unwrap());
}

#[test]
fn a_scenario_is_watched_in_half_a_minute() {
    assert_eq!(watchable(7_200.0), Speed::Ratio(300.0));
    assert_eq!(watchable(600.0), Speed::Ratio(30.0));
    assert_eq!(watchable(3.0), Speed::Ratio(0.1));
}

#[test]
fn a_change_is_recorded_shown_and_saved_with_the_scenario() {
    let mut desk = Desk::new();
    desk.take(Message::Choose(SMALL.to_owned()));
    desk.take(Message::Toggle);
    desk.work(100);
    let change = serde_json::json!({"set": "nodes.app.workers", "to": 9});
    desk.take(Message::Change(change));
    assert_eq!((desk.state.course.changes.len(), &desk.state.course.refused), (1, &None));
    let app = desk.state.course.parts.iter().find(|part| part.name == "app").unwrap();
    assert_eq!(app.form["workers"], 9);
    desk.take(Message::Change(serde_json::json!({"kill": "nobody"})));
    assert!(desk.state.course.refused.is_some() && desk.state.course.changes.len() == 1);
    desk.take(Message::SaveScenario);
    let (name, text) = &desk.saved[0];
    assert_eq!(name, &format!("{SMALL}.yaml"));
    assert!(text.contains("\"set\":\"nodes.app.workers\""), "{text}");
    desk.take(Message::Restart);
    assert_eq!(desk.state.course.changes.len(), 1, "from the start, it happens again");
    desk.take(Message::Forget);
    assert!(desk.state.course.changes.is_empty(), "the scenario as it was");
}

#[test]
fn the_picture_has_every_part_and_a_click_on_one_shows_its_knobs() {
    let mut desk = Desk::new();
    assert_eq!(desk.state.picture(), Picture::default());
    desk.take(Message::Choose(SMALL.to_owned()));
    let paths = |desk: &Desk| -> Vec<String> {
        desk.state.picture().nodes.into_iter().map(|node| node.path).collect()
    };
    let known: Vec<String> = desk.state.course.parts.iter().map(|part| part.path.clone()).collect();
    assert_eq!(paths(&desk), known);
    let app = known.iter().position(|path| path == "nodes.app").unwrap();
    let open = |path: &str| Message::Open(path.to_owned());
    assert_eq!(desk.state.take(open("nodes.app")), [Effect::Reveal(app)]);
    assert_eq!(desk.state.take(open("nodes.nobody")), []);
    desk.take(Message::Leave);
    assert!(paths(&desk).is_empty());
}

#[test]
fn a_closer_look_changes_every_chart_and_nothing_of_the_run() {
    let mut desk = Desk::new();
    desk.take(Message::Address(format!("#preset={SMALL}&play=max")));
    desk.work(usize::MAX);
    let (end_s, digest) = (desk.state.duration_s(), desk.state.digest().map(str::to_owned));
    let see = |desk: &mut Desk, see: See| {
        desk.take(Message::See(see));
        let spans: Vec<(f64, f64)> = desk.state.course.figures.iter().map(|f| f.span).collect();
        assert!(spans.len() >= 4 && spans.iter().all(|span| *span == desk.state.span()));
        desk.state.span()
    };
    let half = (end_s / 4.0, end_s * 0.75);
    assert_eq!(see(&mut desk, See::Zoom(Zoom::To(half.0, half.1))), half);
    desk.take(Message::Look(Some(half.1)));
    // beyond the edge the charts go along
    let step_s = (half.1 - half.0) / 200.0;
    assert_eq!(see(&mut desk, See::Step(2.0)).1, half.1 + 2.0 * step_s);
    assert_eq!(desk.state.cursor_s, Some(half.1 + 2.0 * step_s));
    desk.take(Message::See(See::Present));
    assert_eq!(see(&mut desk, See::Back), (0.0, end_s));
    assert!(desk.state.cursor_s.is_some() && desk.state.sight.presenting);
    see(&mut desk, See::Back);
    assert!(desk.state.cursor_s.is_none() && desk.state.sight.presenting);
    see(&mut desk, See::Back);
    assert!(!desk.state.sight.presenting);
    see(&mut desk, See::Ratios(true));
    let latency = desk.state.course.figures.iter().find(|figure| figure.id == "latency").unwrap();
    assert!(latency.has_ratios());
    assert_eq!(desk.state.digest(), digest.as_deref());
}

#[test]
fn a_picture_is_saved_under_the_scenarios_name() {
    let mut desk = Desk::new();
    desk.take(Message::Choose(SMALL.to_owned()));
    desk.take(Message::SavePicture("traffic"));
    assert_eq!(desk.saved, [(format!("{SMALL}-traffic.png"), "traffic".to_owned())]);
}
