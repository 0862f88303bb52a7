// What the client promises, against a real server whose clock can be moved: node --test does not stop it, and each test
// puts a proxy between the two that breaks what is to be broken.
import assert from 'node:assert/strict';
import { test as story } from 'node:test';
import { CallFailed, connect, memory, Problem } from '../client.js';
import { proxy } from './proxy.mjs';

const server = process.env.SERVER;
const quick = { answer: 5, patience: 5, pause: [0.02, 0.2], greeting: 1, silence: 1, poll: 1, streamAgain: 60 };

/** One that waits for what never comes is to be told by its name. */
const test = (name, run) => story(name, { timeout: 60_000 }, run);

/** A proxy that ends with the test, and a client behind it. */
async function behind(t, before, options = {}) {
    const way = await proxy(server, before);
    t.after(way.close);
    const storage = options.storage ?? memory();
    const client = await connect(way.address, { timing: quick, ...options, storage });
    return { way, client, storage };
}

async function advance(seconds) {
    const body = JSON.stringify({ seconds });
    const headers = { 'Content-Type': 'application/json' };
    const moved = await fetch(`${server}/v1/test/clock`, { method: 'POST', headers, body });
    assert.equal(moved.status, 200);
}

/** Two clients at one table; the first is to move. */
async function pair(t, before) {
    const [host, guest] = [await behind(t, before), await behind(t, before)];
    const open = await host.client.api.startTicTacToeSession({});
    await guest.client.api.joinSession({ join_code: open.join_code });
    const session = await host.client.api.getTicTacToeSession({ session_id: open.id });
    return session.your_turn
        ? { ...host, session, other: guest.client }
        : { ...guest, session: await guest.client.api.getTicTacToeSession({ session_id: open.id }), other: host.client };
}

/** Reads so many messages. */
async function read(client, count, options) {
    const messages = [];
    for await (const message of client.messages(options)) {
        messages.push(message);
        if (messages.length === count) break;
    }
    return messages;
}

/** Reads on, and holds the feed to its order. */
function collect(client, options) {
    const giveUp = new AbortController();
    let last = options?.after;
    const reading = (async () => {
        for await (const { seq } of client.messages({ ...options, signal: giveUp.signal })) {
            if (last !== undefined) assert.equal(seq, last + 1);
            last = seq;
        }
    })();
    return {
        reaches: (seq) => Promise.race([until(() => last >= seq), reading]),
        end: () => { giveUp.abort(); return reading; },
    };
}

/** The last number that the player was given. */
async function lastOf(client) {
    return (await client.api.listFeed({ after: 0, limit: 1 })).last_seq;
}

/** Somebody comes to so many tables of the client: each is a message or two. */
async function tell(client, tables) {
    for (let n = 0; n < tables; n++) {
        const { join_code } = await client.api.startTicTacToeSession({});
        const guest = await connect(server, { storage: memory(), timing: quick });
        await guest.api.joinSession({ join_code });
    }
}

const first = (n, fate) => { let left = n; return () => (left-- > 0 ? fate : undefined); };

/** Only requests that begin so meet their fate. */
const on = (beginning, next) => (request) => (`${request.method} ${request.path}`.startsWith(beginning) ? next(request) : undefined);

test('an expired token is renewed once for twenty calls', async (t) => {
    const { way, client, storage } = await behind(t);
    const before = storage.load();
    await advance(2 * 3600);
    const players = await Promise.all(Array.from({ length: 20 }, () => client.api.getMe()));
    assert.deepEqual(new Set(players.map(({ id }) => id)), new Set([client.playerId]));
    assert.equal(way.count('POST /v1/tokens'), 1);
    assert.notEqual(storage.load().refresh_token, before.refresh_token);
});

test('a token that is about to expire by our clock is renewed before it is used', async (t) => {
    const { way, client, storage } = await behind(t);
    storage.save({ ...storage.load(), expires_at: Date.now() + 1000 });
    await client.api.getMe();
    assert.equal(way.count('POST /v1/tokens'), 1);
    assert.equal(way.count('GET /v1/me'), 1);
});

test('new tokens are kept before they are used', async (t) => {
    let kept;
    const storage = { load: () => kept, save: async (tokens) => { await null; kept = tokens; }, clear: () => { kept = undefined; } };
    const used = [];
    const { client } = await behind(t, ({ path, headers }) => {
        if (path === '/v1/me') used.push(headers.authorization === `Bearer ${kept.access_token}`);
    }, { storage });
    await advance(2 * 3600);
    await client.api.getMe();
    assert.deepEqual(used, [true, true]);
});

test('what another tab has renewed is taken over', async (t) => {
    const { client, storage, way } = await behind(t);
    const other = await connect(way.address, { storage, timing: quick });
    assert.equal(other.playerId, client.playerId);
    await advance(2 * 3600);
    await other.api.getMe();
    await client.api.getMe();
    assert.equal(way.count('POST /v1/tokens'), 1);
});

test('a renewal whose answer was lost is repeated', async (t) => {
    const { client, way } = await behind(t, on('POST /v1/tokens', first(1, 'lose')));
    await advance(2 * 3600);
    await client.api.getMe();
    assert.equal(way.count('POST /v1/tokens'), 2);
});

test('who was signed out elsewhere is told once, and forgotten', async (t) => {
    const told = [];
    const { client, storage } = await behind(t, undefined, { onSignedOut: (problem) => told.push(problem.name) });
    const reader = read(client, 1);
    const { access_token } = storage.load();
    await fetch(`${server}/v1/tokens`, { method: 'DELETE', headers: { Authorization: `Bearer ${access_token}` } });
    await assert.rejects(Promise.all([client.api.getMe(), client.api.getMe()]), { name: 'token-invalid', status: 401 });
    assert.deepEqual(told, ['token-invalid']);
    assert.equal(storage.load(), undefined);
    assert.deepEqual(await reader, []); // the feed ends with its login
    await assert.rejects(client.api.getMe(), { name: 'token-missing' });
});

test('signOut ends the login on the server, even with calls under way', async (t) => {
    const { client, storage } = await behind(t);
    const { refresh_token } = storage.load();
    await client.signOut();
    assert.equal(storage.load(), undefined);
    const again = await fetch(`${server}/v1/tokens`, {
        method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ refresh_token }),
    });
    assert.equal(again.status, 401);
});

test('a second device signs in with the code of the first', async (t) => {
    const { client } = await behind(t);
    const { client: second } = await behind(t, on('POST /v1/tokens', first(1, 'lose')));
    const { code } = await client.api.createLinkCode();
    await second.signIn({ link_code: code });
    assert.equal(second.playerId, client.playerId);
    assert.equal((await second.api.getMe()).id, client.playerId);
});

test('what was begun as one player is not done as another', async (t) => {
    const { client, way } = await behind(t);
    const { client: second } = await behind(t);
    const { code } = await second.api.createLinkCode();
    const feed = read(client, 1);
    way.become(({ method, path }) => (path === '/v1/me/feed/ack' || method === 'PATCH' ? 'refuse' : undefined));
    const renaming = client.api.updateMe({ display_name: 'Somebody' });
    client.seen(7);
    await until(() => way.count('PATCH /v1/me') > 0 && way.count('POST /v1/me/feed/ack') > 0);
    await client.signIn({ link_code: code });
    way.become(() => undefined);
    await assert.rejects(renaming, { name: 'token-missing' });
    assert.deepEqual(await feed, []);
    assert.equal(client.playerId, second.playerId);
    assert.notEqual((await second.api.getMe()).display_name, 'Somebody');
});

test('a move whose answer was lost is taken once', async (t) => {
    const { client, session, way } = await pair(t);
    way.become(on('POST /v1/sessions', first(2, 'lose')));
    const played = await client.play(session, { cell: 4 });
    assert.equal(way.count(`POST /v1/sessions/${session.id}/moves`), 3);
    assert.equal(played.view.board[4], 'X');
    assert.deepEqual(played.move, { turn: session.turn, seat: session.your_seat, version: session.version + 1 });
    const { items } = await client.api.listEvents({ session_id: session.id });
    assert.equal(items.filter(({ kind }) => kind === 'move').length, 1);
});

test('a refused move tells why, and carries the session as it is', async (t) => {
    const { client, session, other } = await pair(t);
    await assert.rejects(other.play(session, { cell: 0 }), (problem) => {
        assert.ok(problem instanceof Problem);
        assert.equal(problem.name, 'not-your-turn');
        assert.equal(problem.type, 'urn:yourturn:problem:not-your-turn');
        assert.equal(problem.status, 409);
        assert.equal(problem.session.id, session.id);
        assert.ok(problem.request_id);
        return true;
    });
    await assert.rejects(client.play(session, { cell: 99 }), { name: 'invalid', status: 422 });
});

test('a ticket whose answer was lost is one ticket', async (t) => {
    const { client, way } = await behind(t, on('POST /v1/tickets', first(1, 'lose')));
    const ticket = await client.api.createTicket({ game: 'tictactoe', turn_seconds: 4242 });
    const { items } = await client.api.listTickets();
    assert.deepEqual(items.map(({ id }) => id), [ticket.id]);
    assert.equal(way.count('POST /v1/tickets'), 2);
});

test('a busy server is given the time that it asks for', async (t) => {
    const { client, way } = await behind(t);
    const busy = { type: 'urn:yourturn:problem:busy', title: 'Busy', status: 503, request_id: 'x', retry_after: 1 };
    way.become(on('GET /v1/me', first(1, {
        status: 503, headers: { 'Content-Type': 'application/problem+json', 'Retry-After': '1' }, body: JSON.stringify(busy),
    })));
    assert.equal((await client.api.getMe()).id, client.playerId);
    const [refused, answered] = way.times('GET /v1/me');
    assert.ok(answered - refused >= 1000, `came back after ${answered - refused} ms`);
});

test('what does not get through in time fails, and says which call it was', async (t) => {
    const { client, way } = await behind(t, undefined, { timing: { ...quick, patience: 0.5 } });
    way.become(on('GET /v1/games', () => 'refuse'));
    await assert.rejects(client.api.listGames(), (error) => {
        assert.ok(error instanceof CallFailed);
        assert.equal(error.operation, 'listGames');
        assert.match(error.message, /^listGames: /);
        return true;
    });
    assert.ok(way.count('GET /v1/games') > 1);
});

test('a call can be given up', async (t) => {
    const { client, way } = await behind(t);
    way.become(on('GET /v1/games', () => 'hold'));
    const giveUp = new AbortController();
    const call = client.api.listGames(undefined, { signal: giveUp.signal });
    giveUp.abort(new Error('never mind'));
    await assert.rejects(call, { message: 'never mind' });
});

test('the feed comes in order and once, though every stream breaks', async (t) => {
    const { client, way } = await behind(t);
    way.become(on('GET /v1/me/stream', () => ({ cut: 2 }))); // hello and a message or two
    const feed = collect(client, { after: 0 });
    for (let n = 1; n <= 4; n++) {
        await tell(client, 1);
        await feed.reaches(await lastOf(client));
    }
    assert.ok(way.count('GET /v1/me/stream') >= 4);
    await feed.end();
});

for (const [how, fate] of Object.entries({
    'are refused': 'refuse',
    'never say a word': 'hold',
    'are forbidden': { status: 502, body: 'no' },
    'are answered by something else': { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<p>Welcome to our hotel' },
})) {
    test(`where streams ${how}, the feed is asked for`, async (t) => {
        const { client, way } = await behind(t, undefined, { timing: { ...quick, answer: 0.5, patience: 0.5 } });
        way.become(on('GET /v1/me/stream', () => fate));
        const reading = read(client, 2, { after: 0 });
        await tell(client, 2);
        assert.deepEqual((await reading).map(({ seq }) => seq), [1, 2]);
        assert.ok(way.count('GET /v1/me/feed') >= 1);
        assert.ok(way.count('GET /v1/me/stream') >= 2);
    });
}

test('a stream is tried again after a while', async (t) => {
    let blocked = true;
    const { client, way } = await behind(t, on('GET /v1/me/stream', () => (blocked ? 'refuse' : undefined)),
        { timing: { ...quick, streamAgain: 0.2 } });
    const feed = collect(client, { after: 0 });
    await tell(client, 1);
    await feed.reaches(await lastOf(client));
    blocked = false;
    const tries = way.count('GET /v1/me/stream');
    await until(() => way.count('GET /v1/me/stream') > tries);
    await tell(client, 1);
    await feed.reaches(await lastOf(client));
    await feed.end();
});

test('a stream that falls silent is taken for dead', async (t) => {
    const { client, way } = await behind(t);
    const hello = 'event: hello\ndata: {"server_time":"2026-01-01T00:00:00Z","last_seq":0,"acked_seq":0}\n\n';
    let streams = 0;
    way.become(on('GET /v1/me/stream', () => (streams++ === 0 ? { stream: hello } : undefined)));
    const reading = read(client, 1, { after: 0 });
    await until(() => way.count('GET /v1/me/stream') >= 2);
    await tell(client, 1);
    assert.deepEqual((await reading).map(({ seq }) => seq), [1]);
});

test('an expired token ends no feed', async (t) => {
    const { client, way } = await behind(t);
    await advance(2 * 3600);
    const reading = read(client, 1, { after: 0 });
    await tell(client, 1);
    assert.equal((await reading).length, 1);
    assert.equal(way.count('POST /v1/tokens'), 1);
});

for (const streams of [true, false]) {
    test(`who asks for what is not kept is told to read anew, by ${streams ? 'stream' : 'question'}`, async (t) => {
        const { client } = await behind(t, on('GET /v1/me/stream', () => (streams ? undefined : 'refuse')));
        await tell(client, 2);
        const last = await lastOf(client);
        const feed = client.messages({ after: 1_000_000 });
        const { value: reset } = await feed.next();
        assert.deepEqual([reset.kind, reset.seq], ['reset', last]);
        await tell(client, 1);
        const { value: next } = await feed.next();
        assert.equal(next.seq, last + 1);
        await feed.return();
    });
}

test('the feed begins with what nobody has seen, and what is seen is said once', async (t) => {
    const { client, way } = await behind(t);
    await tell(client, 3);
    for (const seq of [1, 2, 1]) client.seen(seq);
    await until(async () => (await client.api.listFeed()).acked_seq === 2);
    assert.ok(way.count('POST /v1/me/feed/ack') <= 2);
    assert.deepEqual((await read(client, 1)).map(({ seq }) => seq), [3]);
});

test('nothing is seen while the page is hidden', async (t) => {
    const page = Object.assign(new EventTarget(), { visibilityState: 'hidden' });
    globalThis.document = page;
    t.after(() => { delete globalThis.document; });
    const { client, way } = await behind(t);
    await tell(client, 1);
    client.seen(1);
    assert.equal((await client.api.listFeed()).acked_seq, 0);
    assert.equal(way.count('POST /v1/me/feed/ack'), 0);
    page.visibilityState = 'visible';
    page.dispatchEvent(new Event('visibilitychange'));
    await until(async () => (await client.api.listFeed()).acked_seq === 1);
});

test('what could not be said to be seen is said when there is a connection again', async (t) => {
    const { client, way } = await behind(t, undefined, { timing: { ...quick, patience: 0.1 } });
    await tell(client, 1);
    way.become(({ path }) => (path === '/v1/server' ? undefined : 'refuse'));
    client.seen(1);
    await until(() => way.count('POST /v1/me/feed/ack') > 0);
    await assert.rejects(client.api.getMe(), CallFailed);
    way.become(() => undefined);
    const feed = collect(client);
    await until(async () => (await client.api.listFeed()).acked_seq === 1);
    await feed.end();
});

for (const streams of [true, false]) {
    test(`the badge follows the sessions that wait, by ${streams ? 'stream' : 'question'}`, async (t) => {
        const shown = [];
        const { client, session, other } = await pair(t, on('GET /v1/me/stream', () => (streams ? undefined : 'refuse')));
        client.onBadge = (waiting) => shown.push(waiting);
        const feed = collect(client);
        await until(() => client.badge === 1);
        const played = await client.play(session, { cell: 0 });
        await until(() => client.badge === 0);
        await other.play(played, { cell: 1 });
        await until(() => client.badge === 1);
        assert.deepEqual(shown, [1, 0, 1]);
        await feed.end();
    });
}

test('the feed ends when its signal says so', async (t) => {
    const { client } = await behind(t);
    const giveUp = new AbortController();
    const reading = read(client, 1, { signal: giveUp.signal });
    giveUp.abort();
    assert.deepEqual(await reading, []);
});

/** Asks until it is so. */
async function until(isSo) {
    while (!await isSo()) await new Promise((resolve) => { setTimeout(resolve, 10); });
}
