// Follows a person in Firefox who wants to be told when it is their turn. Firefox asks its own push service, which is one
// of ours here, and everything in between is real: the subscription, the server's encryption, Firefox's decryption, the
// worker, the notification and the tap on it.
//
//     FIREFOX=… FIREFOX_BINARY=… PUSH_PORT=… PUSH_KEY=… PUSH_CERTIFICATE=… SERVER=http://… node firefox.mjs
//
// It says "another key, please" when the server is to be started again with another VAPID key.
import assert from 'node:assert/strict';
import { connect, memory } from '../../openapi/typescript/client.js';

const { inTime, launch, pushService } = await import(process.env.FIREFOX);
const server = process.env.SERVER;

const service = await pushService({ port: Number(process.env.PUSH_PORT), key: process.env.PUSH_KEY, cert: process.env.PUSH_CERTIFICATE });
const firefox = await launch({ ...service.preferences, 'permissions.default.desktop-notification': 1 });
const bare = await firefox.open(`${server}/robots.txt`); // a page of the server without the app, so that nobody reads anything there
const yourTurn = 'It’s your turn: Make your move in Tic-tac-toe with Calm Heron.';
try {
    await switchOn();
    const table = await openTable();
    await toldWhileClosed(table);
    await toldAfterTheServiceForgot(table);
    await toldWithAnotherKey();
    await nobodyIsTold(table);
    await switchOff();
} finally {
    await firefox.close();
    service.close();
}

/** The person switches notifications on, and tries whether they come. */
async function switchOn() {
    const me = await firefox.open(`${server}/me`);
    await me.click('[role=switch][aria-checked=false]:enabled');
    await tryOut(me);
    await me.until(() => document.querySelector('.sent .became')?.textContent === 'Sent' && document.querySelector('.sent').textContent.startsWith('A test'));
    assert.deepEqual(me.errors, []);
    await me.close();
}

async function tryOut(me) {
    await me.until(() => document.querySelector('[role=switch][aria-checked=true]'));
    await pushed(() => me.click('.trial button:enabled'));
    await me.until(() => document.querySelector('.trial [role=status]').textContent.startsWith('It has arrived'));
    await shows(me, ['Push works: This device will tell you when it’s your turn.']);
}

/** The person opens a table, and closes the app. */
async function openTable() {
    const me = await firefox.open(`${server}/me`);
    const { id, join_code } = await asPerson(me, async ({ api }) => api.startTicTacToeSession({}));
    await sweep();
    await me.close();
    const friend = await connect(server, { storage: memory(), guest: { display_name: 'Calm Heron' } });
    return { id, join_code, friend };
}

/**
 * The friend sits down, and moves if that is theirs to do: it is the person's turn, and one notification says so in the
 * server's words. A tap opens the table.
 */
async function toldWhileClosed({ id, join_code, friend }) {
    await pushed(() => friend.api.joinSession({ join_code }));
    await friendMoves(id, friend);
    await shows(bare, [yourTurn]);
    await firefox.tapNotification();
    const table = await firefox.pageAt(`${server}/s/${id}`);
    await table.click('.board button[aria-disabled=false]');
    await inTime('the move was not played', async () => (await friend.api.getSession({ session_id: id })).your_turn);
    await shows(bare, []);
    assert.deepEqual(table.errors, []);
    await table.close();
}

/** The push service loses its data, of which Firefox hears: the worker subscribes again, and tells the server, all by itself. */
async function toldAfterTheServiceForgot({ id, friend }) {
    const before = await registrations();
    service.forget();
    await inTime('the worker did not register again', async () => await registrations() > before);
    await friendMoves(id, friend);
    await shows(bare, [yourTurn]);
}

/** The server has another key, which the old subscription is not for. The app sees to it when it is opened. */
async function toldWithAnotherKey() {
    const key = await vapidKey();
    console.log('another key, please');
    await inTime('the server did not come back', async () => ![key, undefined].includes(await vapidKey()));
    const { subscribed } = service;
    await sweep();
    const me = await firefox.open(`${server}/me`);
    await inTime('Firefox did not subscribe again', () => service.subscribed > subscribed);
    await tryOut(me);
    await me.close();
}

/**
 * The browser has lost who was signed in. A push that still comes shows nothing of what it says, and is the last: the worker
 * gives the subscription back. The app begins with a new guest, who is told from then on.
 */
async function nobodyIsTold({ id, friend }) {
    await sweep();
    await asPerson(bare, playAnything, id);
    await bare.evaluate(() => new Promise((resolve, reject) => {
        const deleting = indexedDB.deleteDatabase('yourturn');
        deleting.onsuccess = () => resolve();
        deleting.onerror = () => reject(deleting.error);
    }));
    await friendMoves(id, friend);
    await shows(bare, ['News for another player: They are not signed in here any more.']);
    await inTime('the subscription was not given back', () => service.subscriptions === 0);
}

/** Nothing is left of it: neither in the browser, nor at the server, nor at the push service. */
async function switchOff() {
    const me = await firefox.open(`${server}/me`);
    await me.click('[role=switch][aria-checked=true]:enabled');
    await me.until(() => document.querySelector('[role=switch][aria-checked=false]:enabled'));
    assert.equal(await me.evaluate(async () => (await navigator.serviceWorker.ready).pushManager.getSubscription()), null);
    assert.deepEqual(await asPerson(me, async ({ api }) => (await api.listDevices()).items), []);
    await inTime('the push service was not told', () => service.subscriptions === 0);
    assert.deepEqual(me.errors, []);
}

/** The friend moves, if it is their turn, and the person is told. */
async function friendMoves(id, friend) {
    const { your_turn } = await friend.api.getTicTacToeSession({ session_id: id });
    if (your_turn) await pushed(() => playAnything(friend, id));
}

async function playAnything(client, session_id) {
    const session = await client.api.getTicTacToeSession({ session_id });
    await client.play(session, session.legal_moves[0]);
}

/** Does what brings a push, and waits until Firefox says that it has given it to the worker. */
async function pushed(act) {
    const before = service.answers.length;
    await act();
    await inTime('no push came', () => service.answers.length > before);
    assert.deepEqual(service.answers.filter((code) => code !== 100), []);
}

/** Waits until these notifications are shown, and no others. */
function shows(page, expected) {
    return page.until(async (expected) => {
        const shown = await (await navigator.serviceWorker.ready).getNotifications();
        return JSON.stringify(shown.map(({ title, body }) => `${title}: ${body}`)) === JSON.stringify(expected);
    }, expected);
}

/** Takes away every notification. */
function sweep() {
    return bare.evaluate(async () => (await (await navigator.serviceWorker.ready).getNotifications()).forEach((old) => old.close()));
}

/** Does something as the player of the page, with a client of its own. */
function asPerson(page, work, ...given) {
    return page.evaluate(`async (...given) => (${work})(await (await import('/client.js')).connect(), ...given)`, ...given);
}

/** How often a device was registered, by the server's own count. */
async function registrations() {
    const metrics = await (await fetch(`${server}/metrics`)).text();
    const [, count = 0] = /^yourturn_http_request_duration_seconds_count\{method="PUT",route="\/v1\/me\/devices\/\{device_id\}",status="2xx"\} (\d+)$/m.exec(metrics) ?? [];
    return Number(count);
}

async function vapidKey() {
    const answer = await fetch(`${server}/v1/server`).then((response) => response.json(), () => undefined);
    return answer?.channels.find(({ channel }) => channel === 'webpush').vapid_public_key;
}
