// Opens the app in Chromium while its server is away, when a newer one has taken its place, and after the browser has thrown
// away what it kept.
//
//     BROWSER=… CHROMIUM=… SERVER=http://… node worker.mjs
//
// It says "stop, please" and "start with another name, please" when the server is to do so.
import assert from 'node:assert/strict';

const { launch, open } = await import(process.env.BROWSER);
const server = process.env.SERVER;

const browser = await launch();
const context = await browser.newContext();
try {
    const { page, errors } = await open(context, `${server}/`);
    const { id, join_code } = await page.evaluate(async () => {
        const { api } = await (await import('/client.js')).connect();
        return api.startTicTacToeSession({});
    });
    await page.goto(`${server}/s/${id}`);
    await page.getByText(join_code).first().waitFor();
    await page.waitForFunction(async () => (await navigator.serviceWorker.ready).active.state === 'activated');
    const [shell] = await page.evaluate(() => caches.keys());
    assert.deepEqual(errors, []);

    console.log('stop, please');
    await until(async () => !await answers());
    await withoutServer(page, id, join_code);
    console.log('start with another name, please');
    await until(answers);
    await newer(page, shell);
    await nothingKept(page, id);
} finally {
    await browser.close();
}

/** Each address of the app opens, with what was known of it; every other is as it would be without a worker. */
async function withoutServer(page, id, code) {
    await page.goto(`${server}/s/${id}`);
    await page.getByText(code).first().waitFor();
    for (const path of ['/', '/me', '/new/tictactoe', `/j/${code}`]) {
        await page.goto(server + path);
        await page.getByText('No connection').waitFor();
    }
    const other = await context.newPage();
    await assert.rejects(other.goto(`${server}/docs`), /ERR_CONNECTION_REFUSED/);
    await other.close();
}

/** A page that is open goes on when the server is back. The newer shell takes the place of the older one as a whole. */
async function newer(page, before) {
    await page.getByText('No connection').waitFor({ state: 'detached' });
    await page.reload(); // upon which the app looks for a newer worker
    await until(async () => {
        const names = await page.evaluate(() => caches.keys());
        return names.length === 1 && names[0] !== before;
    });
    const kept = await page.evaluate(async () => (await (await caches.match('/')).text()).includes('<title>Another name</title>'));
    assert.equal(kept, true);
}

/** Browsers throw things away when room gets short. The files then come from the server, as without a worker. */
async function nothingKept(page, id) {
    await page.evaluate(async () => Promise.all((await caches.keys()).map((name) => caches.delete(name))));
    const { page: other, errors } = await open(context, `${server}/s/${id}`);
    await other.getByRole('heading').first().waitFor();
    assert.deepEqual(errors, []);
}

async function answers() {
    return fetch(`${server}/healthz`).then(({ ok }) => ok, () => false);
}

/** Asks until it is so, for far longer than anything takes. */
async function until(condition) {
    for (const end = Date.now() + 40_000; Date.now() < end;) {
        if (await condition()) return;
        await new Promise((resolve) => setTimeout(resolve, 50)); // the browser needs the processor, too
    }
    throw new Error(`never so: ${condition}`);
}
