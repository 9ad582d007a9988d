//! Resources lent to callers for longer than one call, under numbers that are never used twice.

use serde::{Deserialize, Serialize};

use super::slab::Slab;

/// One resource lent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Loan {
    /// Of every loan another, so that a number that was given back means nothing.
    serial: u32,
    /// Calls on it in progress.
    inside: u32,
    is_over: bool,
    is_broken: bool,
}

/// What a node has lent. A loan ends when it is given back and no call on it is in progress: a
/// database works on for a client that died.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Loans {
    loans: Slab<Loan>,
    ever: u32,
}

impl Loans {
    /// Lends one more; its number, never 0.
    pub fn lend(&mut self) -> u64 {
        self.ever = self.ever.wrapping_add(1).max(1);
        let serial = self.ever;
        let index = self.loans.insert(Loan { serial, inside: 0, is_over: false, is_broken: false });
        u64::from(serial) << 32 | u64::from(index)
    }

    fn find(&mut self, lease: u64) -> Option<&mut Loan> {
        self.loans.get_mut(lease as u32).filter(|loan| u64::from(loan.serial) == lease >> 32)
    }

    /// A call on it begins; false if it is lent no more.
    pub fn enter(&mut self, lease: u64) -> bool {
        let loan = self.find(lease).filter(|loan| !loan.is_over);
        loan.map(|loan| loan.inside += 1).is_some()
    }

    /// A call on it has ended, and perhaps broken it; what [`Loans::release`] gives.
    pub fn leave(&mut self, lease: u64, is_broken: bool) -> Option<bool> {
        let loan = self.find(lease)?;
        loan.inside = loan.inside.saturating_sub(1);
        loan.is_broken |= is_broken;
        self.settle(lease)
    }

    /// It is given back. Once it is over and out of use: whether it is broken.
    pub fn release(&mut self, lease: u64) -> Option<bool> {
        self.find(lease)?.is_over = true;
        self.settle(lease)
    }

    fn settle(&mut self, lease: u64) -> Option<bool> {
        let loan = self.find(lease).filter(|loan| loan.is_over && loan.inside == 0)?;
        let is_broken = loan.is_broken;
        self.loans.remove(lease as u32);
        Some(is_broken)
    }

    /// Loans under way.
    #[must_use]
    pub fn len(&self) -> usize {
        self.loans.len()
    }

    /// Whether nothing is lent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.loans.is_empty()
    }

    /// The lender died: every number is void, for ever.
    pub fn void(&mut self) {
        self.loans = Slab::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loan_ends_with_the_last_call_on_it() {
        let mut loans = Loans::default();
        let lease = loans.lend();
        assert!(lease != 0 && loans.enter(lease));
        assert_eq!(loans.release(lease), None);
        assert!(!loans.enter(lease));
        assert_eq!(loans.leave(lease, true), Some(true));
        assert_eq!((loans.leave(lease, false), loans.release(lease)), (None, None));
        assert!(loans.is_empty());
    }

    #[test]
    fn numbers_are_void_after_the_end() {
        let mut loans = Loans::default();
        let old = loans.lend();
        assert_eq!(loans.release(old), Some(false));
        let new = loans.lend();
        assert_eq!((old as u32, loans.enter(old), loans.len()), (new as u32, false, 1));
        loans.void();
        assert!(!loans.enter(new) && loans.lend() != new);
    }
}
