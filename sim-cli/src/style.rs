//! Colour, where it is wanted: everything is readable without.

use std::io::IsTerminal;

use clap::ValueEnum;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    // no doc comments: clap would print them under every command
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// Whether to colour what goes to `stream`.
    pub(crate) fn on(self, stream: &impl IsTerminal) -> bool {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => stream.is_terminal() && !unwanted,
        }
    }
}

/// A text report with its verdict in colour and its titles in bold.
pub(crate) fn painted(text: &str) -> String {
    let paint = |line: &str| {
        let style = match line.split("  ").next().unwrap_or("") {
            "HOLDS" => Some("1;32"),
            "DOES NOT HOLD" => Some("1;31"),
            "INTERRUPTED" | "NO OBJECTIVES" => Some("1;33"),
            "Breaks first" | "Bottleneck" | "When" | "Lost" | "Cost" => Some("1"),
            title if !title.is_empty() && title == line => Some("1"),
            _ => None,
        };
        let head = line.split("  ").next().unwrap_or("");
        let rest = &line[head.len()..];
        let rest = rest.replace("  MISSED  ", "  \u{1b}[31mMISSED\u{1b}[0m  ");
        match style {
            Some(style) => format!("\u{1b}[{style}m{head}\u{1b}[0m{rest}\n"),
            None => format!("{head}{rest}\n"),
        }
    };
    text.lines().map(paint).collect()
}
