//! Files that a sweep's scenario names, read once; and finished tables on their way to a folder.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sim_core::{Files, Outcome};

use super::parquet::parquet;
use crate::exit::Failure;
use crate::input::beside;
use crate::output::Destination;

/// Files beside another one, each read once and kept: points share them.
pub(crate) struct Beside {
    folder: PathBuf,
    known: Mutex<Vec<(String, Result<String, String>)>>,
}

impl Beside {
    /// Files in this folder.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Beside { folder, known: Mutex::new(Vec::new()) }
    }

    /// The files that were read, by path in alphabetical order, with their texts.
    pub(crate) fn texts(&self) -> Vec<(String, String)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let read = known.iter().filter_map(|(path, text)| Some((path.clone(), text.clone().ok()?)));
        let mut texts: Vec<(String, String)> = read.collect();
        texts.sort();
        texts
    }
}

impl Files for Beside {
    fn read(&self, path: &str) -> Result<String, String> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, text)) = known.iter().find(|(other, _)| other == path) {
            return text.clone();
        }
        let text = beside(&self.folder.join(path));
        known.push((path.to_owned(), text.clone()));
        text
    }
}

/// The tables of a finished sweep.
pub(crate) struct Sheet<'a>(pub(crate) &'a Outcome);

impl Sheet<'_> {
    /// Writes them into a folder, each whole or not at all.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Failure> {
        let jsonl = self.0.to_jsonl().map_err(Failure::internal)?;
        let parquet = parquet(&self.0.columns());
        let parquet = parquet.map_err(|error| Failure::internal(error.to_string()))?;
        let tables = [
            ("points.csv", self.0.to_csv().into_bytes()),
            ("points.jsonl", jsonl.into_bytes()),
            ("points.parquet", parquet),
            ("report.html", self.0.to_html().into_bytes()),
            ("answer.json", self.0.to_json().map_err(Failure::internal)?.into_bytes()),
        ];
        for (name, contents) in tables {
            Destination::File(folder.join(name)).write(&contents)?;
        }
        Ok(())
    }
}
