//! What is lost in money, visits that a session never came to included.

use std::sync::Arc;

use crate::engine::time::SECOND;
use crate::report::{Orders, Report};
use crate::run::Run;
use crate::scenario::{NoFiles, read};

/// Ten sessions of two views and one order of 5 USD each, in a shop that nothing answers in time.
fn played(patience: &str, service: &str) -> Report {
    let text = format!(
        "busyhour: 1\nduration: 100s\nusers: {{u: {{enter: app, sessions: 1/s, limit: 10, think: \
         1s, journey: {{view: 2, buy: 1}}, worth: {{buy: 5 USD}}, patience: {patience}}}}}\nnodes: \
         {{app: {{component: worker-pool, workers: 100, endpoints: {{view: [io: {service}], buy: \
         [io: {service}]}}}}}}\n"
    );
    let reading = read("t", &text, &[], &NoFiles);
    let mut run = Run::new(Arc::new(reading.plan.expect("a scenario")), 1).unwrap();
    run.advance(100 * SECOND, u64::MAX);
    Report::of(&run)
}

#[test]
fn whoever_leaves_takes_the_orders_along_that_were_to_come() {
    let report = played("1s", "30s");
    assert_eq!(report.classes["u/view"].requests.failed, 10);
    assert_eq!(report.classes["u/view"].forgone, 10, "the second view of each");
    let lost = Orders { made: 0, failed: 0, forgone: 10, usd_made: 0.0, usd_lost: 50.0 };
    assert_eq!(report.orders, Some(lost));
    let text = report.to_text();
    assert!(text.contains("10 lost (100 %), 50.0 USD: 10 never made"), "{text}");
}

#[test]
fn orders_are_made_where_people_are_answered() {
    let report = played("9s", "10ms");
    let orders = report.orders.unwrap();
    // three requests of each session but those that the limit cut off
    assert_eq!((orders.failed, orders.forgone, orders.usd_lost), (0, 0, 0.0));
    assert!(orders.made > 0 && orders.usd_made == 5.0 * orders.made as f64);
    assert!(report.to_text().contains("none lost; "), "{}", report.to_text());
}
