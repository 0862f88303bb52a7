import './rps.css';
import type { ComponentChildren } from 'preact';
import type { Schemas } from '/client.js';
import type { Event, Session } from '../desk.ts';
import type { BoardProps, Drawing } from '../drawing.ts';
import { telling, tellCommon, titled } from '../names.ts';

type View = Schemas['RockPaperScissorsView'];
type Round = Schemas['RockPaperScissorsRound'];
type Move = Schemas['RockPaperScissorsMove'];

/** What each throw does to the one that it beats. */
const throws: Record<string, string> = { rock: 'blunts scissors', paper: 'wraps rock', scissors: 'cut paper' };

export const rps: Drawing<View, Move> = {
    Board, Sign,
    about: 'Both throw at once. Rock blunts scissors, scissors cut paper, paper wraps rock.',
    prompt: () => 'Your throw: rock, paper or scissors?',
    tell: (event, words) => {
        if (event.kind === 'move') return `${words.verb(event.seat, 'throw', 'throws')}${thrown(event) ? ` ${thrown(event)}` : ''}.`;
        if (event.kind !== 'round_ended') return tellCommon(event, words);
        const round = event.data as unknown as Round;
        return `Round ${round.round}: ${verdict(round)}${round.winner === undefined ? '' : ` ${words.verb(round.winner, 'win', 'wins')} it.`}`;
    },
};

function thrown({ data }: Event): string | undefined {
    return (data.move as Partial<Move> | undefined)?.throw;
}

/** How a round was decided. */
function verdict({ throws: [first, second], winner }: Round): string {
    const won = winner === 0 ? first : second;
    if (winner !== undefined && won) return first && second ? `${won} ${throws[won]}.` : `${won}, and no throw against it.`;
    return first ? `both throw ${first}, a tie.` : 'nobody has thrown.';
}

function Board({ session, view, before, events, unsent, canPlay, play }: BoardProps<View, Move>) {
    const mine = unsent?.throw ?? secret(session, events);
    const waits = (seat: number) => session.to_move.includes(seat) && !(unsent && seat === session.your_seat);
    const begun = session.status === 'active' && (!waits(0) || !waits(1));
    const last = begun ? undefined : view.rounds.at(-1);
    const fresh = last && before && before.rounds.length < view.rounds.length ? ' fresh' : '';
    const words = telling(session);
    return <div class={`rps${fresh}`}>
        <div class="arena">
            {[0, 1].map((seat) => <Side key={seat} seat={seat} name={words.name(seat)} won={view.score[seat] ?? 0} needs={(view.best_of + 1) / 2}>
                {last
                    ? <Token key={view.rounds.length} thing={last.throws[seat]} fate={last.winner === undefined ? 'tie' : last.winner === seat ? 'won' : 'lost'} />
                    : seat === session.your_seat && mine
                        ? <Token thing={mine} fate="secret" ghost={unsent !== undefined} />
                        : <Token fate={begun && !waits(seat) ? 'hidden' : 'awaited'} />}
            </Side>)}
            <Between winner={last?.winner} over={last !== undefined} />
        </div>
        <p class="verdict">{last ? `Round ${last.round}: ${verdict(last)}` : `Round ${view.rounds.length + 1}${mine ? ', hidden until both throw.' : ''}`}</p>
        {session.status === 'active' && session.your_seat !== undefined && <div class="throws" role="group" aria-label="Your throw">
            {Object.entries(throws).map(([name, does]) => <button key={name} class="throw" aria-pressed={mine === name} aria-disabled={!canPlay}
                data-move={canPlay ? '' : undefined} onClick={() => play({ throw: name })}>
                <Thing name={name} /><strong>{titled(name)}</strong><span class="small">{does}</span>
            </button>)}
        </div>}
        {view.rounds.length > 0 && <Rounds rounds={view.rounds} />}
    </div>;
}

/** My throw in a round that is not over: the view does not have it, the history tells it to me alone. */
function secret({ status, turn, your_seat, to_move }: Session, events: Event[]): string | undefined {
    if (status !== 'active' || your_seat === undefined || to_move.includes(your_seat)) return undefined;
    return events.map((event) => event.kind === 'move' && event.turn === turn && event.seat === your_seat ? thrown(event) : undefined).find(Boolean);
}

interface SideProps { seat: number; name: string; won: number; needs: number; children: ComponentChildren }

/** What one seat has before it: its throw, and a mark for each round that it has won and that it needs. */
function Side({ seat, name, won, needs, children }: SideProps) {
    return <div class={`side at-${seat}`} role="group" aria-label={name} style={{ '--seat': `var(--seat-${seat})` } as never}>
        {children}
        <strong class="name small" aria-hidden="true">{name}</strong>
        <p class="score"><span class="unseen">{won} of {needs} rounds</span>
            {Array.from({ length: needs }, (_, at) => <i key={at} class={at < won ? 'won' : ''} />)}
        </p>
    </div>;
}

type Fate = 'awaited' | 'hidden' | 'secret' | 'won' | 'lost' | 'tie';

const fates: Record<Fate, string> = { awaited: 'has not thrown', hidden: 'has thrown, face down', secret: 'hidden from the other', won: 'wins', lost: 'loses', tie: 'a tie' };

function Token({ thing, fate, ghost }: { thing?: string; fate: Fate; ghost?: boolean }) {
    return <div class={`push ${fate}`} role="img" aria-label={`${titled(thing || 'no throw')}: ${fates[fate]}`}>
        <div class={`token${ghost ? ' ghost' : ''}`}>
            <div class="face">{thing && <Thing name={thing} />}</div>
            <div class="back" />
        </div>
    </div>;
}

/** The sign between the two: the winner's is greater. */
function Between({ winner, over }: { winner?: number; over: boolean }) {
    const path = winner === 0 ? 'M8 5l8 7-8 7' : winner === 1 ? 'M16 5l-8 7 8 7' : over ? 'M5 9h14M5 15h14' : 'M8 12h8';
    return <svg class="between" viewBox="0 0 24 24" aria-hidden="true"><path d={path} /></svg>;
}

function Rounds({ rounds }: { rounds: Round[] }) {
    return <ol class="rounds" aria-label="Rounds so far">{rounds.map((round) => <li key={round.round}>
        <span class="unseen">Round {round.round}: {round.throws.map((name) => name || 'nothing').join(' against ')}.</span>
        {round.throws.map((name, seat) => <span key={seat} class={`thrown${round.winner === seat ? ' won' : ''}`} aria-hidden="true" style={{ '--seat': `var(--seat-${seat})` } as never}>
            {name ? <Thing name={name} /> : '–'}
        </span>)}
    </li>)}</ol>;
}

/** A rock, a sheet of paper or a pair of scissors. */
function Thing({ name }: { name: string }) {
    return <svg class={`thing ${name}`} viewBox="0 0 48 48" aria-hidden="true">
        {name === 'rock' && <><path class="body" d="M7 33 10 20l9-10 14 1 8 11 1 11-7 8H14z" /><path d="m19 10 5 11 17 1M24 21l-8 10-9 2m9-2 4 10" /></>}
        {name === 'paper' && <><path class="body" d="M12 6h17l8 8v28H12z" /><path d="M29 6v8h8M18 22h13M18 28.5h13M18 35h8" /></>}
        {name === 'scissors' && <>
            <circle class="body" cx="14.5" cy="36.5" r="5.5" /><circle class="body" cx="33.5" cy="36.5" r="5.5" />
            <path d="M17.5 32 33 6M30.5 32 15 6" /><circle cx="24" cy="21" r=".6" />
        </>}
    </svg>;
}

function Sign() {
    return <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
        <circle cx="6.5" cy="18.5" r="3" /><circle cx="17.5" cy="18.5" r="3" /><path d="M8.2 16 17 2.5M15.8 16 7 2.5" />
    </svg>;
}
