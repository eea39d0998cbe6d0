// Curves over the frames of a sequence: hovering tells values, a click goes there.
"use strict";

(() => {
  const { ink, swatch } = window.dslt;
  const SVG = "http://www.w3.org/2000/svg";
  const HEIGHT = 170;
  const MARGIN = { left: 44, right: 14, top: 12, bottom: 30 };

  const add = (parent, name, attributes = {}, text = "") => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text) element.textContent = text;
    parent.append(element);
    return element;
  };

  // Steps of 1, 2 or 5 times a power of ten.
  const ticks = (low, high, most) => {
    const rough = (high - low) / most;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
    const digits = Math.max(0, -Math.floor(Math.log10(step)));
    const found = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i += 1) {
      found.push([i * step, (i * step).toFixed(digits)]);
    }
    return found;
  };

  class Curves {
    // `range` is [low, high], or null: that of the values.
    constructor(holder, frames, range, seek) {
      Object.assign(this, { holder, frames, range, lines: [], absent: [], frame: 0 });
      this.svg = add(holder, "svg", { role: "img", height: HEIGHT });
      this.tip = document.createElement("div");
      this.tip.className = "tip";
      this.tip.hidden = true;
      holder.append(this.tip);
      this.svg.addEventListener("pointerdown", (event) => {
        this.svg.setPointerCapture(event.pointerId);
        seek(this.frameAt(event));
      });
      this.svg.addEventListener("pointermove", (event) => {
        const frame = this.frameAt(event);
        if (event.buttons) seek(frame);
        this.tell(frame, event);
      });
      this.svg.addEventListener("pointerleave", () => this.tell(null));
      new ResizeObserver(() => this.draw()).observe(holder);
    }

    // `lines` have values, color, dash, label, failed and started; `absent` pairs of frames.
    show(lines, absent, label) {
      Object.assign(this, { lines, absent });
      this.svg.setAttribute("aria-label", label);
      this.draw();
    }

    x(frame) {
      return MARGIN.left + (frame / Math.max(1, this.frames - 1)) * this.inner;
    }

    y(value) {
      const [low, high] = this.domain;
      const part = (value - low) / (high - low);
      return HEIGHT - MARGIN.bottom - part * (HEIGHT - MARGIN.top - MARGIN.bottom);
    }

    frameAt(event) {
      const { left } = this.svg.getBoundingClientRect();
      const part = (event.clientX - left - MARGIN.left) / this.inner;
      return Math.max(0, Math.min(this.frames - 1, Math.round(part * (this.frames - 1))));
    }

    draw() {
      const width = this.holder.clientWidth;
      if (!width) return;
      this.inner = width - MARGIN.left - MARGIN.right;
      this.domain = this.range ?? this.reach();
      this.svg.setAttribute("width", width);
      this.svg.replaceChildren();
      this.axes(width);
      for (const line of this.lines) this.line(line);
      this.hover = add(this.svg, "path", { class: "hover", visibility: "hidden" });
      this.now = add(this.svg, "path", { class: "now" });
      this.cursor(this.frame);
    }

    reach() {
      const values = this.lines.flatMap((line) => line.values).filter((value) => value !== null);
      if (!values.length) return [0, 1];
      const low = values.reduce((a, b) => Math.min(a, b));
      const high = values.reduce((a, b) => Math.max(a, b));
      const bottom = low >= 0 ? 0 : low;
      return high > bottom ? [bottom, high + 0.04 * (high - bottom)] : [bottom, bottom + 1];
    }

    axes(width) {
      const bottom = HEIGHT - MARGIN.bottom;
      for (const [first, last] of this.absent) {
        const x = this.x(first - 0.5);
        add(this.svg, "rect", {
          class: "absent", x, y: MARGIN.top, width: this.x(last + 0.5) - x, height: bottom - MARGIN.top,
        });
      }
      for (const [value, text] of ticks(...this.domain, 5)) {
        const y = this.y(value);
        add(this.svg, "path", { class: "grid", d: `M${MARGIN.left} ${y}H${width - MARGIN.right}` });
        add(this.svg, "text", { x: MARGIN.left - 7, y: y + 4, "text-anchor": "end" }, text);
      }
      for (const [value, text] of ticks(0, Math.max(1, this.frames - 1), Math.max(2, width / 90))) {
        if (!Number.isInteger(value)) continue;
        add(this.svg, "text", { x: this.x(value), y: bottom + 18, "text-anchor": "middle" }, text);
      }
    }

    line({ values, color, dash, failed, started }) {
      let path = "";
      values.forEach((value, frame) => {
        if (value === null) return;
        const lone = frame === 0 || values[frame - 1] === null;
        path += `${lone ? "M" : "L"}${this.x(frame).toFixed(1)} ${this.y(value).toFixed(1)}`;
        if (lone && (values[frame + 1] ?? null) === null) path += "h.01";
      });
      const style = `stroke:${ink(color)}`;
      add(this.svg, "path", {
        class: "curve", d: path, style, "stroke-dasharray": dash.map((part) => 1.7 * part).join(" "),
      });
      const base = HEIGHT - MARGIN.bottom;
      for (const frame of failed) {
        const d = `M${this.x(frame) - 4} ${base - 8}l8 8m0 -8l-8 8`;
        add(add(this.svg, "path", { class: "failed", d, style }), "title", {}, `failed at ${frame}`);
      }
      for (const frame of started) {
        const d = `M${this.x(frame)} ${base - 8}v8m-4 -4l4 -4l4 4`;
        add(add(this.svg, "path", { class: "started", d, style }), "title", {}, `started at ${frame}`);
      }
    }

    upright(frame) {
      return `M${this.x(frame)} ${MARGIN.top - 6}V${HEIGHT - MARGIN.bottom}`;
    }

    cursor(frame) {
      this.frame = frame;
      this.now?.setAttribute("d", this.upright(frame));
    }

    tell(frame, event) {
      this.hover?.setAttribute("visibility", frame === null ? "hidden" : "visible");
      this.tip.hidden = frame === null;
      if (frame === null) return;
      this.hover.setAttribute("d", this.upright(frame));
      const rows = this.lines.map((line) => ({ line, value: line.values[frame] }));
      rows.sort((a, b) => (b.value ?? -Infinity) - (a.value ?? -Infinity));
      const list = document.createElement("ul");
      for (const { line, value } of rows) {
        const row = document.createElement("li");
        const state = line.failed.includes(frame) ? "failed"
          : line.started.includes(frame) ? "started" : "–";
        row.append(swatch(line), `${line.label} `);
        const number = document.createElement("b");
        number.textContent = value === null ? state : value.toFixed(3);
        row.append(number);
        list.append(row);
      }
      const head = document.createElement("div");
      head.textContent = `Frame ${frame}`;
      this.tip.replaceChildren(head, list);
      const { left, width } = this.holder.getBoundingClientRect();
      const at = event.clientX - left;
      const wide = this.tip.offsetWidth + 14;
      const beside = at > width / 2 ? at - wide : at + 14;
      this.tip.style.left = `${Math.max(0, Math.min(width - wide, beside))}px`;
    }
  }

  window.dslt.Curves = Curves;
})();
