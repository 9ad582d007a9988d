  // the modules, their glue and the worker's script are inside this very file
  const inside = (id) => {
    const place = document.getElementById(id);
    const bytes = Uint8Array.from(atob(place.textContent.trim()), (c) => c.charCodeAt(0));
    place.remove();
    return bytes;
  };
  const parts = async () => {
    const zipped = new Blob([inside("unpacker")]).stream();
    const unpacker = new Response(zipped.pipeThrough(new DecompressionStream("gzip")));
    const bytes = await unpack(await unpacker.arrayBuffer(), inside("module"));
    const script = new Blob([text("glue"), "\n", text("worker")], { type: "text/javascript" });
    return [bytes, URL.createObjectURL(script)];
  };
