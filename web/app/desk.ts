import { batch, effect, signal, untracked, type Signal } from '@preact/signals';
import { connect, Problem, type Client, type Message, type Proof, type Schemas, type Session } from '/client.js';
import { learnTime } from './clock.ts';
import { Kept } from './kept.ts';
import { language } from './device.ts';
import { go } from './route.ts';
import { passing } from './trouble.ts';

export type { Session };
export type Game = Schemas['Game'];
export type Event = Schemas['Event'];
export type Move = Record<string, unknown>;

/** Something that happened elsewhere, told for a moment. */
export interface News {
    key: number;
    text: string;
    /** Where a tap leads. */
    to?: string;
}

/** A move that the server has not confirmed. It names its turn, so that sending it twice plays it once. */
export interface Unsent {
    session_id: string;
    turn: number;
    move: Move;
}

/** Whether the server has answered lately. */
export const reached = signal(navigator.onLine);

/** All fetches of the client pass here, so that the app knows the connection without asking for it. */
const watched: typeof fetch = async (input, init) => {
    try {
        const response = await fetch(input, init);
        reached.value = ![502, 503, 504].includes(response.status);
        return response;
    } catch (error) {
        if (!init?.signal?.aborted) reached.value = String(input).includes('/v1/me/stream') && await answers();
        throw error;
    }
};

/** Whether the server is there. That a stream fails says little: some networks let none through. */
function answers(): Promise<boolean> {
    return fetch('/v1/server', { cache: 'no-store' }).then(() => true, () => false);
}

/** Between the tabs of this browser: somebody else sits here from now on. */
const tabs = new BroadcastChannel('yourturn player');

/** Goes on as the player of this browser, or as a new guest. */
export async function sitDown(onSignedOut: (why: Problem) => void): Promise<Desk> {
    const client = await connect(undefined, { fetch: watched, guest: { locale: language() }, onSignedOut });
    return new Desk(client);
}

/**
 * All that one player has before them: who they are, their games and invitations, and the moves on their way. It follows
 * the player's feed for as long as the page lives. What it shows may be what was kept from the last time, until the server
 * has answered.
 */
export class Desk {
    readonly me = signal<Schemas['Player'] | undefined>(undefined);
    readonly server = signal<Schemas['Server'] | undefined>(undefined);
    readonly games = signal<Game[]>([]);
    /** My sessions as the server orders them: my turn first, then the newest. Undefined until it is known. */
    readonly mine = signal<string[] | undefined>(undefined);
    /** Where older sessions go on. */
    readonly older = signal<string | undefined>(undefined);
    readonly tickets = signal<Schemas['Ticket'][]>([]);
    readonly invitations = signal<Schemas['Invitation'][]>([]);
    /** How many sessions wait for me. */
    readonly waiting = signal(0);
    /** Sessions in which something happened since they were last on the screen. */
    readonly fresh = signal<ReadonlySet<string>>(new Set());
    readonly news = signal<News[]>([]);
    /** The game for which the person waits on the first screen: when it begins, they are led to it. */
    readonly expected = signal<string | undefined>(undefined);
    readonly unsent = signal<Readonly<Record<string, Unsent>>>({});
    /** Why a session's last move was refused, in words, and the version of which that is true. */
    readonly refusals = signal<Readonly<Record<string, { why: string; version?: number }>>>({});
    readonly kept: Kept;

    readonly #sessions = new Map<string, Signal<Session | undefined>>();
    readonly #reading = new Map<string, () => Promise<void>>();
    #after: number | undefined;
    /** Whether the list goes on behind its first page. */
    #readFurther = false;
    #leaving = new AbortController();
    #unmind = (): void => {};
    #over = false;
    #nextSending: ReturnType<typeof setTimeout> | undefined;
    #hiddenAt = 0;

    constructor(readonly client: Client) {
        this.kept = new Kept(client.playerId);
        client.onBadge = (waiting) => { this.waiting.value = waiting; };
    }

    /** Shows what was kept, asks for what is, and follows the feed from then on. */
    async begin(): Promise<void> {
        await this.#recall();
        void this.#follow();
        addEventListener('online', this.#hurry);
        document.addEventListener('visibilitychange', this.#hurry);
        this.#unmind = this.#mindConnection();
        tabs.onmessage = () => void this.refreshAbout().catch(() => {}); // which ends the login of before
        await this.refresh();
    }

    /** Stops, because somebody else sits here from now on. */
    end(): void {
        this.#over = true;
        clearTimeout(this.#nextSending);
        this.#leaving.abort();
        removeEventListener('online', this.#hurry);
        document.removeEventListener('visibilitychange', this.#hurry);
        this.#unmind();
    }

    /** Reads everything again. What fails is read again when there is a connection. */
    readonly refresh = oneAtATime(async () => {
        await Promise.allSettled([this.refreshList(), this.refreshTickets(), this.refreshInvitations(), this.refreshAbout(), this.sendAgain()]);
    });

    readonly refreshList = oneAtATime(async () => {
        const asked = Date.now();
        const page = await this.client.api.listSessions({ limit: 100 });
        learnTime(page.server_time, asked, Date.now());
        batch(() => {
            for (const session of page.items) this.accept(session);
            const first = page.items.map(({ id }) => id);
            const further = this.#readFurther ? this.mine.value ?? [] : [];
            this.mine.value = [...new Set([...first, ...further])];
            if (!this.#readFurther) this.older.value = page.next_cursor;
            this.waiting.value = page.waiting_for_me;
        });
        void this.kept.set('mine', page.items);
    });

    readonly refreshTickets = oneAtATime(async () => {
        const { items } = await this.client.api.listTickets({ limit: 100 });
        this.tickets.value = items.filter(({ status }) => status === 'waiting');
    });

    readonly refreshInvitations = oneAtATime(async () => {
        this.invitations.value = (await this.client.api.listInvitations({ limit: 100 })).items;
    });

    readonly refreshAbout = oneAtATime(async () => {
        const { api } = this.client;
        const [me, server, games] = await Promise.all([api.getMe(), api.getServer(), api.listGames()]);
        batch(() => {
            this.me.value = me;
            this.server.value = server;
            this.games.value = games.items;
        });
        void this.kept.set('about', { me, server, games: games.items });
    });

    /** Reads the next page of sessions that are older than those in the list. */
    async readOlder(): Promise<void> {
        const page = await this.client.api.listSessions({ limit: 100, cursor: this.older.value });
        this.#readFurther = true;
        batch(() => {
            for (const session of page.items) this.accept(session);
            this.mine.value = [...new Set([...this.mine.value ?? [], ...page.items.map(({ id }) => id)])];
            this.older.value = page.next_cursor;
        });
    }

    game(name: string): Game | undefined {
        return this.games.value.find((game) => game.name === name);
    }

    /** A session as far as it is known. */
    session(id: string): Signal<Session | undefined> {
        const known = this.#sessions.get(id) ?? signal<Session | undefined>(undefined);
        this.#sessions.set(id, known);
        return known;
    }

    /** Reads a session, once for all who ask meanwhile. */
    read(id: string): Promise<void> {
        const reading = this.#reading.get(id) ?? oneAtATime(async () => {
            this.accept(await this.client.api.getSession({ session_id: id }));
        });
        this.#reading.set(id, reading);
        return reading();
    }

    /** Takes over what the server says of a session, unless something newer is known. */
    accept(session: Session): void {
        const known = this.session(session.id);
        if (known.value && known.value.version > session.version) return;
        known.value = session;
    }

    /** A person looks at a session now: what is new in it is new no longer. */
    look(id: string): void {
        if (this.news.value.some(({ to }) => to === `/s/${id}`)) this.news.value = this.news.value.filter(({ to }) => to !== `/s/${id}`);
        const known = this.session(id);
        if (known.value?.unread) known.value = { ...known.value, unread: false };
        if (this.fresh.value.has(id)) this.fresh.value = new Set([...this.fresh.value].filter((other) => other !== id));
    }

    /** Plays a move. Without a connection it is kept, and sent when there is one. */
    async play(session: Session, move: Move): Promise<void> {
        const unsent = { session_id: session.id, turn: session.turn, move };
        this.#note(session.id, unsent);
        this.excuse(session.id);
        await this.kept.set(`unsent ${session.id}`, unsent);
        await this.#send(unsent);
    }

    /** Takes back the words about a refused move. */
    excuse(id: string): void {
        const { [id]: _, ...others } = this.refusals.value;
        this.refusals.value = others;
    }

    explain(id: string, why: string): void {
        this.refusals.value = { ...this.refusals.value, [id]: { why, version: this.session(id).value?.version } };
    }

    /** Sends what is not confirmed, also from before a reload. */
    readonly sendAgain = oneAtATime(async () => {
        const all = await this.kept.all<Unsent>('unsent ');
        await Promise.all(all.map((unsent) => {
            this.#note(unsent.session_id, unsent);
            return this.#send(unsent);
        }));
    });

    async #send(unsent: Unsent): Promise<void> {
        const { session_id, turn, move } = unsent;
        try {
            this.accept(await this.client.play({ id: session_id, turn } as Session, move));
        } catch (error) {
            const passes = passing(error);
            if (passes) return this.#sendLater(passes.seconds);
            if (!(error instanceof Problem) || error.status === 401) return; // it stays, until its player is back
            if (error.session) this.accept(error.session);
            if (!this.#isOnItsWay(unsent)) return; // a later move is
            this.explain(session_id, error.name.startsWith('rule-') ? error.message : `Your move was not taken: ${error.message}`);
            if (location.pathname !== `/s/${session_id}`) this.tell(`A move of yours was not taken: ${error.message}`, `/s/${session_id}`);
        }
        if (this.#isOnItsWay(unsent)) this.#note(session_id, undefined);
        const kept = await this.kept.get<Unsent>(`unsent ${session_id}`);
        if (kept?.turn === turn) await this.kept.delete(`unsent ${session_id}`);
        void this.refreshList().catch(() => {});
    }

    /** My move in the turn that a session is in, as long as the server has not said what became of it. */
    onItsWay({ id, turn }: Session): Unsent | undefined {
        const unsent = this.unsent.value[id];
        return unsent && unsent.turn >= turn ? unsent : undefined;
    }

    #isOnItsWay({ session_id, turn }: Unsent): boolean {
        return this.unsent.value[session_id]?.turn === turn;
    }

    /** Sends again by itself what the server could not take now. */
    #sendLater(seconds: number): void {
        clearTimeout(this.#nextSending);
        this.#nextSending = setTimeout(() => void this.sendAgain(), Math.max(seconds, 15) * 1000);
    }

    #note(id: string, unsent: Unsent | undefined): void {
        const { [id]: _, ...others } = this.unsent.value;
        this.unsent.value = unsent ? { ...others, [id]: unsent } : others;
    }

    tell(text: string, to?: string): void {
        const key = Math.random();
        const others = this.news.value.filter((news) => to === undefined || news.to !== to); // the newest of each table is enough
        this.news.value = [...others.slice(-2), { key, text, to }];
        setTimeout(() => this.untell(key), 7000);
    }

    untell(key: number): void {
        this.news.value = this.news.value.filter((news) => news.key !== key);
    }

    /** Becomes somebody who exists, and forgets what was kept for the guest of before. */
    async signIn(proof: Proof): Promise<void> {
        await this.client.signIn(proof);
        tabs.postMessage('another');
        this.end();
        await this.kept.clear();
    }

    async signOut(): Promise<void> {
        this.end();
        void this.client.signOut(); // here it is done at once; the server hears of it when it can
        tabs.postMessage('nobody');
        await this.kept.clear();
    }

    async #recall(): Promise<void> {
        type About = { me: Schemas['Player']; server: Schemas['Server']; games: Game[] };
        const [about, mine] = await Promise.all([this.kept.get<About>('about'), this.kept.get<Session[]>('mine')]);
        batch(() => {
            for (const session of mine ?? []) this.accept(session);
            this.me.value = about?.me;
            this.server.value = about?.server;
            this.games.value = about?.games ?? [];
            this.mine.value = mine?.map(({ id }) => id);
        });
    }

    async #follow(): Promise<void> {
        while (!this.#over) {
            this.#leaving = new AbortController();
            try {
                for await (const message of this.client.messages({ after: this.#after, signal: this.#leaving.signal })) {
                    this.#after = message.seq;
                    this.#hear(message);
                    this.client.seen(message.seq); // it stands on the screen now: on a board, in the list, or as news
                }
            } catch {
                if (!this.#over) await new Promise((resolve) => setTimeout(resolve, 5000));
            }
        }
    }

    /** The connection may be back, or the device awake: what would be tried later is tried now. */
    readonly #hurry = (event: globalThis.Event): void => {
        if (document.visibilityState !== 'visible') return void (this.#hiddenAt = Date.now());
        const glance = event.type === 'visibilitychange' && reached.value && Date.now() - this.#hiddenAt < 10_000;
        if (glance) return;
        this.#leaving.abort();
        this.#catchUp();
    };

    /** Whenever the server answers again, what was missed is read and what waits is sent. */
    #mindConnection(): () => void {
        let away = false;
        return effect(() => {
            const isBack = away && reached.value;
            away = !reached.value;
            if (isBack) untracked(() => this.#catchUp());
        });
    }

    #catchUp(): void {
        void this.refresh();
        for (const [id, reading] of this.#reading) if (this.session(id).value?.status !== 'finished') void reading().catch(() => {});
    }

    #hear(message: Message): void {
        const { kind, session_id } = message;
        if (kind === 'reset') void this.refresh();
        else this.#insist(this.refreshList);
        if (kind === 'invited') this.#insist(this.refreshInvitations);
        if (this.tickets.value.length > 0) this.#insist(this.refreshTickets);
        if (session_id && this.#reading.has(session_id)) this.#insist(() => this.read(session_id));
        if (session_id) this.fresh.value = new Set([...this.fresh.value, session_id]);
        if (kind === 'matched' && session_id && message.game === this.expected.value && location.pathname === '/') {
            this.expected.value = undefined;
            return go(`/s/${session_id}`);
        }
        const text = this.#words(message);
        if (text && location.pathname !== `/s/${session_id}`) this.tell(text, session_id && kind !== 'invited' ? `/s/${session_id}` : '/');
    }

    /** Reads what a message tells of. It comes once, so that what fails in passing is read again a little later. */
    #insist(read: () => Promise<void>): void {
        read().catch((error) => {
            const passes = passing(error);
            if (passes && !this.#over) setTimeout(() => this.#insist(read), Math.max(5, passes.seconds) * 1000);
        });
    }

    #words({ kind, game = '', data }: Message): string | undefined {
        const title = this.game(game)?.title ?? game;
        switch (kind) {
            case 'matched': return `Found: ${title} begins.`;
            case 'your_turn': return `Your turn in ${title}.`;
            case 'turn_reminder': return `${title} still waits for you, and time is running out.`;
            case 'session_finished': return `${title} is over.`;
            case 'rematch_offered': return `Somebody would like to play ${title} with you again.`;
            case 'invited': return `${(data.host as { display_name?: string } | undefined)?.display_name ?? 'Somebody'} invites you to ${title}.`;
            case 'invitation_declined': return `${data.display_name ?? 'Somebody'} does not want to play ${title} now.`;
            case 'ticket_expired': return 'Nobody was found to play with.';
            default: return undefined;
        }
    }
}

/** Runs work once at a time: whoever asks meanwhile shares the one run that follows. */
export function oneAtATime(work: () => Promise<void>): () => Promise<void> {
    let running: Promise<void> | undefined;
    let next: Promise<void> | undefined;
    return function run(): Promise<void> {
        if (running) {
            next ??= running.catch(() => {}).then(() => { next = undefined; return run(); });
            return next;
        }
        running = work().finally(() => { running = undefined; });
        return running;
    };
}
