// Plots that the server has drawn become ones that can be looked at closely: zoom by dragging, by buttons or by
// keys; the point below the pointer is told. uPlot is fetched when there is a plot.

const NEAR = 14;
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

let library;

function fetchLibrary() {
  library ??= new Promise((resolve, reject) => {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = new URL("vendor/uPlot.min.css", import.meta.url);
    const script = document.createElement("script");
    script.src = new URL("vendor/uPlot.iife.min.js", import.meta.url);
    script.addEventListener("load", () => resolve(window.uPlot));
    script.addEventListener("error", reject);
    document.head.append(style, script);
  });
  return library;
}

const color = (figure, name) => () => getComputedStyle(figure).getPropertyValue(name).trim();

// Points as columns, sorted by x, as uPlot wants them; rows go with them.
function sorted({ row, x, y }) {
  const order = x.map((_, index) => index).sort((one, other) => x[one] - x[other]);
  return { row: order.map((at) => row[at]), x: order.map((at) => x[at]), y: order.map((at) => y[at]) };
}

const named = ({ name, unit }) => (unit ? `${name} (${unit})` : name);

class Closer {
  constructor(figure, plot, uPlot) {
    this.figure = figure;
    this.plot = plot;
    this.points = sorted(plot.points);
    this.full = { x: plot.axes.x, y: plot.axes.y };
    this.box = document.createElement("div");
    this.box.className = `canvas ${plot.kind}`;
    this.box.tabIndex = 0;
    this.box.setAttribute("role", "group");
    this.box.setAttribute("aria-label", `${figure.querySelector("svg").getAttribute("aria-label")}. Plus, minus and arrows zoom and move.`);
    figure.querySelector("svg").replaceWith(this.box);
    this.fillTools(figure.querySelector(".tools"));
    this.chart = new uPlot(this.options(), [this.points.x, this.points.y], this.box);
    this.show(this.full.x, this.full.y);
    this.box.addEventListener("keydown", (event) => this.press(event));
    new ResizeObserver(() => this.chart.setSize(this.size())).observe(this.box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.chart.redraw(false));
  }

  fillTools(tools) {
    this.told = document.createElement("output");
    const buttons = [["Zoom in", () => this.zoom(0.5)], ["Zoom out", () => this.zoom(2)], ["All", () => this.reset()]];
    tools.replaceChildren(...buttons.map(([label, act]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      button.addEventListener("click", act);
      return button;
    }), this.told);
  }

  size() {
    return { width: this.box.clientWidth, height: this.box.clientHeight };
  }

  options() {
    const { figure, plot } = this;
    const [text, line, dots] = ["--text", "--line", "--strong"].map((name) => color(figure, name));
    const turned = (value) => (plot.is_sky ? ((value % 360) + 360) % 360 : value);
    const axis = (which, size, write) => ({
      label: named(plot[which]), labelSize: 20, labelGap: 0, size, stroke: text, font: "12px system-ui, sans-serif",
      labelFont: "13px system-ui, sans-serif", grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 5 },
      values: (_, splits, __, ___, step) => splits.map((value) => (value === null ? "" : write(value, step))),
    });
    const digits = (step) => Math.min(12, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
    const written = (value, step) => {
      const large = Math.abs(value) >= 1e7 || digits(step) > 9;
      return (large ? value.toPrecision(4) : value.toFixed(digits(step))).replace("-", "\u2212");
    };
    return {
      ...this.size(),
      legend: { show: false },
      scales: { x: { time: false, auto: false, dir: plot.is_sky ? -1 : 1 }, y: { auto: false } },
      axes: [axis("x", 32, (value, step) => written(turned(value), step)), axis("y", 52, written)],
      series: [{}, {
        paths: () => null,
        points: { show: true, size: this.points.x.length < 2000 ? 5 : 2.5, width: 0, fill: dots, space: 0 },
      }],
      cursor: {
        drag: { x: true, y: true, uni: 20 },
        dataIdx: (_, series, found) => (series === 1 ? this.near() : found),
        points: { size: 9, width: 2, stroke: dots, fill: "transparent" },
        bind: { dblclick: () => () => { this.reset(); return null; } },
      },
      hooks: { setCursor: [() => this.tell()] },
    };
  }

  // The point that is nearest to the pointer, if one is near.
  near() {
    const { chart, points } = this;
    if (!chart) return null;
    const { left, top } = chart.cursor;
    let [best, least] = [null, NEAR * NEAR];
    if (left < 0) return best;
    const [x, y] = ["x", "y"].map((key) => {
      const { min, max } = chart.scales[key];
      return { min, step: (key === "x" ? chart.over.clientWidth : chart.over.clientHeight) / (max - min) };
    });
    for (let at = 0; at < points.x.length; at += 1) {
      const across = (points.x[at] - x.min) * x.step;
      const dx = (this.plot.is_sky ? chart.over.clientWidth - across : across) - left;
      const dy = chart.over.clientHeight - (points.y[at] - y.min) * y.step - top;
      const distance = dx * dx + dy * dy;
      if (distance < least) [best, least] = [at, distance];
    }
    return best;
  }

  tell() {
    const at = this.chart?.cursor.idxs?.[1] ?? null;
    const { plot, points } = this;
    const said = (axis, value) => `${plot[axis].name} ${value}${plot[axis].unit ? ` ${plot[axis].unit}` : ""}`;
    const x = at === null ? 0 : plot.is_sky ? ((points.x[at] % 360) + 360) % 360 : points.x[at];
    this.told.textContent = at === null ? "" : `${plot.is_spread ? "Point" : `Row ${points.row[at]}`}: ${said("x", Number(x.toPrecision(10)))}, ${said("y", points.y[at])}`;
  }

  show(x, y) {
    this.chart.batch(() => {
      this.chart.setScale("x", { min: x.low, max: x.high });
      this.chart.setScale("y", { min: y.low, max: y.high });
    });
  }

  reset() {
    this.show(this.full.x, this.full.y);
  }

  ranges(change) {
    return ["x", "y"].map((key, index) => {
      const { min, max } = this.chart.scales[key];
      return change((min + max) / 2, (max - min) / 2, index);
    });
  }

  zoom(factor) {
    this.show(...this.ranges((middle, half) => ({ low: middle - half * factor, high: middle + half * factor })));
  }

  move(right, up) {
    const steps = [this.plot.is_sky ? -right : right, up];
    this.show(...this.ranges((middle, half, index) => {
      const moved = middle + (half * steps[index]) / 4;
      return { low: moved - half, high: moved + half };
    }));
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "=") this.zoom(0.5);
    else if (event.key === "-") this.zoom(2);
    else if (event.key === "0") this.reset();
    else if (event.key in KEYS) this.move(...KEYS[event.key]);
    else return;
    event.preventDefault();
  }
}

async function lookCloser(figure) {
  const [uPlot, answer] = await Promise.all([fetchLibrary(), fetch(figure.dataset.plot)]);
  if (answer.ok) new Closer(figure, (await answer.json()).plot, uPlot);
}

// A map of the whole sky is one that uPlot cannot draw: it stays until somebody wants another.
function offer(figure) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Zoom";
  figure.querySelector(".tools").append(button);
  button.addEventListener("click", () => {
    button.disabled = true;
    lookCloser(figure);
  });
}

function enhance(within) {
  for (const figure of within.querySelectorAll("figure[data-plot]:not([data-seen])")) {
    figure.dataset.seen = "";
    if (figure.dataset.kind === "sky") offer(figure);
    else lookCloser(figure);
  }
}

document.addEventListener("htmx:load", (event) => enhance(event.detail.elt.parentElement ?? event.detail.elt));
enhance(document);
