//! What is shipped beside the code: the schema for editors, and models with their sources.

use sim_core::components::CATALOGUE;
use sim_core::scenario::problem::SourceId;
use sim_core::scenario::tree::Node;
use sim_core::scenario::{NoFiles, models, read, schema, yaml};

use crate::support::{file, scenarios};

#[test]
fn the_schema_file_is_the_forms_schema() {
    crate::support::judge_schema("scenario", &schema());
}

#[test]
fn the_file_of_knobs_is_what_the_forms_say() {
    let knobs = serde_json::to_value(sim_core::derived_manuals()).expect("it can be written");
    crate::support::judge_derived("knobs.json", &knobs);
}

fn text<'a>(node: &'a Node, path: &str) -> &'a str {
    node.get(path).and_then(Node::as_text).unwrap_or_default()
}

#[test]
fn every_number_of_a_model_has_a_unit_and_a_source() {
    assert!(!models::names().is_empty());
    for name in models::names() {
        let source = models::text(name).expect("it is listed");
        let root = yaml::parse(SourceId(0), source, yaml::Limits::default()).expect("it is YAML");
        assert_eq!(text(&root, "model"), name);
        assert!(!text(&root, "version").is_empty(), "{name} has no version");
        let component = text(&root, "component");
        assert!(CATALOGUE.iter().any(|(known, _)| *known == component), "{name}: {component}");
        let values = root.get("values").expect("a model has values");
        assert!(!values.entries().is_empty());
        for value in values.entries() {
            assert!(value.node.get("value").is_some(), "{name}.{} has no value", value.key);
            for key in ["unit", "source"] {
                assert!(!text(&value.node, key).is_empty(), "{name}.{} has no {key}", value.key);
            }
        }
    }
}

#[test]
fn a_machine_gives_cores_memory_and_price_and_the_node_itself_wins() {
    let shop = "busyhour: 1\nduration: 1s\nusers: {u: {enter: app, arrivals: 1/s}}\nnodes:\n  \
                app: {component: worker-pool, workers: 1, machine: c7i.xlarge, database: db, \
                      steps: [query: 1ms]}\n  \
                db: {component: database, machine: db.m5.large, cores: 7, price: 73 USD/month}\n";
    let plan = crate::support::plan(shop, &[]);
    let form = |name: &str| {
        let part = plan.blueprint.parts.iter().find(|part| part.name == name);
        part.expect("it is there").form.to_json()
    };
    assert_eq!((&form("app")["cores"], &form("db")["cores"]), (&4.into(), &7.into()));
    let rent = |name: &str| &plan.blueprint.rents[name];
    assert_eq!(rent("app").usd_per_hour, 2.0 * 0.0893);
    assert_eq!(
        (rent("db").usd_per_hour, rent("db").machine.as_deref()),
        (0.1, Some("db.m5.large"))
    );
    let other = crate::support::plan(shop, &["nodes.app.machine=c7i.large"]);
    assert_ne!(plan.hash, other.hash);
    let resize = "{at: 500ms, resize: app, machine: c7i.2xlarge, downtime: 100ms}";
    let resized = crate::support::plan(shop, &[&format!("events=[{resize}]")]);
    let forms: Vec<_> = resized
        .events
        .iter()
        .filter_map(|event| match &event.change {
            sim_core::scenario::plan::Change::Resize { form, .. } => Some(form.to_json()),
            _ => None,
        })
        .collect();
    assert_eq!(forms.len(), 1);
    assert_eq!((resized.events.len(), &forms[0]["cores"]), (3, &8.into()));
}

#[test]
fn a_model_fills_in_what_the_scenario_leaves_out_and_the_scenario_wins() {
    let shop = "busyhour: 1\nduration: 1s\nusers: {u: {enter: app, arrivals: 1/s}}\nnodes:\n  \
                app: {component: worker-pool, workers: 1, database: pool, steps: [query: 1ms]}\n  \
                pool: {model: sqlalchemy-pool, to: db, overflow: 3}\n  \
                db: {component: database}\n";
    let plan = crate::support::plan(shop, &[]);
    let pool = plan.blueprint.parts.iter().find(|part| part.name == "pool").expect("it is there");
    let form = pool.form.to_json();
    assert_eq!((&form["size"], &form["overflow"]), (&5.into(), &3.into()));
    assert_eq!(form["timeout"], "30s");
}

#[test]
fn a_shipped_scenario_is_warned_only_of_what_it_is_about() {
    let mut said = Vec::new();
    for scenario in scenarios() {
        let name = scenario.trim_start_matches("scenarios/").trim_end_matches(".yaml");
        let reading = read(&scenario, &file(&scenario), &[], &NoFiles);
        let codes = reading.problems.iter().map(|problem| problem.code.as_str());
        // more load than a part can serve is what most of them show
        said.extend(codes.filter(|code| *code != "W101").map(|code| format!("{name} {code}")));
    }
    let expected = [
        "failover W103",
        "flask-growth W103",
        "flask-growth W102",
        "too-many-connections W103",
        "too-many-connections W103",
        "too-many-connections W102",
    ];
    assert_eq!(said, expected);
}

#[test]
fn the_changelog_names_the_digest_epoch() {
    let log = file("CHANGELOG.md");
    let newest = log.lines().find(|line| line.starts_with("Digest epoch "));
    assert_eq!(newest, Some(&format!("Digest epoch {}.", sim_core::DIGEST_EPOCH)[..]));
}

#[test]
fn the_workflow_to_copy_is_yaml_and_each_step_does_something() {
    let text = file("docs/busyhour.yml");
    let tree = yaml::parse(SourceId(0), &text, yaml::Limits::default()).expect("it is YAML");
    let steps = tree.get("jobs.rehearse.steps").expect("a job has steps").items();
    let does = |step: &&Node| step.get("run").or(step.get("uses")).is_some();
    assert_eq!((steps.len() > 4, steps.iter().filter(does).count()), (true, steps.len()));
    assert!(tree.get("on").is_some() && tree.get("permissions.contents").is_some());
}
