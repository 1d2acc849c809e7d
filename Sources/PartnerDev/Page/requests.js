// Requests, and refusals in words for people.

/** What functions answer, in words for people. */
const words = {
  CONSENT_REQUIRED: "Refused, as it should be: without consent nothing about you is sent anywhere.",
  BUSY: "Ownli is busy. The app may ask again later.",
  UPSTREAM_BUSY: "Ownli is busy. The function tried three times; nothing is lost, try again later.",
  UPSTREAM_TIMEOUT: "Ownli did not answer in time. Try again later.",
  CONTACT_NOT_PROVEN: "That phone number may be somebody else's: your account has to verify it first.",
  CONTACT_MISMATCH: "That is not what your account has verified.",
};

/** A refusal, with what it says. */
export class Refusal extends Error {
  constructor(status, body) {
    const code = body?.error_code ?? (status === 503 ? "BUSY" : undefined);
    super(words[code] ?? body?.error_message ?? body?.message ?? `The answer was ${status}.`);
    this.status = status;
    this.code = code;
  }
}

export async function call(method, path, { bearer, body } = {}) {
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
