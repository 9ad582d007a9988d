//! Links: who opens one gets the run that was shared, and no link ends what is there.

use super::*;
use crate::state::editor::kept::Work;
use crate::state::sharing::{LINK_MAX, Link};

const BASE: &str = "https://example.org/some/page.html";

/// The link to what a page shows, as its fragment.
fn shared(desk: &mut Desk) -> String {
    desk.take(Message::Share(BASE.to_owned()));
    let Some(Link::Made(link)) = desk.state.shared.clone() else {
        panic!("{:?}", desk.state.shared)
    };
    assert!(link.len() <= LINK_MAX);
    desk.take(Message::Copied);
    assert_eq!(desk.state.shared, Some(Link::Copied(link.clone())));
    link.strip_prefix(BASE).unwrap().to_owned()
}

/// The digest of what a link plays.
fn opened(link: &str) -> String {
    let mut desk = Desk::new();
    desk.take(Message::Address(link.to_owned()));
    desk.take(Message::Speed(Speed::Max));
    desk.work(usize::MAX);
    assert_eq!(desk.state.notice, None);
    desk.state.digest().unwrap_or_else(|| panic!("{:?}", desk.state.stage)).to_owned()
}

#[test]
fn a_link_holds_the_scenario_its_seed_and_what_was_changed() {
    let mut desk = Desk::new();
    desk.take(Message::Address(format!("#preset={SMALL}&seed=5")));
    desk.take(Message::Toggle);
    desk.work(100);
    desk.take(Message::Change(serde_json::json!({"set": "nodes.app.workers", "to": 3})));
    desk.work(50);
    desk.take(Message::Change(serde_json::json!({"freeze": "app", "for": "2s"})));
    let early = shared(&mut desk);
    assert!(early.contains("play=") && !early.contains("play=max"), "{early}");
    desk.take(Message::Speed(Speed::Max));
    desk.work(usize::MAX);
    let digest = desk.state.digest().unwrap().to_owned();
    let link = shared(&mut desk);
    assert!(link.starts_with(&format!("#preset={SMALL}&changes=")), "{link}");
    assert!(link.contains("&seed=5&play=max&epoch="), "{link}");
    assert_ne!(digest, opened(&format!("#preset={SMALL}&seed=5&play=max")));
    assert_eq!((opened(&link), opened(&early)), (digest.clone(), digest));
    // who opens it sees what was changed, and can hand it on
    let mut next = Desk::new();
    next.take(Message::Address(link.clone()));
    assert_eq!(next.state.course.changes, desk.state.course.changes);
    next.work(usize::MAX);
    assert_eq!(shared(&mut next), link);
}

#[test]
fn who_plays_before_the_text_has_rested_loses_nothing() {
    let mut desk = Desk::new();
    desk.take(Message::Choose(SMALL.to_owned()));
    desk.take(Message::Editing(Editing::Open));
    let edited = text(SMALL).replacen("workers: 4", "workers: 5", 1);
    desk.state.take(Message::Editing(Editing::Typed(edited.clone())));
    let effects = desk.state.take(Message::Editing(Editing::Play));
    let kept = effects.iter().find_map(|effect| match effect {
        Effect::Keep(kept) => kept.as_deref(),
        _ => None,
    });
    assert_eq!(Work::read(kept.unwrap()).unwrap().text, edited);
}

#[test]
fn an_edited_scenario_is_shared_as_what_is_other_in_it() {
    let mut desk = Desk::new();
    desk.take(Message::Choose(SMALL.to_owned()));
    desk.take(Message::Editing(Editing::Open));
    let edited = text(SMALL).replacen("workers: 4", "workers: 5", 1);
    desk.take(Message::Editing(Editing::Typed(edited)));
    desk.take(Message::Editing(Editing::Play));
    assert_eq!(desk.addresses.last().map(|a| &a[..]), Some("#edited"));
    assert_eq!((&desk.state.stage, desk.state.editor.open), (&Stage::Running, false));
    desk.take(Message::Speed(Speed::Max));
    desk.work(usize::MAX);
    let digest = desk.state.digest().unwrap().to_owned();
    assert_ne!(digest, played(SMALL).digest);
    let link = shared(&mut desk);
    assert!(link.starts_with(&format!("#preset={SMALL}&edits=")) && link.len() < 300, "{link}");
    assert_eq!(opened(&link), digest);
    // from the start is the edited scenario, whatever was typed since
    desk.take(Message::Editing(Editing::Open));
    desk.take(Message::Editing(Editing::Typed("a: [".to_owned())));
    desk.take(Message::Editing(Editing::Close));
    desk.take(Message::Restart);
    desk.work(usize::MAX);
    assert_eq!((desk.state.digest(), desk.state.course.progress.now), (None, 0));
    desk.take(Message::Speed(Speed::Max));
    desk.take(Message::Toggle);
    desk.work(usize::MAX);
    assert_eq!(desk.state.digest(), Some(&digest[..]));
    desk.take(Message::Editing(Editing::Open));
    assert_eq!(&*desk.state.editor.text, "a: [", "what was typed is still there");
}

#[test]
fn a_scenario_of_ones_own_is_shared_whole_or_as_a_file() {
    let mut desk = Desk::new();
    desk.take(Message::Editing(Editing::Own));
    let link = shared(&mut desk);
    assert!(link.starts_with("#scenario=1"), "{link}");
    let mut next = Desk::new();
    next.take(Message::Address(link));
    assert_eq!((&next.state.stage, next.state.course.name()), (&Stage::Running, "my-shop"));
    // digits that say nothing else cannot be packed
    let noise: String = (0..2_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_string()).collect();
    desk.take(Message::Editing(Editing::Typed(format!("# {noise}\n"))));
    desk.take(Message::Share(BASE.to_owned()));
    assert!(matches!(desk.state.shared, Some(Link::TooLong(n)) if n > LINK_MAX));
}

#[test]
fn a_link_of_another_epoch_says_so_and_opens() {
    let mut desk = Desk::new();
    desk.take(Message::Address(format!("#preset={SMALL}&play=max&epoch=1")));
    desk.work(usize::MAX);
    assert!(desk.state.digest().is_some());
    assert!(desk.state.notice.as_ref().is_some_and(|said| said.contains("digest epoch 1")));
    desk.take(Message::Address(format!("#preset={SMALL}&epoch={}", sim_core::DIGEST_EPOCH)));
    assert_eq!(desk.state.notice, None);
}

#[test]
fn a_hostile_link_is_refused_and_nothing_is_lost() {
    let mut desk = Desk::new();
    desk.take(Message::Choose(SMALL.to_owned()));
    desk.take(Message::Editing(Editing::Open));
    desk.take(Message::Editing(Editing::Typed("mine: 1\n".to_owned())));
    desk.take(Message::Editing(Editing::Close));
    desk.take(Message::Toggle);
    desk.work(50);
    let before = desk.state.course.progress;
    for link in ["#scenario=garbage!", "#scenario=9abc", "#changes=1AAAA", "#preset=x&evil=1"] {
        desk.take(Message::Address(link.to_owned()));
        assert!(desk.state.notice.is_some(), "{link}");
        assert_eq!((&desk.state.stage, desk.state.course.progress), (&Stage::Running, before));
        assert_eq!(desk.addresses.last(), Some(&format!("#preset={SMALL}")));
    }
    assert_eq!(&*desk.state.editor.text, "mine: 1\n");
    // a change that the scenario does not know is told as any mistake in it
    let wrong = Wish { preset: Some(SMALL.into()), ..Wish::default() };
    let wrong = Wish { changes: vec![serde_json::json!({"at": "1s", "kill": "nobody"})], ..wrong };
    desk.take(Message::Address(wrong.text()));
    assert!(matches!(desk.state.stage, Stage::Wrong(_)), "{:?}", desk.state.stage);
}
