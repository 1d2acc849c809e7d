// What is kept about the person, and the receipts of their consents, verified here as anybody may.

import { element, make } from "./elements.js";
import { gateway, say, usesOwnerRez } from "./session.js";

const decode = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (it) => it.charCodeAt(0));

/** All pages of the export as one document. */
async function whole() {
  const document = await gateway("GET", "/api/ownli/users/me/export");
  while (document.next) {
    const page = await gateway("GET", document.next);
    document.rewards.push(...page.rewards);
    document.events.push(...page.events);
    document.next = page.next;
  }
  return document;
}

/** Whether a receipt is signed by the key; null where this browser does not know Ed25519. */
async function isAuthentic(receipt, jwk) {
  const [header, payload, signature] = receipt.split(".");
  let key;
  try {
    key = await crypto.subtle.importKey("jwk", { kty: jwk.kty, crv: jwk.crv, x: jwk.x }, "Ed25519", false, ["verify"]);
  } catch {
    return null;
  }
  return crypto.subtle.verify("Ed25519", key, decode(signature), new TextEncoder().encode(`${header}.${payload}`));
}

async function shown(receipt, key) {
  const claims = JSON.parse(new TextDecoder().decode(decode(receipt.split(".")[1])));
  const verified = await isAuthentic(receipt, key);
  const states = claims.events.map((event) => `${event.event_state} ${event.event_time.slice(0, 19).replace("T", " ")}`);
  const badge = { true: "verified", false: "forged", null: "not verified here" }[verified];
  return make("li", {}, make("span", {}, `Documents ${claims.terms_of_service.version}: ${states.join(", ")}`),
    make("span", { class: "badge" }, badge));
}

export function forgetKept() {
  URL.revokeObjectURL(element("save-kept").href);
  for (const id of ["save-kept", "kept-about"]) element(id).hidden = true;
  element("receipts").replaceChildren();
}

/** The person's right to know, in one press. */
export async function showKept() {
  forgetKept();
  const document = await whole();
  const receipts = document.receipts ?? [];
  element("receipts").replaceChildren(...await Promise.all(receipts.map((it) => shown(it, document.receiptKey))));
  const count = (list, one, many = `${one}s`) => `${list.length} ${list.length === 1 ? one : many}`;
  element("kept-about").textContent = [
    count(document.consents, "consent"), count(document.withdrawals, "withdrawal"), count(document.rewards, "reward"),
    ...(usesOwnerRez() ? [count(document.connections, "OwnerRez account"), count(document.events, "event")] : []),
  ].join(", ");
  element("kept-about").hidden = false;
  const file = new Blob([JSON.stringify(document, null, 2)], { type: "application/json" });
  element("save-kept").href = URL.createObjectURL(file);
  element("save-kept").hidden = false;
  say(receipts.length ? "This is all that is kept about you. A receipt can be shown to anybody." :
    "This is all that is kept about you.");
}
