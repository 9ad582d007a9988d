
(() => {
  const root = document.documentElement;
  const plots = [...document.querySelectorAll(".plot")].map((plot) => {
    const figure = plot.closest("figure");
    const rows = [...figure.querySelectorAll("tr")].map((row) => [...row.children]);
    return { plot, output: figure.querySelector("output"), names: rows.shift(), rows };
  });
  const show = (part) => {
    const at = Math.min(Math.max(part, 0), 0.9999);
    root.style.setProperty("--at", at * 100 + "%");
    for (const { output, names, rows } of plots) {
      const row = rows[Math.floor(at * rows.length)];
      if (!row) continue;
      const cells = row.slice(1).map((cell, i) => names[i + 1].textContent + " " + cell.textContent);
      const said = cells.filter((cell) => !cell.endsWith(" -"));
      output.textContent = "from " + row[0].textContent + ": " + said.join(", ");
    }
  };
  const hide = () => {
    root.removeAttribute("style");
    for (const { output } of plots) output.textContent = "";
  };
  let last = 0;
  for (const { plot } of plots) {
    plot.tabIndex = 0;
    plot.addEventListener("pointermove", (event) => {
      const box = plot.getBoundingClientRect();
      show((last = (event.clientX - box.left) / box.width));
    });
    plot.addEventListener("pointerleave", hide);
    plot.addEventListener("blur", hide);
    plot.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -0.01, ArrowRight: 0.01 }[event.key];
      if (!step) return;
      event.preventDefault();
      show((last = Math.min(Math.max(last + step, 0), 1)));
    });
  }
})();
