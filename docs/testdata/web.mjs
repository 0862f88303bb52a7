// Follows docs/web.md in Chromium: two browsers find each other and play a whole game, and another; a push arrives and is
// opened, and a third browser becomes the same player.
//
//     BROWSER=… CHROMIUM=… SERVER=http://… node web.mjs FOLDER-WITH-THE-PAGE
import assert from 'node:assert/strict';
import { createECDH, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const { launch, open, serve } = await import(process.env.BROWSER);
const server = process.env.SERVER;
const file = (name) => readFileSync(join(process.argv[2], name), 'utf8').replaceAll('http://127.0.0.1:8080', server);

const pages = await serve({ '/': file('index.html'), '/app.js': file('app.js'), '/sw.js': file('sw.js') });
const browser = await launch();
try {
    const ann = await person();
    const bob = await person();
    await wholeGame([ann, bob]);
    await wholeGame([ann, bob]); // the first one does not stand in its way
    await push(ann);
    await secondDevice(ann);
} finally {
    await browser.close();
}

/** Somebody with a browser of their own, whose push service is not asked: the tests do not leave this machine. */
async function person() {
    const context = await browser.newContext();
    const keys = createECDH('prime256v1');
    const subscription = {
        endpoint: `https://127.0.0.1:9/${randomBytes(8).toString('hex')}`,
        keys: { p256dh: keys.generateKeys('base64url'), auth: randomBytes(16).toString('base64url') },
    };
    await context.addInitScript((json) => {
        PushManager.prototype.subscribe = async (options) => {
            window.subscribedWith = options;
            return { toJSON: () => json };
        };
    }, subscription);
    return { context, ...await open(context, pages) };
}

async function wholeGame(people) {
    for (const { page } of people) await page.click('#find');
    for (;;) {
        const mover = await Promise.race([...people.map(canMove), over(people)]);
        if (!mover) break;
        await mover.page.locator('#board button:enabled').first().click();
        await mover.page.waitForFunction(() => !document.querySelector('#board button:enabled'));
    }
    const said = await Promise.all(people.map(({ page }) => page.textContent('#says')));
    assert.deepEqual(said.sort(), ['You lose.', 'You win.']);
    for (const { page, errors } of people) {
        assert.deepEqual(errors, []);
        await page.waitForFunction(() => document.querySelector('#games li').textContent.endsWith('finished'));
    }
}

async function canMove(person) {
    await person.page.waitForSelector('#board button:enabled', { timeout: 0 });
    return person;
}

async function over(people) {
    await Promise.all(people.map(({ page }) =>
        page.waitForFunction(() => /win|lose|draw/.test(document.getElementById('says').textContent), undefined, { timeout: 0 })));
}

/** The person allows notifications, the browser is registered, and a push as the server words it is shown and opened. */
async function push({ context, page }) {
    await context.grantPermissions(['notifications'], { origin: pages });
    await page.waitForSelector('#notify:not([hidden])');
    await page.click('#notify');
    await page.waitForSelector('#notify', { state: 'hidden' });
    const { device, key, me, session } = await page.evaluate(async (address) => {
        const { connect } = await import(`${address}/client.js`);
        const { api, playerId } = await connect();
        const [device] = (await api.listDevices()).items;
        const [{ vapid_public_key }] = (await api.getServer()).channels;
        const [session] = (await api.listSessions()).items;
        return { device, key: vapid_public_key, me: playerId, session: session.id };
    }, server);
    assert.equal(device.channel, 'webpush');
    assert.equal(device.id, await page.evaluate(() => localStorage.device));
    assert.equal(await page.evaluate(() => window.subscribedWith.applicationServerKey), key);

    const told = {
        kind: 'your_turn', session_id: session, player_id: me, app_badge: 1,
        notification: { title: 'It’s your turn', body: 'Make your move.', tag: 'one', renotify: true },
    };
    await deliver(context, page, told);
    await deliver(context, page, { ...told, notification: { ...told.notification, body: 'Again.' } });
    const [worker] = context.serviceWorkers();
    await until(async () => {
        const shown = await worker.evaluate(async () => (await self.registration.getNotifications()).map(({ title, body }) => `${title} ${body}`));
        return shown.length === 1 && shown[0] === 'It’s your turn Again.';
    });

    // The tap itself cannot be made here: without one the browser lets no worker focus a window.
    await page.evaluate(() => { document.getElementById('says').textContent = ''; });
    const tap = (push) => worker.evaluate((push) => openPage(push).catch(({ name }) => name), push);
    assert.equal(await tap({ ...told, player_id: 'somebody-else' }), 'InvalidAccessError');
    assert.equal(await page.textContent('#says'), '');
    await tap(told);
    await page.waitForFunction(() => /win|lose/.test(document.getElementById('says').textContent));

    // And where no page is open, the notification leads to this address.
    const again = await context.newPage();
    await again.goto(`${pages}/?session=${session}`);
    await again.waitForFunction(() => /win|lose/.test(document.getElementById('says').textContent));
    await again.close();
}

async function deliver(context, page, push) {
    const devtools = await context.newCDPSession(page);
    const registered = new Promise((resolve) => devtools.on('ServiceWorker.workerRegistrationUpdated',
        ({ registrations: [registration] }) => registration && resolve(registration.registrationId)));
    await devtools.send('ServiceWorker.enable');
    await devtools.send('ServiceWorker.deliverPushMessage', { origin: pages, registrationId: await registered, data: JSON.stringify(push) });
    await devtools.detach();
}

async function secondDevice({ page }) {
    await page.click('#show-code');
    await page.waitForFunction(() => /^[A-Z0-9]{8}$/.test(document.getElementById('says').textContent));
    const tablet = await person();
    await tablet.page.fill('#link input', await page.textContent('#says'));
    await tablet.page.click('#link button');
    await tablet.page.waitForSelector('#games li');
    const ids = await Promise.all([page, tablet.page].map((each) => each.evaluate(async (address) => {
        const { connect } = await import(`${address}/client.js`);
        return (await connect()).playerId;
    }, server)));
    assert.equal(ids[0], ids[1]);
}

/** Asks until it is so; the test's own patience ends what never is. */
async function until(condition) {
    while (!await condition()) await new Promise((resolve) => setImmediate(resolve));
}
