//! Sweeps as a person or a job scheduler meets them: killed, torn, changed, in shards, on few or
//! many threads, and always to the same bytes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

#[path = "sweep/kubernetes.rs"]
mod kubernetes;
#[path = "sweep/parquet.rs"]
mod parquet;

const SHOP: &str = "# a comment
busyhour: 1
duration: 60s
users: {people: {enter: app, arrivals: 150/s}}
nodes:
  app: {component: worker-pool, workers: 2, steps: [cpu: {exponential: 10ms}], price: 0.10 USD/h}
objectives: [latency p(95) < 40ms]
";

const SWEEP: &str = "sweep: 1
name: sizes
scenario: shop.yaml
replications: 2
vary:
  nodes.app.workers: {from: 1, to: 10, steps: 10}
  users.people.arrivals: [100/s, 150/s, 200/s, 250/s]
";

/// Points of the sweep above.
const POINTS: usize = 40;
/// What a finished sweep leaves behind.
const TABLES: [&str; 4] = ["points.csv", "points.jsonl", "points.parquet", "report.html"];

/// A folder with a scenario and a sweep that goes when the test ends.
struct Desk(PathBuf);

impl Desk {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("busyhour-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let desk = Desk(folder);
        desk.write("shop.yaml", SHOP);
        desk.write("sweep.yaml", SWEEP);
        desk
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).expect("a file");
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_busyhour"));
        command.args(words).current_dir(&self.0).stdin(Stdio::null());
        for name in ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"] {
            command.env_remove(name);
        }
        command
    }

    /// Plays the sweep into a folder of this name, with more words.
    fn sweep(&self, output: &str, more: &[&str]) -> Output {
        let words = [&["sweep", "sweep.yaml", "--output", output][..], more].concat();
        self.command(&words).output().expect("the binary runs")
    }

    /// The tables in a folder.
    fn tables(&self, folder: &str) -> Vec<Vec<u8>> {
        let read = |name: &&str| fs::read(self.0.join(folder).join(name)).expect("a table");
        TABLES.iter().map(read).collect()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn fine(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", errors(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |found| found.len())
}

#[test]
fn killed_at_twenty_random_moments_it_ends_at_the_same_bytes() {
    let desk = Desk::new("killed");
    let whole = fine(&desk.sweep("whole", &[]));
    let manifest = desk.0.join("torn/manifest.jsonl");
    let record = size(&desk.0.join("whole/manifest.jsonl")) / (POINTS as u64 + 1);
    let (mut luck, mut unfinished) = (7u64, 0);
    for _ in 0..20 {
        // a moment is so many bytes further on, and a little later
        luck = luck.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let until = size(&manifest) + (luck >> 33) % (2 * record);
        let mut child = desk
            .command(&["sweep", "sweep.yaml", "--output", "torn", "--quiet"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        while size(&manifest) < until && child.try_wait().expect("it is ours").is_none() {
            sleep(Duration::from_micros(200));
        }
        sleep(Duration::from_micros((luck >> 20) % 3_000));
        unfinished += u32::from(child.try_wait().expect("it is ours").is_none());
        child.kill().expect("it is ours");
        child.wait().expect("it ends");
    }
    assert!(unfinished >= 10, "only {unfinished} of 20 kills met a sweep at work");
    assert_eq!(fine(&desk.sweep("torn", &[])), whole);
    assert!(desk.tables("torn") == desk.tables("whole"), "a kill changed what comes out");
    let lines = desk.text("torn/manifest.jsonl").lines().count();
    assert_eq!(lines, POINTS + 1, "no finished point is played twice");
}

#[test]
fn a_torn_last_line_is_played_again_and_a_changed_line_is_not_believed() {
    let desk = Desk::new("torn");
    fine(&desk.sweep("out", &[]));
    let (tables, manifest) = (desk.tables("out"), desk.text("out/manifest.jsonl"));
    for cut in [1, 40, 600] {
        desk.write("out/manifest.jsonl", &manifest[..manifest.len() - cut]);
        let again = desk.sweep("out", &[]);
        fine(&again);
        assert!(errors(&again).contains("39 of 40 points are finished already"), "{cut}");
        assert!(desk.tables("out") == tables);
        // on two threads points may end in another order
        let sorted = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&desk.text("out/manifest.jsonl")), sorted(&manifest));
    }
    let half = manifest.len() / 2;
    let at = half + manifest[half..].find("\"value\":").expect("a figure") + 8;
    let forged = format!("{}9{}", &manifest[..at], &manifest[at..]);
    desk.write("out/manifest.jsonl", &forged);
    let wrong = desk.sweep("out", &[]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(errors(&wrong).contains("is not as it was written"), "{}", errors(&wrong));
    assert_eq!(desk.text("out/manifest.jsonl"), forged, "nothing is overwritten");
    desk.write("out/manifest.jsonl", "{\"header\":");
    fine(&desk.sweep("out", &[]));
    assert!(desk.tables("out") == tables, "a torn header is begun anew");
}

#[test]
fn a_changed_input_is_refused_by_name_and_a_comment_is_not() {
    let desk = Desk::new("changed");
    fine(&desk.sweep("out", &[]));
    let change = |name: &str, text: &str, said: &[&str]| {
        let before = desk.text(name);
        desk.write(name, text);
        let refused = desk.sweep("out", &[]);
        assert_eq!(refused.status.code(), Some(2), "{name}");
        for word in said.iter().chain(&["is of another sweep", "name another folder"]) {
            assert!(errors(&refused).contains(word), "{word}: {}", errors(&refused));
        }
        desk.write(name, &before);
    };
    change(
        "sweep.yaml",
        &SWEEP.replace("replications: 2", "replications: 3"),
        &["sweep.replications was 2, is 3"],
    );
    change(
        "shop.yaml",
        &SHOP.replace("10ms", "11ms"),
        &["scenario.nodes.app.steps was ", "{\"exponential\":\"11ms\"}"],
    );
    change(
        "shop.yaml",
        &SHOP.replace("duration: 60s\n", "duration: 60s\nseed: 4\n"),
        &["scenario.seed is new: 4"],
    );
    desk.write("shop.yaml", &SHOP.replace("# a comment", "# another one"));
    fine(&desk.sweep("out", &[]));
}

#[test]
fn threads_and_shards_change_nothing() {
    let desk = Desk::new("shards");
    let said = fine(&desk.sweep("one", &["--threads", "1"]));
    assert_eq!(fine(&desk.sweep("two", &["--threads", "3"])), said);
    assert!(desk.tables("one") == desk.tables("two"), "threads change what comes out");

    fine(&desk.sweep("parts", &["--shard", "0/3"]));
    let merge = |folders: &[&str]| {
        let words = [&["sweep", "merge", "--output", "merged"][..], folders].concat();
        desk.command(&words).output().expect("the binary runs")
    };
    let early = merge(&["parts"]);
    assert_eq!(early.status.code(), Some(2));
    let missing = "26 of 40 points are missing: shard 1/3 is missing, shard 2/3 is missing";
    assert!(errors(&early).contains(missing), "{}", errors(&early));

    let auto = |name: &str, index: &str, folder: &str| {
        let words = ["sweep", "sweep.yaml", "--output", folder, "--shard", "auto/3"];
        desk.command(&words).env(name, index).output().expect("the binary runs")
    };
    fine(&auto("SLURM_ARRAY_TASK_ID", "1", "parts"));
    fine(&auto("JOB_COMPLETION_INDEX", "2", "elsewhere"));
    let outside = auto("JOB_COMPLETION_INDEX", "3", "elsewhere");
    assert!(errors(&outside).contains("JOB_COMPLETION_INDEX is 3, not 0 to 2"));
    let unset = desk.sweep("elsewhere", &["--shard", "auto/3"]);
    assert!(errors(&unset).contains("write --shard 0/3"), "{}", errors(&unset));
    fs::create_dir(desk.0.join("merged")).expect("a folder");
    assert_eq!(fine(&merge(&["parts", "elsewhere"])), said);
    assert!(desk.tables("merged") == desk.tables("one"), "shards change what comes out");

    let torn = desk.text("parts/manifest-1-of-3.jsonl");
    desk.write("parts/manifest-1-of-3.jsonl", &torn[..torn.len() - 9]);
    let lacks = merge(&["parts", "elsewhere"]);
    assert!(errors(&lacks).contains("shard 1/3 lacks 1 point"), "{}", errors(&lacks));
    desk.write("sweep.yaml", &SWEEP.replace("replications: 2", "replications: 1"));
    fine(&desk.sweep("other", &["--shard", "1/3"]));
    let mixed = merge(&["parts", "other"]);
    assert!(errors(&mixed).contains("are not of one sweep: sweep.replications was 2, is 1"));
}

#[test]
fn what_cannot_be_written_is_said_once_and_what_is_finished_is_kept() {
    let desk = Desk::new("full");
    // a file that may not grow beyond some records is a full disk
    let script = "trap '' XFSZ; ulimit -f 24; exec \"$0\" sweep sweep.yaml --output out --quiet";
    let full = Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_busyhour")])
        .current_dir(&desk.0)
        .output()
        .expect("bash runs");
    assert_eq!(full.status.code(), Some(1), "{}", errors(&full));
    let said = errors(&full);
    assert!(
        said.contains("cannot write out/manifest.jsonl") && said.lines().count() == 1,
        "{said}"
    );
    assert!(said.contains("the same command goes on from there"));
    let on = desk.sweep("out", &[]);
    let summary = fine(&on);
    assert!(errors(&on).contains(" of 40 points are finished already"), "{}", errors(&on));
    assert_eq!(fine(&desk.sweep("whole", &[])), summary);
    assert!(desk.tables("out") == desk.tables("whole"));
    let wrong = desk.sweep("shop.yaml", &[]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(errors(&wrong).contains("cannot write shop.yaml"), "{}", errors(&wrong));
}

#[test]
fn a_mistake_at_the_last_point_is_found_before_the_first_is_played() {
    let desk = Desk::new("mistake");
    desk.write("sweep.yaml", &SWEEP.replace("from: 1, to: 10, steps: 10", "values: [3, 0]"));
    let wrong = desk.sweep("out", &[]);
    assert_eq!(wrong.status.code(), Some(2));
    let said = errors(&wrong);
    assert!(said.contains("nodes.app.workers=0") && said.contains("point 4 ("), "{said}");
    assert!(!desk.0.join("out").exists());
    desk.write("sweep.yaml", &SWEEP.replace("replications", "replication"));
    let wrong = errors(&desk.sweep("out", &[]));
    assert!(wrong.contains("sweep.yaml:4:1") && wrong.contains("did you mean"), "{wrong}");
}

#[test]
fn an_interrupt_keeps_what_is_done() {
    let desk = Desk::new("interrupt");
    let child = desk
        .command(&["sweep", "sweep.yaml", "--output", "out", "--quiet"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let manifest = desk.0.join("out/manifest.jsonl");
    while size(&manifest) < 6_000 {
        sleep(Duration::from_micros(200));
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().is_ok_and(|kill| kill.success()));
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(3), "{}", errors(&ended));
    assert!(errors(&ended).contains("the same command goes on from there"), "{}", errors(&ended));
    fine(&desk.sweep("out", &[]));
    assert_eq!(desk.text("out/manifest.jsonl").lines().count(), POINTS + 1);
}

#[test]
fn job_files_say_what_each_shard_plays() {
    let desk = Desk::new("emit");
    let dry = fine(&desk.command(&["sweep", "sweep.yaml", "--dry-run"]).output().expect("it runs"));
    assert_eq!(dry.lines().filter(|line| line.contains("nodes.app.workers=")).count(), POINTS);
    let slurm = fine(&desk.sweep("out", &["--emit", "slurm", "--shards", "8"]));
    for line in ["#SBATCH --array=0-7", "--shard auto/8"] {
        assert!(slurm.contains(line), "{slurm}");
    }
    desk.write("job.sh", &slurm);
    let read = Command::new("sh").args(["-n", "job.sh"]).current_dir(&desk.0).status();
    assert!(read.is_ok_and(|read| read.success()));
    assert!(!desk.0.join("out").exists(), "nothing is played");
    assert_eq!(desk.sweep("out", &["--emit", "slurm"]).status.code(), Some(2));
}
