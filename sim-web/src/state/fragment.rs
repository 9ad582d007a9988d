//! The address's fragment: `#preset=NAME&seed=N&play=max` says what to show and whether to play it.

use std::rc::Rc;

use serde_json::Value;

use super::edits::Edits;
use super::packed::{pack, unpack};
use crate::protocol::Speed;

/// Changes that a link may hold at most: more than anybody makes by hand.
const CHANGES_MAX: usize = 1_000;

/// What a fragment asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wish {
    /// A shipped scenario.
    pub preset: Option<String>,
    /// Its lines that are other ones.
    pub edits: Option<Edits>,
    /// The text of a scenario that is not shipped.
    pub scenario: Option<Rc<str>>,
    /// The scenario that was played from the editor, which no address holds.
    pub edited: bool,
    /// What is changed while it runs: events of a scenario, with their times.
    pub changes: Vec<Value>,
    /// The digest epoch in which the link was made.
    pub epoch: Option<u32>,
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
                "edits" => wish.edits = Some(json(value)?),
                "scenario" => wish.scenario = Some(unpack(value)?.into()),
                "edited" => wish.edited = true,
                "changes" => wish.changes = changes(value)?,
                "epoch" => wish.epoch = Some(epoch(value)?),
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
        let ways = [wish.preset.is_some(), wish.scenario.is_some(), wish.edited];
        if ways.iter().filter(|way| **way).count() > 1 {
            return Err("the link names more than one scenario".to_owned());
        }
        if wish.edits.is_some() && wish.preset.is_none() {
            return Err("the link edits a scenario and does not say which".to_owned());
        }
        Ok(wish)
    }

    /// The fragment that asks for this.
    #[must_use]
    pub fn text(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.preset.as_ref().map(|name| format!("preset={name}")));
        parts.extend(self.edits.as_ref().map(|edits| {
            // numbers and texts are always JSON
            format!("edits={}", pack(&serde_json::to_string(edits).unwrap_or_default()))
        }));
        parts.extend(self.scenario.as_ref().map(|text| format!("scenario={}", pack(text))));
        parts.extend(self.edited.then(|| "edited".to_owned()));
        if !self.changes.is_empty() {
            parts.push(format!("changes={}", pack(&Value::from(self.changes.clone()).to_string())));
        }
        parts.extend(self.seed.map(|seed| format!("seed={seed}")));
        parts.extend(self.play.map(|speed| match speed {
            Speed::Max => "play=max".to_owned(),
            Speed::Ratio(ratio) => format!("play={ratio}"),
        }));
        parts.extend(self.epoch.map(|epoch| format!("epoch={epoch}")));
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

fn epoch(value: &str) -> Result<u32, String> {
    value.parse().map_err(|_| format!("the link's epoch \"{}\" is no number", short(value)))
}

/// What was packed as JSON.
fn json<T: serde::de::DeserializeOwned>(value: &str) -> Result<T, String> {
    serde_json::from_str(&unpack(value)?)
        .map_err(|_| "the link is damaged: ask for it again, or for the file".to_owned())
}

fn changes(value: &str) -> Result<Vec<Value>, String> {
    let changes: Vec<Value> = json(value)?;
    if changes.len() > CHANGES_MAX {
        return Err(format!("the link holds more than {CHANGES_MAX} changes"));
    }
    if !changes.iter().all(Value::is_object) {
        return Err("the link's changes are no events of a scenario".to_owned());
    }
    Ok(changes)
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
    fn a_link_holds_edits_changes_and_whole_scenarios() {
        let changes = vec![serde_json::json!({"at": "1500000001ns", "kill": "web"})];
        let edits = Some(Edits::between("a\nb\n", "a\nc\n"));
        let preset = Some("black-friday".to_owned());
        let one = Wish { preset, edits, changes, epoch: Some(2), ..Wish::default() };
        let own = Wish { scenario: Some("a: 1\n".into()), seed: Some(1), ..Wish::default() };
        let edited = Wish { edited: true, ..Wish::default() };
        for wish in [one, own, edited] {
            assert_eq!(Wish::read(&wish.text()), Ok(wish));
        }
    }

    #[test]
    fn what_a_stranger_packed_is_refused_in_a_sentence() {
        let packed = |key: &str, text: &str| format!("#{key}={}", pack(text));
        let many = format!("[{}]", vec!["{}"; CHANGES_MAX + 1].join(","));
        for (link, wanted) in [
            ("#scenario=%00%ff".to_owned(), "damaged"),
            (packed("scenario", "a").replace("=1", "=7"), "form 7"),
            (packed("scenario", &"x".repeat((1 << 20) + 1)), "1 MiB"),
            (packed("changes", "{}"), "damaged"),
            (packed("changes", "[1]"), "no events"),
            (packed("changes", &many), "more than 1000"),
            (packed("edits", "{}") + "&preset=a", "damaged"),
            (packed("scenario", "a: 1") + "&preset=a", "more than one"),
            (Wish { edits: Some(Edits::between("", "b")), ..Wish::default() }.text(), "which"),
            ("#epoch=x".to_owned(), "epoch"),
        ] {
            let why = Wish::read(&link).unwrap_err();
            assert!(why.contains(wanted) && why.len() < 200, "{link:.40}: {why}");
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
