// The same in lines between those who call: for eyes only, the list says it in words.

import { element, make } from "./elements.js";
import { app, usesOwnerRez, usesOwnli } from "./session.js";

export const isBad = (change) => "milliseconds" in change && (change.status === null || change.status >= 500);

const places = new Map(); // by name
const lines = new Map(); // by who calls whom

export function drawMap() {
  const { functions } = app.about;
  const when = (isSo, ...names) => (isSo ? names : []);
  const columns = [
    ["App", ...when(usesOwnerRez(), "Browser"), ...when(usesOwnli(), "Shop"), ...when(usesOwnerRez(), "Back office")],
    ["Gateway", ...when(functions.some((it) => it.schedules.length), "Schedule"),
      ...functions.map((it) => it.queue).filter(Boolean)],
    functions.map((it) => it.name),
    [...when(usesOwnli(), "Ownli"), ...when(usesOwnerRez(), "OwnerRez")],
  ];
  element("map").replaceChildren(...columns.map((names) => make("div", {}, ...names.map((name) => {
    const place = make("span", {}, name);
    places.set(name, place);
    return place;
  }))));
}

/** Between the sides of two places that face each other; between edges above one another, down the middle. */
function stretch(line, from, to) {
  const frame = element("lines").getBoundingClientRect();
  const [a, b] = [from, to].map((place) => place.getBoundingClientRect());
  const isApart = a.right < b.left || b.right < a.left;
  const x = (box, other) => (!isApart ? box.left + box.width / 2 : box.right < other.left ? box.right : box.left);
  const ends = { x1: x(a, b), y1: a.top + a.height / 2, x2: x(b, a), y2: b.top + b.height / 2 };
  for (const [name, value] of Object.entries(ends)) {
    line.setAttribute(name, value - (name.startsWith("x") ? frame.left : frame.top));
  }
}

export function light(change) {
  const [from, to] = [places.get(change.from), places.get(change.to)];
  if (!from || !to) return;
  const key = `${change.from} > ${change.to}`;
  if (!lines.has(key)) {
    lines.set(key, element("lines").appendChild(document.createElementNS("http://www.w3.org/2000/svg", "line")));
  }
  const line = lines.get(key);
  stretch(line, from, to);
  line.classList.add("now");
  line.classList.toggle("failed", isBad(change));
  clearTimeout(line.timer);
  line.timer = setTimeout(() => line.classList.remove("now"), 700);
}

addEventListener("resize", () => {
  for (const [key, line] of lines) stretch(line, ...key.split(" > ").map((name) => places.get(name)));
});

export function forgetLines() {
  lines.clear();
  element("lines").replaceChildren();
}
