//! What answers are worth: orders made, failed, and never made because whoever would have made them
//! had left.

use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::figures::{count, percent, significant};
use crate::engine::tally::Tally;

/// Requests of all classes that say what an answer brings in, in the whole run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Orders {
    /// Answered.
    pub made: u64,
    /// Given up.
    pub failed: u64,
    /// Never begun, because the sessions that would have made them had been left before.
    pub forgone: u64,
    /// What the answered ones brought in, USD.
    pub usd_made: f64,
    /// What the others would have brought in, USD.
    pub usd_lost: f64,
}

/// `None` where no class says what an answer is worth.
pub(super) fn orders(facts: &Facts<'_>) -> Option<Orders> {
    let tallies = facts.classes.values().flat_map(|class| &class.tallies);
    let mut worth = tallies.filter(|tally| tally.usd_each > 0.0).peekable();
    worth.peek()?;
    Some(worth.fold(Orders::default(), |orders, tally| orders.with(tally)))
}

impl Orders {
    fn with(self, tally: &Tally) -> Self {
        let failed = tally.failed.iter().sum::<u64>();
        let usd = |orders: u64| orders as f64 * tally.usd_each;
        Orders {
            made: self.made + tally.completed,
            failed: self.failed + failed,
            forgone: self.forgone + tally.forgone,
            usd_made: self.usd_made + usd(tally.completed),
            usd_lost: self.usd_lost + usd(failed + tally.forgone),
        }
    }

    /// How many were lost, to what, and what that is in money.
    pub(super) fn said(&self) -> String {
        let made = format!("{} made, {} USD", count(self.made), significant(self.usd_made));
        let lost = self.failed + self.forgone;
        if lost == 0 {
            return format!("none lost; {made}");
        }
        let never = "never made: their sessions had ended";
        let ways: Vec<String> = [(self.failed, "failed"), (self.forgone, never)]
            .iter()
            .filter(|(orders, _)| *orders > 0)
            .map(|(orders, how)| format!("{} {how}", count(*orders)))
            .collect();
        let share = percent(lost as f64 / (lost + self.made) as f64);
        let (lost, usd) = (count(lost), significant(self.usd_lost));
        format!("{lost} lost ({share}), {usd} USD: {}; {made}", ways.join(", "))
    }
}
