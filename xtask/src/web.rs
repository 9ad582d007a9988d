//! Makes the page from `index.html`: as one offline file, and as a folder to put on a server.

mod hosted;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::shell::{program, read, root, write};
use crate::wasm::{Host, Module, bound};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What both forms of the page are made of.
struct Parts {
    /// What loads the module: `busyhour.js`.
    glue: String,
    /// The module, packed.
    module: Vec<u8>,
    /// What loads its unpacker, and that.
    unpack: String,
    unpacker: Vec<u8>,
    style: String,
    scenarios: String,
}

/// Builds both forms of the page, says how large the single file is and returns its path.
pub(crate) fn build() -> Result<PathBuf, String> {
    let glue = bound(Module::Run, Host::Page)?;
    let unpack = bound(Module::Unpacker, Host::Page)?;
    let parts = Parts {
        glue: read(&glue.join("busyhour.js"))?,
        module: bytes(&glue.join("busyhour_bg.wasm.lzma"))?,
        unpack: read(&unpack.join("unpack.js"))?,
        unpacker: bytes(&unpack.join("unpack_bg.wasm"))?,
        style: style()?,
        scenarios: scenarios()?,
    };
    hosted::build(&parts, &root().join("target/web/dist"))?;
    let page = single(&parts)?;
    let path = root().join("target/web/busyhour.html");
    write(&path, page.as_bytes())?;
    let sent = zipped(page.as_bytes())?.len();
    let kib = |n: usize| n as f64 / 1024.0;
    let name = path.display();
    println!("{name} ({:.0} KiB, {:.0} KiB gzipped)", kib(page.len()), kib(sent));
    Ok(path)
}

/// The page as one file.
fn single(parts: &Parts) -> Result<String, String> {
    let (start, worker) = (started(parts, "packed.js")?, own("worker.js")?);
    for (name, text) in [("the glue", &parts.glue), ("start.js", &start), ("worker.js", &worker)] {
        if text.contains("</script") {
            return Err(format!("{name} would end its own script element"));
        }
    }
    let (module, unpacker) = (base64(&parts.module), base64(&zipped(&parts.unpacker)?));
    let hashes = format!("{} {}", hash(&parts.glue)?, hash(&start)?);
    let program = format!(
        "<script type=\"application/octet-stream\" id=\"module\">{module}</script>\n\
         <script type=\"application/octet-stream\" id=\"unpacker\">{unpacker}</script>\n\
         <script type=\"text/plain\" id=\"worker\">{worker}</script>\n\
         <script id=\"glue\">{}</script>\n<script>{start}</script>",
        parts.glue
    );
    let policy = format!(
        "script-src {hashes} 'wasm-unsafe-eval'; worker-src blob:; style-src 'unsafe-inline'"
    );
    shell(parts, [policy, format!("<style>{}</style>", parts.style), program])
}

/// The shell filled with a policy, what brings the styles and what brings the program.
fn shell(parts: &Parts, [policy, style, program]: [String; 3]) -> Result<String, String> {
    let places = [
        ("{{policy}}", policy),
        ("<!--{{style}}-->", style),
        ("{{scenarios}}", parts.scenarios.clone()),
        ("<!--{{program}}-->", program),
    ];
    filled("index.html", &read(&root().join("index.html"))?, &places)
}

/// The script that starts the page, with its way to find the page's parts.
fn started(parts: &Parts, way: &str) -> Result<String, String> {
    let places = [("/*{{parts}}*/", own(way)?), ("/*{{unpack}}*/", parts.unpack.clone())];
    filled("start.js", &own("start.js")?, &places)
}

/// A file of the page's own.
fn own(name: &str) -> Result<String, String> {
    read(&root().join("sim-web/page").join(name))
}

/// The styles of the report, so that both are of one family, with a theme that can be chosen, those
/// of what many runs and sweeps say, and those of the page alone.
fn style() -> Result<String, String> {
    let report = read(&root().join("sim-core/src/report/html/page.css"))?;
    let many = read(&root().join("sim-core/src/experiment/html/page.css"))?;
    let sweep = read(&root().join("sim-core/src/experiment/sweep/page.css"))?;
    Ok(choosable(&report)? + &many + &sweep + &own("page.css")?)
}

/// Styles in which the root element's `data-theme` wins over the system's.
fn choosable(style: &str) -> Result<String, String> {
    let (open, close) = ("@media (prefers-color-scheme:dark){:root{", "}}");
    let parts = style.split_once(open).and_then(|(before, rest)| {
        let (dark, after) = rest.split_once(close)?;
        Some((before, dark, after))
    });
    let (before, dark, after) = parts.ok_or(format!("the report's styles have no {open}"))?;
    Ok(format!(
        "{before}@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}\
         :root[data-theme=dark]{{color-scheme:dark;{dark}}}\
         :root[data-theme=light]{{color-scheme:light}}{after}"
    ))
}

/// The template of that name with each place filled; a place that is not there exactly once is an
/// error.
fn filled(name: &str, template: &str, parts: &[(&str, String)]) -> Result<String, String> {
    let mut places = Vec::new();
    for (place, text) in parts {
        let mut found = template.match_indices(place);
        let (Some((at, _)), None) = (found.next(), found.next()) else {
            return Err(format!("{name} must say {place} exactly once"));
        };
        places.push((at, at + place.len(), text));
    }
    places.sort_unstable_by_key(|(at, ..)| *at);
    let (mut page, mut from) = (String::new(), 0);
    for (at, end, text) in places {
        page.push_str(&template[from..at]);
        page.push_str(text);
        from = end;
    }
    page.push_str(&template[from..]);
    Ok(page)
}

/// Every scenario by name, as JSON that may stand in a script element.
fn scenarios() -> Result<String, String> {
    let folder = root().join("scenarios");
    let files = fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut paths: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "yaml"));
    paths.sort();
    let mut entries = Vec::new();
    for path in paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        entries.push(format!("{}:{}", quoted(&name), quoted(&read(&path)?)));
    }
    Ok(format!("{{{}}}", entries.join(",\n")))
}

/// A JSON string without anything that ends a script element.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '<' => out.push_str("\\u003c"),
            c if c.is_control() => {
                // writing to a string cannot fail
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// What a content security policy calls a script that it allows.
fn hash(script: &str) -> Result<String, String> {
    Ok(format!("'sha256-{}'", base64(&sha256(script.as_bytes())?)))
}

fn sha256(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let printed = piped("sha256sum", &[], bytes)?;
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
    let digest: Option<Vec<u8>> = printed.get(..64).and_then(|s| s.chunks(2).map(byte).collect());
    digest.ok_or_else(|| "sha256sum printed no digest".to_owned())
}

fn zipped(bytes: &[u8]) -> Result<Vec<u8>, String> {
    piped("gzip", &["-9", "-n", "-c"], bytes)
}

fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut word = [0; 4];
        word[1..=chunk.len()].copy_from_slice(chunk);
        let word = u32::from_be_bytes(word);
        for index in 0..4 {
            let six = (word >> (18 - 6 * index)) & 63;
            let digit = ALPHABET[six as usize] as char;
            out.push(if index <= chunk.len() { digit } else { '=' });
        }
    }
    out
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|e| format!("cannot read {}: {e}", path.display()))
}

/// What a filter makes of some bytes.
fn piped(filter: &str, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, String> {
    // through a file: a pipe that nobody empties would stop both sides
    let file = root().join("target/web").join(format!("{filter}.in"));
    write(&file, input)?;
    let input = fs::File::open(&file).map_err(|e| e.to_string())?;
    let mut command: Command = program(filter);
    command.args(arguments).stdin(input).stderr(Stdio::inherit());
    let out = command.output().map_err(|e| format!("cannot run {filter}: {e}"))?;
    if out.status.success() { Ok(out.stdout) } else { Err(format!("{filter}: {}", out.status)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        let said = [&b""[..], b"f", b"fo", b"foo", b"foob", b"fooba", b"foobar"].map(base64);
        assert_eq!(said, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]);
    }

    #[test]
    fn the_hash_is_what_a_policy_wants() {
        let abc = "'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='";
        assert_eq!(hash("abc").as_deref(), Ok(abc));
    }

    #[test]
    fn a_scenario_cannot_leave_its_script_element() {
        assert_eq!(quoted("</script>\n\"\\\t"), "\"\\u003c/script>\\n\\\"\\\\\\u0009\"");
    }

    #[test]
    fn a_chosen_theme_wins_over_the_systems() {
        let style = choosable("a{b:c}@media (prefers-color-scheme:dark){:root{--x:1}}d{e:f}");
        let wanted = "a{b:c}@media (prefers-color-scheme:dark){:root:not([data-theme=light])\
                      {--x:1}}:root[data-theme=dark]{color-scheme:dark;--x:1}\
                      :root[data-theme=light]{color-scheme:light}d{e:f}";
        assert_eq!(style.as_deref(), Ok(wanted));
        assert!(choosable("a{}").is_err());
    }

    #[test]
    fn what_fills_a_place_is_not_searched_for_places() {
        let parts = [("{b}", "2".to_owned()), ("{a}", "{b}".to_owned())];
        assert_eq!(filled("x", "<{a} {b}>", &parts).as_deref(), Ok("<{b} 2>"));
        assert!(filled("x", "<{a}>", &parts).is_err_and(|why| why.contains("{b}")));
    }
}
