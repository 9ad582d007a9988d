//! The share's virtual clock: service a thread that always runs has had, in integer units of 2^-52
//! ns.

use serde::{Deserialize, Serialize};

/// Binary digits after the point of a virtual nanosecond; leaves 12 before it for rates up to
/// 4,096.
const FRACTION: u32 = 52;
/// Binary digits after the point of a core in use.
const CORE_FRACTION: u32 = 20;

/// A demand in units.
pub(super) fn to_units(ns: u64) -> u128 {
    u128::from(ns) << FRACTION
}

/// Units in ns, rounded up.
pub(super) fn to_ns_up(units: u128) -> u64 {
    let whole = (units >> FRACTION) as u64;
    whole.saturating_add(u64::from(units & ((1 << FRACTION) - 1) != 0))
}

/// Where the clock stands and how fast it runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Clock {
    now: u128,
    updated: u64,
    /// Units a ns; constant between changes, so that time adds up exactly.
    rate: u64,
    cores: f64,
    /// Units a ns of one core, and of all of them.
    one: u64,
    all: u64,
    /// Cores in use and their integral over ns, in 2^-20 core.
    busy: u64,
    busy_area: u128,
}

impl Clock {
    pub(super) fn new(updated: u64, cores: f64, speed: f64) -> Self {
        let mut clock =
            Self { now: 0, updated, rate: 0, cores, one: 0, all: 0, busy: 0, busy_area: 0 };
        clock.set_speed(cores, speed, 0);
        clock
    }

    pub(super) fn now(&self) -> u128 {
        self.now
    }

    /// What it will show at `now` ns if nothing changes.
    pub(super) fn at(&self, now: u64) -> u128 {
        debug_assert!(now >= self.updated, "time ran backwards: {now} < {}", self.updated);
        self.now + u128::from(now.saturating_sub(self.updated)) * u128::from(self.rate)
    }

    /// Moves to `now` ns; whether time has moved at all.
    pub(super) fn advance(&mut self, now: u64) -> bool {
        let moved = now > self.updated;
        self.busy_area = self.busy_area_at(now);
        self.now = self.at(now);
        self.updated = self.updated.max(now);
        moved
    }

    /// Whether a finish `at` lies more than the last ns back.
    pub(super) fn is_overdue(&self, at: u128) -> bool {
        at.saturating_add(self.rate.into()) <= self.now
    }

    /// It stopped when it showed `at`, and goes on from there.
    #[cold]
    pub(super) fn stood_still_at(&mut self, at: u128) {
        self.now = at;
    }

    /// The first whole ns at which the clock shows `at` or more, if the rate stays.
    pub(super) fn when(&self, at: u128) -> Option<u64> {
        let left = at.saturating_sub(self.now);
        match (left, self.rate) {
            (0, _) => Some(self.updated),
            (_, 0) => None,
            (_, rate) => self.updated.checked_add(divide_up(left, rate)?),
        }
    }

    /// Starts at 0 again: no job is left to remember a time.
    pub(super) fn rebase(&mut self) {
        self.now = 0;
    }

    pub(super) fn set_speed(&mut self, cores: f64, speed: f64, runnable: u32) {
        debug_assert!((0.0..4096.0).contains(&speed) && cores >= 0.0, "{cores} cores at {speed}");
        // Rounded up: a third of a core, three times, is then not less than the core.
        let units = |rate: f64| libm::ceil(rate.max(0.0) * (1u64 << FRACTION) as f64) as u64;
        self.cores = cores.max(0.0);
        self.one = units(speed);
        self.all = units(speed * cores);
        self.share_among(runnable);
    }

    /// Runs at the rate of one of `runnable` threads.
    pub(super) fn share_among(&mut self, runnable: u32) {
        let threads = f64::from(runnable);
        self.rate = match runnable {
            0 => 0,
            _ if threads <= self.cores => self.one,
            _ => self.all.div_ceil(runnable.into()),
        };
        self.busy = (threads.min(self.cores) * f64::from(1 << CORE_FRACTION)) as u64;
    }

    pub(super) fn busy_cores(&self) -> f64 {
        self.busy as f64 / f64::from(1 << CORE_FRACTION)
    }

    pub(super) fn busy_core_ns(&self, now: u64) -> f64 {
        self.busy_area_at(now) as f64 / f64::from(1 << CORE_FRACTION)
    }

    pub(super) fn forget_use(&mut self) {
        self.busy_area = 0;
    }

    fn busy_area_at(&self, now: u64) -> u128 {
        self.busy_area + u128::from(now.saturating_sub(self.updated)) * u128::from(self.busy)
    }
}

/// `dividend / divisor` rounded up, exactly; None past 2^64.
///
/// A float guesses and one 64-bit division puts it right: a 128-bit division is a long loop in a
/// browser.
fn divide_up(dividend: u128, divisor: u64) -> Option<u64> {
    let guess = (dividend as f64 / divisor as f64) as u64;
    let product = u128::from(guess) * u128::from(divisor);
    let Ok(miss) = u64::try_from(product.abs_diff(dividend)) else {
        return u64::try_from(dividend.div_ceil(divisor.into())).ok();
    };
    if product < dividend {
        guess.checked_add(miss.div_ceil(divisor))
    } else {
        Some(guess - miss / divisor)
    }
}

#[cfg(test)]
mod tests {
    use super::divide_up;

    #[test]
    fn the_guessed_quotient_is_exact_at_every_size() {
        let mut word = 1u64;
        let mut next = || {
            word = word.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(0x2545_f491_4f6c_dd1d);
            word ^ (word >> 32)
        };
        for _ in 0..200_000 {
            let divisor = (next() >> (next() % 64)).max(1);
            let exact = next() >> (next() % 64);
            let dividend = u128::from(exact) * u128::from(divisor);
            assert_eq!(divide_up(dividend, divisor), Some(exact));
            assert_eq!(divide_up(dividend + 1, divisor), exact.checked_add(1));
            let any = (u128::from(next()) << 64 | u128::from(next())) >> (next() % 128);
            let slow = u64::try_from(any.div_ceil(divisor.into())).ok();
            assert_eq!(divide_up(any, divisor), slow);
        }
    }
}
