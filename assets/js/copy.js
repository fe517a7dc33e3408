// Buttons that copy a text of the page: `data-copy` names the element. Without JavaScript they are not there.

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const words = button.textContent;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy).textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
      document.getElementById("announce").textContent = "Copied.";
    } catch {
      button.textContent = "The browser did not allow it: select the text and copy it";
    }
    setTimeout(() => { button.textContent = words; }, 4000);
  });
}
