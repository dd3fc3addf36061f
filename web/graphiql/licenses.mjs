// The notices of what the page is made of: most licences ask that a copy carries them.
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';

const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/;

// licenses returns one text for all packages that the builds read from.
export async function licenses(root, metafiles) {
  const inputs = metafiles.flatMap((metafile) => Object.keys(metafile.inputs));
  const folders = new Set(inputs.map((input) => folder.exec(input)?.[0]).filter(Boolean));
  const notices = new Map();
  for (const each of folders) {
    const [name, text] = await notice(path.join(root, each));
    notices.set(name, text);
  }
  const sorted = [...notices.keys()].sort();
  const fonts = await readFile(path.join(root, 'page/fonts.txt'), 'utf8');
  return [fonts, ...sorted.map((name) => notices.get(name))].join(`\n${'-'.repeat(80)}\n\n`);
}

async function notice(directory) {
  const about = JSON.parse(await readFile(path.join(directory, 'package.json'), 'utf8'));
  const name = `${about.name} ${about.version}`;
  const names = (await readdir(directory)).filter((file) => /^(licen[sc]e|copying|notice|thirdparty)/i.test(file)).sort();
  const texts = await Promise.all(names.map((file) => readFile(path.join(directory, file), 'utf8')));
  const heading = `${name} (${about.license})\n`;
  return [name, [heading, ...texts.map((text) => `${text.replaceAll('\r\n', '\n').trim()}\n`)].join('\n')];
}
