// Makes what browsers are given, in files/, from what is written in app/:
//
//   app.js     the app, which imports the server's own /client.js
//   app.css    how it looks
//   worker.js  the service worker
//
// npm ci && npm run build. A first argument names another folder for the results.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const results = process.argv[2] ?? here('files');
const common = { bundle: true, minify: true, target: 'es2022', legalComments: 'none', logLevel: 'warning', absWorkingDir: here('.') };

await build({ ...common, entryPoints: ['app/main.tsx'], outfile: `${results}/app.js`, format: 'esm', jsx: 'automatic', jsxImportSource: 'preact', external: ['/client.js'] });
// A worker cannot import while it runs, so that it brings the client along; the address from which it came is its server's.
const client = { 'import.meta.url': 'location.href' };
await build({ ...common, entryPoints: ['app/worker.ts'], outfile: `${results}/worker.js`, format: 'iife', define: client });
