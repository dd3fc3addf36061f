// Follows a user's sessions by graphql-sse: node events.mjs ADDRESS EMAIL PASSWORD
// Prints an object: what a query answers, what a subscription that is denied is told, and whether it came back.
import { createClient } from 'graphql-sse';
import { address, followSessions, restart, signIn } from './server.mjs';

const token = await signIn();
const client = createClient({
  url: `${address}/graphql`,
  headers: () => ({ authorization: `Bearer ${token.accessToken}` }),
  retryAttempts: 20,
  retry: () => new Promise((next) => setTimeout(next, 50)),
});

const once = (query) =>
  new Promise((resolve, reject) => {
    let answer;
    client.subscribe({ query }, { next: (e) => (answer = e), error: reject, complete: () => resolve(answer) });
  });

const { data } = await once('{ claims { subject } }');
const denied = await once('subscription { auditEventRecorded { id } }');

const events = [];
let failed;
const stop = client.subscribe({ query: followSessions }, { next: (e) => events.push(e), error: (e) => (failed = String(e)), complete: () => {} });
await started();
await restart();
await started();
stop();
client.dispose();
console.log(JSON.stringify({ subject: data.claims.subject, denied: denied.errors.map((e) => e.extensions.code), failed }));

async function started() {
  while (!failed) {
    const { session } = await signIn();
    await new Promise((next) => setTimeout(next, 700));
    if (events.some((e) => e.data?.sessionChanged.session.id === session.id)) return;
  }
}
