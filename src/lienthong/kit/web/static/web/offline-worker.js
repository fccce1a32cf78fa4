// Keeps the offline counter's page on the machine. `FILES` is set by the address that imports this.
// With a line everything comes from the node, and what came is kept; without one, what was kept is shown.
const KEPT = "offline-counter";
const own = new Set(FILES.map((path) => new URL(path, location.origin).href));

addEventListener("install", (event) => {
  event.waitUntil(keepAll().then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  event.waitUntil(forgetOthers().then(() => clients.claim()));
});

async function keepAll() {
  const store = await caches.open(KEPT);
  const answers = await Promise.all([...own].map((url) => fetch(url, { credentials: "same-origin", cache: "no-cache" })));
  if (!answers.every(whole)) throw new Error("not all of the page could be fetched");
  await Promise.all(answers.map((answer) => store.put(answer.url, answer)));
}

async function forgetOthers() {
  const store = await caches.open(KEPT);
  for (const request of await store.keys()) if (!own.has(request.url)) await store.delete(request);
}

// A page that led to the sign-in is not the page.
const whole = (answer) => answer.ok && !answer.redirected && answer.type === "basic";

addEventListener("fetch", (event) => {
  const url = event.request.url.split("#")[0];
  if (event.request.method === "GET" && own.has(url)) event.respondWith(answerFor(event.request, url));
});

async function answerFor(request, url) {
  const store = await caches.open(KEPT);
  const lasting = url.includes("/static/");
  const kept = await store.match(url);
  if (kept && lasting) return kept;
  try {
    const answer = await fetch(request);
    if (whole(answer)) await store.put(url, answer.clone());
    return answer.status >= 500 && kept ? kept : answer;
  } catch (gone) {
    if (kept) return kept;
    throw gone;
  }
}
