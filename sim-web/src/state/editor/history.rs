//! What undo and redo go back and forth over: whole texts, typed ones joined while one types.

use std::rc::Rc;

/// Bytes of earlier texts that are kept at most; beyond them the oldest are forgotten.
const BYTES_MAX: usize = 8 << 20;

/// Earlier and later texts around the one that stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    past: Vec<Rc<str>>,
    future: Vec<Rc<str>>,
    /// Whether the last change was typed and more typing belongs to it.
    typing: bool,
}

impl History {
    /// The text that stands gives way to a new one, as a step of its own.
    pub fn step(&mut self, standing: &Rc<str>) {
        self.past.push(Rc::clone(standing));
        self.future.clear();
        self.typing = false;
        let mut bytes: usize = self.past.iter().map(|text| text.len()).sum();
        let mut old = 0;
        while bytes > BYTES_MAX && old + 1 < self.past.len() {
            bytes -= self.past[old].len();
            old += 1;
        }
        self.past.drain(..old);
    }

    /// The text that stands gives way to one with a few letters more or fewer.
    pub fn typed(&mut self, standing: &Rc<str>) {
        if !self.typing {
            self.step(standing);
        }
        self.typing = true;
    }

    /// One has stopped typing: what comes is a step of its own.
    pub fn rest(&mut self) {
        self.typing = false;
    }

    /// The text before the one that stands.
    pub fn undo(&mut self, standing: &Rc<str>) -> Option<Rc<str>> {
        let text = self.past.pop()?;
        self.future.push(Rc::clone(standing));
        self.typing = false;
        Some(text)
    }

    /// The text that was undone last.
    pub fn redo(&mut self, standing: &Rc<str>) -> Option<Rc<str>> {
        let text = self.future.pop()?;
        self.past.push(Rc::clone(standing));
        self.typing = false;
        Some(text)
    }

    /// Whether there is something to undo, and to redo.
    #[must_use]
    pub fn can(&self) -> (bool, bool) {
        (!self.past.is_empty(), !self.future.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_is_one_step_until_one_rests() {
        let text = |text: &str| -> Rc<str> { text.into() };
        let mut history = History::default();
        for standing in ["", "a", "ab"] {
            history.typed(&text(standing));
        }
        history.rest();
        history.typed(&text("abc"));
        assert_eq!(history.undo(&text("abcd")), Some(text("abc")));
        assert_eq!(history.undo(&text("abc")), Some(text("")));
        assert_eq!((history.undo(&text("")), history.can()), (None, (false, true)));
        assert_eq!(history.redo(&text("")), Some(text("abc")));
        history.step(&text("abc"));
        assert_eq!(history.redo(&text("x")), None, "another way was taken");
    }

    #[test]
    fn it_forgets_the_oldest_before_it_grows_without_bound() {
        let mut history = History::default();
        let long: Rc<str> = "x".repeat(1 << 20).into();
        (0..50).for_each(|_| history.step(&long));
        assert_eq!(history.past.len(), 8);
    }
}
