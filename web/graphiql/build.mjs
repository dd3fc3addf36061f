// Builds the page into dist/, or with --check says whether dist/ is what the sources build.
//
// The check compares contents, not compressed bytes: those differ between versions of zlib.
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync } from 'node:zlib';

import * as esbuild from 'esbuild';

import { licenses } from './licenses.mjs';

const here = import.meta.dirname;
const dist = path.join(here, 'dist');
const prefix = '/graphiql';

const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  outdir: dist,
  publicPath: prefix,
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  charset: 'utf8',
  legalComments: 'none', // licenses.txt has them whole
  target: ['es2022'],
  logLevel: 'warning',
  define: { 'process.env.NODE_ENV': '"production"' },
};

// graphiql/style.css holds Monaco's style sheets already.
const monacoStyleOnce = {
  name: 'monaco-style-once',
  setup(build) {
    build.onLoad({ filter: /monaco-editor\/esm\/.*\.css$/ }, () => ({ contents: '', loader: 'css' }));
  },
};

// Fonts that a style sheet holds as data: become files, for font-src 'self', and load only where they are used.
const fontFiles = {
  name: 'font-files',
  setup(build) {
    const data = /^data:font\/(\w+);base64,(.*)$/s;
    build.onResolve({ filter: /^data:font\// }, ({ path: url }) => {
      const [, type, base64] = data.exec(url);
      const id = createHash('sha256').update(base64).digest('hex').slice(0, 16);
      return { namespace: 'font', path: `${id}/font.${type}`, pluginData: Buffer.from(base64, 'base64') };
    });
    build.onLoad({ filter: /./, namespace: 'font' }, ({ pluginData }) => ({ contents: pluginData, loader: 'file' }));
  },
};

const workers = () =>
  esbuild.build({
    ...common,
    format: 'iife',
    entryPoints: {
      'worker-editor': 'monaco-editor/esm/vs/editor/editor.worker.js',
      'worker-graphql': 'monaco-graphql/esm/graphql.worker.js',
      'worker-json': 'monaco-editor/esm/vs/language/json/json.worker.js',
    },
  });

const page = (workerOf) =>
  esbuild.build({
    ...common,
    format: 'esm',
    splitting: true,
    jsx: 'automatic',
    external: ['graphql-ws'], // asked for only where a socket's address is set, and none is
    entryPoints: { page: 'page/index.jsx', style: 'page/style.css' },
    define: { ...common.define, WORKERS: JSON.stringify(workerOf) },
    plugins: [monacoStyleOnce, fontFiles],
  });

const nameOf = (file) => path.basename(file.path);
const find = (names, start, end) => names.find((name) => name.startsWith(start) && name.endsWith(end));

// build returns the contents of dist/, by name, uncompressed.
async function build() {
  const worker = await workers();
  const workerNames = worker.outputFiles.map(nameOf);
  const address = (start) => `${prefix}/${find(workerNames, start, '.js')}`;
  const main = await page({
    editor: address('worker-editor-'),
    graphql: address('worker-graphql-'),
    json: address('worker-json-'),
  });
  const files = new Map(
    [...worker.outputFiles, ...main.outputFiles].map((file) => [nameOf(file), Buffer.from(file.contents)]),
  );
  const text = Buffer.from(await licenses(here, [worker.metafile, main.metafile]));
  files.set(`licenses-${createHash('sha256').update(text).digest('hex').slice(0, 8).toUpperCase()}.txt`, text);
  files.set('index.html', await html([...files.keys()]));
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function html(names) {
  const template = await readFile(path.join(here, 'page/index.html'), 'utf8');
  const addresses = {
    licenses: find(names, 'licenses-', '.txt'),
    style: find(names, 'style-', '.css'),
    script: find(names, 'page-', '.js'),
  };
  return Buffer.from(template.replace(/\{\{(\w+)\}\}/g, (_, key) => `${prefix}/${addresses[key]}`));
}

// What is stored as it is: the page, for its readers, and the fonts that are compressed by their format.
const isPlain = (name) => /\.(html|woff2?)$/.test(name);

function brotli(contents) {
  return brotliCompressSync(contents, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: contents.length },
  });
}

function gzip(contents) {
  const zipped = gzipSync(contents, { level: 9 }); // its time is zero
  zipped[9] = 255; // and its system (RFC 1952, section 2.3) unknown, whichever built it
  return zipped;
}

function sums(files) {
  const sum = (contents) => createHash('sha256').update(contents).digest('hex');
  return [...files].map(([name, contents]) => `${sum(contents)}  ${name}\n`).join('');
}

async function write(files) {
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist);
  for (const [name, contents] of files) {
    if (isPlain(name)) {
      await writeFile(path.join(dist, name), contents);
      continue;
    }
    await writeFile(path.join(dist, `${name}.br`), brotli(contents));
    await writeFile(path.join(dist, `${name}.gz`), gzip(contents));
  }
  await writeFile(path.join(dist, 'SHA256SUMS'), sums(files));
}

// stored returns the contents of one file of dist/ under the name that the build gives it.
async function stored(file) {
  const contents = await readFile(path.join(dist, file));
  if (file.endsWith('.br')) return [file.slice(0, -3), brotliDecompressSync(contents)];
  if (file.endsWith('.gz')) return [file.slice(0, -3), gunzipSync(contents)];
  return [file, contents];
}

// check returns what is wrong with dist/, a line for each file.
async function check(files) {
  const want = new Map([...files, ['SHA256SUMS', Buffer.from(sums(files))]]);
  const problems = [];
  const seen = new Map();
  for (const file of await readdir(dist)) {
    const [name, contents] = await stored(file);
    seen.set(name, (seen.get(name) ?? 0) + 1);
    if (!want.has(name)) problems.push(`${file}: the sources build no such file`);
    else if (!want.get(name).equals(contents)) problems.push(`${file}: the sources build another content`);
  }
  for (const name of want.keys()) {
    const copies = isPlain(name) || name === 'SHA256SUMS' ? 1 : 2;
    if (seen.get(name) !== copies) problems.push(`${name}: ${seen.get(name) ?? 0} of ${copies} files are there`);
  }
  return problems;
}

const files = await build();
if (process.argv.includes('--check')) {
  const problems = await check(files);
  problems.forEach((problem) => console.error(problem));
  process.exitCode = problems.length > 0 ? 1 : 0;
} else {
  await write(files);
}
