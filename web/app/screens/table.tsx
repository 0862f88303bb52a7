import { Fragment } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { Problem } from '/client.js';
import { moment, turnLength } from '../clock.ts';
import { useDesk } from '../context.ts';
import type { Move, Session } from '../desk.ts';
import { drawingOf } from '../drawings.ts';
import { calledAt, ending, inWords, seatOf, spoken, tellCommon, telling } from '../names.ts';
import { Countdown } from '../parts/countdown.tsx';
import { SeatAvatar } from '../parts/avatar.tsx';
import { Confirm, Sheet } from '../parts/sheet.tsx';
import { Replay } from '../replay.ts';
import { go } from '../route.ts';
import { OfferNotifications } from './notifications.tsx';
import { Invite, Waiting } from './waiting.tsx';
import { plainly } from '../trouble.ts';

/** One session: its players, its board, what happened, and what one can do about it. */
export function Table({ id }: { id: string }) {
    const desk = useDesk();
    const { value: session } = desk.session(id);
    const [trouble, setTrouble] = useState<Error>();
    useEffect(() => void desk.read(id).then(() => setTrouble(undefined), setTrouble), [desk, id]);
    useEffect(() => desk.look(id), [desk, id, session?.version, desk.fresh.value]);
    useEffect(() => () => desk.look(id), [desk, id]);
    if (trouble instanceof Problem && trouble.status === 404) return <><h1>No such table</h1><p>It does not exist, or you have no seat at it.</p><p><a class="button" href="/">To my games</a></p></>;
    if (!session) return trouble ? <p class="note" role="status">{trouble.message}</p> : <p class="soft" role="status">A moment …</p>;
    if (session.status === 'waiting') return <Waiting session={session} />;
    return <Play session={session} />;
}

function Play({ session: latest }: { session: Session }) {
    const desk = useDesk();
    const replay = useMemo(() => new Replay(desk, latest.id, drawingOf(latest.game).pace), [desk, latest.id, latest.game]);
    useEffect(() => () => replay.end(), [replay]);
    useEffect(() => void replay.advance(), [replay, latest]);
    usePolling(latest);
    const { value: shown } = replay.moment;
    if (!shown) return <p class="soft" role="status">A moment …</p>;
    const { session, before } = shown;
    const drawing = drawingOf(session.game);
    const game = desk.game(session.game);
    const unsent = desk.onItsWay(latest);
    const now = replay.isNow.value;
    const over = now && latest.status === 'finished';
    const canPlay = now && latest.your_turn && latest.status === 'active' && !unsent;
    const play = (move: Move) => {
        if (canPlay) return void desk.play(latest, move);
        desk.explain(latest.id, whyNot(latest, now, replay.follows.value, unsent !== undefined));
    };
    const refusal = desk.refusals.value[latest.id];
    return <div class="table playing">
        <Head session={latest} />
        {!drawing.ownSeats && <Seats session={session} />}
        <div class="play">
            <Status session={session} now={now} canPlay={canPlay} unsent={unsent !== undefined} prompt={(canPlay ? drawing.prompt : drawing.waits)?.(session.view, session)} />
            {refusal?.version === latest.version && <p class="note bad" role="alert">{refusal?.why}</p>}
            <div class="board">
                {session.view
                    ? <drawing.Board session={session} view={session.view} before={before?.view} events={replay.happened.value}
                        legal={canPlay ? latest.legal_moves ?? [] : []} canPlay={canPlay} unsent={now ? unsent?.move : undefined} play={play} />
                    : <p class="soft">This moment cannot be drawn.</p>}
            </div>
            {over && <Ended session={latest} places={!drawing.ownSeats} />}
        </div>
        <aside>
            <History replay={replay} />
            <OfferNotifications session={latest} />
            {latest.status === 'active' && latest.join_code && game?.late_join && <Invite session={latest} code={latest.join_code} title={game.title} />}
        </aside>
    </div>;
}

function whyNot(session: Session, now: boolean, follows: boolean, unsent: boolean): string {
    if (!now && follows) return 'First see what happened meanwhile.';
    if (!now) return 'This is how it was. Go back to the present to play.';
    if (unsent) return 'Your move is on its way.';
    if (session.status === 'finished') return 'It is over.';
    const waited = session.to_move.map((seat) => calledAt(session, seat));
    return waited.length > 0 ? `It is not your turn: ${waited.join(', ')} must move first.` : 'It is nobody’s turn just now.';
}

/** Asks again and again where the game says that messages do not tell every change. */
function usePolling(session: Session): void {
    const desk = useDesk();
    const seconds = session.status === 'active' ? drawingOf(session.game).pollSeconds?.(session) : undefined;
    useEffect(() => {
        if (seconds === undefined) return undefined;
        const timer = setInterval(() => {
            if (document.visibilityState === 'visible') void desk.read(session.id).catch(() => {});
        }, seconds * 1000);
        return () => clearInterval(timer);
    }, [desk, session.id, seconds]);
}

function Head({ session }: { session: Session }) {
    const desk = useDesk();
    const [open, setOpen] = useState(false);
    return <header class="title">
        <h1>{desk.game(session.game)?.title ?? session.game}</h1>
        <button class="button bare" aria-haspopup="dialog" onClick={() => setOpen(true)}>Options</button>
        {open && <Options session={session} onClose={() => setOpen(false)} />}
    </header>;
}

function Options({ session, onClose }: { session: Session; onClose: () => void }) {
    const desk = useDesk();
    const [asks, setAsks] = useState(false);
    const { muteSession, unmuteSession, forfeitSession } = desk.client.api;
    const session_id = session.id;
    const attempt = (work: Promise<unknown>) => work.then(() => desk.read(session_id)).catch((problem: Error) => desk.tell(plainly(problem)));
    if (asks) {
        return <Confirm title="Give up?" text="The others are told, and you cannot come back into this game." yes="Give up" onClose={onClose}
            onYes={() => void attempt(forfeitSession({ session_id }).then((after) => desk.accept(after)))} />;
    }
    return <Sheet title="Options" onClose={onClose}>
        <button class="switch" role="switch" aria-checked={session.muted ? 'false' : 'true'}
            onClick={() => void attempt(session.muted ? unmuteSession({ session_id }) : muteSession({ session_id }))}>
            <span>Notifications of this game</span>
        </button>
        <dl class="facts">
            <dt>A turn may take</dt><dd>{turnLength(session.turn_seconds)}</dd>
            {Object.entries(session.config).map(([name, value]) => <Fragment key={name}><dt>{spoken(name)}</dt><dd>{inWords(value)}</dd></Fragment>)}
        </dl>
        <details>
            <summary>Its dice</summary>
            <p class="small soft">{session.seed ? 'All dice come from this seed, and can be rolled again with it:' : 'The dice come from a seed that is shown when the game is over. This is its SHA-256, so that it cannot be changed any more:'}</p>
            <p><code class="small">{session.seed ?? session.seed_hash}</code></p>
        </details>
        <Block session={session} />
        <div class="buttons">
            {session.status === 'active' && session.your_seat !== undefined && <button class="button grave" onClick={() => setAsks(true)}>Give up</button>}
            <button class="button" onClick={onClose}>Close</button>
        </div>
    </Sheet>;
}

/** Keeps people away whom one does not want to meet again. The game that is being played goes on. */
function Block({ session }: { session: Session }) {
    const desk = useDesk();
    const [blocked, setBlocked] = useState<string[]>([]);
    const people = session.seats.filter(({ seat, player_id }) => player_id && seat !== session.your_seat).slice(0, 8);
    const block = (player_id: string) => desk.client.api.blockPlayer({ player_id })
        .then(() => setBlocked([...blocked, player_id]), (problem: Error) => desk.tell(plainly(problem)));
    if (people.length === 0) return null;
    return <details>
        <summary>Somebody here is unpleasant</summary>
        <p class="soft small">Whoever is blocked is not matched with you again, and cannot invite you. They are not told. If you ask for a rematch yourself, they may still come.</p>
        <div class="buttons">{people.map(({ seat, player_id = '' }) => blocked.includes(player_id)
            ? <span key={seat} class="pill">{calledAt(session, seat)} is blocked</span>
            : <button key={seat} class="button" onClick={() => void block(player_id)}>Block {calledAt(session, seat)}</button>)}</div>
    </details>;
}

function Seats({ session }: { session: Session }) {
    return <ul class={`seats${session.seats.length > 5 ? ' many' : ''}`} aria-label="Players">{session.seats.slice(0, 12).map((seat) => {
        const moves = session.status === 'active' && session.to_move.includes(seat.seat);
        const name = seat.seat === session.your_seat ? 'You' : calledAt(session, seat.seat);
        return <li key={seat.seat} class={`${moves ? 'moves' : ''}${seat.forfeited ? ' gone' : ''}`} aria-current={moves ? 'step' : undefined}>
            <SeatAvatar seat={seat} />
            <span class="what"><strong>{name}</strong><span class="soft small">{said(seat, moves)}</span></span>
        </li>;
    })}{session.seats.length > 12 && <li class="soft">and {session.seats.length - 12} more</li>}</ul>;
}

function said(seat: Session['seats'][number], moves: boolean): string {
    const result = seat.result && `place ${seat.result.place}${seat.result.score ? `, ${seat.result.score} points` : ''}`;
    return [seat.role, seat.forfeited ? 'out' : undefined, result ?? (moves ? 'to move' : undefined)].filter(Boolean).join(' · ');
}

interface StatusProps { session: Session; now: boolean; canPlay: boolean; unsent: boolean; prompt?: string }

/** What a person should know first. It is read out when it changes. */
function Status({ session, now, canPlay, unsent, prompt }: StatusProps) {
    if (!now) return <p class="status" role="status">As it was, {moment(session.updated_at)}.</p>;
    const text = unsent ? 'Your move is on its way. It is kept until the server has it.' : prompt ?? (canPlay ? 'Your turn.' : waitingFor(session));
    const won = session.status === 'finished' && seatOf(session, session.your_seat)?.result?.place === 1;
    return <p class={`status${canPlay ? ' turn' : won ? ' won' : ''}`}><span role="status">{text}</span>
        {session.status === 'active' && session.deadline_at && <Countdown until={session.deadline_at} turn={canPlay} />}
    </p>;
}

function waitingFor(session: Session): string {
    if (session.status === 'finished') return ending(session);
    const others = session.to_move.filter((seat) => seat !== session.your_seat);
    if (others.length === 0) return session.your_turn ? 'Your turn.' : 'Watch what happens.';
    if (others.length > 2) return `Waiting for ${others.length} others.`;
    return `Waiting for ${others.map((seat) => calledAt(session, seat)).join(' and ')}.`;
}

function Ended({ session, places }: { session: Session; places: boolean }) {
    const desk = useDesk();
    const { rematchSession, enterGame } = desk.client.api;
    const [busy, setBusy] = useState(false);
    const open = desk.game(session.game)?.open && !session.join_code && session.successor_id;
    const sit = (made: Promise<Session>) => {
        setBusy(true);
        made.then((next) => { desk.accept(next); go(`/s/${next.id}`); }, (problem: Error) => desk.tell(plainly(problem))).finally(() => setBusy(false));
    };
    return <section class="card ended" aria-label="What now?">
        {places && session.seats.length > 2 && <ol class="places">{[...session.seats].sort((a, b) => (a.result?.place ?? 99) - (b.result?.place ?? 99)).slice(0, 10).map((seat) =>
            <li key={seat.seat}><span>{seat.result?.place}.</span> <span>{seat.seat === session.your_seat ? 'You' : calledAt(session, seat.seat)}</span> <span class="soft">{seat.result?.score}</span></li>)}</ol>}
        <div class="buttons">
            {open
                ? <button class="button first" disabled={busy} onClick={() => sit(enterGame({ game: session.game }))}>On to the next</button>
                : <button class="button first" disabled={busy} onClick={() => sit(rematchSession({ session_id: session.id }))}>{session.successor_id ? 'To the rematch' : 'Play again'}</button>}
            <a class="button" href={`/new/${session.game}`}>Something else</a>
        </div>
    </section>;
}

/** Whether there is room beside the board. */
const roomy = matchMedia('(min-width: 62rem)');

/** The slider through everything that happened, and the history in words. */
function History({ replay }: { replay: Replay }) {
    const { value: events } = replay.events;
    const { value: moment } = replay.moment;
    const { latest } = replay;
    if (!moment || !latest) return null;
    const { session } = moment;
    const drawing = drawingOf(session.game);
    const words = telling(session);
    const lines = events.filter(({ version }) => version <= latest.version)
        .map((event) => ({ event, text: drawing.tell ? drawing.tell(event, words) ?? undefined : tellCommon(event, words) }))
        .filter(({ text }) => text);
    const show = (version: number) => {
        replay.desk.excuse(replay.id);
        const shown = version >= latest.version ? replay.resume() : replay.show(version);
        shown.catch((problem: Error) => replay.desk.explain(replay.id, plainly(problem)));
    };
    const first = Math.min(replay.first.value, latest.version);
    return <section class="history" aria-label="History">
        <div class="slider">
            <button class="button bare" disabled={session.version <= first} aria-label="One step back" onClick={() => show(session.version - 1)}>‹</button>
            <input type="range" min={first} max={latest.version} value={session.version} disabled={latest.version <= first} aria-label="Moment of the game" aria-valuetext={`step ${session.version - first} of ${latest.version - first}`}
                onInput={({ currentTarget }) => show(Number(currentTarget.value))} />
            <button class="button bare" disabled={session.version >= latest.version} aria-label="One step on" onClick={() => show(session.version + 1)}>›</button>
            {!replay.isNow.value && !replay.follows.value && <button class="button first" onClick={() => show(latest.version)}>Back to now</button>}
        </div>
        <details open={roomy.matches}>
            <summary>What happened</summary>
            <ol class="log" aria-live="off">{lines.slice(-200).reverse().map(({ event, text }, at) =>
                <li key={`${event.version} ${lines.length - at}`} class={event.version === session.version ? 'shown' : ''}><button onClick={() => show(event.version)}>{text}</button></li>)}</ol>
        </details>
        <p class="unseen" role="log" aria-live="polite">{lines.filter(({ event }) => event.version > moment.from && event.version <= session.version).map(({ text }) => text).join(' ')}</p>
    </section>;
}
