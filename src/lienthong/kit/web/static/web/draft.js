// What is typed into a form marked data-draft stays on this device too, so that a lost line or a closed page costs nothing.
//   data-draft="service"  whose form it is    data-draft-who="…"  names the person without saying who; "" is nobody yet
//   data-draft-base="…"   changes when what the server keeps changes: until then this device has the newer values
//   data-draft-answered="name name"  what the server keeps already; the rest may be put back
//   data-draft-onward="address"  where a form leads that is never sent: what was typed waits on this device
//   data-draft-done="service", on any page: it was submitted, forget it
// The form is sent from here: when the line is lost it says so and sends again once it is back; the server takes a
// submission that it has already as the same one.
const KEY = "lienthong-draft:";
const DAYS = 7;
const UNTYPED = new Set(["hidden", "file", "password", "submit", "button", "reset"]);

const stored = (service) => {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY + service));
    return kept && Date.now() - kept.at < DAYS * 86_400_000 ? kept : null;
  } catch {
    return null;
  }
};
const forget = (service) => {
  try {
    localStorage.removeItem(KEY + service);
  } catch {
    // a browser that keeps nothing has nothing to forget
  }
};
const controls = (form) => [...form.elements].filter((one) => one.name && !UNTYPED.has(one.type));
const ticked = (one) => one.type === "radio" || one.type === "checkbox";

// Values by name, as lists: of boxes and choices those that are ticked.
function values(form) {
  const found = {};
  for (const one of controls(form)) {
    found[one.name] ??= [];
    if (!ticked(one) || one.checked) found[one.name].push(one.value);
  }
  return found;
}

function keep(form) {
  const { draft, draftWho: who = "", draftBase: base = "" } = form.dataset;
  const before = stored(draft);
  const mine = before && [who, ""].includes(before.who) ? before.values : {}; // other pages of the same form
  try {
    localStorage.setItem(KEY + draft, JSON.stringify({ at: Date.now(), who, base, values: { ...mine, ...values(form) } }));
  } catch {
    // no room, or a browser that keeps nothing: the server still has what reaches it
  }
}

// Put back what this device has; true when that changed something. A stranger's values are not shown, but removed.
function putBack(form) {
  const { draft, draftWho: who = "", draftBase: base = "", draftAnswered } = form.dataset;
  const kept = stored(draft);
  if (!kept) return false;
  if (kept.who && kept.who !== who) {
    forget(draft);
    return false;
  }
  const newer = kept.base === base && kept.who === who;
  const there = values(form);
  const answers = draftAnswered === undefined ? null : new Set(draftAnswered.split(" "));
  let changed = false;
  for (const one of controls(form)) {
    const wanted = kept.values[one.name];
    const field = one.name.replace(/-(day|month|year)$/, "");
    const answered = answers ? answers.has(field) : there[one.name].some((value) => value !== "");
    const empty = !wanted?.some((value) => value !== ""); // what was left open does not undo what is marked beforehand
    if (!wanted || (!newer && (answered || empty)) || (empty && one.type === "radio")) continue;
    if (ticked(one)) {
      changed ||= one.checked !== wanted.includes(one.value);
      one.checked = wanted.includes(one.value);
    } else if (wanted.length && one.value !== wanted[0]) {
      one.value = wanted[0];
      changed = true;
    }
  }
  if (changed) form.dispatchEvent(new Event("change", { bubbles: true }));
  return changed;
}

const alive = () => fetch("/health", { method: "HEAD", cache: "no-store" }).then(() => true, () => false);
const line = () =>
  new Promise((again) => {
    const look = setInterval(async () => (await alive()) && found(), 10_000);
    const found = () => (clearInterval(look), removeEventListener("online", found), again());
    addEventListener("online", found);
  });

const say = (form, what) => {
  for (const name of ["lost", "trouble", "back"]) {
    const part = form.querySelector(`[data-device-${name}]`);
    if (part) part.hidden = name !== what;
  }
  if (what === "lost" || what === "trouble") form.querySelector("[data-device]")?.scrollIntoView({ block: "center" });
};

function posted(form, button) {
  const body = new FormData(form);
  if (button?.name) body.append(button.name, button.value);
  return body;
}

// The page that came back takes the place of this one, unless it brings scripts that are not here: then it is visited.
let shown = location.pathname;
function replace(text, address) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const here = new Set([...document.scripts].map((script) => script.src));
  if (!page.querySelector("main") || [...page.scripts].some((script) => !here.has(script.src))) return location.assign(address);
  if (address !== location.href) history.pushState(null, "", address);
  shown = location.pathname;
  document.title = page.title;
  document.querySelector("main").replaceWith(page.querySelector("main"));
  const first = document.querySelector(".govuk-error-summary, main h1");
  first?.setAttribute("tabindex", "-1");
  first?.focus();
  scrollTo(0, 0);
  document.dispatchEvent(new Event("lienthong:page"));
}
addEventListener("popstate", () => location.pathname === shown || location.reload());

async function send(form, button) {
  const address = button?.getAttribute("formaction") || form.getAttribute("action") || location.href;
  for (;;) {
    try {
      const answer = await fetch(address, { method: "POST", body: posted(form, button), headers: { Accept: "text/html" } });
      if (answer.status >= 500) return say(form, "trouble");
      return replace(await answer.text(), answer.redirected ? answer.url : location.href);
    } catch {
      // Either no line, or an answer that leads to another site (sign in again): that way the browser goes by itself.
      if (await alive()) {
        form.dataset.plain = "yes";
        return form.requestSubmit(button);
      }
      say(form, "lost");
      await line();
      say(form, "");
    }
  }
}

function begin(form) {
  const note = form.querySelector("[data-device]");
  form.hidden = false;
  if (note) note.hidden = false;
  if (putBack(form)) say(form, "back");
  let soon;
  form.addEventListener("input", () => {
    clearTimeout(soon);
    soon = setTimeout(() => keep(form), 250);
    form.querySelector("[data-device-forgotten]")?.setAttribute("hidden", "");
  });
  addEventListener("pagehide", () => stored(form.dataset.draft) && form.isConnected && keep(form));
  form.querySelector("[data-device-forget]")?.addEventListener("click", () => {
    clearTimeout(soon);
    forget(form.dataset.draft);
    if (!form.dataset.draftWho) form.reset();
    say(form, "");
    form.querySelector("[data-device-forgotten]")?.removeAttribute("hidden");
  });
  form.addEventListener("submit", async (event) => {
    const button = event.submitter;
    if (form.method !== "post" || form.dataset.plain || button?.hasAttribute("data-draft-plain")) return;
    event.preventDefault();
    if (form.dataset.sending) return;
    clearTimeout(soon);
    keep(form);
    if (form.dataset.draftOnward) return location.assign(form.dataset.draftOnward);
    form.dataset.sending = "yes";
    await send(form, button);
    delete form.dataset.sending;
  });
}

function start() {
  for (const done of document.querySelectorAll("[data-draft-done]")) forget(done.dataset.draftDone);
  for (const form of document.querySelectorAll("form[data-draft]")) begin(form);
}
document.addEventListener("lienthong:page", start);
start();
