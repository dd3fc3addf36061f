// The page: GraphiQL on the /graphql of the server that it came from.
import './workers.js';

import { explorerPlugin } from '@graphiql/plugin-explorer';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { createRoot } from 'react-dom/client';

import { Caller, noticing } from './caller.jsx';
import { storage } from './storage.js';
import { welcome } from './welcome.js';

// Answers come whole: the server streams no multipart/mixed.
const fetcher = noticing(createGraphiQLFetcher({ url: '/graphql', enableIncrementalDelivery: false }));

// Made once: GraphiQL tells plugins apart by identity.
const plugins = [HISTORY_PLUGIN, explorerPlugin({ showAttribution: false })];

createRoot(document.getElementById('graphiql')).render(
  <GraphiQL
    fetcher={fetcher}
    plugins={plugins}
    storage={storage}
    defaultQuery={welcome}
    defaultEditorToolsVisibility="headers"
    shouldPersistHeaders={false}
    inputValueDeprecation
    schemaDescription
  >
    <GraphiQL.Logo>Fieldward</GraphiQL.Logo>
    <Caller />
  </GraphiQL>,
);
