import type { Schemas } from '/client.js';
import { spoken } from './names.ts';

type Delivery = Schemas['Delivery'];

const kinds: Record<string, string> = {
    matched: 'A game has begun',
    your_turn: 'Your turn',
    turn_reminder: 'Your time is running out',
    session_finished: 'A game is over',
    rematch_offered: 'Somebody wants to play again',
    ticket_expired: 'Nobody was found',
    invited: 'An invitation',
    test: 'A test',
};

/** What a push was about, in words. */
export function aboutOf({ kind }: Delivery): string {
    return kinds[kind] ?? spoken(kind);
}

const reasons: Record<string, string> = {
    'acknowledged': 'you had seen it already',
    'muted': 'you have muted this game',
    'moved': 'you had moved already',
    'turn-over': 'the turn was over',
    'session-over': 'the game was over',
    'session-gone': 'the game is not there any more',
    'deadline-passed': 'the time was up',
    'device-gone': 'this browser was switched off, or the push service did not know it any more',
    'device-resting': 'ten in a row could not be sent; opening the app ends that',
    'ended': 'its time was over before the push service took it',
    'provider-down': 'the push service does not answer',
    'key-mismatch': 'the browser had subscribed with another key of this server',
    'timeout': 'the push service did not answer in time',
    'connection': 'the push service could not be reached',
    'name': 'the push service could not be found',
    'certificate': 'the push service could not prove who it is',
    'closed': 'the push service hung up',
};

/** Why a push is not sent, or not yet, as one clause. A word that is not ours is the push service's own. */
export function reasonOf({ reason = '' }: Delivery): string {
    return reasons[reason] ?? (reason ? `the push service says “${reason}”` : 'nobody says why');
}

/** What became of a push, in words. */
export function outcomeOf(delivery: Delivery): string {
    const { status, reason } = delivery;
    const became = outcomes[status] ?? spoken(status);
    return reason ? `${became}: ${reasonOf(delivery)}` : became;
}

const outcomes: Record<string, string> = {
    sent: 'Sent', pending: 'Waits', suppressed: 'Held back', failed: 'Not sent', expired: 'Given up',
};
