//! The command line as a person or a build sees it: streams, formats and exit codes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};

#[path = "door/answers.rs"]
mod answers;
#[path = "door/gate.rs"]
mod gate;
#[path = "door/pages.rs"]
mod pages;
#[path = "door/plan.rs"]
mod plan;
#[path = "door/trace.rs"]
mod trace;

const SHOP: &str = "busyhour: 1
duration: 20s
users: {people: {enter: app, arrivals: 50/s}}
nodes: {app: {component: worker-pool, workers: 4, steps: [cpu: 10ms]}}
objectives: [errors < 1%]
";

fn busyhour(words: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_busyhour"))
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    // a command that does not read its input may close it first
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    child.wait_with_output().expect("it ends")
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).expect("JSON on standard output")
}

#[test]
fn a_run_reads_standard_input_and_exits_with_its_verdict() {
    let held = busyhour(&["run", "-"], SHOP);
    assert_eq!(held.status.code(), Some(0), "{}", String::from_utf8_lossy(&held.stderr));
    assert!(String::from_utf8_lossy(&held.stdout).contains("digest"));
    let missed = SHOP.replace("errors < 1%", "latency p(50) < 1ms");
    assert_eq!(busyhour(&["run", "-"], &missed).status.code(), Some(99));
    assert_eq!(busyhour(&["run", "-", "--allow-missed"], &missed).status.code(), Some(0));
}

#[test]
fn replications_are_the_same_on_any_number_of_threads() {
    let played = |threads: &str| {
        let words = ["run", "-", "--replications", "5", "--format", "json", "--threads", threads];
        let output = busyhour(&words, SHOP);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let one = played("1");
    assert!(one == played("2"), "threads change what comes out");
    let summary: serde_json::Value = serde_json::from_slice(&one).expect("JSON");
    assert_eq!(summary["samples"].as_array().map(Vec::len), Some(5));
    assert_eq!(summary["objectives"][0]["held_in"], 5);
    let single = json(&busyhour(&["run", "-", "--format", "json"], SHOP));
    assert_eq!(summary["samples"][0]["digest"], single["digest"]);
    // what was not measured precisely enough does not pass for held
    let close = SHOP.replace("errors < 1%", "latency p(95) < 30ms");
    let unsure = busyhour(&["run", "-", "--replications", "1"], &close);
    assert!(String::from_utf8_lossy(&unsure.stdout).contains("1 of 1"));
    let never = busyhour(&["run", "-", "--replications", "0"], SHOP);
    assert_eq!(never.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&never.stderr).contains("write 1 to 100000, or auto"));
}

#[test]
fn auto_plays_until_it_is_precise() {
    let words = ["run", "-", "--replications", "auto", "--precision", "2%", "--format", "json"];
    let lively = SHOP.replace("errors < 1%", "latency mean < 40ms");
    let summary = json(&busyhour(&words, &lively));
    let value = &summary["objectives"][0]["value"];
    let of = |key: &str| value[key].as_f64().expect("a number");
    assert!((of("high") - of("low")) / 2.0 <= 0.02 * 40.0, "{value}");
    assert!(summary["samples"].as_array().is_some_and(|samples| samples.len() >= 10));
}

#[test]
fn a_change_is_compared_with_the_baseline() {
    let folder = std::env::temp_dir().join(format!("busyhour-compare-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let shop = folder.join("shop.yaml");
    std::fs::write(&shop, SHOP).expect("a file");
    let shop = shop.to_str().expect("a path");
    let few = ["--replications", "4"];
    let change = ["compare", shop, "--change", "nodes.app.workers=1"];
    let found = busyhour(&[&change[..], &few].concat(), "");
    let said = String::from_utf8_lossy(&found.stdout).into_owned();
    assert_eq!(found.status.code(), Some(0), "{said}");
    assert!(said.contains("latency mean is ") && said.contains(" higher"), "{said}");
    let same = busyhour(&[&["compare", shop, shop][..], &few].concat(), "");
    assert!(String::from_utf8_lossy(&same.stdout).contains("the very same runs"));
    let alone = busyhour(&["compare", shop], "");
    assert_eq!(alone.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&alone.stderr).contains("nothing to compare with"));
    let piped = busyhour(&["compare", "-", "-"], SHOP);
    assert!(String::from_utf8_lossy(&piped.stderr).contains("can be read once"));
    std::fs::remove_dir_all(&folder).expect("it goes");
}

#[test]
fn the_capacity_is_the_same_on_any_number_of_threads() {
    let slow = SHOP.replace("errors < 1%", "latency p(95) < 40ms");
    let found = |more: &[&str]| {
        let words = ["capacity", "-", "--ladder", "1", "--replications", "10"];
        busyhour(&[&words[..], more].concat(), &slow)
    };
    let one = found(&["--threads", "1", "--format", "json"]);
    assert_eq!(one.status.code(), Some(0), "{}", String::from_utf8_lossy(&one.stderr));
    assert!(one.stdout == found(&["--threads", "2", "--format", "json"]).stdout);
    let answer = json(&one);
    let factor = |of: &str| answer["rungs"][0][of]["factor"].as_f64().expect("a load");
    assert!(factor("holds") < factor("estimate") && factor("estimate") < factor("fails"));
    assert_eq!(answer["rungs"][1]["widened"][0]["path"], "nodes.app.workers");
    let text = String::from_utf8(found(&[]).stdout).expect("text");
    assert!(text.contains("Ladder of bottlenecks") && text.contains("4 -> 8"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let none = busyhour(&["capacity", "-"], &SHOP.replace("errors < 1%", ""));
    assert_eq!(none.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&none.stderr).contains("states no objectives"));
    let swapped = busyhour(&["capacity", "-", "--from", "3", "--to", "2"], SHOP);
    assert_eq!(swapped.status.code(), Some(2));
}

#[test]
fn mistakes_go_to_standard_error_with_code_two() {
    let wrong = busyhour(&["run", "-"], &SHOP.replace("enter: app", "enter: ap"));
    assert_eq!(wrong.status.code(), Some(2));
    assert!(wrong.stdout.is_empty());
    let said = String::from_utf8_lossy(&wrong.stderr);
    assert!(said.contains("error[E020]") && said.contains("did you mean \"app\"?"), "{said}");
    assert_eq!(busyhour(&["run", "no-such-file.yaml"], "").status.code(), Some(2));
    assert_eq!(busyhour(&["rnu"], "").status.code(), Some(2));
    let none = busyhour(&["run", "-", "--require-objectives"], &SHOP.replace("errors < 1%", ""));
    assert_eq!(none.status.code(), Some(2));
}

#[test]
fn the_json_is_the_contract() {
    let report = json(&busyhour(&["run", "-", "--format", "json", "--seed", "7"], SHOP));
    assert_eq!(report["schema_version"], 1);
    assert_eq!(report["seed"], 7);
    assert_eq!(report["digest"].as_str().map(str::len), Some(16));
    let requests = &report["requests"];
    let of = |key: &str| requests[key].as_u64().expect("a count");
    assert_eq!(of("issued"), of("completed") + of("failed") + of("in_flight"));
    for key in ["mean", "p50", "p90", "p95", "p99", "p999", "max"] {
        assert!(report["latency_ms"][key].as_f64().is_some_and(|ms| ms >= 10.0), "{key}");
    }
    let app = &report["nodes"]["app"];
    assert_eq!(app["kind"], "worker-pool");
    assert!(app["resources"]["workers"]["utilisation"].as_f64().is_some_and(|share| share < 1.0));
    for key in ["attempts", "failures", "throughput_rps", "goodput_rps", "classes", "objectives"] {
        assert!(!report[key].is_null(), "{key}");
    }
    for key in ["bottleneck", "frames", "engine"] {
        assert!(!report[key].is_null(), "{key}");
    }
}

#[test]
fn the_page_is_one_file_that_loads_nothing() {
    let page = busyhour(&["run", "-", "--format", "html"], SHOP);
    let page = String::from_utf8(page.stdout).expect("text");
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"), "{page:.80}");
    assert!(!page.contains("http:") && !page.contains("https:") && page.len() < 300_000);
    assert!(page.contains("busyhour run - --seed 1"));
    let file = std::env::temp_dir().join(format!("busyhour-{}.html", std::process::id()));
    let name = file.to_string_lossy().into_owned();
    let both = busyhour(&["run", "-", "--html", &name], SHOP);
    assert!(String::from_utf8_lossy(&both.stdout).starts_with("HOLDS"));
    let written = std::fs::read_to_string(&file).expect("the page is written");
    let digest = json(&busyhour(&["run", "-", "--format", "json"], SHOP))["digest"].clone();
    assert!(written.contains(digest.as_str().expect("a digest")));
    std::fs::remove_file(file).expect("it is there");
    assert_eq!(busyhour(&["run", "-", "--html", "-"], SHOP).status.code(), Some(2));
    assert_eq!(busyhour(&["run", "-", "--html", "no/such/folder/x"], SHOP).status.code(), Some(2));
}

#[test]
fn a_saved_report_is_shown_again() {
    let saved = busyhour(&["run", "-", "--format", "json"], SHOP).stdout;
    let saved = String::from_utf8(saved).expect("text");
    let text = busyhour(&["report", "-"], &saved);
    assert_eq!(text.status.code(), Some(0), "{}", String::from_utf8_lossy(&text.stderr));
    assert!(String::from_utf8_lossy(&text.stdout).starts_with("HOLDS"));
    let page = busyhour(&["report", "-", "--format", "html"], &saved);
    assert!(String::from_utf8_lossy(&page.stdout).contains("<figure"));
    let again = busyhour(&["report", "-", "--format", "json"], &saved);
    assert_eq!(String::from_utf8_lossy(&again.stdout), saved);
    let wrong = busyhour(&["report", "-"], SHOP);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("no saved report"));
}

#[test]
fn a_first_scenario_is_written_and_plays_and_nothing_is_overwritten() {
    let file = std::env::temp_dir().join(format!("busyhour-{}.yaml", std::process::id()));
    let name = file.to_string_lossy().into_owned();
    let flags = ["init", &name, "--users", "50000", "--stack", "cache", "--budget", "2", "--yes"];
    let written = busyhour(&flags, "");
    assert_eq!(written.status.code(), Some(0), "{}", String::from_utf8_lossy(&written.stderr));
    let report = json(&busyhour(&["run", &name, "--format", "json", "--duration", "1m"], ""));
    assert!(report["cost"]["usd_per_hour"].as_f64().is_some_and(|usd| usd > 0.1 && usd < 2.0));
    assert_eq!(report["verdict"], "held");
    let text = std::fs::read_to_string(&file).expect("it is there");
    assert_eq!(busyhour(&flags, "").status.code(), Some(2), "it exists already");
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), text);
    std::fs::remove_file(&file).expect("it is there");
    let asked = busyhour(&["init", &name], "100\n");
    assert_eq!((asked.status.code(), file.exists()), (Some(2), false), "no terminal to ask on");
    let wrong = busyhour(&["init", &name, "--yes", "--objective", "fast"], "");
    assert_eq!((wrong.status.code(), file.exists()), (Some(2), false));
}

#[test]
fn the_same_words_give_the_same_digest_and_another_seed_another() {
    let digest = |seed| json(&busyhour(&["run", "-", "--format", "json", "--seed", seed], SHOP));
    assert_eq!(digest("1")["digest"], digest("1")["digest"]);
    assert_ne!(digest("1")["digest"], digest("2")["digest"]);
}

#[test]
fn knobs_can_be_set_from_the_command_line() {
    let slow = ["run", "-", "--format", "json", "--set", "nodes.app.steps=[cpu: 30ms]"];
    let mean = json(&busyhour(&slow, SHOP))["latency_ms"]["mean"].as_f64();
    assert!(mean.is_some_and(|ms| ms >= 30.0), "{mean:?}");
    let short = busyhour(&["run", "-", "--set", "app.workers=3"], SHOP);
    let said = String::from_utf8_lossy(&short.stderr).into_owned();
    assert!(said.contains("did you mean nodes.app.workers=3?"), "{said}");
    let unknown = busyhour(&["run", "-", "--set", "nodes.app.wrkers=3"], SHOP);
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn a_topic_may_be_told_with_its_kind() {
    let page = |words: &[&str]| busyhour(words, "").stdout;
    let plain = page(&["explain", "nginx"]);
    assert!(String::from_utf8_lossy(&plain).contains("proxy_connect_timeout"));
    assert_eq!(plain, page(&["explain", "model", "nginx"]));
    assert_eq!(page(&["explain", "postgres.cores"]), page(&["explain", "database.cores"]));
    assert!(String::from_utf8_lossy(&page(&["explain", "gil"])).contains("app-server.gil"));
    let wrong = busyhour(&["explain", "some", "nginx"], "");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("\"some nginx\" is no topic"));
}

#[test]
fn schema_explain_validate_and_completions_answer() {
    let schema = json(&busyhour(&["schema"], ""));
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    for word in ["E020", "worker-pool", "balancer.balance"] {
        let page = busyhour(&["explain", word], "");
        assert_eq!(page.status.code(), Some(0), "{word}");
        assert!(page.stdout.len() > 100, "{word}");
    }
    assert_eq!(busyhour(&["validate", "-"], SHOP).status.code(), Some(0));
    assert!(!busyhour(&["completions", "bash"], "").stdout.is_empty());
}

/// A server of the page that ends with this.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // one that has ended already is what some tests want
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Serves a page on a free port; its address as printed.
fn served(page: &str) -> (Server, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_busyhour"))
        .args(["serve", "--port", "0", "--page", page])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    (Server(child), line.trim().to_owned())
}

/// What the server at an address answers to a request for a path.
fn fetched(address: &str, path: &str) -> String {
    let host = address.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(host).expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it hears");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

#[test]
fn the_page_is_served_on_this_machine_under_its_own_policy_until_it_is_interrupted() {
    let file = std::env::temp_dir().join(format!("busyhour-page-{}.html", std::process::id()));
    let page = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
                img-src data:\"><title>Busyhour</title>";
    std::fs::write(&file, page).expect("a file can be made");
    let (mut server, address) = served(&file.to_string_lossy());
    assert!(address.starts_with("http://127.0.0.1:"), "{address}");
    let answer = fetched(&address, "/");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(page), "{answer}");
    for line in [
        "content-type: text/html; charset=utf-8",
        "content-security-policy: default-src 'none'; img-src data:",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
    ] {
        assert!(answer.contains(&format!("\r\n{line}\r\n")), "{line}\n{answer}");
    }
    let missing = fetched(&address, "/../etc/passwd");
    assert!(missing.starts_with("HTTP/1.1 404") && missing.contains("nosniff"), "{missing}");
    let id = server.0.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().is_ok_and(|kill| kill.success()));
    assert_eq!(server.0.wait().expect("it ends").code(), Some(0));
    std::fs::write(&file, "<p>something else</p>").expect("it is there");
    let wrong = busyhour(&["serve", "--port", "0", "--page", &file.to_string_lossy()], "");
    assert_eq!(wrong.status.code(), Some(2));
    std::fs::remove_file(&file).expect("it is there");
    let none = busyhour(&["serve", "--port", "0", "--page", &file.to_string_lossy()], "");
    assert_eq!(none.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&none.stderr).contains("cargo xtask web"));
}
