// Ownli, as the app sees it: the token, and the rewards.

import { element, make, pause } from "./elements.js";
import { call } from "./requests.js";
import { app, gateway, say } from "./session.js";

export async function freshToken() {
  const answer = await gateway("POST", "/api/ownli/token");
  app.token = { value: answer.access_token, scope: answer.scope, expires: Date.now() + answer.expires_in * 1000 };
  showToken();
}

/** Ownli, as an app calls it: a token is fetched when there is none, and once more when it is not accepted. */
async function ownli(method, path) {
  if (!app.token || app.token.expires - Date.now() < 5 * 60 * 1000) await freshToken();
  try {
    return await call(method, `/_ownli${path}`, { bearer: app.token.value });
  } catch (refusal) {
    refusal.isOwnli = true;
    if (refusal.status !== 401) throw refusal;
  }
  await freshToken();
  say("The token was not valid any more: the app got another and asked again.");
  try {
    return await call(method, `/_ownli${path}`, { bearer: app.token.value });
  } catch (refusal) {
    refusal.isOwnli = true;
    throw refusal;
  }
}

export function showToken() {
  element("token").textContent = app.token ? `${app.token.value.slice(0, 6)}••••••` : "none yet";
  element("token-scope").hidden = !app.token;
  element("token-scope").textContent = app.token?.scope ?? "";
  showCountdown();
}

export function showCountdown() {
  const seconds = app.token ? Math.max(0, Math.round((app.token.expires - Date.now()) / 1000)) : 0;
  element("countdown").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

export async function loadRewards() {
  app.rewards = await ownli("GET", `/api/users/by-id/${encodeURIComponent(app.ownliUserID)}/rewards`);
  showRewards();
}

export function showRewards() {
  const dollars = (amount) => `$${amount.toFixed(2)}`;
  element("no-rewards").hidden = app.rewards.length > 0;
  element("total").textContent = dollars(app.rewards.reduce((sum, reward) => sum + (reward.amount ?? 0), 0));
  element("rewards").replaceChildren(...app.rewards.map((reward) =>
    make("li", {}, make("span", {}, reward.clientReference), make("b", {}, dollars(reward.amount ?? 0)),
      make("span", { class: "badge" }, reward.status))));
  // A list that scrolls has to be reached by the keyboard.
  const list = element("rewards");
  if (list.scrollHeight > list.clientHeight) list.tabIndex = 0;
  else list.removeAttribute("tabindex");
}

export async function buy() {
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
    const isHere = app.rewards.some((reward) => reward.clientReference === order);
    if (isHere) return say(`Bought: ${order}. Your reward is here.`);
  }
  say(`Bought: ${order}. The reward still waits in the queue.`);
}

export async function claim() {
  await ownli("POST", `/api/users/by-id/${encodeURIComponent(app.ownliUserID)}/rewards/claim?product=paypal`);
  say("Claimed. Ownli pays it out.");
  await loadRewards();
}
