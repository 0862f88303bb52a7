import './quiz.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Schemas } from '/client.js';
import { serverNow } from '../clock.ts';
import { useDesk } from '../context.ts';
import type { Session } from '../desk.ts';
import type { BoardProps, Drawing, Telling } from '../drawing.ts';
import { seatOf, tellCommon, telling } from '../names.ts';
import { SeatAvatar } from '../parts/avatar.tsx';

type View = Schemas['QuizView'];
type Move = Schemas['QuizMove'];
type Reveal = NonNullable<View['previous']>;
type Score = View['seats'][number];

export const quiz: Drawing<View, Move> = {
    Board, Sign, tell,
    ownSeats: true,
    pace: 0,
    about: 'One question for everybody at the same time, and a few seconds to answer it.',
    prompt: () => 'Type your answer.',
    waits: (_, { status }) => status === 'active' ? 'Waiting for the next question.' : undefined,
    // Where many sit, a message comes only with the next round.
    pollSeconds: ({ view, seats }) => (view as View | undefined)?.question && (seats.length > 8 || (view as View).my_answer) ? 3 : undefined,
};

function tell(event: Parameters<typeof tellCommon>[0], words: Telling): string | undefined {
    const { kind, seat, data } = event;
    if (kind === 'move') return seat === words.session.your_seat && seat !== undefined ? `You answer: ${(data.move as Move).answer}.` : undefined;
    if (kind === 'round_started') return `Question ${data.round}: ${data.text}`;
    if (kind === 'round_ended') return `It was ${data.answer}. ${scorersIn(words, data.scorers as number[])}`;
    if (kind === 'set_aside') return `${(data.seats as number[]).map(words.name).join(', ')}: set aside after three rounds without an answer.`;
    if (kind === 'started') return undefined;
    return tellCommon(event, words);
}

/** Who was right, in a sentence that does not grow with a hundred seats. */
function scorersIn({ name, session }: Telling, scorers: number[]): string {
    if (scorers.length === 0) return 'Nobody knew.';
    const mineFirst = [...scorers].sort((a, b) => Number(b === session.your_seat) - Number(a === session.your_seat));
    const names = mineFirst.slice(0, scorers.length > 4 ? 3 : 4).map(name);
    if (scorers.length > 4) names.push(`${scorers.length - 3} others`);
    return `${names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : names[0]} knew.`;
}

function Board(props: BoardProps<View, Move>) {
    const { view, before, session } = props;
    return <div class="quiz">
        {view.question && <Question {...props} asked={view.question} />}
        <Aside session={session} seats={view.seats} />
        {view.previous && <Revealed key={view.previous.round} reveal={view.previous} session={session} fresh={before !== undefined && before.previous?.round !== view.previous.round} />}
        <Scores view={view} session={session} />
    </div>;
}

function Question({ asked, view, session, canPlay, unsent, play }: BoardProps<View, Move> & { asked: NonNullable<View['question']> }) {
    return <section class="question" aria-label={`Question ${asked.round} of ${view.rounds}`}>
        <TimeLeft until={session.status === 'active' ? session.deadline_at : undefined} seconds={view.round_seconds} />
        <p class="about"><span class="pill">{asked.category}</span><span class="pill">{asked.value} points</span><span class="soft small">{asked.round} of {view.rounds}</span></p>
        <h2 key={asked.round}>{asked.text}</h2>
        {session.your_seat !== undefined && session.status === 'active' && <Answer round={asked.round} status={view.seats.find(({ seat }) => seat === session.your_seat)?.status} mine={view.my_answer} unsent={unsent} canPlay={canPlay} play={play} />}
        <p class="verdict" role="status">{view.my_answer && <Verdict right={view.my_answer.right} value={asked.value} />}</p>
        <Tallies right={view.right} wrong={view.wrong} thinking={Math.max(0, view.seats.filter(({ status }) => status === 'playing').length - view.right - view.wrong)} />
    </section>;
}

/** A bar that empties with the round. The countdown above says the same in words. */
function TimeLeft({ until, seconds }: { until: string | undefined; seconds: number }) {
    const left = until === undefined ? 0 : (Date.parse(until) - serverNow.value) / 1000;
    return <div class={`time${left < 5 ? ' short' : ''}`} aria-hidden="true"><span style={{ transform: `scaleX(${Math.min(1, Math.max(0, left / seconds))})` }} /></div>;
}

interface AnswerProps { round: number; status: string | undefined; mine: View['my_answer']; unsent: Move | undefined; canPlay: boolean; play: (move: Move) => void }

/** One field for all rounds, so that whoever types on a phone keeps the keyboard. */
function Answer({ round, status, mine, unsent, canPlay, play }: AnswerProps) {
    const field = useRef<HTMLInputElement>(null);
    const [typed, setTyped] = useState({ round, text: '' });
    const text = mine?.answer ?? unsent?.answer ?? (typed.round === round ? typed.text : '');
    useEffect(() => {
        const { activeElement } = document;
        const free = activeElement === null || activeElement.matches('body, main') || field.current?.form?.contains(activeElement);
        if (canPlay && free) field.current?.focus({ preventScroll: true });
    }, [round, canPlay, status]);
    return <form class="answer" onSubmit={(event) => { event.preventDefault(); play({ answer: text }); }}>
        <input ref={field} class={unsent && !mine ? 'ghost' : ''} aria-label="Your answer" placeholder={canPlay ? 'Your answer' : ''} value={text} readOnly={!canPlay} maxLength={100} required
            autocomplete="off" autocapitalize="off" spellcheck={false} enterkeyhint="send" onInput={({ currentTarget }) => setTyped({ round, text: currentTarget.value })} />
        <button class="button first" aria-disabled={!canPlay} data-move={canPlay && text.trim() !== '' ? true : undefined}>Answer</button>
    </form>;
}

function Verdict({ right, value }: { right: boolean; value: number }) {
    return <span class={right ? 'right' : 'wrong'}>{right ? <Tick /> : <Cross />}{right ? `Right! +${value} when the round ends.` : 'That is not it.'}</span>;
}

/** How the round goes for all, without saying for whom. */
function Tallies({ right, wrong, thinking }: { right: number; wrong: number; thinking: number }) {
    return <div class="tallies">
        <div class="shares" aria-hidden="true">
            <span class="right" style={{ flexGrow: right }} /><span class="wrong" style={{ flexGrow: wrong }} /><span style={{ flexGrow: thinking }} />
        </div>
        <p class="small"><span class="right"><Tick />{right} right</span><span class="wrong"><Cross />{wrong} wrong</span><span class="soft">{thinking} still thinking</span></p>
    </div>;
}

/** Whoever was set aside can come back. */
function Aside({ session, seats }: { session: Session; seats: Score[] }) {
    const desk = useDesk();
    const mine = seats.find(({ seat }) => seat === session.your_seat);
    if (mine?.status !== 'away' || session.status !== 'active') return null;
    const { joinSession, enterGame } = desk.client.api;
    const back = () => (session.join_code ? joinSession({ join_code: session.join_code }) : enterGame({ game: session.game }))
        .then((after) => desk.accept(after), (problem: Error) => desk.tell(problem.message));
    return <div class="note aside"><p>Three rounds went by without an answer of yours, so nobody waits for you any more.</p>
        <button class="button first" onClick={() => void back()}>Here I am again</button></div>;
}

function Revealed({ reveal, session, fresh }: { reveal: Reveal; session: Session; fresh: boolean }) {
    const { answer, value, text, round, scorers, right, wrong, absent } = reveal;
    const knew = session.your_seat !== undefined && scorers.includes(session.your_seat);
    return <section class={`reveal${knew ? ' knew' : ''}${fresh ? ' fresh' : ''}`} aria-label={`Answer to question ${round}`}>
        <p class="soft small">{text}</p>
        <p class="was"><strong>{answer}</strong>{knew && <span class="pill good">+{value} for you</span>}</p>
        <p class="small">{scorersIn(telling(session), scorers)} <span class="soft">{right} right, {wrong} wrong{absent > 0 && `, ${absent} without an answer`}.</span></p>
    </section>;
}

/** The first ten and me. */
function Scores({ view, session }: { view: View; session: Session }) {
    const order = [...view.seats].sort((a, b) => Number(a.status === 'left') - Number(b.status === 'left') || b.score - a.score || a.seat - b.seat);
    const most = Math.max(1, ...view.seats.map(({ score }) => score));
    const rankOf = (one: Score) => 1 + order.findIndex(({ score, status }) => score === one.score && (status === 'left') === (one.status === 'left'));
    const shown = order.filter(({ seat }, at) => at < 10 || seat === session.your_seat);
    return <section class="scores">
        <h2 id="quiz-scores">{view.question ? 'Scores' : 'Final scores'}{order.length > 10 && <span class="soft"> of {order.length}</span>}</h2>
        <ol aria-labelledby="quiz-scores">{shown.map((one) => <Row key={one.seat} one={one} rank={rankOf(one)} share={one.score / most} session={session}
            gained={view.previous?.scorers.includes(one.seat) ? view.previous : undefined} />)}</ol>
        {shown.length < order.length && <p class="soft small">and {order.length - shown.length} more</p>}
    </section>;
}

interface RowProps { one: Score; rank: number; share: number; session: Session; gained: Reveal | undefined }

function Row({ one, rank, share, session, gained }: RowProps) {
    const seat = seatOf(session, one.seat);
    return <li class={`${one.seat === session.your_seat ? 'mine ' : ''}${one.status}`}>
        <span class="share" aria-hidden="true" style={{ transform: `scaleX(${share})` }} />
        <span class="rank">{rank}.</span>
        {seat && <SeatAvatar seat={seat} small />}
        <span class="who">{telling(session).name(one.seat)}{one.status !== 'playing' && <span class="pill">{one.status === 'away' ? 'away' : 'has left'}</span>}</span>
        {gained && <span key={gained.round} class="gain">+{gained.value}</span>}
        <strong>{one.score}</strong>
    </li>;
}

function Tick() {
    return <svg class="mark" viewBox="0 0 16 16" aria-hidden="true"><path d="m3 8.5 3.5 3.5L13 4.5" /></svg>;
}

function Cross() {
    return <svg class="mark" viewBox="0 0 16 16" aria-hidden="true"><path d="m4 4 8 8m0-8-8 8" /></svg>;
}

function Sign() {
    return <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
        <path d="M20.5 11.5a8.5 8.5 0 1 0-4.3 7.4l4 1-1-3.6a8.4 8.4 0 0 0 1.3-4.8Z" opacity=".45" /><path d="M9.6 9.2a2.5 2.5 0 1 1 3.6 2.4c-.8.4-1.2.9-1.2 1.7M12 16.1v.1" />
    </svg>;
}
