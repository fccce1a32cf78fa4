// Files handed in with a form: photographs are made smaller here, sent in pieces, and go on where a lost line cut them off.
// Without this script the form brings the files itself.
const PIECE = 128 * 1024;
const LONGEST = 1600;
const QUALITY = 0.8;
const LONGEST_PAUSE = 30;

// A photograph as small as reading it needs; anything else, or what the browser cannot draw, as it is.
async function smaller(file) {
  if (!file.type.startsWith("image/") || !window.createImageBitmap) return file;
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST / Math.max(image.width, image.height));
    const sheet = Object.assign(document.createElement("canvas"), {
      width: Math.round(image.width * scale),
      height: Math.round(image.height * scale),
    });
    const pen = sheet.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, sheet.width, sheet.height);
    pen.drawImage(image, 0, 0, sheet.width, sheet.height);
    const drawn = await new Promise((done) => sheet.toBlob(done, "image/jpeg", QUALITY));
    return drawn && drawn.size < file.size ? drawn : file;
  } catch {
    return file;
  }
}

// The file's SHA-256: with it the same file announced again goes on where it stopped. Empty where browsers withhold it.
async function fingerprint(blob) {
  if (!window.crypto?.subtle) return "";
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

class Refused extends Error {}

// One request; a lost line is an error of fetch (TypeError), a refusal one with the server's sentence.
async function call(box, url, method, body, headers = {}) {
  const token = box.closest("form").elements.csrfmiddlewaretoken.value;
  const answer = await fetch(url, { method, body, headers: { "X-CSRFToken": token, ...headers } });
  if (answer.status === 204) return {};
  if (answer.status >= 500) throw new TypeError("not now");
  const told = answer.headers.get("Content-Type")?.startsWith("application/json") ? await answer.json() : {};
  if (!answer.ok && answer.status !== 409) throw new Refused(told.message || box.dataset.failed);
  return told;
}

// Wait for the browser to see a line again, or a while: it does not always notice.
const line = (seconds) =>
  new Promise((again) => {
    const wake = setTimeout(again, 1000 * seconds);
    addEventListener("online", () => (clearTimeout(wake), again()), { once: true });
  });

async function send(box, file, say) {
  const blob = await smaller(file);
  const facts = { case: box.dataset.case, kind: box.dataset.kind, name: file.name, size: blob.size };
  const told = new URLSearchParams({ ...facts, sha256: await fingerprint(blob) });
  let at = null;
  let pause = 1;
  for (;;) {
    try {
      at ??= await call(box, box.dataset.upload, "POST", told);
      const here = `${box.dataset.upload}/${at.id}`;
      if (pause > 1) at = { id: at.id, ...(await call(box, here, "GET")) };
      pause = 1;
      say(`${box.dataset.sending} ${file.name}: ${Math.round((100 * at.offset) / blob.size)} %`);
      if (at.file) return at.file;
      const piece = blob.slice(at.offset, at.offset + PIECE);
      const next = { "Upload-Offset": at.offset, "Content-Type": "application/offset+octet-stream" };
      at = { id: at.id, ...(await call(box, here, "PATCH", piece, next)) };
      if (at.file) return at.file;
    } catch (problem) {
      if (problem instanceof Refused) throw problem;
      say(box.dataset.waiting);
      pause = Math.min(2 * pause, LONGEST_PAUSE);
      await line(pause);
    }
  }
}

function show(box, file) {
  const row = Object.assign(document.createElement("li"), { className: "is-new" });
  const link = Object.assign(document.createElement("a"), { className: "govuk-link", href: file.url, textContent: file.name });
  const size = Object.assign(document.createElement("span"), { className: "quiet", textContent: `${Math.ceil(file.size / 1024)} KB` });
  const button = Object.assign(document.createElement("button"), { className: "link-button", name: "remove", value: file.id });
  const which = Object.assign(document.createElement("span"), { className: "govuk-visually-hidden", textContent: ` ${file.name}` });
  button.append(box.dataset.remove, which);
  row.dataset.file = file.id;
  row.append(link, " ", size, " ", button);
  box.querySelector(`[data-file="${file.id}"]`)?.remove();
  box.querySelector(".upload__files").append(row);
}

function complain(box, text) {
  box.querySelector(".govuk-error-message")?.remove();
  box.classList.toggle("govuk-form-group--error", Boolean(text));
  if (!text) return;
  const said = Object.assign(document.createElement("p"), { className: "govuk-error-message", textContent: text });
  box.querySelector("[id$=-about]").append(said);
}

async function sendAll(box, files) {
  const form = box.closest("form");
  const say = (text) => (box.querySelector(".upload__said").textContent = text);
  form.dataset.busy = 1 + Number(form.dataset.busy || 0);
  complain(box, "");
  for (const file of files) {
    try {
      const kept = await send(box, file, say);
      show(box, kept);
      say(`${box.dataset.done}: ${kept.name}`);
    } catch (problem) {
      say("");
      complain(box, problem instanceof Refused ? `${file.name} – ${problem.message}` : box.dataset.failed);
    }
  }
  form.dataset.busy -= 1;
}

function begin(box) {
  const chooser = box.querySelector("input[type=file]");
  chooser.removeAttribute("name"); // sent here, not with the form
  box.querySelector("[name=upload]").remove();
  chooser.addEventListener("change", () => {
    const files = [...chooser.files];
    chooser.value = "";
    sendAll(box, files);
  });
  box.addEventListener("click", async (event) => {
    const button = event.target.closest("[name=remove]");
    if (!button) return;
    event.preventDefault();
    try {
      await call(box, `${box.dataset.upload}/${button.value}`, "DELETE");
      button.closest("li").remove();
      chooser.focus();
    } catch {
      complain(box, box.dataset.failed);
    }
  });
  box.closest("form").addEventListener("submit", (event) => {
    if (!Number(event.target.dataset.busy || 0)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    complain(box, box.dataset.wait);
  }, { capture: true });
}

const beginAll = () => document.querySelectorAll("[data-upload]").forEach(begin);
document.addEventListener("lienthong:page", beginAll);
beginAll();
