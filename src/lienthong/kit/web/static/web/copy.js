// Copy-once: a button copies its value and ticks it off. Without this script a click in the field selects all of it.
for (const field of document.querySelectorAll("[data-copy]")) {
  const input = field.querySelector("input[readonly]");
  const tick = field.querySelector("input[type=checkbox]");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "govuk-button govuk-button--secondary";
  button.textContent = field.dataset.copy;
  button.addEventListener("click", async () => {
    input.select();
    try {
      await navigator.clipboard.writeText(input.value);
    } catch {
      document.execCommand("copy"); // no clipboard without https or permission
    }
    tick.checked = true;
    field.nextElementSibling?.querySelector("button")?.focus();
  });
  input.after(button);
  input.addEventListener("focus", () => input.select());
}
