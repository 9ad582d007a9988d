//! Wrong fields and types and the exact words that their author reads.

use super::tests::messages;

const WRONG: &[(&str, &str)] = &[
    (
        "busyhour: 1\nnodes:\n  web: {model: a, replcas: 2}\n",
        r#"
error[E010]: nodes.web has no field "replcas"
 --> shop.yaml:3:19
  |
3 |   web: {model: a, replcas: 2}
  |                   ^^^^^^^
  = help: did you mean "replicas"?
"#,
    ),
    (
        "busyhour: 1\nnodes:\n  web:\n    model: a\n    zzzzzzzz: 2\n",
        r#"
error[E010]: nodes.web has no field "zzzzzzzz"
 --> shop.yaml:5:5
  |
5 |     zzzzzzzz: 2
  |     ^^^^^^^^
  = help: known here: model, replicas, to, balance, pool, sticky, bounds, pair
"#,
    ),
    (
        "busyhour: 1\nnods: {}\nnodes: {}\n",
        r#"
error[E010]: the top level has no field "nods"
 --> shop.yaml:2:1
  |
2 | nods: {}
  | ^^^^
  = help: did you mean "nodes"?
"#,
    ),
    (
        "busyhour: 1\nnodes:\n  web:\n    replicas: 2\n",
        r#"
error[E011]: nodes.web lacks "model"
 --> shop.yaml:3:3
  |
3 |   web:
  |   ^^^
  = help: add `model: ...`
"#,
    ),
    (
        "busyhour: 1\nnodes:\n  web: {model: a, pool: {size: 2}}\n",
        r#"
error[E011]: nodes.web.pool lacks "to"
 --> shop.yaml:3:19
  |
3 |   web: {model: a, pool: {size: 2}}
  |                   ^^^^
  = help: add `to: ...`
"#,
    ),
    (
        "nodes: {}\n",
        r#"
error[E011]: the top level lacks "busyhour"
 --> shop.yaml:1:1
  |
1 | nodes: {}
  | ^^^^^
  = help: add `busyhour: ...`
"#,
    ),
    (
        "busyhour: 1\nnodes: {web: {model: a, replicas: six}}\n",
        r#"
error[E012]: nodes.web.replicas is the text "six", but a whole number from 0 to 255 is wanted
 --> shop.yaml:2:35
  |
2 | nodes: {web: {model: a, replicas: six}}
  |                                   ^^^
  = help: write a whole number, like 3
"#,
    ),
    (
        "busyhour: 1\nnodes: {web: {model: a, replicas: 6ms}}\n",
        r#"
error[E012]: nodes.web.replicas is the text "6ms", but a whole number from 0 to 255 is wanted
 --> shop.yaml:2:35
  |
2 | nodes: {web: {model: a, replicas: 6ms}}
  |                                   ^^^
  = help: write the number alone, without a unit
"#,
    ),
    (
        "busyhour: 1\nnodes: {web: {model: a, sticky: yes}}\n",
        r#"
error[E012]: nodes.web.sticky is the text "yes", but true or false is wanted
 --> shop.yaml:2:33
  |
2 | nodes: {web: {model: a, sticky: yes}}
  |                                 ^^^
  = help: write true
"#,
    ),
    (
        "busyhour: 1\nnodes: {web: {model: a, replicas: 300}}\n",
        r#"
error[E013]: nodes.web.replicas is 300, but a whole number from 0 to 255 is wanted
 --> shop.yaml:2:35
  |
2 | nodes: {web: {model: a, replicas: 300}}
  |                                   ^^^
  = help: write a whole number, like 3
"#,
    ),
    (
        "busyhour: 1\nnodes: {web: {model: a, replicas: -1}}\n",
        r#"
error[E013]: nodes.web.replicas is -1, but a whole number from 0 to 255 is wanted
 --> shop.yaml:2:35
  |
2 | nodes: {web: {model: a, replicas: -1}}
  |                                   ^^
  = help: write a whole number, like 3
"#,
    ),
    (
        "busyhour: 1.5\nnodes: {}\n",
        r#"
error[E012]: busyhour is 1.5, but a whole number from 0 to 4294967295 is wanted
 --> shop.yaml:1:11
  |
1 | busyhour: 1.5
  |           ^^^
  = help: write a whole number, like 3
"#,
    ),
    (
        "busyhour: 1\nnodes: {}\nevents: none\n",
        r#"
error[E012]: events is the text "none", but a list is wanted
 --> shop.yaml:3:9
  |
3 | events: none
  |         ^^^^
  = help: write it in brackets: [none]
"#,
    ),
    (
        "busyhour: 1\nnodes: [web, db]\n",
        r#"
error[E012]: nodes is a list, but a map is wanted
 --> shop.yaml:2:1
  |
2 | nodes: [web, db]
  | ^^^^^
  = help: write its fields indented below, or in braces: {name: value}
"#,
    ),
    (
        "busyhour: 1\nnodes: {web: [a, 2]}\n",
        r#"
error[E012]: nodes.web is a list, but a map of fields is wanted
 --> shop.yaml:2:9
  |
2 | nodes: {web: [a, 2]}
  |         ^^^
  = help: write its fields indented below, or in braces: {name: value}
"#,
    ),
];

#[test]
fn wrong_fields_and_types_are_told_in_these_words() {
    for (text, expected) in WRONG {
        assert_eq!(messages(text), expected.trim_start(), "for:\n{text}");
    }
}
