//! Installs what the whole test run needs and the machine lacks.

use std::fs;
use std::path::PathBuf;

use crate::shell::{Done, output, present, program, root, run};
use crate::wasm::{Route, TARGET};

/// Debian's Rust for the web: compiler with its tools, cargo, the library's source, a linker.
const DEBIAN_WASM: &[&str] = &["rustc-web", "rust-web-llvm", "cargo-web", "rust-web-src", "lld-19"];

/// The package that finds barriers, at the version that the tests know.
const AXE: &str = "axe-core@4.14.1";

/// Looks at each need in turn and says what it found or did.
pub(crate) fn install() -> Done {
    for tool in ["rustfmt", "cargo-clippy"] {
        if !present(tool) {
            return Err(format!("{tool} is missing: rustup component add rustfmt clippy"));
        }
        println!("setup: {tool} is there");
    }
    wasm()?;
    node()?;
    chromium()?;
    let axe = axe()?;
    println!("setup: {} is there", axe.display());
    Ok(())
}

/// Downloads nothing as long as one way of building for WASM works already.
fn wasm() -> Done {
    if let Some(route) = Route::find() {
        println!("setup: WASM builds with {route}");
        return Ok(());
    }
    println!("setup: no standard library for {TARGET}; asking rustup");
    // Where rustup is missing or may not download, the distribution's packages do.
    if present("rustup") && run(program("rustup").args(["target", "add", TARGET])).is_err() {
        println!("setup: rustup has none here");
    }
    if Route::find().is_none() {
        println!("setup: installing {} instead", DEBIAN_WASM.join(" "));
        apt(DEBIAN_WASM)?;
    }
    let route = Route::find().ok_or_else(|| format!("found no way to build for {TARGET}"))?;
    println!("setup: WASM builds with {route}");
    Ok(())
}

fn node() -> Done {
    if !present("node") {
        println!("setup: installing nodejs");
        apt(&["nodejs"])?;
    }
    println!("setup: node {} is there", output(program("node").arg("--version"))?.trim());
    Ok(())
}

/// The browser that plays the page in the tests.
fn chromium() -> Done {
    if !present("chromium") {
        println!("setup: installing chromium");
        apt(&["chromium"])?;
    }
    println!("setup: {} is there", output(program("chromium").arg("--version"))?.trim());
    Ok(())
}

/// What looks for barriers in the page: the tests put it there, the page never holds it.
pub(crate) fn axe() -> Result<PathBuf, String> {
    let folder = root().join("target/tools");
    let script = folder.join("package/axe.min.js");
    if script.is_file() {
        return Ok(script);
    }
    if !present("npm") {
        println!("setup: installing npm");
        apt(&["npm"])?;
    }
    println!("setup: fetching {AXE}");
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    // npm checks what it fetched against the registry's hash
    run(program("npm").args(["pack", "--silent", AXE, "--pack-destination"]).arg(&folder))?;
    let packed = folder.join(AXE.replace('@', "-") + ".tgz");
    run(program("tar").arg("-xzf").arg(packed).arg("-C").arg(&folder))?;
    Ok(script)
}

fn apt(packages: &[&str]) -> Done {
    if !present("apt-get") {
        return Err(format!("install what Debian calls {} by hand", packages.join(" ")));
    }
    root_run(&["apt-get", "update", "--quiet"])?;
    let install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends"];
    root_run(&[&install[..], packages].concat())
}

/// Directly for root, through `sudo` for others, never with a question.
fn root_run(words: &[&str]) -> Done {
    let is_root = output(program("id").arg("-u"))?.trim() == "0";
    let words = if is_root { words.to_vec() } else { [&["sudo", "-n"], words].concat() };
    run(program(words[0]).args(&words[1..]).env("DEBIAN_FRONTEND", "noninteractive"))
}
