//! Unsaved work as the browser keeps it from one visit to the next.

use serde::{Deserialize, Serialize};

use crate::state::packed::TEXT_MAX;

/// The form in which work is kept: another number is another form.
const FORM: u32 = 1;

/// A text that stands in no file yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    form: u32,
    /// The scenario's name.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Work {
    /// Work to be kept.
    #[must_use]
    pub fn new(name: &str, text: &str) -> Self {
        Work { form: FORM, name: name.to_owned(), text: text.to_owned() }
    }

    /// As the browser keeps it.
    #[must_use]
    pub fn stored(&self) -> String {
        // a number and two texts are always JSON
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What the browser has kept.
    ///
    /// # Errors
    /// A sentence if it is not what was stored.
    pub fn read(stored: &str) -> Result<Self, String> {
        let work: Option<Work> = serde_json::from_str(stored).ok();
        work.filter(|work| work.form == FORM && work.text.len() <= TEXT_MAX).ok_or_else(|| {
            "what this browser kept of your last edit cannot be read: it is left alone until you \
             edit again"
                .to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_what_is_damaged_does_not() {
        let work = Work::new("shop", "a: \"1\"\n");
        assert_eq!(Work::read(&work.stored()), Ok(work));
        let newer = r#"{"form": 2, "name": "a", "text": "b"}"#;
        for bad in ["", "{", "null", newer, r#"{"form": 1, "name": 3}"#] {
            assert!(Work::read(bad).is_err_and(|why| why.contains("cannot be read")), "{bad}");
        }
    }
}
