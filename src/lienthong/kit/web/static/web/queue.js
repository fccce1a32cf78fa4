// A queue from the keyboard: j and k move between its rows, enter opens (the browser does that itself), x ticks a row,
// a goes to the button that acts on the ticked ones. Without this script the tab key and the mouse do the same.
const links = () => [...document.querySelectorAll("[data-queue] a[data-row]")];
const box = (link) => link?.closest("tr")?.querySelector("input[type=checkbox]");

function move(step) {
  const rows = links();
  const at = rows.indexOf(document.activeElement);
  rows[at < 0 ? 0 : Math.min(Math.max(at + step, 0), rows.length - 1)]?.focus();
}

const keys = {
  j: () => move(1),
  k: () => move(-1),
  x: () => box(document.activeElement)?.click(),
  a: () => document.querySelector("[data-act]")?.focus(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input:not([type=checkbox]), select, textarea")) return;
  keys[event.key]?.();
});

// Rows do not move under the hand of somebody who is ticking them.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-queue] input[type=checkbox]")) {
    event.target.closest("[data-live]")?.removeAttribute("data-live");
  }
});
