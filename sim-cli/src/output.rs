//! Results on standard output or in a file that appears whole or not at all; talk goes elsewhere.

use std::fs::{self, File};
use std::io::{ErrorKind, Write, stderr, stdout};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::exit::Failure;

/// How an answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Says something on standard error; if nobody listens, that is no fault.
pub(crate) fn talk(text: &str) {
    let _ = stderr().lock().write_all(text.as_bytes());
}

/// Prints a result. A reader that has seen enough, like `head`, is no fault.
pub(crate) fn print(result: &(impl AsRef<[u8]> + ?Sized)) -> Result<(), Failure> {
    let mut out = stdout().lock();
    match out.write_all(result.as_ref()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::internal(format!("cannot print the result: {error}")))
        }
        _ => Ok(()),
    }
}

/// Where a result goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// Standard output.
    Stdout,
    /// A file.
    File(PathBuf),
}

impl Destination {
    /// Reads `--output` or another `option`; a folder that does not exist is found out before the
    /// run, not after it.
    pub(crate) fn new(option: &str, output: Option<&str>) -> Result<Self, Failure> {
        let Some(path) = output.filter(|path| *path != "-") else {
            return Ok(Destination::Stdout);
        };
        let path = PathBuf::from(path);
        if path.is_dir() {
            let path = path.display();
            return Err(Failure::usage(format!("{option} {path} is a folder: name a file in it")));
        }
        let folder = folder(&path);
        if !folder.is_dir() {
            let folder = folder.display();
            return Err(Failure::usage(format!(
                "{option}: there is no folder {folder}: create it"
            )));
        }
        Ok(Destination::File(path))
    }

    /// Reads `--html`: a page besides the report, so not on standard output.
    pub(crate) fn page(file: Option<&str>) -> Result<Option<Self>, Failure> {
        let page = file.map(|file| Destination::new("--html", Some(file))).transpose()?;
        if page == Some(Destination::Stdout) {
            return Err(Failure::usage("--html - would print two reports: write --format html"));
        }
        Ok(page)
    }

    /// Writes the result.
    pub(crate) fn write(&self, result: &(impl AsRef<[u8]> + ?Sized)) -> Result<(), Failure> {
        match self {
            Destination::Stdout => print(result),
            Destination::File(path) => write_whole(path, result.as_ref()).map_err(|error| {
                Failure::internal(format!("cannot write {}: {error}", path.display()))
            }),
        }
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// A temporary file beside the target that takes its place when it is whole.
fn write_whole(path: &Path, result: &[u8]) -> std::io::Result<()> {
    // a link is followed, and a device or pipe cannot be replaced
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if path.exists() && !path.is_file() {
        return fs::write(&path, result);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = folder(&path).join(format!(".{name}.{}.part", std::process::id()));
    let written = File::create(&draft)
        .and_then(|mut file| file.write_all(result).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&draft, &path));
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written
}
