//! The manifest file of a sweep: appended to, never rewritten, and locked while somebody writes.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sim_core::{Header, Manifest, PointRecord, Shard};

use crate::exit::Failure;

/// An open manifest.
pub(crate) struct Book {
    path: PathBuf,
    file: File,
}

/// The manifest's name in a folder.
fn name(shard: Option<Shard>) -> String {
    match shard {
        None => "manifest.jsonl".to_owned(),
        Some(Shard { index, of }) => format!("manifest-{index}-of-{of}.jsonl"),
    }
}

impl Book {
    /// Opens or begins the manifest in a folder, which is made if it is not there; with what is
    /// finished already. What was torn off at the end is cut away.
    pub(crate) fn open(
        folder: &Path,
        header: &Header,
    ) -> Result<(Self, Vec<PointRecord>), Failure> {
        let cannot = |path: &Path, why: &dyn std::fmt::Display| {
            Failure::internal(format!("cannot write {}: {why}", path.display()))
        };
        fs::create_dir_all(folder).map_err(|error| cannot(folder, &error))?;
        let path = folder.join(name(header.shard));
        let file = OpenOptions::new().read(true).append(true).create(true).open(&path);
        let mut file = file.map_err(|error| cannot(&path, &error))?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => Failure::usage(format!(
                "another sweep is writing {}: wait for it, or name another folder",
                path.display()
            )),
            TryLockError::Error(error) => cannot(&path, &error),
        })?;
        let mut text = String::new();
        file.read_to_string(&mut text)
            .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
        let known = Manifest::read(&text)
            .map_err(|why| Failure::usage(format!("{}: {why}", path.display())))?;
        let mut book = Book { path, file };
        let whole = known.as_ref().map_or(0, |known| known.whole);
        if whole < text.len() as u64 {
            book.cut(whole)?;
        }
        let Some(known) = known else {
            book.append(&header.to_line().map_err(Failure::internal)?)?;
            return Ok((book, Vec::new()));
        };
        let differences = known.header.differences(header);
        if !differences.is_empty() {
            return Err(changed(&book.path, &differences));
        }
        Ok((book, known.records))
    }

    fn cut(&mut self, whole: u64) -> Result<(), Failure> {
        let cut = self.file.set_len(whole).and_then(|()| self.file.seek(SeekFrom::End(0)));
        cut.map(drop).map_err(|error| self.full(&error))
    }

    /// Adds lines; when it returns they are on the disk.
    pub(crate) fn append(&mut self, lines: &str) -> Result<(), Failure> {
        let written = self.file.write_all(lines.as_bytes()).and_then(|()| self.file.sync_data());
        written.map_err(|error| self.full(&error))
    }

    fn full(&self, error: &std::io::Error) -> Failure {
        Failure::internal(format!(
            "cannot write {}: {error}; what was finished is kept, and the same command goes on \
             from there",
            self.path.display()
        ))
    }
}

fn changed(path: &Path, differences: &[String]) -> Failure {
    const SHOWN: usize = 3;
    let shown: Vec<&str> = differences.iter().take(SHOWN).map(String::as_str).collect();
    let more = differences.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    Failure::usage(format!(
        "{} is of another sweep: {}{more}; change it back, or name another folder",
        path.display(),
        shown.join("; ")
    ))
}

/// Every manifest in these folders, with the names of their files.
pub(crate) fn manifests(folders: &[PathBuf]) -> Result<Vec<(String, Manifest)>, Failure> {
    let mut found = Vec::new();
    for folder in folders {
        let cannot = |error: std::io::Error| {
            Failure::usage(format!("cannot read {}: {error}", folder.display()))
        };
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(cannot)? {
            let path = entry.map_err(cannot)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with("manifest") && name.ends_with(".jsonl") {
                paths.push(path);
            }
        }
        paths.sort();
        for path in paths {
            let name = path.display().to_string();
            let wrong = |why: String| Failure::usage(format!("{name}: {why}"));
            let text = fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
            found.extend(Manifest::read(&text).map_err(wrong)?.map(|one| (name.clone(), one)));
        }
    }
    Ok(found)
}
