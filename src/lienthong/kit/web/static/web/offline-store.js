// What the offline counter keeps on this machine: its numbers, and slips sealed to the node. Nobody reads a slip here again.
const NAME = "lienthong-offline";

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const ended = (change) =>
  new Promise((resolve, reject) => {
    change.oncomplete = () => resolve();
    change.onerror = change.onabort = () => reject(change.error);
  });

export async function open() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("machine");
    request.result.createObjectStore("slips", { keyPath: "number" });
  };
  navigator.storage?.persist?.();
  return done(request);
}

export const machine = (store, name) => done(store.transaction("machine").objectStore("machine").get(name));

export async function remember(store, name, value) {
  const change = store.transaction("machine", "readwrite", { durability: "strict" });
  change.objectStore("machine").put(value, name);
  await ended(change);
}

export const slips = (store) => done(store.transaction("slips").objectStore("slips").getAll());

export async function erase(store, number) {
  const change = store.transaction("slips", "readwrite", { durability: "strict" });
  change.objectStore("slips").delete(number);
  await ended(change);
}

export async function replace(store, slip) {
  const change = store.transaction("slips", "readwrite", { durability: "strict" });
  change.objectStore("slips").put(slip);
  await ended(change);
}

// The next number is drawn and the slip kept in one change: no number twice, none without its slip.
export async function keep(store, write) {
  const numbers = await machine(store, "numbers");
  if (!numbers || numbers.used >= numbers.last) return null;
  const number = `${numbers.series}-${String(numbers.used + 1).padStart(4, "0")}`;
  const sealed = await write(number, numbers);
  const change = store.transaction(["machine", "slips"], "readwrite", { durability: "strict" });
  const again = await done(change.objectStore("machine").get("numbers"));
  if (again.used !== numbers.used || again.series !== numbers.series) {
    change.abort();
    return keep(store, write); // another window drew it first
  }
  change.objectStore("machine").put({ ...again, used: again.used + 1 }, "numbers");
  change.objectStore("slips").put(sealed);
  await ended(change);
  return sealed;
}

const text = new TextEncoder();
const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const bytes = (encoded) => Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));

// Seal a slip to the node's key: a key pair for it alone, ECDH on P-256, HKDF-SHA256, AES-256-GCM, bound to its number.
export async function seal(number, toKey, said) {
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const theirs = await crypto.subtle.importKey("raw", bytes(toKey), curve, false, []);
  const mine = await crypto.subtle.generateKey(curve, false, ["deriveBits"]);
  const secret = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, mine.privateKey, 256);
  const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const derive = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: text.encode(number) };
  const key = await crypto.subtle.deriveKey(derive, material, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const how = { name: "AES-GCM", iv, additionalData: text.encode(number) };
  const data = await crypto.subtle.encrypt(how, key, text.encode(JSON.stringify(said)));
  const own = await crypto.subtle.exportKey("raw", mine.publicKey);
  return { number, key: base64(own), iv: base64(iv), data: base64(data) };
}
