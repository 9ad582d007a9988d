//! The address's fragment: `#preset=NAME&seed=N&play=max` says what to show and whether to play it.

use crate::protocol::Speed;

/// What a fragment asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wish {
    /// A shipped scenario.
    pub preset: Option<String>,
    /// Its seed, instead of its own.
    pub seed: Option<u64>,
    /// Whether to play it at once, and how fast.
    pub play: Option<Speed>,
}

impl Wish {
    /// Reads a fragment, with or without its `#`.
    ///
    /// # Errors
    /// What in it means nothing, and what may stand there.
    pub fn read(fragment: &str) -> Result<Self, String> {
        let mut wish = Wish::default();
        let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
        for part in fragment.split('&').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            match key {
                "preset" => wish.preset = Some(value.to_owned()),
                "seed" => wish.seed = Some(seed(value)?),
                "play" => wish.play = Some(speed(value)?),
                _ => {
                    return Err(format!(
                        "the link says \"{}\", which means nothing here: preset, seed and play do",
                        short(key)
                    ));
                }
            }
        }
        Ok(wish)
    }

    /// The fragment that asks for this.
    #[must_use]
    pub fn text(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.preset.as_ref().map(|name| format!("preset={name}")));
        parts.extend(self.seed.map(|seed| format!("seed={seed}")));
        parts.extend(self.play.map(|speed| match speed {
            Speed::Max => "play=max".to_owned(),
            Speed::Ratio(ratio) => format!("play={ratio}"),
        }));
        format!("#{}", parts.join("&"))
    }
}

fn seed(value: &str) -> Result<u64, String> {
    value.parse().map_err(|_| {
        format!("the link's seed \"{}\" is no whole number from 0 on: write seed=7", short(value))
    })
}

fn speed(value: &str) -> Result<Speed, String> {
    if value == "max" {
        return Ok(Speed::Max);
    }
    let ratio = value.parse().ok().filter(|ratio: &f64| (0.01..=1e6).contains(ratio));
    ratio.map(Speed::Ratio).ok_or_else(|| {
        format!("the link's speed \"{}\" is none: write play=max or play=60", short(value))
    })
}

/// As much of a stranger's text as a message has room for.
fn short(text: &str) -> String {
    let mut short: String = text.chars().take(40).filter(|c| !c.is_control()).collect();
    if text.chars().nth(40).is_some() {
        short.push('\u{2026}');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_says_what_to_play() {
        let wish = Wish::read("#preset=black-friday&seed=7&play=max").unwrap();
        assert_eq!(wish.preset.as_deref(), Some("black-friday"));
        assert_eq!((wish.seed, wish.play), (Some(7), Some(Speed::Max)));
        for text in ["#preset=black-friday&seed=7&play=max", "#play=60", "#"] {
            assert_eq!(Wish::read(text).unwrap().text(), text);
        }
    }

    #[test]
    fn what_means_nothing_is_said() {
        let bad = [
            ("#seed=-1", "seed=7"),
            ("#seed=99999999999999999999", "seed"),
            ("#play=fast", "play=max"),
            ("#play=NaN", "play=max"),
            ("#play=-3", "play=max"),
            ("#<script>=1", "means nothing"),
        ];
        for (text, wanted) in bad {
            let why = Wish::read(text).unwrap_err();
            assert!(why.contains(wanted), "{text}: {why}");
        }
        let why = Wish::read(&format!("#{}", "x".repeat(9_000))).unwrap_err();
        assert!(why.len() < 200, "{why}");
    }
}
