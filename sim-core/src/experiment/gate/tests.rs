//! What build servers read is well-formed whatever the names are, and short enough.

use super::*;

fn check(number: u32, fails: bool) -> Check {
    Check {
        scenario: "shop <a|b>".to_owned(),
        name: format!("errors < {number}%, \"x\""),
        verdict: if fails { Surety::Missed } else { Surety::Held },
        fails,
        found: "2.5 %: two\nlines & more".to_owned(),
        spot: Some(Spot { file: "a,b:c.yaml".to_owned(), line: Some(7) }),
    }
}

#[test]
fn junit_is_well_formed_and_counts_what_fails() {
    let mut other = check(3, false);
    other.scenario = "other".to_owned();
    let xml = junit(&[check(1, true), check(2, false), other]);
    let wanted = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
        <testsuites name=\"busyhour\" tests=\"3\" failures=\"1\" errors=\"0\">\n\
        <testsuite name=\"shop &lt;a|b&gt;\" tests=\"2\" failures=\"1\" errors=\"0\" \
        skipped=\"0\">\n\
        <testcase classname=\"shop &lt;a|b&gt;\" name=\"errors &lt; 1%, &quot;x&quot;\" \
        file=\"a,b:c.yaml\" line=\"7\"><failure type=\"missed\" message=\"missed: 2.5 %: two\n\
        lines &amp; more\">errors &lt; 1%, &quot;x&quot;\nmissed: 2.5 %: two\n\
        lines &amp; more</failure></testcase>\n";
    assert!(xml.starts_with(wanted), "{xml}");
    assert_eq!(xml.matches("<testsuite ").count(), 2);
    assert!(xml.ends_with("</testcase>\n</testsuite>\n</testsuites>\n"), "{xml}");
    assert_eq!(junit(&[]).matches("tests=\"0\"").count(), 1);
}

#[test]
fn annotations_are_few_and_cannot_be_taken_for_others() {
    let one = annotations(&[check(1, true), check(2, false)], "error");
    let wanted = "::error file=a%2Cb%3Ac.yaml,line=7,title=missed%3A errors < 1%25%2C \"x\"::\
                  shop <a|b>: 2.5 %25: two%0Alines & more";
    assert_eq!(one, [wanted]);
    let many: Vec<Check> = (0..23).map(|number| check(number, true)).collect();
    let many = annotations(&many, "warning");
    assert_eq!(many.len(), 10);
    assert!(many[9].contains("14 more"), "{}", many[9]);
}

#[test]
fn a_job_summary_stays_within_its_room() {
    let checks: Vec<Check> = (0..50).map(|number| check(number, number == 3)).collect();
    let whole = job_summary(&checks, "### more\n", "a < b\n", 1 << 20);
    assert!(whole.starts_with("### Busyhour: 1 of 50 not held\n"), "{whole}");
    assert!(whole.contains("| shop &lt;a&#124;b&gt; | errors &lt; 3%, "), "{whole}");
    assert!(whole.contains("### more\n") && whole.contains("<pre>\na &lt; b\n</pre>"), "{whole}");
    let report = "a line of the report\n".repeat(100);
    for room in [400, 1_000, 5_000, 7_000] {
        let cut = job_summary(&checks, "### more\n", &report, room);
        assert!(cut.len() <= room && cut.contains("left out"), "{room}: {}", cut.len());
        assert_eq!(cut.contains("<pre>"), cut.contains("</pre>"), "{cut}");
    }
    assert!(job_summary(&[], "", "", 1_000).contains("nothing was asked for"));
}
