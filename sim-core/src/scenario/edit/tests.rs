//! Edits change what they are asked to and nothing else.

use super::*;

const SHOP: &str = "\
busyhour: 1   # a shop
duration: 10s
users:
  people: {enter: lb, arrivals: 5/s}   # who comes
nodes:
  # in front
  lb:
    component: balancer   # of two
    to: app

  # behind
  app: {component: worker-pool, replicas: 2, workers: 4, steps: [cpu: 20ms]}
  # the end of the nodes
events: []
";

fn add(section: &str, name: &str, form: &str) -> Edit {
    Edit::Add { section: section.into(), name: name.into(), form: form.into() }
}

fn remove(path: &str) -> Edit {
    Edit::Remove { path: path.into() }
}

fn duplicate(path: &str, name: &str) -> Edit {
    Edit::Duplicate { path: path.into(), name: name.into() }
}

fn set(path: &str, value: &str) -> Edit {
    Edit::Set { path: path.into(), value: value.into() }
}

#[test]
fn a_part_is_added_after_the_last_one_of_its_section() {
    let made = edit(SHOP, &add("nodes", "db", "{component: database, cores: 4}")).unwrap();
    let line = "  db: {component: database, cores: 4}\n";
    assert_eq!(made, SHOP.replace("  # the end", &format!("{line}  # the end")));
    let made = edit(SHOP, &add("autoscale", "app", "{min: 1}")).unwrap();
    assert_eq!(made, format!("{SHOP}autoscale:\n  app: {{min: 1}}\n"));
    for (text, wanted) in [
        ("a: 1\nnodes: {}", "a: 1\nnodes: {b: {x: 1}}"),
        ("nodes: {a: {}} # c", "nodes: {a: {}, b: {x: 1}} # c"),
        ("nodes:\na: 1\n", "nodes:\n  b: {x: 1}\na: 1\n"),
        ("nodes:", "nodes:\n  b: {x: 1}\n"),
        ("nodes:\n    a: {}", "nodes:\n    a: {}\n    b: {x: 1}\n"),
        ("nodes: {\n  a: {},\n}\n", "nodes: {\n  a: {}, b: {x: 1}\n}\n"),
    ] {
        assert_eq!(edit(text, &add("nodes", "b", "{x: 1}")).as_deref(), Ok(wanted), "{text}");
    }
}

#[test]
fn a_field_is_set_where_it_stands_or_put_after_the_others() {
    let made = edit(SHOP, &set("nodes.lb.to", "web")).unwrap();
    assert_eq!(made, SHOP.replace("to: app", "to: web"));
    let made = edit(SHOP, &set("users.people.enter", "app")).unwrap();
    assert_eq!(made, SHOP.replace("enter: lb", "enter: app"));
    let made = edit(SHOP, &set("nodes.app.database", "db")).unwrap();
    assert_eq!(made, SHOP.replace("20ms]}", "20ms], database: db}"));
    let made = edit(SHOP, &set("nodes.lb.balance", "random")).unwrap();
    assert_eq!(made, SHOP.replace("to: app\n", "to: app\n    balance: random\n"));
    let quoted = edit("n: {a: {to: \"b\", x: 1}}", &set("n.a.to", "c"));
    assert_eq!(quoted.as_deref(), Ok("n: {a: {to: c, x: 1}}"));
}

#[test]
fn a_removed_part_leaves_the_comments_around_it() {
    let made = edit(SHOP, &remove("nodes.app")).unwrap();
    let line = "  app: {component: worker-pool, replicas: 2, workers: 4, steps: [cpu: 20ms]}\n";
    assert_eq!(made, SHOP.replace(line, ""));
    let flow = "n: {a: {x: '}'}, b: [1], c: 3}\n";
    let without = |name: &str| edit(flow, &remove(&format!("n.{name}"))).unwrap();
    assert_eq!(without("a"), "n: {b: [1], c: 3}\n");
    assert_eq!(without("b"), "n: {a: {x: '}'}, c: 3}\n");
    assert_eq!(without("c"), "n: {a: {x: '}'}, b: [1]}\n");
    assert_eq!(edit("n:\n  a: {}\nb: 1\n", &remove("n.a")).as_deref(), Ok("n:\nb: 1\n"));
}

#[test]
fn doubled_and_removed_again_is_the_same_text_in_every_way_of_writing() {
    let flow = "nodes: {a: {x: 1}, b: 2}\n";
    let lists = "nodes:\n  a:\n  - 1 # one\n  - 2\n\n  b: |\n    # no comment\n    x\nc: 1\n";
    for (text, paths) in [
        (SHOP, &["users.people", "nodes.lb", "nodes.app"][..]),
        (flow, &["nodes.a", "nodes.b"]),
        (lists, &["nodes.a", "nodes.b"]),
    ] {
        for path in paths {
            let twice = edit(text, &duplicate(path, "second")).unwrap();
            assert_ne!(twice, text);
            let section = path.split_once('.').unwrap().0;
            let once = edit(&twice, &remove(&format!("{section}.second")));
            assert_eq!(once.as_deref(), Ok(text), "{path}");
        }
    }
    let twice = edit(SHOP, &duplicate("nodes.lb", "lb-2")).unwrap();
    assert!(twice.contains("to: app\n  lb-2:\n    component: balancer   # of two\n"), "{twice}");
}

#[test]
fn what_cannot_be_done_safely_is_refused_with_a_sentence() {
    let shared = "base: &b {x: 1}\nnodes:\n  a: *b\n  c: &d {y: 1}\n";
    for (text, edit_, wanted) in [
        ("a: [", remove("nodes.a"), "no YAML yet"),
        (SHOP, remove("nodes.db"), "there is no nodes.db"),
        (SHOP, duplicate("nodes.lb", "app"), "there is a app already"),
        (SHOP, add("nodes", "app", "{}"), "already"),
        (SHOP, add("nodes", "db", "{a: "), "is no YAML"),
        (SHOP, set("nodes.db.to", "x"), "leads nowhere"),
        (SHOP, set("nodes.app.steps", "x"), "do it in the text"),
        (shared, set("nodes.a.x", "2"), "do it in the text"),
        (shared, set("nodes.a.z", "2"), "do it in the text"),
    ] {
        let why = edit(text, &edit_).unwrap_err();
        assert!(why.contains(wanted), "{edit_:?}: {why}");
    }
}
