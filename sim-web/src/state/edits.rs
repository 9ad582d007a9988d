//! What makes an edited scenario of a shipped one, line by line: short enough for a link.

use serde::{Deserialize, Serialize};

use super::packed::TEXT_MAX;

/// Pairs of lines that are compared at most; where there are more, all between the first and the
/// last difference counts as changed.
const PAIRS_MAX: usize = 4_000_000;

/// Lines kept, dropped and put in, from the beginning to the last difference.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Edits {
    /// So many lines are kept, then so many dropped, then this text is put in.
    steps: Vec<(usize, usize, String)>,
    /// Of the whole edited text, to know that it was made of the same one.
    check: u32,
}

impl Edits {
    /// What makes `new` of `old`.
    #[must_use]
    pub fn between(old: &str, new: &str) -> Self {
        let (before, after) = (lines(old), lines(new));
        let same = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
        let (rest, others) = (&before[same..], &after[same..]);
        let ends = rest.iter().rev().zip(others.iter().rev()).take_while(|(a, b)| a == b).count();
        let (rest, others) = (&rest[..rest.len() - ends], &others[..others.len() - ends]);
        let mut steps: Vec<(usize, usize, String)> = Vec::new();
        let mut kept = same;
        for step in steps_between(rest, others) {
            if step == Step::Keep {
                kept += 1;
                continue;
            }
            if kept > 0 || steps.is_empty() {
                steps.push((kept, 0, String::new()));
                kept = 0;
            }
            match (steps.last_mut(), step) {
                (Some((_, dropped, _)), Step::Drop) => *dropped += 1,
                (Some((.., text)), Step::Put(line)) => text.push_str(line),
                _ => {}
            }
        }
        Edits { steps, check: check(new) }
    }

    /// The edited text.
    ///
    /// # Errors
    /// A sentence if these are no edits of that text.
    pub fn of(&self, old: &str) -> Result<String, String> {
        let made = self.apply(old).filter(|made| check(made) == self.check);
        made.ok_or_else(|| {
            "the link edits a scenario that this version of the page has in another form: ask for \
             the file"
                .to_owned()
        })
    }

    fn apply(&self, old: &str) -> Option<String> {
        let mut rest = &lines(old)[..];
        let mut made = String::new();
        for (keep, drop, text) in &self.steps {
            let (kept, after) = rest.split_at_checked(*keep)?;
            kept.iter().for_each(|line| made.push_str(line));
            rest = after.split_at_checked(*drop)?.1;
            made.push_str(text);
            if made.len() > TEXT_MAX {
                return None;
            }
        }
        rest.iter().for_each(|line| made.push_str(line));
        Some(made)
    }
}

#[derive(PartialEq)]
enum Step<'a> {
    Keep,
    Drop,
    Put(&'a str),
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// From one list of lines to another over their longest common subsequence.
fn steps_between<'a>(old: &[&str], new: &[&'a str]) -> Vec<Step<'a>> {
    let width = new.len() + 1;
    let mut steps = Vec::new();
    let (mut at, mut to) = (0, 0);
    if old.len() * new.len() <= PAIRS_MAX {
        // how many lines are common from here on
        let mut common = vec![0_u32; (old.len() + 1) * width];
        for i in (0..old.len()).rev() {
            for j in (0..new.len()).rev() {
                common[i * width + j] = if old[i] == new[j] {
                    common[(i + 1) * width + j + 1] + 1
                } else {
                    common[(i + 1) * width + j].max(common[i * width + j + 1])
                };
            }
        }
        while at < old.len() && to < new.len() {
            if old[at] == new[to] {
                steps.push(Step::Keep);
                (at, to) = (at + 1, to + 1);
            } else if common[(at + 1) * width + to] >= common[at * width + to + 1] {
                steps.push(Step::Drop);
                at += 1;
            } else {
                steps.push(Step::Put(new[to]));
                to += 1;
            }
        }
    }
    steps.extend(old[at..].iter().map(|_| Step::Drop));
    steps.extend(new[to..].iter().map(|line| Step::Put(line)));
    steps
}

/// FNV-1a: finds texts that differ by accident.
fn check(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::tests::text;
    use crate::state::packed::pack;

    #[test]
    fn edits_make_the_new_text_of_the_old_one() {
        let shop = text("black-friday");
        let turned = shop.replacen("workers:", "workers: 1 #", 1);
        let (cut, long) = (&shop[..shop.len() / 2], shop.clone() + "# end");
        for new in [&shop[..], &turned, cut, &long, "", "other\n", &shop.replace('4', "5\n")] {
            let edits = Edits::between(&shop, new);
            assert_eq!(edits.of(&shop).as_deref(), Ok(new));
            assert_eq!(Edits::between(new, &shop).of(new).as_deref(), Ok(&shop[..]));
        }
        let small = serde_json::to_string(&Edits::between(&shop, &turned)).unwrap();
        assert!(pack(&small).len() < 300, "{small}");
    }

    #[test]
    fn edits_of_another_text_are_refused() {
        let edits = Edits::between("a\nb\nc\n", "a\nx\nc\n");
        for other in ["", "a\nb\nd\n", "a\nb\nc\nd\n"] {
            assert!(edits.of(other).is_err_and(|why| why.contains("ask for the file")));
        }
        let far = Edits { steps: vec![(usize::MAX, 1, String::new())], check: 0 };
        assert!(far.of("a\n").is_err());
    }
}
