// Interactive plots: panels of Vega-Lite under one legend whose entries switch cells off and on.
"use strict";

(() => {
  const { DARK, swatch } = window.dslt;
  const isDark = () => document.documentElement.dataset.theme === "dark";

  const config = () => {
    const style = getComputedStyle(document.documentElement);
    const probe = document.createElement("span");
    document.body.append(probe);
    const resolved = (name) => { // light-dark() is decided by the element's colour scheme
      probe.style.color = `var(${name})`;
      return getComputedStyle(probe).color;
    };
    const [text, quiet, line] = ["--text", "--quiet", "--line"].map(resolved);
    probe.remove();
    return {
      background: null,
      font: style.getPropertyValue("--sans"),
      view: { stroke: null },
      axis: {
        labelColor: quiet, titleColor: text, gridColor: line, domainColor: quiet, tickColor: quiet,
        labelFontSize: 12, titleFontSize: 12.5, titleFontWeight: 500, titlePadding: 8,
        gridOpacity: 0.7, tickSize: 4,
      },
      axisX: { grid: false },
      mark: { aria: false },
    };
  };

  // A canvas knows no light-dark().
  const recolored = (spec) => (isDark()
    ? JSON.parse(JSON.stringify(spec), (_, value) => DARK.get(value) ?? value) : spec);

  const element = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  class Plot {
    constructor(holder, shown) {
      this.shown = shown;
      this.hidden = new Set();
      this.views = [];
      this.buttons = new Map();
      this.legend = element("div", { className: "legend" });
      this.legend.setAttribute("role", "group");
      this.legend.setAttribute("aria-label", "Cells, to be switched off and on");
      this.grid = element("div", { className: "panels" });
      this.places = shown.panels.map((panel) => {
        const place = element("div", { className: "vega" });
        place.setAttribute("role", "img");
        place.setAttribute("aria-label", `${panel.title}. The data are in the CSV file below.`);
        const box = element("div", { className: panel.wide ? "panel whole" : "panel" }, element("p", { className: "title", textContent: panel.title }), place);
        this.grid.append(box);
        return place;
      });
      this.fillLegend();
      holder.append(this.legend, this.grid);
    }

    fillLegend() {
      for (const entry of this.shown.legend) {
        const button = element("button", { type: "button", className: "cell" }, swatch(entry), entry.label);
        button.dataset.cell = entry.cell;
        button.setAttribute("aria-pressed", "true");
        button.addEventListener("click", () => this.toggle([entry.cell]));
        this.buttons.set(entry.cell, button);
        this.legend.append(button);
      }
      const cells = this.shown.legend.map((entry) => entry.cell);
      const all = element("button", { type: "button", className: "all", textContent: "All" });
      const none = element("button", { type: "button", className: "all", textContent: "None" });
      all.addEventListener("click", () => this.show(new Set()));
      none.addEventListener("click", () => this.show(new Set(cells)));
      if (cells.length > 3) this.legend.append(all, none);
    }

    toggle(cells) {
      const hidden = new Set(this.hidden);
      for (const cell of cells) hidden.has(cell) ? hidden.delete(cell) : hidden.add(cell);
      this.show(hidden);
    }

    show(hidden) {
      this.hidden = hidden;
      for (const [cell, button] of this.buttons) button.setAttribute("aria-pressed", String(!hidden.has(cell)));
      for (const view of this.views) view.signal("hidden", [...hidden]).runAsync();
    }

    async draw() {
      for (const view of this.views) view.finalize();
      this.views = [];
      const options = { actions: false, renderer: "canvas", config: config(), tooltip: { theme: isDark() ? "dark" : "light" } };
      for (const [index, panel] of this.shown.panels.entries()) {
        const { view } = await vegaEmbed(this.places[index], recolored(panel.spec), options);
        await view.signal("hidden", [...this.hidden]).runAsync();
        this.views.push(view);
      }
    }
  }

  // The printed figure stays one click away; without this script it is all there is. A hidden plot
  // has no width, so it is drawn anew when it is shown.
  const addSwitch = (figure, holder, plot) => {
    const pictures = figure.querySelector("img");
    const modes = [["Interactive", holder], ["As printed", pictures]];
    const bar = element("div", { className: "modes" });
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", "How the figure is shown");
    const choose = (wanted) => {
      modes.forEach(([, shown], index) => {
        shown.hidden = index !== wanted;
        bar.children[index].setAttribute("aria-pressed", String(index === wanted));
      });
      if (plot.drawn && !holder.hidden) plot.draw();
    };
    modes.forEach(([name], index) => {
      const button = element("button", { type: "button", textContent: name });
      button.addEventListener("click", () => choose(index));
      bar.append(button);
    });
    figure.prepend(bar);
    choose(0);
  };

  document.addEventListener("DOMContentLoaded", () => {
    const plots = new Map();
    const nearby = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        nearby.unobserve(target);
        plots.get(target).drawn = true;
        plots.get(target).draw();
      }
    }, { rootMargin: "600px" });
    for (const holder of document.querySelectorAll("[data-plot]")) {
      const shown = window.dslt.plots[holder.dataset.plot];
      if (!shown) continue;
      plots.set(holder, new Plot(holder, shown));
      addSwitch(holder.closest("figure"), holder, plots.get(holder));
      nearby.observe(holder);
    }
    document.addEventListener("themechange", () => {
      for (const [holder, plot] of plots) if (plot.drawn && !holder.hidden) plot.draw();
    });
  });
})();
