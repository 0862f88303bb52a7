// Made by build.mjs from client.ts and ../openapi.yaml. Do not edit.
/**
 * A client of Yourturn for browsers, Node 18 and newer, Deno and Bun. It needs nothing but `fetch`.
 *
 *     const client = await connect('https://play.example');
 *     await client.api.createTicket({ game: 'tictactoe' });
 *     for await (const message of client.messages()) {
 *         if (message.kind === 'your_turn') show(await client.api.getSession({ session_id: message.session_id }));
 *     }
 *
 * `client.api` has every operation of the server by its name. Around it stands what a schema cannot say:
 *
 * - The token is renewed once, however many calls and tabs need it, and kept before it is used.
 * - A call that got lost is repeated, up to a minute. That is safe: the server takes a move exactly once.
 * - The feed comes in order, each message once, whatever happens to the connection; when streams are blocked on the way,
 *   the client asks for what is new instead.
 * - A message counts as seen when a person can have seen it, and the badge is what waits for them.
 *
 * @module
 */

/** The server has refused. Switch on `name`: it is stable, and `detail` is for people. */
export class Problem extends Error {
    /** What follows urn:yourturn:problem: in the type, as in "not-your-turn". */
    name;
    type;
    title;
    status;
    detail;
    errors;
    /** The session as it is now, when the problem concerns one. */
    session;
    request_id;
    retry_after;

    constructor(told) {
        super(told.detail || told.title);
        Object.assign(this, told);
        this.type = told.type;
        this.title = told.title;
        this.status = told.status;
        this.request_id = told.request_id;
        this.name = told.type.replace('urn:yourturn:problem:', '');
    }
}

/** A call has failed without a word of the server: the network, or something between. */
export class CallFailed extends Error {
    operation;
    name = 'call-failed';

    constructor(operation, what, options) {
        super(`${operation}: ${what}`, { cause: options?.cause });
        this.operation = operation;
        this.status = options?.status;
        this.retry_after = options?.retry_after;
    }

    /** The HTTP status, if one came. */
    status;
    retry_after;
}

/**
 * Goes on as the player who is kept in the storage, or becomes a guest and keeps that.
 *
 * Without an address it is the server that this file was imported from.
 */
export async function connect(address = import.meta.url, options = {}) {
    const { protocol, origin } = new URL(address);
    if (!/^https?:$/.test(protocol))
        throw new TypeError(`connect: ${address} is no address of a server`);
    return Client.connect(origin, options);
}

const defaultTiming = {
    answer: 20, patience: 60, pause: [1, 30], greeting: 15, silence: 45, poll: 25, streamAgain: 300,
};

/** One player at one server. {@link connect} makes it. */
export class Client {
    /** Every operation of the server, by its name: `client.api.getSession({ session_id })`. */
    api;
    /** How many sessions wait for the player: the number for an icon's badge. */
    badge = 0;
    onBadge;

    #wire;
    #login;
    #timing;
    #countBadge = oneAtATime(() => this.#readBadge());
    #acknowledge = oneAtATime(() => this.#sendSeen());
    #seen = 0;
    #acknowledged = 0;

    static async connect(address, options) {
        const name = `yourturn ${address} ${options.profile ?? ''}`.trim();
        const client = new Client(address, name, options.storage ?? await ownStorage(name), options);
        await client.#login.start(options.guest ?? {});
        return client;
    }

    constructor(address, name, storage, options) {
        this.#timing = { ...defaultTiming, ...options.timing };
        this.#wire = new Wire(address, options.fetch ?? fetch, this.#timing);
        this.onBadge = options.onBadge;
        const lost = (problem) => {
            this.#forget();
            options.onSignedOut?.(problem);
        };
        this.#login = new Login(this.#wire, name, storage, lost);
        const operations = Object.keys(routes);
        this.api = Object.fromEntries(operations.map((operation) => [operation, (input, how) => this.#call(operation, input, how?.signal)]));
    }

    get playerId() {
        return this.#login.playerId;
    }

    /**
     * Makes this client another player's, from now on. The login before is forgotten here: a guest who has no other way
     * to come back does not.
     */
    async signIn(proof) {
        await this.#login.signIn(proof);
        this.#forget();
        void this.#countBadge();
    }

    /** Ends this login, here and on the server. */
    async signOut() {
        await this.#login.signOut();
        this.#forget();
    }

    /**
     * Plays a move in the turn that `session` shows, and returns the session as it is then.
     *
     * However often it has to be sent, it is taken once. A {@link Problem} carries the session as it is instead:
     * somebody was faster, or the rules refuse it.
     */
    async play(session, move, how) {
        const input = { session_id: session.id, turn: session.turn, move: move };
        const played = await this.api.playMove(input, how);
        void this.#countBadge();
        return played;
    }

    /**
     * What the player is told, in order, each message once; it ends when the signal says so or the login does.
     *
     * It starts after the number `after`, or with what no person has seen yet, and survives whatever happens to
     * the connection.
     */
    async *messages(options = {}) {
        const stop = linked(options.signal, this.#login.ended);
        const place = { player: this.playerId, after: options.after, failures: 0, mute: 0 };
        try {
            while (!stop.signal.aborted) {
                yield* this.#connection(place, stop.signal);
            }
        }
        catch (error) {
            if (!stop.signal.aborted)
                throw error;
        }
        finally {
            stop.abort();
        }
    }

    /**
     * Says that a person has seen everything up to this number: it clears unread marks and silences pushes, on all
     * devices. Call it when the screen shows the message. It waits until the page is visible.
     */
    seen(seq) {
        this.#seen = Math.max(this.#seen, seq);
        void this.#acknowledge();
    }

    #call(operation, input, signal) {
        const [key, player] = [newKey(), this.playerId];
        return patiently(this.#timing, signal, () => this.#login.authorise(player, signal, (token) => this.#wire.ask(operation, { input, token, signal, key })));
    }

    /** One stream or one long-poll, until it ends, and the pause after it. */
    async *#connection(place, signal) {
        const polls = place.mute >= 2;
        try {
            yield* polls ? this.#poll(place, signal) : this.#stream(place, signal);
            if (polls)
                return;
        }
        catch (error) {
            if (signal.aborted || !passing(error))
                throw error;
            place.wait = retryAfter(error);
        }
        finally {
            if (polls)
                place.mute = 1; // one more try of a stream: perhaps it was the server that was away
        }
        await pause(Math.max(place.wait ?? 0, backoff(this.#timing, place.failures++)), signal);
        place.wait = undefined;
    }

    async *#stream(place, signal) {
        place.mute++; // until it has said hello
        const begin = (until) => this.#login.authorise(place.player, until, (token) => this.#wire.begin('streamFeed', { input: { after: place.after }, token, signal: until }));
        for await (const { event, data } of events(begin, this.#timing, signal)) {
            switch (event) {
                case 'hello':
                    place.after ??= data.acked_seq;
                    place.mute = place.failures = 0;
                    this.#catchUp();
                    break;
                case 'message':
                    yield* this.#news(place, data);
                    break;
                case 'reset':
                    yield this.#reset(place, data.seq);
                    break;
                case 'bye':
                    return;
            }
        }
    }

    async *#poll(place, signal) {
        const until = Date.now() + this.#timing.streamAgain * 1000;
        while (Date.now() < until) {
            const wait = place.failures > 0 ? 0 : this.#timing.poll; // first to find out whether there is a connection
            const input = { after: place.after, limit: 100, wait };
            const page = await this.#login.authorise(place.player, signal, (token) => this.#wire.ask('listFeed', { input, token, signal, wait }));
            if (place.failures > 0)
                this.#catchUp();
            place.failures = 0;
            if (page.reset)
                yield this.#reset(place, page.last_seq);
            for (const message of page.items)
                yield* this.#news(place, message);
            place.after ??= page.acked_seq;
        }
    }

    *#news(place, message) {
        if (place.after !== undefined && message.seq <= place.after)
            return;
        place.after = message.seq;
        if (message.session_id)
            void this.#countBadge();
        yield message;
    }

    #reset(place, seq) {
        place.after = seq;
        void this.#countBadge();
        return { seq, kind: 'reset', at: new Date().toISOString(), data: {} };
    }

    /** What may have been missed while there was no connection. */
    #catchUp() {
        void this.#countBadge();
        void this.#acknowledge();
    }

    async #readBadge() {
        const player = this.playerId;
        const { waiting_for_me } = await this.api.listSessions({ limit: 1 });
        if (player === this.playerId)
            this.#showBadge(waiting_for_me);
    }

    #showBadge(waiting) {
        if (waiting === this.badge)
            return;
        this.badge = waiting;
        this.onBadge?.(waiting);
    }

    async #sendSeen() {
        while (this.#acknowledged < this.#seen) {
            await visible();
            const seq = this.#seen;
            await this.api.ackFeed({ seq });
            this.#acknowledged = seq;
        }
    }

    #forget() {
        this.#seen = this.#acknowledged = 0;
        this.#showBadge(0);
    }
}

/**
 * The tokens of one login. The storage is the truth, and is asked before each call: another tab may have renewed them.
 */
class Login {
    wire;
    name;
    storage;
    onLost;
    playerId = '';
    #life = new AbortController();
    #renewal;

    constructor(wire, name, storage, onLost) {
        this.wire = wire;
        this.name = name;
        this.storage = storage;
        this.onLost = onLost;
    }

    /** Aborts when the player of this client is not the same any more. */
    get ended() {
        return this.#life.signal;
    }

    /** Takes up the kept login or makes a guest. Of many tabs that do it at once, one makes the guest. */
    start(guest) {
        return this.#alone(async () => {
            const kept = await this.storage.load();
            if (kept) {
                this.playerId = kept.player_id;
                return;
            }
            const made = await this.#askAlone('createPlayer', guest);
            await this.#keep(made, made.player.id);
        });
    }

    async signIn(proof) {
        const made = await this.#askAlone('createTokens', proof);
        this.#end();
        await this.#alone(() => this.#keep(made, made.player_id));
    }

    async signOut() {
        try {
            const tokens = await this.#kept();
            await this.wire.ask('deleteTokens', { token: tokens.access_token });
        }
        catch {
            // Whoever signs out without a network is signed out here all the same.
        }
        await this.#alone(async () => this.storage.clear());
        this.#end();
    }

    /** Makes a call of this player with a token that works, renewing it when it does not. */
    async authorise(player, signal, call) {
        if (player !== this.playerId)
            throw nobody('Another player has signed in meanwhile.');
        let tokens = await this.#kept();
        if (tokens.expires_at < Date.now() + 30_000)
            tokens = await orAbort(this.#renew(tokens), signal);
        for (let again = true;; again = false) {
            try {
                return await call(tokens.access_token);
            }
            catch (error) {
                if (!again || !(error instanceof Problem) || error.status !== 401)
                    throw error;
                tokens = await orAbort(this.#instead(tokens, error), signal);
            }
        }
    }

    /** The tokens to use instead of those that were refused, or the refusal. */
    async #instead(used, refused) {
        if (refused.name === 'token-expired')
            return this.#renew(used);
        if (refused.name !== 'token-invalid')
            throw refused;
        const kept = await this.storage.load();
        const isOurs = kept?.player_id === this.playerId;
        if (isOurs && kept.access_token !== used.access_token)
            return kept; // another tab was faster
        await this.#lose(used, refused);
        throw refused;
    }

    async #kept() {
        const kept = await this.storage.load();
        if (this.playerId && kept?.player_id === this.playerId)
            return kept;
        const gone = nobody(kept && 'Another player has signed in meanwhile.');
        this.#end(gone); // in another tab
        throw gone;
    }

    /** Gets new tokens for those that do not work any more, once for all who ask. */
    #renew(used) {
        this.#renewal ??= this.#alone(() => this.#renewNow(used)).finally(() => { this.#renewal = undefined; });
        return this.#renewal;
    }

    async #renewNow(used) {
        const kept = await this.#kept();
        if (kept.access_token !== used.access_token)
            return kept; // another tab was faster
        try {
            const made = await this.#askAlone('createTokens', { refresh_token: kept.refresh_token });
            return await this.#keep(made, kept.player_id);
        }
        catch (error) {
            if (error instanceof Problem && error.name === 'token-invalid')
                await this.#lose(kept, error);
            throw error;
        }
    }

    async #keep(made, player_id) {
        const { access_token, refresh_token, expires_in } = made;
        const tokens = { access_token, refresh_token, expires_at: Date.now() + expires_in * 1000, player_id };
        await this.storage.save(tokens);
        this.playerId = player_id;
        return tokens;
    }

    /** The server does not know these tokens any more. */
    async #lose(used, problem) {
        const kept = await this.storage.load();
        if (kept?.refresh_token !== used.refresh_token)
            return;
        await this.storage.clear();
        this.#end(problem);
    }

    /** From now on this client is nobody. A problem means that nobody here wanted it. */
    #end(problem) {
        if (!this.playerId)
            return;
        this.playerId = '';
        this.#life.abort(new Error('The login has ended.'));
        this.#life = new AbortController();
        if (problem)
            this.onLost(problem);
    }

    /** A call without a token. */
    #askAlone(operation, input) {
        const key = newKey();
        return patiently(this.wire.timing, undefined, () => this.wire.ask(operation, { input, key }));
    }

    /** Runs while no other tab is in here, where the browser can tell: pages over plain http are not given locks. */
    #alone(run) {
        const locks = globalThis.navigator?.locks;
        return locks ? locks.request(this.name, run) : run();
    }
}

/** What the server would say to a call without a token. */
function nobody(detail) {
    const type = 'urn:yourturn:problem:token-missing';
    return new Problem({ type, title: 'Nobody is signed in', detail, status: 401, request_id: '' });
}

/** One request and its answer, as they travel. */
class Wire {
    address;
    fetch;
    timing;
    constructor(address, fetch, timing) {
        this.address = address;
        this.fetch = fetch;
        this.timing = timing;
    }

    /** Sends a request and reads its answer. */
    async ask(operation, call) {
        const stop = linked(call.signal);
        const seconds = this.timing.answer + (call.wait ?? 0);
        const timer = setTimeout(() => stop.abort(new Error(`no answer in ${seconds} s`)), seconds * 1000);
        try {
            const response = await this.#open(operation, { ...call, signal: stop.signal });
            const text = await response.text();
            return text === '' ? undefined : JSON.parse(text);
        }
        catch (error) {
            call.signal?.throwIfAborted();
            throw told(operation, error);
        }
        finally {
            clearTimeout(timer);
            stop.abort();
        }
    }

    /** Sends a request and returns when its answer begins, which it must soon. */
    async begin(operation, call) {
        const stop = linked(call.signal);
        const seconds = this.timing.answer;
        const timer = setTimeout(() => stop.abort(new Error(`no answer in ${seconds} s`)), seconds * 1000);
        return this.#open(operation, { ...call, signal: stop.signal }).finally(() => clearTimeout(timer));
    }

    async #open(operation, call) {
        const { method, path, body } = filled(operation, call.input ?? {});
        const headers = {};
        if (call.token)
            headers['Authorization'] = `Bearer ${call.token}`;
        if (body !== undefined)
            headers['Content-Type'] = 'application/json';
        if (call.key && method === 'POST')
            headers['Idempotency-Key'] = call.key;
        const { fetch } = this; // browsers insist that it is called as a function
        const response = await fetch(this.address + path, {
            method, headers, signal: call.signal, body: body && JSON.stringify(body), cache: 'no-store', credentials: 'omit',
        });
        if (response.ok)
            return response;
        throw refusal(operation, response, await response.text());
    }
}

/** Distributes the members of input to where the operation has them: its path, its query, its body. */
function filled(operation, input) {
    const [method = '', where = '', hasBody] = routes[operation].split(' ');
    const [template = '', names] = where.split('?');
    const rest = new Map(Object.entries(input));
    const take = (name) => {
        const value = rest.get(name);
        rest.delete(name);
        return value;
    };
    const path = template.replace(/\{(\w+)\}/g, (_, name) => {
        const value = take(name);
        if (value === undefined || value === '')
            throw new TypeError(`${operation}: ${name} is missing`);
        return encodeURIComponent(String(value));
    });
    const query = new URLSearchParams();
    for (const name of names?.split('&') ?? []) {
        const value = take(name);
        if (value !== undefined)
            query.set(name, String(value));
    }
    const search = String(query) && `?${query}`;
    return { method, path: path + search, body: hasBody ? Object.fromEntries(rest) : undefined };
}

function refusal(operation, response, text) {
    const retry_after = Number(response.headers.get('Retry-After')) || undefined;
    try {
        const problem = JSON.parse(text);
        if (problem.type.startsWith('urn:yourturn:'))
            return new Problem({ retry_after, ...problem });
    }
    catch {
        // Something between us and the server has answered.
    }
    return new CallFailed(operation, `answered with status ${response.status}`, { status: response.status, retry_after });
}

/** Names the call in an error that does not. */
function told(operation, error) {
    if (error instanceof Problem || error instanceof CallFailed)
        return error;
    if (error instanceof TypeError && error.message.startsWith(operation))
        return error; // the caller's mistake
    return new CallFailed(operation, error instanceof Error ? error.message : String(error), { cause: error });
}

/** Whether the same may work a little later. */
function passing(error) {
    if (error instanceof Problem)
        return error.status === 429 || error.status === 503;
    return error instanceof CallFailed && (error.status === undefined || [408, 429, 502, 503, 504].includes(error.status));
}

function retryAfter(error) {
    return error instanceof Problem || error instanceof CallFailed ? (error.retry_after ?? 0) * 1000 : 0;
}

/** Repeats what failed in passing, until it works, is refused, or would take too long. */
async function patiently(timing, signal, attempt) {
    const until = Date.now() + timing.patience * 1000;
    for (let failures = 0;; failures++) {
        try {
            return await attempt();
        }
        catch (error) {
            const wait = Math.max(retryAfter(error), backoff(timing, failures));
            if (signal?.aborted || !passing(error) || Date.now() + wait > until)
                throw error;
            await pause(wait, signal);
        }
    }
}

/** Milliseconds before the next try: twice as long each time, and never the same for all clients of a server. */
function backoff(timing, failures) {
    const [first, longest] = timing.pause;
    return Math.min(longest, first * 2 ** failures) * 1000 * (0.5 + Math.random() / 2);
}

/** Reads server-sent events. A stream that falls silent is taken for dead. */
async function* events(begin, timing, signal) {
    const stop = linked(signal);
    const timed = async (seconds, work) => {
        const timer = setTimeout(() => stop.abort(new Error(`nothing came for ${seconds} s`)), seconds * 1000);
        return orAbort(work, stop.signal).finally(() => clearTimeout(timer));
    };
    try {
        const response = await begin(stop.signal);
        const type = response.headers.get('Content-Type');
        if (!type?.startsWith('text/event-stream'))
            throw new Error('the answer is no stream');
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        let [rest, event, data, patience] = ['', 'message', '', timing.greeting];
        for (;;) {
            const { done, value } = await timed(patience, reader.read());
            if (done)
                return;
            const lines = (rest + value).split(/\r?\n/);
            rest = lines.pop() ?? '';
            for (const line of lines) {
                const [field, text = ''] = line.split(/: ?(.*)/s);
                if (field === 'event')
                    event = text;
                if (field === 'data')
                    data += (data && '\n') + text;
                if (line !== '' || data === '')
                    continue;
                patience = timing.silence;
                yield { event, data: JSON.parse(data) };
                [event, data] = ['message', ''];
            }
        }
    }
    catch (error) {
        signal.throwIfAborted();
        throw told('streamFeed', error);
    }
    finally {
        stop.abort();
    }
}

/** Runs work once at a time: whoever asks meanwhile shares the one run that follows. It never fails: it is asked again. */
function oneAtATime(work) {
    let running;
    let next;
    return function run() {
        if (running)
            return next ??= running.then(() => { next = undefined; return run(); });
        running = work().catch(() => { }).finally(() => { running = undefined; });
        return running;
    };
}

/** A controller that aborts when one of the signals does. Abort it at the end, or it stays with them. */
function linked(...signals) {
    const controller = new AbortController();
    for (const signal of signals) {
        if (signal?.aborted)
            controller.abort(signal.reason);
        signal?.addEventListener('abort', () => controller.abort(signal.reason), { signal: controller.signal });
    }
    return controller;
}

/** Work that others wait for too goes on; the one whose signal aborts waits no longer. */
function orAbort(work, signal) {
    if (!signal)
        return work;
    const waiting = linked(signal);
    return new Promise((resolve, reject) => {
        const stop = () => reject(signal.reason);
        if (signal.aborted)
            stop();
        signal.addEventListener('abort', stop, { signal: waiting.signal });
        work.then(resolve, reject).finally(() => waiting.abort());
    });
}

async function pause(milliseconds, signal) {
    let timer;
    const over = new Promise((resolve) => { timer = setTimeout(resolve, milliseconds); });
    await orAbort(over, signal).finally(() => clearTimeout(timer));
}

/** Resolves when a person can see the page; at once where there is none. */
async function visible() {
    const page = globalThis.document;
    while (page && page.visibilityState !== 'visible') {
        await new Promise((resolve) => page.addEventListener('visibilitychange', resolve, { once: true }));
    }
}

/** A name for one attempt. Pages over plain http are not given crypto.randomUUID, and Node 18 has no crypto by itself. */
function newKey() {
    const crypto = globalThis.crypto;
    const random = crypto?.getRandomValues(new Uint32Array(4)) ?? Uint32Array.from('1234', () => Math.random() * 2 ** 32);
    return Array.from(random, (part) => part.toString(36)).join('-');
}

/** The browser's database, or memory where there is none or the person does not allow it. */
async function ownStorage(name) {
    try {
        const storage = inBrowser(name);
        await storage.load();
        return storage;
    }
    catch {
        return memory();
    }
}

/**
 * IndexedDB shows all tabs of an origin the same, and its service worker too. What one tab writes to localStorage the
 * others may see too late.
 */
function inBrowser(name) {
    const table = 'logins';
    const answer = (request) => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const run = async (mode, work) => {
        const opening = indexedDB.open('yourturn', 1);
        opening.onupgradeneeded = () => opening.result.createObjectStore(table);
        const database = await answer(opening); // each time: telephones lose what is held open
        try {
            const transaction = database.transaction(table, mode);
            const request = work(transaction.objectStore(table));
            await new Promise((resolve, reject) => {
                transaction.oncomplete = resolve;
                transaction.onabort = () => reject(transaction.error);
            });
            return request.result;
        }
        finally {
            database.close();
        }
    };
    return {
        load: () => run('readonly', (logins) => logins.get(name)),
        save: async (tokens) => { await run('readwrite', (logins) => logins.put(tokens, name)); },
        clear: () => run('readwrite', (logins) => logins.delete(name)),
    };
}

/** A storage that forgets when the program ends. */
export function memory() {
    let kept;
    return {
        load: () => kept,
        save: (tokens) => { kept = tokens; },
        clear: () => { kept = undefined; },
    };
}

/** How each operation is called: its method and path, the names in its query, and {} when it has a body. */
const routes = {
    ackFeed: 'POST /v1/me/feed/ack {}',
    blockPlayer: 'PUT /v1/me/blocks/{player_id}',
    cancelTicket: 'DELETE /v1/tickets/{ticket_id}',
    createLinkCode: 'POST /v1/me/link-codes',
    createPlayer: 'POST /v1/players {}',
    createSession: 'POST /v1/sessions {}',
    createStreamTicket: 'POST /v1/me/stream-tickets',
    createTicket: 'POST /v1/tickets {}',
    createTokens: 'POST /v1/tokens {}',
    declineInvitation: 'DELETE /v1/me/invitations/{session_id}',
    deleteDevice: 'DELETE /v1/me/devices/{device_id}',
    deleteIdentity: 'DELETE /v1/me/identities/{provider}',
    deleteLogin: 'DELETE /v1/me/logins/{login_id}',
    deleteMe: 'DELETE /v1/me',
    deleteTokens: 'DELETE /v1/tokens',
    enterGame: 'POST /v1/games/{game}/enter',
    exportMe: 'GET /v1/me/export?limit&cursor',
    forfeitSession: 'POST /v1/sessions/{session_id}/forfeit',
    getDungeonSession: 'GET /v1/games/dungeon/sessions/{session_id}?version',
    getEightsSession: 'GET /v1/games/eights/sessions/{session_id}?version',
    getGame: 'GET /v1/games/{game}',
    getMe: 'GET /v1/me',
    getQuestSession: 'GET /v1/games/quest/sessions/{session_id}?version',
    getQuizSession: 'GET /v1/games/quiz/sessions/{session_id}?version',
    getRockPaperScissorsSession: 'GET /v1/games/rps/sessions/{session_id}?version',
    getServer: 'GET /v1/server',
    getSession: 'GET /v1/sessions/{session_id}?version',
    getTicTacToeSession: 'GET /v1/games/tictactoe/sessions/{session_id}?version',
    getTicket: 'GET /v1/tickets/{ticket_id}',
    invitePlayers: 'POST /v1/sessions/{session_id}/invitations {}',
    joinSession: 'POST /v1/sessions/join {}',
    leaveSession: 'POST /v1/sessions/{session_id}/leave',
    listBlocks: 'GET /v1/me/blocks?limit&cursor',
    listDeliveries: 'GET /v1/me/deliveries?limit&cursor',
    listDevices: 'GET /v1/me/devices',
    listEvents: 'GET /v1/sessions/{session_id}/events?after&limit',
    listFeed: 'GET /v1/me/feed?after&limit&wait',
    listGames: 'GET /v1/games',
    listIdentities: 'GET /v1/me/identities',
    listInvitations: 'GET /v1/me/invitations?limit&cursor',
    listLogins: 'GET /v1/me/logins',
    listOpponents: 'GET /v1/me/opponents?limit&cursor',
    listSessions: 'GET /v1/sessions?limit&cursor&status&game&my_turn',
    listTickets: 'GET /v1/tickets?limit&cursor',
    muteSession: 'PUT /v1/sessions/{session_id}/mute',
    playDungeonMove: 'POST /v1/games/dungeon/sessions/{session_id}/moves {}',
    playEightsMove: 'POST /v1/games/eights/sessions/{session_id}/moves {}',
    playMove: 'POST /v1/sessions/{session_id}/moves {}',
    playQuestMove: 'POST /v1/games/quest/sessions/{session_id}/moves {}',
    playQuizMove: 'POST /v1/games/quiz/sessions/{session_id}/moves {}',
    playRockPaperScissorsMove: 'POST /v1/games/rps/sessions/{session_id}/moves {}',
    playTicTacToeMove: 'POST /v1/games/tictactoe/sessions/{session_id}/moves {}',
    previewSession: 'GET /v1/sessions/by-code/{join_code}',
    putDevice: 'PUT /v1/me/devices/{device_id} {}',
    putIdentity: 'PUT /v1/me/identities/{provider} {}',
    rematchSession: 'POST /v1/sessions/{session_id}/rematch',
    startDungeonSession: 'POST /v1/games/dungeon/sessions {}',
    startEightsSession: 'POST /v1/games/eights/sessions {}',
    startQuestSession: 'POST /v1/games/quest/sessions {}',
    startQuizSession: 'POST /v1/games/quiz/sessions {}',
    startRockPaperScissorsSession: 'POST /v1/games/rps/sessions {}',
    startTicTacToeSession: 'POST /v1/games/tictactoe/sessions {}',
    streamFeed: 'GET /v1/me/stream?after&ticket',
    testPush: 'POST /v1/me/devices/{device_id}/test',
    unblockPlayer: 'DELETE /v1/me/blocks/{player_id}',
    unmuteSession: 'DELETE /v1/sessions/{session_id}/mute',
    updateMe: 'PATCH /v1/me {}',
};
