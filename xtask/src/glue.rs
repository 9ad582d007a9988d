//! Makes what loads a WASM module: its JavaScript, and for pages the module itself, packed.

use std::fs;
use std::path::Path;

use lzma_rust2::{LzmaOptions, LzmaWriter, Write as _};
use wasm_bindgen_cli_support::Bindgen;

use crate::shell::{Done, write};
use crate::wasm::Host;

/// Binds `module` for a host into the folder `out`, under a name.
pub(crate) fn bind(module: &str, host: &str, name: &str, out: &str) -> Done {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).out_name(name).typescript(false).remove_name_section(true);
    let ready = match host {
        host if host == Host::Node.word() => bindgen.nodejs(true),
        host if host == Host::Page.word() => bindgen.no_modules(true),
        other => return Err(format!("nobody loads modules as {other}")),
    };
    let made = ready.and_then(|ready| ready.generate(out));
    made.map_err(|e| format!("cannot bind {module}: {e:#}"))?;
    if host == Host::Page.word() {
        let bound = Path::new(out).join(format!("{name}_bg.wasm"));
        let bytes = fs::read(&bound).map_err(|e| format!("{}: {e}", bound.display()))?;
        let packed = packed(&bytes).map_err(|e| format!("cannot pack {module}: {e:?}"))?;
        write(&bound.with_extension("wasm.lzma"), &packed)?;
    }
    Ok(())
}

/// As a `.lzma` file that says how large it is. Instructions have no alignment, and what follows a
/// byte depends on its upper half.
fn packed(bytes: &[u8]) -> lzma_rust2::Result<Vec<u8>> {
    let mut options = LzmaOptions::with_preset(9);
    (options.lc, options.lp, options.pb) = (4, 0, 0);
    options.dict_size = 8 << 20;
    options.nice_len = LzmaOptions::NICE_LEN_MAX;
    options.depth_limit = 512;
    let size = Some(bytes.len() as u64);
    let mut writer = LzmaWriter::new_use_header(Vec::new(), &options, size)?;
    writer.write_all(bytes)?;
    writer.finish()
}
