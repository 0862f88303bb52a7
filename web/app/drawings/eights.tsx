import './eights.css';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Schemas } from '/client.js';
import type { Event, Session } from '../desk.ts';
import type { BoardProps, Drawing, Telling } from '../drawing.ts';
import { seatOf, telling, tellCommon } from '../names.ts';
import { SeatAvatar } from '../parts/avatar.tsx';
import { aRank, cardInWords, Face, suits, SuitSign, type Suit } from './cards.tsx';

type View = Schemas['EightsView'];
type Move = Schemas['EightsMove'];

export const eights: Drawing<View, Move> = {
    Board, Sign, tell,
    about: 'Match the card on top by suit or by rank, and be the first without cards. An eight fits on everything.',
    prompt: (view, { legal_moves }) => {
        const legal = (legal_moves ?? []) as Move[];
        if (view.drawn) return `You drew the ${cardInWords(view.drawn)}: play it, or pass.`;
        if (!legal.some(({ kind }) => kind === 'play')) return 'Nothing fits: draw a card.';
        if (legal.some(({ kind }) => kind === 'draw')) return 'Only an eight fits: play it, or draw.';
        return `Your turn: play ${wanted(view)} or an eight.`;
    },
};

function wanted({ suit, top }: View): string {
    return isEight(top) ? suit : `${suit}, ${aRank(top)}`;
}

function isEight(card: string): boolean {
    return card.startsWith('8');
}

interface Told { card?: string; cards?: number; move?: Move }

function tell(event: Event, words: Telling): string | undefined {
    const { name, verb } = words;
    const { seat, kind } = event;
    const { card = '', cards = 0, move } = event.data as Told;
    switch (kind) {
        case 'move': return move && tellMove(move, seat, words);
        case 'turned_up': return `The ${cardInWords(card)} is turned up.`;
        case 'drew': return seat === words.session.your_seat ? undefined : `${name(seat)} draws ${cards === 1 ? 'a card' : `${cards} cards`}.`;
        case 'you_drew': return `You draw the ${(event.data.cards as string[]).map(cardInWords).join(' and the ')}.`;
        case 'passed': return `${verb(seat, 'pass', 'passes')}.`;
        case 'skipped': return `${verb(seat, 'miss', 'misses')} a turn.`;
        case 'direction_changed': return 'The turn goes round the other way now.';
        case 'reshuffled': return `The pile is shuffled and becomes the deck: ${cards} cards.`;
        case 'set_aside': return `${verb(seat, 'are', 'is')} out of the game: ${cards === 1 ? 'one card goes' : `${cards} cards go`} under the deck.`;
        default: return tellCommon(event, words);
    }
}

/** A drawn card is told by an event of its own. */
function tellMove({ kind, card, suit }: Move, seat: number | undefined, { verb, session }: Telling): string | undefined {
    if (kind === 'draw') return undefined;
    if (!card) return `${verb(seat, 'pass', 'passes')}.`;
    const asks = suit ? ` and ${seat === session.your_seat ? 'ask' : 'asks'} for ${suit}` : '';
    return `${verb(seat, 'play', 'plays')} the ${cardInWords(card)}${asks}.`;
}

function Board({ session, view, before, events, legal, unsent, canPlay, play }: BoardProps<View, Move>) {
    const [asking, setAsking] = useState<{ card: string; version: number }>();
    const eight = canPlay && asking?.version === session.version ? asking.card : undefined;
    const ask = (card: string | undefined) => setAsking(card ? { card, version: session.version } : undefined);
    const may = (wanted: Move['kind'], card?: string) => legal.some((move) => move.kind === wanted && move.card === card);
    const choose = (card: string) => isEight(card) && may('play', card) ? ask(card) : play({ kind: 'play', card });
    return <div class={`eights${canPlay ? ' mine' : ''}`}>
        <Others session={session} view={view} before={before} />
        <Middle view={view} before={before} unsent={unsent} byMe={events.some(({ kind, seat }) => kind === 'move' && seat === session.your_seat)}
            mayDraw={may('draw')} draw={() => play({ kind: 'draw' })} />
        {eight && <ChooseSuit onChoose={(suit) => { ask(undefined); play({ kind: 'play', card: eight, suit }); }} onLeave={() => ask(undefined)} />}
        {may('pass') && !eight && <div class="drawn"><button class="button" data-move="" onClick={() => play({ kind: 'pass' })}>Keep it and pass</button></div>}
        {session.your_seat !== undefined && <ul class="hand" aria-label={`Your hand, ${view.hand.length} cards`}>{view.hand.map((card) => {
            const fits = may('play', card);
            const fresh = before !== undefined && !before.hand.includes(card);
            return <li key={card} class={`${fresh ? 'fresh' : ''}${unsent?.card === card ? ' ghost' : ''}`}>
                <button class={`playing${fits ? ' fits' : ''}`} aria-disabled={!fits}
                    aria-expanded={fits && isEight(card) ? eight === card : undefined}
                    data-move={fits && !isEight(card) ? '' : undefined} data-move-begin={fits && isEight(card) ? '' : undefined} onClick={() => choose(card)}>
                    <Face card={card} actions={view.actions} /><span class="unseen">{cardInWords(card)}{card === view.drawn ? ', just drawn' : ''}</span>
                </button>
                {card === view.drawn && <span class="pill turn" aria-hidden="true">new</span>}
            </li>;
        })}</ul>}
        {view.over && session.your_seat !== undefined && view.hand.length > 0 && <p class="points">Your cards count {view.seats[session.your_seat]?.points ?? 0} points.</p>}
    </div>;
}

/** The others in the order of their seats, beginning after mine, and which way the turn goes. */
function Others({ session, view, before }: { session: Session; view: View; before?: View }) {
    const mine = session.your_seat ?? -1;
    const others = view.seats.map((_, at) => (mine + 1 + at) % view.seats.length).filter((seat) => seat !== mine);
    const turned = before !== undefined && before.direction !== view.direction;
    const way = others.length > 1 && view.direction < 0 ? '; the turn goes from the last to the first' : '';
    return <ol class={`others${view.over ? ' over' : others.length === 1 ? ' one' : ''}`} aria-label={`The others${way}`}>{others.map((seat, at) => <>
        {at > 0 && !view.over && <li key={`way ${at} ${view.direction}`} class={`way${turned ? ' turned' : ''}`} aria-hidden="true"><Way direction={view.direction} /></li>}
        <Other key={seat} seat={seat} session={session} view={view} before={before} />
    </>)}</ol>;
}

function Other({ seat, session, view, before }: { seat: number; session: Session; view: View; before?: View }) {
    const { cards, set_aside, hand } = view.seats[seat]!;
    const who = seatOf(session, seat);
    const more = cards - (before?.seats[seat]?.cards ?? cards);
    const drawn = Math.min(cards, view.seats.length > 2 ? 6 : 12); // as many as there is room for
    const moves = session.status === 'active' && view.next === seat;
    return <li class={`other${moves ? ' moves' : ''}${set_aside ? ' out' : ''}`}>
        <span class="who">{who && <SeatAvatar seat={who} small />}<strong class="small">{telling(session).name(seat)}</strong></span>
        {hand?.length
            ? <span class="shown">{hand.map((card) => <span key={card} class="playing" role="img" aria-label={cardInWords(card)}><Face card={card} /></span>)}</span>
            : <span class="backs" aria-hidden="true">{Array.from({ length: drawn }, (_, at) => <i key={at} class={at >= drawn - more ? 'fresh' : ''} />)}</span>}
        <span key={cards} class={`small soft${more === 0 ? '' : ' changed'}`}>{held(view, seat)}</span>
    </li>;
}

/** What a seat holds, in words. */
function held({ over, seats }: View, seat: number): string {
    const { cards, missed, set_aside, points = 0 } = seats[seat]!;
    if (set_aside) return 'out of the game';
    if (over) return `${points} points`;
    return `${cards === 1 ? 'last card' : `${cards} cards`}${missed > 0 ? `, missed ${missed} of 3` : ''}`;
}

interface MiddleProps { view: View; before?: View; unsent?: Move; byMe: boolean; mayDraw: boolean; draw: () => void }

/** The deck, the pile, and what is to be matched. */
function Middle({ view, before, unsent, byMe, mayDraw, draw }: MiddleProps) {
    const fresh = before !== undefined && before.top !== view.top;
    const ghost = unsent?.kind === 'play' ? unsent.card : undefined;
    const suit = view.suit as Suit;
    return <div class="middle">
        <button class={`deck${view.deck === 0 ? ' empty' : ''}${unsent?.kind === 'draw' ? ' ghost' : ''}`} aria-disabled={!mayDraw} data-move={mayDraw ? '' : undefined} onClick={draw}>
            <span class="stack" aria-hidden="true"><i /><i /><i /></span>
            <span><strong>{mayDraw ? 'Draw' : 'Deck'}</strong><span class="small soft">{view.deck} left</span></span>
        </button>
        <div class="pile" role="img" aria-label={`On top: ${cardInWords(view.top)}`}>
            {view.played.slice(-3).map((card, at, shown) => <span key={`${view.played.length - shown.length + at}`} style={{ '--tilt': `${tilt(card)}deg` } as never}
                class={`playing${fresh && at === shown.length - 1 ? byMe ? ' from-below' : ' from-above' : ''}`}><Face card={card} actions={view.actions} /></span>)}
            {ghost && <span class="playing ghost"><Face card={ghost} /></span>}
        </div>
        <p key={suit} class={`wanted${before && before.suit !== suit ? ' changed' : ''} ${suit}`}>
            <SuitSign suit={suit} /><span><strong>{suit}</strong><span class="small soft">{isEight(view.top) ? 'were asked for' : `or ${aRank(view.top)}`}</span></span>
        </p>
    </div>;
}

/** Cards lie as they fell, and stay so. */
function tilt(card: string): number {
    return [...card].reduce((sum, letter) => sum * 7 + letter.charCodeAt(0), 0) % 13 - 6;
}

function ChooseSuit({ onChoose, onLeave }: { onChoose: (suit: Suit) => void; onLeave: () => void }) {
    const first = useRef<HTMLButtonElement>(null);
    useLayoutEffect(() => {
        const card = document.activeElement as HTMLElement | null;
        first.current?.focus();
        return () => card?.focus();
    }, []);
    return <div class="asks" role="group" aria-label="Which suit next?" onKeyDown={({ key }) => { if (key === 'Escape') onLeave(); }}>
        <p><strong>Which suit next?</strong> <button class="button bare" onClick={onLeave}>Not now</button></p>
        <div>{suits.map((suit, at) => <button key={suit} ref={at === 0 ? first : undefined} class={`suit ${suit}`} data-move="" onClick={() => onChoose(suit)}>
            <SuitSign suit={suit} /><span class="small">{suit}</span>
        </button>)}</div>
    </div>;
}

function Way({ direction }: { direction: number }) {
    return <svg viewBox="0 0 24 24"><path d={direction > 0 ? 'm9 5 7 7-7 7' : 'm15 5-7 7 7 7'} /></svg>;
}

function Sign() {
    return <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
        <rect x="8" y="3" width="12.5" height="17" rx="2.5" /><path d="M5 6.5 3.5 17.5a2 2 0 0 0 1.6 2.3" opacity=".5" />
        <circle cx="14.2" cy="9" r="2" /><circle cx="14.2" cy="13.7" r="2.6" />
    </svg>;
}
