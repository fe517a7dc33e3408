// Keeps every "4 min ago" on the page true, by the server's clock: a demonstration's night runs faster than ours.

const [epoch, rate] = (document.querySelector('meta[name="clock"]')?.content ?? "").split(";").map(Number);
const answered = Date.now() - performance.now() + (performance.getEntriesByType("navigation")[0]?.responseStart ?? 0);
// ms since 1970.
export const now = () => (epoch ? epoch + (Date.now() - answered) * (rate || 1) : Date.now());

// The same words as `ago` in src/bursts/view.rs.
function ago(seconds) {
  if (seconds < 1) return "just now";
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${String(Math.floor(seconds / 60) % 60).padStart(2, "0")} min ago`;
  if (seconds < 172800) return "yesterday";
  if (seconds < 63072000) return `${Math.floor(seconds / 86400)} days ago`;
  return `${Math.floor(seconds / 31557600)} years ago`;
}

function tick() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const words = ago(Math.floor((now() - Date.parse(time.dateTime)) / 1000));
    if (time.textContent !== words) time.textContent = words;
  }
}

const local = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short" });
const elsewhere = new Date().getTimezoneOffset() !== 0;

// What the reader's own clock shows: in words where the page has room for it, else in the tooltip.
function dress(root) {
  if (!elsewhere) return;
  for (const time of root.querySelectorAll("time[title]:not([data-dressed])")) {
    time.dataset.dressed = "";
    time.title += `\n${local.format(new Date(time.dateTime))}, your time`;
  }
  for (const place of root.querySelectorAll("[data-local]:empty")) {
    place.textContent = `${local.format(new Date(place.dataset.local))}, your time`;
  }
}

dress(document);
tick();
setInterval(tick, rate > 1 ? 200 : 1000);
document.addEventListener("htmx:afterSettle", () => {
  dress(document);
  tick();
});
