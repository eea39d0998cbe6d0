// What pages share: light or dark, colours of trackers, tables that sort. No library, no network.
"use strict";

(() => {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  // A page that was opened from a folder may not be allowed to remember anything.
  const remembered = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const remember = (theme) => { try { localStorage.setItem("theme", theme); } catch { /* as above */ } };

  const show = (theme) => {
    root.dataset.theme = theme;
    for (const button of document.querySelectorAll("button.theme")) {
      button.textContent = theme === "dark" ? "Light" : "Dark";
    }
    document.dispatchEvent(new CustomEvent("themechange", { detail: theme }));
  };
  const wanted = () => remembered() ?? (system.matches ? "dark" : "light");
  show(wanted()); // before anything is painted
  system.addEventListener("change", () => show(wanted()));

  const switchTheme = () => {
    const other = root.dataset.theme === "dark" ? "light" : "dark";
    remember(other);
    show(other);
  };

  // ---------------------------------------------------------------- colours of trackers

  // The figures' colours; on a dark page their black, grey and blue become lines that can be seen.
  const DARK = new Map([["#000000", "#F2F2F2"], ["#6E6E6E", "#A9A9A9"], ["#0072B2", "#3FA0DC"]]);
  const ink = (color) => `light-dark(${color}, ${DARK.get(color) ?? color})`;

  // A piece of a tracker's line, for legends.
  const swatch = ({ color, dash }) => {
    const [svg, line] = ["svg", "path"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
    const dashes = dash.map((part) => 2 * part).join(" ");
    const set = (element, values) => Object.entries(values).forEach((pair) => element.setAttribute(...pair));
    set(svg, { class: "swatch", width: 28, height: 10, "aria-hidden": "true" });
    set(line, { d: "M1 5H27", style: `stroke: ${ink(color)}; stroke-width: 2`, "stroke-dasharray": dashes });
    svg.append(line);
    return svg;
  };

  // ---------------------------------------------------------------- tables

  const NUMBER = /^[≥<]?\s*([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?!\w)/i;

  // A cell may say what it sorts by in data-sort. Missing values are last, whatever the order.
  const key = (cell) => {
    const text = (cell.dataset.sort ?? cell.textContent).trim();
    if (text === "" || text === "–") return null;
    const number = NUMBER.exec(text);
    return number ? Number(number[1]) : text.toLowerCase();
  };

  const compare = (a, b) => (typeof a === "number" && typeof b === "number")
    ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });

  const sort = (table, column, ascending) => {
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [key(row.cells[column]), row]);
    rows.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return ascending ? compare(a, b) : compare(b, a);
    });
    body.append(...rows.map(([, row]) => row));
  };

  const makeSortable = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        // Scores are read from the best down, names from A on.
        const first = head.classList.contains("number") ? "descending" : "ascending";
        const second = first === "ascending" ? "descending" : "ascending";
        const next = head.getAttribute("aria-sort") === first ? second : first;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", next);
        sort(table, column, next === "ascending");
      });
    });
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("button.theme")) {
      button.hidden = false;
      button.addEventListener("click", switchTheme);
    }
    show(root.dataset.theme);
    document.querySelectorAll("table.sortable").forEach(makeSortable);
    const current = document.querySelector("nav [aria-current]");
    if (current) { // on a phone the row of pages scrolls
      const row = current.closest("nav");
      row.scrollLeft = current.offsetLeft - (row.clientWidth - current.offsetWidth) / 2;
    }
  });

  window.dslt = { DARK, ink, swatch, makeSortable, plots: {} };
})();
