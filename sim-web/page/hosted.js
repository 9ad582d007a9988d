  // the modules and the worker's script lie beside this file
  const names = document.currentScript.dataset;
  const fetched = async (name) => {
    const answer = await fetch(name);
    if (!answer.ok) throw name + " is not there (" + answer.status + ")";
    return answer.arrayBuffer();
  };
  const parts = async () => {
    const [unpacker, packed] = await Promise.all([names.unpacker, names.module].map(fetched));
    return [await unpack(unpacker, new Uint8Array(packed)), names.worker];
  };
