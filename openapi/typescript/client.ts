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
import { routes } from './operations.js';
import type { Api, components } from './schema.d.ts';

/** What travels, by its name in the schema: `Schemas['TicTacToeSession']`. */
export type Schemas = components['schemas'];
export type Session = Schemas['Session'];
/** One message of the feed. The kind `reset` is the client's own: read your sessions anew, for something was missed. */
export type Message = Schemas['FeedMessage'];
export type { Api };

/** What a login has. Whoever reads it is that player. */
export interface Tokens {
    access_token: string;
    refresh_token: string;
    /** When the access token ends by our own clock, in milliseconds since 1970. */
    expires_at: number;
    player_id: string;
}

/** Where a login is kept. Tabs and processes that share one share the login. */
export interface TokenStorage {
    load(): Tokens | undefined | Promise<Tokens | undefined>;
    save(tokens: Tokens): void | Promise<void>;
    clear(): void | Promise<void>;
}

/** How long the client waits, in seconds. The defaults suit apps; tests are less patient. */
export interface Timing {
    /** For one answer. */
    answer: number;
    /** For a call to get through, with everything that goes wrong on the way. */
    patience: number;
    /** Between two tries: the first pause, and the longest. */
    pause: [first: number, longest: number];
    /** For a stream's first word. */
    greeting: number;
    /** For a sign of life on a stream. The server gives one every 17 s. */
    silence: number;
    /** For news, in one question of a long-poll. At most 30. */
    poll: number;
    /** Before a stream is tried again where streams are blocked. */
    streamAgain: number;
}

export interface Options {
    /** Where the login is kept. Otherwise the browser's database (IndexedDB), or memory where there is none. */
    storage?: TokenStorage;
    /** Tells several players of one browser apart: each profile has a login of its own. */
    profile?: string;
    /** What a new guest is called, and more. */
    guest?: Schemas['PlayerRequest'];
    /** Called when the number of sessions that wait for the player has changed. */
    onBadge?: (waiting: number) => void;
    /** Called when the login has ended, but not by signOut here: ask the person to sign in again. */
    onSignedOut?: (problem: Problem) => void;
    /** Instead of the global one. */
    fetch?: typeof fetch;
    timing?: Partial<Timing>;
}

/** Signs in as somebody who exists: with the code that another device shows, or with a token of an identity provider. */
export type Proof = { link_code: string } | { provider: string; id_token: string; nonce?: string };

/** The server has refused. Switch on `name`: it is stable, and `detail` is for people. */
export class Problem extends Error {
    /** What follows urn:yourturn:problem: in the type, as in "not-your-turn". */
    override name: string;
    readonly type: string;
    readonly title: string;
    readonly status: number;
    readonly detail?: string;
    readonly errors?: Schemas['ProblemError'][];
    /** The session as it is now, when the problem concerns one. */
    readonly session?: Session;
    readonly request_id: string;
    readonly retry_after?: number;

    constructor(told: Schemas['Problem']) {
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
    override name = 'call-failed';

    constructor(
        readonly operation: string, what: string, options?: { cause?: unknown; status?: number; retry_after?: number },
    ) {
        super(`${operation}: ${what}`, { cause: options?.cause });
        this.status = options?.status;
        this.retry_after = options?.retry_after;
    }

    /** The HTTP status, if one came. */
    readonly status?: number;
    readonly retry_after?: number;
}

/**
 * Goes on as the player who is kept in the storage, or becomes a guest and keeps that.
 *
 * Without an address it is the server that this file was imported from.
 */
export async function connect(address: string = import.meta.url, options: Options = {}): Promise<Client> {
    const { protocol, origin } = new URL(address);
    if (!/^https?:$/.test(protocol)) throw new TypeError(`connect: ${address} is no address of a server`);
    return Client.connect(origin, options);
}

const defaultTiming: Timing = {
    answer: 20, patience: 60, pause: [1, 30], greeting: 15, silence: 45, poll: 25, streamAgain: 300,
};

/** One player at one server. {@link connect} makes it. */
export class Client {
    /** Every operation of the server, by its name: `client.api.getSession({ session_id })`. */
    readonly api: Api;
    /** How many sessions wait for the player: the number for an icon's badge. */
    badge = 0;
    onBadge?: (waiting: number) => void;

    readonly #wire: Wire;
    readonly #login: Login;
    readonly #timing: Timing;
    readonly #countBadge = oneAtATime(() => this.#readBadge());
    readonly #acknowledge = oneAtATime(() => this.#sendSeen());
    #seen = 0;
    #acknowledged = 0;

    static async connect(address: string, options: Options): Promise<Client> {
        const name = `yourturn ${address} ${options.profile ?? ''}`.trim();
        const client = new Client(address, name, options.storage ?? await ownStorage(name), options);
        await client.#login.start(options.guest ?? {});
        return client;
    }

    private constructor(address: string, name: string, storage: TokenStorage, options: Options) {
        this.#timing = { ...defaultTiming, ...options.timing };
        this.#wire = new Wire(address, options.fetch ?? fetch, this.#timing);
        this.onBadge = options.onBadge;
        const lost = (problem: Problem): void => {
            this.#forget();
            options.onSignedOut?.(problem);
        };
        this.#login = new Login(this.#wire, name, storage, lost);
        const operations = Object.keys(routes) as Operation[];
        this.api = Object.fromEntries(operations.map((operation) =>
            [operation, (input?: object, how?: { signal?: AbortSignal }) => this.#call(operation, input, how?.signal)],
        )) as unknown as Api;
    }

    get playerId(): string {
        return this.#login.playerId;
    }

    /**
     * Makes this client another player's, from now on. The login before is forgotten here: a guest who has no other way
     * to come back does not.
     */
    async signIn(proof: Proof): Promise<void> {
        await this.#login.signIn(proof);
        this.#forget();
        void this.#countBadge();
    }

    /** Ends this login, here and on the server. */
    async signOut(): Promise<void> {
        await this.#login.signOut();
        this.#forget();
    }

    /**
     * Plays a move in the turn that `session` shows, and returns the session as it is then.
     *
     * However often it has to be sent, it is taken once. A {@link Problem} carries the session as it is instead:
     * somebody was faster, or the rules refuse it.
     */
    async play<S extends { id: string; turn: number }>(
        session: S, move: object, how?: { signal?: AbortSignal },
    ): Promise<S & { move: Schemas['MoveTaken'] }> {
        const input = { session_id: session.id, turn: session.turn, move: move as Record<string, unknown> };
        const played: unknown = await this.api.playMove(input, how);
        void this.#countBadge();
        return played as S & { move: Schemas['MoveTaken'] };
    }

    /**
     * What the player is told, in order, each message once; it ends when the signal says so or the login does.
     *
     * It starts after the number `after`, or with what no person has seen yet, and survives whatever happens to
     * the connection.
     */
    async *messages(options: { after?: number; signal?: AbortSignal } = {}): AsyncGenerator<Message, void, undefined> {
        const stop = linked(options.signal, this.#login.ended);
        const place: Place = { player: this.playerId, after: options.after, failures: 0, mute: 0 };
        try {
            while (!stop.signal.aborted) {
                yield* this.#connection(place, stop.signal);
            }
        } catch (error) {
            if (!stop.signal.aborted) throw error;
        } finally {
            stop.abort();
        }
    }

    /**
     * Says that a person has seen everything up to this number: it clears unread marks and silences pushes, on all
     * devices. Call it when the screen shows the message. It waits until the page is visible.
     */
    seen(seq: number): void {
        this.#seen = Math.max(this.#seen, seq);
        void this.#acknowledge();
    }

    #call(operation: Operation, input: object | undefined, signal: AbortSignal | undefined): Promise<unknown> {
        const [key, player] = [newKey(), this.playerId];
        return patiently(this.#timing, signal, () =>
            this.#login.authorise(player, signal, (token) => this.#wire.ask(operation, { input, token, signal, key })));
    }

    /** One stream or one long-poll, until it ends, and the pause after it. */
    async *#connection(place: Place, signal: AbortSignal): AsyncGenerator<Message, void, undefined> {
        const polls = place.mute >= 2;
        try {
            yield* polls ? this.#poll(place, signal) : this.#stream(place, signal);
            if (polls) return;
        } catch (error) {
            if (signal.aborted || !passing(error)) throw error;
            place.wait = retryAfter(error);
        } finally {
            if (polls) place.mute = 1; // one more try of a stream: perhaps it was the server that was away
        }
        await pause(Math.max(place.wait ?? 0, backoff(this.#timing, place.failures++)), signal);
        place.wait = undefined;
    }

    async *#stream(place: Place, signal: AbortSignal): AsyncGenerator<Message, void, undefined> {
        place.mute++; // until it has said hello
        const begin = (until: AbortSignal) => this.#login.authorise(place.player, until, (token) =>
            this.#wire.begin('streamFeed', { input: { after: place.after }, token, signal: until }));
        for await (const { event, data } of events(begin, this.#timing, signal)) {
            switch (event) {
                case 'hello':
                    place.after ??= data.acked_seq;
                    place.mute = place.failures = 0;
                    this.#catchUp();
                    break;
                case 'message':
                    yield* this.#news(place, data as Message);
                    break;
                case 'reset':
                    yield this.#reset(place, data.seq);
                    break;
                case 'bye':
                    return;
            }
        }
    }

    async *#poll(place: Place, signal: AbortSignal): AsyncGenerator<Message, void, undefined> {
        const until = Date.now() + this.#timing.streamAgain * 1000;
        while (Date.now() < until) {
            const wait = place.failures > 0 ? 0 : this.#timing.poll; // first to find out whether there is a connection
            const input = { after: place.after, limit: 100, wait };
            const page = await this.#login.authorise(place.player, signal, (token) =>
                this.#wire.ask('listFeed', { input, token, signal, wait })) as Schemas['FeedPage'];
            if (place.failures > 0) this.#catchUp();
            place.failures = 0;
            if (page.reset) yield this.#reset(place, page.last_seq);
            for (const message of page.items) yield* this.#news(place, message);
            place.after ??= page.acked_seq;
        }
    }

    *#news(place: Place, message: Message): Generator<Message, void, undefined> {
        if (place.after !== undefined && message.seq <= place.after) return;
        place.after = message.seq;
        if (message.session_id) void this.#countBadge();
        yield message;
    }

    #reset(place: Place, seq: number): Message {
        place.after = seq;
        void this.#countBadge();
        return { seq, kind: 'reset', at: new Date().toISOString(), data: {} };
    }

    /** What may have been missed while there was no connection. */
    #catchUp(): void {
        void this.#countBadge();
        void this.#acknowledge();
    }

    async #readBadge(): Promise<void> {
        const player = this.playerId;
        const { waiting_for_me } = await this.api.listSessions({ limit: 1 });
        if (player === this.playerId) this.#showBadge(waiting_for_me);
    }

    #showBadge(waiting: number): void {
        if (waiting === this.badge) return;
        this.badge = waiting;
        this.onBadge?.(waiting);
    }

    async #sendSeen(): Promise<void> {
        while (this.#acknowledged < this.#seen) {
            await visible();
            const seq = this.#seen;
            await this.api.ackFeed({ seq });
            this.#acknowledged = seq;
        }
    }

    #forget(): void {
        this.#seen = this.#acknowledged = 0;
        this.#showBadge(0);
    }
}

/** Where a reader of the feed stands. */
interface Place {
    player: string;
    /** The last number that was read; absent until the server has said where to begin. */
    after?: number;
    /** Connections in a row that failed. */
    failures: number;
    /** Streams in a row that did not say hello. */
    mute: number;
    /** What the server asked to wait, in milliseconds. */
    wait?: number;
}

/**
 * The tokens of one login. The storage is the truth, and is asked before each call: another tab may have renewed them.
 */
class Login {
    playerId = '';
    #life = new AbortController();
    #renewal?: Promise<Tokens>;

    constructor(
        readonly wire: Wire, readonly name: string, readonly storage: TokenStorage,
        readonly onLost: (problem: Problem) => void,
    ) {}

    /** Aborts when the player of this client is not the same any more. */
    get ended(): AbortSignal {
        return this.#life.signal;
    }

    /** Takes up the kept login or makes a guest. Of many tabs that do it at once, one makes the guest. */
    start(guest: Schemas['PlayerRequest']): Promise<void> {
        return this.#alone(async () => {
            const kept = await this.storage.load();
            if (kept) {
                this.playerId = kept.player_id;
                return;
            }
            const made = await this.#askAlone('createPlayer', guest) as Schemas['NewPlayer'];
            await this.#keep(made, made.player.id);
        });
    }

    async signIn(proof: Proof): Promise<void> {
        const made = await this.#askAlone('createTokens', proof) as Schemas['Tokens'];
        this.#end();
        await this.#alone(() => this.#keep(made, made.player_id));
    }

    async signOut(): Promise<void> {
        try {
            const tokens = await this.#kept();
            await this.wire.ask('deleteTokens', { token: tokens.access_token });
        } catch {
            // Whoever signs out without a network is signed out here all the same.
        }
        await this.#alone(async () => this.storage.clear());
        this.#end();
    }

    /** Makes a call of this player with a token that works, renewing it when it does not. */
    async authorise<T>(player: string, signal: AbortSignal | undefined, call: (token: string) => Promise<T>): Promise<T> {
        if (player !== this.playerId) throw nobody('Another player has signed in meanwhile.');
        let tokens = await this.#kept();
        if (tokens.expires_at < Date.now() + 30_000) tokens = await orAbort(this.#renew(tokens), signal);
        for (let again = true; ; again = false) {
            try {
                return await call(tokens.access_token);
            } catch (error) {
                if (!again || !(error instanceof Problem) || error.status !== 401) throw error;
                tokens = await orAbort(this.#instead(tokens, error), signal);
            }
        }
    }

    /** The tokens to use instead of those that were refused, or the refusal. */
    async #instead(used: Tokens, refused: Problem): Promise<Tokens> {
        if (refused.name === 'token-expired') return this.#renew(used);
        if (refused.name !== 'token-invalid') throw refused;
        const kept = await this.storage.load();
        const isOurs = kept?.player_id === this.playerId;
        if (isOurs && kept.access_token !== used.access_token) return kept; // another tab was faster
        await this.#lose(used, refused);
        throw refused;
    }

    async #kept(): Promise<Tokens> {
        const kept = await this.storage.load();
        if (this.playerId && kept?.player_id === this.playerId) return kept;
        const gone = nobody(kept && 'Another player has signed in meanwhile.');
        this.#end(gone); // in another tab
        throw gone;
    }

    /** Gets new tokens for those that do not work any more, once for all who ask. */
    #renew(used: Tokens): Promise<Tokens> {
        this.#renewal ??= this.#alone(() => this.#renewNow(used)).finally(() => { this.#renewal = undefined; });
        return this.#renewal;
    }

    async #renewNow(used: Tokens): Promise<Tokens> {
        const kept = await this.#kept();
        if (kept.access_token !== used.access_token) return kept; // another tab was faster
        try {
            const made = await this.#askAlone('createTokens', { refresh_token: kept.refresh_token }) as Schemas['Tokens'];
            return await this.#keep(made, kept.player_id);
        } catch (error) {
            if (error instanceof Problem && error.name === 'token-invalid') await this.#lose(kept, error);
            throw error;
        }
    }

    async #keep(made: Omit<Schemas['Tokens'], 'player_id'>, player_id: string): Promise<Tokens> {
        const { access_token, refresh_token, expires_in } = made;
        const tokens = { access_token, refresh_token, expires_at: Date.now() + expires_in * 1000, player_id };
        await this.storage.save(tokens);
        this.playerId = player_id;
        return tokens;
    }

    /** The server does not know these tokens any more. */
    async #lose(used: Tokens, problem: Problem): Promise<void> {
        const kept = await this.storage.load();
        if (kept?.refresh_token !== used.refresh_token) return;
        await this.storage.clear();
        this.#end(problem);
    }

    /** From now on this client is nobody. A problem means that nobody here wanted it. */
    #end(problem?: Problem): void {
        if (!this.playerId) return;
        this.playerId = '';
        this.#life.abort(new Error('The login has ended.'));
        this.#life = new AbortController();
        if (problem) this.onLost(problem);
    }

    /** A call without a token. */
    #askAlone(operation: Operation, input: object): Promise<unknown> {
        const key = newKey();
        return patiently(this.wire.timing, undefined, () => this.wire.ask(operation, { input, key }));
    }

    /** Runs while no other tab is in here, where the browser can tell: pages over plain http are not given locks. */
    #alone<T>(run: () => Promise<T>): Promise<T> {
        const locks = (globalThis.navigator as Navigator | undefined)?.locks;
        return locks ? locks.request(this.name, run) as Promise<T> : run();
    }
}

/** What the server would say to a call without a token. */
function nobody(detail?: string): Problem {
    const type = 'urn:yourturn:problem:token-missing';
    return new Problem({ type, title: 'Nobody is signed in', detail, status: 401, request_id: '' });
}

type Operation = keyof typeof routes;

interface Call {
    input?: object;
    token?: string;
    signal?: AbortSignal;
    /** Makes an operation that makes something make it once, however often it is sent. */
    key?: string;
    /** Seconds that the server may take to answer, beyond what is usual. */
    wait?: number;
}

/** One request and its answer, as they travel. */
class Wire {
    constructor(readonly address: string, readonly fetch: typeof globalThis.fetch, readonly timing: Timing) {}

    /** Sends a request and reads its answer. */
    async ask(operation: Operation, call: Call): Promise<unknown> {
        const stop = linked(call.signal);
        const seconds = this.timing.answer + (call.wait ?? 0);
        const timer = setTimeout(() => stop.abort(new Error(`no answer in ${seconds} s`)), seconds * 1000);
        try {
            const response = await this.#open(operation, { ...call, signal: stop.signal });
            const text = await response.text();
            return text === '' ? undefined : JSON.parse(text);
        } catch (error) {
            call.signal?.throwIfAborted();
            throw told(operation, error);
        } finally {
            clearTimeout(timer);
            stop.abort();
        }
    }

    /** Sends a request and returns when its answer begins, which it must soon. */
    async begin(operation: Operation, call: Call): Promise<Response> {
        const stop = linked(call.signal);
        const seconds = this.timing.answer;
        const timer = setTimeout(() => stop.abort(new Error(`no answer in ${seconds} s`)), seconds * 1000);
        return this.#open(operation, { ...call, signal: stop.signal }).finally(() => clearTimeout(timer));
    }

    async #open(operation: Operation, call: Call): Promise<Response> {
        const { method, path, body } = filled(operation, call.input ?? {});
        const headers: Record<string, string> = {};
        if (call.token) headers['Authorization'] = `Bearer ${call.token}`;
        if (body !== undefined) headers['Content-Type'] = 'application/json';
        if (call.key && method === 'POST') headers['Idempotency-Key'] = call.key;
        const { fetch } = this; // browsers insist that it is called as a function
        const response = await fetch(this.address + path, {
            method, headers, signal: call.signal, body: body && JSON.stringify(body), cache: 'no-store', credentials: 'omit',
        });
        if (response.ok) return response;
        throw refusal(operation, response, await response.text());
    }
}

/** Distributes the members of input to where the operation has them: its path, its query, its body. */
function filled(operation: Operation, input: object): { method: string; path: string; body?: object } {
    const [method = '', where = '', hasBody] = routes[operation].split(' ');
    const [template = '', names] = where.split('?');
    const rest = new Map<string, unknown>(Object.entries(input));
    const take = (name: string): unknown => {
        const value = rest.get(name);
        rest.delete(name);
        return value;
    };
    const path = template.replace(/\{(\w+)\}/g, (_, name: string) => {
        const value = take(name);
        if (value === undefined || value === '') throw new TypeError(`${operation}: ${name} is missing`);
        return encodeURIComponent(String(value));
    });
    const query = new URLSearchParams();
    for (const name of names?.split('&') ?? []) {
        const value = take(name);
        if (value !== undefined) query.set(name, String(value));
    }
    const search = String(query) && `?${query}`;
    return { method, path: path + search, body: hasBody ? Object.fromEntries(rest) : undefined };
}

function refusal(operation: string, response: Response, text: string): Problem | CallFailed {
    const retry_after = Number(response.headers.get('Retry-After')) || undefined;
    try {
        const problem = JSON.parse(text) as Schemas['Problem'];
        if (problem.type.startsWith('urn:yourturn:')) return new Problem({ retry_after, ...problem });
    } catch {
        // Something between us and the server has answered.
    }
    return new CallFailed(operation, `answered with status ${response.status}`, { status: response.status, retry_after });
}

/** Names the call in an error that does not. */
function told(operation: string, error: unknown): unknown {
    if (error instanceof Problem || error instanceof CallFailed) return error;
    if (error instanceof TypeError && error.message.startsWith(operation)) return error; // the caller's mistake
    return new CallFailed(operation, error instanceof Error ? error.message : String(error), { cause: error });
}

/** Whether the same may work a little later. */
function passing(error: unknown): boolean {
    if (error instanceof Problem) return error.status === 429 || error.status === 503;
    return error instanceof CallFailed && (error.status === undefined || [408, 429, 502, 503, 504].includes(error.status));
}

function retryAfter(error: unknown): number {
    return error instanceof Problem || error instanceof CallFailed ? (error.retry_after ?? 0) * 1000 : 0;
}

/** Repeats what failed in passing, until it works, is refused, or would take too long. */
async function patiently<T>(timing: Timing, signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
    const until = Date.now() + timing.patience * 1000;
    for (let failures = 0; ; failures++) {
        try {
            return await attempt();
        } catch (error) {
            const wait = Math.max(retryAfter(error), backoff(timing, failures));
            if (signal?.aborted || !passing(error) || Date.now() + wait > until) throw error;
            await pause(wait, signal);
        }
    }
}

/** Milliseconds before the next try: twice as long each time, and never the same for all clients of a server. */
function backoff(timing: Timing, failures: number): number {
    const [first, longest] = timing.pause;
    return Math.min(longest, first * 2 ** failures) * 1000 * (0.5 + Math.random() / 2);
}

/** Reads server-sent events. A stream that falls silent is taken for dead. */
async function* events(
    begin: (until: AbortSignal) => Promise<Response>, timing: Timing, signal: AbortSignal,
): AsyncGenerator<{ event: string; data: any }, void, undefined> {
    const stop = linked(signal);
    const timed = async <T>(seconds: number, work: Promise<T>): Promise<T> => {
        const timer = setTimeout(() => stop.abort(new Error(`nothing came for ${seconds} s`)), seconds * 1000);
        return orAbort(work, stop.signal).finally(() => clearTimeout(timer));
    };
    try {
        const response = await begin(stop.signal);
        const type = response.headers.get('Content-Type');
        if (!type?.startsWith('text/event-stream')) throw new Error('the answer is no stream');
        const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
        let [rest, event, data, patience] = ['', 'message', '', timing.greeting];
        for (;;) {
            const { done, value } = await timed(patience, reader.read());
            if (done) return;
            const lines = (rest + value).split(/\r?\n/);
            rest = lines.pop() ?? '';
            for (const line of lines) {
                const [field, text = ''] = line.split(/: ?(.*)/s);
                if (field === 'event') event = text;
                if (field === 'data') data += (data && '\n') + text;
                if (line !== '' || data === '') continue;
                patience = timing.silence;
                yield { event, data: JSON.parse(data) };
                [event, data] = ['message', ''];
            }
        }
    } catch (error) {
        signal.throwIfAborted();
        throw told('streamFeed', error);
    } finally {
        stop.abort();
    }
}

/** Runs work once at a time: whoever asks meanwhile shares the one run that follows. It never fails: it is asked again. */
function oneAtATime(work: () => Promise<void>): () => Promise<void> {
    let running: Promise<void> | undefined;
    let next: Promise<void> | undefined;
    return function run(): Promise<void> {
        if (running) return next ??= running.then(() => { next = undefined; return run(); });
        running = work().catch(() => {}).finally(() => { running = undefined; });
        return running;
    };
}

/** A controller that aborts when one of the signals does. Abort it at the end, or it stays with them. */
function linked(...signals: (AbortSignal | undefined)[]): AbortController {
    const controller = new AbortController();
    for (const signal of signals) {
        if (signal?.aborted) controller.abort(signal.reason);
        signal?.addEventListener('abort', () => controller.abort(signal.reason), { signal: controller.signal });
    }
    return controller;
}

/** Work that others wait for too goes on; the one whose signal aborts waits no longer. */
function orAbort<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    if (!signal) return work;
    const waiting = linked(signal);
    return new Promise<T>((resolve, reject) => {
        const stop = () => reject(signal.reason);
        if (signal.aborted) stop();
        signal.addEventListener('abort', stop, { signal: waiting.signal });
        work.then(resolve, reject).finally(() => waiting.abort());
    });
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const over = new Promise<void>((resolve) => { timer = setTimeout(resolve, milliseconds); });
    await orAbort(over, signal).finally(() => clearTimeout(timer));
}

/** Resolves when a person can see the page; at once where there is none. */
async function visible(): Promise<void> {
    const page = (globalThis as { document?: Document }).document;
    while (page && page.visibilityState !== 'visible') {
        await new Promise((resolve) => page.addEventListener('visibilitychange', resolve, { once: true }));
    }
}

/** A name for one attempt. Pages over plain http are not given crypto.randomUUID, and Node 18 has no crypto by itself. */
function newKey(): string {
    const crypto = globalThis.crypto as Crypto | undefined;
    const random = crypto?.getRandomValues(new Uint32Array(4)) ?? Uint32Array.from('1234', () => Math.random() * 2 ** 32);
    return Array.from(random, (part) => part.toString(36)).join('-');
}

/** The browser's database, or memory where there is none or the person does not allow it. */
async function ownStorage(name: string): Promise<TokenStorage> {
    try {
        const storage = inBrowser(name);
        await storage.load();
        return storage;
    } catch {
        return memory();
    }
}

/**
 * IndexedDB shows all tabs of an origin the same, and its service worker too. What one tab writes to localStorage the
 * others may see too late.
 */
function inBrowser(name: string): TokenStorage {
    const table = 'logins';
    const answer = <T>(request: IDBRequest<T>): Promise<T> => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const run = async <T>(mode: IDBTransactionMode, work: (logins: IDBObjectStore) => IDBRequest<T>): Promise<T> => {
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
        } finally {
            database.close();
        }
    };
    return {
        load: () => run<Tokens | undefined>('readonly', (logins) => logins.get(name)),
        save: async (tokens) => { await run('readwrite', (logins) => logins.put(tokens, name)); },
        clear: () => run('readwrite', (logins) => logins.delete(name)),
    };
}

/** A storage that forgets when the program ends. */
export function memory(): TokenStorage {
    let kept: Tokens | undefined;
    return {
        load: () => kept,
        save: (tokens) => { kept = tokens; },
        clear: () => { kept = undefined; },
    };
}
