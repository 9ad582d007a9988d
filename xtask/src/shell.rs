//! Small words for running programs and touching files, with errors that say what was tried.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a chore ends in: nothing, or a sentence for people.
pub(crate) type Done = Result<(), String>;

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}

/// A program about to run at the repository's root, without standard input.
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// The cargo that runs this very chore, so that one toolchain does all of it.
pub(crate) fn cargo() -> Command {
    program(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
}

/// Runs a program with its output shown; anything but success is an error.
pub(crate) fn run(command: &mut Command) -> Done {
    let status = command.status().map_err(|e| format!("cannot run {}: {e}", line(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", line(command))) }
}

/// Runs a program and returns what it printed; its errors are shown.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    command.stderr(Stdio::inherit());
    let out = command.output().map_err(|e| format!("cannot run {}: {e}", line(command)))?;
    if !out.status.success() {
        return Err(format!("{} ended with {}", line(command), out.status));
    }
    String::from_utf8(out.stdout).map_err(|e| format!("{} printed no text: {e}", line(command)))
}

/// Does a program start and answer `--version`?
pub(crate) fn present(name: &str) -> bool {
    let mut command = program(name);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|s| s.success())
}

/// The command as a person would type it.
fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|w| w.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Reads a text file.
pub(crate) fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))
}

/// Writes a file and the folders above it.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Done {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|e| format!("cannot make {}: {e}", folder.display()))?;
    fs::write(path, bytes).map_err(|e| format!("cannot write {}: {e}", path.display()))
}

/// The repository's files, committed or about to be, as paths from the root.
pub(crate) fn files(pattern: &str) -> Result<Vec<String>, String> {
    let list = ["ls-files", "--cached", "--others", "--exclude-standard", "--", pattern];
    let text = output(program("git").args(list))?;
    Ok(text.lines().filter(|f| root().join(f).is_file()).map(str::to_owned).collect())
}
