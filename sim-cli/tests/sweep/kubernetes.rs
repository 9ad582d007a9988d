//! The job file for Kubernetes, against what `batch/v1` has: every field is known, of its type and
//! within its limits; and what its tasks play, index by index, is the sweep.

use serde::Deserialize;
use serde_json::Value as Json;

use super::{Desk, fine};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Job {
    api_version: String,
    kind: String,
    metadata: Metadata,
    spec: Spec,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Spec {
    completion_mode: String,
    completions: i32,
    parallelism: i32,
    backoff_limit: i32,
    template: Template,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Template {
    spec: PodSpec,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PodSpec {
    restart_policy: String,
    containers: Vec<Container>,
    volumes: Vec<Volume>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Container {
    name: String,
    image: String,
    command: Vec<String>,
    args: Vec<String>,
    resources: Resources,
    volume_mounts: Vec<Mount>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resources {
    requests: Requests,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Requests {
    cpu: String,
    memory: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Mount {
    name: String,
    mount_path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Volume {
    name: String,
    persistent_volume_claim: Claim,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Claim {
    claim_name: String,
}

/// Whether Kubernetes takes it as a name: a label of RFC 1123.
fn is_label(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&name.len()) && name.chars().all(inner) && name.trim_matches('-') == name
}

fn emitted(desk: &Desk, output: &str, more: &[&str]) -> Job {
    let words = [&["--emit", "kubernetes", "--shards", "3"], more].concat();
    let text = fine(&desk.sweep(output, &words));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn the_job_for_kubernetes_is_an_indexed_job() {
    let desk = Desk::new("kubernetes");
    let text = desk.text("sweep.yaml");
    // neither names nor images may leave their place in the file
    desk.write("sweep.yaml", &text.replace("name: sizes", "name: 'Sizes: #1, _draft_'"));
    let words = ["--image", "shop/busyhour: 1 #", "--claim", "a: b"];
    let job = emitted(&desk, "/sweep/out 1", &words);
    assert_eq!((&*job.api_version, &*job.kind), ("batch/v1", "Job"));
    assert!(is_label(&job.metadata.name), "{}", job.metadata.name);
    let Spec { completion_mode, completions, parallelism, backoff_limit, template } = job.spec;
    assert_eq!((&*completion_mode, completions, parallelism), ("Indexed", 3, 3));
    assert!(backoff_limit >= completions, "every task may be evicted once");
    let PodSpec { restart_policy, containers, volumes } = template.spec;
    assert_eq!(restart_policy, "OnFailure", "a job takes OnFailure or Never");
    let [container] = &containers[..] else { panic!("{} containers", containers.len()) };
    assert!(is_label(&container.name));
    assert_eq!(container.image, words[1]);
    assert_eq!(container.command, ["busyhour"]);
    assert_eq!(container.args[..4], ["sweep", "sweep.yaml", "--output", "/sweep/out 1"]);
    let Requests { cpu, memory } = &container.resources.requests;
    assert!(cpu.parse() == Ok(1) && memory.ends_with("Mi"));
    let ([mount], [volume]) = (&container.volume_mounts[..], &volumes[..]) else {
        panic!("one volume is mounted once")
    };
    assert!(is_label(&mount.name) && mount.name == volume.name);
    assert_eq!(mount.mount_path, "/sweep");
    assert_eq!(volume.persistent_volume_claim.claim_name, words[3]);
}

#[test]
fn the_tasks_of_the_job_for_kubernetes_play_the_sweep() {
    let desk = Desk::new("tasks");
    let job = emitted(&desk, "parts", &[]);
    assert!(!desk.0.join("parts").exists(), "nothing is played");
    let args = &job.spec.template.spec.containers[0].args;
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    for index in 0..job.spec.completions {
        let mut task = desk.command(&args);
        fine(&task.env("JOB_COMPLETION_INDEX", index.to_string()).output().expect("it runs"));
    }
    let merge = ["sweep", "merge", "parts", "--format", "json"];
    let merged = fine(&desk.command(&merge).output().expect("it runs"));
    assert!(serde_json::from_str::<Json>(&merged).is_ok());
    fine(&desk.sweep("whole", &[]));
    assert!(desk.tables("parts") == desk.tables("whole"));
}
