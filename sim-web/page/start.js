// Finds the module, unpacks it, compiles it once for the page and every worker, and starts the page.
(async () => {
  "use strict";
  const text = (id) => document.getElementById(id).textContent;
  const said = (problem) => {
    const place = document.getElementById("busyhour");
    place.textContent = "The page cannot start: " + problem;
    place.setAttribute("role", "alert");
  };
  // lives as long as it is needed: what it holds is several times the page's size
  const unpack = async (unpacker, packed) => {
    const load = (() => {
/*{{unpack}}*/
      return wasm_bindgen;
    })();
    await load({ module_or_path: unpacker });
    return load.unpack(packed);
  };
/*{{parts}}*/
  try {
    const [bytes, script] = await parts();
    const module = await WebAssembly.compile(bytes);
    const newWorker = () => {
      const worker = new Worker(script);
      worker.postMessage(module);
      return worker;
    };
    await wasm_bindgen({ module_or_path: module });
    wasm_bindgen.page(newWorker, text("scenarios"));
  } catch (problem) {
    said(problem);
  }
})();
