import { useState } from 'preact/hooks';
import { useDesk } from '../context.ts';
import type { Desk, Session } from '../desk.ts';
import { drawingOf } from '../drawings.ts';
import { others, outcome } from '../names.ts';
import { Countdown } from '../parts/countdown.tsx';
import { go } from '../route.ts';
import { plainly } from '../trouble.ts';

/** My games: what waits for me first, then everything else. */
export function Home() {
    const desk = useDesk();
    const all = desk.mine.value?.map((id) => desk.session(id).value).filter((session) => session !== undefined);
    const mine = (fits: (session: Session) => boolean) => all?.filter(fits) ?? [];
    const waits = (session: Session) => session.your_turn && !desk.onItsWay(session); // otherwise I have done my part
    const waiting = mine((session) => session.status === 'active' && waits(session));
    const theirs = mine((session) => session.status === 'active' && !waits(session));
    const tables = mine(({ status }) => status === 'waiting');
    const over = mine(({ status }) => status === 'finished');
    return <div class="home">
        <h1>{headline(all, waiting.length)}</h1>
        <Invitations />
        <Sessions title="Your turn" sessions={waiting} />
        <Looking tables={tables} />
        <Sessions title="Waiting for others" sessions={theirs} />
        <NewGame />
        <Sessions title="Finished" sessions={over} />
        {desk.older.value && <button class="button" onClick={() => void desk.readOlder().catch((problem: Error) => desk.tell(plainly(problem)))}>Show older games</button>}
    </div>;
}

function headline(all: Session[] | undefined, waiting: number): string {
    if (all === undefined) return 'Your games';
    if (waiting > 0) return waiting === 1 ? 'One game waits for you' : `${waiting} games wait for you`;
    return all.length > 0 ? 'Nothing waits for you' : 'What shall we play?';
}

function Sessions({ title, sessions }: { title: string; sessions: Session[] }) {
    if (sessions.length === 0) return null;
    return <section>
        <h2>{title}</h2>
        <ul class="rows">{sessions.map((session) => <li key={session.id}><SessionRow session={session} /></li>)}</ul>
    </section>;
}

function SessionRow({ session }: { session: Session }) {
    const desk = useDesk();
    const { Sign } = drawingOf(session.game);
    const unread = session.unread || desk.fresh.value.has(session.id);
    const company = others(session);
    return <a class={`row${session.your_turn ? ' turn' : ''}`} href={`/s/${session.id}`}>
        <span class="sign"><Sign /></span>
        <span class="what">
            <strong>{desk.game(session.game)?.title ?? session.game}{unread && <span class="dot"><span class="unseen"> (new)</span></span>}</strong>
            <span class="soft small">{company ? `with ${company}` : session.status === 'waiting' ? 'nobody yet' : 'alone'}</span>
        </span>
        <span class="how">{isAskedAgain(desk, session) ? <span class="pill turn">Rematch?</span> : state(session, desk.onItsWay(session) !== undefined)}</span>
    </a>;
}

/** Whether somebody at this table would like to play again, and I have not sat down yet. */
function isAskedAgain(desk: Desk, { successor_id, join_code }: Session): boolean {
    return successor_id !== undefined && !join_code && desk.session(successor_id).value === undefined;
}

function state(session: Session, unsent: boolean) {
    if (unsent) return <span class="pill">move not sent yet</span>;
    if (session.status === 'finished') return <span class="pill">{outcome(session)}</span>;
    if (session.status === 'waiting') return <span class="pill">{`${session.seats.length} of ${session.seats_wanted} are here`}</span>;
    if (!session.deadline_at) return null;
    return <Countdown until={session.deadline_at} turn={session.your_turn} />;
}

function Invitations() {
    const desk = useDesk();
    const { value: invitations } = desk.invitations;
    if (invitations.length === 0) return null;
    const decline = (id: string) => desk.client.api.declineInvitation({ session_id: id })
        .then(() => desk.refreshInvitations()).catch((problem: Error) => desk.tell(plainly(problem)));
    return <section>
        <h2>You are invited</h2>
        <ul class="rows">{invitations.map(({ session_id, game, host, join_code }) => {
            const { Sign } = drawingOf(game);
            return <li key={session_id} class="row">
                <span class="sign"><Sign /></span>
                <span class="what"><strong>{desk.game(game)?.title ?? game}</strong><span class="soft small">from {host.display_name}</span></span>
                <span class="buttons"><a class="button first" href={`/j/${join_code}`}>Look</a><button class="button bare" onClick={() => void decline(session_id)}>No, thanks</button></span>
            </li>;
        })}</ul>
    </section>;
}

/** What waits for players: tables of mine that are not full, and tickets. */
function Looking({ tables }: { tables: Session[] }) {
    const desk = useDesk();
    const { value: tickets } = desk.tickets;
    if (tables.length + tickets.length === 0) return null;
    const cancel = (id: string) => desk.client.api.cancelTicket({ ticket_id: id })
        .then(() => desk.refreshTickets()).catch((problem: Error) => desk.tell(plainly(problem)));
    return <section>
        <h2>Looking for players</h2>
        <ul class="rows">
            {tables.map((session) => <li key={session.id}><SessionRow session={session} /></li>)}
            {tickets.map(({ id, game, role }) => {
                const { Sign } = drawingOf(game);
                return <li key={id} class="row">
                    <span class="sign searching"><Sign /></span>
                    <span class="what"><strong>{desk.game(game)?.title ?? game}</strong><span class="soft small">{role ? `as ${role}; ` : ''}you are told when somebody is found, even if you leave</span></span>
                    <button class="button bare" onClick={() => void cancel(id)}>Stop looking</button>
                </li>;
            })}
        </ul>
    </section>;
}

function NewGame() {
    const desk = useDesk();
    return <section>
        <h2>A new game</h2>
        <ul class="tiles">{desk.games.value.map(({ name, title }) => {
            const { Sign } = drawingOf(name);
            return <li key={name}><a class="tile" href={`/new/${name}`}><Sign /><span>{title}</span></a></li>;
        })}</ul>
        <CodeForm />
    </section>;
}

export function CodeForm({ was = '' }: { was?: string }) {
    const [code, setCode] = useState(was);
    return <form class="code" onSubmit={(event) => { event.preventDefault(); go(`/j/${encodeURIComponent(code.trim().toUpperCase())}`); }}>
        <label class="field"><span class="soft">A friend gave you a code?</span>
            <input value={code} onInput={({ currentTarget }) => setCode(currentTarget.value)} autocomplete="off" autocapitalize="characters" spellcheck={false} maxLength={20} required />
        </label>
        <button class="button">Join</button>
    </form>;
}

