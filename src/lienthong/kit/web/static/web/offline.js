// The offline counter: slips are written, sealed and printed without a line, and sent in order when it is back.
import { answers, dayOf, draw, faults as faultsOf, isDay, made, papers, readCard } from "./offline-form.js";
import * as kept from "./offline-store.js";

const page = document.querySelector("[data-offline]");
const at = page.dataset;
const part = (name) => page.querySelector(`[data-part="${name}"]`);
const form = part("form");
const say = (name, ...values) => values.reduce((said, value) => said.replace("%s", value), kit.words[name] ?? name);
const clock = (moment) => new Intl.DateTimeFormat("vi-VN", { dateStyle: "short", timeStyle: "short", timeZone: "Asia/Ho_Chi_Minh" }).format(new Date(moment));
let kit = { words: {}, services: [] };
let store;

// One request of ours; null when there is no line, or the session has ended.
async function ask(url, told = {}) {
  try {
    const answer = await fetch(url, { redirect: "manual", credentials: "same-origin", ...told });
    return answer.type === "opaqueredirect" || answer.status === 403 ? { status: 401 } : answer;
  } catch {
    return null;
  }
}

const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;
const service = () => kit.services.find((one) => one.slug === form.elements.service.value);

// with a line

async function prepare() {
  const answer = await ask(at.kit);
  if (!answer?.ok) return;
  kit = await answer.json();
}

// Our clock and the node's, when both were last seen together: only where the answer came over the line.
async function meet() {
  const before = Date.now();
  const answer = await ask(`${at.kit}?clock`, { cache: "no-store" });
  if (!answer?.ok) return answer?.status === 401 ? "ended" : "none";
  const told = await answer.json();
  const half = (Date.now() - before) / 2;
  await kept.remember(store, "met", { synced: new Date(before + half).toISOString(), server: told.server_time });
  return "line";
}

async function reserve() {
  const body = new URLSearchParams({ device: navigator.userAgent.slice(0, 80) });
  const answer = await ask(at.series, { method: "POST", body, headers: { "X-CSRFToken": token() } });
  if (!answer?.ok) return;
  await kept.remember(store, "numbers", { ...(await answer.json()), used: 0 });
}

// the page as it stands

async function show(standing) {
  const [numbers, waiting] = [await kept.machine(store, "numbers"), await kept.slips(store)];
  page.dataset.standing = standing;
  part("line").textContent = say(standing === "none" ? "offline" : standing === "ended" ? "sign-in" : "online");
  part("numbers").textContent = numbers ? say("ready", numbers.last - numbers.used) : say("not-ready");
  part("waiting").textContent = waiting.length ? say("kept", waiting.length) : say("none-kept");
  part("list").replaceChildren(...waiting.map(line));
  part("send").hidden = !waiting.length || standing !== "line";
  part("sign-in").hidden = standing !== "ended";
  form.hidden = !numbers;
}

function line(slip) {
  const row = made("li", { textContent: `${slip.number} · ${clock(slip.at)} · ${slip.service} ` });
  if (slip.voided) return row.append(say("voided")), row;
  const button = made("button", { type: "button", className: "link-button", textContent: say("void") });
  button.addEventListener("click", () => cancel(slip));
  return row.append(button), row;
}

// A slip that should not have been written keeps its number; what is sent says why it does not count.
async function cancel(slip) {
  const why = window.prompt(say("void-why"))?.trim();
  const numbers = await kept.machine(store, "numbers");
  if (!why || !slip.number.startsWith(`${numbers.series}-`)) return;
  const said = { service: slip.slug, at: slip.at, officer: kit.officer, void: why };
  await kept.replace(store, { ...slip, ...(await kept.seal(slip.number, numbers.key, said)), voided: true });
  await show(page.dataset.standing);
}

function drawService() {
  const chosen = service();
  if (chosen) draw(part("fields"), chosen, kit.words);
}

// writing a slip

function person() {
  const card = form.elements.card.value.trim();
  if (card) return readCard(card);
  const [number, name, born] = ["number", "name", "birth_date"].map((one) => form.elements[one].value.trim());
  return { number: number.replaceAll(" ", ""), name, birth_date: dayOf(born), gender: "", shown: "slip" };
}

function faults() {
  const who = person();
  if (!who) return [["card", "not-a-card"]];
  const wrong = ["number", "name", "birth_date"].filter((one) => !who[one]).map((one) => [one, "required"]);
  if (who.number && !/^\d{12}$/.test(who.number)) wrong.push(["number", "not-a-number"]);
  if (who.birth_date && !isDay(who.birth_date)) wrong.push(["birth_date", "not-a-date"]);
  return [...wrong, ...faultsOf(part("fields"), service())];
}

function complain(wrong) {
  for (const told of form.querySelectorAll(".govuk-error-message")) told.remove();
  for (const box of form.querySelectorAll(".govuk-form-group--error")) box.classList.remove("govuk-form-group--error");
  for (const [name, code] of wrong) {
    const box = form.querySelector(`#f-${CSS.escape(name)}`).closest(".govuk-form-group");
    box.classList.add("govuk-form-group--error");
    box.prepend(made("p", { className: "govuk-error-message", textContent: say(code) }));
  }
  if (wrong.length) form.querySelector(".govuk-error-message").scrollIntoView({ block: "center" });
  return wrong.length > 0;
}

async function write(event) {
  event.preventDefault();
  if (complain(faults())) return;
  const chosen = service();
  const [who, values, brought] = [person(), answers(part("fields"), chosen), papers(part("fields"), chosen)];
  const contact = { phone: form.elements.phone.value.trim(), address: form.elements.address.value.trim() };
  const moment = new Date().toISOString();
  const said = { service: chosen.slug, at: moment, officer: kit.officer, person: who, contact, values, papers: brought, note: form.elements.note.value.trim() };
  const slip = await kept.keep(store, async (number, numbers) => ({
    ...(await kept.seal(number, numbers.key, said)),
    at: moment,
    met: await kept.machine(store, "met"),
    service: chosen.name,
    slug: chosen.slug,
  }));
  if (!slip) return alertIn(say("no-numbers"));
  print(slip, who, chosen, brought);
  form.reset();
  drawService();
  await show(page.dataset.standing);
}

function alertIn(text) {
  part("said").textContent = text;
}

// What the person takes away; it stays on the screen until the next slip, and nowhere else.
function print(slip, who, chosen, brought) {
  const facts = { number: slip.number, service: `${chosen.name} (${chosen.code})`, name: who.name, at: clock(slip.at), place: kit.place, officer: kit.officer };
  for (const [name, value] of Object.entries(facts)) part(`slip-${name}`).textContent = value;
  const named = chosen.papers.filter((one) => brought[one.name]).map((one) => made("li", { textContent: `${one.label}: ${brought[one.name]}` }));
  part("slip-papers").replaceChildren(...named);
  part("slip").hidden = false;
  part("slip").scrollIntoView({ block: "start" });
  part("print").focus();
}

// sending

async function send() {
  part("results").replaceChildren();
  for (const slip of (await kept.slips(store)).sort((one, other) => (one.number < other.number ? -1 : 1))) {
    alertIn(say("sending", slip.number));
    const sealed = { number: slip.number, key: slip.key, iv: slip.iv, data: slip.data };
    const body = JSON.stringify({ slip: sealed, machine: { now: new Date().toISOString(), ...slip.met } });
    const answer = await ask(at.take, { method: "POST", body, headers: { "X-CSRFToken": token(), "Content-Type": "application/json" } });
    if (!answer?.ok) {
      alertIn(say(!answer ? "stopped" : answer.status === 401 ? "sign-in" : "failed"));
      return show(answer ? (answer.status === 401 ? "ended" : "line") : "none");
    }
    const told = await answer.json();
    if (told.erase) await kept.erase(store, slip.number);
    part("results").append(result(told));
  }
  alertIn(say((await kept.slips(store)).length ? "again" : "sent"));
  await show("line");
}

function result(told) {
  const state = made("strong", { textContent: say(told.state) });
  const way = made("a", { className: "govuk-link", href: told.url, textContent: told.dossier || say("see") });
  const problems = told.problems.length ? [made("span", { className: "basis", textContent: told.problems.join(" ") })] : [];
  return made("li", {}, made("span", { className: "number", textContent: told.number }), " – ", state, " ", way, ...problems);
}

// the beginning

async function look() {
  await show(await meet());
}

async function begin() {
  store = await kept.open();
  await prepare();
  form.elements.service.replaceChildren(...kit.services.map((one) => made("option", { value: one.slug, textContent: `${one.name} (${one.code})` })));
  drawService();
  const standing = await meet();
  const numbers = await kept.machine(store, "numbers");
  if (standing === "line" && !(numbers?.used < numbers?.last)) await reserve();
  await show(standing);
  form.elements.service.addEventListener("change", drawService);
  form.addEventListener("submit", write);
  part("send").addEventListener("click", send);
  part("print").addEventListener("click", () => window.print());
  addEventListener("online", look);
  addEventListener("offline", () => show("none"));
  if (navigator.serviceWorker) {
    await navigator.serviceWorker.register(at.worker, { scope: at.scope });
    await navigator.serviceWorker.ready;
    page.dataset.ready = "yes";
  }
}

begin().catch(() => alertIn(say("no-store")));
