//! How problems look, how they are ordered, and that every code has its page.

use super::{Code, Place, Problem, Problems, Severity, SourceId, Sources, nearest_remedy};
use super::{render, suggest};

fn place(line: u32, column: u32, width: u32) -> Place {
    Place { source: SourceId(0), line, column, width }
}

fn shown(text: &str, place: Place) -> String {
    let mut sources = Sources::default();
    sources.add("shop.yaml", text);
    let problem = Problem::new(Code::UnknownNode, "a", "oh").at(place).with_remedy("so");
    render(&problem, &sources, false)
}

#[test]
fn a_problem_shows_its_line_and_a_caret() {
    let text = format!("{}  lb: {{component: balancer, to: wbe}}\n", "\n".repeat(13));
    let mut sources = Sources::default();
    sources.add("shop.yaml", text);
    let message = "nodes.lb.to names \"wbe\", which is no node";
    let problem = Problem::new(Code::UnknownNode, "nodes.lb.to", message)
        .at(place(14, 33, 3))
        .with_nearest("wbe", &["lb", "web", "db"]);
    let expected = "\
error[E020]: nodes.lb.to names \"wbe\", which is no node
  --> shop.yaml:14:33
   |
14 |   lb: {component: balancer, to: wbe}
   |                                 ^^^
   = help: did you mean \"web\"?
";
    assert_eq!(render(&problem, &sources, false), expected);
    let coloured = render(&problem, &sources, true);
    assert!(coloured.starts_with("\u{1b}[1;31merror[E020]\u{1b}[0m: "));
}

#[test]
fn long_lines_are_cropped_around_the_caret() {
    let text = format!("{}HERE{}", "a".repeat(500), "b".repeat(500));
    let out = shown(&text, place(1, 501, 4));
    assert!(out.lines().all(|line| line.chars().count() < 120), "{out}");
    let lines: Vec<_> = out.lines().collect();
    let (at, caret) = (lines[3].find("HERE"), lines[4].find("^^^^"));
    assert!(at.is_some() && at == caret, "{out}");
}

#[test]
fn odd_characters_and_places_do_no_harm() {
    let out = shown("\ta:\t数据 x\u{1b}[31m", place(1, 8, 1));
    assert!(out.contains("1 |  a: 数据 x\u{fffd}[31m\n  |          ^\n"), "{out}");
    for (line, column) in [(0, 0), (1, 0), (1, 9_999), (2, 1), (99, 1), (u32::MAX, u32::MAX)] {
        assert!(shown("a: 1", place(line, column, u32::MAX)).contains("= help: so"));
    }
    let crs = shown("a\rb\r\nc\n", place(3, 1, 1));
    assert!(crs.contains("3 | c\n"), "{crs}");
    let nowhere = Problem::new(Code::Overload, "", "too much");
    assert_eq!(render(&nowhere, &Sources::default(), false), "warning[W101]: too much\n");
}

#[test]
fn every_code_has_a_page_with_an_example_and_reads_back() {
    for code in Code::ALL {
        let page = code.page();
        assert!(page.contains("\nwrong:") && page.contains("\nright:"), "{}", code.as_str());
        assert_eq!(Code::parse(&code.as_str().to_lowercase()), Some(*code));
        assert!(!code.title().is_empty() && page != code.title());
    }
    assert!(Code::ALL.windows(2).all(|two| two[0].as_str() < two[1].as_str()));
    assert_eq!(Code::parse("E999"), None);
    assert_eq!(Code::UnusedNode.severity(), Severity::Warning);
}

#[test]
fn problems_stand_in_the_order_of_the_file() {
    let at = |line| Problem::new(Code::UnknownField, "x", "y").at(place(line, 1, 1));
    let nowhere = Problem::new(Code::UnusedNode, "x", "y");
    let mut all: Problems = [nowhere.clone(), at(3), at(1), at(3), at(2)].into_iter().collect();
    assert!(all.has_errors() && all.len() == 4 && !all.is_empty());
    let lines: Vec<_> = all.iter().map(|problem| problem.place.map(|p| p.line)).collect();
    assert_eq!(lines, [Some(1), Some(2), Some(3), None]);
    all = vec![nowhere].into();
    assert!(!all.has_errors());
}

#[test]
fn suggestions_are_near() {
    assert_eq!(suggest("wbe", ["lb", "web", "db"]), Some("web"));
    assert_eq!(suggest("replcas", ["replicas", "model"]), Some("replicas"));
    assert_eq!(suggest("a", ["b"]), None);
    assert_eq!(suggest("zebra", ["web", "db"]), None);
    assert_eq!(suggest(&"x".repeat(1 << 20), ["x"]), None);
}

#[test]
fn a_family_of_names_is_no_slip_of_the_finger() {
    let known = ["uvicorn", "gunicorn-sync", "gunicorn-gthread", "nginx", "nginx-1.22"];
    let remedy = nearest_remedy("gunicorn", &known);
    assert_eq!(remedy, "there is more than one: gunicorn-sync, gunicorn-gthread");
    assert_eq!(nearest_remedy("gunicorm-sync", &known), "did you mean \"gunicorn-sync\"?");
    assert_eq!(nearest_remedy("memory", &["memory-small"]), "did you mean \"memory-small\"?");
}
