// What the documentation and the completion offer is the schema of whom the page asks as: it is asked for anew when
// that may have changed.
import { tryParseJSONC, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { getOperationAST, parse } from 'graphql';
import { useEffect, useRef } from 'react';

// How long nothing is typed before the headers are taken for finished, in milliseconds.
const pause = 500;

// A mutation may have signed someone in or out, by a cookie that the page does not see.
const mutated = new EventTarget();

// noticing tells when a mutation has been answered.
export const noticing = (fetcher) => async (params, options) => {
  const answer = await fetcher(params, options);
  if (isMutation(params)) mutated.dispatchEvent(new Event('answered'));
  return answer;
};

// isMutation reads the text that was sent: the editor's own parsed document lags behind it.
function isMutation({ query, operationName }) {
  try {
    return getOperationAST(parse(query), operationName)?.operation === 'mutation';
  } catch {
    return false; // the server has said what is wrong
  }
}

// headersOf is the editor's text without what does not matter of it; undefined while it is not well-formed.
function headersOf(editor) {
  try {
    return JSON.stringify(tryParseJSONC(editor.getValue()) ?? {});
  } catch {
    return undefined;
  }
}

// Caller shows nothing. It fetches the schema when the headers change, in the editor or from tab to tab.
export function Caller() {
  const editor = useGraphiQL((state) => state.headerEditor);
  const { introspect } = useGraphiQLActions();
  const asked = useRef('{}'); // the page begins without headers

  useEffect(() => {
    mutated.addEventListener('answered', introspect);
    return () => mutated.removeEventListener('answered', introspect);
  }, [introspect]);

  useEffect(() => {
    if (!editor) return undefined;
    let waiting;
    const look = () => {
      const headers = headersOf(editor);
      if (headers === undefined || headers === asked.current) return;
      asked.current = headers;
      introspect();
    };
    const changed = editor.onDidChangeModelContent(() => {
      clearTimeout(waiting);
      waiting = setTimeout(look, pause);
    });
    look();
    return () => {
      clearTimeout(waiting);
      changed.dispose();
    };
  }, [editor, introspect]);

  return null;
}
