//! Broken YAML and the exact words that its author reads.

use super::{Limits, parse};
use crate::scenario::problem::{Sources, render_all};

const WRONG: &[(&str, &str)] = &[
    (
        "a:\n\tb: 1\n",
        r#"
error[E001]: not valid YAML: tabs disallowed within this context (block indentation)
 --> shop.yaml:2:2
  |
2 |  b: 1
  |  ^
  = help: indent with spaces, not tabs
"#,
    ),
    (
        "a: [1, 2\nb: 3\n",
        r#"
error[E001]: not valid YAML: illegal placement of ':' indicator
 --> shop.yaml:2:2
  |
2 | b: 3
  |  ^
  = help: check indentation and brackets, and quote a text that holds `: `
"#,
    ),
    (
        "nodes: {web: {model: nginx}\n",
        r#"
error[E001]: not valid YAML: unclosed bracket '{'
 --> shop.yaml:1:8
  |
1 | nodes: {web: {model: nginx}
  |        ^
  = help: close every [ with ] and every { with }
"#,
    ),
    (
        "a: \"text\nb: 1\n",
        r#"
error[E001]: not valid YAML: invalid indentation in multiline quoted scalar
 --> shop.yaml:2:1
  |
2 | b: 1
  | ^
  = help: check indentation and brackets, and quote a text that holds `: `
"#,
    ),
    (
        "a: @x\n",
        r#"
error[E001]: not valid YAML: unexpected character: `@'
 --> shop.yaml:1:4
  |
1 | a: @x
  |    ^
  = help: put the text in quotes
"#,
    ),
    (
        "a: *glob\n",
        r#"
error[E001]: not valid YAML: while parsing node, found unknown anchor
 --> shop.yaml:1:4
  |
1 | a: *glob
  |    ^
  = help: define the anchor with &name before *name, or quote the text
"#,
    ),
    (
        "a: !important\n",
        r#"
error[E001]: tags such as `!name` have no meaning here
 --> shop.yaml:1:4
  |
1 | a: !important
  |    ^^^^^^^^^^
  = help: remove the tag, or quote the text
"#,
    ),
    (
        "a: b: c\n",
        r#"
error[E001]: not valid YAML: mapping values are not allowed in this context
 --> shop.yaml:1:5
  |
1 | a: b: c
  |     ^
  = help: check indentation and brackets, and quote a text that holds `: `
"#,
    ),
    (
        "a:\n  b: 1\n c: 2\n",
        r#"
error[E001]: not valid YAML: while parsing a block mapping, did not find expected key
 --> shop.yaml:3:2
  |
3 |  c: 2
  |  ^
  = help: check indentation and brackets, and quote a text that holds `: `
"#,
    ),
    (
        "a: 1\n- b\n",
        r#"
error[E001]: not valid YAML: while parsing a block mapping, did not find expected key
 --> shop.yaml:2:3
  |
2 | - b
  |   ^
  = help: check indentation and brackets, and quote a text that holds `: `
"#,
    ),
    (
        "a: 1\nb\nc: 2\n",
        r#"
error[E001]: not valid YAML: simple key expected ':'
 --> shop.yaml:2:1
  |
2 | b
  | ^
  = help: check indentation and brackets, and quote a text that holds `: `
"#,
    ),
    (
        "a: \"\\w+\"\n",
        r#"
error[E001]: not valid YAML: while parsing a quoted scalar, found unknown escape character
 --> shop.yaml:1:4
  |
1 | a: "\w+"
  |    ^
  = help: use single quotes, which know no escapes
"#,
    ),
    (
        "a: 1\n---\nb: 2\n",
        r#"
error[E001]: not one YAML document but several
 --> shop.yaml:2:1
  |
2 | ---
  | ^^^
  = help: remove everything from the second `---` on
"#,
    ),
    (
        "web: 1\ndb: 2\nweb: 3\n",
        r#"
error[E003]: "web" is given twice, first on line 1
 --> shop.yaml:3:1
  |
3 | web: 3
  | ^^^
  = help: remove one of lines 1 and 3
"#,
    ),
    (
        "x: {a: 1, a: 2}\ny: {b: 1, b: 2}\n",
        r#"
error[E003]: "a" is given twice, first on line 1
 --> shop.yaml:1:11
  |
1 | x: {a: 1, a: 2}
  |           ^
  = help: remove one of them

error[E003]: "b" is given twice, first on line 2
 --> shop.yaml:2:11
  |
2 | y: {b: 1, b: 2}
  |           ^
  = help: remove one of them
"#,
    ),
    (
        "[a, b]: 1\n",
        r#"
error[E001]: not valid here: a key must be a name
 --> shop.yaml:1:1
  |
1 | [a, b]: 1
  | ^
  = help: write `name: value`, and quote a name with brackets
"#,
    ),
    (
        ": 1\n",
        r#"
error[E001]: not valid here: a key must be a name
 --> shop.yaml:1:1
  |
1 | : 1
  | ^
  = help: write `name: value`, and quote a name with brackets
"#,
    ),
    (
        "",
        r#"
error[E001]: the text is empty
 --> shop.yaml:1:1
  |
1 |
  | ^
  = help: start with the line `busyhour: 1`
"#,
    ),
    (
        "# nothing\n",
        r#"
error[E001]: the text is empty
 --> shop.yaml:1:1
  |
1 | # nothing
  | ^
  = help: start with the line `busyhour: 1`
"#,
    ),
    (
        "a: 1\0\nb: 2\n",
        r#"
error[E001]: the text holds a NUL character
 --> shop.yaml:1:5
  |
1 | a: 1�
  |     ^
  = help: save the file as UTF-8 text
"#,
    ),
    (
        "a: 1\nb: \u{feff}x\n",
        r#"
error[E001]: not valid YAML: a BOM must not appear inside a document
 --> shop.yaml:2:4
  |
2 | b: �x
  |    ^
  = help: check indentation and brackets, and quote a text that holds `: `
"#,
    ),
    (
        "a: {<<: 5}\n",
        r#"
error[E001]: `<<` merges maps, and this is none
 --> shop.yaml:1:5
  |
1 | a: {<<: 5}
  |     ^^
  = help: write `<<: *name` for a map marked &name
"#,
    ),
    (
        "a: &a [*a]\n",
        r#"
error[E001]: not valid YAML: an alias stands inside the value that it names
 --> shop.yaml:1:8
  |
1 | a: &a [*a]
  |        ^^
  = help: write the value out
"#,
    ),
    (
        "a: 1\n}\n",
        r#"
error[E001]: not valid YAML: misplaced bracket
 --> shop.yaml:2:1
  |
2 | }
  | ^
  = help: check indentation and brackets, and quote a text that holds `: `
"#,
    ),
];

#[test]
fn broken_yaml_is_told_in_these_words() {
    for (text, expected) in WRONG {
        let mut sources = Sources::default();
        let id = sources.add("shop.yaml", *text);
        let problems = parse(id, text, Limits::default()).err().unwrap_or_default();
        assert_eq!(render_all(&problems, &sources, false), expected.trim_start(), "for:\n{text}");
    }
}
