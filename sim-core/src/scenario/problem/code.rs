//! The codes: stable names of what can be wrong, each with a title and a page.

use serde::{Serialize, Serializer};

use super::{Severity, pages, pages_checks};

macro_rules! codes {
    ($($name:ident = $text:literal, $title:literal;)*) => {
        /// A kind of problem. The strings never change meaning; a retired one is not used again.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $(#[doc = concat!($text, ": ", $title)] $name,)* }

        impl Code {
            /// Every code, in order.
            pub const ALL: &[Code] = &[$(Code::$name,)*];

            /// The stable string, such as `E012`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// What it means in a few words.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)* }
            }
        }
    };
}

codes! {
    NotYaml = "E001", "not valid YAML";
    TooBig = "E002", "too large, too deep or too many values";
    DuplicateKey = "E003", "the same key twice";
    UnknownField = "E010", "unknown field";
    MissingField = "E011", "missing field";
    WrongType = "E012", "wrong type";
    BadValue = "E013", "bad value";
    UnknownChoice = "E014", "unknown choice";
    BadVersion = "E015", "version missing or unsupported";
    UnknownNode = "E020", "unknown node";
    UnknownEndpoint = "E021", "unknown endpoint";
    UnknownModel = "E022", "unknown component or model";
    BadName = "E023", "name used twice or not allowed";
    ReplicasNeedBalancer = "E024", "replicas need a balancer";
    EndlessCycle = "E025", "a cycle that cannot be left";
    MinAboveMax = "E026", "minimum above maximum";
    CallTooDeep = "E027", "calls nested too deeply";
    NothingToDo = "E028", "nothing to do";
    BadPath = "E029", "bad path";
    BadObjective = "E030", "bad objective";
    BadEvent = "E031", "event outside the run or without a target";
    UnreadableData = "E032", "unreadable data file";
    Overload = "W101", "offered load above capacity";
    PoolArithmetic = "W102", "pools that do not add up";
    TimeoutOrder = "W103", "patience ends before a timeout";
    UnusedNode = "W104", "unused node";
    IdleOrder = "W105", "idle connections closed by the wrong end";
    RecycleTogether = "W106", "workers that end together";
    ClocksApart = "W107", "a proxy and its peers give up at different times";
    BlindScaling = "W108", "a rule that looks at CPU which cannot get there";
    CheckAsksDatabase = "W109", "a health check that asks the database";
    StackedRetries = "W110", "retries at several layers";
    StopBeforeEnd = "W111", "killed before it may end";
    NeverFound = "W112", "a cache that nothing is ever found in";
    NoDemand = "W113", "work that no request brings";
}

impl Code {
    /// The code written as `text`, in either case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.as_str().eq_ignore_ascii_case(text.trim()))
    }

    /// Errors stop the run, warnings do not.
    #[must_use]
    pub fn severity(self) -> Severity {
        if self.as_str().starts_with('W') { Severity::Warning } else { Severity::Error }
    }

    /// The page that `busyhour explain` prints: what it means, and an example of wrong and right.
    #[must_use]
    pub fn page(self) -> &'static str {
        let mut all = pages::PAGES.iter().chain(pages_checks::PAGES);
        all.find(|(code, _)| *code == self).map_or(self.title(), |(_, page)| page)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.as_str())
    }
}
