// The horizon drawn by hand, on a site's form. Without this file the form works the same, by typing.

const form = document.querySelector("[data-site]");
const field = (name) => form?.querySelector(`[name="${name}"]`);

// Points that are dragged, or moved by the arrow keys. The text field stays the truth.
const ACROSS = 2;
const UP = 1.5;
const TOP = 90;
const SVG = "http://www.w3.org/2000/svg";
const place = form?.querySelector("[data-horizon]");
const text = field("horizon");
const kinds = form ? [...form.querySelectorAll('[name="horizon_kind"]')] : [];
const drawn = () => kinds.find((kind) => kind.checked)?.value === "drawn";
let points = [];
let held = null;

const x = (azimuth) => azimuth * ACROSS;
const y = (altitude) => (TOP - Math.max(-2, Math.min(TOP, altitude))) * UP;

function read() {
  if (!drawn()) {
    const level = Number(field("min_altitude").value.replace(",", "."));
    return [[0, Number.isFinite(level) ? level : 0]];
  }
  return text.value
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith("#"))
    .map((line) => line.split(/[\s;]+/).map((word) => Number(word.replace(",", "."))))
    .filter(([azimuth, altitude]) => azimuth >= 0 && azimuth <= 360 && altitude >= -10 && altitude <= 90)
    .map(([azimuth, altitude]) => [azimuth % 360, altitude])
    .sort((a, b) => a[0] - b[0]);
}

function write() {
  text.value = points
    .slice()
    .sort((a, b) => a[0] - b[0])
    .map(([azimuth, altitude]) => `${azimuth} ${altitude}\n`)
    .join("");
}

// The altitude at north, between the last point and the first.
function atNorth(sorted) {
  const [first, last] = [sorted[0], sorted.at(-1)];
  const gap = first[0] + 360 - last[0];
  return gap ? last[1] + ((first[1] - last[1]) * (360 - last[0])) / gap : first[1];
}

function ground() {
  const sorted = points.slice().sort((a, b) => a[0] - b[0]);
  if (!sorted.length) return "";
  const north = atNorth(sorted);
  const line = [[0, north], ...sorted.filter((point) => point[0] > 0), [360, north]];
  return `M0 138L${line.map((point) => `${x(point[0])} ${y(point[1])}`).join("L")}L720 138Z`;
}

function say(handle, [azimuth, altitude]) {
  handle.setAttribute("transform", `translate(${x(azimuth)} ${y(altitude)})`);
  handle.setAttribute("aria-valuenow", altitude);
  handle.setAttribute("aria-valuetext", `azimuth ${azimuth}°, altitude ${altitude}°`);
}

function circle(name, radius) {
  const circle = document.createElementNS(SVG, "circle");
  circle.setAttribute("class", name);
  circle.setAttribute("r", radius);
  return circle;
}

// A point as it is seen, and round it what a finger may take hold of.
function handle(point) {
  const dot = document.createElementNS(SVG, "g");
  dot.setAttribute("class", "handle");
  dot.append(circle("reach", 22), circle("dot", 8));
  dot.setAttribute("tabindex", 0);
  dot.setAttribute("role", "slider");
  dot.setAttribute("aria-label", "Point of the horizon");
  dot.setAttribute("aria-valuemin", -10);
  dot.setAttribute("aria-valuemax", 90);
  say(dot, point);
  dot.addEventListener("keydown", (event) => key(event, dot, point));
  dot.addEventListener("pointerdown", (event) => {
    event.stopPropagation();
    held = { dot, point };
    dot.setPointerCapture(event.pointerId);
  });
  dot.addEventListener("pointermove", (event) => {
    if (held?.dot !== dot) return;
    [point[0], point[1]] = under(event);
    moved(dot, point);
  });
  dot.addEventListener("pointerup", () => (held = null));
  return dot;
}

function key(event, dot, point) {
  const step = event.shiftKey ? 10 : 1;
  const moves = { ArrowUp: [0, step], ArrowDown: [0, -step], ArrowRight: [step, 0], ArrowLeft: [-step, 0] };
  if (event.key === "Delete" || event.key === "Backspace") {
    event.preventDefault();
    points = points.filter((other) => other !== point);
    write();
    draw();
    place.querySelector(".handle")?.focus();
  } else if (moves[event.key]) {
    event.preventDefault();
    const [dx, dy] = moves[event.key];
    point[0] = Math.max(0, Math.min(359, point[0] + dx));
    point[1] = Math.max(-10, Math.min(90, point[1] + dy));
    moved(dot, point);
  }
}

// Azimuth and altitude under the pointer, whole degrees.
function under(event) {
  const svg = place.querySelector("svg");
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  const whole = (value, least, most) => Math.max(least, Math.min(most, Math.round(value)));
  return [whole(at.x / ACROSS, 0, 359), whole(TOP - at.y / UP, -10, 90)];
}

function moved(dot, point) {
  say(dot, point);
  place.querySelector(".ground").setAttribute("d", ground());
  write();
}

function draw() {
  const svg = place.querySelector("svg");
  svg.querySelector(".ground").setAttribute("d", ground());
  for (const old of svg.querySelectorAll(".handle")) old.remove();
  const editable = drawn();
  svg.classList.toggle("editable", editable);
  svg.setAttribute("role", editable ? "group" : "img");
  place.querySelector("[data-horizon-help]").hidden = !editable;
  if (editable) for (const point of points.slice(0, 120)) svg.append(handle(point));
}

function refresh() {
  points = read();
  draw();
}

if (place?.querySelector("svg")) {
  refresh();
  text.addEventListener("input", refresh);
  field("min_altitude").addEventListener("input", refresh);
  for (const kind of kinds) {
    kind.addEventListener("change", () => {
      // A drawing begins with the flat horizon, held at the four corners of the sky.
      if (drawn() && !text.value.trim()) {
        const level = points[0]?.[1] ?? 0;
        points = [0, 90, 180, 270].map((azimuth) => [azimuth, level]);
        write();
      }
      refresh();
    });
  }
  // A press, not a drag: on a phone the drawing is wider than the page and is moved by the finger.
  place.querySelector("svg").addEventListener("click", (event) => {
    if (!drawn() || event.target.closest(".handle")) return;
    points.push(under(event));
    write();
    refresh();
  });
}
