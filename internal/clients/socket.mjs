// Follows a user's sessions by graphql-ws: node socket.mjs ADDRESS EMAIL PASSWORD
// Prints an object: with which codes sockets were closed, and what was told of a new token.
import { createClient } from 'graphql-ws';
import { address, ask, followSessions, restart, signIn, told, waitFor } from './server.mjs';

const closed = [];
const pongs = [];
let socket;
let token = await signIn();

const client = createClient({
  url: `${address.replace('http', 'ws')}/graphql`,
  connectionParams: () => ({ authorization: `Bearer ${token.accessToken}` }),
  retryAttempts: 20,
  retryWait: () => new Promise((next) => setTimeout(next, 50)),
  on: {
    connected: (opened) => (socket = opened),
    closed: ({ code }) => closed.push(code),
    pong: (received, payload) => received && pongs.push(payload),
  },
});

const events = [];
let failed;
const stop = client.subscribe({ query: followSessions }, { next: (e) => events.push(e), error: (e) => (failed = e), complete: () => {} });
await told(events, (await started()).session.id);

// A new token on the live socket.
const refreshed = await ask(`mutation { refreshSession(input: {refreshToken: "${token.refreshToken}"}) { accessToken refreshToken } }`);
token = { ...token, ...refreshed.refreshSession };
socket.send(JSON.stringify({ type: 'ping', payload: { authorization: `Bearer ${token.accessToken}` } }));
await waitFor('a pong', () => pongs.length > 0);
await told(events, (await signIn()).session.id);
const closedByRenewal = closed.length;

// What ends the session closes the socket; the client comes back with the token that it has by then.
const over = token;
token = await signIn();
await ask(`mutation { revokeSession(input: {sessionId: "${over.session.id}"}) { session { id } } }`, { authorization: `Bearer ${token.accessToken}` });
await waitFor('a close', () => closed.length > 0);
await told(events, (await started()).session.id);

await restart();
await waitFor('a second close', () => closed.length > 1);
await told(events, (await started()).session.id);

const query = await new Promise((resolve, reject) => {
  let answer;
  client.subscribe({ query: '{ claims { subject } }' }, { next: (e) => (answer = e), error: reject, complete: () => resolve(answer) });
});
stop();
await client.dispose();
console.log(JSON.stringify({ closed, closedByRenewal, pong: Object.keys(pongs[0]), failed, subject: query.data.claims.subject }));

// started signs in until the subscription, which has begun or comes back, tells of it.
async function started() {
  for (;;) {
    const { session } = await signIn();
    const tellsOf = () => events.some((e) => e.data?.sessionChanged.session.id === session.id);
    for (const until = Date.now() + 1200; Date.now() < until; await new Promise((next) => setTimeout(next, 10))) {
      if (tellsOf()) return { session };
      if (failed) throw new Error(JSON.stringify(failed));
    }
  }
}
