//! The page is well-formed, loads nothing, holds hostile names in their place, and shows it all.

mod sha256;
pub(crate) mod wellformed;

use self::wellformed::{Piece, pieces};
use super::{SCRIPT, SCRIPT_HASH};
use crate::engine::time::SECOND;
use crate::report::tests::sample::{played, shop};
use crate::report::{Moment, Report};
use crate::scenario::objective::Objective;

/// A shop whose database is too small, with objectives that break, under a hostile name.
fn report(name: &str) -> Report {
    let mut plan = shop(60.0, 4, 1);
    plan.name = name.to_owned();
    plan.summary = "a & b".to_owned();
    plan.warmup = 20 * SECOND;
    let objectives = ["latency p(95) < 500ms", "shoppers/buy errors < 1%", "goodput > 5/s"];
    plan.objectives = objectives.iter().map(|text| Objective::parse(text).unwrap()).collect();
    let mut report = Report::of(&played(plan, 300)).with_cpu_seconds(1.5);
    report.command = Some("busyhour run 'a <b>.yaml' --seed 1".to_owned());
    report
}

/// Headings, figures and legends, one a line: what the page consists of.
fn outline(html: &str) -> String {
    let mut out = String::new();
    let mut heading = "";
    let mut in_legend = false;
    for piece in pieces(html).unwrap() {
        match piece {
            Piece::Open(tag, attributes) => {
                in_legend |= attributes
                    .iter()
                    .any(|(name, value)| (*name, &value[..]) == ("class", "legend"));
                if tag.starts_with('h') && tag.len() == 2 {
                    heading = tag;
                }
                if tag == "details" {
                    out.push_str("    (numbers)\n");
                }
            }
            Piece::Close(tag) => {
                heading = "";
                in_legend &= tag != "ul";
            }
            Piece::Text(text) if !heading.is_empty() => {
                let indent = if heading == "h3" { "  " } else { "" };
                out.push_str(&format!("{indent}{text}\n"));
            }
            Piece::Text(text) if in_legend => {
                let name = text.split(", most").next().unwrap_or_default();
                out.push_str(&format!("    - {name}\n"));
            }
            Piece::Text(_) => {}
        }
    }
    out
}

#[test]
fn the_page_has_every_section_and_chart_with_its_numbers() {
    let found = outline(&report("shop").to_html());
    assert_eq!(found, include_str!("tests/outline.txt"), "{found}");
}

#[test]
fn the_page_is_well_formed_and_loads_nothing() {
    let html = report("shop").to_html();
    assert!(html.len() < 300_000, "{} bytes", html.len());
    for word in ["http:", "https:", "src=", "href=", "url(", "@import", "//"] {
        assert!(!html.contains(word), "{word}");
    }
    assert!(html.contains("default-src 'none'") || html.contains("default-src &#39;none&#39;"));
    let tags: Vec<String> = pieces(&html)
        .unwrap()
        .into_iter()
        .filter_map(
            |piece| if let Piece::Open(tag, _) = piece { Some(tag.to_owned()) } else { None },
        )
        .collect();
    for loading in ["img", "link", "iframe", "object", "embed", "base", "form", "a"] {
        assert!(!tags.iter().any(|tag| tag == loading), "{loading}");
    }
    assert_eq!(tags.iter().filter(|tag| *tag == "script").count(), 1);
}

#[test]
fn a_hostile_name_stays_text() {
    let hostile = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u{202e}";
    let mut report = report(hostile);
    report.timeline.push(Moment {
        at_s: 100.0,
        kind: "event".to_owned(),
        node: Some(hostile.to_owned()),
        what: hostile.to_owned(),
    });
    report.summary = hostile.to_owned();
    report.command = Some(hostile.to_owned());
    report.objectives[0].expression = hostile.to_owned();
    let html = report.to_html();
    let found = pieces(&html).unwrap();
    let scripts = found.iter().filter(|piece| matches!(piece, Piece::Open("script" | "img", _)));
    assert_eq!(scripts.count(), 1, "only the page's own");
    let title =
        found.iter().find(|piece| matches!(piece, Piece::Text(text) if text.contains("alert(1)")));
    let wanted = format!("{}: Busyhour report", hostile.replace('\u{202e}', "\u{fffd}"));
    assert_eq!(title, Some(&Piece::Text(wanted)));
}

#[test]
fn the_script_is_the_one_that_the_policy_allows() {
    assert_eq!(sha256::base64(&sha256::digest(SCRIPT.as_bytes())), SCRIPT_HASH);
    assert_eq!(
        sha256::base64(&sha256::digest(b"abc")),
        "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
        "FIPS 180-2, B.1"
    );
    assert!(!SCRIPT.contains(['<', '&']) && !super::STYLE.contains(['<', '&']));
}

#[test]
fn a_report_without_frames_is_a_page_without_charts() {
    let mut report = report("shop");
    (report.frames, report.latency_map) = (None, None);
    let html = report.to_html();
    assert!(pieces(&html).is_ok() && !html.contains("<figure"));
    assert!(html.contains("Where the time went"));
}

#[test]
fn a_broken_page_is_seen() {
    let page = "<!DOCTYPE html>\n<html><p title=\"x\">a &amp; b</p></html>";
    assert!(pieces(page).is_ok());
    for (good, bad) in [
        ("</p>", ""),
        ("</p>", "</div>"),
        ("&amp;", "&"),
        ("&amp;", "&nbsp;"),
        ("\"x\"", "x"),
        ("title=", "title=\"y\" title="),
        ("a ", "a < "),
        ("</html>", "</html>x"),
    ] {
        assert!(pieces(&page.replacen(good, bad, 1)).is_err(), "{bad}");
    }
}
