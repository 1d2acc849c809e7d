// The app of the demonstration, and the picture of what it causes. No library, no build step.

const element = (id) => document.getElementById(id);

/** An element with attributes and children; texts are never read as HTML. */
function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const states = (
  "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA " +
  "RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI"
).split(" ");

/** What functions answer, in words for people. */
const words = {
  CONSENT_REQUIRED: "Refused, as it should be: without consent nothing about you is sent anywhere.",
  BUSY: "Ownli is busy. The app may ask again later.",
  UPSTREAM_BUSY: "Ownli is busy. The function tried three times; nothing is lost, try again later.",
  UPSTREAM_TIMEOUT: "Ownli did not answer in time. Try again later.",
  CONTACT_MISMATCH: "That is not what your account has verified.",
};

/** A refusal, with what it says. */
class Refusal extends Error {
  constructor(status, body) {
    const code = body?.error_code ?? (status === 503 ? "BUSY" : undefined);
    super(words[code] ?? body?.error_message ?? body?.message ?? `The answer was ${status}.`);
    this.status = status;
    this.code = code;
  }
}

async function call(method, path, { bearer, body } = {}) {
  const headers = {};
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await answer.text();
  let json = null;
  try { json = JSON.parse(text); } catch { /* 401 and 204 have no body */ }
  if (!answer.ok) throw new Refusal(answer.status, json);
  return json;
}

// ---------------------------------------------------------------- the app's state

let about;
let session = JSON.parse(sessionStorage.getItem("session") ?? "null"); // { user, idToken }
let ownliUserID;
let token; // { value, expires }, in memory only: a reload gets another
let rewards = [];

const gateway = (method, path, body) => call(method, path, { bearer: session.idToken, body });

function keep(newSession) {
  session = newSession;
  if (session) sessionStorage.setItem("session", JSON.stringify(session));
  else sessionStorage.removeItem("session");
}

function say(text, isBad = false) {
  const said = element("said");
  said.textContent = text;
  said.classList.toggle("bad", isBad);
}

function show(screen) {
  for (const other of document.querySelectorAll(".screen")) other.hidden = other.id !== `screen-${screen}`;
  element("sign-out").hidden = screen === "sign-in";
  element(`screen-${screen}`).querySelector("h3").focus({ preventScroll: true });
}

/** Runs what a button is for; meanwhile it cannot be pressed again. */
async function during(button, work) {
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

const onPress = (id, work) => element(id).addEventListener("click", (event) => during(event.currentTarget, work));

// ---------------------------------------------------------------- signing in and agreeing

function showUsers() {
  element("users").replaceChildren(...about.users.map((user) => {
    const button = make("button", { type: "button" }, `${user.firstName} ${user.lastName}`, make("small", {},
      user.phone ? `${user.email}, ${user.phone}` : `${user.email}, no phone verified`));
    button.addEventListener("click", () => during(button, () => signIn(user)));
    return make("li", {}, button);
  }));
}

async function signIn(user) {
  const { id_token: idToken } = await call("POST", "/_dev/sign-in", { body: { user: user.subject } });
  keep({ user, idToken });
  say("");
  await enter();
}

function signOut(why = "") {
  keep(null);
  token = ownliUserID = undefined;
  rewards = [];
  show("sign-in");
  say(why, why !== "");
}

/** Where the signed-in user belongs: home when linked, else where they can agree. */
async function enter() {
  try {
    ownliUserID = (await gateway("GET", "/api/ownli/users/me")).ownliUserId;
    await goHome();
  } catch (refusal) {
    if (refusal.code !== "NOT_LINKED") throw refusal;
    fillForm();
    show("consent");
  }
}

function fillForm() {
  const { firstName, lastName, email, phone } = session.user;
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
  ownliUserID = (await gateway("POST", "/api/ownli/users", body)).ownliUserId;
  say("You are in. Your consent was stored before anything was sent to Ownli.");
  await goHome();
}

async function goHome() {
  element("greeting").textContent = `Hello, ${session.user.firstName}`;
  token = undefined;
  rewards = [];
  showRewards();
  showToken();
  show("home");
  await Promise.all([loadRewards(), loadConnections()]);
}

// ---------------------------------------------------------------- the token, and Ownli with it

async function freshToken() {
  const answer = await gateway("POST", "/api/ownli/token");
  token = { value: answer.access_token, scope: answer.scope, expires: Date.now() + answer.expires_in * 1000 };
  showToken();
}

/** Ownli, as an app calls it: a token is fetched when there is none, and once more when it is not accepted. */
async function ownli(method, path) {
  if (!token || token.expires - Date.now() < 5 * 60 * 1000) await freshToken();
  try {
    return await call(method, `/_ownli${path}`, { bearer: token.value });
  } catch (refusal) {
    refusal.isOwnli = true;
    if (refusal.status !== 401) throw refusal;
  }
  await freshToken();
  say("The token was not valid any more: the app got another and asked again.");
  try {
    return await call(method, `/_ownli${path}`, { bearer: token.value });
  } catch (refusal) {
    refusal.isOwnli = true;
    throw refusal;
  }
}

function showToken() {
  element("token").textContent = token ? `${token.value.slice(0, 6)}••••••` : "none yet";
  element("token-scope").hidden = !token;
  element("token-scope").textContent = token?.scope ?? "";
  showCountdown();
}

function showCountdown() {
  const seconds = token ? Math.max(0, Math.round((token.expires - Date.now()) / 1000)) : 0;
  element("countdown").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

// ---------------------------------------------------------------- rewards

async function loadRewards() {
  rewards = await ownli("GET", `/api/users/by-id/${encodeURIComponent(ownliUserID)}/rewards`);
  showRewards();
}

function showRewards() {
  const dollars = (amount) => `$${amount.toFixed(2)}`;
  element("no-rewards").hidden = rewards.length > 0;
  element("total").textContent = dollars(rewards.reduce((sum, reward) => sum + (reward.amount ?? 0), 0));
  element("rewards").replaceChildren(...rewards.map((reward) =>
    make("li", {}, make("span", {}, reward.clientReference), make("b", {}, dollars(reward.amount ?? 0)),
      make("span", { class: "badge" }, reward.status))));
  // A list that scrolls has to be reached by the keyboard.
  const list = element("rewards");
  if (list.scrollHeight > list.clientHeight) list.tabIndex = 0;
  else list.removeAttribute("tabindex");
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

async function buy() {
  const { order } = await gateway("POST", "/_dev/purchases");
  say(`Bought: ${order}. The shop has asked for your reward.`);
  for (let tries = 0; tries < 20; tries += 1) {
    await pause(500);
    try {
      await loadRewards();
    } catch (refusal) {
      if (refusal.status !== 503) throw refusal;
      return say(`Bought: ${order}. Ownli is busy: the reward waits in the queue.`, true);
    }
    if (rewards.some((reward) => reward.clientReference === order)) return say(`Bought: ${order}. Your reward is here.`);
  }
  say(`Bought: ${order}. The reward still waits in the queue.`);
}

async function claim() {
  await ownli("POST", `/api/users/by-id/${encodeURIComponent(ownliUserID)}/rewards/claim`);
  say("Claimed. Ownli pays it out.");
  await loadRewards();
}

// ---------------------------------------------------------------- OwnerRez

const hasOwnerRez = () => about.functions.some((it) => it.routes.includes("POST /api/ownerrez/connections"));
let connections = [];

async function loadConnections() {
  element("ownerrez").hidden = !hasOwnerRez();
  if (!hasOwnerRez()) return;
  connections = (await gateway("GET", "/api/ownerrez/connections")).connections;
  element("no-connections").hidden = connections.length > 0;
  element("connect").hidden = connections.length > 0;
  element("connections").replaceChildren(...connections.map((connection) => {
    const button = make("button", { type: "button" }, "Disconnect");
    button.addEventListener("click", () => during(button, () => disconnect(connection)));
    return make("li", {}, make("span", {}, connection.name ?? `Account ${connection.id}`), make("span", { class: "badge" }, "connected"), button);
  }));
}

async function connect() {
  const { authorization_url: address } = await gateway("POST", "/api/ownerrez/connections", { return_to: "/" });
  location.assign(address);
}

async function disconnect(connection) {
  await gateway("DELETE", `/api/ownerrez/connections/${encodeURIComponent(connection.id)}`);
  say("Disconnected: the access was revoked at OwnerRez, then forgotten here.");
  await loadConnections();
}

/** OwnerRez tells of a booking, by the webhook. */
async function changeBooking() {
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
async function revokeThere() {
  if (connections.length === 0) return say("Connect OwnerRez first.", true);
  await call("POST", "/_sandbox/ownerrez/revocations", { body: { user_id: Number(connections[0].id) } });
  for (let tries = 0; tries < 20 && connections.length > 0; tries += 1) {
    await pause(500);
    await loadConnections();
  }
  say("The access was revoked at OwnerRez: the connection is gone here too.");
}

/** What OwnerRez's page came back with. */
function sayReturn() {
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

// ---------------------------------------------------------------- what if

const fault = () => document.querySelector('input[name="fault"]:checked').value;

async function setFault() {
  const busy = { route: "ownli", fault: "status", status: 503, headers: { "Retry-After": "1" } };
  const faults = {
    none: null,
    once: { ...busy, times: 1 },
    busy: { ...busy, times: 1000000 },
    slow: { route: "ownli", fault: "delay", milliseconds: 3000, times: 1000000 },
  };
  await call("DELETE", "/_sandbox/faults");
  const chosen = faults[fault()];
  if (chosen) await call("POST", "/_sandbox/faults", { body: chosen });
}

async function changeFault() {
  await setFault();
  const said = {
    none: "Ownli works.",
    once: "Ownli will answer the next call with 503.",
    busy: "Ownli answers every call with 503.",
    slow: "Ownli takes 3 seconds for every call.",
  };
  say(said[fault()]);
}

async function expireTokens() {
  await call("POST", "/_sandbox/expire-tokens");
  if (ownliUserID) await loadRewards();
}

async function startOver() {
  await call("POST", "/_dev/start-over");
  document.querySelector('input[name="fault"][value="none"]').checked = true;
  forgetCalls();
  signOut();
}

// ---------------------------------------------------------------- the picture

const rows = new Map(); // by number: { item, details, call }
let revision = 0;

function forgetCalls() {
  rows.clear();
  lines.clear();
  element("calls").replaceChildren();
  element("lines").replaceChildren();
  element("no-calls").hidden = false;
}

async function look() {
  const changes = await call("GET", `/_dev/calls?after=${revision}`);
  if (changes.revision < revision) forgetCalls();
  revision = changes.revision;
  for (const change of changes.calls) draw(change);
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

const isBad = (change) => "milliseconds" in change && (change.status === null || change.status >= 500);

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
  return make("div", {}, make("h3", {}, title), make("pre", { tabindex: "0", role: "group", "aria-label": title }, text));
}

// The map says with lines what the list says with words.
const places = new Map(); // by name
const lines = new Map(); // by who calls whom

function drawMap() {
  const columns = [
    ["App", "Browser", "Shop"], ["Gateway", ...about.functions.map((it) => it.queue).filter(Boolean)],
    about.functions.map((it) => it.name), hasOwnerRez() ? ["Ownli", "OwnerRez"] : ["Ownli"],
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

function light(change) {
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

/** Asks for ever; when the server is away, less often. */
async function watch() {
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

// ---------------------------------------------------------------- begin

about = await call("GET", "/_dev/about");
element("terms").href = about.termsURL;
element("privacy").href = about.privacyURL;
element("state").replaceChildren(...states.map((state) => make("option", {}, state)));
element("ownerrez-what-if").hidden = !about.functions.some((it) => it.routes.includes("POST /webhooks/ownerrez"));
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
onPress("connect", connect);
onPress("expire", expireTokens);
onPress("booking", changeBooking);
onPress("revoke", revokeThere);
onPress("start-over", startOver);
for (const choice of document.querySelectorAll('input[name="fault"]')) {
  choice.addEventListener("change", () => changeFault().catch((refusal) => say(refusal.message, true)));
}
setInterval(showCountdown, 1000);
watch();

// A reload finds the faults as they are not: it switches them off, so that the page shows what is so.
setFault();
sayReturn();
if (session) enter().catch(() => signOut());
