//! Paths, setting, overlays and the way to JSON and back.

use super::{Node, Step, Value, from_json, overlay, parse_path, show_path, to_json};
use crate::scenario::problem::{Code, Place, SourceId};
use crate::scenario::yaml::{Limits, parse};

fn read(source: u16, text: &str) -> Node {
    parse(SourceId(source), text, Limits::default()).unwrap_or_else(|all| panic!("{all:?}"))
}

fn json(node: &Node) -> String {
    to_json(node).to_string()
}

#[test]
fn paths_are_read_and_shown() {
    let key = |text: &str| Step::Key(text.to_string());
    let steps = vec![key("nodes"), key("web.1"), key("list"), Step::Index(2), Step::Index(0)];
    assert_eq!(parse_path("nodes.\"web.1\".list[2][0]"), Ok(steps.clone()));
    assert_eq!(show_path(&steps), "nodes.\"web.1\".list[2][0]");
    for odd in ["a\"b\\c", "", "x y", "a=b", "[0]"] {
        assert_eq!(parse_path(&show_path(&[key("k"), key(odd)])), Ok(vec![key("k"), key(odd)]));
    }
    for bad in
        ["", ".", "a.", ".a", "a..b", "a[", "a[x]", "a[-1]", "a[0]b", "a.[0]", "\"a", "a\"b\"[1"]
    {
        assert!(parse_path(bad).is_err(), "{bad}");
    }
    assert!(parse_path(&"a.".repeat(1000)).is_err());
}

#[test]
fn set_replaces_makes_and_appends() {
    let mut tree = read(0, "nodes: {web: {replicas: 2}}\nevents: [{at: 1s}]\nempty:\n");
    let place = Place::start(SourceId(1));
    let mut set = |path: &str, value: i128| {
        let done = tree.set(path, Node::new(place, Value::Int(value)));
        done.map_err(|problem| (problem.code, problem.message))
    };
    assert_eq!(set("nodes.web.replicas", 3), Ok(()));
    assert_eq!(set("nodes.web.pool.size", 4), Ok(()));
    assert_eq!(set("events[0].at", 5), Ok(()));
    assert_eq!(set("events[1]", 6), Ok(()));
    assert_eq!(set("empty.a[0].b", 7), Ok(()));
    let error =
        |path: &str, why: &str| Err((Code::BadPath, format!("{path} leads nowhere: {why}")));
    let scalar = "nodes.web.replicas is 3, which has no fields";
    assert_eq!(set("nodes.web.replicas.max", 1), error("nodes.web.replicas.max", scalar));
    assert_eq!(set("events[9]", 1), error("events[9]", "events is a list of 2"));
    assert_eq!(set("events.at", 1), error("events.at", "events is a list"));
    assert_eq!(set("nodes[0]", 1), error("nodes[0]", "nodes is a map, not a list"));
    assert_eq!(set("[0]", 1), error("[0]", "the top level is a map, not a list"));
    assert!(set("nodes..web", 1).is_err_and(|(code, _)| code == Code::BadPath));
    let nodes = r#""nodes":{"web":{"replicas":3,"pool":{"size":4}}}"#;
    let rest = r#""events":[{"at":5},6],"empty":{"a":[{"b":7}]}"#;
    assert_eq!(json(&tree), format!("{{{nodes},{rest}}}"));
    assert_eq!(tree.get("nodes.web.replicas").map(|node| node.place.source), Some(SourceId(1)));
    assert_eq!(tree.get("nodes.web").map(|node| node.place.source), Some(SourceId(1)));
    assert_eq!(tree.entry("nodes").map(|entry| entry.key_place.source), Some(SourceId(0)));
    assert_eq!(tree.get("nodes.nobody.x"), None);
    assert_eq!(tree.take("empty").map(|entry| entry.key), Some("empty".to_string()));
    assert!(tree.entry("empty").is_none());
}

#[test]
fn an_overlay_merges_maps_and_keeps_places() {
    let base = read(1, "a: 1\nm: {x: 1, y: {p: 1}}\nl: [1, 2]\ns: {t: 1}\n");
    let over = read(2, "\n\nm: {y: {q: 2}, z: 3}\nl: [9]\ns: 5\nn: {k: 1}\n");
    let both = overlay(&base, &over);
    let expected = r#"{"a":1,"m":{"x":1,"y":{"p":1,"q":2},"z":3},"l":[9],"s":5,"n":{"k":1}}"#;
    assert_eq!(json(&both), expected);
    let origin = |path: &str| both.get(path).map(|node| (node.place.source.0, node.place.line));
    assert_eq!(origin("a"), Some((1, 1)));
    assert_eq!(origin("m.x"), Some((1, 2)));
    assert_eq!(origin("m.y.p"), Some((1, 2)));
    assert_eq!(origin("m.y.q"), Some((2, 3)));
    assert_eq!(origin("l[0]"), Some((2, 4)));
    assert_eq!(origin("n.k"), Some((2, 6)));
    let empty = Node::empty_map(Place::start(SourceId(0)));
    let (one, other) = (read(1, "exponential: 2s"), read(2, "uniform: {low: 1s, high: 2s}"));
    assert_eq!(json(&overlay(&one, &other)), json(&other), "a law has one family");
    assert_eq!(json(&overlay(&empty, &over)), json(&over));
    assert_eq!(json(&overlay(&over, &empty)), json(&over));
}

#[test]
fn json_and_back_is_the_same() {
    let text = "{a: [1, -5, 2.5, true, ~, 'x'], b: {c: 18446744073709551615, d: 1.0}}";
    let tree = read(0, text);
    let back = from_json(&to_json(&tree), Place::start(SourceId(0)));
    assert_eq!(json(&back), json(&tree));
    assert_eq!(
        json(&tree),
        r#"{"a":[1,-5,2.5,true,null,"x"],"b":{"c":18446744073709551615,"d":1.0}}"#
    );
    assert_eq!(back.get("b.d").map(|node| &node.value), Some(&Value::Float(1.0)));
}
