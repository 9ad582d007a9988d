//! Builds sim-web and the page's unpacker for WASM with whatever the machine offers, and binds them
//! for node and for pages.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell::{Done, cargo, output, program, root, run, write};

/// The browser's own target: its floating point is what a visitor's page computes with.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// A way to a standard library for [`TARGET`].
#[derive(Clone, Copy)]
pub(crate) enum Route {
    /// The toolchain in use has the target.
    Toolchain,
    /// Debian's compiler builds the standard library from Debian's source.
    Debian,
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Toolchain => "the toolchain's own standard library",
            Self::Debian => "Debian's rustc-web and the standard library from rust-web-src",
        })
    }
}

impl Route {
    /// The best way that is installed.
    pub(crate) fn find() -> Option<Self> {
        let asked = output(program("rustc").args(["--print", "target-libdir", "--target", TARGET]));
        if asked.is_ok_and(|folder| Path::new(folder.trim()).is_dir()) {
            return Some(Self::Toolchain);
        }
        let parts =
            ["bin/rustc", "bin/cargo", "bin/wasm-ld-19", "lib/rustlib/src/rust/library/std"];
        parts.iter().all(|p| Path::new("/usr").join(p).exists()).then_some(Self::Debian)
    }

    fn cargo(self) -> Command {
        let mut command = match self {
            Self::Toolchain => cargo(),
            Self::Debian => debian_cargo(),
        };
        // flags meant for this machine's processor mean nothing to WASM; and where its files lie is
        // nobody's business, and would make two machines' pages differ
        let short = |from: PathBuf, to| format!("--remap-path-prefix={}={to}", from.display());
        let sources = cargo_home().map(|home| short(home, "/cargo"));
        let short: Vec<String> = sources.into_iter().chain([short(root(), "/busyhour")]).collect();
        command.env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", short.join("\x1f"));
        command
    }

    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Toolchain => &[],
            Self::Debian => &["-Zbuild-std=std,panic_abort"],
        }
    }
}

/// Where cargo keeps other people's sources.
fn cargo_home() -> Option<PathBuf> {
    let said = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    said.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))
}

/// Debian's cargo with Debian's compiler, which lets a stable release build its own library.
fn debian_cargo() -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = program("/usr/bin/cargo");
    command
        .env("PATH", format!("/usr/bin:{path}"))
        .env("RUSTC", "/usr/bin/rustc")
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld-19")
        // the outer cargo points these at another toolchain
        .env_remove("LD_LIBRARY_PATH")
        .env_remove("CARGO")
        .env_remove("RUSTDOC");
    command
}

/// Who loads the module.
#[derive(Clone, Copy)]
pub(crate) enum Host {
    /// node, as CommonJS.
    Node,
    /// A page and its worker, as a classic script: a page from a file may load no module script.
    Page,
}

impl Host {
    /// Its word, which is also the name of its folder.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Node => "nodejs",
            Self::Page => "no-modules",
        }
    }
}

/// A module that is built.
#[derive(Clone, Copy)]
pub(crate) enum Module {
    /// sim-web, which node and the page share.
    Run,
    /// What unpacks that in a page.
    Unpacker,
}

impl Module {
    /// What its files are called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Run => "busyhour",
            Self::Unpacker => "unpack",
        }
    }

    /// The library that it is made of.
    fn library(self) -> &'static str {
        match self {
            Self::Run => "sim_web",
            Self::Unpacker => "unpack",
        }
    }
}

/// Builds all modules and returns this one. Cheap when nothing changed.
fn built(module: Module) -> Result<PathBuf, String> {
    let route = Route::find().ok_or("no way to build for WASM yet: cargo xtask setup")?;
    let mut build = route.cargo();
    // a target folder of its own: another compiler's output beside ours would thrash both
    build.args(["build", "--quiet", "--profile", "web", "--lib", "--package", "sim-web"]);
    build.args(["--package", "unpack"]);
    build.args(["--target", TARGET, "--target-dir", "target/web"]).args(route.flags());
    run(&mut build)?;
    let library = module.library();
    println!("{library} built with {route}");
    Ok(root().join("target/web").join(TARGET).join(format!("web/{library}.wasm")))
}

/// Builds and binds for node; returns the folder of the glue.
pub(crate) fn build() -> Result<PathBuf, String> {
    bound(Module::Run, Host::Node)
}

/// Builds and binds for a host; returns the folder with `NAME.js` and `NAME_bg.wasm`, and for
/// a page with that packed as `NAME_bg.wasm.lzma`.
pub(crate) fn bound(module: Module, host: Host) -> Result<PathBuf, String> {
    let made = built(module)?;
    let glue = root().join("target/wasm").join(host.word());
    let end = match host {
        Host::Node => "wasm",
        Host::Page => "wasm.lzma",
    };
    let bound = glue.join(format!("{}_bg.{end}", module.name()));
    if !newer(&bound, &made) {
        bind(&made, host, module.name(), &glue)?;
    }
    let size_kib = fs::metadata(&bound).map_err(|e| e.to_string())?.len() as f64 / 1024.0;
    println!("{} ({size_kib:.0} KiB)", bound.display());
    Ok(glue)
}

/// Calls this program again with the feature that knows how to bind.
fn bind(module: &Path, host: Host, name: &str, glue: &Path) -> Done {
    let me = ["run", "--quiet", "--package", "xtask", "--features", "glue", "--", "glue"];
    let mut again = cargo();
    // optimising a binder that runs for a second costs more than it gives
    again.env("CARGO_PROFILE_DEV_OPT_LEVEL", "0").env("CARGO_PROFILE_DEV_DEBUG", "false");
    run(again.args(me).arg(module).args([host.word(), name]).arg(glue))?;
    // node must read the glue as CommonJS whatever a package.json above it says
    write(&glue.join("package.json"), b"{\"type\": \"commonjs\"}\n")
}

fn newer(result: &Path, source: &Path) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|m| m.modified());
    matches!((time(result), time(source)), (Ok(r), Ok(s)) if r > s)
}
