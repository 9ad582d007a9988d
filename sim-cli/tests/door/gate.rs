//! Commands as a build step: what is asked of them, what build servers read, saved reports.

use std::process::Command;

use super::{SHOP, busyhour};

/// A folder of a test's own.
fn folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("busyhour-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

#[test]
fn objectives_of_the_command_line_are_judged_besides_the_scenario_s_own() {
    let more = ["run", "-", "--objective", "latency p(95) < 1ms", "--objective", "errors < 1%"];
    let judged = busyhour(&more, SHOP);
    assert_eq!(judged.status.code(), Some(99));
    let said = String::from_utf8_lossy(&judged.stdout).into_owned();
    assert!(said.contains("1 of 2 objectives missed"), "{said}");
    assert!(said.contains("--objective 'latency p(95) < 1ms'"), "{said}");
    let none = SHOP.replace("objectives: [errors < 1%]\n", "");
    let words = ["run", "-", "--require-objectives", "--objective", "errors < 1%"];
    assert_eq!(busyhour(&words, &none).status.code(), Some(0));
    assert_eq!(busyhour(&words[..3], &none).status.code(), Some(2));
    for (wrong, remedy) in [
        ("latncy p(95) < 1s", "did you mean \"latency\"?"),
        ("error < 1%", "did you mean \"errors\"?"),
        ("peple errors < 1%", "did you mean \"people\"?"),
    ] {
        let output = busyhour(&["run", "-", "--objective", wrong], SHOP);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("--objective 1:1:1") && said.contains(remedy), "{said}");
    }
    let alone = busyhour(&["run", "-", "--threads", "2"], SHOP);
    assert_eq!(alone.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&alone.stderr).contains("--replications"));
}

#[test]
fn a_build_server_reads_junit_a_summary_and_annotations() {
    let folder = folder("gate");
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let (shop, xml, summary) = (path("shop.yaml"), path("out.xml"), path("summary.md"));
    let missed = SHOP.replace("objectives: [", "objectives:\n- latency p(50) < 1ms\n#[");
    std::fs::write(&shop, &missed).expect("a file");
    let played = |words: &[&str], summary: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_busyhour"));
        command.args(words).env_remove("GITHUB_STEP_SUMMARY").env("GITHUB_WORKSPACE", &folder);
        command.envs(summary.map(|file| ("GITHUB_STEP_SUMMARY", file)));
        command.output().expect("it runs")
    };
    let words = ["run", &shop, "--junit", &xml, "--github"];
    let outside = played(&words, None);
    let said = String::from_utf8_lossy(&outside.stderr).into_owned();
    assert_eq!((outside.status.code(), said.contains("GITHUB_STEP_SUMMARY does")), (Some(2), true));
    std::fs::write(&summary, "of the step before\n").expect("a file");
    let inside = played(&words, Some(&summary));
    assert_eq!(inside.status.code(), Some(99));
    let said = String::from_utf8_lossy(&inside.stderr).into_owned();
    let wanted = "::error file=shop.yaml,line=6,title=missed%3A latency p(50) < 1ms::shop: 1";
    assert!(said.starts_with(wanted), "{said}");
    let junit = std::fs::read_to_string(&xml).expect("it is written");
    assert!(junit.contains("<testsuite name=\"shop\" tests=\"1\" failures=\"1\""), "{junit}");
    assert!(junit.contains("line=\"6\"><failure type=\"missed\" message=\"missed: 1"), "{junit}");
    let written = std::fs::read_to_string(&summary).expect("it is written");
    assert!(written.starts_with("of the step before\n### Busyhour: 1 of 1 not held"), "{written}");
    assert!(written.contains("<pre>\nDOES NOT HOLD"), "{written}");
    let many = ["compare", &shop, "--change", "nodes.app.workers=3", "--replications", "3"];
    let gate = ["--allow-missed", "--junit", &xml, "--github"];
    let compared = played(&[&many[..], &gate].concat(), Some(&summary));
    let said = String::from_utf8_lossy(&compared.stderr).into_owned();
    assert_eq!(
        (compared.status.code(), said.contains("::warning file")),
        (Some(0), true),
        "{said}"
    );
    let junit = std::fs::read_to_string(&xml).expect("it is written");
    assert!(junit.contains("<testsuite name=\"shop with nodes.app.workers=3\""), "{junit}");
    assert!(junit.contains("at 95.0 %; held in 0 of 3 runs</failure>"), "{junit}");
    assert!(std::fs::read_to_string(&summary).expect("it is").contains("against shop"));
    std::fs::remove_dir_all(&folder).expect("it goes");
}

#[test]
fn a_run_is_held_against_a_saved_report() {
    let folder = folder("baseline");
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let (one, many, xml) = (path("one.json"), path("many.json"), path("out.xml"));
    let save = ["run", "-", "--format", "json", "-o"];
    assert_eq!(busyhour(&[&save[..], &[&one]].concat(), SHOP).status.code(), Some(0));
    let replicated = [&save[..], &[&many, "--replications", "4"]].concat();
    assert_eq!(busyhour(&replicated, SHOP).status.code(), Some(0));
    let slower = SHOP.replace("10ms", "15ms");
    for (saved, more) in [(&one, &[][..]), (&many, &["--replications", "4"])] {
        let run = [&["run", "-", "--baseline", saved][..], more].concat();
        let same = busyhour(&run, SHOP);
        let said = String::from_utf8_lossy(&same.stdout).into_owned();
        assert_eq!((same.status.code(), said.contains("the very same runs")), (Some(0), true));
        let worse = busyhour(&[&run[..], &["--junit", &xml]].concat(), &slower);
        let said = String::from_utf8_lossy(&worse.stdout).into_owned();
        assert_eq!(worse.status.code(), Some(99), "{said}");
        assert!(said.contains("REGRESSED  latency mean"), "{said}");
        assert!(said.contains("held       goodput"), "{said}");
        let junit = std::fs::read_to_string(&xml).expect("it is written");
        assert!(junit.contains("name=\"latency mean against "), "{junit}");
        let allowed = [&run[..], &["--allow-regression", "100%"]].concat();
        assert_eq!(busyhour(&allowed, &slower).status.code(), Some(0));
    }
    let longer = busyhour(&["run", "-", "--baseline", &one, "--duration", "30s"], SHOP);
    let said = String::from_utf8_lossy(&longer.stderr).into_owned();
    assert!(longer.status.code() == Some(2) && said.contains("played for 20s"), "{said}");
    std::fs::write(path("shop.yaml"), SHOP).expect("a file");
    let scenario = busyhour(&["run", "-", "--baseline", &path("shop.yaml")], SHOP);
    let said = String::from_utf8_lossy(&scenario.stderr).into_owned();
    assert!(scenario.status.code() == Some(2) && said.contains("no saved report"), "{said}");
    let alone = busyhour(&["run", "-", "--allow-regression", "1%"], SHOP);
    assert_eq!(alone.status.code(), Some(2));
    std::fs::remove_dir_all(&folder).expect("it goes");
}

#[test]
fn saved_reports_are_compared_as_they_are() {
    let folder = folder("saved");
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let slower = SHOP.replace("10ms", "15ms");
    let save = |name: &str, text: &str, more: &[&str]| {
        let name = path(name);
        let words = ["run", "-", "--format", "json", "-o", &name];
        assert_eq!(busyhour(&[&words[..], more].concat(), text).status.code(), Some(0));
        name
    };
    let few = ["--replications", "4"];
    let (a, b) = (save("a.json", SHOP, &few), save("b.json", &slower, &few));
    let other = save("other.json", &slower, &["--replications", "4", "--seed", "9"]);
    let (one, two) = (save("one.json", SHOP, &[]), save("two.json", &slower, &[]));
    let said = |words: &[&str]| {
        let output = busyhour(&[&["compare"], words].concat(), "");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(said(&[&a, &b]).contains("4 replications of each on the same luck"));
    assert!(said(&[&a, &other]).contains("4 replications against 4 on other luck"));
    let single = said(&[&one, &two]);
    assert!(single.contains("One run tells nothing") && single.contains(" higher"), "{single}");
    std::fs::write(path("shop.yaml"), SHOP).expect("a file");
    let shop = path("shop.yaml");
    for (words, why) in [
        (&[&a, &shop[..]][..], "is a saved report and"),
        (&[&a, &b, "--change", "nodes.app.workers=3"], "compared as they are"),
        (&[&a[..]], "nothing to be compared with"),
    ] {
        let refused = busyhour(&[&["compare"], words].concat(), "");
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(2) && said.contains(why), "{said}");
    }
    std::fs::remove_dir_all(&folder).expect("it goes");
}
