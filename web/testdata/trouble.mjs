// What comes between a player and the server, and that no move is lost over it: reloads, a server that is killed, no
// connection for a moment or for a day, and networks that let no stream through. The server has a test clock.
//
// It says "stop, please" and "start, please" when the server is to do so.
import assert from 'node:assert/strict';
import { anotherTab, ask, board, expected, forgiven, nameOf, over, pair, server, sessionOf, take, tell, until } from './people.mjs';

const onItsWay = 'Your move is on its way.';
const tooLate = /not taken: .*over/;

await tell(
    reload, serverKilled, serverAwayForLong, answerLost, answerLate, faultOfTheServer, offline, dayOffline,
    streamsAborted, streamsReplaced, tokenExpired, serverBusy,
);

/** A reload shows the table as it was. */
async function reload() {
    const both = await pair();
    await take(both[0].page, 0);
    for (const { page } of both) {
        await board(page, 'X........');
        await page.reload();
        await board(page, 'X........');
    }
    await take(both[1].page, 4);
    await Promise.all(both.map(({ page }) => board(page, 'X...O....')));
}

/** The server dies in the middle of a game. The pages go on by themselves, and the move made meanwhile is sent once. */
async function serverKilled() {
    const [first, second] = await pair();
    await take(first.page, 0);
    await board(second.page, 'X........');
    await stay(first.page);
    await stay(second.page);

    await stop();
    await Promise.all([first, second].map(({ page }) => page.locator('.banner').waitFor()));
    await take(second.page, 4);
    await second.page.getByText(onItsWay).waitFor();
    await second.page.locator('.tictactoe button:nth-child(5) .ghost').waitFor();
    await start();

    for (const { page } of [first, second]) {
        await board(page, 'X...O....');
        await page.locator('.banner').waitFor({ state: 'detached' });
        assert.equal(await stayed(page), true);
    }
    await second.page.getByText(onItsWay).waitFor({ state: 'detached' });
    assert.deepEqual(await movesOf(second.page), [{ cell: 0 }, { cell: 4 }]);
    for (const someone of [first, second]) expected(someone, /net::ERR_/);
}

/** The same when the server is away for longer than a call is tried for. */
async function serverAwayForLong() {
    const [first, second] = await pair('Tic-tac-toe', { before: (context) => context.clock.install() });
    await stop();
    await take(first.page, 8);
    await first.page.getByText(onItsWay).waitFor();
    const tried = first.losses.length;
    await until(async () => {
        await first.page.clock.runFor(5000);
        await second.page.clock.runFor(5000);
        return first.losses.length > tried + 30;
    });
    await first.page.getByText(onItsWay).waitFor();
    await start();
    await until(async () => {
        await Promise.all([first, second].map(({ page }) => page.clock.runFor(5000)));
        return await first.page.getByText(onItsWay).count() === 0;
    });
    for (const { page } of [first, second]) await board(page, '........X');
    assert.deepEqual(await movesOf(first.page), [{ cell: 8 }]);
    for (const someone of [first, second]) expected(someone, /net::ERR_/);
}

/** The server has taken a move, but its answer is lost, and so is the page. The move is not played twice, nor refused. */
async function answerLost() {
    const [first, second] = await pair();
    const address = first.page.url();
    await first.context.route('**/moves', async (route) => {
        await route.fetch();
        await route.abort();
    }, { times: 1 });
    await take(first.page, 2);
    await board(second.page, '..X......');
    await first.page.close();

    const { page } = await anotherTab(first, new URL(address).pathname);
    await board(page, '..X......');
    await take(second.page, 3);
    await board(page, '..XO.....');
    await page.getByText(onItsWay).waitFor({ state: 'detached' });
    assert.equal(await page.locator('.bad').count(), 0);
    assert.deepEqual(await movesOf(page), [{ cell: 2 }, { cell: 3 }]);
    expected(first, /net::ERR_/);
}

/** A move's answer comes late, when the next move is on its way already: that one is not forgotten over it. */
async function answerLate() {
    const [first, second] = await pair();
    let release;
    const released = new Promise((resolve) => { release = resolve; });
    let asked = 0;
    await first.context.route('**/moves', async (route) => {
        if (asked++ > 0) return route.abort();
        const response = await route.fetch();
        await released;
        return route.fulfill({ response });
    });
    await take(first.page, 0);
    await board(second.page, 'X........');
    await take(second.page, 4);
    await board(first.page, 'X...O....');
    await take(first.page, 1);
    await kept(first.page);
    const answered = first.page.waitForResponse((response) => response.url().endsWith('/moves'));
    release();
    await answered;
    await kept(first.page);
    await first.page.close();

    await first.context.unroute('**/moves');
    await anotherTab(first, '/');
    await board(second.page, 'XX..O....');
    assert.deepEqual(await movesOf(second.page), [{ cell: 0 }, { cell: 4 }, { cell: 1 }]);
    forgiven(first, /net::ERR_/);
}

/** What the server could not take for once is sent again by itself. */
async function faultOfTheServer() {
    const [first, second] = await pair();
    const problem = { type: 'urn:yourturn:problem:internal', title: 'Something went wrong', status: 500 };
    await first.context.route('**/moves', (route) => route.fulfill({ status: 500, contentType: 'application/problem+json', body: JSON.stringify(problem) }), { times: 1 });
    await stay(first.page);
    await take(first.page, 0);
    await first.page.getByText(onItsWay).waitFor();
    await board(second.page, 'X........');
    await first.page.getByText(onItsWay).waitFor({ state: 'detached' });
    assert.equal(await stayed(first.page), true);
    expected(first, /500/);
}

/** A move made without a connection is kept, also when the page is closed, and sent when there is one. */
async function offline() {
    const [first, second] = await pair();
    await first.page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated');
    await cutOff(first.context);
    await take(first.page, 6);
    await kept(first.page);
    const table = new URL(first.page.url()).pathname;
    await first.page.close();

    const again = await anotherTab(first, '/');
    await again.page.getByText('move not sent yet').waitFor();
    await again.page.locator('.banner').waitFor();
    await again.page.locator(`a[href="${table}"]`).click();
    await again.page.locator('.tictactoe button:nth-child(7) .ghost').waitFor();
    await again.page.reload();
    await again.page.locator('.tictactoe button:nth-child(7) .ghost').waitFor();
    await stay(again.page);

    await connectAgain(first.context);
    for (const { page } of [again, second]) await board(page, '......X..');
    await again.page.getByText(onItsWay).waitFor({ state: 'detached' });
    await again.page.locator('.banner').waitFor({ state: 'detached' });
    assert.equal(await stayed(again.page), true);
    assert.deepEqual(await movesOf(second.page), [{ cell: 6 }]);
    for (const someone of [first, again]) forgiven(someone, /net::ERR_/);
}

/** Who comes back when the time was up is told that the move came too late, wherever they are, and how things stand. */
async function dayOffline() {
    const atTable = await lateMove();
    await atTable.page.getByRole('alert').filter({ hasText: tooLate }).waitFor();
    expected(atTable, /409/);

    const atHome = await lateMove(async (first) => {
        await first.page.close();
        const again = await anotherTab(first, '/');
        await again.page.getByText('move not sent yet').waitFor();
        return again;
    });
    await atHome.page.getByRole('link', { name: /^A move of yours was not taken: / }).filter({ hasText: tooLate }).click();
    await atHome.page.locator('.board').waitFor();
    expected(atHome, /409/);
}

async function lateMove(meanwhile = (first) => first) {
    const [first, second] = await pair();
    await first.page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated');
    await cutOff(first.context);
    await take(first.page, 6);
    await kept(first.page);
    const waiting = await meanwhile(first);
    await advance(2 * 86400);
    await over(second.page, 'You win.');
    await connectAgain(first.context);
    await waiting.page.getByText(onItsWay).waitFor({ state: 'detached' });
    for (const someone of [first, waiting, second]) forgiven(someone, /net::ERR_|401/);
    return waiting;
}

/** Takes the network away. A page that is opened while its browser is offline may get a request through before it hears of it. */
async function cutOff(context) {
    await context.route('**/v1/**', (route) => route.abort('internetdisconnected'));
    await context.setOffline(true);
}

async function connectAgain(context) {
    await context.unroute('**/v1/**');
    await context.setOffline(false);
}

/** Where something on the way closes streams, news come all the same. */
async function streamsAborted() {
    await playThrough((route) => route.abort());
}

/** So they do where something answers in the server's name, as sign-in pages of networks do. */
async function streamsReplaced() {
    await playThrough((route) => route.fulfill({ status: 200, contentType: 'text/html', body: '<!doctype html><p>Please sign in</p>' }));
}

async function playThrough(answer) {
    let asked = 0;
    const both = await pair('Tic-tac-toe', { before: (context) => context.route('**/v1/me/stream*', (route) => { asked++; return answer(route); }) });
    for (const [move, at] of [0, 3, 1, 4, 2].entries()) await take(both[move % 2].page, at);
    await over(both[0].page, 'You win.');
    await over(both[1].page, `${await nameOf(both[0].page)} wins.`);
    assert.ok(asked >= 2, 'no stream was in the way of anything');
    for (const someone of both) forgiven(someone, /net::ERR_/);
}

/** A stream that is refused because the token has run out goes on with a new one. EventSource would have ended there. */
async function tokenExpired() {
    const refused = { type: 'urn:yourturn:problem:token-expired', title: 'The access token has expired', status: 401 };
    const renewed = [];
    await refusedOnce({ status: 401, contentType: 'application/problem+json', body: JSON.stringify(refused) }, /401/, renewed);
    assert.equal(renewed.length, 1);
}

/** A server that is too busy for a stream is asked again when it said so. */
async function serverBusy() {
    const refused = { type: 'urn:yourturn:problem:unavailable', title: 'Too busy', status: 503, retry_after: 1 };
    await refusedOnce({ status: 503, contentType: 'application/problem+json', headers: { 'Retry-After': '1' }, body: JSON.stringify(refused) }, /503/);
}

async function refusedOnce(answer, pattern, renewed = []) {
    const [first, second] = await pair();
    await first.page.close();
    await first.context.route('**/v1/me/stream*', (route) => route.fulfill(answer), { times: 1 });
    first.context.on('request', (request) => request.url().endsWith('/v1/tokens') && renewed.push(request));
    const again = await anotherTab(first, new URL(second.page.url()).pathname);
    const streams = again.page.waitForResponse((response) => response.url().includes('/v1/me/stream') && response.status() === 200);
    await board(again.page, '.........');
    await streams;
    await take(again.page, 0);
    await take(second.page, 1);
    await board(again.page, 'XO.......');
    expected(again, pattern);
}

/** The mark goes when the page is loaded again. */
async function stay(page) {
    await page.evaluate(() => { window.stays = true; });
}

function stayed(page) {
    return page.evaluate(() => window.stays === true);
}

/** Waits until a move is shown to be on its way, and until the browser has written it down. */
async function kept(page) {
    await page.getByText(onItsWay).waitFor();
    await until(() => page.evaluate(() => new Promise((resolve, reject) => {
        const opening = indexedDB.open('yourturn-web');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
            const asking = opening.result.transaction('kept').objectStore('kept').getAllKeys();
            asking.onsuccess = () => resolve(asking.result.some((key) => key.includes(' unsent ')));
            opening.result.close(); // when that is answered
        };
    })));
}

async function movesOf(page) {
    const { items } = await ask(page, 'listEvents', { session_id: sessionOf(page), limit: 100 });
    return items.filter(({ kind }) => kind === 'move').map(({ data }) => data.move);
}

async function stop() {
    console.log('stop, please');
    await until(async () => !await answers());
}

async function start() {
    console.log('start, please');
    await until(answers);
}

function answers() {
    return fetch(`${server}/healthz`).then(({ ok }) => ok, () => false);
}

async function advance(seconds) {
    const moved = await fetch(`${server}/v1/test/clock`, {
        method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ seconds }),
    });
    assert.equal(moved.status, 200);
}
