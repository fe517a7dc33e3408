// "Use my location": fills coordinates, and time zone and elevation where the form asks for them. Only where the browser
// gives the place away, over https or on this machine; elsewhere the button stays hidden.

function reveal() {
  if (!navigator.geolocation || !window.isSecureContext) return;
  for (const button of document.querySelectorAll("[data-locate]")) button.hidden = false;
}

function fill(form, name, value) {
  const input = form.elements[name];
  if (!input) return;
  input.value = value;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function locate(button) {
  const words = button.textContent;
  button.disabled = true;
  button.textContent = "Asking…";
  const done = (text) => {
    button.disabled = false;
    button.textContent = text;
  };
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      done(words);
      fill(button.form, "coordinates", `${coords.latitude.toFixed(4)}, ${coords.longitude.toFixed(4)}`);
      if (coords.altitude !== null) fill(button.form, "elevation_m", Math.round(coords.altitude));
      fill(button.form, "time_zone", Intl.DateTimeFormat().resolvedOptions().timeZone);
    },
    () => done("Not given; type it"),
    { enableHighAccuracy: true, timeout: 20_000, maximumAge: 600_000 },
  );
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-locate]");
  if (button) locate(button);
});
document.addEventListener("htmx:afterSettle", reveal);
reveal();
