//! What is read, what is refused and in which words, and that nothing makes the reader panic.

use super::{Limits, parse, parse_assignment};
use crate::scenario::problem::{Code, Problem, Problems, SourceId, Sources, render_all};
use crate::scenario::tree::{Node, Value, to_json};

fn read(text: &str) -> Result<Node, Vec<Problem>> {
    parse(SourceId(0), text, Limits::default())
}

fn json(text: &str) -> String {
    read(text).map_or_else(|all| format!("{all:?}"), |node| to_json(&node).to_string())
}

fn code(text: &str) -> Option<Code> {
    read(text).err().and_then(|all| all.first().map(|problem| problem.code))
}

#[test]
fn scalars_follow_the_core_schema() {
    let text = "[1, -2, +3, 1_000, 0x1f, 0o17, 0b11, 1.5, -1e3, .5, 1_0.2_5, true, False, ~, null,
        yes, on, 007, .inf, .nan, 1__0, 1_, 5ms, 1.2.3, -, 0x,
        1e999, '1', \"true\", -0, 1-2, e5, .]";
    let expected = "[1,-2,3,1000,31,15,3,1.5,-1000.0,0.5,10.25,true,false,null,null,\
        \"yes\",\"on\",\"007\",\".inf\",\".nan\",\"1__0\",\"1_\",\"5ms\",\"1.2.3\",\"-\",\"0x\",\
        \"1e999\",\"1\",\"true\",0,\"1-2\",\"e5\",\".\"]";
    assert_eq!(json(&text.replace(" -,", " '-',")), expected);
    assert_eq!(json("18446744073709551615"), "18446744073709551615");
    assert_eq!(json("!!str 5"), "\"5\"");
    assert_eq!(json("[!!int '5']"), "[5]");
    assert_eq!(code("[!mine 5]"), Some(Code::NotYaml));
}

#[test]
fn aliases_and_merge_keys_are_expanded() {
    let text = "a: &a {x: 1, y: 2}\nb: *a\nc: {<<: *a, y: 3}\nd: {<<: [*a, {z: 4, x: 9}]}\n";
    let expected =
        r#"{"a":{"x":1,"y":2},"b":{"x":1,"y":2},"c":{"y":3,"x":1},"d":{"x":1,"y":2,"z":4}}"#;
    assert_eq!(json(text), expected);
    assert_eq!(code("a: {<<: 5}"), Some(Code::NotYaml));
    assert_eq!(code("a: &a [*a]"), Some(Code::NotYaml));
    assert_eq!(json("{'<<': 5}"), r#"{"<<":5}"#);
}

#[test]
fn places_count_characters_from_one() {
    let text = "# é\r\na: 1\r\nnodes:\r\n  \"数\": {x: \"é\", y: 12}\r\n\
        \x20 l:\r\n  - 5\r\n  t: |\r\n    x\r\n";
    let root = read(text).unwrap_or_else(|all| panic!("{all:?}"));
    let place = |path: &str| {
        let found = root.get(path).map(|n| n.place);
        found.map(|p| (p.line, p.column, p.width))
    };
    assert_eq!(place("a"), Some((2, 4, 1)));
    assert_eq!(place("nodes"), Some((4, 3, 3)));
    assert_eq!(place("nodes.数"), Some((4, 8, 1)));
    assert_eq!(place("nodes.数.x"), Some((4, 12, 3)));
    assert_eq!(place("nodes.数.y"), Some((4, 20, 2)));
    assert_eq!(place("nodes.l[0]"), Some((6, 5, 1)));
    assert_eq!(place("nodes.t").map(|p| p.0), Some(8));
}

#[test]
fn an_assignment_points_into_the_argument() {
    let read = |text| parse_assignment(SourceId(3), text, Limits::default());
    let (path, node) = read("nodes.web.pool={size: 3}").unwrap_or_else(|e| panic!("{e:?}"));
    assert_eq!((path.as_str(), node.place.column), ("nodes.web.pool", 16));
    assert_eq!(
        node.get("size").map(|n| (n.place.column, n.value.clone())),
        Some((23, Value::Int(3)))
    );
    assert_eq!(read("a=").map(|(_, n)| n.value), Ok(Value::Null));
    assert_eq!(
        read("a.b=c=d").map(|(p, n)| (p, n.value)),
        Ok(("a.b".into(), Value::Text("c=d".into())))
    );
    let bad = read("a.b=[1").err().and_then(|all| all.first().and_then(|p| p.place));
    assert!(bad.is_some_and(|place| place.column > 4));
    assert_eq!(read("nodes.web").err().map(|all| all[0].code), Some(Code::BadPath));
}

#[test]
fn what_is_too_big_is_refused_before_it_costs() {
    assert_eq!(code(&"a".repeat(10 << 20)), Some(Code::TooBig));
    assert_eq!(code(&"[".repeat(100_000)), Some(Code::TooBig));
    assert_eq!(code(&"{a: ".repeat(100_000)), Some(Code::TooBig));
    assert_eq!(code(&"- ".repeat(100_000)), Some(Code::TooBig));
    assert_eq!(code(&format!("[{}]", "1,".repeat(250_000))), Some(Code::TooBig));
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(read(&nested(64)).is_ok());
    assert_eq!(code(&nested(65)), Some(Code::TooBig));
    let mut laughs = "a0: &a0 [lol, lol]\n".to_string();
    for n in 1..40 {
        laughs.push_str(&format!("a{n}: &a{n} [{}]\n", format!("*a{}, ", n - 1).repeat(9)));
    }
    assert_eq!(code(&laughs), Some(Code::TooBig));
    let long = format!("a: &a {}\nb: [{}]", "x".repeat(100_000), "*a, ".repeat(10_000));
    assert_eq!(code(&long), Some(Code::TooBig));
    let mut ladder = "a0: &a0 [1]\n".to_string();
    for n in 1..70 {
        ladder.push_str(&format!("a{n}: &a{n} [*a{}]\n", n - 1));
    }
    assert_eq!(code(&ladder), Some(Code::TooBig));
}

#[test]
fn twenty_thousand_damaged_files_neither_panic_nor_hang() {
    let good = "# é\nbusyhour: 1\nnodes: &n\n  web: {model: 'x', size: [1, 2.5, \"a\\n\"]}\n\
        \x20 db:\n    - a\n    - {b: |-\n       text}\n  more: *n\n\
        \x20 text: >\n    folded\n---\n? k\n: !!str v\n";
    let mut state = 7_u64;
    let mut draw = move |below: usize| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % below as u64) as usize
    };
    let marks = b"[]{}:,-?&*!|>'\"%@`# \n\r\t\\~.0\0<=";
    for round in 0..20_000 {
        let mut bytes: Vec<u8> = match round % 3 {
            0 => (0..draw(60)).map(|_| draw(256) as u8).collect(),
            1 => (0..draw(60)).map(|_| marks[draw(marks.len())]).collect(),
            _ => good.bytes().collect(),
        };
        for _ in 0..if round % 3 == 2 { 1 + draw(6) } else { 0 } {
            let at = draw(bytes.len());
            match draw(3) {
                0 => bytes[at] = marks[draw(marks.len())],
                1 => bytes.insert(at, marks[draw(marks.len())]),
                _ => drop(bytes.drain(at..(at + draw(9)).min(bytes.len()))),
            }
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut sources = Sources::default();
        let id = sources.add("fuzz", text.as_str());
        if let Err(all) = parse(id, &text, Limits::default()) {
            assert!(!all.is_empty());
            assert!(!render_all(&Problems::from(all), &sources, false).is_empty());
        }
        drop(parse_assignment(id, &text, Limits::default()));
    }
}
