//! Every command that a page in `docs` shows can be typed as it stands.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A folder with the scenarios in it, as somebody has who reads a page.
struct Desk(PathBuf);

impl Desk {
    fn new(name: &str) -> Self {
        let name = format!("busyhour-{name}-{}", std::process::id());
        let desk = std::env::temp_dir().join(name);
        for folder in ["scenarios", "tests/reality"] {
            copy(&Path::new(ROOT).join(folder), &desk.join(folder));
        }
        Desk(desk)
    }

    /// Types a line; `# exits with 99` behind it says how it ends.
    fn type_in(&self, line: &str) {
        let (command, comment) = line.split_once(" #").unwrap_or((line, ""));
        let wanted = comment.trim().strip_prefix("exits with ").map_or(0, |code| {
            code.split(|c: char| !c.is_ascii_digit())
                .next()
                .and_then(|code| code.parse().ok())
                .expect("a code")
        });
        let words = words(command);
        let mut busyhour = Command::new(env!("CARGO_BIN_EXE_busyhour"));
        busyhour.args(&words[1..]).current_dir(&self.0);
        busyhour.env("GITHUB_STEP_SUMMARY", self.0.join("summary.md"));
        let output = busyhour.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(wanted), "{line}: {said}");
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // what is left of it hurts nobody
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let from = entry.expect("an entry").path();
        let to = to.join(from.file_name().expect("a name"));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(&from, &to).expect("a copy");
        }
    }
}

/// The words of a line as a shell has them; only single quotes are known.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for (index, part) in line.split('\'').enumerate() {
        if index % 2 == 1 {
            words.last_mut().expect("a word").push_str(part);
            continue;
        }
        for (index, piece) in part.split(' ').enumerate() {
            if index > 0 {
                words.push(String::new());
            }
            words.last_mut().expect("a word").push_str(piece);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Lines of a page that are typed: those of its `sh` blocks that begin with `busyhour `.
fn typed(page: &str) -> Vec<&str> {
    let blocks = page.split("\n```").enumerate().filter(|(index, _)| index % 2 == 1);
    let shell = blocks.filter_map(|(_, block)| block.strip_prefix("sh\n"));
    shell.flat_map(str::lines).filter(|line| line.starts_with("busyhour ")).collect()
}

#[test]
fn what_the_documentation_says_to_type_works() {
    let mut pages: Vec<PathBuf> = std::fs::read_dir(Path::new(ROOT).join("docs"))
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "md"))
        .collect();
    pages.sort();
    let mut lines = 0;
    for path in pages {
        let page = std::fs::read_to_string(&path).expect("the page");
        let desk = Desk::new(&path.file_stem().expect("a name").to_string_lossy());
        typed(&page).into_iter().for_each(|line| desk.type_in(line));
        lines += typed(&page).len();
    }
    assert!(lines >= 12, "{lines} lines are typed");
}

#[test]
fn the_workflow_for_github_says_what_the_binary_accepts() {
    let text = std::fs::read_to_string(Path::new(ROOT).join("docs/busyhour.yml")).expect("it");
    let desk = Desk::new("workflow");
    let lines = text.lines().map(str::trim);
    let steps: Vec<&str> = lines.filter_map(|line| line.strip_prefix("run: ")).collect();
    let played: Vec<&&str> = steps.iter().filter(|step| step.starts_with("busyhour ")).collect();
    assert!(played.len() >= 2, "{steps:?}");
    played.iter().for_each(|step| desk.type_in(step));
    for wanted in ["summary.md", "busyhour.xml"] {
        assert!(desk.0.join(wanted).is_file(), "{wanted}");
    }
}
