// The page of all routes: what openapi.json says, for people. No library, no build step.

import { curl, signIn } from "./curl.js";
import { element, make } from "./elements.js";
import { call } from "./requests.js";

const methods = ["get", "post", "put", "patch", "delete"];
let description;

/** What a reference leads to; what stands beside it is kept. */
function resolved(each) {
  if (!each.$ref) return each;
  const { $ref, ...beside } = each;
  const found = $ref.slice(2).split("/").reduce((value, name) => value[name], description);
  return { ...resolved(found), ...beside };
}

/** Texts with `code` in them, a paragraph each. */
function paragraphs(text = "") {
  return text.trim().split(/\n\s*\n/).filter(Boolean).map((paragraph) => make("p", {}, ...marked(paragraph)));
}

const marked = (text) =>
  text.split("`").map((part, index) => (index % 2 ? make("code", {}, part) : part)).filter((part) => part !== "");

const json = (value) => JSON.stringify(value, null, 2);
const exampleOf = (schema) => resolved(schema).examples?.[0];

function kind(schema) {
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.filter((each) => each !== null).join(", ");
  const types = [schema.type ?? []].flat().filter((type) => type !== "null");
  return schema.format ?? types.join(" or ");
}

/** The members of a schema, those of what is in it too: `address.state`, `rewards[].id`. */
function* members(schema, path = "") {
  const { type, items, properties = {}, required = [] } = resolved(schema);
  if (type === "array") yield* members(items, `${path}[]`);
  for (const [name, each] of Object.entries(properties)) {
    const member = { ...resolved(each), path: path ? `${path}.${name}` : name, isRequired: required.includes(name) };
    if (member.properties || member.items) yield* members(each, member.path);
    else yield member;
  }
}

/** `string, required. Found in the log` */
function about(member, schema, isRequired) {
  const said = [kind(schema), isRequired ? "required" : ""].filter(Boolean).join(", ");
  return [said, member.description ?? ""].filter(Boolean).join(". ");
}

const fact = (terms, text) => [make("dt", {}, ...terms), make("dd", {}, ...marked(text))];

function facts(entries) {
  return make("dl", { class: "facts" }, ...entries.flat());
}

function part(title, ...children) {
  return make("section", {}, make("h3", {}, title), ...children);
}

function fields(schema) {
  const entries = [...members(schema)]
    .map((member) => fact([make("code", {}, member.path)], about(member, member, member.isRequired)));
  return entries.length ? [facts(entries)] : [];
}

function parameters(route) {
  if (!route.parameters.length) return [];
  return [part("Parameters", facts(route.parameters.map((each) => fact(
    [make("code", {}, each.name), make("span", { class: "faint" }, ` in the ${each.in}`)],
    about(each, resolved(each.schema), each.required)))))];
}

function body(route) {
  if (!route.operation.requestBody) return [];
  const request = resolved(route.operation.requestBody);
  const { schema } = request.content["application/json"];
  const example = exampleOf(schema);
  const said = [request.description, resolved(schema).description].filter(Boolean);
  return [part("Send", ...said.map((text) => make("p", { class: "faint" }, ...marked(text))),
    ...(example === undefined ? [] : [make("pre", {}, json(example))]), ...fields(schema))];
}

function status(code) {
  const look = code >= "500" ? "bad" : code >= "400" ? "warn" : "good";
  return make("span", { class: `status ${look}` }, code);
}

function success([code, answer]) {
  const [media] = Object.entries(answer.content ?? {});
  const schema = media?.[0] === "application/json" ? media[1].schema : {};
  const example = exampleOf(schema);
  const headers = Object.entries(answer.headers ?? {}).filter(([name]) => name !== "Cache-Control")
    .map(([name, header]) => fact([make("code", {}, name)], resolved(header).description));
  return [
    make("p", {}, status(code), " ", ...marked(answer.description)),
    ...(headers.length ? [facts(headers)] : []),
    ...(example === undefined ? [] : [make("pre", {}, json(example))]), ...fields(schema),
  ];
}

/** The codes that an answer may have. */
function* codes(schema = {}) {
  yield* schema.properties?.error_code?.enum ?? [];
  for (const each of schema.anyOf ?? []) yield* codes(each);
}

function refusals(entries) {
  const meanings = new Map(description.components.schemas.ErrorCode.oneOf.map((it) => [it.const, it.description]));
  return facts(entries.flatMap(([code, answer]) => {
    const found = [...codes(answer.content?.["application/json"]?.schema)];
    if (!found.length) return [fact([status(code)], answer.description)];
    return found.map((each) => fact([status(code), " ", make("code", {}, each)], meanings.get(each)));
  }));
}

function copyable(text) {
  const button = make("button", { type: "button" }, "Copy");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    element("copied").textContent = "Copied.";
    button.textContent = "Copied";
  });
  return make("div", { class: "try" }, make("pre", {}, text), button);
}

function tryIt(route) {
  const line = curl(route, exampleOf);
  return line ? [part("Try it", ...line.notes.map((text) => make("p", { class: "faint" }, text)), copyable(line.text))]
    : [];
}

/** All that there is to say of a route, once somebody wants to know. */
function content(route) {
  const answers = Object.entries(route.operation.responses).map(([code, each]) => [code, resolved(each)]);
  return make("div", { class: "about-route" },
    ...[route.operation.description].filter(Boolean).map((text) => make("div", { class: "prose" }, ...paragraphs(text))),
    ...parameters(route), ...body(route),
    part("Get", ...answers.filter(([code]) => code < "400").flatMap(success)),
    part("Refusals", refusals(answers.filter(([code]) => code >= "400"))),
    ...tryIt(route));
}

function row(route) {
  const details = make("details", { id: route.operation.operationId }, make("summary", {},
    make("span", { class: "what" }, make("span", { class: "method" }, route.method), route.path),
    make("span", { class: "why" }, route.operation.summary),
    make("span", { class: "badge" }, route.operation["x-function"])));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(content(route));
  });
  return make("li", { class: "route" }, details);
}

function* routes() {
  for (const [path, item] of Object.entries(description.paths)) {
    for (const method of methods) {
      const operation = item[method];
      if (!operation) continue;
      const inherited = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(resolved);
      yield { method: method.toUpperCase(), path, operation, parameters: inherited };
    }
  }
}

function group(tag, all) {
  const id = `group-${tag.name.replaceAll(" ", "-")}`;
  const own = all.filter((route) => route.operation.tags.includes(tag.name));
  const isSignedIn = own.some((route) => route.operation.security.some((scheme) => "person" in scheme));
  return make("section", { class: "group", "aria-labelledby": id },
    make("h2", { id }, tag.name), ...paragraphs(tag.description), ...(isSignedIn ? [copyable(signIn())] : []),
    make("ol", { class: "calls" }, ...own.map(row)));
}

/** What any request may be refused with. */
function anyRequest() {
  const answers = Object.entries(description["x-any-request"]).map(([code, each]) => [code, resolved(each)]);
  return make("section", { class: "group", "aria-labelledby": "group-any" },
    make("h2", { id: "group-any" }, "Any request"),
    make("p", {}, "What a request may be refused with whatever its route is, or before one is found."),
    refusals(answers));
}

/** Where the address leads to is open. */
function openTarget() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.tagName !== "DETAILS") return;
  target.open = true;
  target.querySelector("summary").focus();
  target.scrollIntoView();
}

try {
  description = await call("GET", "/_dev/openapi.json");
  element("about").append(...paragraphs(description.info.description));
  const here = (await call("GET", "/_dev/about")).functions.map((it) => it.name);
  const all = [...routes()].filter((route) => here.includes(route.operation["x-function"]));
  const tags = description.tags.filter((tag) => all.some((route) => route.operation.tags.includes(tag.name)));
  element("routes").append(...tags.map((tag) => group(tag, all)), anyRequest());
  openTarget();
  addEventListener("hashchange", openTarget);
} catch (failure) {
  element("routes").append(make("p", { class: "said bad" }, `The description cannot be shown: ${failure.message}`));
}
