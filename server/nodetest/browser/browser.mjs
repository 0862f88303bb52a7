// What a test's program needs to drive Chromium. It is used as
//
//     const { launch, serve } = await import(process.env.BROWSER);
//
// and nodetest.Browser puts the right name there.
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { chromium } from 'playwright-core';

/**
 * Starts Chromium without a window. Each person is a browser profile of its own: browser.newContext(). Names that end in
 * .test are this machine, for pages that browsers do not take for secure.
 */
export function launch() {
    // The sandbox cannot be had by root in a container; the pages are ours.
    const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--host-resolver-rules=MAP *.test 127.0.0.1'];
    return chromium.launch({ executablePath: process.env.CHROMIUM, args });
}

/**
 * Serves files, by path, on a port of their own: a page from here has another origin than the game's server.
 *
 * @param {Record<string, string>} files
 * @returns {Promise<string>} the address
 */
export async function serve(files) {
    const types = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css' };
    const server = createServer((request, response) => {
        const path = new URL(request.url, 'http://x').pathname;
        if (path === '/favicon.ico') return response.writeHead(204).end();
        if (files[path] === undefined) return response.writeHead(404).end();
        response.writeHead(200, { 'Content-Type': `${types[extname(path)] ?? 'text/html'}; charset=utf-8` }).end(files[path]);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    server.unref();
    return `http://127.0.0.1:${server.address().port}`;
}

/**
 * Opens a page and writes down what goes wrong in it: `errors` are mistakes of the page, `losses` are requests that did
 * not get through or were answered with 5xx, as while a server is killed.
 */
export async function open(context, address) {
    const page = await context.newPage();
    const errors = [];
    const losses = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => {
        if (message.type() !== 'error' && message.type() !== 'warning') return;
        const text = message.text();
        (/net::ERR_|responded with a status of 5/.test(text) ? losses : errors).push(text);
    });
    await page.goto(address);
    return { page, errors, losses };
}
