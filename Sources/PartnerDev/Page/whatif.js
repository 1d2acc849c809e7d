// What goes wrong on purpose: the sandbox does it, and the functions have to cope.

import { call } from "./requests.js";
import { say } from "./session.js";

const fault = () => document.querySelector('input[name="fault"]:checked').value;

export async function setFault() {
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

export async function changeFault() {
  await setFault();
  const said = {
    none: "Ownli works.",
    once: "Ownli will answer the next call with 503.",
    busy: "Ownli answers every call with 503.",
    slow: "Ownli takes 3 seconds for every call.",
  };
  say(said[fault()]);
}
