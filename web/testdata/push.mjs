// Follows a person in Chromium who wants to be told when it is their turn. Without the internet this browser can neither
// subscribe nor receive, so a push service of the test's own stands behind PushManager, and what the real server has pushed
// there is handed to the worker by the browser's developer tools.
//
//     BROWSER=… CHROMIUM=… SERVER=http://… PUSHES=http://… node push.mjs
import assert from 'node:assert/strict';
import { connect, memory } from '../../openapi/typescript/client.js';

const { launch, open } = await import(process.env.BROWSER);
const { SERVER: server, PUSHES: pushes } = process.env;
const yourTurn = 'It’s your turn: Make your move in Tic-tac-toe with Calm Heron.';

const browser = await launch();
const developer = await browser.newBrowserCDPSession(); // permissions hold as long as it does
const context = await browser.newContext();
const bare = await context.newPage(); // a page of the server without the app, so that nobody reads anything there
try {
    await behindPushManager();
    await insecure();
    await bare.goto(`${server}/robots.txt`);
    const me = await open(context, `${server}/me`);
    await denied(me.page);
    await switchOn(me.page);
    await tryOut(me.page);
    await forgotten(me.page);
    assert.deepEqual(me.errors, []);
    await me.page.close();

    const table = await twoPushes();
    await oneNotification(table);
    await opened(table);
    await movedElsewhere(table);
    await anotherPlayer(table);
    await switchOff();
    await offered(table);
} finally {
    await browser.close();
}

/** The push service behind the browser's own interface. As there, the subscription is the same until it is ended. */
async function behindPushManager() {
    await context.exposeFunction('newSubscription', async () => (await fetch(`${pushes}/subscriptions`, { method: 'POST' })).json());
    await context.addInitScript(() => {
        if (!('PushManager' in window)) return;
        const kept = () => localStorage.subscription && {
            toJSON: () => JSON.parse(localStorage.subscription),
            unsubscribe: async () => { delete localStorage.subscription; return true; },
        };
        PushManager.prototype.getSubscription = async () => kept() ?? null;
        PushManager.prototype.subscribe = async ({ applicationServerKey, userVisibleOnly }) => {
            localStorage.subscribedWith = `${applicationServerKey} ${userVisibleOnly}`;
            localStorage.subscription ??= JSON.stringify(await window.newSubscription());
            return kept();
        };
    });
}

/** On a page that did not come by HTTPS nor from this machine there are no workers, and the person is told what would help. */
async function insecure() {
    const stranger = await browser.newContext();
    const { page, errors } = await open(stranger, `${server.replace('127.0.0.1', 'yourturn.test')}/me`);
    await page.getByText('only for pages with a secure address').waitFor();
    assert.equal(await page.getByRole('switch').isDisabled(), true);
    assert.deepEqual(errors, []);
    await stranger.close();
}

/** Who has said no is told where to say yes. When they have, the switch works, without a reload. */
async function denied(page) {
    await permit('denied');
    await page.getByText('Allow them in its settings for this site').waitFor();
    assert.equal(await page.getByRole('switch').isDisabled(), true);
    await permit('granted');
    await page.getByText('Allow them in its settings for this site').waitFor({ state: 'detached' });
}

async function permit(setting) {
    const { targetInfos } = await developer.send('Target.getTargets');
    const { browserContextId } = targetInfos.find(({ type, url }) => type === 'page' && url.startsWith(server));
    await developer.send('Browser.setPermission', { permission: { name: 'notifications' }, setting, origin: server, browserContextId });
}

async function switchOn(page) {
    await page.getByRole('switch', { name: 'Tell me when it is my turn', checked: false }).click();
    await page.getByRole('switch', { checked: true }).waitFor();
    await page.getByText('Nothing yet.').waitFor();
    const { channels } = await (await fetch(`${server}/v1/server`)).json();
    assert.equal(await page.evaluate(() => localStorage.subscribedWith), `${channels[0].vapid_public_key} true`);
    assert.deepEqual((await devices()).map(({ channel, this_login }) => [channel, this_login]), [['webpush', true]]);
}

/** A test says what the push service said, and that it has arrived when it has. */
async function tryOut(page) {
    await page.getByRole('button', { name: 'Send me a test' }).click();
    await page.getByText('has taken it').waitFor();
    await page.locator('.sent li').filter({ hasText: 'A test' }).filter({ hasText: 'Sent' }).waitFor();
    await deliver((await taken(1))[0]);
    await page.getByText('It has arrived').waitFor();
    await shows(['Push works: This device will tell you when it’s your turn.']);
}

/** A push service that has forgotten the browser says so. It is registered anew, and the next test arrives. */
async function forgotten(page) {
    const { endpoint } = await page.evaluate(() => JSON.parse(localStorage.subscription));
    await fetch(`${pushes}/forgotten`, { method: 'POST', body: new URLSearchParams({ endpoint }) });
    await page.getByRole('button', { name: 'Send me a test' }).click();
    await page.getByText('registered anew').waitFor();
    await page.locator('.sent li').filter({ hasText: 'Not sent: the push service says “Unregistered”' }).waitFor();
    await page.getByRole('button', { name: 'Send me a test' }).click();
    await page.getByText('has taken it').waitFor();
    assert.equal((await taken(2))[1].kind, 'test');
}

/** While the app is closed, a friend sits down and plays until it is the person's turn. Two pushes come of it. */
async function twoPushes() {
    await bare.evaluate(async () => (await (await navigator.serviceWorker.ready).getNotifications()).forEach((old) => old.close()));
    const friend = await connect(server, { storage: memory(), guest: { display_name: 'Calm Heron' } });
    const { id, join_code } = await asPerson(bare, async ({ api }) => api.startTicTacToeSession({}));
    const before = (await taken(0)).length;
    await friend.api.joinSession({ join_code });
    await taken(before + 1);
    if (!await move(friend, id)) {
        await asPerson(bare, move, id);
        await move(friend, id);
    }
    return { id, friend, pushes: (await taken(before + 2)).slice(before) };
}

/** Plays any move, if it is this player's turn. */
async function move(client, session_id) {
    const session = await client.api.getTicTacToeSession({ session_id });
    if (session.your_turn) await client.play(session, session.legal_moves[0]);
    return session.your_turn;
}

/** Two pushes of one table are one notification, in the server's words. */
async function oneNotification({ id, pushes: [first, last] }) {
    assert.deepEqual([last.kind, last.session_id, first.notification.tag], ['your_turn', id, last.notification.tag]);
    await deliver(first);
    await deliver(last);
    await shows([yourTurn]);
}

/** A tap brings the app to the table. What comes while the table is on the screen is shown, and taken away as it is read. */
async function opened({ id, pushes: [, last] }) {
    const { page, errors } = await open(context, `${server}/`);
    const [worker] = context.serviceWorkers();
    await worker.evaluate(async () => {
        const [notification] = await self.registration.getNotifications();
        self.dispatchEvent(new NotificationEvent('notificationclick', { notification }));
    });
    await page.waitForURL(`${server}/s/${id}`);
    await page.locator('.board button[aria-disabled=false]').first().waitFor();
    await shows([]);

    await deliver(last);
    await shows([]);
    assert.deepEqual(errors, []);
    await page.close();
}

/** A notification that asks for a move which was made on another device goes when the app hears of it. */
async function movedElsewhere({ id, pushes: [, last] }) {
    await deliver(last);
    await shows([yourTurn]);
    assert.equal(await asPerson(bare, move, id), true);
    const { page } = await open(context, `${server}/`);
    await shows([]);
    await page.close();
}

/** Of what is for somebody else nothing is shown but that it is. */
async function anotherPlayer({ pushes: [, last] }) {
    await deliver({ ...last, player_id: 'somebody' });
    await shows(['News for another player: They are not signed in here any more.']);
}

async function switchOff() {
    const { page, errors } = await open(context, `${server}/me`);
    await page.getByRole('switch', { checked: true }).click();
    await page.getByRole('switch', { checked: false }).waitFor();
    assert.equal(await page.evaluate(() => localStorage.subscription), undefined);
    assert.deepEqual(await devices(), []);
    await page.getByText('What was sent last').waitFor(); // it stays to be read
    assert.deepEqual(errors, []);
    await page.close();
}

/** Who waits for the others is asked once. A no is remembered, and a yes switches on. */
async function offered({ id }) {
    const { page, errors } = await open(context, `${server}/s/${id}`);
    await page.getByRole('button', { name: 'No, thanks' }).click();
    await page.getByText('Shall we tell you').waitFor({ state: 'detached' });
    await page.reload();
    await page.locator('.board').waitFor();
    await until(() => page.evaluate(() => document.querySelector('.offer') === null));
    assert.equal(await offer(page), 'no');
    assert.equal(await page.getByText('Shall we tell you').count(), 0);

    await offer(page, 'forget');
    await page.reload();
    await page.getByRole('button', { name: 'Yes, tell me' }).click();
    await page.getByText('Good: you will be told.').waitFor();
    assert.equal((await devices()).length, 1);
    assert.deepEqual(errors, []);
    await page.close();
}

/** What the person has answered to the offer, as the browser keeps it. */
function offer(page, forget) {
    return page.evaluate(async (forget) => {
        const done = (request) => new Promise((resolve, reject) => {
            request.onsuccess = () => resolve(request.result);
            request.onerror = () => reject(request.error);
        });
        const database = await done(indexedDB.open('yourturn-web'));
        const table = database.transaction('kept', 'readwrite').objectStore('kept');
        const answer = await done(table.get('this browser offer'));
        if (forget) await done(table.delete('this browser offer'));
        database.close();
        return answer;
    }, forget);
}

function devices() {
    return asPerson(bare, async ({ api }) => (await api.listDevices()).items);
}

/** Does something as the player of this browser, with a client of its own. */
function asPerson(page, work, ...given) {
    return page.evaluate(`(async () => (${work})(await (await import('/client.js')).connect(), ...${JSON.stringify(given)}))()`);
}

/** What the server has pushed, when it is so much. */
async function taken(count) {
    let all;
    await until(async () => (all = await (await fetch(`${pushes}/pushes`)).json()).length >= count);
    return all;
}

/**
 * Gives a push to the worker, as the browser does that has received it, and waits until it has shown something. Nobody may
 * ask for the notifications meanwhile: Chromium forgets one that it is about to show when it is asked for those that are
 * on the screen.
 */
async function deliver(push) {
    const [worker] = context.serviceWorkers();
    const before = await worker.evaluate(() => {
        if (self.shown !== undefined) return self.shown;
        const show = self.registration.showNotification.bind(self.registration);
        self.registration.showNotification = (...what) => show(...what).then(() => { self.shown++; });
        return self.shown = 0;
    });
    const tools = await context.newCDPSession(bare);
    const registered = new Promise((resolve) => tools.on('ServiceWorker.workerRegistrationUpdated',
        ({ registrations: [registration] }) => registration && resolve(registration.registrationId)));
    await tools.send('ServiceWorker.enable');
    await tools.send('ServiceWorker.deliverPushMessage', { origin: server, registrationId: await registered, data: JSON.stringify(push) });
    await until(async () => await worker.evaluate(() => self.shown) > before);
    await tools.detach();
}

/** Waits until these notifications are shown, and no others. */
async function shows(expected) {
    await until(async () => JSON.stringify(await notifications()) === JSON.stringify(expected));
}

function notifications() {
    return bare.evaluate(async () => (await (await navigator.serviceWorker.ready).getNotifications()).map(({ title, body }) => `${title}: ${body}`));
}

/** Asks until it is so, for far longer than anything takes. */
async function until(condition) {
    for (const end = Date.now() + 40_000; Date.now() < end;) {
        if (await condition()) return;
        await new Promise((resolve) => setTimeout(resolve, 20)); // the browser needs the processor, too
    }
    throw new Error(`never so: ${condition}; shown are ${JSON.stringify(await notifications())}`);
}
