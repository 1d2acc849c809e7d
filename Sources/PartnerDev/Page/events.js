// The events that reach the company's server, as they reach it: whose they are, how they were found, and in which order.

import { element, make } from "./elements.js";
import { call } from "./requests.js";

let count = 0;

export async function loadEvents() {
  const { events } = await call("GET", "/_dev/events");
  const open = new Set([...document.querySelectorAll("#events details[open]")].map((it) => it.dataset.number));
  element("no-events").hidden = events.length > 0;
  element("events").replaceChildren(...events.map((event) => row(event, open.has(String(event.number)))));
  return events;
}

/** Called with how many there have been, whenever somebody asks for the calls. */
export async function lookForEvents(soFar) {
  if (soFar === count) return;
  count = soFar;
  await loadEvents();
}

function row(event, isOpen) {
  const summary = make("summary", {},
    make("span", { class: "who" }, event.kind),
    make("span", { class: "what" }, `${event.entity} · sequence ${event.sequence ?? "none"}`),
    make("span", { class: "how" },
      make("span", { class: event.source === "reconcile" ? "badge found" : "badge" }, event.source ?? "verbatim"),
      make("span", { class: "time" }, event.subject ?? "nobody's")));
  const carried = make("pre", { tabindex: "0", role: "group", "aria-label": "The event as it was posted" },
    JSON.stringify(event.body, null, 2));
  const details = make("details", { "data-number": event.number }, summary, make("div", { class: "content whole" }, make("div", {}, carried)));
  details.open = isOpen;
  return make("li", {}, details);
}
