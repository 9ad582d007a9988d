//! Makes the JavaScript that loads a WASM module: the library form of the wasm-bindgen tool.

use wasm_bindgen_cli_support::Bindgen;

use crate::shell::Done;

/// Binds `module` for a host into the folder `out`.
pub(crate) fn bind(module: &str, host: &str, out: &str) -> Done {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).out_name("busyhour").typescript(false).remove_name_section(true);
    let ready = match host {
        "nodejs" => bindgen.nodejs(true),
        "no-modules" => bindgen.no_modules(true),
        other => return Err(format!("nobody loads modules as {other}")),
    };
    let made = ready.and_then(|ready| ready.generate(out));
    made.map_err(|e| format!("cannot bind {module}: {e:#}"))
}
