//! How a command ends: the exit codes are a contract with scripts.

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, and every objective held.
    Ok,
    /// A mistake of Busyhour itself, or the machine's: a full disk.
    Internal,
    /// Bad usage or a bad scenario.
    Usage,
    /// Interrupted; what was simulated is reported.
    Interrupted,
    /// An objective was missed.
    Missed,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Ok => 0,
            Exit::Internal => 1,
            Exit::Usage => 2,
            Exit::Interrupted => 3,
            Exit::Missed => 99,
        }
    }
}

/// A command that cannot go on: what to say, and how it ends.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// A sentence with its remedy; empty if everything is said already.
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Failure { exit: Exit::Usage, message: message.into() }
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Failure { exit: Exit::Internal, message: message.into() }
    }

    /// Everything is said already.
    pub(crate) fn said() -> Self {
        Failure::usage("")
    }
}
