// Parts marked data-live="seconds" follow the server: the page is fetched again and what changed in them is put in place.
// Without this script the reader reloads the page. The server ends the watch by leaving the attribute out.
const parts = (root) => [...root.querySelectorAll("[data-live][id]")];

async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of parts(document)) {
    const newer = page.getElementById(part.id);
    if (!newer) continue;
    if (newer.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) part.innerHTML = newer.innerHTML;
    if (!newer.dataset.live) delete part.dataset.live;
  }
}

async function watch() {
  const [first] = parts(document);
  if (!first) return;
  await new Promise((wake) => setTimeout(wake, 1000 * Number(first.dataset.live)));
  // A lost line is not an error here: the next round asks again.
  if (!document.hidden) await refresh().catch(() => {});
  watch();
}

watch();
