// Waits for the module that the page has compiled, and turns into the run's owner.
onmessage = (first) => {
  wasm_bindgen.initSync({ module: first.data });
  wasm_bindgen.worker();
};
