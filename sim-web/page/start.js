// Unpacks the module, compiles it once for the page and every worker, and starts the page.
(async () => {
  "use strict";
  const text = (id) => document.getElementById(id).textContent;
  const said = (problem) => {
    const place = document.getElementById("busyhour");
    place.textContent = "The page cannot start: " + problem;
    place.setAttribute("role", "alert");
  };
  try {
    const packed = Uint8Array.from(atob(text("module").trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const module = await WebAssembly.compile(await new Response(stream).arrayBuffer());
    document.getElementById("module").remove();
    const inside =
      text("glue") +
      "\nonmessage = (first) => {" +
      "wasm_bindgen.initSync({ module: first.data }); wasm_bindgen.worker(); };";
    const script = URL.createObjectURL(new Blob([inside], { type: "text/javascript" }));
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
