// Made by build.mjs from client.ts. Do not edit.
import type { Api, components } from './schema.d.ts';
/** What may be played in a session: its game's move, or any object where the type does not say which game it is. */
export type MoveOf<S> = S extends {
    legal_moves?: (infer M)[];
} ? (string extends keyof M ? object : M) : object;
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
export type Proof = {
    link_code: string;
} | {
    provider: string;
    id_token: string;
    nonce?: string;
};
/** The server has refused. Switch on `name`: it is stable, and `detail` is for people. */
export declare class Problem extends Error {
    /** What follows urn:yourturn:problem: in the type, as in "not-your-turn". */
    name: string;
    readonly type: string;
    readonly title: string;
    readonly status: number;
    readonly detail?: string;
    readonly errors?: Schemas['ProblemError'][];
    /** The session as it is now, when the problem concerns one. */
    readonly session?: Session;
    readonly request_id: string;
    readonly retry_after?: number;
    constructor(told: Schemas['Problem']);
}
/** A call has failed without a word of the server: the network, or something between. */
export declare class CallFailed extends Error {
    readonly operation: string;
    name: string;
    constructor(operation: string, what: string, options?: {
        cause?: unknown;
        status?: number;
        retry_after?: number;
    });
    /** The HTTP status, if one came. */
    readonly status?: number;
    readonly retry_after?: number;
}
/**
 * Goes on as the player who is kept in the storage, or becomes a guest and keeps that.
 *
 * Without an address it is the server that this file was imported from. An address with a folder is that of a server in
 * this folder.
 */
export declare function connect(address?: string, options?: Options): Promise<Client>;
/** One player at one server. {@link connect} makes it. */
export declare class Client {
    #private;
    /** Every operation of the server, by its name: `client.api.getSession({ session_id })`. */
    readonly api: Api;
    /** How many sessions wait for the player: the number for an icon's badge. */
    badge: number;
    onBadge?: (waiting: number) => void;
    static connect(address: string, options: Options): Promise<Client>;
    private constructor();
    get playerId(): string;
    /**
     * Makes this client another player's, from now on. The login before is forgotten here: a guest who has no other way
     * to come back does not.
     */
    signIn(proof: Proof): Promise<void>;
    /** Ends this login: here whatever happens, and on the server if it can be reached. */
    signOut(): Promise<void>;
    /**
     * Plays a move in the turn that `session` shows, and returns the session as it is then.
     *
     * However often it has to be sent, it is taken once. A {@link Problem} carries the session as it is instead:
     * somebody was faster, or the rules refuse it.
     */
    play<S extends {
        id: string;
        turn: number;
    }>(session: S, move: MoveOf<S>, how?: {
        signal?: AbortSignal;
    }): Promise<S & {
        move: Schemas['MoveTaken'];
    }>;
    /**
     * What the player is told, in order, each message once; it ends when the signal says so or the login does.
     *
     * It starts after the number `after`, or with what no person has seen yet, and survives whatever happens to
     * the connection.
     */
    messages(options?: {
        after?: number;
        signal?: AbortSignal;
    }): AsyncGenerator<Message, void, undefined>;
    /**
     * Says that a person has seen everything up to this number: it clears unread marks and silences pushes, on all
     * devices. Call it when the screen shows the message. It waits until the page is visible.
     */
    seen(seq: number): void;
}
/** A storage that forgets when the program ends. */
export declare function memory(): TokenStorage;
