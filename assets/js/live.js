// Manners of the live pages: they say whether they are live, mark what is new, keep the reader's place, and catch up after a break.

const keys = () => new Set([...document.querySelectorAll("[data-key]")].map((row) => row.dataset.key));
let known = keys();
let anchor = null;

// The first link at or below the top of the window: the reader's place.
function place() {
  for (const link of document.querySelectorAll("main a[id]")) {
    const { top } = link.getBoundingClientRect();
    if (top >= 0) return { id: link.id, top };
  }
  return null;
}

document.addEventListener("htmx:beforeSwap", () => {
  known = keys();
  anchor = window.scrollY > 0 ? place() : null;
});

document.addEventListener("htmx:afterSwap", (event) => {
  const link = anchor && document.getElementById(anchor.id);
  if (link) window.scrollBy({ top: link.getBoundingClientRect().top - anchor.top, behavior: "instant" });
  anchor = null;
  const fresh = [...document.querySelectorAll("[data-key]")].filter((row) => !known.has(row.dataset.key));
  // A part of the page that comes after it is no news.
  const isPart = event.detail.requestConfig?.elt?.matches('[hx-trigger="load"]');
  if (!isPart) for (const row of fresh) row.classList.add("fresh");
  if (fresh.length && known.size && !isPart) {
    const name = fresh[0].querySelector("h1, h3, a")?.textContent.trim();
    document.getElementById("announce").textContent = name ? `News: ${name}` : "";
  }
  known = keys();
  say(state);
});

// A burst's page hears of every burst and observation; only its own concern it.
const ofBurst = (data) => data.id ?? data.burst;
const ofObservation = (data) => data.burst_id;
const concerns = {
  "sse:burst.updated": ofBurst,
  "sse:burst.withdrawn": ofBurst,
  "sse:observation.new": ofObservation,
  "sse:observation.updated": ofObservation,
  "sse:observation.deleted": ofObservation,
};
for (const [name, burst] of Object.entries(concerns)) {
  document.addEventListener(name, (event) => {
    // What several missions saw is several bursts here.
    const mine = event.target.dataset?.burst?.split(" ");
    if (!mine) return;
    try {
      const { data } = JSON.parse(event.detail.data);
      if (!mine.includes(String(burst(data) ?? mine[0]))) event.stopPropagation();
    } catch {
      // Words we do not understand may still mean news.
    }
  }, true);
}

let state = "";
let lost = false;

function say(words) {
  state = words;
  for (const line of document.querySelectorAll("[data-line]")) {
    line.textContent = words;
    line.dataset.line = words === "live" ? "live" : "lost";
  }
}

function catchUp() {
  for (const part of document.querySelectorAll('[hx-trigger*="refresh"]')) window.htmx.trigger(part, "refresh");
}

// A browser has six connections to a host, and a page kept for the way back would keep its own: each gives it up when it is
// left, or hidden for long, and takes another when it is looked at again.
const sources = new Set();

function leave() {
  for (const source of sources) source.close();
  sources.clear();
  lost = true;
}

function comeBack() {
  if (!lost || sources.size) return;
  for (const part of document.querySelectorAll("[sse-connect]")) {
    const again = part.cloneNode(true);
    part.replaceWith(again);
    window.htmx.process(again);
  }
}

document.addEventListener("htmx:sseOpen", (event) => {
  sources.add(event.detail.source);
  say("live");
  if (lost) catchUp();
  lost = false;
});
document.addEventListener("htmx:sseError", () => {
  say("reconnecting…");
  lost = true;
});

window.addEventListener("pagehide", leave);
window.addEventListener("pageshow", (event) => event.persisted && comeBack());

let patience = 0;
document.addEventListener("visibilitychange", () => {
  clearTimeout(patience);
  if (document.hidden) patience = setTimeout(leave, 20_000);
  else comeBack();
});
