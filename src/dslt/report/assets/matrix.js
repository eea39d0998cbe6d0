// The matrix of sequences and trackers: which numbers, which rows and columns, in which order.
"use strict";

(() => {
  const { makeSortable } = window.dslt;
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (name) => document.querySelector(`[data-is="${name}"]`);
  const controls = ["benchmark", "metric", "attribute", "loss", "seed"];
  const table = find("matrix");
  let order = null; // heading and direction that the rows are sorted by
  let only = []; // ids or names of the trackers that a link asked for; empty: all

  // Cividis (Nunez, Anderton and Renslow 2018), even in lightness and safe for colour-blind eyes.
  const STOPS = [
    [0, 34, 78], [18, 53, 112], [59, 73, 108], [87, 93, 109], [112, 113, 115],
    [138, 134, 120], [165, 156, 116], [195, 179, 105], [225, 204, 85], [254, 232, 56],
  ];

  const heat = (part) => {
    const at = Math.max(0, Math.min(1, part)) * (STOPS.length - 1);
    const low = Math.min(STOPS.length - 2, Math.floor(at));
    return STOPS[low].map((value, i) => Math.round(value + (at - low) * (STOPS[low + 1][i] - value)));
  };

  // Black or white, whichever stands out more (WCAG's relative luminance).
  const inkOn = (rgb) => {
    const [r, g, b] = rgb.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
  };

  const mean = (values) => {
    const known = values.filter((value) => value !== null && value !== undefined);
    return known.length ? known.reduce((a, b) => a + b, 0) / known.length : null;
  };

  const option = (value, text) => new Option(text, value);

  // Fill a choice, and keep what was chosen where it is still there; hide what leaves no choice.
  const offer = (name, options) => {
    const select = find(name);
    const before = select.value;
    select.replaceChildren(...options);
    if (options.some(({ value }) => value === before)) select.value = before;
    select.closest("label").hidden = options.length < 2;
  };

  const benchmark = () => data.benchmarks[Number(find("benchmark").value)];

  const offerAll = () => {
    const { metrics, cells, attributes } = benchmark();
    const losses = [...new Set(cells.map(({ loss }) => loss).filter(Boolean))];
    const seeds = [...new Set(cells.flatMap(({ runs }) => runs.map(({ seed }) => seed)))];
    offer("metric", metrics.map(({ title }, i) => option(i, title)));
    offer("attribute", [option("", "all"), ...Object.entries(attributes).map(
      ([code, words]) => option(code, words ? `${code}: ${words}` : code),
    )]);
    offer("loss", [option("", "all"), ...losses.map((name) => option(name, name))]);
    offer("seed", seeds.length < 2 ? [option("", "mean")]
      : [option("", "mean of all"), ...seeds.map((seed) => option(seed, seed))]);
  };

  // ---------------------------------------------------------------- the table

  const valueOf = (cell, sequence, metric, seed) => {
    const runs = seed === "" ? cell.runs : cell.runs.filter((run) => run.seed === Number(seed));
    return mean(runs.map((run) => run.values[sequence]?.[metric]));
  };

  const header = (cells) => {
    const row = document.createElement("tr");
    for (const [text, kind] of [["Sequence", ""], ...cells.map(({ label }) => [label, "number"])]) {
      const head = document.createElement("th");
      head.scope = "col";
      head.className = kind;
      const label = document.createElement("span");
      if (kind) label.className = "turned";
      label.textContent = text;
      head.append(label);
      row.append(head);
    }
    return row;
  };

  const nameCell = (sequence, address) => {
    const head = document.createElement("th");
    head.scope = "row";
    const link = document.createElement("a");
    link.href = address;
    link.textContent = sequence.name;
    const codes = document.createElement("small");
    codes.textContent = sequence.attributes.join(" ");
    head.append(link, codes);
    head.dataset.sort = sequence.name;
    return head;
  };

  const valueCell = (value, metric, most, link) => {
    const cell = document.createElement("td");
    cell.className = "number";
    if (value === null) { cell.textContent = "–"; return cell; }
    const part = metric.less_is_better ? 1 - value / most : value / most;
    const color = heat(part);
    cell.style.backgroundColor = `rgb(${color.join(" ")})`;
    const text = value.toFixed(metric.digits);
    if (!link) { cell.textContent = text; cell.style.color = inkOn(color); return cell; }
    const anchor = document.createElement("a");
    anchor.href = link;
    anchor.textContent = text;
    anchor.style.color = inkOn(color);
    cell.append(anchor);
    return cell;
  };

  const render = () => {
    const shown = benchmark();
    const chosen = Object.fromEntries(controls.map((name) => [name, find(name).value]));
    const at = Number(chosen.metric);
    const metric = shown.metrics[at];
    const asked = shown.cells.filter(({ id, label }) => only.includes(id) || only.includes(label));
    find("all").hidden = !asked.length;
    const cells = (asked.length ? asked : shown.cells).filter(
      ({ loss, runs }) => (!chosen.loss || loss === chosen.loss)
        && (chosen.seed === "" || runs.some(({ seed }) => seed === Number(chosen.seed))),
    );
    const sequences = shown.sequences.filter(
      ({ attributes }) => !chosen.attribute || attributes.includes(chosen.attribute),
    );
    const values = sequences.map(({ name }) => cells.map((cell) => valueOf(cell, name, at, chosen.seed)));
    const most = metric.unit === "%" ? 100 : Math.max(1, ...values.flat());
    const seed = chosen.seed === "" ? "" : `&seed=${chosen.seed}`;
    const rows = sequences.map((sequence, i) => {
      const row = document.createElement("tr");
      const page = `${shown.folder}/${encodeURIComponent(sequence.name)}.html`;
      row.append(nameCell(sequence, page), ...cells.map((cell, j) => valueCell(
        values[i][j], metric, most, `${page}#cells=${encodeURIComponent(cell.id)}${seed}`,
      )));
      return row;
    });
    const last = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = `Mean of the ${sequences.length} shown`;
    last.append(head, ...cells.map((_, j) => valueCell(mean(values.map((row) => row[j])), metric, most)));
    table.tHead.replaceChildren(header(cells));
    table.tBodies[0].replaceChildren(...rows);
    table.tFoot.replaceChildren(last);
    find("count").textContent = `${sequences.length} of ${shown.sequences.length} sequences, `
      + `${cells.length} of ${shown.cells.length} trackers; ${metric.words}`;
    makeSortable(table);
    restoreOrder();
    writeAddress(chosen);
  };

  // ---------------------------------------------------------------- order and address

  const headings = () => [...table.tHead.rows[0].cells];

  const restoreOrder = () => {
    if (!order) return;
    const head = headings().find((one) => one.textContent === order.text);
    for (let i = 0; head && i < 2 && head.getAttribute("aria-sort") !== order.direction; i += 1) {
      head.querySelector("button").click();
    }
  };

  const rememberOrder = () => {
    const head = headings().find((one) => one.hasAttribute("aria-sort"));
    if (head) order = { text: head.textContent, direction: head.getAttribute("aria-sort") };
  };

  const writeAddress = (chosen) => {
    const said = new URLSearchParams({ ...chosen, benchmark: benchmark().id });
    for (const name of only) said.append("cells", name);
    for (const name of controls) if (!said.get(name)) said.delete(name);
    history.replaceState(null, "", `#${said}`);
  };

  const readAddress = () => {
    const asked = new URLSearchParams(location.hash.slice(1));
    const at = data.benchmarks.findIndex(({ id }) => id === asked.get("benchmark"));
    if (at >= 0) find("benchmark").value = String(at);
    only = asked.getAll("cells");
    offerAll();
    for (const name of controls.slice(1)) {
      const select = find(name);
      const value = asked.get(name);
      if ([...select.options].some((one) => one.value === value)) select.value = value;
    }
  };

  const start = () => { readAddress(); render(); };

  offer("benchmark", data.benchmarks.map(({ title }, i) => option(i, title)));
  find("benchmark").addEventListener("change", offerAll);
  for (const name of controls) find(name).addEventListener("change", render);
  find("all").addEventListener("click", () => { only = []; render(); });
  table.tHead.addEventListener("click", rememberOrder);
  window.addEventListener("hashchange", start);
  start();
})();
