import type { Telling } from './drawing.ts';
import type { Event, Session } from './desk.ts';

export type Seat = Session['seats'][number];

export function seatOf(session: Session, seat: number | undefined): Seat | undefined {
    return session.seats.find((one) => one.seat === seat);
}

/** What the one who sits there is called, by others than themselves. */
export function calledAt(session: Session, seat: number): string {
    const one = seatOf(session, seat);
    if (!one) return 'Nobody yet';
    if (one.deleted) return 'Somebody who has left';
    if (one.bot) return one.bot_level ? `Bot (${one.bot_level})` : 'Bot';
    return one.display_name ?? `Seat ${seat + 1}`;
}

export function telling(session: Session): Telling {
    const name = (seat: number | undefined): string =>
        seat === undefined ? 'Somebody' : seat === session.your_seat ? 'You' : calledAt(session, seat);
    return { session, name, verb: (seat, plain, third) => `${name(seat)} ${seat === session.your_seat ? plain : third}` };
}

/** The others at the table, as "Brisk Otter and Calm Heron". */
export function others(session: Session): string {
    const company = session.seats.filter(({ seat }) => seat !== session.your_seat);
    const bots = company.filter(({ bot }) => bot).length;
    const people = company.filter(({ bot }) => !bot || bots === 1);
    const names = [...people.map(({ seat }) => calledAt(session, seat)), ...bots > 1 ? [`${bots} bots`] : []];
    if (names.length > 3) return `${names.slice(0, 2).join(', ')} and ${names.length - 2} others`;
    return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : names[0] ?? '';
}

/** How it ended for the person who looks. */
export function ending(session: Session): string {
    const mine = seatOf(session, session.your_seat);
    const winners = session.result?.winners ?? [];
    const place = mine?.result?.place;
    const shared = session.seats.filter(({ result }) => result?.place === place).length > 1;
    if (!session.result) return 'It is over.';
    if (mine?.forfeited) return session.result.reason === 'timeout' ? 'Your time ran out.' : 'You are out.';
    if (mine && winners.includes(mine.seat)) return winners.length > 1 ? 'You win together.' : 'You win.';
    if (place === 1 && shared && together(session)) return session.seats.length === 2 ? 'A draw.' : 'You win together.';
    if (place === 1 && shared) return 'You share the first place.';
    if (place === 1) return 'You win.';
    if (winners.length === 1) return `${calledAt(session, winners[0]!)} wins.`;
    if (place !== undefined && shared && together(session)) return 'You lose together.';
    if (place !== undefined && session.seats.length > 2) return `You come in ${ordinal(place)}.`;
    return place === undefined ? 'It is over.' : 'You lose.';
}

/** Whether all who stayed to the end came to the same, as a party does that wins or loses. */
function together({ seats }: Session): boolean {
    return new Set(seats.filter(({ forfeited }) => !forfeited).map(({ result }) => result?.place)).size === 1;
}

/** The same in one or two words, for lists. */
export function outcome(session: Session): string {
    const mine = seatOf(session, session.your_seat);
    const place = mine?.result?.place;
    if (!session.result || place === undefined) return 'Over';
    if (mine?.forfeited) return session.result.reason === 'timeout' ? 'Lost' : 'Out';
    if (place > 1) return session.seats.length > 2 && session.result.winners.length > 0 ? `Place ${place}` : 'Lost';
    return session.seats.length > 1 && session.seats.every(({ result }) => result?.place === 1) && session.result.winners.length === 0 && session.seats.length === 2 ? 'Draw' : 'Won';
}

function ordinal(place: number): string {
    return ['', 'first', 'second', 'third', 'fourth', 'fifth'][place] ?? `number ${place}`;
}

/** What the history says of the events that all games have. */
export function tellCommon({ kind, seat, data }: Event, { name, verb }: Telling): string | undefined {
    switch (kind) {
        case 'created': return `${verb(seat, 'open', 'opens')} the table.`;
        case 'matched': return 'You were brought together.';
        case 'joined': return `${verb(seat, 'sit', 'sits')} down.`;
        case 'left': return `${verb(seat, 'leave', 'leaves')} the table.`;
        case 'started': return 'It begins.';
        case 'move': return `${verb(seat, 'play', 'plays')}: ${inWords(data.move)}`;
        case 'timed_out': return seat === undefined ? 'The time is up.' : `${verb(seat, 'run', 'runs')} out of time.`;
        case 'forfeited': return `${verb(seat, 'give', 'gives')} up.`;
        case 'rematch': return `${name(seat)} would like to play again.`;
        case 'finished': return 'It is over.';
        case 'invited': case 'declined': case 'stepped': case 'migrated': return undefined;
        default: return `${seat === undefined ? '' : `${name(seat)}: `}${spoken(kind)}${Object.keys(data).length > 0 ? ` (${inWords(data)})` : ''}`;
    }
}

/** A name of the wire for people: "best_of" is "best of". */
export function spoken(name: string): string {
    return name.replace(/[_-]/g, ' ');
}

export function titled(name: string): string {
    const words = spoken(name);
    return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Any value in few words. */
export function inWords(value: unknown): string {
    if (value === null || value === undefined) return 'nothing';
    if (typeof value === 'boolean') return value ? 'yes' : 'no';
    if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(inWords).join(', ');
    if (typeof value !== 'object') return String(value);
    const parts = Object.entries(value).map(([name, part]) => name === 'kind' ? spoken(String(part)) : `${spoken(name)} ${inWords(part)}`);
    return parts.join(', ');
}
