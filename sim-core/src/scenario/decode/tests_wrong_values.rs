//! Wrong values and choices and the exact words that their author reads.

use super::tests::messages;

const WRONG: &[(&str, &str)] = &[
    (
        "busyhour: 1\nnodes: {web: nginx}\n",
        r#"
error[E012]: nodes.web is the text "nginx", but a map of fields is wanted
 --> shop.yaml:2:14
  |
2 | nodes: {web: nginx}
  |              ^^^^^
  = help: write its fields indented below, or in braces: {name: value}
"#,
    ),
    (
        "busyhour: 1\nnodes:\n web:\n  model: a\n  pool: {size: 1, timeout: 5 minuts, to: db}\n",
        r#"
error[E013]: nodes.web.pool.timeout: "5 minuts" is no duration
 --> shop.yaml:5:28
  |
5 |   pool: {size: 1, timeout: 5 minuts, to: db}
  |                            ^^^^^^^^
  = help: write a number and a unit, like 2s
"#,
    ),
    (
        "busyhour: 1\nnodes: {}\nthink: {fixed: \"a: b\"}\n",
        r#"
error[E013]: think.fixed: "a: b" is no duration
 --> shop.yaml:3:16
  |
3 | think: {fixed: "a: b"}
  |                ^^^^^^
  = help: write a number and a unit, like 2s
"#,
    ),
    (
        "busyhour: 1\nnodes: {web: {model: a, bounds: [20, 2]}}\n",
        r#"
error[E026]: nodes.web.bounds: min is 20, above max, which is 2
 --> shop.yaml:2:25
  |
2 | nodes: {web: {model: a, bounds: [20, 2]}}
  |                         ^^^^^^
  = help: swap them
"#,
    ),
    (
        "busyhour: 1\nnodes: {web: {model: a, balance: least_con}}\n",
        r#"
error[E014]: nodes.web.balance is "least_con", which is none of its choices
 --> shop.yaml:2:34
  |
2 | nodes: {web: {model: a, balance: least_con}}
  |                                  ^^^^^^^^^
  = help: did you mean "least_conn"?
"#,
    ),
    (
        "busyhour: 1\nnodes: {web: {model: a, balance: {fair: 1}}}\n",
        r#"
error[E014]: nodes.web.balance is "fair", which is none of its choices
 --> shop.yaml:2:35
  |
2 | nodes: {web: {model: a, balance: {fair: 1}}}
  |                                   ^^^^
  = help: known here: round_robin, least_conn, choices
"#,
    ),
    (
        "busyhour: 1\nnodes: {web: {model: a, balance: {least_conn: 2}}}\n",
        r#"
error[E012]: nodes.web.balance.least_conn is 2, but nothing is wanted
 --> shop.yaml:2:47
  |
2 | nodes: {web: {model: a, balance: {least_conn: 2}}}
  |                                               ^
  = help: write the name alone, with nothing after it
"#,
    ),
    (
        "busyhour: 1\nnodes: {}\nthink: exponential\n",
        r#"
error[E011]: think lacks "mean"
 --> shop.yaml:3:8
  |
3 | think: exponential
  |        ^^^^^^^^^^^
  = help: add `mean: ...`
"#,
    ),
    (
        "busyhour: 1\nnodes: {}\nthink: {fixed: 1s, exponential: {mean: 2s}}\n",
        r#"
error[E012]: think: one choice is wanted here, not fixed and exponential
 --> shop.yaml:3:1
  |
3 | think: {fixed: 1s, exponential: {mean: 2s}}
  | ^^^^^
  = help: keep one of them
"#,
    ),
    (
        "busyhour: 1\nnodes: {}\nthink: 5\n",
        r#"
error[E012]: think is 5, but one of fixed, exponential is wanted
 --> shop.yaml:3:8
  |
3 | think: 5
  |        ^
  = help: write one of fixed, exponential
"#,
    ),
    (
        "busyhour: 1\nnodes: {web: {model: a, pair: [1]}}\n",
        r#"
error[E013]: nodes.web.pair is a list of 1, but a list of 2 is wanted
 --> shop.yaml:2:25
  |
2 | nodes: {web: {model: a, pair: [1]}}
  |                         ^^^^
  = help: add or remove items
"#,
    ),
    (
        "busyhour: 1\nnodes: {}\nevents:\n  - {at: 1s, kil: db}\n",
        r#"
error[E014]: events[0] has none of the forms that are allowed there
 --> shop.yaml:4:5
  |
4 |   - {at: 1s, kil: db}
  |     ^
  = help: compare its fields with an example
"#,
    ),
    (
        "busyhour: 1\nnodes: {}\nevents:\n  - kill: db\n",
        r#"
error[E011]: events[0] lacks "at"
 --> shop.yaml:4:5
  |
4 |   - kill: db
  |     ^^^^
  = help: add `at: ...`
"#,
    ),
    (
        "busyhour: 1\nnodes: {web.1: {model: a, replicas: x}}\n",
        r#"
error[E012]: nodes."web.1".replicas is the text "x", but a whole number from 0 to 255 is wanted
 --> shop.yaml:2:37
  |
2 | nodes: {web.1: {model: a, replicas: x}}
  |                                     ^
  = help: write a whole number, like 3
"#,
    ),
    (
        "busyhour: 1\nnodes: {\"数据库\": {model: a, replicas: x}}\n",
        r#"
error[E012]: nodes.数据库.replicas is the text "x", but a whole number from 0 to 255 is wanted
 --> shop.yaml:2:37
  |
2 | nodes: {"数据库": {model: a, replicas: x}}
  |                                        ^
  = help: write a whole number, like 3
"#,
    ),
    (
        "busyhour: x\nnodes: {web: {model: 1}}\n",
        r#"
error[E012]: busyhour is the text "x", but a whole number from 0 to 4294967295 is wanted
 --> shop.yaml:1:11
  |
1 | busyhour: x
  |           ^
  = help: write a whole number, like 3

error[E012]: nodes.web.model is 1, but a text is wanted
 --> shop.yaml:2:22
  |
2 | nodes: {web: {model: 1}}
  |                      ^
  = help: quote it: "1"
"#,
    ),
];

#[test]
fn wrong_values_and_choices_are_told_in_these_words() {
    for (text, expected) in WRONG {
        assert_eq!(messages(text), expected.trim_start(), "for:\n{text}");
    }
}
