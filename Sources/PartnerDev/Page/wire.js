// The picture: every call that crossed the wire, each below the one that caused it.

import { element, make, pause } from "./elements.js";
import { lookForEvents } from "./events.js";
import { forgetLines, isBad, light } from "./map.js";
import { call } from "./requests.js";

// More than anybody scrolls through.
const mostGroups = 150;
const rows = new Map(); // by number: { item, details, call }
let revision = 0;

export function forgetCalls() {
  rows.clear();
  element("calls").replaceChildren();
  forgetLines();
  element("no-calls").hidden = false;
}

async function look() {
  const changes = await call("GET", `/_dev/calls?after=${revision}`);
  if (changes.revision < revision) forgetCalls();
  revision = changes.revision;
  for (const change of changes.calls) draw(change);
  await lookForEvents(changes.events);
  element("queues").textContent = changes.queues.map((queue) =>
    `${queue.name}: ${queue.waiting} waiting, ${queue.delivered} done, ${queue.dead} in the dead letters`).join("; ");
}

function draw(change) {
  const known = rows.get(change.number);
  const row = known ?? { item: make("li"), details: make("details") };
  row.call = change;
  if (!known) {
    rows.set(change.number, row);
    row.item.append(row.details);
    row.details.addEventListener("toggle", () => drawContent(row));
    const cause = rows.get(change.cause);
    if (cause) {
      cause.made ??= cause.item.appendChild(make("ol", { "aria-label": "made for this call" }));
      cause.made.append(row.item);
    } else {
      element("calls").prepend(row.item);
      forgetOldest();
    }
    element("no-calls").hidden = true;
  }
  light(change);
  const summary = row.details.querySelector("summary") ?? row.details.appendChild(make("summary"));
  summary.replaceChildren(
    make("span", { class: "who" }, change.from, make("span", { "aria-hidden": "true" }, " → "),
      make("span", { class: "off-screen" }, " calls "), change.to),
    make("span", { class: "what" }, `${change.method} ${change.path}`),
    make("span", { class: "how" }, ...outcome(change)));
  if (row.details.open) drawContent(row);
}

function forgetOldest() {
  const groups = element("calls").children;
  if (groups.length <= mostGroups) return;
  groups[groups.length - 1].remove();
  for (const [number, row] of rows) if (!row.item.isConnected) rows.delete(number);
}

function outcome(change) {
  const parts = [];
  if (change.scope) parts.push(make("span", { class: "badge" }, change.scope));
  if (!("milliseconds" in change)) return [...parts, make("span", { class: "status open" }, "under way")];
  const kind = change.status === null || change.status >= 500 ? "bad" : change.status >= 400 ? "warn" : "good";
  const isBatch = change.note?.endsWith("failed") && change.status === 200;
  parts.push(make("span", { class: `status ${isBatch ? "bad" : kind}` },
    [isBatch ? null : change.status, change.note].filter((part) => part !== null && part !== undefined).join(", ")));
  const figures = [`${change.milliseconds.toFixed(change.milliseconds < 10 ? 1 : 0)} ms`];
  if (change.memoryKiB) figures.push(`${(change.memoryKiB / 1024).toFixed(1)} MB`);
  if (change.coldStart) figures.push("cold start");
  parts.push(make("span", { class: "time" }, figures.join(" · ")));
  return parts;
}

function drawContent(row) {
  row.content?.remove();
  if (!row.details.open) return;
  row.content = row.details.appendChild(make("div", { class: "content" },
    half("Sent", row.call.request), half("Answered", row.call.answer)));
}

function half(title, content) {
  const headers = Object.entries(content?.headers ?? {}).map(([name, value]) => `${name}: ${value}`).join("\n");
  const text = content ? [headers, content.body].filter(Boolean).join("\n\n") || "nothing" : "nothing yet";
  // It scrolls, so the keyboard has to reach it.
  const carried = make("pre", { tabindex: "0", role: "group", "aria-label": title }, text);
  return make("div", {}, make("h3", {}, title), carried);
}

/** Asks for ever; when the server is away, less often. */
export async function watch() {
  for (;;) {
    let rest = 500;
    try {
      if (!document.hidden) await look();
    } catch {
      element("queues").textContent = "partner-dev does not answer: is scripts/dev still running?";
      rest = 2000;
    }
    await pause(rest);
  }
}
