//! The shipped scenarios, as the page finds them in itself.

use serde_json::{Map, Value};

/// A shipped scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its file's name without its end.
    pub name: String,
    /// The YAML.
    pub text: String,
    /// What it shows, in a sentence.
    pub summary: String,
    /// What one might ask of it.
    pub question: String,
}

/// Every scenario of `{"name": "YAML", ...}`.
///
/// # Errors
/// Why the text is no such thing.
pub fn presets(json: &str) -> Result<Vec<Preset>, String> {
    let all: Map<String, Value> = serde_json::from_str(json)
        .map_err(|error| format!("the page holds no scenarios: {error}"))?;
    let preset = |(name, text): (String, Value)| {
        let text = text.as_str()?.to_owned();
        let (summary, question) = asked(&text);
        Some(Preset { name, text, summary, question })
    };
    let mut presets: Vec<Preset> = all.into_iter().filter_map(preset).collect();
    presets.sort_by_key(|preset| shelf(&preset.name));
    Ok(presets)
}

/// The story that tells most comes first, what only measures speed last.
fn shelf(name: &str) -> u8 {
    match name {
        "black-friday" => 0,
        name if name.starts_with("bench-") => 2,
        _ => 1,
    }
}

/// The scenario's own line about itself; to read all of each file would make the first sight of
/// the page wait.
fn summary(text: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix("summary:"));
    line.unwrap_or_default().trim().trim_matches('"').to_owned()
}

/// What a scenario shows, and its question: the end of its summary, or a comment `# Question: `.
fn asked(text: &str) -> (String, String) {
    let summary = summary(text);
    let comment = text.lines().find_map(|line| line.strip_prefix("# Question: "));
    if let Some(question) = comment {
        return (summary, question.to_owned());
    }
    match summary.split_once(". ") {
        Some((shows, asks)) if asks.ends_with('?') => (format!("{shows}."), asks.to_owned()),
        _ => (summary, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use sim_core::{NoFiles, read};

    use super::*;

    #[test]
    fn every_shipped_scenario_says_what_it_shows() {
        let folder = format!("{}/../scenarios", env!("CARGO_MANIFEST_DIR"));
        let entries = std::fs::read_dir(folder).unwrap().flatten();
        for file in entries.filter(|entry| entry.path().is_file()) {
            let text = std::fs::read_to_string(file.path()).unwrap();
            let plan = read("test", &text, &[], &NoFiles).plan.unwrap();
            assert!(!plan.summary.is_empty());
            let file = file.path();
            assert_eq!(summary(&text), plan.summary, "{}", file.display());
            let (shows, asks) = asked(&text);
            assert!(shows.ends_with('.') && asks.ends_with('?'), "{}", file.display());
        }
    }

    #[test]
    fn presets_keep_their_order() {
        let two = presets(r#"{"b": "summary: B?\n", "a": "duration: 1s\n"}"#).unwrap();
        let said: Vec<_> = two.iter().map(|one| (&one.name[..], &one.summary[..])).collect();
        assert_eq!(said, [("b", "B?"), ("a", "")]);
        assert!(presets("nothing").is_err());
    }
}
