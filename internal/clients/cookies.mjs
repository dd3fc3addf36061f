// Follows a user's sessions by graphql-ws with cookies, as a page does: node cookies.mjs ADDRESS EMAIL PASSWORD
// Prints an object: with which codes and reasons sockets were closed.
import { createClient } from 'graphql-ws';
import { address, ask, followSessions, signIn, waitFor } from './server.mjs';

const closed = [];
let { cookies } = await signIn('COOKIE');

// A page's sockets carry its cookies and its origin by themselves.
class PageSocket extends WebSocket {
  constructor(url, protocols) {
    super(url, { protocols, headers: { cookie: cookies.join('; '), origin: address } });
  }
}

const client = createClient({
  // Before a socket is opened anew after 4403 the page refreshes its cookies.
  url: async () => {
    if (closed.at(-1)?.startsWith('4403')) {
      ({ cookies } = await ask('mutation { refreshSession { expiresAt } }', { cookie: cookies.join('; '), origin: address }));
    }
    return `${address.replace('http', 'ws')}/graphql`;
  },
  webSocketImpl: PageSocket,
  retryAttempts: 20,
  retryWait: () => new Promise((next) => setTimeout(next, 50)),
  on: { closed: ({ code, reason }) => closed.push(`${code} ${reason}`) },
});

const events = [];
let failed;
const stop = client.subscribe({ query: followSessions }, { next: (e) => events.push(e), error: (e) => (failed = e), complete: () => {} });
await waitFor('the end of the token', () => closed.length > 0);
while (!failed) {
  const { session } = await signIn();
  await new Promise((next) => setTimeout(next, 700));
  if (events.some((e) => e.data?.sessionChanged.session.id === session.id)) break;
}
stop();
await client.dispose();
console.log(JSON.stringify({ closed: closed.slice(0, 1), failed }));
