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

/** A promise, and what keeps it. */
function gate() {
    let open;
    const opened = new Promise((resolve) => { open = resolve; });
    return { opened, open };
}

/** An answer of the server's that it did not give. */
const problem = (status, name) => ({
    status,
    headers: { 'Content-Type': 'application/problem+json' },
    body: JSON.stringify({ type: `urn:yourturn:problem:${name}`, title: name, status, request_id: 'x' }),
});

const portal = { status: 401, headers: { 'Content-Type': 'text/html' }, body: '<p>Your room number, please' };

/** Makes the client a second device of the player of another, which can tell how many there are. */
async function secondDevice(client) {
    const device = await connect(server, { storage: memory(), timing: quick });
    await device.signIn({ link_code: (await client.api.createLinkCode()).code });
    return device;
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

test('a 401 of something on the way ends no login', async (t) => {
    const { client, storage, way } = await behind(t, undefined, { onSignedOut: () => assert.fail('signed out') });
    way.become(on('GET /v1/me', first(1, portal)));
    await assert.rejects(client.api.getMe(), { name: 'call-failed', status: 401, operation: 'getMe' });
    assert.equal(way.count('POST /v1/tokens'), 0);
    await advance(2 * 3600);
    way.become(on('POST /v1/tokens', first(1, portal)));
    await assert.rejects(client.api.getMe(), { name: 'call-failed', status: 401, operation: 'createTokens' });
    assert.equal((await client.api.getMe()).id, storage.load().player_id);
});

test('a 401 of something on the way ends no feed', async (t) => {
    const { client, way } = await behind(t);
    way.become(first(3, portal));
    const reading = read(client, 1, { after: 0 });
    await until(() => way.count('GET /v1/me') > 2);
    await tell(client, 1);
    assert.deepEqual((await reading).map(({ seq }) => seq), [1]);
});

test('a call that is refused as nobody\'s is repeated with new tokens', async (t) => {
    const { client, way } = await behind(t);
    way.become(on('GET /v1/me', first(1, problem(401, 'token-invalid'))));
    assert.equal((await client.api.getMe()).id, client.playerId);
    assert.equal(way.count('POST /v1/tokens'), 1);
});

test('two clients with one storage become one guest', async (t) => {
    const way = await proxy(server);
    t.after(way.close);
    const storage = memory();
    const both = await Promise.all([1, 2].map(() => connect(way.address, { storage, timing: quick })));
    assert.equal(both[0].playerId, both[1].playerId);
    assert.equal(way.count('POST /v1/players'), 1);
});

test('signOut ends the login here and on the server', async (t) => {
    const { client, storage } = await behind(t, undefined, { onSignedOut: () => assert.fail('who signs out knows') });
    const device = await secondDevice(client);
    await client.signOut();
    assert.equal(storage.load(), undefined);
    assert.equal(client.playerId, '');
    assert.equal((await device.api.listLogins()).items.length, 1);
    await assert.rejects(client.api.getMe(), { name: 'token-missing' });
    assert.throws(() => client.messages(), { name: 'token-missing' });
});

test('signOut is heard by the server though the token has ended and a call is under way', async (t) => {
    const { client, storage, way } = await behind(t);
    const device = await secondDevice(client);
    way.become(on('GET /v1/games', () => 'hold'));
    const call = client.api.listGames();
    await until(() => way.count('GET /v1/games') > 0);
    await advance(2 * 3600);
    const ended = assert.rejects(call, { name: 'token-missing' });
    await client.signOut();
    await ended;
    assert.equal(storage.load(), undefined);
    assert.equal((await device.api.listLogins()).items.length, 1);
});

test('a renewal that is under way does not bring back who signs out', async (t) => {
    const { client, storage, way } = await behind(t);
    const device = await secondDevice(client);
    const { opened, open } = gate();
    await advance(2 * 3600);
    way.become(on('POST /v1/tokens', first(1, { until: opened })));
    const call = assert.rejects(client.api.getMe(), { name: 'token-missing' });
    await until(() => way.count('POST /v1/tokens') > 0);
    await client.signOut();
    open();
    await call;
    assert.equal(client.playerId, '');
    assert.equal(storage.load(), undefined);
    assert.equal((await device.api.listLogins()).items.length, 1);
});

test('a renewal that another program overtook does not replace what it has kept', async (t) => {
    const { client, storage, way } = await behind(t);
    const { opened, open } = gate();
    await advance(2 * 3600);
    way.become(on('POST /v1/tokens', first(1, { until: opened })));
    const call = client.api.getMe();
    await until(() => way.count('POST /v1/tokens') > 0);
    const copy = { ...memory(), load: storage.load, save: storage.save }; // as in a tab without locks
    await (await connect(server, { storage: copy, timing: quick })).api.getMe();
    const { refresh_token } = storage.load();
    open();
    assert.equal((await call).id, client.playerId);
    assert.equal(storage.load().refresh_token, refresh_token);
});

test('who signs in during a renewal is who stays', async (t) => {
    const { client, storage, way } = await behind(t);
    const { client: other } = await behind(t);
    const { opened, open } = gate();
    await advance(2 * 3600);
    const { code } = await other.api.createLinkCode();
    way.become(on('POST /v1/tokens', first(1, { until: opened })));
    const calls = Promise.allSettled([client.api.getMe()]);
    await until(() => way.count('POST /v1/tokens') > 0);
    const signedIn = client.signIn({ link_code: code });
    open();
    await Promise.all([signedIn, calls]);
    assert.equal(client.playerId, other.playerId);
    assert.equal(storage.load().player_id, other.playerId);
    assert.equal((await client.api.getMe()).id, other.playerId);
});

test('signOut leaves alone whom another tab has signed in', async (t) => {
    const { client, storage } = await behind(t);
    const { storage: others, client: other } = await behind(t);
    storage.save(others.load());
    await client.signOut();
    assert.equal(storage.load().player_id, other.playerId);
    assert.equal((await other.api.getMe()).id, other.playerId);
});

test('who cannot reach the server is signed out here all the same', async (t) => {
    const { client, storage, way } = await behind(t, undefined, { timing: { ...quick, answer: 0.2 } });
    way.become(() => 'hold');
    await client.signOut();
    assert.equal(storage.load(), undefined);
    await assert.rejects(client.api.getMe(), { name: 'token-missing' });
});

test('who is told of the loss may sign in at once', async (t) => {
    const { client: other } = await behind(t);
    const { code } = await other.api.createLinkCode();
    const { opened: signedIn, open } = gate();
    const { client } = await behind(t, undefined, { onSignedOut: () => open(client.signIn({ link_code: code })) });
    await (await secondDevice(client)).api.listLogins().then(({ items }) =>
        Promise.all(items.map(({ id }) => client.api.deleteLogin({ login_id: id }).catch(() => {}))));
    await client.api.getMe().catch(() => {});
    await signedIn;
    assert.equal((await client.api.getMe()).id, other.playerId);
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

test('what one player has seen hides nothing from the next', async (t) => {
    const { client, way } = await behind(t);
    const { client: other } = await behind(t);
    await tell(other, 1);
    const { code } = await other.api.createLinkCode();
    const { opened, open } = gate();
    way.become(on('POST /v1/me/feed/ack', first(1, { until: opened, status: 200, body: '{}' })));
    client.seen(500);
    await until(() => way.count('POST /v1/me/feed/ack') > 0);
    await client.signIn({ link_code: code });
    open();
    client.seen(1);
    await until(async () => (await other.api.listFeed()).acked_seq === 1);
});

test('a message that came before the login ended is told to nobody after it', async (t) => {
    const { client, way } = await behind(t);
    const message = (seq) => `data: {"seq":${seq},"kind":"player_joined","at":"2026-01-01T00:00:00Z","data":{}}\n\n`;
    const hello = 'event: hello\ndata: {"server_time":"2026-01-01T00:00:00Z","last_seq":0,"acked_seq":0}\n\n';
    way.become(on('GET /v1/me/stream', () => ({ stream: hello + message(1) + message(2) })));
    const feed = client.messages();
    assert.equal((await feed.next()).value.seq, 1);
    await client.signOut();
    assert.deepEqual(await feed.next(), { done: true, value: undefined });
});

test('a badge that was counted for one player is not shown to the next', async (t) => {
    const { client, way } = await pair(t);
    const { opened, open } = gate();
    const feed = collect(client);
    await until(() => client.badge === 1);
    const shown = [];
    client.onBadge = (waiting) => shown.push(waiting);
    const counts = way.count('GET /v1/sessions');
    way.become(on('GET /v1/sessions', first(1, { until: opened })));
    await tell(client, 1); // a message about a session, so that it is counted again
    await until(() => way.count('GET /v1/sessions') > counts);
    await client.signOut();
    open();
    await feed.end();
    assert.equal(client.badge, 0);
    assert.deepEqual(shown, [0]);
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

test('a first start on a bad network becomes a guest', async (t) => {
    const { client, way } = await behind(t, on('POST /v1/players', first(2, 'lose')));
    assert.equal((await client.api.getMe()).id, client.playerId);
    assert.equal(way.count('POST /v1/players'), 3);
});

for (const [call, request, input] of [
    ['updateMe', 'PATCH /v1/me', { display_name: 'Ann' }],
    ['createLinkCode', 'POST /v1/me/link-codes'],
    ['createStreamTicket', 'POST /v1/me/stream-tickets'],
    ['startTicTacToeSession', 'POST /v1/games/tictactoe/sessions', {}],
]) {
    test(`${call} is repeated when its answer was lost`, async (t) => {
        const { client, way } = await behind(t, on(request, first(1, 'lose')));
        await client.api[call](input);
        assert.equal(way.count(request), 2);
    });
}

test('a push that may have been sent is not sent again', async (t) => {
    const { client, way } = await behind(t, on('POST /v1/me/devices', () => 'lose'));
    await assert.rejects(client.api.testPush({ device_id: 'mine' }), { name: 'call-failed', operation: 'testPush' });
    assert.equal(way.count('POST /v1/me/devices/mine/test'), 1);
});

test('a server in a folder is found there', async (t) => {
    const way = await proxy(server, ({ path }) => (path.startsWith('/games/yourturn/v1/') ? { as: path.slice(15) } : 'refuse'));
    t.after(way.close);
    for (const address of [`${way.address}/games/yourturn`, `${way.address}/games/yourturn/`]) {
        const client = await connect(address, { storage: memory(), timing: quick });
        assert.equal((await client.api.getMe()).id, client.playerId);
    }
});

test('a question for news may take as long as it says', async (t) => {
    const { client } = await behind(t, undefined, { timing: { ...quick, answer: 0.5, patience: 0.5 } });
    assert.deepEqual((await client.api.listFeed({ wait: 2 })).items, []);
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

test('who gives up a call does not wait for the renewal that others need', async (t) => {
    const { client, way } = await behind(t);
    const { opened, open } = gate();
    await advance(2 * 3600);
    way.become(on('POST /v1/tokens', first(1, { until: opened })));
    const giveUp = new AbortController();
    const given = assert.rejects(client.api.getMe(undefined, { signal: giveUp.signal }), { message: 'never mind' });
    const kept = client.api.getMe();
    await until(() => way.count('POST /v1/tokens') > 0);
    giveUp.abort(new Error('never mind'));
    await given;
    open();
    assert.equal((await kept).id, client.playerId);
    assert.equal(way.count('POST /v1/tokens'), 1);
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

test('a busy server is given the time that it asks a feed for, but no more than five minutes', async (t) => {
    const { client, way } = await behind(t);
    const pauses = [];
    const { setTimeout: later } = globalThis;
    t.mock.method(globalThis, 'setTimeout', (run, milliseconds) => {
        if (milliseconds < 30_000) return later(run, milliseconds);
        pauses.push(milliseconds);
        return later(run, 0);
    });
    const busy = (seconds) => ({ ...problem(503, 'busy'), headers: { 'Retry-After': String(seconds) } });
    const fates = [busy(240), busy(86_400)];
    way.become(on('GET /v1/me/stream', () => fates.shift()));
    const feed = collect(client, { after: 0 });
    await tell(client, 1);
    await feed.reaches(await lastOf(client));
    assert.deepEqual(pauses, [240_000, 300_000]);
    await feed.end();
});

test('a reset forgets what was seen, and what was about to be acknowledged', async (t) => {
    const { client, way } = await behind(t);
    await tell(client, 2);
    const { opened, open } = gate();
    way.become(on('POST /v1/me/feed/ack', first(1, { until: opened, status: 200, body: '{}' })));
    client.seen(900);
    await until(() => way.count('POST /v1/me/feed/ack') > 0);
    const feed = client.messages({ after: 1_000_000 });
    assert.equal((await feed.next()).value.kind, 'reset');
    client.seen(1);
    open();
    await until(async () => (await client.api.listFeed()).acked_seq === 1);
    await feed.return();
});

for (const streams of [true, false]) {
    test(`the badge is read when there is a connection, by ${streams ? 'stream' : 'question'}`, async (t) => {
        const { client } = await pair(t, on('GET /v1/me/stream', () => (streams ? undefined : 'refuse')));
        const feed = collect(client, { after: await lastOf(client) }); // nothing is new
        await until(() => client.badge === 1);
        await feed.end();
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
