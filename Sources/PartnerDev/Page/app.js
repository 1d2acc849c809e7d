// The app of the demonstration: signing in, agreeing, and what every button does. No library, no build step.

import { element, make } from "./elements.js";
import { forgetKept, showKept } from "./kept.js";
import { drawMap } from "./map.js";
import {
  changeBooking, connect, getBookings, loadConnections, loseBooking, revokeThere, runUpkeep, sayReturn,
} from "./ownerrez.js";
import { buy, claim, freshToken, loadRewards, showCountdown, showRewards, showToken } from "./ownli.js";
import { call } from "./requests.js";
import {
  app, during, gateway, keep, onPress, say, show, signOut, usesOwnerRez, usesOwnli,
} from "./session.js";
import { changeFault, setFault } from "./whatif.js";
import { forgetCalls, watch } from "./wire.js";

const states = (
  "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR " +
  "PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI FM MH PW AA AE AP"
).split(" ");

function showUsers() {
  element("users").replaceChildren(...app.about.users.map((user) => {
    const button = make("button", { type: "button" }, `${user.firstName} ${user.lastName}`, make("small", {},
      user.phone ? `${user.email}, ${user.phone}` : `${user.email}, no phone verified`));
    button.addEventListener("click", () => during(button, () => signIn(user)));
    return make("li", {}, button);
  }));
}

async function signIn(user) {
  const { id_token: idToken } = await call("POST", "/_dev/sign-in", { body: { user: user.subject } });
  keep({ user, idToken });
  forgetKept();
  say("");
  await enter();
}

/** Where the signed-in user belongs: home when linked, else where they can agree. Without Ownli there is nothing to. */
async function enter() {
  if (!usesOwnli()) return goHome();
  try {
    app.ownliUserID = (await gateway("GET", "/api/ownli/users/me")).ownliUserId;
    await goHome();
  } catch (refusal) {
    if (refusal.code !== "NOT_LINKED") throw refusal;
    fillForm();
    show("consent");
  }
}

function fillForm() {
  const { firstName, lastName, email, phone } = app.session.user;
  for (const [id, value, isVerified] of [
    ["first-name", firstName], ["last-name", lastName], ["email", email, true], ["phone", phone ?? "", phone !== null],
  ]) {
    element(id).value = value;
    element(id).readOnly = Boolean(isVerified);
  }
  element("state").value = "CA";
}

async function optIn(agrees) {
  const body = {
    firstName: element("first-name").value.trim(),
    lastName: element("last-name").value.trim(),
    email: element("email").value,
    phone: element("phone").value.trim(),
    address: { state: element("state").value },
    consent: { termsOfService: agrees, privacyPolicy: agrees },
  };
  app.ownliUserID = (await gateway("POST", "/api/ownli/users", body)).ownliUserId;
  say("You are in. Your consent was stored before anything was sent to Ownli.");
  await goHome();
}

async function goHome() {
  element("greeting").textContent = `Hello, ${app.session.user.firstName}`;
  Object.assign(app, { token: null, rewards: [] });
  showRewards();
  showToken();
  show("home");
  await Promise.all([usesOwnli() && loadRewards(), loadConnections()]);
}

async function withdraw() {
  await gateway("DELETE", "/api/ownli/users/me");
  Object.assign(app, { token: null, ownliUserID: null, rewards: [] });
  forgetKept();
  await enter();
  say("Withdrawn (204): no token and no reward any more. When you agreed and withdrew is kept; Ownli keeps its user.");
}

async function expireTokens() {
  await call("POST", "/_sandbox/expire-tokens");
  if (app.ownliUserID) await loadRewards();
}

async function startOver() {
  await call("POST", "/_dev/start-over");
  document.querySelector('input[name="fault"][value="none"]').checked = true;
  forgetCalls();
  element("bookings").hidden = true;
  signOut();
}

app.about = await call("GET", "/_dev/about");
element("terms").href = app.about.termsURL;
element("privacy").href = app.about.privacyURL;
element("state").replaceChildren(...states.map((state) => make("option", {}, state)));
for (const part of document.querySelectorAll("[data-ownli]")) part.hidden = !usesOwnli();
for (const part of document.querySelectorAll("[data-ownerrez]")) part.hidden = !usesOwnerRez();
const upkeeper = app.about.functions.find((it) => it.name === "ownerrez-api");
if (upkeeper?.schedules.length) {
  element("upkeep-rate").textContent = `It runs every ${upkeeper.schedules[0] / 60} minutes by itself.`;
}
showUsers();
drawMap();

element("screen-consent").addEventListener("submit", (event) => {
  event.preventDefault();
  during(element("continue"), () => optIn(true));
});
onPress("no-consent", () => optIn(false));
onPress("sign-out", () => signOut());
onPress("buy", buy);
onPress("claim", claim);
onPress("refresh", async () => { await freshToken(); say("The app has a fresh token."); });
onPress("withdraw", withdraw);
onPress("show-kept", showKept);
onPress("connect", connect);
onPress("expire", expireTokens);
onPress("booking", changeBooking);
onPress("lost-booking", loseBooking);
onPress("revoke", revokeThere);
onPress("get-bookings", getBookings);
onPress("upkeep", runUpkeep);
onPress("start-over", startOver);
for (const choice of document.querySelectorAll('input[name="fault"]')) {
  choice.addEventListener("change", () => changeFault().catch((refusal) => say(refusal.message, true)));
}
setInterval(showCountdown, 1000);
watch();

// A reload finds the faults as they are not: it switches them off, so that the page shows what is so.
setFault();
sayReturn();
if (app.session) enter().catch(() => signOut());
