// The officers' pages from the keyboard. In a list j and k move between rows, enter opens (the browser does that itself),
// x ticks a row, t takes it or gives it back, a goes to the buttons for the ticked ones; in a dossier a goes to the next
// act, n to the next dossier, u back to the list; everywhere / searches, g leads on, ? shows the keys. Without this
// script the tab key and the mouse do the same.
const links = () => [...document.querySelectorAll("[data-queue] a[data-row]")];
const row = (link) => link?.closest("tr, li");
const box = (link) => row(link)?.querySelector("input[type=checkbox]");
const within = (part) => row(document.activeElement)?.querySelector(part) ?? (links().length ? null : document.querySelector(part));

function move(step) {
  const rows = links();
  const at = rows.indexOf(document.activeElement?.closest("tr, li")?.querySelector("a[data-row]"));
  rows[at < 0 ? 0 : Math.min(Math.max(at + step, 0), rows.length - 1)]?.focus();
}

const go = (address) => { location.href = address; };
const search = () => { const field = document.querySelector("#q"); if (field) field.focus(); else go("/queue"); };
const follow = (part) => document.querySelector(part)?.click();
const sheet = () => document.querySelector("dialog.key-sheet");

const keys = {
  j: () => move(1),
  k: () => move(-1),
  x: () => box(document.activeElement)?.click(),
  t: () => within("[data-take]")?.click(),
  a: () => document.querySelector("[data-act]")?.focus(),
  n: () => follow("[data-next]"),
  u: () => follow("[data-back]"),
  "/": search,
  "?": () => sheet()?.showModal(),
};
const places = { q: "/queue", m: "/queue?show=taken", s: "/queue/sign" };
let leading = false; // g was pressed, the next key says where to

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || sheet()?.open) return;
  if (event.target.closest("input:not([type=checkbox]), select, textarea")) return;
  const led = leading;
  leading = event.key === "g" && !led;
  if (led && places[event.key]) {
    event.preventDefault();
    go(places[event.key]);
  } else if (!led && keys[event.key]) {
    if (event.key === "/" || event.key === "?") event.preventDefault();
    keys[event.key]();
  }
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-keys]") || !sheet()) return;
  event.preventDefault();
  sheet().showModal();
});

// Rows do not move under the hand of somebody who is ticking them; how many are ticked stands beside the buttons.
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-queue] input[type=checkbox]")) return;
  event.target.closest("[data-live]")?.removeAttribute("data-live");
  const ticked = document.querySelectorAll("[data-queue] input[type=checkbox]:checked").length;
  for (const count of document.querySelectorAll("[data-count]")) count.textContent = ticked || "";
});
