//! Makes the JavaScript that loads a WASM module: the library form of the wasm-bindgen tool.

use wasm_bindgen_cli_support::Bindgen;

use crate::shell::Done;

/// Binds `module` for node into the folder `out`.
pub(crate) fn bind(module: &str, out: &str) -> Done {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).out_name("busyhour").typescript(false);
    let made = bindgen.nodejs(true).and_then(|ready| ready.generate(out));
    made.map_err(|e| format!("cannot bind {module}: {e:#}"))
}
