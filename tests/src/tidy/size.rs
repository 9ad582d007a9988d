//! How large things may grow before they must be taken apart.

use super::source::{block, code, is_word, line, word_at};
use super::{File, none, plant, repository, rust};

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 70;
const COLUMNS: usize = 100;
const MEDIAN_FILE_LINES: usize = 150;
const MEDIAN_FUNCTION_LINES: usize = 10;

/// `(file, or file and function as "a.rs fn b", reason)`. An entry that is not needed is a fault.
const LARGE: &[(&str, &str)] = &[];

/// A function's name, first line and number of lines, signature and braces included.
struct Function {
    name: String,
    line: usize,
    lines: usize,
}

/// The functions with a body; types like `fn(u8)` and declarations have none.
fn functions(text: &str) -> Vec<Function> {
    let code = code(text);
    let mut found = Vec::new();
    for at in word_at(&code, "fn") {
        let rest = code[at + 2..].trim_start();
        let name: String = rest.chars().take_while(|c| is_word(*c)).collect();
        let open = at + body(&code[at..]);
        if !name.is_empty() && code[open..].starts_with('{') {
            let end = open + block(&code[open..]);
            let first = line(&code, at);
            found.push(Function { name, line: first, lines: line(&code, end) - first + 1 });
        }
    }
    found
}

/// Where a signature ends: its `{`, or the `;` of a declaration. `;` in `[u8; 4]` does not count.
fn body(code: &str) -> usize {
    let mut depth = 0_i32;
    for (i, c) in code.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '{' | ';' if depth <= 0 => return i,
            _ => {}
        }
    }
    code.len()
}

/// What is too large, by the key that an exception would have.
fn large(files: &[&File]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for file in files {
        let lines = file.text.lines().count();
        if lines > FILE_LINES {
            found.push((file.path.clone(), format!("{}:1: {lines} lines", file.path)));
        }
        for f in functions(&file.text).iter().filter(|f| f.lines > FUNCTION_LINES) {
            let fault = format!("{}:{}: fn {} has {} lines", file.path, f.line, f.name, f.lines);
            found.push((format!("{} fn {}", file.path, f.name), fault));
        }
    }
    found
}

fn unexcused(large: &[(String, String)], excused: &[(&str, &str)]) -> Vec<String> {
    let stale = excused.iter().filter(|(key, _)| !large.iter().any(|(k, _)| k == key));
    let stale = stale.map(|(key, _)| format!("{key} is not large: drop the exception"));
    let new = large.iter().filter(|(k, _)| !excused.iter().any(|(key, _)| key == k));
    new.map(|(_, fault)| fault.clone()).chain(stale).collect()
}

fn wide(files: &[&File]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        for (i, text) in file.text.lines().enumerate() {
            let columns = text.chars().count();
            if columns > COLUMNS {
                faults.push(format!("{}:{}: {columns} columns", file.path, i + 1));
            }
        }
    }
    faults
}

fn median(mut sizes: Vec<usize>) -> usize {
    sizes.sort_unstable();
    sizes.get(sizes.len() / 2).copied().unwrap_or(0)
}

#[test]
fn files_and_functions_stay_small() {
    none(&unexcused(&large(&rust(&repository())), LARGE));
}

#[test]
fn lines_stay_narrow() {
    none(&wide(&rust(&repository())));
    assert_eq!(wide(&[&plant("a.rs", &format!("ok\n{}", "x".repeat(101)))]).len(), 1);
}

#[test]
fn most_files_and_functions_are_smaller_still() {
    let files = repository();
    let files = rust(&files);
    let file = median(files.iter().map(|f| f.text.lines().count()).collect());
    let all = files.iter().flat_map(|f| functions(&f.text));
    let function = median(all.map(|f| f.lines).collect());
    println!("median: {file} lines a file, {function} lines a function");
    assert!(file <= MEDIAN_FILE_LINES, "the median file has {file} lines");
    assert!(function <= MEDIAN_FUNCTION_LINES, "the median function has {function} lines");
}

#[test]
fn a_large_file_or_function_is_seen() {
    let long = plant("a.rs", &"\n".repeat(501));
    let text = format!("type F = fn(u8);\nfn b(x: [u8; 4])\nwhere\n{{\n{}}}", "f();\n".repeat(68));
    let function = plant("b.rs", &text);
    let seen = large(&[&long, &function]);
    let keys: Vec<&str> = seen.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["a.rs", "b.rs fn b"]);
    assert_eq!(unexcused(&seen, &[]).len(), 2);
    assert_eq!(unexcused(&seen, &[("a.rs", "why"), ("b.rs fn b", "why")]).len(), 0);
    assert_eq!(unexcused(&[], &[("a.rs", "stale")]).len(), 1);
}

#[test]
fn a_function_is_measured_from_its_name_to_its_brace() {
    let text = "fn a() {}\n/// doc\nfn b(\n) -> u8 {\n  \"}\"; // }\n  '{'\n}\ntrait T { fn c(); }";
    let sizes: Vec<(String, usize)> =
        functions(text).into_iter().map(|f| (f.name, f.lines)).collect();
    assert_eq!(sizes, [("a".to_owned(), 1), ("b".to_owned(), 5)]);
    assert_eq!(median(vec![9, 1, 5]), 5);
}
