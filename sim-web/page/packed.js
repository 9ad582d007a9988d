  // the module, its glue and the worker's script are inside this very file
  const parts = async () => {
    const packed = Uint8Array.from(atob(text("module").trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    document.getElementById("module").remove();
    const inside = new Blob([text("glue"), "\n", text("worker")], { type: "text/javascript" });
    return [await new Response(stream).arrayBuffer(), URL.createObjectURL(inside)];
  };
