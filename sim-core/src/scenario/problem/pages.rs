//! Pages for what is wrong with the writing of a file.

use super::Code;

pub(super) const PAGES: &[(Code, &str)] = &[
    (
        Code::NotYaml,
        "The text is not a YAML document. Usual causes: a tab used for indentation, a colon \
without a space after it, a bracket or quote that is never closed, a value that starts with one \
of @ ` % & * ! and needs quotes, or a second document after `---`.

wrong:  nodes: {web: {model: nginx}
right:  nodes: {web: {model: nginx}}
",
    ),
    (
        Code::TooBig,
        "A scenario is read within bounds, so that no file can exhaust memory: 1 MiB of text, 64 \
levels of nesting, 200,000 values after aliases are expanded. Data that is larger belongs into a \
CSV file that the scenario names.

wrong:  arrivals: [0.1, 0.2, ... a million numbers]
right:  arrivals: {curve: rates.csv}
",
    ),
    (
        Code::DuplicateKey,
        "One map gives the same key twice. Most YAML readers keep the last one silently; here it \
is an error, because one of the two values would be ignored.

wrong:  {replicas: 2, workers: 4, replicas: 3}
right:  {replicas: 3, workers: 4}
",
    ),
    (
        Code::UnknownField,
        "The field is not known at this place. It may be misspelt, belong one level higher or \
lower, or belong to another component. `busyhour explain COMPONENT` lists the fields of one.

wrong:  web: {model: nginx, replcas: 2}
right:  web: {model: nginx, replicas: 2}
",
    ),
    (
        Code::MissingField,
        "A field without a default is absent. The place is that of the map that lacks it.

wrong:  pool: {size: 5}
right:  pool: {size: 5, to: db}
",
    ),
    (
        Code::WrongType,
        "The value is of another type than the field: a text where a number belongs, one value \
where a list belongs. YAML decides by the look: 8080 is a number, \"8080\" a text, yes a text, \
true a truth value.

wrong:  replicas: six
right:  replicas: 6
",
    ),
    (
        Code::BadValue,
        "The type is right but the value is not: out of range, or a quantity that cannot be read. \
Durations have a unit (250us, 4ms, 2s, 5m, 2h), rates a time (26/s), sizes a unit (2GiB).

wrong:  timeout: 5 minuts
right:  timeout: 5m
",
    ),
    (
        Code::UnknownChoice,
        "The field takes one of a list of words, and this is none of them.

wrong:  balance: least_con
right:  balance: least_conn
",
    ),
    (
        Code::BadVersion,
        "A scenario starts with the version of its grammar, so that a later Busyhour still reads \
it as it was meant. This one reads version 1.

wrong:  name: shop
right:  busyhour: 1
        name: shop
",
    ),
];
