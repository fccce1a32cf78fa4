// The slip's form: what a service asks of people, drawn from what the machine keeps, and read back.
export const made = (tag, told = {}, ...inside) => {
  const it = Object.assign(document.createElement(tag), told);
  it.append(...inside);
  return it;
};

// One comparison of an earlier answer, as catalogue.forms.holds: `field=value`, `field!=value`, `field`, `field=`.
export function holds(when, values) {
  if (!when) return true;
  const at = when.indexOf("=");
  const name = at < 0 ? when : when.slice(0, at);
  const value = at < 0 ? "" : when.slice(at + 1);
  const found = String(values[name.replace(/!$/, "")] ?? "");
  if (at < 0) return Boolean(found);
  return name.endsWith("!") ? Boolean(found) && found !== value : found === value;
}

// A day as people write it, 2/4/1995, as yyyy-mm-dd; what is none stays as it is, and is found wrong.
export function dayOf(text) {
  const parts = /^(\d{1,2})[\s/.-]+(\d{1,2})[\s/.-]+(\d{4})$/.exec(text);
  return parts ? `${parts[3]}-${parts[2].padStart(2, "0")}-${parts[1].padStart(2, "0")}` : text;
}

export const isDay = (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(text).toISOString().startsWith(text);

// The content of a citizen card's QR: number|old number|name|ddmmyyyy|gender|address|ddmmyyyy; null when it is none.
export function readCard(content) {
  const parts = content.split("|").map((part) => part.trim());
  const born = /^(\d{2})(\d{2})(\d{4})$/.exec(parts[3] ?? "");
  if (parts.length < 6 || !/^\d{12}$/.test(parts[0]) || !born) return null;
  const gender = /^nam$/i.test(parts[4]) ? "male" : "female";
  return { number: parts[0], name: parts[2], birth_date: `${born[3]}-${born[2]}-${born[1]}`, gender, shown: "card" };
}

function control(field, words) {
  const about = { id: `f-${field.name}`, name: field.name };
  if (field.kind === "choice" && field.choices.length) {
    const options = field.choices.map(([value, label]) => made("option", { value, textContent: label }));
    return made("select", { ...about, className: "govuk-select" }, made("option", { value: "", textContent: words.choose }), ...options);
  }
  const width = field.kind === "text" ? "govuk-input--width-30" : "govuk-input--width-10";
  return made("input", { ...about, type: "text", className: `govuk-input ${width}`, autocomplete: "off", inputMode: field.kind === "text" ? "" : "numeric" });
}

function group(field, words) {
  const more = field.required ? [] : [" ", made("span", { className: "quiet", textContent: `(${words.optional})` })];
  const label = made("label", { className: "govuk-label govuk-label--s", htmlFor: `f-${field.name}` }, field.label, ...more);
  const hint = field.help ? [made("div", { className: "govuk-hint", textContent: field.help })] : [];
  const box = made("div", { className: "govuk-form-group" });
  box.dataset.field = field.name;
  if (field.kind !== "flag") return box.append(label, ...hint, control(field, words)), box;
  const tick = made("input", { id: `f-${field.name}`, name: field.name, type: "checkbox", value: "yes", className: "govuk-checkboxes__input" });
  const said = made("label", { className: "govuk-label govuk-checkboxes__label", htmlFor: tick.id, textContent: field.label });
  box.append(made("div", { className: "govuk-checkboxes" }, made("div", { className: "govuk-checkboxes__item" }, tick, said)));
  return box;
}

// A paper: whether it is there, by the pages that stay.
function paper(one, words) {
  return group({ name: `pages-${one.name}`, label: `${one.label} – ${words.pages}`, kind: "number", choices: [], required: one.required, help: "" }, words);
}

export function draw(place, service, words) {
  place.replaceChildren(...service.fields.map((field) => group(field, words)), ...service.papers.map((one) => paper(one, words)));
  const refresh = () => {
    const said = answers(place, service);
    for (const field of service.fields) place.querySelector(`[data-field="${field.name}"]`).hidden = !holds(field.when, said);
  };
  place.onchange = refresh;
  refresh();
}

const valueOf = (place, name) => {
  const box = place.querySelector(`#f-${CSS.escape(name)}`);
  return box.type === "checkbox" ? (box.checked ? "yes" : "") : box.value.trim();
};

// What was answered, in the form's order: an answer that no longer applies is left out.
export function answers(place, service) {
  const said = {};
  for (const field of service.fields) {
    const value = valueOf(place, field.name);
    if (value && holds(field.when, said)) said[field.name] = field.kind === "date" ? dayOf(value) : value;
  }
  return said;
}

export const papers = (place, service) =>
  Object.fromEntries(service.papers.map((one) => [one.name, Number.parseInt(valueOf(place, `pages-${one.name}`), 10) || 0]).filter(([, pages]) => pages > 0));

// What is wrong, as [control, code].
export function faults(place, service) {
  const said = answers(place, service);
  const missing = service.fields.filter((field) => field.required && holds(field.when, said) && !said[field.name]);
  const odd = service.fields.filter((field) => field.kind === "date" && said[field.name] && !isDay(said[field.name]));
  return [...missing.map((field) => [field.name, "required"]), ...odd.map((field) => [field.name, "not-a-date"])];
}
