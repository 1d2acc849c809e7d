// Who is signed in, what the app knows of them, and what it says.

import { element } from "./elements.js";
import { call } from "./requests.js";

/** The app's whole state. The token is here only: a reload gets another. */
export const app = {
  about: null, // what the server says of itself
  session: JSON.parse(sessionStorage.getItem("session") ?? "null"), // { user, idToken }
  ownliUserID: null,
  token: null, // { value, scope, expires }
  rewards: [],
};

/** Whether a function here answers a route. */
const answers = (route) => app.about.functions.some((it) => it.routes.includes(route));

/** Whom the company works with: one partner, or both. */
export const usesOwnli = () => answers("POST /api/ownli/users");
export const usesOwnerRez = () => answers("POST /api/ownerrez/connections");

export const gateway = (method, path, body) => call(method, path, { bearer: app.session.idToken, body });

export function keep(session) {
  app.session = session;
  if (session) sessionStorage.setItem("session", JSON.stringify(session));
  else sessionStorage.removeItem("session");
}

export function say(text, isBad = false) {
  const said = element("said");
  said.textContent = text;
  said.classList.toggle("bad", isBad);
}

export function show(screen) {
  for (const other of document.querySelectorAll(".screen")) other.hidden = other.id !== `screen-${screen}`;
  element("sign-out").hidden = screen === "sign-in";
  element("kept").hidden = screen === "sign-in" || !usesOwnli();
  element(`screen-${screen}`).querySelector("h3").focus({ preventScroll: true });
}

/** Runs what a button is for; meanwhile it cannot be pressed again. */
export async function during(button, work) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    await work();
  } catch (refusal) {
    if (refusal.status === 401 && !refusal.isOwnli) signOut("Your sign-in has expired. Sign in again.");
    else say(refusal.message, true);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

export const onPress = (id, work) =>
  element(id).addEventListener("click", (event) => during(event.currentTarget, work));

export function signOut(why = "") {
  keep(null);
  Object.assign(app, { token: null, ownliUserID: null, rewards: [] });
  show("sign-in");
  say(why, why !== "");
}
