//! Faults in the page: what it would show or play although the run is another.

use super::Fault;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        file: "sim-core/src/run.rs",
        find: "            coming.retain(|event| event.at > now);",
        replace: "            coming.retain(|event| event.at > now + 1);",
        test: "sim-web a_run_that_was_changed_live",
        why: "a change would be recorded and not happen",
    },
    Fault {
        file: "sim-core/src/report/live.rs",
        find: "let first = if all < frames { 0 } else { frames };",
        replace: "let first = frames;",
        test: "sim-core merged_frames_are_told_from_the_beginning",
        why: "a long run's charts would stand still once frames are merged",
    },
    Fault {
        file: "sim-core/src/scenario/append.rs",
        find: "        if inside.is_empty() || inside.starts_with('#') {",
        replace: "        if inside.is_empty() {",
        test: "sim-core append::tests",
        why: "an exported event would tear a comment from what it is about",
    },
    Fault {
        file: "sim-web/src/session.rs",
        find: "                if at < player.run.now()",
        replace: "                if at > player.run.now()",
        test: "sim-web going_back_and_forth",
        why: "who goes back would stay where he is",
    },
    Fault {
        file: "sim-web/src/session/pace.rs",
        find: "            (self.from_ns, self.from_ms) = (now, now_ms);",
        replace: "            self.from_ms = now_ms;",
        test: "sim-web who_slept_does_not_race",
        why: "a page that slept would show another time than it plays",
    },
    Fault {
        file: "sim-web/src/rows.rs",
        find: "            let next = width + 1 + 2 * resources.len();",
        replace: "            let next = width + 2 * resources.len();",
        test: "sim-web a_row_holds_what_the_report_tells",
        why: "one node's queue would be another one's instances",
    },
    Fault {
        file: "sim-web/src/state.rs",
        find: "        let about_this = self.stage == Stage::Running;",
        replace: "        let about_this = true;",
        test: "sim-web what_the_last_run_still_says",
        why: "a scenario would be shown with another one's numbers",
    },
    Fault {
        file: "sim-web/src/state/figures.rs",
        find: "sum += if matches!(merge, Merge::Rate) { value } else { value * length }",
        replace: "sum += value",
        test: "sim-web state::figures",
        why: "a mean over windows of seconds would be a rate",
    },
    Fault {
        file: "sim-web/src/state/topology.rs",
        find: "filter(|held| fullest.as_ref().is_none_or(|(_, most)| held > most))",
        replace: "filter(|_| fullest.is_none())",
        test: "sim-web a_box_tells_of_its_frame",
        why: "a part that is full would look idle in the picture",
    },
    Fault {
        file: "sim-web/src/state/topology/layout.rs",
        find: "layers[to.index()].max(layers[from.index()] + 1)",
        replace: "layers[from.index()] + 1",
        test: "sim-web layout::tests",
        why: "a line would run backwards through the boxes of the picture",
    },
    Fault {
        file: "sim-cli/src/commands/serve.rs",
        find: "HeaderValue::from_static(\"nosniff\")",
        replace: "HeaderValue::from_static(\"\")",
        test: "sim-cli the_page_is_served",
        why: "a browser could take the page for something else than it is",
    },
];
