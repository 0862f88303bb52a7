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
        const wrong = told.errors?.map(({ location, message }) => `${location}: ${message}`) ?? [];
        super([told.detail || told.title, ...wrong].join('; '));
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
 * Without an address it is the server that this file was imported from. An address with a folder is that of a server in
 * this folder.
 */
export async function connect(address, options = {}) {
    const { protocol, origin, pathname } = address === undefined ? new URL('.', import.meta.url) : new URL(address);
    if (!/^https?:$/.test(protocol))
        throw new TypeError(`connect: ${address ?? import.meta.url} is no address of a server`);
    return Client.connect(origin + pathname.replace(/\/+$/, ''), options);
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
    #sight = { seen: 0, acknowledged: 0 };

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
        const ended = (lost) => {
            this.#sight = { seen: 0, acknowledged: 0 };
            this.#showBadge(0);
            if (lost)
                queueMicrotask(() => options.onSignedOut?.(lost)); // its mistakes are no business of ours
        };
        this.#login = new Login(this.#wire, name, storage, options.storage ?? name, ended);
        const operations = Object.keys(routes);
        this.api = Object.fromEntries(operations.map((operation) => [operation, (input, how) => this.#call(operation, input, how?.signal)]));
    }

    get playerId() {
        return this.#login.life.player;
    }

    /**
     * Makes this client another player's, from now on. The login before is forgotten here: a guest who has no other way
     * to come back does not.
     */
    async signIn(proof) {
        await this.#login.signIn(proof);
        void this.#countBadge();
    }

    /** Ends this login: here whatever happens, and on the server if it can be reached. */
    signOut() {
        return this.#login.signOut();
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
    messages(options = {}) {
        const { life } = this.#login;
        life.check();
        return this.#feed({ life, after: options.after, failures: 0, mute: 0 }, options.signal);
    }

    /**
     * Says that a person has seen everything up to this number: it clears unread marks and silences pushes, on all
     * devices. Call it when the screen shows the message. It waits until the page is visible.
     */
    seen(seq) {
        this.#sight.seen = Math.max(this.#sight.seen, seq);
        void this.#acknowledge();
    }

    /** Makes a call of the player who is signed in now. It ends with the login, and is nobody else's. */
    #call(operation, input, signal) {
        const { life } = this.#login;
        const stop = life.begin(signal);
        const call = { input, signal: stop.signal, key: newKey() };
        const patience = this.#timing.patience + longPoll(operation, input);
        return patiently({ ...this.#timing, patience }, stop.signal, () => this.#login.authorise(life, stop.signal, (token) => this.#wire.ask(operation, { ...call, token })), (error) => passing(error) && !(error instanceof CallFailed && onlyOnce.includes(operation))).finally(() => stop.abort());
    }

    async *#feed(place, signal) {
        const stop = place.life.begin(signal);
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

    /** One stream or one long-poll, until it ends, and the pause after it. */
    async *#connection(place, signal) {
        const polls = place.mute >= 2;
        try {
            yield* polls ? this.#poll(place, signal) : this.#stream(place, signal);
            if (polls)
                return;
        }
        catch (error) {
            if (signal.aborted || !survivable(error))
                throw error;
            place.wait = Math.min(retryAfter(error), longestWait);
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
        const begin = (until) => this.#login.authorise(place.life, until, (token) => this.#wire.begin('streamFeed', { input: { after: place.after }, token, signal: until }));
        for await (const { event, data } of events(begin, this.#timing, signal)) {
            signal.throwIfAborted(); // what came before the login ended is told to nobody after it
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
            const page = await this.#login.authorise(place.life, signal, (token) => this.#wire.ask('listFeed', { input, token, signal }));
            if (place.failures > 0)
                this.#catchUp();
            place.failures = 0;
            if (page.reset)
                yield this.#reset(place, page.last_seq);
            for (const message of page.items) {
                signal.throwIfAborted();
                yield* this.#news(place, message);
            }
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
        this.#sight = { seen: 0, acknowledged: 0 }; // the numbers from before mean nothing now
        void this.#countBadge();
        return { seq, kind: 'reset', at: new Date().toISOString(), data: {} };
    }

    /** What may have been missed while there was no connection. */
    #catchUp() {
        void this.#countBadge();
        void this.#acknowledge();
    }

    async #readBadge() {
        const { life } = this.#login;
        const { waiting_for_me } = await this.api.listSessions({ limit: 1 });
        if (!life.over)
            this.#showBadge(waiting_for_me);
    }

    #showBadge(waiting) {
        if (waiting === this.badge)
            return;
        this.badge = waiting;
        queueMicrotask(() => this.onBadge?.(waiting));
    }

    async #sendSeen() {
        const sight = this.#sight;
        while (sight.acknowledged < sight.seen) {
            await visible();
            if (sight !== this.#sight)
                return;
            const { seen } = sight;
            await this.api.ackFeed({ seq: seen });
            sight.acknowledged = seen;
        }
    }
}

/** One login. What is begun in it ends with it, and so is never done as somebody else. */
class Life {
    player;
    over;
    /** Gets new tokens, when somebody does. */
    renewal;
    #begun = new Set();

    constructor(player, over) {
        this.player = player;
        this.over = over;
    }

    /** Throws why it is over, if it is. */
    check() {
        if (this.over)
            throw this.over;
    }

    /** A controller that aborts when this login ends, or when the signal says so. Abort it at the end, or it stays. */
    begin(signal) {
        const controller = linked(signal);
        if (this.over)
            controller.abort(this.over);
        if (controller.signal.aborted)
            return controller;
        this.#begun.add(controller);
        controller.signal.addEventListener('abort', () => this.#begun.delete(controller));
        return controller;
    }

    end(why) {
        this.over = why;
        for (const controller of this.#begun)
            controller.abort(why);
    }
}

/**
 * Who one is. The storage is the truth, and is asked before each call: another tab may have renewed the tokens, or signed
 * in as somebody else.
 */
class Login {
    wire;
    name;
    storage;
    lock;
    onEnd;
    life = new Life('', nobody());

    constructor(wire, name, storage, lock, onEnd) {
        this.wire = wire;
        this.name = name;
        this.storage = storage;
        this.lock = lock;
        this.onEnd = onEnd;
    }

    /** Takes up the kept login or makes a guest. Of many that do it at once, one makes the guest. */
    start(guest) {
        return this.#alone(async () => {
            const kept = await this.storage.load();
            const player = kept ? kept.player_id : await this.#become(guest);
            this.life = new Life(player);
        });
    }

    async #become(guest) {
        const made = await this.#askAlone('createPlayer', guest);
        await this.#keep(made, made.player.id);
        return made.player.id;
    }

    signIn(proof) {
        return this.#alone(async () => {
            const made = await this.#askAlone('createTokens', proof);
            this.#end(nobody('Somebody has signed in meanwhile.'));
            await this.#keep(made, made.player_id);
            this.life = new Life(made.player_id);
        });
    }

    /** Forgets first: whoever signs out without a network is signed out here all the same. */
    async signOut() {
        const { life } = this;
        this.#end(nobody('The player has signed out.')); // at once, so that nothing under way keeps us waiting
        const tokens = await this.#alone(async () => {
            const player = this.life.player || life.player; // whoever was about to sign in is meant too
            this.#end(nobody('The player has signed out.'));
            const kept = await this.storage.load();
            if (!kept || kept.player_id !== player)
                return undefined; // another tab's
            await this.storage.clear();
            return kept;
        });
        if (tokens)
            await this.#revoke(tokens).catch(() => { });
    }

    /** Makes a call with a token that works, renewing it when it does not. */
    async authorise(life, signal, call) {
        let tokens = await this.#kept(life);
        if (endsSoon(tokens))
            tokens = await orAbort(this.#renew(life, tokens), signal);
        try {
            return await call(tokens.access_token);
        }
        catch (error) {
            if (!(error instanceof Problem && error.name.startsWith('token-')))
                throw error;
            tokens = await orAbort(this.#renew(life, tokens), signal);
            return call(tokens.access_token);
        }
    }

    /** The tokens of this login, as they are now. */
    async #kept(life) {
        life.check();
        const kept = await this.storage.load();
        life.check();
        if (kept?.player_id === life.player)
            return kept;
        const gone = nobody(kept ? 'Another player has signed in meanwhile.' : 'The player has signed out.');
        this.#end(gone, gone); // in another tab
        throw gone;
    }

    /** Gets new tokens for those that do not work any more, once for all who ask. */
    #renew(life, used) {
        life.renewal ??= this.#alone(() => this.#renewNow(life, used)).finally(() => { life.renewal = undefined; });
        return life.renewal;
    }

    async #renewNow(life, used) {
        const kept = await this.#kept(life);
        if (kept.access_token !== used.access_token)
            return kept; // another tab was faster
        const stop = life.begin();
        try {
            const { refresh_token } = kept;
            const made = await this.#askAlone('createTokens', { refresh_token }, stop.signal);
            return await this.#faster(life, kept) ?? await this.#keep(made, kept.player_id);
        }
        catch (error) {
            if (!(error instanceof Problem && error.name === 'token-invalid'))
                throw error;
            const newer = await this.#faster(life, kept);
            if (newer)
                return newer;
            await this.storage.clear();
            this.#end(error, error);
            throw error;
        }
        finally {
            stop.abort();
        }
    }

    /** What another tab has kept meanwhile: pages over plain http are given no locks. */
    async #faster(life, used) {
        const kept = await this.#kept(life);
        return kept.refresh_token === used.refresh_token ? undefined : kept;
    }

    /** Ends a login that is not kept any more on the server too, which must hear of it with a token that works. */
    #revoke(tokens) {
        return within(this.wire.timing.answer, undefined, async (signal) => {
            const revoke = (token) => this.#askAlone('deleteTokens', {}, signal, token);
            try {
                if (!endsSoon(tokens))
                    return void await revoke(tokens.access_token);
            }
            catch (error) {
                if (!(error instanceof Problem && error.name === 'token-expired'))
                    throw error;
            }
            const { refresh_token } = tokens;
            const made = await this.#askAlone('createTokens', { refresh_token }, signal);
            await revoke(made.access_token);
        });
    }

    async #keep(made, player_id) {
        const { access_token, refresh_token, expires_in } = made;
        const tokens = { access_token, refresh_token, expires_at: Date.now() + expires_in * 1000, player_id };
        await this.storage.save(tokens);
        return tokens;
    }

    /** From now on this client is nobody, and what it was about to do fails with the reason. */
    #end(reason, lost) {
        const { life } = this;
        if (life.over)
            return;
        this.life = new Life('', nobody());
        life.end(reason);
        this.onEnd(lost);
    }

    /** A call that is not the player's who is signed in: it brings its token, or needs none. */
    #askAlone(operation, input, signal, token) {
        const key = newKey();
        return patiently(this.wire.timing, signal, () => this.wire.ask(operation, { input, key, signal, token }));
    }

    /** Runs while no other tab and no other client of this page is in here. */
    #alone(run) {
        const locks = globalThis.navigator?.locks;
        return locks ? locks.request(this.name, run) : inTurn(this.lock, run);
    }
}

/** Who stands last in each queue, for pages over plain http and programs, which are given no Web Locks. */
const queues = new Map();

/** Runs when everybody who came before to the same lock is done. */
function inTurn(lock, run) {
    const turn = (queues.get(lock) ?? Promise.resolve()).then(run);
    const done = turn.catch(() => { }).then(() => {
        if (queues.get(lock) === done)
            queues.delete(lock);
    });
    queues.set(lock, done);
    return turn;
}

function endsSoon({ expires_at }) {
    return expires_at < Date.now() + 30_000;
}

/** What the server would say to a call without a token. */
function nobody(detail) {
    const type = 'urn:yourturn:problem:token-missing';
    return new Problem({ type, title: 'Nobody is signed in', detail, status: 401, request_id: '' });
}

/** What is not as good when it is done twice. Everything else is, by its nature or by its key. */
const onlyOnce = ['testPush'];

/** Seconds that the server was asked to wait for news before it answers. */
function longPoll(operation, input) {
    return operation === 'listFeed' ? input?.wait ?? 0 : 0;
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
        try {
            return await within(this.timing.answer + longPoll(operation, call.input), call.signal, async (signal) => {
                const response = await this.#open(operation, { ...call, signal });
                const text = await response.text();
                return text === '' ? undefined : JSON.parse(text);
            });
        }
        catch (error) {
            call.signal?.throwIfAborted();
            throw told(operation, error);
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

/** The longest that a server may ask a feed to stay away, in milliseconds. */
const longestWait = 5 * 60_000;

/** Whether a feed goes on in spite of it: whatever something on the way says, the server may be had again. */
function survivable(error) {
    return error instanceof CallFailed || (error instanceof Problem && (error.status === 429 || error.status >= 500));
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
async function patiently(timing, signal, attempt, mayRepeat = passing) {
    const until = Date.now() + timing.patience * 1000;
    for (let failures = 0;; failures++) {
        try {
            return await orAbort(attempt(), signal);
        }
        catch (error) {
            const wait = Math.max(retryAfter(error), backoff(timing, failures));
            if (signal?.aborted || !mayRepeat(error) || Date.now() + wait > until)
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

/** Gives up work that takes longer. */
async function within(seconds, signal, work) {
    const stop = linked(signal);
    const timer = setTimeout(() => stop.abort(new Error(`no answer in ${seconds} s`)), seconds * 1000);
    try {
        return await orAbort(work(stop.signal), stop.signal);
    }
    finally {
        clearTimeout(timer);
        stop.abort();
    }
}

/** A controller that aborts when the signal does. Abort it at the end, or it stays with it. */
function linked(signal) {
    const controller = new AbortController();
    if (signal?.aborted)
        controller.abort(signal.reason);
    signal?.addEventListener('abort', () => controller.abort(signal.reason), { signal: controller.signal });
    return controller;
}

/** Work that others wait for too goes on; the one whose signal aborts waits no longer. */
function orAbort(work, signal) {
    if (!signal)
        return work;
    const waiting = new AbortController();
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
