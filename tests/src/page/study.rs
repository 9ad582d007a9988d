//! Replications in the page: helpers play them, and what they say is what the command line says.

use serde_json::json;
use sim_core::{Replications, Sample, replication_seed};

use super::{complaints, page};
use crate::browser::Browser;
use crate::support::{file, plan, play};

const NAME: &str = "four-workers-forty-rps";

#[test]
fn days_played_by_helpers_say_what_the_command_line_says() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    browser.go(&format!("{page}#preset={NAME}"));
    let button = "[...document.querySelectorAll('#sure button')].find((b) => \
                  b.textContent === '10 days')";
    browser.wait(&format!("!!{button}"), 30);
    browser.value(&format!("{button}.click()"));
    let said = "document.querySelector('#sure [role=status]')?.innerText";
    browser.wait(&format!("{said} === '10 days are played.'"), 120);
    let plan = plan(&file(&format!("scenarios/{NAME}.yaml")), &[]);
    let mut set = Replications::new(plan.clone(), 0.95);
    for number in 0..10 {
        set.add(Sample::of(&play(&plan, replication_seed(plan.seed, number))));
    }
    // the browser reads both texts, as it writes neither of them as it was
    let told = json!(set.summary().to_part());
    let same = format!(
        "(() => {{ const told = document.createElement('div'); told.innerHTML = {told}; \
         return told.textContent === document.querySelector('#sure .days').textContent; }})()"
    );
    browser.shows(&same, true);
    let complaints = complaints(&browser.events);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
