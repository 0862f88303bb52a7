import { computed, signal } from '@preact/signals';
import { oneAtATime, type Desk, type Event, type Session } from './desk.ts';

/** One moment of a session: how it was, and how it was before the last step. */
export interface Moment {
    session: Session;
    before?: Session;
    /** The version after which its events begin. */
    from: number;
}

/** Milliseconds that a moment of the past may take to come, before the present is shown instead. */
const patience = 6000;

/** What was missed is shown change by change; of more than so many, only the last. */
const most = 8;

/**
 * What the screen shows of one session. It runs behind what is known: everything that happened since this browser showed it
 * last is shown step by step, and any moment of the past can be looked at again.
 */
export class Replay {
    readonly moment = signal<Moment | undefined>(undefined);
    /** Whether the screen follows what happens, or stays at a moment of the past. */
    readonly follows = signal(true);
    readonly events = signal<Event[]>([]);
    /** The first version with something to see. */
    readonly first = computed(() => this.events.value.find(({ kind }) => kind === 'started')?.version ?? 1);

    /** What had just happened at the moment on the screen. */
    readonly happened = computed(() => {
        const { from = 0, session } = this.moment.value ?? {};
        return this.events.value.filter(({ version }) => version > from && version <= (session?.version ?? 0));
    });

    readonly #versions = new Map<number, Session>();
    #over = false;
    /** Grows with every wish of what to show: what an older wish brings is late. */
    #asked = 0;

    /** @param pace milliseconds that a person needs to see what one step did */
    constructor(readonly desk: Desk, readonly id: string, readonly pace = 750) {}

    get latest(): Session | undefined {
        return this.desk.session(this.id).value;
    }

    /**
     * Whether the moment on the screen is the present, in which one can play. Where steps are not shown one by one, that is
     * the whole turn, in which others may be playing at the same time.
     */
    readonly isNow = computed(() => {
        const shown = this.moment.value?.session;
        return shown?.version === this.latest?.version || (this.pace === 0 && this.follows.value && shown?.turn === this.latest?.turn);
    });

    end(): void {
        this.#over = true;
        this.#asked++;
    }

    /** Goes on to what is known now, a step at a time. */
    readonly advance = oneAtATime(async () => {
        if (!this.moment.value) await this.#open();
        for (;;) {
            const asked = this.#asked;
            const { latest } = this;
            const shown = this.moment.value?.session;
            if (!latest || this.#over || !this.follows.value) return;
            if (shown && shown.version > latest.version) return;
            if (shown?.version === latest.version) {
                this.moment.value = { ...this.moment.value!, session: latest }; // marks and rights may have changed
                return;
            }
            const next = !shown || this.pace === 0 || still() ? latest.version : Math.max(shown.version + 1, latest.version - most);
            const session = next === latest.version ? latest : await this.#at(next).catch(() => latest);
            await awake();
            await this.#put(session, asked);
            const behind = this.latest!.version - session.version;
            if (behind > 0 && changed(shown, session)) await new Promise((resolve) => setTimeout(resolve, this.pace / Math.max(1, behind / 3)));
        }
    });

    /** Shows the session as it was then. */
    async show(version: number): Promise<void> {
        const asked = ++this.#asked;
        const followed = this.follows.value;
        this.follows.value = false;
        try {
            await this.#put(await this.#at(version), asked);
        } catch (error) {
            if (asked === this.#asked) this.follows.value = followed;
            throw error;
        }
    }

    /** Goes back to the present. */
    async resume(): Promise<void> {
        const asked = ++this.#asked;
        this.follows.value = true;
        const { latest } = this;
        if (latest) await this.#put(latest, asked);
        await this.advance();
    }

    /** Begins where this browser showed the session last. */
    async #open(): Promise<void> {
        const asked = this.#asked;
        const seen = await this.desk.kept.get<number>(`seen ${this.id}`);
        const { latest } = this;
        if (!latest || !seen || seen >= latest.version || this.pace === 0 || still()) return;
        await this.#put(await this.#at(seen).catch(() => latest), asked);
    }

    /** Puts a moment on the screen, unless another was asked for meanwhile. */
    async #put(session: Session, asked: number): Promise<void> {
        await Promise.race([this.#readEvents(), new Promise((resolve) => setTimeout(resolve, 750))]);
        if (asked !== this.#asked) return;
        const shown = this.moment.value?.session;
        const before = shown && shown.version < session.version ? shown : undefined;
        this.moment.value = { session, before, from: before?.version ?? session.version - 1 };
        if (this.follows.value) void this.desk.kept.set(`seen ${this.id}`, session.version);
    }

    async #at(version: number): Promise<Session> {
        const { latest } = this;
        if (latest?.version === version) return latest;
        const kept = this.#versions.get(version) ?? await this.desk.client.api.getSession({ session_id: this.id, version }, { signal: AbortSignal.timeout(patience) });
        this.#versions.set(version, kept);
        return kept;
    }

    /** Reads the history as far as the session is known. Without a connection it is as long as it was. */
    readonly #readEvents = oneAtATime(async () => {
        while ((this.events.value.at(-1)?.version ?? 0) < (this.latest?.version ?? 0)) {
            const after = this.events.value.at(-1)?.version ?? 0;
            const page = await this.desk.client.api.listEvents({ session_id: this.id, after, limit: 100 }).catch(() => undefined);
            if (!page || page.items.length === 0) return;
            this.events.value = [...this.events.value, ...page.items];
        }
    });
}

function changed(before: Session | undefined, after: Session): boolean {
    return before !== undefined && JSON.stringify(before.view) !== JSON.stringify(after.view);
}

/** Whether the person has asked for no motion. */
function still(): boolean {
    return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

/** Resolves when somebody can see the page. */
async function awake(): Promise<void> {
    while (document.visibilityState !== 'visible') {
        await new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }));
    }
}
