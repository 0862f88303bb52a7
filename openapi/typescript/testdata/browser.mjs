// What browsers do: two pages of another origin play example.html's game, and two tabs share one login.
//
//     BROWSER=… CHROMIUM=… SERVER=http://… node browser.mjs play|blocked|plain|tabs|folder
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const { launch, open, serve } = await import(process.env.BROWSER);
const server = process.env.SERVER;
const file = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');

const stories = { play, blocked, plain, tabs, folder };
const pages = await serve({
    '/': file('../example.html').replaceAll('http://127.0.0.1:8080', server),
    '/empty': '<!doctype html><meta charset="utf-8"><title>Nothing yet</title>',
});
const browser = await launch();
try {
    await stories[process.argv[2]]();
} finally {
    await browser.close();
}

/** Two people play a whole game. The test kills the server when it reads of the third move. */
async function play() {
    const people = [await person(), await person()];
    await wholeGame(people);
    for (const { errors } of people) assert.deepEqual(errors, []);
}

/** The same where something on the way lets no stream through. */
async function blocked() {
    const people = [await person('**/v1/me/stream*'), await person('**/v1/me/stream*')];
    await wholeGame(people);
    for (const { errors, losses } of people) {
        assert.deepEqual(errors, []);
        assert.ok(losses.length >= 2, 'no stream was blocked');
    }
}

/** The same on plain http, as in a home network, where browsers keep some of what they can to themselves. */
async function plain() {
    const address = pages.replace('127.0.0.1', 'game.test');
    const people = [await person(undefined, address), await person(undefined, address)];
    assert.equal(await people[0].page.evaluate(() => window.isSecureContext || 'locks' in navigator), false);
    await wholeGame(people);
    for (const { errors, losses } of people) assert.deepEqual([errors, losses], [[], []]);
}

/** Somebody with a browser of their own opens the example. */
async function person(blocks, address = pages) {
    const context = await browser.newContext();
    if (blocks) await context.route(blocks, (route) => route.abort());
    return open(context, address);
}

async function wholeGame(people) {
    for (let move = 1; ; move++) {
        const mover = await Promise.race([...people.map(canMove), over(people)]);
        if (!mover) break;
        await mover.page.locator('button:enabled').first().click();
        console.log(`move ${move}`);
        await mover.page.waitForFunction(() => !document.querySelector('button:enabled'));
    }
    const said = await Promise.all(people.map(({ page }) => page.textContent('#says')));
    assert.deepEqual(said.sort(), ['You lose.', 'You win.']);
    const boards = await Promise.all(people.map(({ page }) => page.locator('button').allTextContents()));
    assert.deepEqual(boards[0], ['X', 'O', 'X', 'O', 'X', 'O', 'X', '', '']);
    assert.deepEqual(boards[1], boards[0]);
    assert.equal(await movesTaken(people[0].page), 7);
}

async function canMove(person) {
    await person.page.waitForSelector('button:enabled', { timeout: 0 });
    return person;
}

async function over(people) {
    const isOver = () => /win|lose|draw/.test(document.getElementById('says').textContent);
    await Promise.all(people.map(({ page }) => page.waitForFunction(isOver, undefined, { timeout: 0 })));
}

/** As the server's history has it, asked for by another tab's client, which is the same player. */
function movesTaken(page) {
    return page.evaluate(async (address) => {
        const { connect } = await import(`${address}/client.js`);
        const { api } = await connect();
        const { items: [session] } = await api.listSessions({ status: 'finished' });
        const { items } = await api.listEvents({ session_id: session.id, limit: 100 });
        return items.filter(({ kind }) => kind === 'move').length;
    }, server);
}

/** Two tabs become one guest, and renew their tokens once. */
async function tabs() {
    const context = await browser.newContext();
    const both = [await open(context, `${pages}/empty`), await open(context, `${pages}/empty`)];
    const asked = [];
    context.on('request', (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname}`));
    const connected = await Promise.all(both.map(({ page }) => page.evaluate(async (address) => {
        const { connect } = await import(`${address}/client.js`);
        window.client = await connect();
        return window.client.playerId;
    }, server)));
    assert.equal(connected[0], connected[1]);
    assert.equal(asked.filter((call) => call === 'POST /v1/players').length, 1);

    const moved = await fetch(`${server}/v1/test/clock`, {
        method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ seconds: 7200 }),
    });
    assert.equal(moved.status, 200);
    const answers = await Promise.all(both.map(({ page }) => page.evaluate(async () => {
        const players = await Promise.all(Array.from({ length: 10 }, () => window.client.api.getMe()));
        return players.map(({ id }) => id);
    })));
    assert.deepEqual(new Set(answers.flat()), new Set(connected));
    assert.equal(asked.filter((call) => call === 'POST /v1/tokens').length, 1);

    // Who signs out in one tab is signed out in the other.
    await both[0].page.evaluate(() => window.client.signOut());
    const refused = await both[1].page.evaluate(() => window.client.api.getMe().catch(({ name }) => name));
    assert.equal(refused, 'token-missing');
}

/** A page that imports the client from a server in a folder calls it there. */
async function folder() {
    const context = await browser.newContext();
    const asked = [];
    await context.route(`${server}/**`, (route) => {
        const { pathname } = new URL(route.request().url());
        asked.push(pathname);
        return pathname.startsWith('/games/') ? route.continue({ url: server + pathname.slice(6) }) : route.abort();
    });
    const { page } = await open(context, `${pages}/empty`);
    const [connected, told] = await page.evaluate(async (address) => {
        const { connect } = await import(`${address}/client.js`);
        const client = await connect();
        return [client.playerId, (await client.api.getMe()).id];
    }, `${server}/games`);
    assert.equal(told, connected);
    assert.deepEqual(asked, ['/games/client.js', '/games/v1/players', '/games/v1/me']);
}
