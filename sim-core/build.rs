//! Lists the files in `models/`, so that adding a model is adding a file.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut names: Vec<String> = fs::read_dir(&folder)
        .map(|files| files.flatten().filter_map(|file| file.file_name().into_string().ok()))
        .map(|names| names.filter(|name| name.ends_with(".yaml")).collect())
        .unwrap_or_default();
    names.sort();
    let mut list = String::from("const MODELS: &[(&str, &str)] = &[\n");
    for name in names {
        let path = folder.join(&name);
        println!("cargo::rerun-if-changed={}", path.display());
        let stem = name.trim_end_matches(".yaml");
        let _ = writeln!(list, "    ({stem:?}, include_str!({path:?})),");
    }
    list.push_str("];\n");
    let out = Path::new(&env::var("OUT_DIR").unwrap_or_default()).join("models.rs");
    if let Err(error) = fs::write(&out, list) {
        println!("cargo::error=cannot write {}: {error}", out.display());
    }
}
