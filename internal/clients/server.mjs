// What the scripts ask of the server by HTTP, beside the client that is tried.
export const address = process.argv[2];
export const email = process.argv[3];
export const password = process.argv[4];

export const followSessions = 'subscription { sessionChanged { kind session { id } } }';

// ask posts a query, and answers its data with the cookies that came with it.
export async function ask(query, headers = {}) {
  const response = await fetch(`${address}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  const cookies = response.headers.getSetCookie().map((line) => line.split(';')[0]);
  return { ...data, cookies };
}

// signIn opens a session.
export async function signIn(delivery = 'BODY') {
  const answer = await ask(`mutation {
    signIn(input: {email: "${email}", password: "${password}", delivery: ${delivery}}) { accessToken refreshToken session { id } }
  }`);
  return { ...answer.signIn, cookies: answer.cookies };
}

// waitFor waits until what is looked for is there.
export async function waitFor(what, found) {
  for (const until = Date.now() + 20000; Date.now() < until; await new Promise((next) => setTimeout(next, 10))) {
    const value = found();
    if (value) return value;
  }
  throw new Error(`waited in vain for ${what}`);
}

// told waits until a session's beginning is told.
export const told = (events, session) =>
  waitFor('an event', () => events.some((e) => e.data?.sessionChanged.kind === 'STARTED' && e.data.sessionChanged.session.id === session));

// restart has the server drained, and another one take its place.
export const restart = () => fetch(`${address}/restart`, { method: 'POST' });
