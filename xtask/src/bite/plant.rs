//! One fault: in, tested, out again.

use std::fmt;

use super::Fault;
use super::tree::{Outcome, Tree};

/// What became of a fault.
pub(crate) enum Verdict {
    /// By these tests.
    Caught(Vec<String>),
    /// By none.
    Survived,
    /// The entry itself is wrong.
    Wrong(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caught(tests) => write!(f, "caught by {}", tests.join(", ")),
            Self::Survived => f.write_str("SURVIVED"),
            Self::Wrong(reason) => write!(f, "WRONG ENTRY, {reason}"),
        }
    }
}

/// Plants `fault` in the copy, runs its tests, and takes it out.
pub(crate) fn plant(tree: &Tree, fault: &Fault) -> Result<Verdict, String> {
    let sound = tree.read(fault.file)?;
    let faulty = match planted(&sound, fault) {
        Ok(text) => text,
        Err(reason) => return Ok(Verdict::Wrong(reason)),
    };
    tree.write(fault.file, &faulty)?;
    let outcome = tree.test(fault.test);
    tree.write(fault.file, &sound)?;
    Ok(match outcome? {
        Outcome::Failed(tests) => Verdict::Caught(tests),
        Outcome::Passed(_) => Verdict::Survived,
        Outcome::Broken => Verdict::Wrong("it does not compile".to_owned()),
    })
}

fn planted(text: &str, fault: &Fault) -> Result<String, String> {
    match text.matches(fault.find).count() {
        1 if fault.find != fault.replace => Ok(text.replacen(fault.find, fault.replace, 1)),
        1 => Err("it changes nothing".to_owned()),
        n => Err(format!("its text stands there {n} times")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn fault(find: &'static str, replace: &'static str) -> Fault {
        Fault { file: "f", find, replace, test: "t", why: "w" }
    }

    #[test]
    fn every_fault_can_be_planted() {
        for fault in super::super::FAMILIES.iter().copied().flatten() {
            let text = crate::shell::read(&crate::shell::root().join(fault.file)).unwrap();
            let made = planted(&text, fault);
            assert!(made.is_ok(), "{}: {made:?} ({})", fault.file, fault.why);
        }
    }

    #[test]
    fn a_fault_must_stand_there_exactly_once() {
        assert_eq!(planted("a < b", &fault("<", "<=")).as_deref(), Ok("a <= b"));
        assert!(planted("a < b < c", &fault("<", "<=")).is_err());
        assert!(planted("a b", &fault("<", "<=")).is_err());
        assert!(planted("a < b", &fault("<", "<")).is_err());
    }
}
