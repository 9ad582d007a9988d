  // the module and the worker's script lie beside this file
  const names = document.currentScript.dataset;
  const parts = async () => {
    const answer = await fetch(names.module);
    if (!answer.ok) throw names.module + " is not there (" + answer.status + ")";
    return [await answer.arrayBuffer(), names.worker];
  };
