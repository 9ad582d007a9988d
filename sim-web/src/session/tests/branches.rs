//! Going back, changing what was changed, two branches, and a worker that ends: always the run
//! that the exported scenario is.

use serde_json::{Value, json};
use sim_core::{NoFiles, Report, Run, read};

use super::{Desk, SMALL, played, text};
use crate::protocol::{Answer, Branch, Command, Doing, Resume, Speed};
use crate::session::Session;

/// What the exported scenario's run ends in.
fn exported(desk: &mut Desk) -> String {
    desk.ask(Command::WriteScenario);
    let Some(Answer::Scenario(text)) = desk.answers.last() else { panic!("no scenario") };
    let plan = read("exported", text, &[], &NoFiles).plan.unwrap();
    let seed = plan.seed;
    let mut run = Run::new(plan.into(), seed).unwrap();
    run.finish();
    Report::of(&run).digest
}

fn to_the_end(desk: &mut Desk) -> String {
    desk.ask(Command::Play(Speed::Max));
    desk.work(usize::MAX);
    desk.finished().unwrap().digest.clone()
}

fn at(desk: &mut Desk, at_s: u64) {
    desk.ask(Command::SeekTo(at_s * 1_000_000_000));
    desk.work(usize::MAX);
}

/// The time of the clock that a piece of work takes.
fn events_of(desk: &mut Desk, command: Command) -> u64 {
    let before = desk.clock_ms;
    desk.ask(command);
    desk.work(usize::MAX);
    (desk.clock_ms - before) as u64
}

fn eight() -> Value {
    json!({"set": "nodes.app.workers", "to": 8})
}

#[test]
fn going_back_plays_only_what_lies_after_the_last_snapshot() {
    let mut desk = Desk::with(SMALL);
    desk.ask(Command::Play(Speed::Max));
    desk.work(usize::MAX);
    let end = desk.progress().now;
    let whole = events_of(&mut Desk::with(SMALL), Command::SeekTo(end * 9 / 10));
    let back = events_of(&mut desk, Command::SeekTo(end * 9 / 10));
    assert!(back * 5 < whole, "{back} looks at the clock instead of {whole}");
    assert_eq!(to_the_end(&mut desk), played(SMALL).digest);
}

#[test]
fn a_run_that_must_be_played_again_is_caught_up_with_in_slices() {
    let name = "cascading-failure";
    let mut desk = Desk::with(name);
    at(&mut desk, 100);
    desk.ask(Command::Play(Speed::Max));
    desk.work(1);
    let stood = desk.progress().now;
    desk.answers.clear();
    desk.ask(Command::Intervene(json!({"add": "web-hopeful", "count": 2})));
    assert!(matches!(desk.answers[0], Answer::Intervened(_)));
    assert_eq!((desk.progress().doing, desk.progress().now), (Doing::Seeking, 0));
    desk.work(2);
    assert!(desk.progress().now < stood && desk.progress().doing == Doing::Seeking);
    desk.work(usize::MAX);
    assert_eq!(desk.progress().doing, Doing::Finished, "it goes on with what it did");
    let digest = desk.finished().unwrap().digest.clone();
    assert_eq!(digest, exported(&mut desk));
}

#[test]
fn changes_can_be_changed_and_the_run_is_that_of_the_exported_scenario() {
    let mut desk = Desk::with(SMALL);
    for (at_s, event) in [(20, eight()), (60, json!({"kill": "app", "for": "2s"}))] {
        at(&mut desk, at_s);
        desk.ask(Command::Intervene(event));
    }
    let live = to_the_end(&mut desk);
    assert_eq!(live, exported(&mut desk));
    // later, and another value, out of order: it stands before the first that differs
    let changes = vec![
        json!({"at": "90s", "kill": "app", "for": "2s"}),
        json!({"at": "20.000000001s", "set": "nodes.app.workers", "to": 6}),
    ];
    desk.answers.clear();
    desk.ask(Command::Amend(changes));
    let Answer::Changed(list) = &desk.answers[0] else { panic!("{:?}", desk.answers) };
    let times: Vec<&str> = list.iter().filter_map(|change| change["at"].as_str()).collect();
    assert_eq!(times, ["20000000001ns", "90000000000ns"]);
    let now_s = desk.progress().now as f64 / 1e9;
    assert!((10.0..=20.0).contains(&now_s), "the snapshot before: {now_s}");
    assert_eq!(desk.table().end_s(), desk.table().end_s().min(now_s), "no future is shown");
    let amended = to_the_end(&mut desk);
    assert_ne!(amended, live);
    assert_eq!(amended, exported(&mut desk));
    // no snapshot of the run that it was is gone back to
    at(&mut desk, 300);
    assert_eq!(to_the_end(&mut desk), amended);
    // none at all is the scenario as it was
    desk.ask(Command::Amend(Vec::new()));
    assert_eq!(to_the_end(&mut desk), played(SMALL).digest);
}

#[test]
fn a_list_of_changes_that_cannot_be_is_refused_and_nothing_is_changed() {
    let mut desk = Desk::with(SMALL);
    at(&mut desk, 20);
    desk.ask(Command::Intervene(eight()));
    let now = desk.progress().now;
    for bad in [json!({"at": "soon", "kill": "app"}), json!({"at": "30s", "kill": "nobody"})] {
        desk.ask(Command::Amend(vec![bad]));
        let Some(Answer::Refused(_, notes)) = desk.answers.last() else {
            panic!("{:?}", desk.answers)
        };
        assert!(notes.iter().any(|note| note.error), "{notes:?}");
    }
    assert_eq!(desk.progress().now, now);
    assert_eq!(to_the_end(&mut desk), exported(&mut desk));
}

#[test]
fn a_change_while_a_fork_catches_up_is_made_where_it_parts() {
    let twin = |hasty: bool| {
        let mut desk = Desk::with(SMALL);
        to_the_end(&mut desk);
        desk.answers.clear();
        desk.ask(Command::Fork(61_000_000_000));
        if !hasty {
            desk.work(usize::MAX);
        }
        desk.ask(Command::Intervene(eight()));
        desk.work(usize::MAX);
        let event = desk.answers.iter().find_map(|answer| match answer {
            Answer::Intervened(event) => Some(event["at"].clone()),
            _ => None,
        });
        assert_eq!(event, Some(json!("61000000001ns")), "{:?}", desk.answers);
        to_the_end(&mut desk)
    };
    assert_eq!(twin(true), twin(false));
}

#[test]
fn a_change_after_the_end_begins_a_fork_from_the_start_and_so_does_the_next() {
    let mut desk = Desk::with(SMALL);
    let original = to_the_end(&mut desk);
    desk.ask(Command::Intervene(json!({"set": "nodes.app.workers", "to": "many"})));
    assert!(matches!(desk.answers.last(), Some(Answer::Refused(Some(_), _))));
    assert!(!desk.answers.contains(&Answer::Forked(0)), "nothing parts for a slip");
    desk.answers.clear();
    desk.ask(Command::Intervene(eight()));
    assert_eq!(desk.answers.iter().filter(|told| **told == Answer::Forked(0)).count(), 1);
    assert_eq!((desk.progress().now, desk.progress().doing), (0, Doing::Paused));
    let eight = to_the_end(&mut desk);
    assert_ne!(eight, original);
    // the fork is over too: it is played again with both
    desk.answers.clear();
    desk.ask(Command::Intervene(json!({"slow": "app", "factor": 3, "for": "7s"})));
    assert!(!desk.answers.contains(&Answer::Forked(0)));
    let Some(Answer::Changed(all)) = desk.answers.iter().find(|a| matches!(a, Answer::Changed(_)))
    else {
        panic!("{:?}", desk.answers)
    };
    assert!(all.iter().all(|change| change["at"] == "1ns") && all.len() == 2, "{all:?}");
    let both = to_the_end(&mut desk);
    assert!(both != eight && both == exported(&mut desk));
}

#[test]
fn a_fork_differs_by_its_change_alone_and_the_original_stays() {
    let mut desk = Desk::with(SMALL);
    at(&mut desk, 60);
    desk.answers.clear();
    desk.ask(Command::Fork(40_000_000_000));
    desk.work(usize::MAX);
    let forked = |answer: &Answer| *answer == Answer::Forked(40_000_000_000);
    assert!(desk.answers.iter().any(forked));
    assert_eq!((desk.progress().now, desk.progress().doing), (40_000_000_000, Doing::Paused));
    desk.answers.clear();
    desk.ask(Command::Play(Speed::Ratio(10.0)));
    let until_ms = desk.clock_ms + 2_000.0;
    while desk.clock_ms < until_ms {
        desk.work(1);
    }
    let compared = |desk: &Desk| {
        desk.answers.iter().rev().find_map(|answer| match answer {
            Answer::Compared(difference) => Some((**difference).clone()),
            _ => None,
        })
    };
    assert!(compared(&desk).unwrap().is_none(), "equal so far");
    desk.ask(Command::Pause);
    desk.work(usize::MAX);
    desk.ask(Command::Intervene(eight()));
    let fork = to_the_end(&mut desk);
    let original = desk.answers.iter().rev().find_map(|answer| match answer {
        Answer::Original(inside) => match &**inside {
            Answer::Finished(report) => Some(report.digest.clone()),
            _ => None,
        },
        _ => None,
    });
    assert_eq!(original, Some(played(SMALL).digest), "the original goes on to its own end");
    assert_eq!(fork, exported(&mut desk));
    let difference = compared(&desk).unwrap();
    assert!(!difference.is_none() && difference.parted_s == 40.0, "{difference:?}");
    assert_eq!(difference.until_s, desk.finished().unwrap().duration_s);
    assert_eq!(difference.original.requests.issued, difference.fork.requests.issued);
}

#[test]
fn either_branch_can_be_kept() {
    for branch in [Branch::Fork, Branch::Original] {
        let mut desk = Desk::with(SMALL);
        at(&mut desk, 60);
        desk.ask(Command::Fork(40_000_000_000));
        desk.work(usize::MAX);
        desk.ask(Command::Intervene(eight()));
        desk.ask(Command::Keep(branch));
        let told = |answer: &Answer| *answer == Answer::Kept(branch);
        assert!(desk.answers.iter().any(told));
        let stands = if branch == Branch::Fork { 40 } else { 60 };
        assert_eq!(desk.progress().now, stands * 1_000_000_000);
        let digest = to_the_end(&mut desk);
        assert_eq!(digest, exported(&mut desk));
        assert_eq!(digest == played(SMALL).digest, branch == Branch::Original);
    }
}

#[test]
fn the_branch_behind_is_played_first() {
    let mut desk = Desk::with(SMALL);
    at(&mut desk, 60);
    desk.ask(Command::Fork(20_000_000_000));
    desk.work(usize::MAX);
    desk.ask(Command::Play(Speed::Ratio(10.0)));
    let place = |desk: &Desk| {
        let original = desk.session.original.as_ref().unwrap().player.run.now();
        (desk.progress().now / 1_000_000_000, original / 1_000_000_000)
    };
    while desk.clock_ms < 3_000.0 {
        desk.work(1);
    }
    let (fork, original) = place(&desk);
    assert!((30..60).contains(&fork) && original == 60, "{fork} {original}");
    while desk.clock_ms < 8_000.0 {
        desk.work(1);
    }
    let (fork, original) = place(&desk);
    assert!((65..100).contains(&fork) && original.abs_diff(fork) <= 1, "{fork} {original}");
}

/// What the worker leaves behind when it ends: the last snapshot, and how far it was.
fn left(desk: &Desk, changes: Vec<Value>) -> Resume {
    let snapshot = desk.answers.iter().rev().find_map(|answer| match answer {
        Answer::Snapshot { bytes, .. } => Some(bytes.clone()),
        _ => None,
    });
    Resume {
        name: SMALL.to_owned(),
        text: text(SMALL),
        seed: None,
        before: changes.clone(),
        changes,
        at: desk.progress().now,
        snapshot: snapshot.unwrap_or_default(),
    }
}

#[test]
fn another_worker_goes_on_from_the_last_snapshot() {
    let mut desk = Desk::with(SMALL);
    at(&mut desk, 20);
    desk.ask(Command::Intervene(eight()));
    let change = desk.answers.iter().find_map(|answer| match answer {
        Answer::Intervened(event) => Some(event.clone()),
        _ => None,
    });
    desk.ask(Command::Play(Speed::Max));
    while desk.progress().now < 80_000_000_000 {
        desk.work(1);
        // a worker at the speed of light would have no time to tell
        desk.clock_ms += 300.0;
    }
    let left = left(&desk, change.into_iter().collect());
    assert!(!left.snapshot.is_empty());
    let mut without = left.clone();
    without.snapshot.clear();
    let mut torn = left.clone();
    torn.snapshot.truncate(100);
    let stood = desk.progress().now;
    let wanted = to_the_end(&mut desk);
    for (left, from_s) in [(left, 1..80), (without, 0..1), (torn, 0..1)] {
        desk.session = Session::default();
        desk.answers.clear();
        desk.ask(Command::Resume(Box::new(left)));
        let begins = desk.progress().now / 1_000_000_000;
        assert!(from_s.contains(&begins), "{begins} in {from_s:?}");
        desk.work(usize::MAX);
        assert_eq!((desk.progress().now, desk.progress().doing), (stood, Doing::Paused));
        assert_eq!(to_the_end(&mut desk), wanted);
        assert_eq!(exported(&mut desk), wanted);
    }
}
