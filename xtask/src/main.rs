//! Busyhour's chores, run as `cargo xtask CHORE`.

mod bite;
#[cfg(feature = "glue")]
mod glue;
mod peers;
mod setup;
mod shell;
mod wasm;
mod web;
mod whole;

use std::process::ExitCode;

use shell::{Done, cargo, output, root, run};

const USAGE: &str = "\
cargo xtask CHORE

  setup                     install what is missing: a WASM standard library, node, chromium, axe
  test                      the whole test run: format, clippy, WASM build, tests, docs
  wasm                      build sim-web for WASM with its node glue, into target/wasm
  web                       build the page, one file without a network: target/web/busyhour.html
  bench-page                speed, first paint and memory of the page, in a browser
  bench [ARGS]              micro benchmarks of sim-core
  peers [GROUP [ROUNDS]]    side by side with other simulators (benches/peers; --all builds more)
  fuzz [SECONDS]            random bytes for the reader and for scenarios, 60 s each by default
  bite [FILTER]             plant each known fault and see that a test catches it
  golden                    write the golden files anew from what the program does now
  schema                    write schema/*.schema.json";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match chore(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("xtask: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn chore(words: &[&str]) -> Done {
    match words {
        ["setup"] => setup::install(),
        ["test"] => whole::test(),
        ["wasm"] => wasm::build().map(|_| ()),
        ["web"] => web::build().map(|_| ()),
        ["bench-page"] => bench_page(),
        ["bench", args @ ..] => run(cargo().args(["bench", "--package", "sim-core"]).args(args)),
        ["peers", args @ ..] => peers::compare(args),
        ["fuzz"] => fuzz("60"),
        ["fuzz", seconds] => fuzz(seconds),
        ["bite"] => bite::all(""),
        ["bite", filter] => bite::all(filter),
        ["golden"] => golden(),
        ["schema"] => schema(),
        #[cfg(feature = "glue")]
        ["glue", module, host, name, out] => glue::bind(module, host, name, out),
        ["help" | "--help" | "-h"] | [] => {
            println!("{USAGE}");
            Ok(())
        }
        other => Err(format!("no such chore: {}\n\n{USAGE}", other.join(" "))),
    }
}

fn fuzz(seconds: &str) -> Done {
    let Ok(seconds) = seconds.parse::<u32>() else {
        return Err(format!("{seconds} is no number of seconds"));
    };
    let millis = (u64::from(seconds) * 1_000).to_string();
    let mut targets = cargo();
    targets.args(["test", "--target-dir", "../../target/fuzz", "--", "--test-threads=1"]);
    targets.current_dir(root().join("tests/fuzz"));
    run(targets
        .env("BOLERO_RANDOM_TEST_TIME_MS", millis)
        .env("BOLERO_RANDOM_ITERATIONS", "4294967295"))
}

fn bench_page() -> Done {
    let (glue, page) = (wasm::build()?, web::build()?);
    let figures = ["test", "--package", "tests", "figures_of_the_page"];
    let mut bench = cargo();
    bench.args(figures).args(["--", "--ignored", "--nocapture"]);
    run(bench.env("BUSYHOUR_WASM", glue).env("BUSYHOUR_PAGE", page))
}

fn golden() -> Done {
    run(cargo().args(["test", "--package", "tests", "golden"]).env("BUSYHOUR_BLESS", "1"))
}

fn schema() -> Done {
    for (of, end) in
        [("scenario", ".schema"), ("sweep", ".schema"), ("plan", ".schema"), ("knobs", "")]
    {
        let words = ["run", "--quiet", "--bin", "busyhour", "--", "schema", of];
        let text = output(cargo().args(words))?;
        let path = root().join(format!("schema/{of}{end}.json"));
        shell::write(&path, text.as_bytes())?;
        println!("wrote {}", path.display());
    }
    Ok(())
}
