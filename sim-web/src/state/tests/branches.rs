//! Changes that are edited, two branches, a worker that ends, a page that nobody looks at.

use serde_json::json;
use sim_core::{NoFiles, Report, Run, read};

use super::{Desk, SMALL, played};
use crate::protocol::{Answer, Branch, Command, Doing, Progress, Speed};
use crate::session::Session;
use crate::state::changes::Edit;
use crate::state::rescue::Way;
use crate::state::{Effect, Message, Stage};

fn chosen() -> Desk {
    let mut desk = Desk::new();
    desk.take(Message::Choose(SMALL.to_owned()));
    desk.take(Message::Speed(Speed::Max));
    desk
}

/// A desk whose run stands at a time.
fn at(at_s: f64) -> Desk {
    let mut desk = chosen();
    desk.take(Message::Seek(at_s));
    desk.work(usize::MAX);
    desk
}

fn to_the_end(desk: &mut Desk) {
    desk.take(Message::Toggle);
    desk.work(usize::MAX);
    assert_eq!(desk.state.course.progress.doing, Doing::Finished);
}

fn workers(desk: &Desk) -> serde_json::Value {
    let app = desk.state.course.parts.iter().find(|part| part.name == "app").unwrap();
    app.form["workers"].clone()
}

/// The digest of the scenario that the page hands over.
fn exported(desk: &mut Desk) -> String {
    desk.saved.clear();
    desk.take(Message::SaveScenario);
    let plan = read("exported", &desk.saved[0].1, &[], &NoFiles).plan.unwrap();
    let seed = plan.seed;
    let mut run = Run::new(plan.into(), seed).unwrap();
    run.finish();
    Report::of(&run).digest
}

fn eight() -> Message {
    Message::Change(json!({"set": "nodes.app.workers", "to": 8}))
}

#[test]
fn a_change_after_the_end_waits_beside_the_run_that_is_over() {
    let mut desk = chosen();
    to_the_end(&mut desk);
    let original = desk.state.digest().map(str::to_owned);
    desk.take(Message::Change(json!({"set": "nodes.app.workers", "to": "many"})));
    let course = desk.state.course.clone();
    let part = |name: &str| course.parts.iter().find(|part| part.name == name).unwrap();
    assert!(course.refused_to(part("app")).is_some(), "it is told where it was typed");
    assert!(course.refused_to(part("people")).is_none());
    assert!(desk.state.rival.is_none());
    desk.take(eight());
    assert_eq!(desk.state.course.refused, None, "who goes on has read it");
    assert_eq!((workers(&desk), desk.state.start()), (json!(8), 0));
    let said = "At 0s: nodes.app.workers is set to 8; press play to see what it does.";
    assert_eq!(desk.state.course.done_to(part("app")), [said]);
    assert!(desk.state.course.done_to(part("people")).is_empty());
    assert_eq!((desk.state.course.progress.now, desk.state.cursor_s), (0, None));
    assert_eq!(desk.state.digest().map(str::to_owned), original);
    to_the_end(&mut desk);
    let first = desk.state.fork_digest().unwrap().to_owned();
    assert_ne!(Some(&first), original.as_ref());
    desk.take(Message::Change(json!({"kill": "app", "for": "9s"})));
    assert_eq!((desk.state.course.changes.len(), desk.state.course.progress.now), (2, 0));
    assert!(desk.state.course.table.is_empty(), "nothing of what it did before is shown");
    to_the_end(&mut desk);
    assert_ne!(desk.state.fork_digest(), Some(&first[..]));
}

#[test]
fn at_the_end_of_a_run_that_broke_its_worst_is_looked_at_with_what_only_the_whole_shows() {
    let mut desk = Desk::new();
    desk.take(Message::Choose("dead-peer".to_owned()));
    desk.take(Message::Speed(Speed::Max));
    to_the_end(&mut desk);
    let (report, course) = (desk.state.course.report.clone().unwrap(), &desk.state.course);
    assert_eq!(desk.state.cursor_s, report.worst_s());
    assert!(report.worst_s().is_some(), "{:?}", report.objectives);
    assert_eq!(course.happened(), &report.timeline[..]);
    assert!(course.happened().len() > course.moments.len());
    let worst_s = report.worst_s().unwrap();
    let listed = desk.state.happened();
    assert!(!listed.is_empty() && listed.iter().all(|moment| moment.at_s <= worst_s));
    assert_eq!(listed.len() + desk.state.happens_later(), report.timeline.len());
    let (flag_s, flag) = desk.state.flags().swap_remove(0);
    desk.take(Message::Look(Some(flag_s + 0.001 * desk.state.duration_s())));
    assert_eq!(desk.state.flag(), Some(flag));
    desk.take(Message::Look(Some(0.0)));
    assert_eq!((desk.state.flag(), desk.state.happened()), (None, &[][..]));
    desk.take(Message::Restart);
    assert_eq!(desk.state.cursor_s, None);
    assert_eq!(desk.state.course.happened(), &[]);
}

#[test]
fn play_again_keeps_the_changes_and_the_knobs_stand_where_they_did() {
    let mut desk = at(100.0);
    desk.take(eight());
    assert_eq!(workers(&desk), 8);
    to_the_end(&mut desk);
    let digest = desk.state.digest().unwrap().to_owned();
    assert_eq!(digest, exported(&mut desk));
    desk.take(Message::Toggle);
    assert_eq!((desk.state.digest(), desk.state.course.progress.now), (None, 0));
    assert_eq!((workers(&desk), desk.state.course.changes.len()), (json!(4), 1));
    desk.work(usize::MAX);
    assert_eq!(desk.state.digest(), Some(&digest[..]));
    assert_eq!(workers(&desk), 8);
}

#[test]
fn an_edited_list_is_replayed_as_the_run_that_is_exported() {
    let mut desk = at(100.0);
    desk.take(eight());
    desk.take(Message::Change(json!({"kill": "app", "for": "2s"})));
    to_the_end(&mut desk);
    let live = desk.state.digest().unwrap().to_owned();
    desk.take(Message::Edit(Edit::Remove(1)));
    desk.take(Message::Edit(Edit::At(0, "50s".to_owned())));
    desk.take(Message::Edit(Edit::Value(0, "6".to_owned())));
    let draft = desk.state.draft.clone().unwrap();
    assert_eq!((draft.len(), desk.state.course.changes.len()), (1, 2), "nothing is played yet");
    desk.take(Message::Replay);
    desk.work(usize::MAX);
    assert_eq!(desk.state.draft, None);
    let change = json!({"at": "50000000000ns", "set": "nodes.app.workers", "to": 6});
    assert_eq!(desk.state.course.changes, [change]);
    let digest = desk.state.digest().unwrap().to_owned();
    assert_ne!(digest, live);
    assert_eq!(digest, exported(&mut desk));
    assert_eq!(workers(&desk), 6);
    // what cannot be is refused, and the edit stays to be mended
    desk.take(Message::Edit(Edit::At(0, "soon".to_owned())));
    desk.take(Message::Replay);
    assert!(desk.state.course.refused.is_some() && desk.state.draft.is_some());
    desk.take(Message::Edit(Edit::Undo));
    assert_eq!(desk.state.draft, None);
}

#[test]
fn a_fork_shows_both_branches_and_their_difference() {
    let mut desk = chosen();
    assert!(!desk.state.can_fork(), "there is nothing to part from");
    to_the_end(&mut desk);
    desk.take(Message::Look(Some(200.0)));
    desk.take(Message::Fork);
    desk.work(usize::MAX);
    let rival = desk.state.rival.as_ref().unwrap();
    assert_eq!((rival.parted, desk.state.can_fork()), (200_000_000_000, false));
    assert_eq!((rival.course.table.end_s(), desk.state.course.table.end_s()), (600.0, 200.0));
    assert_eq!(desk.state.course.progress.doing, Doing::Paused);
    assert_eq!(desk.state.digest(), Some(&played(SMALL).digest[..]), "the original's");
    assert!(rival.story()[0].contains("equal so far"), "{:?}", rival.story());
    desk.take(eight());
    to_the_end(&mut desk);
    let rival = desk.state.rival.as_ref().unwrap();
    assert_eq!(rival.course.changes.len(), 0);
    assert!(rival.story()[0].starts_with("Since 3m 20s the fork has lost"), "{:?}", rival.story());
    // one axis for both
    for figure in &desk.state.course.figures {
        if let Some(original) = desk.state.original_of(figure.id) {
            for value in original.lines.iter().flat_map(|line| &line.points) {
                let place = value.1.map_or(0.0, |value| figure.scale.place(value));
                assert!(place < 1.0, "{} reaches beyond its axis", figure.id);
            }
        }
    }
    let fork = desk.state.fork_digest().unwrap().to_owned();
    assert_eq!(fork, exported(&mut desk));
    assert_eq!(desk.state.digest(), Some(&played(SMALL).digest[..]));
    desk.take(Message::Keep(Branch::Fork));
    assert_eq!((desk.state.digest(), &desk.state.rival), (Some(&fork[..]), &None));
}

#[test]
fn the_original_can_be_kept_and_goes_on() {
    let mut desk = at(100.0);
    desk.take(Message::Fork);
    desk.work(usize::MAX);
    desk.take(eight());
    desk.take(Message::Keep(Branch::Original));
    assert!(desk.state.rival.is_none() && desk.state.course.changes.is_empty());
    to_the_end(&mut desk);
    assert_eq!(desk.state.digest(), Some(&played(SMALL).digest[..]));
}

/// Ends the worker, and lets the page find out.
fn end_worker(desk: &mut Desk) {
    desk.session = Session::default();
    for _ in 0..20 {
        desk.take(Message::Tick);
    }
}

#[test]
fn a_worker_that_falls_silent_is_replaced_and_the_run_goes_on() {
    for way in [Way::Snapshot, Way::Beginning] {
        let mut desk = at(100.0);
        desk.take(eight());
        desk.take(Message::Toggle);
        desk.take(Message::Speed(Speed::Ratio(10.0)));
        desk.work(20);
        end_worker(&mut desk);
        let Stage::Failed(why) = &desk.state.stage else { panic!("{:?}", desk.state.stage) };
        assert!(why.contains("worker"), "{why}");
        let said = desk.state.way_back().unwrap();
        assert!(said.starts_with("Go on from"), "{said}");
        desk.take(Message::Recover(way));
        assert_eq!(desk.state.stage, Stage::Running);
        desk.work(usize::MAX);
        assert_eq!(desk.state.course.progress.doing, Doing::Finished, "it goes on");
        let digest = desk.state.digest().unwrap().to_owned();
        assert_eq!(digest, exported(&mut desk));
        assert_ne!(digest, played(SMALL).digest);
    }
}

#[test]
fn a_snapshot_of_another_past_is_not_gone_on_from() {
    let mut desk = at(300.0);
    let saved = |desk: &Desk| desk.state.way_back().unwrap().contains("snapshot");
    assert!(saved(&desk), "a snapshot was handed over");
    desk.take(Message::Seek(100.0));
    desk.work(usize::MAX);
    desk.take(eight());
    assert!(!saved(&desk));
    end_worker(&mut desk);
    assert_eq!(desk.state.stage, Stage::Running, "nothing was asked of it");
    desk.take(Message::Toggle);
    end_worker(&mut desk);
    desk.take(Message::Recover(Way::Snapshot));
    desk.work(usize::MAX);
    assert_eq!(desk.state.course.progress.now, 100_000_000_000, "where it was");
    to_the_end(&mut desk);
    let digest = desk.state.digest().unwrap().to_owned();
    assert_eq!(digest, exported(&mut desk));
}

#[test]
fn a_tab_that_was_held_back_says_so() {
    let progress = |now_s: u64, ratio: f64| {
        let (ratio, doing) = (Some(ratio), Doing::Playing);
        let progress = Progress { now: now_s * 1_000_000_000, ratio, doing, ..Progress::default() };
        Message::Answer(Answer::Progress(progress))
    };
    for (came_s, held_back) in [(700, false), (100, true)] {
        let mut desk = chosen();
        desk.take(progress(50, 60.0));
        desk.take(Message::Hidden(true, 1_000.0));
        desk.take(progress(came_s, 60.0));
        desk.take(Message::Hidden(false, 11_000.0));
        assert_eq!(desk.state.throttled.is_some(), held_back);
    }
    // who stood still was not held back
    let mut desk = chosen();
    desk.take(Message::Hidden(true, 0.0));
    desk.take(Message::Hidden(false, 60_000.0));
    assert_eq!(desk.state.throttled, None);
    assert_eq!(desk.state.take(Message::Toggle), [Effect::Send(Command::Play(Speed::Max))]);
}
