// OwnerRez, as the app sees it: connecting and disconnecting, and what happens there.

import { element, make, pause } from "./elements.js";
import { loadEvents } from "./events.js";
import { call } from "./requests.js";
import { during, gateway, say, usesOwnerRez } from "./session.js";

let connections = [];

export async function loadConnections() {
  if (!usesOwnerRez()) return;
  connections = (await gateway("GET", "/api/ownerrez/connections")).connections;
  element("no-connections").hidden = connections.length > 0;
  element("connect").hidden = connections.length > 0;
  showSubscriptions().catch(() => { /* the next look may succeed */ });
  element("connections").replaceChildren(...connections.map((connection) => {
    const button = make("button", { type: "button" }, "Disconnect");
    button.addEventListener("click", () => during(button, () => disconnect(connection)));
    const name = connection.name ?? `Account ${connection.id}`;
    return make("li", {}, make("span", {}, name), make("span", { class: "badge" }, "connected"), button);
  }));
}

export async function connect() {
  const { authorization_url: address } = await gateway("POST", "/api/ownerrez/connections", { return_to: "/" });
  location.assign(address);
}

async function disconnect(connection) {
  await gateway("DELETE", `/api/ownerrez/connections/${encodeURIComponent(connection.id)}`);
  say("Disconnected: the access was revoked at OwnerRez, then forgotten here.");
  await loadConnections();
}

/** A booking is made at OwnerRez, or changes if there is one. Its webhook arrives, or is lost. */
async function change(isLost) {
  const account = Number(connections[0].id);
  const { bookings: [booking] } = await call("GET", `/_sandbox/ownerrez/records?user_id=${account}`);
  const made = { do: "create", type: "booking", fields: { status: "pending", arrival: "2026-12-01" } };
  const status = booking?.status === "active" ? "pending" : "active";
  const changed = { do: "update", type: "booking", id: booking?.id, fields: { status } };
  const body = { user_id: account, changes: [booking ? changed : made], lost: isLost };
  await call("POST", "/_sandbox/ownerrez/changes", { body });
}

export async function changeBooking() {
  if (connections.length === 0) return say("Connect OwnerRez first.", true);
  await change(false);
  say("OwnerRez tells of the booking, by the app's setting and by the subscription. It is one event.");
}

export async function loseBooking() {
  if (connections.length === 0) return say("Connect OwnerRez first.", true);
  await change(true);
  say("A booking has changed at OwnerRez, and nobody was told. The upkeep finds it.");
}

/** What the schedules do, at once. */
export async function runUpkeep() {
  if (connections.length === 0) return say("Connect OwnerRez first.", true);
  const before = await found();
  await gateway("POST", "/_dev/upkeep", { connection: connections[0].id });
  const events = (await found()) - before;
  say(events > 0 ? `The upkeep found what no webhook told of: ${events}.` : "The upkeep found nothing that was missed.");
  await loadConnections();
}

async function found() {
  return (await loadEvents()).filter((event) => event.source === "reconcile").length;
}

/** The company's server asks OwnerRez with the person's connection. */
export async function getBookings() {
  if (connections.length === 0) return say("Connect OwnerRez first.", true);
  const { status, body } = await gateway("POST", "/_dev/bookings");
  element("bookings").hidden = false;
  element("bookings").textContent = JSON.stringify(body, null, 2);
  say(`OwnerRez answered your back office with ${status}.`);
}

/** What OwnerRez tells of, in words: `booking: create, update`. It is subscribed to a moment after the connection. */
async function showSubscriptions() {
  let words = [];
  for (let tries = 0; tries < 10 && words.length === 0 && connections.length > 0; tries += 1) {
    if (tries > 0) await pause(500);
    words = await subscribed();
  }
  element("subscriptions").hidden = words.length === 0 || connections.length === 0;
  element("subscriptions").textContent = `Subscribed to ${words.join("; ")}.`;
}

async function subscribed() {
  const { subscriptions } = await call("GET", "/_sandbox/ownerrez/subscriptions");
  const actions = new Map();
  for (const { user_id: account, type, action } of subscriptions) {
    if (String(account) !== connections[0]?.id) continue;
    actions.set(type, [...(actions.get(type) ?? []), action.replace("entity_", "")]);
  }
  return [...actions].map(([type, all]) => `${type}: ${all.join(", ")}`);
}

/** The owner ends the connection at OwnerRez, which tells us by the webhook. */
export async function revokeThere() {
  if (connections.length === 0) return say("Connect OwnerRez first.", true);
  await call("POST", "/_sandbox/ownerrez/revocations", { body: { user_id: Number(connections[0].id) } });
  for (let tries = 0; tries < 20 && connections.length > 0; tries += 1) {
    await pause(500);
    await loadConnections();
  }
  say("The access was revoked at OwnerRez: the connection is gone here too.");
}

/** What OwnerRez's page came back with. */
export function sayReturn() {
  const outcome = new URLSearchParams(location.search).get("ownerrez");
  if (!outcome) return;
  history.replaceState(null, "", "/");
  const said = {
    connected: "Connected to OwnerRez.",
    denied: "You did not let us in at OwnerRez. Nothing was connected.",
    failed: "Connecting to OwnerRez failed. Start again.",
  };
  say(said[outcome] ?? said.failed, outcome !== "connected");
}
