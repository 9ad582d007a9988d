//! Replications in the page: what the command line says of them, however many helpers there are.

use std::sync::Arc;

use sim_core::{Replications, Run, Sample, Summary, WarmUp, inputs_key, replication_seed};

use super::*;
use crate::session::tests::OVERLOADED;
use crate::state::study::At;

/// A page that plays a text of its own.
fn desk(text: &str) -> Desk {
    let mut desk = Desk::new();
    desk.take(Message::Choose(SMALL.to_owned()));
    desk.take(Message::Editing(Editing::Open));
    desk.take(Message::Editing(Editing::Typed(text.to_owned())));
    desk.take(Message::Editing(Editing::Play));
    assert_eq!(desk.state.stage, Stage::Running);
    desk
}

/// What replications say when they are played in one go.
fn natively(text: &str, count: u32) -> Summary {
    let plan = Arc::new(sim_core::read(SMALL, text, &[], &sim_core::NoFiles).plan.unwrap());
    let mut set = Replications::new(Arc::clone(&plan), 0.95);
    for number in 0..count {
        let drawn = plan.draw(inputs_key(plan.seed, number)).unwrap();
        let mut run = Run::new(drawn, replication_seed(plan.seed, number)).unwrap();
        run.finish();
        set.add(Sample::of(&run));
    }
    set.summary()
}

fn found(desk: &Desk) -> Summary {
    desk.state.study.as_ref().unwrap().found.as_ref().unwrap().summary.clone()
}

fn begin(desk: &mut Desk, count: u32, cores: u32) {
    desk.take(Message::Studying(Studying::Begin(count, cores)));
}

#[test]
fn any_number_of_helpers_says_what_one_run_after_the_other_says() {
    let text = OVERLOADED.to_owned() + "warmup: 2s\nobjectives: [errors < 1%]\n";
    let told = natively(&text, 10).to_json();
    for (cores, helpers) in [(1, 1), (2, 1), (4, 3), (64, 8)] {
        let mut desk = desk(&text);
        begin(&mut desk, 10, cores);
        assert_eq!(desk.helpers.len(), helpers);
        // the last one first: they come in another order than they were handed out
        desk.help(|count| (0..count).rev().collect());
        assert_eq!(desk.state.study.as_ref().unwrap().at, At::Over);
        assert!(desk.helpers.is_empty(), "they end with it");
        assert!(found(&desk).to_json() == told, "with {helpers} helpers");
    }
}

#[test]
fn what_is_meant_to_be_in_balance_is_measured_without_its_beginning() {
    let text = "busyhour: 1\nduration: 120s\nusers: {u: {enter: line, arrivals: 9/s}}\nnodes: \
                {line: {component: station, servers: 1, service: {exponential: 100ms}}}\n";
    let mut desk = desk(text);
    begin(&mut desk, 10, 2);
    assert_eq!(desk.state.study.as_ref().unwrap().at, At::WarmingUp);
    desk.help(|count| (0..count).collect());
    let Some(WarmUp::Removed { s }) = found(&desk).warmup else { panic!("it was looked for") };
    let told = natively(&format!("{text}warmup: {s}s\n"), 10);
    assert_eq!(found(&desk).estimates, told.estimates);
}

#[test]
fn uncertain_inputs_are_drawn_as_the_command_line_draws_them() {
    let text = OVERLOADED.replace("150/s", "150/s +-20%") + "warmup: 0s\n";
    let mut desk = desk(&text);
    begin(&mut desk, 10, 2);
    desk.help(|count| (0..count).collect());
    assert!(found(&desk).inputs.is_some());
    assert!(found(&desk).to_json() == natively(&text, 10).to_json());
}

#[test]
fn both_branches_meet_the_same_days() {
    let mut desk = desk(&(OVERLOADED.to_owned() + "warmup: 0s\n"));
    desk.work(5);
    desk.take(Message::Fork);
    assert!(desk.state.rival.is_some());
    let more = serde_json::json!({"set": "nodes.web.workers", "to": 8});
    desk.take(Message::Change(more));
    begin(&mut desk, 10, 3);
    desk.help(|count| (0..count).collect());
    let study = desk.state.study.clone().unwrap();
    assert_eq!(study.at, At::Over);
    let comparison = study.found.as_ref().unwrap().comparison.clone().unwrap();
    let seeds = |of: &Summary| of.samples.iter().map(|one| one.seed).collect::<Vec<_>>();
    assert_eq!(seeds(&comparison.baseline), seeds(&comparison.variants[0].summary));
    let said = comparison.to_text();
    assert!(
        said.contains("the fork against the original") && said.contains("errors are"),
        "{said}"
    );
    assert_eq!(study.subjects, desk.state.subjects());
    desk.take(Message::Studying(Studying::Save));
    let (name, page) = desk.saved.last().unwrap();
    assert!(name.ends_with("-replications.html") && page.contains("against"), "{name}");
    // another scenario has nothing to do with it
    desk.take(Message::Leave);
    assert_eq!(desk.state.study, None);
}

#[test]
fn it_can_be_stopped_and_keeps_what_is_known() {
    let mut desk = desk(&(OVERLOADED.to_owned() + "warmup: 0s\n"));
    begin(&mut desk, 50, 2);
    while desk.state.study.as_ref().is_some_and(|study| study.done() < 3) {
        let answers = desk.helpers[0].work(&mut || 0.0);
        desk.heard(0, answers);
    }
    desk.take(Message::Studying(Studying::End));
    assert_eq!((desk.helpers.len(), found(&desk).samples.len()), (0, 3));
}
