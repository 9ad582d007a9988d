//! Plans as a person or a build asks for them.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{SHOP, busyhour, json};

const PLAN: &str = "plan: 1
scenario: shop.yaml
vary:
  nodes.app.workers: {from: 1, to: 30, price: 1 USD/h}
";

/// A folder with a scenario and a plan for it.
pub(super) struct Desk(pub(super) PathBuf);

impl Desk {
    pub(super) fn new(name: &str, scenario: &str, plan: &str) -> Self {
        let name = format!("busyhour-plan-{name}-{}", std::process::id());
        let desk = Desk(std::env::temp_dir().join(name));
        std::fs::create_dir_all(&desk.0).expect("a folder");
        desk.write("shop.yaml", scenario);
        desk.write("plan.yaml", plan);
        desk
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).expect("a file");
    }

    fn planned(&self, more: &[&str]) -> std::process::Output {
        let plan = self.0.join("plan.yaml");
        busyhour(&[&["plan", &plan.to_string_lossy()], more].concat(), "")
    }

    /// What it says of a plan that is wrong.
    fn refused(&self, plan: &str) -> String {
        self.write("plan.yaml", plan);
        let wrong = self.planned(&[]);
        let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
        assert_eq!((wrong.status.code(), wrong.stdout.len()), (Some(2), 0), "{plan}\n{said}");
        said
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // what is left of it hurts nobody
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn shop(objective: &str) -> String {
    SHOP.replace("errors < 1%", &format!("{objective}, errors < 1%"))
}

#[test]
fn the_cheapest_set_up_is_the_same_on_any_number_of_threads() {
    let desk = Desk::new("threads", &shop("latency p(95) < 20ms"), PLAN);
    let one = desk.planned(&["--format", "json", "--threads", "1"]);
    assert_eq!(one.status.code(), Some(0), "{}", String::from_utf8_lossy(&one.stderr));
    assert!(one.stdout == desk.planned(&["--format", "json", "--threads", "2"]).stdout);
    let answer = json(&one);
    assert_eq!(answer["chosen"]["changes"][0][0], "nodes.app.workers");
    let of = |key: &str| answer[key].as_u64().expect("a count");
    assert!(of("runs") * 10 <= of("exhaustive"), "{answer}");
    let file = desk.0.join("answer.txt");
    let text = desk.planned(&["--output", &file.to_string_lossy()]);
    assert!(text.stdout.is_empty() && text.status.success());
    let text = std::fs::read_to_string(file).expect("the answer");
    assert!(text.starts_with("BEST ") && text.contains("Runners-up"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}

#[test]
fn a_plan_that_nothing_holds_exits_with_99() {
    let desk = Desk::new("none", &shop("latency p(95) < 9ms"), PLAN);
    let none = desk.planned(&["--replications", "4"]);
    assert_eq!(none.status.code(), Some(99), "{}", String::from_utf8_lossy(&none.stderr));
    assert!(String::from_utf8_lossy(&none.stdout).contains("no set-up was shown to hold"));
}

#[test]
fn a_wrong_plan_is_refused_with_its_place_and_a_remedy() {
    let desk = Desk::new("wrong", &shop("latency p(95) < 20ms"), PLAN);
    assert!(desk.refused(&PLAN.replace("workers", "wrkers")).contains("did you mean"));
    assert!(desk.refused(&PLAN.replace("vary", "very")).contains("plan.yaml:3"));
    assert!(desk.refused(&PLAN.replace("shop.yaml", "shup.yaml")).contains("shup.yaml"));
    let minimise = |what: &str| format!("{PLAN}minimise: {what}\n");
    assert!(desk.refused(&minimise("latency_ms.p98")).contains("there is no measure"));
    assert!(desk.refused(SHOP).contains("is a scenario"));
    desk.write("shop.yaml", &SHOP.replace("objectives: [errors < 1%]", ""));
    assert!(desk.refused(PLAN).contains("no objectives"));
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_plan_reports_the_best_so_far() {
    // nobody has the time to play the second set-up
    let plan = "plan: 1\nscenario: shop.yaml\nvary:\n  duration: [2s, 30000h]\nminimise: \
                latency_ms.mean\n";
    let desk = Desk::new("interrupted", &shop("latency p(95) < 20ms"), plan);
    let child = Command::new(env!("CARGO_BIN_EXE_busyhour"))
        .arg("plan")
        .arg(desk.0.join("plan.yaml"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let id = child.id().to_string();
    let listens = || {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("it runs");
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        caught.is_some_and(|mask| mask & 2 != 0)
    };
    while !listens() {
        std::thread::yield_now();
    }
    assert!(Command::new("kill").args(["-INT", &id]).status().is_ok_and(|kill| kill.success()));
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("interrupted after") && said.contains("is reported"), "{said}");
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("BEST SO FAR "));
}
