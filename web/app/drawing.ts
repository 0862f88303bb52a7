import type { ComponentType } from 'preact';
import type { Event, Move, Session } from './desk.ts';

/** What a game's picture of the table is given. */
export interface BoardProps<View = Record<string, unknown>, Play extends object = Move> {
    /** The session at the moment that is shown. */
    session: Session;
    view: View;
    /** What was seen one step before, when the step is to be shown as motion. */
    before?: View;
    /** What happened in that step. */
    events: Event[];
    /** What may be played, where the game can list it. */
    legal: Play[];
    /** Whether the person may play now: it is their turn, this is the present, and no move of theirs is on its way. */
    canPlay: boolean;
    /** The move that is on its way, to be shown as such. */
    unsent?: Play;
    /** Plays a move. When it is not the time for it, the person is told why: pieces need not be locked away. */
    play: (move: Play) => void;
}

/** What telling an event needs to know of the table. */
export interface Telling {
    session: Session;
    /** "You" or what somebody is called. */
    name: (seat: number | undefined) => string;
    /** A verb after it: "You play", "Brisk Otter plays". */
    verb: (seat: number | undefined, plain: string, third: string) => string;
}

/** How one game looks. Whatever it leaves out, the plain table does. */
export interface Drawing<View = any, Play extends object = any> {
    Board: ComponentType<BoardProps<View, Play>>;
    /** One line of the history; undefined when the event says nothing that a person should read. */
    tell?: (event: Event, telling: Telling) => string | undefined;
    /** What is to be done, when it is my turn: "Take a cell." */
    prompt?: (view: View, session: Session) => string | undefined;
    /** What is waited for when it is not, where "Waiting for Brisk Otter." does not say it. */
    waits?: (view: View, session: Session) => string | undefined;
    /** One sentence about the game, for whoever has never played it. */
    about?: string;
    /** Its sign in lists, of 24 by 24 units, drawn in currentColor. */
    Sign?: ComponentType;
    /** Milliseconds that a person needs to see what one step did; 750 unless said. With 0 the present is shown at once. */
    pace?: number;
    /** Keeps the picture up to date by asking, every so many seconds, where messages do not tell each change. */
    pollSeconds?: (session: Session) => number | undefined;
    /** The picture shows the players itself, as where there are a hundred. */
    ownSeats?: boolean;
}
