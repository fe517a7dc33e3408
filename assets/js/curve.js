// Replaces a drawn light curve by one that can be zoomed, read point by point and thinned out. Nothing in it moves by itself.

const VENDOR = new URL("../vendor/", import.meta.url);
const plots = new Map(); // figure → its plot
const choices = new Map(); // burst → { scale, hidden }, kept while the page lives
let library = null;

// uPlot comes only to pages that have a curve.
function load() {
  library ??= new Promise((resolve, reject) => {
    const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL("uplot-1.6.32.min.css", VENDOR).href });
    const script = Object.assign(document.createElement("script"), { src: new URL("uplot-1.6.32.iife.min.js", VENDOR).href });
    script.onload = () => resolve(window.uPlot);
    script.onerror = () => { library = null; reject(new Error("uPlot did not come")); };
    document.head.append(sheet, script);
  });
  return library;
}

const MINUTE = 60, HOUR = 3600, DAY = 86400;
const range = (from, to, step = 1) => Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
const rank = (n) => (/^10*$/.test(String(n)) ? 0 : /^[25]0*$/.test(String(n)) ? 1 : 2);

// Round times with the rank in which they get labels; the same as `round_times` in src/observations/curve/axes.rs.
const ROUND = [
  ...[0.1, 0.2, 0.5].map((n) => [1, n]),
  ...[...range(1, 9), ...range(10, 50, 10)].flatMap((n) => [[rank(n), n], [rank(n), n * MINUTE]]),
  ...[[0, 1], [1, 3], [1, 6], [1, 12], [2, 2], [2, 4]].map(([r, n]) => [r, n * HOUR]),
  ...[1, 10, 100, 1000, 10000].flatMap((decade) => range(1, 9).map((n) => [rank(n * decade), n * decade * DAY])),
].sort((a, b) => a[1] - b[1]);
const STEPS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, HOUR, 7200, 10800, 21600, 43200, DAY];

const unit = (step) => (step >= DAY ? ["d", DAY] : step >= HOUR ? ["h", HOUR] : step >= MINUTE ? ["min", MINUTE] : ["s", 1]);
function counted(seconds, step) {
  const [name, size] = unit(step);
  return `${+(seconds / size).toFixed(step < 1 ? 2 : 1)}`.replace("-", "−") + ` ${name}`;
}

function logTicks(from, to, place, apart) {
  const there = ROUND.filter(([, t]) => Math.log10(t) >= from && Math.log10(t) <= to);
  const labels = new Map();
  for (const wanted of [0, 1, 2]) {
    for (const [of, t] of there) {
      const x = place(Math.log10(t));
      if (of === wanted && [...labels.values()].every((other) => Math.abs(other - x) >= apart)) labels.set(Math.log10(t), x);
    }
  }
  return { values: there.map(([, t]) => Math.log10(t)), label: (v) => (labels.has(v) ? counted(10 ** v, 10 ** v * 1.0001) : null) };
}

function linearTicks(from, to, most) {
  const least = (to - from) / most;
  let step = STEPS.find((s) => s >= least);
  if (!step) {
    const decade = 10 ** Math.floor(Math.log10(least / DAY));
    step = [1, 2, 5, 10].find((n) => n * decade >= least / DAY) * decade * DAY;
  }
  return { values: range(Math.ceil(from / step), Math.floor(to / step)).map((i) => i * step), label: (v) => counted(v, step) };
}

const SVG = "http://www.w3.org/2000/svg";
const STYLES = { solid: "", hollow: "", dotted: "M0 0h.01", barred: "M-.8 0H.8" };

// A small drawing for a legend: paths with their classes and stroke widths.
function figure(colour, ...parts) {
  const drawn = document.createElementNS(SVG, "svg");
  drawn.setAttribute("viewBox", "-1.7 -1.7 3.4 3.4");
  drawn.setAttribute("aria-hidden", "true");
  drawn.classList.add("light-curve", `band-${colour}`);
  for (const [name, d, width, dashes] of parts) {
    const part = document.createElementNS(SVG, "path");
    for (const [key, value] of Object.entries({ d, class: name, fill: "none", "stroke-width": width, "stroke-linecap": "round", "stroke-dasharray": dashes ?? "" })) if (value) part.setAttribute(key, value);
    drawn.append(part);
  }
  return drawn;
}

const sample = (path, style, colour) => figure(colour, [`spot ${style}`, path, 0.3], ...(STYLES[style] ? [["core", STYLES[style], style === "dotted" ? 0.8 : 0.45]] : []));
const stroke = (name, path, colour, dashes) => figure(colour, [name, path, 0.28, dashes]);

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

class Plot {
  constructor(figure, data, uPlot) {
    Object.assign(this, { figure, data, uPlot });
    this.choice = choices.get(data.burst_id) ?? { scale: figure.dataset.scale ?? data.scale, hidden: new Set() };
    choices.set(data.burst_id, this.choice);
    if (!data.log) this.choice.scale = "linear";
    this.area = element("div", "plot-area");
    this.area.tabIndex = 0;
    this.area.setAttribute("role", "application");
    this.area.setAttribute("aria-label", `Light curve of ${data.name}. Left and right arrow keys read the points, plus and minus zoom, 0 shows everything.`);
    this.read = element("p", "plot-read idle");
    this.read.setAttribute("aria-live", "polite");
    this.legends = this.controls();
    this.box = element("div", "plot", this.legends, this.area, this.read);
    this.stand(figure);
    this.area.addEventListener("keydown", (event) => this.key(event));
    this.watch = new ResizeObserver(() => this.fit());
    this.watch.observe(this.box);
    this.build();
  }

  // Takes the place of a figure's drawings.
  stand(figure) {
    this.figure = figure;
    this.drawings = figure.querySelector(".drawings");
    this.drawings.hidden = true;
    this.drawings.after(this.box);
  }

  // New points, the same view of them: nobody who is reading is thrown back to the start.
  renew(data) {
    const view = Object.values(this.view).flat().join() === Object.values(this.full).flat().join() ? null : this.view;
    const read = this.chosen?.observation_id;
    this.data = data;
    if (!data.log) this.choice.scale = "linear";
    const legends = this.controls();
    this.legends.replaceWith(legends);
    this.legends = legends;
    this.build();
    if (view) this.show(view);
    const again = data.points.find((point) => point.observation_id === read);
    if (again) this.choose(again);
  }

  get log() { return this.choice.scale === "log"; }
  at(seconds) { return this.log ? Math.log10(seconds) : seconds; }
  shown(point) { return !this.choice.hidden.has(this.data.filters[point.filter].label) && (!this.log || point.seconds > 0); }
  value(point) { return point.magnitude ?? point.limit; }

  controls() {
    const bar = element("div", "plot-controls");
    const group = (name) => {
      const made = element("div", "");
      made.setAttribute("role", "group");
      made.setAttribute("aria-label", name);
      bar.append(made);
      return made;
    };
    const add = (to, words, pressed, act, className = "") => {
      const button = element("button", className, ...[words].flat());
      button.type = "button";
      if (pressed !== null) button.setAttribute("aria-pressed", pressed);
      button.addEventListener("click", () => act(button));
      to.append(button);
      return button;
    };
    const times = this.data.log ? group("Time axis") : null;
    const scales = times ? ["log", "linear"] : [];
    const buttons = scales.map((scale) => add(times, scale === "log" ? "Logarithmic" : "Linear", this.choice.scale === scale, (chosen) => {
      this.choice.scale = scale;
      for (const button of buttons) button.setAttribute("aria-pressed", button === chosen);
      this.build();
    }));
    const closer = group("Zoom");
    add(closer, "+", null, () => this.zoom(0.5)).setAttribute("aria-label", "Zoom in");
    add(closer, "−", null, () => this.zoom(2)).setAttribute("aria-label", "Zoom out");
    add(closer, "All", null, () => this.whole()).setAttribute("aria-label", "Show all");
    const filters = group("Filters");
    for (const filter of this.data.filters) {
      add(filters, [sample(filter.mark, "solid", filter.colour), filter.label], !this.choice.hidden.has(filter.label), (button) => {
        const { hidden } = this.choice;
        if (!hidden.delete(filter.label)) hidden.add(filter.label);
        button.setAttribute("aria-pressed", !hidden.has(filter.label));
        this.plot.redraw();
      }, "filter");
    }
    return element("div", "", bar, ...this.legend());
  }

  // Members, arrows and lines: what is explained, but not switched.
  legend() {
    const { observers, points, guide, fits, filters } = this.data;
    const rows = [element("div", "plot-people"), element("div", "plot-people")];
    const add = (row, drawn, words) => rows[row].append(element("span", "", drawn, words));
    const named = observers.length > 4 ? [...observers.slice(0, 3), { name: `${observers.length - 3} others`, style: "barred" }] : observers;
    if (observers.length > 1) for (const { name, style } of named) add(0, sample("M1 0A1 1 0 1 1 -1 0A1 1 0 1 1 1 0Z", style, "clear"), name);
    if (points.some((point) => point.limit !== null)) add(1, stroke("arrow", "M0 -1.5V1.5M-.8 .5L0 1.5L.8 .5", "clear"), "fainter than");
    if (guide) add(1, stroke("guide", "M-1.6 -.8L1.6 .8", "clear", ".8 .6"), "guide: fades as 1/t (α = 1)");
    for (const fit of fits.filter((fit) => fit.sound).slice(0, 3)) add(1, stroke("fit", "M-1.6 -.8L1.6 .8", filters[fit.filter].colour), `${filters[fit.filter].label} fit, α = ${fit.words}`);
    return rows.filter((row) => row.childElementCount);
  }

  colours() {
    const style = getComputedStyle(this.figure);
    const of = (name) => style.getPropertyValue(name).trim();
    const names = ["ink", "soft", "line", "strong-line", "sky", "accent", "band-blue", "band-green", "band-red", "band-infrared"];
    return { ...Object.fromEntries(names.map((name) => [name, of(`--${name}`)])), "band-clear": of("--ink"), font: of("--sans") };
  }

  // Least and greatest of what is drawn, with room around it: the same as the server's drawing.
  bounds() {
    const points = this.data.points.filter((point) => !this.log || point.seconds > 0);
    const values = points.flatMap((p) => (p.limit !== null ? [p.limit, p.limit + 0.3] : [p.magnitude - Math.min(p.error ?? 0, 2), p.magnitude + Math.min(p.error ?? 0, 2)]));
    let [top, bottom] = [Math.min(...values), Math.max(...values)];
    const lacking = Math.max(0, 2 - (bottom - top)) / 2;
    const room = Math.max((bottom - top + 2 * lacking) / 12, 0.2);
    [top, bottom] = [top - lacking - room, bottom + lacking + room];
    const times = this.log ? points.map((p) => Math.log10(p.seconds)) : points.flatMap((p) => [p.seconds - p.half_exposure_s, p.seconds + p.half_exposure_s]);
    let [from, to] = [Math.min(...times), Math.max(...times)];
    if (this.log) {
      const margin = Math.max(0, 1 - (to - from)) / 2 + Math.max((to - from) * 0.07, 0.06);
      return { x: [from - margin, to + margin], y: [top, bottom] };
    }
    if (this.data.trigger_time && from <= 3 * (to - from)) from = Math.min(from, 0);
    const margin = Math.max((to - from) * 0.06, 30);
    return { x: [from - margin, to + margin], y: [top, bottom] };
  }

  size() {
    const width = Math.floor(this.box.clientWidth);
    return { width, height: Math.round(Math.max(280, Math.min(460, width * 0.56))) };
  }

  build() {
    this.plot?.destroy();
    this.full = this.bounds();
    this.paint = this.colours();
    this.chosen = null;
    const font = `${this.box.clientWidth < 500 ? 12 : 13}px ${this.paint.font}`;
    const axis = { font, labelFont: font, labelGap: 0, stroke: () => this.paint.soft, grid: { stroke: () => this.paint.line, width: 1 }, ticks: { stroke: () => this.paint["strong-line"], width: 1, size: 5 }, gap: 4 };
    let ticks = null;
    const options = {
      ...this.size(),
      legend: { show: false },
      padding: [8, 12, 0, 0],
      scales: { x: { time: false, auto: false, range: () => this.view.x }, y: { auto: false, dir: -1, range: () => this.view.y } },
      cursor: { points: { show: false }, drag: { x: true, y: true, uni: 30, dist: 6, setScale: false }, bind: { dblclick: () => () => this.whole() } },
      axes: [
        {
          ...axis, size: 30, grid: { ...axis.grid, filter: (_, values) => values.map((v) => (ticks?.label(v) === null ? null : v)) }, label: this.data.time_axis, labelSize: 20,
          splits: (u, _, from, to) => {
            const wide = u.bbox.width / devicePixelRatio;
            ticks = this.log ? logTicks(from, to, (v) => ((v - from) / (to - from)) * wide, 58) : linearTicks(from, to, Math.max(2, Math.floor(wide / 66)));
            return ticks.values;
          },
          values: (_, values) => values.map((v) => ticks.label(v)),
        },
        { ...axis, size: 42, label: this.data.magnitude_axis, labelSize: 18, space: 34, incrs: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10], values: (_, values) => values.map((v) => `${+v.toFixed(2)}`.replace("-", "−")) },
      ],
      series: [{}, { paths: () => null, points: { show: false } }],
      hooks: { draw: [() => this.draw()], setCursor: [(u) => this.hover(u)], setSelect: [(u) => this.selected(u)] },
    };
    this.view = { ...this.full };
    const xs = this.data.points.filter((point) => !this.log || point.seconds > 0).map((point) => this.at(point.seconds));
    this.plot = new this.uPlot(options, [xs, xs.map(() => null)], this.area);
    this.idle();
  }

  show(view) {
    this.view = view;
    this.plot.batch(() => {
      this.plot.setScale("x", { min: view.x[0], max: view.x[1] });
      this.plot.setScale("y", { min: view.y[0], max: view.y[1] });
    });
  }

  whole() { this.show({ ...this.full }); }

  // In or out around the middle, or around the point that is being read; never further out than everything.
  zoom(factor) {
    const around = this.chosen && { x: this.at(this.chosen.seconds), y: this.value(this.chosen) };
    const side = (name) => {
      const [from, to] = this.view[name], [least, most] = this.full[name];
      const middle = around?.[name] ?? (from + to) / 2, half = ((to - from) / 2) * factor;
      if (half * 2 >= most - least) return [least, most];
      const start = Math.min(Math.max(middle - half, least), most - 2 * half);
      return [start, start + 2 * half];
    };
    this.show({ x: side("x"), y: side("y") });
  }

  selected(u) {
    const { left, top, width, height } = u.select;
    if (width < 6 && height < 6) return;
    const all = (name) => this.view[name];
    const x = width < 6 ? all("x") : [u.posToVal(left, "x"), u.posToVal(left + width, "x")];
    const y = height < 6 ? all("y") : [u.posToVal(top, "y"), u.posToVal(top + height, "y")].sort((a, b) => a - b);
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.show({ x, y });
  }

  fit() {
    if (!this.plot || this.plot.width === this.box.clientWidth) return;
    this.plot.setSize(this.size());
  }

  repaint() {
    this.paint = this.colours();
    this.plot.redraw(false);
  }

  // Where a point stands, in the canvas's pixels.
  place(point) {
    return [this.plot.valToPos(this.at(point.seconds), "x", true), this.plot.valToPos(this.value(point), "y", true)];
  }

  draw() {
    const u = this.plot ?? null;
    if (!u) return;
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.strokeStyle = this.paint["strong-line"];
    ctx.lineWidth = devicePixelRatio;
    ctx.stroke();
    ctx.clip();
    this.lines(ctx);
    const points = this.data.points.filter((point) => this.shown(point));
    const r = (points.length <= 40 ? 5 : points.length <= 150 ? 4 : 3) * devicePixelRatio;
    for (const limits of [true, false]) for (const point of points) if ((point.limit !== null) === limits) this.mark(ctx, point, limits ? 0.8 * r : r);
    if (this.chosen && this.shown(this.chosen)) {
      const [x, y] = this.place(this.chosen);
      ctx.strokeStyle = this.paint.accent;
      ctx.lineWidth = 1.6 * devicePixelRatio;
      ctx.beginPath();
      ctx.arc(x, y, 2.2 * r, 0, 2 * Math.PI);
      ctx.stroke();
    }
    ctx.restore();
  }

  lines(ctx) {
    const u = this.plot, { x: [from, to] } = this.view;
    const law = (alpha, { seconds, magnitude }, first, last) => {
      const least = this.log ? 10 ** from : Math.max(from, seconds * 1e-3);
      const start = Math.max(first, least), end = Math.min(last, this.log ? 10 ** to : to);
      if (!(start < end)) return;
      ctx.beginPath();
      for (let i = 0; i <= 64; i++) {
        const t = start * (end / start) ** (i / 64);
        ctx.lineTo(u.valToPos(this.at(t), "x", true), u.valToPos(magnitude + 2.5 * alpha * Math.log10(t / seconds), "y", true));
      }
      ctx.stroke();
    };
    ctx.lineWidth = devicePixelRatio;
    if (!this.log && this.data.trigger_time) {
      ctx.strokeStyle = this.paint.accent;
      const x = u.valToPos(0, "x", true);
      ctx.beginPath();
      ctx.moveTo(x, u.bbox.top);
      ctx.lineTo(x, u.bbox.top + u.bbox.height);
      ctx.stroke();
    }
    if (this.data.guide) {
      ctx.strokeStyle = this.paint.soft;
      ctx.setLineDash([5 * devicePixelRatio, 5 * devicePixelRatio]);
      law(1, this.data.guide, 0, Infinity);
      ctx.setLineDash([]);
    }
    ctx.lineWidth = 1.4 * devicePixelRatio;
    for (const fit of this.data.fits.filter((fit) => fit.sound).slice(0, 3)) {
      const filter = this.data.filters[fit.filter];
      if (this.choice.hidden.has(filter.label)) continue;
      ctx.strokeStyle = this.paint[`band-${filter.colour}`];
      law(fit.alpha, fit.through, fit.from_s, fit.to_s);
    }
  }

  mark(ctx, point, r) {
    const u = this.plot, filter = this.data.filters[point.filter], { style } = this.data.observers[point.observer];
    const [x, y] = this.place(point), colour = this.paint[`band-${filter.colour}`];
    const edge = (seconds) => (this.log && seconds <= 0 ? u.bbox.left : u.valToPos(this.at(seconds), "x", true));
    ctx.strokeStyle = colour;
    ctx.lineWidth = devicePixelRatio;
    ctx.globalAlpha = 0.75;
    ctx.beginPath();
    const [left, right] = [edge(point.seconds - point.half_exposure_s), edge(point.seconds + point.half_exposure_s)];
    if (right - left > 2 * r) { ctx.moveTo(left, y); ctx.lineTo(right, y); }
    if (point.error && point.magnitude !== null) {
      const ends = [point.error, -point.error].map((e) => u.valToPos(point.magnitude + e, "y", true));
      if (Math.abs(ends[0] - ends[1]) > 2 * r) {
        ctx.moveTo(x, ends[0]); ctx.lineTo(x, ends[1]);
        for (const end of ends) { ctx.moveTo(x - 0.6 * r, end); ctx.lineTo(x + 0.6 * r, end); }
      }
    }
    ctx.stroke();
    ctx.globalAlpha = 1;
    if (point.limit !== null) {
      const tip = y + 5.5 * r, wing = 0.8 * r;
      ctx.lineWidth = 1.3 * devicePixelRatio;
      ctx.beginPath();
      ctx.moveTo(x, y); ctx.lineTo(x, tip);
      ctx.moveTo(x - wing, tip - 1.3 * wing); ctx.lineTo(x, tip); ctx.lineTo(x + wing, tip - 1.3 * wing);
      ctx.stroke();
    }
    ctx.save();
    ctx.translate(x, y);
    ctx.scale(r, r);
    const shape = new Path2D(filter.mark);
    ctx.fillStyle = style === "solid" ? colour : this.paint.sky;
    ctx.strokeStyle = style === "solid" ? this.paint.sky : colour;
    ctx.lineWidth = (1.3 * devicePixelRatio) / r;
    ctx.fill(shape);
    ctx.stroke(shape);
    if (STYLES[style]) {
      ctx.lineCap = "round";
      ctx.lineWidth = style === "dotted" ? 0.8 : 0.45;
      ctx.stroke(new Path2D(STYLES[style]));
    }
    ctx.restore();
  }

  // The point nearest to the pointer, or to a finger that tapped.
  hover(u) {
    const { left, top } = u.cursor;
    if (left < 0 || !this.plot) return;
    let best = null, least = 28 ** 2;
    for (const point of this.data.points) {
      if (!this.shown(point)) continue;
      const dx = u.valToPos(this.at(point.seconds), "x") - left, dy = u.valToPos(this.value(point), "y") - top;
      if (dx * dx + dy * dy < least) [best, least] = [point, dx * dx + dy * dy];
    }
    if (best && best !== this.chosen) this.choose(best);
  }

  choose(point) {
    this.chosen = point;
    const link = element("a", "", point.words);
    link.href = `/observations/${point.observation_id}`;
    this.read.replaceChildren(link);
    this.read.classList.remove("idle");
    this.plot.redraw(false);
  }

  idle() {
    const touch = matchMedia("(pointer: coarse)").matches;
    this.read.textContent = touch ? "Tap a point to read it; tap twice for everything." : "Point at a measurement to read it; drag to zoom, double-click for everything.";
    this.read.classList.add("idle");
  }

  key(event) {
    const points = this.data.points.filter((point) => this.shown(point));
    const at = points.indexOf(this.chosen);
    const to = { ArrowRight: at + 1, ArrowLeft: at < 0 ? points.length - 1 : at - 1, Home: 0, End: points.length - 1 }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (to !== undefined) {
      if (points.length) this.choose(points[Math.max(0, Math.min(points.length - 1, to))]);
    } else if (event.key === "+" || event.key === "=") this.zoom(0.5);
    else if (event.key === "-") this.zoom(2);
    else if (event.key === "0" || event.key === "Escape") this.whole();
    else return;
    event.preventDefault();
  }

  destroy() {
    this.watch.disconnect();
    this.plot?.destroy();
    this.plot = null;
    this.box.remove();
    this.drawings.hidden = false;
  }
}

async function points(figure) {
  const answer = await fetch(`/api/bursts/${figure.dataset.curve}/light-curve`);
  return answer.ok ? answer.json() : { points: [] };
}

let focused = null;
document.addEventListener("htmx:beforeSwap", () => { focused = document.activeElement; });

// A plot whose figure was replaced moves on to the new one; one whose figure is gone is given up.
function moveOn() {
  for (const [figure, plot] of plots) {
    if (figure.isConnected) continue;
    plots.delete(figure);
    const next = plot && document.querySelector(`figure[data-curve="${figure.dataset.curve}"]`);
    if (!next || plots.has(next)) {
      plot?.destroy();
      continue;
    }
    plots.set(next, plot);
    plot.stand(next);
    if (plot.box.contains(focused)) focused.focus({ preventScroll: true });
    points(next).then((data) => { if (data.points.length && plots.get(next) === plot) plot.renew(data); }, () => {});
  }
}

// Makes the plots of figures that have come.
async function mount() {
  moveOn();
  for (const figure of document.querySelectorAll("figure[data-curve]")) {
    if (plots.has(figure)) continue;
    plots.set(figure, null);
    try {
      const [uPlot, data] = await Promise.all([load(), points(figure)]);
      // It may have been replaced meanwhile.
      if (data.points.length && figure.isConnected) plots.set(figure, new Plot(figure, data, uPlot));
    } catch {
      // The drawing stays as it is, and serves.
    }
  }
}

const repaint = () => { for (const plot of plots.values()) plot?.repaint(); };
document.addEventListener("htmx:afterSwap", moveOn);
document.addEventListener("htmx:load", mount);
matchMedia("(prefers-color-scheme: light)").addEventListener("change", repaint);
new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["data-theme"] });
mount();
