//! The page as a folder for any web server, below any path: one shell, and files named after what
//! is in them, which a browser may keep for ever.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::{Parts, own, sha256, shell, started};
use crate::shell::{Done, write};

/// What the page may load: its own files, and nothing else.
const POLICY: &str = "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; \
                      connect-src 'self'; style-src 'self' 'unsafe-inline'";

/// Makes the folder anew.
pub(super) fn build(parts: &Parts, folder: &Path) -> Done {
    if folder.exists() {
        fs::remove_dir_all(folder)
            .map_err(|e| format!("cannot empty {}: {e}", folder.display()))?;
    }
    let put = |stem: &str, end: &str, bytes: &[u8]| -> Result<String, String> {
        let name = format!("{stem}-{}.{end}", short(bytes)?);
        write(&folder.join(&name), bytes)?;
        Ok(name)
    };
    let style = put("page", "css", parts.style.as_bytes())?;
    let glue = put("busyhour", "js", parts.glue.as_bytes())?;
    let module = put("busyhour", "wasm.lzma", &parts.module)?;
    let unpacker = put("unpack", "wasm", &parts.unpacker)?;
    // a worker finds its imports beside itself
    let worker = format!("importScripts(\"{glue}\");\n{}", own("worker.js")?);
    let worker = put("worker", "js", worker.as_bytes())?;
    let start = put("start", "js", started(parts, "hosted.js")?.as_bytes())?;
    let program = format!(
        "<script src=\"{glue}\"></script>\n\
         <script src=\"{start}\" data-module=\"{module}\" data-unpacker=\"{unpacker}\" \
         data-worker=\"{worker}\"></script>"
    );
    let style = format!("<link rel=\"stylesheet\" href=\"{style}\">");
    let page = shell(parts, [POLICY.to_owned(), style, program])?;
    write(&folder.join("index.html"), page.as_bytes())
}

/// The beginning of the digest of some bytes.
fn short(bytes: &[u8]) -> Result<String, String> {
    Ok(sha256(bytes)?.iter().take(8).fold(String::new(), |mut name, byte| {
        // writing to a string cannot fail
        let _ = write!(name, "{byte:02x}");
        name
    }))
}
