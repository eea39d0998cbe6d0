// The page of one sequence: what is chosen, and what follows from it. The data stand in the page.
"use strict";

(() => {
  const { Player, Curves, swatch, makeSortable } = window.dslt;
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (name) => document.querySelector(`[data-is="${name}"]`);
  const TRUTH = { color: "#ffffff", dash: [], width: 2 };
  // What has a use of its own for Space or for arrows; all others are the player's.
  const PRESSED = "a, button, summary, select, textarea, input:not([type=range])";
  const MOVED = ".wide, select, textarea, input:not([type=checkbox])";
  const state = { shown: new Set(data.shown), truth: true, seed: null, frame: 0 };

  // ---------------------------------------------------------------- what the address says

  const decoded = (text) => new URLSearchParams(`it=${text}`).get("it");

  const readAddress = () => {
    const asked = new URLSearchParams(location.hash.slice(1));
    const known = new Set(data.cells.map((cell) => cell.id));
    // Commas part the ids; one within an id is encoded, so each id is decoded on its own.
    const said = location.hash.slice(1).split("&").find((one) => one.startsWith("cells="));
    const cells = said?.slice("cells=".length).split(",").map(decoded);
    if (cells) state.shown = new Set(cells.filter((id) => known.has(id)));
    if (asked.has("seed")) state.seed = Number(asked.get("seed"));
    const frame = Number.parseInt(asked.get("frame") ?? "", 10);
    return Number.isNaN(frame) ? null : frame;
  };

  const writeAddress = () => {
    const said = [`cells=${[...state.shown].map(encodeURIComponent).join(",")}`];
    if (state.seed !== null) said.push(`seed=${state.seed}`);
    history.replaceState(null, "", `#${said.join("&")}`);
  };

  // Of a tracker without the chosen seed, its first run is shown.
  const runOf = (cell) => cell.runs.find((run) => run.seed === state.seed) ?? cell.runs[0];

  // ---------------------------------------------------------------- player, curves, table

  const player = new Player(find("stage"), data, (frame) => {
    state.frame = frame;
    follow();
  });
  const seek = (frame) => player.seek(frame);
  const overlap = new Curves(find("overlap"), data.frames, [0, 1], seek);
  const score = new Curves(find("score"), data.frames, null, seek);
  const table = find("cells");
  const now = new Map(); // cell -> the two numbers that follow the frame

  const chosen = () => data.cells.filter((cell) => state.shown.has(cell.id));

  player.regions = (frame) => {
    const boxes = chosen().map((cell) => ({
      ...cell, region: runOf(cell).regions[frame], width: 2,
    }));
    const truth = state.truth ? [{ ...TRUTH, region: data.truth[frame] }] : [];
    return [...truth, ...boxes.reverse()]; // the first one on top
  };

  const text = (value, digits = 3) => (value === null || value === undefined ? "–" : value.toFixed(digits));

  // What changes from frame to frame.
  const follow = () => {
    const slider = find("slider");
    slider.value = state.frame;
    slider.setAttribute("aria-valuetext", `frame ${state.frame} of ${data.frames - 1}`);
    find("blank").hidden = !player.blank;
    find("frame").textContent = `${state.frame} / ${data.frames - 1}`;
    find("play").setAttribute("aria-label", player.playing ? "Pause" : "Play");
    find("play").classList.toggle("playing", player.playing);
    [overlap, score].forEach((curves) => curves.cursor(state.frame));
    for (const cell of data.cells) {
      const run = runOf(cell);
      const [first, second] = now.get(cell.id);
      first.textContent = run.failed.includes(state.frame) ? "failed" : text(run.overlap[state.frame]);
      second.textContent = text(run.score?.[state.frame]);
    }
  };

  // What changes with the choice of trackers or of the seed.
  const refresh = () => {
    const lines = (kind) => chosen().filter((cell) => runOf(cell)[kind]).map((cell) => {
      const run = runOf(cell);
      return { ...cell, values: run[kind], failed: run.failed, started: run.started };
    });
    const names = chosen().map((cell) => cell.label).join(", ") || "no tracker";
    overlap.show(lines("overlap"), data.absent, `Overlap with the truth over the frames: ${names}`);
    const scored = lines("score");
    score.show(scored, data.absent, `Score over the frames: ${names}`);
    find("score").hidden = !scored.length;
    find("no-score").hidden = Boolean(scored.length);
    for (const row of table.tBodies[0].rows) {
      const cell = data.cells.find(({ id }) => id === row.dataset.cell);
      row.querySelector("input").checked = state.shown.has(cell.id);
      row.classList.toggle("off", !state.shown.has(cell.id));
      const values = runOf(cell).values;
      data.metrics.forEach(({ digits }, i) => {
        row.cells[i + 1].textContent = text(values[i], digits);
      });
    }
    player.draw();
    follow();
  };

  const changed = () => { writeAddress(); refresh(); };

  const makeRow = (cell) => {
    const row = table.tBodies[0].insertRow();
    row.dataset.cell = cell.id;
    const head = document.createElement("th");
    head.scope = "row";
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.addEventListener("change", () => {
      state.shown[box.checked ? "add" : "delete"](cell.id);
      changed();
    });
    label.append(box, swatch(cell), cell.label);
    head.dataset.sort = cell.label;
    head.append(label);
    row.append(head);
    for (let i = 0; i < data.metrics.length + 2; i += 1) row.insertCell().className = "number";
    now.set(cell.id, [...row.cells].slice(-2));
  };

  // ---------------------------------------------------------------- controls

  const chooseAll = (ids) => { state.shown = new Set(ids); changed(); };

  const listen = () => {
    find("play").addEventListener("click", () => player.toggle());
    find("back").addEventListener("click", () => player.step(-1));
    find("on").addEventListener("click", () => player.step(1));
    find("slider").addEventListener("input", (event) => seek(Number(event.target.value)));
    find("speed").addEventListener("change", (event) => { player.speed = Number(event.target.value); });
    find("all").addEventListener("click", () => chooseAll(data.cells.map(({ id }) => id)));
    find("none").addEventListener("click", () => chooseAll([]));
    find("truth").addEventListener("change", (event) => {
      state.truth = event.target.checked;
      player.draw();
    });
    find("seed")?.addEventListener("change", (event) => {
      state.seed = Number(event.target.value);
      changed();
    });
    find("stage").addEventListener("click", () => player.toggle());
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const { key, target } = event;
      const moves = { ArrowLeft: -1, ArrowRight: 1 };
      if (key === " " && !target.matches(PRESSED)) player.toggle();
      else if (key in moves && !target.matches(MOVED)) player.step(moves[key] * (event.shiftKey ? 10 : 1));
      else return;
      event.preventDefault();
    });
    document.addEventListener("themechange", () => refresh());
    window.addEventListener("hashchange", start);
    // Going back, a browser gives controls the values that they had, and tells of no change.
    window.addEventListener("pageshow", () => {
      state.truth = find("truth").checked;
      player.speed = Number(find("speed").value);
      refresh();
    });
  };

  const start = () => {
    const frame = readAddress();
    const seed = find("seed");
    if (seed) {
      state.seed ??= Number(seed.value);
      seed.value = String(state.seed);
    }
    refresh();
    if (frame !== null) seek(frame);
  };

  data.cells.forEach(makeRow);
  makeSortable(table);
  listen();
  start();
})();
