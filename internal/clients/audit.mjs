// Holds the server at the URL against the audits of GraphQL over HTTP, with a token: node audit.mjs URL TOKEN
// Prints an object: how many audits passed, and why each of the others did not.
import { serverAudits } from 'graphql-http';

const [, , url, token] = process.argv;

const asBearer = (address, init = {}) =>
  fetch(address, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });

const outcome = { passed: 0, others: [] };
for (const audit of serverAudits({ url, fetchFn: asBearer })) {
  const result = await audit.fn();
  if (result.status === 'ok') outcome.passed++;
  else outcome.others.push(`${result.id} ${result.name}: ${result.reason}`);
}
console.log(JSON.stringify(outcome));
