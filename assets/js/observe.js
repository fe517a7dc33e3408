// Comforts of an observation's form: the time now, the telescope chosen, pictures dropped, shown and sent with a bar. Without this file
// the form works the same.

import { now } from "./clock.js";

const form = document.querySelector("[data-observe]");
const field = (name) => form.querySelector(`[name="${name}"]`);

function offerNow() {
  const button = form.querySelector("[data-now]");
  button.hidden = false;
  button.addEventListener("click", () => {
    field("observed_time").value = new Date(now()).toISOString().slice(0, 19).replace("T", " ");
    field("observed_time").focus();
  });
}

// Choosing a telescope fills its fields, and asks the server for nothing.
function offerTelescopes() {
  const select = document.querySelector("[data-with] select");
  if (!select) return;
  document.querySelector("[data-with] button").hidden = true;
  select.addEventListener("change", () => {
    const { site, instrument, field: width } = select.selectedOptions[0].dataset;
    if (!site) return;
    field("site").value = site;
    field("instrument").value = instrument;
    field("field_deg").value = width;
  });
}

// ---- Pictures ----

const MOST = 8;
const LARGEST = 10 * 1024 * 1024;
const place = form.querySelector("[data-pictures]");
const input = place.querySelector('input[type="file"]');
const list = place.querySelector("[data-chosen]");
let files = [];

// The input's own list is the truth for a sending without us.
function keep(all) {
  const unlike = (file, index) => all.findIndex((other) => other.name === file.name && other.size === file.size) === index;
  files = all.filter(unlike).slice(0, MOST);
  const held = new DataTransfer();
  for (const file of files) held.items.add(file);
  input.files = held.files;
  place.querySelector("[data-lost]")?.remove();
  draw();
}

function draw() {
  list.hidden = files.length === 0;
  list.replaceChildren(...files.map(row));
}

function row(file) {
  const item = document.createElement("li");
  const picture = document.createElement("canvas");
  picture.width = picture.height = 0;
  const frame = document.createElement("span");
  frame.className = "preview";
  frame.append(picture);
  const words = document.createElement("p");
  const name = document.createElement("strong");
  name.textContent = file.name;
  const size = document.createElement("span");
  const counted = file.size < 1024 * 1024 ? `${Math.ceil(file.size / 1024)} kB` : `${(file.size / 1024 / 1024).toFixed(1)} MB`;
  size.textContent = file.size > LARGEST ? `${counted}: more than the 10 MB that one may have` : counted;
  size.className = file.size > LARGEST ? "fault" : "hint";
  words.append(name, size);
  const away = document.createElement("button");
  away.type = "button";
  away.textContent = "Remove";
  away.setAttribute("aria-label", `Remove ${file.name}`);
  away.addEventListener("click", () => {
    keep(files.filter((other) => other !== file));
    input.focus();
  });
  item.append(frame, words, away);
  preview(file, picture);
  return item;
}

// Drawn small; of a kind that browsers do not read, such as FITS, there is the name alone.
async function preview(file, canvas) {
  try {
    const bitmap = await createImageBitmap(file, { resizeHeight: 144, resizeQuality: "medium" });
    canvas.width = Math.min(bitmap.width, 288);
    canvas.height = bitmap.height;
    canvas.getContext("2d").drawImage(bitmap, (canvas.width - bitmap.width) / 2, 0);
    bitmap.close();
  } catch {
    canvas.parentElement.remove();
  }
}

function offerDropping() {
  place.classList.add("droppable");
  input.addEventListener("change", () => keep([...files, ...input.files]));
  for (const name of ["dragenter", "dragover"]) {
    place.addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      place.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) place.addEventListener(name, () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    keep([...files, ...event.dataTransfer.files]);
  });
}

// ---- Sending, with a bar ----

const bar = place.querySelector("[data-progress]");

function send(event) {
  // Without pictures a browser does it as well by itself.
  if (!files.length) return;
  event.preventDefault();
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("accept", "text/html");
  request.responseType = "document";
  request.upload.addEventListener("progress", (sent) => {
    bar.hidden = false;
    bar.value = sent.lengthComputable ? sent.loaded / sent.total : 0;
    if (bar.value === 1) say("The pictures have arrived and are being read.");
  });
  request.addEventListener("load", () => answered(request));
  request.addEventListener("error", () => lost("The connection was lost, and nothing is posted. Everything you wrote is still here: try again."));
  busy(true);
  say("Sending.");
  request.send(new FormData(form));
}

function answered(request) {
  busy(false);
  if (request.status < 300) {
    location.assign(request.responseURL);
    return;
  }
  const words = request.response?.querySelector("[data-words]");
  if (request.status !== 422 || !words) {
    const why = request.response?.querySelector("main h1")?.textContent ?? "";
    lost(`It is not posted. ${why} Everything you wrote is still here: try again.`);
    return;
  }
  // The words come back with their faults; the files chosen stay where they are.
  form.querySelector("[data-words]").replaceWith(words);
  offerNow();
  const fault = request.response.querySelector("#image-fault");
  place.querySelector("#image-fault")?.remove();
  if (fault) place.querySelector(".hint").after(fault);
  input.toggleAttribute("aria-invalid", Boolean(fault));
  (words.querySelector('[aria-invalid="true"]') ?? (fault ? input : form)).focus();
  say(words.querySelector(".notice")?.textContent ?? "");
}

function lost(words) {
  busy(false);
  place.querySelector("#image-fault")?.remove();
  const fault = document.createElement("p");
  fault.className = "fault";
  fault.id = "image-fault";
  fault.textContent = words;
  place.querySelector(".hint").after(fault);
  say(words);
}

function busy(is) {
  bar.hidden = !is;
  bar.value = 0;
  form.querySelector("button.main").disabled = is;
}

function say(words) {
  document.getElementById("announce").textContent = words;
}

offerNow();
offerTelescopes();
offerDropping();
form.addEventListener("submit", send);
