// OwnerRez, as the app sees it: connecting and disconnecting, and what happens there.

import { element, make, pause } from "./elements.js";
import { call } from "./requests.js";
import { answers, during, gateway, say } from "./session.js";

let connections = [];

export async function loadConnections() {
  const isThere = answers("POST /api/ownerrez/connections");
  element("ownerrez").hidden = !isThere;
  if (!isThere) return;
  connections = (await gateway("GET", "/api/ownerrez/connections")).connections;
  element("no-connections").hidden = connections.length > 0;
  element("connect").hidden = connections.length > 0;
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

/** OwnerRez tells of a booking, by the webhook. */
export async function changeBooking() {
  const account = Number(connections[0]?.id ?? 347482730);
  const booking = { id: 16879744, status: "active", arrival: "2026-12-01", departure: "2026-12-05" };
  const event = {
    id: crypto.randomUUID(), user_id: account, action: "entity_update", entity_type: "booking", entity_id: booking.id,
    categories: ["availability"], entity: booking,
  };
  await call("POST", "/_sandbox/ownerrez/events", { body: { events: [event] } });
  say("OwnerRez has sent the booking. The function stores it before it answers.");
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
