// What GraphiQL remembers, and for how long. Nothing outlives the tab: a query or its variables may hold a password.

// The history keeps the headers of each request whatever shouldPersistHeaders says, so it lasts as long as the page.
const holdsHeaders = new Set(['graphiql:headers', 'graphiql:queries', 'graphiql:favorites']);

const forgotten = new Map();

export const storage = {
  getItem: (key) => (holdsHeaders.has(key) ? (forgotten.get(key) ?? null) : sessionStorage.getItem(key)),
  setItem: (key, value) => (holdsHeaders.has(key) ? forgotten.set(key, value) : sessionStorage.setItem(key, value)),
  removeItem: (key) => (holdsHeaders.has(key) ? forgotten.delete(key) : sessionStorage.removeItem(key)),
  clear: () => {
    forgotten.clear();
    sessionStorage.clear();
  },
  get length() {
    return forgotten.size + sessionStorage.length;
  },
};
