//! Checks as JUnit XML: a test suite per scenario, a test case per check.

use super::Check;
use crate::report::Markup;

/// Checks as JUnit XML. No test case has a time: simulated time is not what a build took.
#[must_use]
pub fn junit(checks: &[Check]) -> String {
    let mut xml = Markup::default();
    xml.own("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let [tests, failures] = counts(checks);
    let totals = [("tests", &tests[..]), ("failures", &failures), ("errors", "0")];
    xml.open("testsuites", &[&[("name", "busyhour")], &totals[..]].concat());
    xml.own("\n");
    for suite in checks.chunk_by(|a, b| a.scenario == b.scenario) {
        let [tests, failures] = counts(suite);
        let totals = [("tests", &tests[..]), ("failures", &failures), ("errors", "0")];
        let name = [("name", &suite[0].scenario[..])];
        xml.open("testsuite", &[&name[..], &totals, &[("skipped", "0")]].concat());
        xml.own("\n");
        suite.iter().for_each(|check| case(&mut xml, check));
        xml.close();
        xml.own("\n");
    }
    xml.close();
    xml.own("\n");
    xml.finish()
}

/// How many there are, and how many of them fail.
fn counts(checks: &[Check]) -> [String; 2] {
    let failures = checks.iter().filter(|check| check.fails).count();
    [checks.len(), failures].map(|count| count.to_string())
}

fn case(xml: &mut Markup, check: &Check) {
    let file = check.spot.as_ref().map_or("", |spot| &spot.file);
    let line = check.spot.as_ref().and_then(|spot| spot.line);
    let line = line.map_or(String::new(), |line| line.to_string());
    xml.open(
        "testcase",
        &[("classname", &check.scenario), ("name", &check.name), ("file", file), ("line", &line)],
    );
    let found = format!("{}: {}", check.outcome(), check.found);
    if check.fails {
        // some readers show the attribute only, and some the text only
        xml.open("failure", &[("type", check.outcome()), ("message", &found)]);
        xml.say(&format!("{}\n{found}", check.name));
        xml.close();
    } else {
        xml.element("system-out", &[], &found);
    }
    xml.close();
    xml.own("\n");
}
