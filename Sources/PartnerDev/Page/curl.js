// How a route is called from a shell.

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** A token of a person who is signed in, as the lines below want it. */
export const signIn = () =>
  `JWT=$(curl -s ${location.origin}/_dev/sign-in -d '{"user":"user-42"}' | sed 's/.*"id_token":"\\([^"]*\\)".*/\\1/')`;

const credentials = {
  person: ['-H "Authorization: Bearer $JWT"'],
  iam: [
    '--aws-sigv4 "aws:amz:$AWS_REGION:execute-api"', '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
    '-H "x-amz-security-token: $AWS_SESSION_TOKEN"',
  ],
  webhook: ['--user "$OWNERREZ_WEBHOOK_USER:$OWNERREZ_WEBHOOK_PASSWORD"'],
};

/** Null where nobody calls by hand. */
export function curl({ method, path, operation, parameters }, exampleOf) {
  const [scheme] = operation.security.flatMap((each) => Object.keys(each));
  if (!(scheme in credentials)) return null;
  const isHere = scheme !== "iam";
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => parameters.find((it) => it.name === name).example);
  const query = parameters.filter((it) => it.in === "query" && "example" in it)
    .map((it) => `${it.name}=${encodeURIComponent(it.example)}`).join("&");
  const address = (isHere ? location.origin : "https://$API") + filled + (query && `?${query}`);
  const schema = operation.requestBody?.content?.["application/json"].schema;
  const parts = [`curl ${isHere && !query ? address : `"${address}"`}`, ...credentials[scheme]];
  if (method !== (schema ? "POST" : "GET")) parts.splice(1, 0, `-X ${method}`);
  if (schema) parts.push("-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(exampleOf(schema)))}`);
  const notes = isHere ? [] : ["At your API: nobody here has an identity of AWS's."];
  return { text: parts.join(" \\\n  "), notes };
}
