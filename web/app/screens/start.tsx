import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Schemas } from '/client.js';
import { turnLength } from '../clock.ts';
import { useDesk } from '../context.ts';
import { reached, type Game, type Session } from '../desk.ts';
import { drawingOf } from '../drawings.ts';
import { titled } from '../names.ts';
import { Avatar } from '../parts/avatar.tsx';
import { Fields, type Values } from '../parts/form.tsx';
import type { Schema } from '../parts/schema.ts';
import { go } from '../route.ts';
import { plainly } from '../trouble.ts';

const lengths = [60, 600, 3600, 86400, 3 * 86400, 7 * 86400];
const levels = ['easy', 'normal', 'hard'] as const;

/** Begins a game: with whoever is found, with friends, or with bots. */
export function Start({ name }: { name: string }) {
    const desk = useDesk();
    const game = desk.game(name);
    if (!game) return <NoSuchGame />;
    return <Ways game={game} />;
}

function NoSuchGame() {
    const { games } = useDesk();
    return games.value.length === 0 ? <p class="soft">A moment …</p> : <><h1>There is no such game here</h1><p><a class="button" href="/">To my games</a></p></>;
}

function Ways({ game }: { game: Game }) {
    const desk = useDesk();
    const { Sign, about } = drawingOf(game.name);
    const [config, setConfig] = useState<Values>({});
    const [seconds, setSeconds] = useState(game.turn_seconds);
    const [role, setRole] = useState<string>();
    const [seats, setSeats] = useState(game.min_seats);
    const [level, setLevel] = useState<typeof levels[number]>('normal');
    const [botComes, setBotComes] = useState(game.bots);
    const [busy, setBusy] = useState(false);
    const [wrong, setWrong] = useState<string>();
    const wish = { game: game.name, config, turn_seconds: seconds, role };

    const attempt = (work: () => Promise<unknown>) => {
        if (!reached.value) return setWrong('That needs a connection to the server.');
        setBusy(true);
        setWrong(undefined);
        work().catch((problem: Error) => setWrong(plainly(problem))).finally(() => setBusy(false));
    };
    const sit = async (made: Promise<Session>) => {
        const session = await made;
        desk.accept(session);
        void desk.refreshList();
        go(`/s/${session.id}`);
    };
    const find = async () => {
        const ticket = await desk.client.api.createTicket({ ...wish, bot_after_seconds: botComes ? 30 : undefined });
        void desk.refreshTickets();
        if (ticket.session_id) return go(`/s/${ticket.session_id}`);
        desk.expected.value = game.name;
        go('/');
    };
    const { createSession, enterGame } = desk.client.api;
    const open = (more: Partial<Schemas['SessionRequest']>) => sit(createSession({ ...wish, ...more }));
    const alone = game.max_seats === 1;

    return <div class="start">
        <header class="title"><span class="sign"><Sign /></span><div><h1>{game.title}</h1><p class="soft">{about ?? seatsInWords(game)}</p></div></header>
        {wrong && <p class="note bad" role="alert">{wrong}</p>}
        {game.roles.length > 0 && <Choice title="Who would you like to be?" all={[undefined, ...game.roles]} chosen={role} onChoose={setRole} word={(one) => one ? titled(one) : 'Whatever is free'} />}
        <fieldset class="ways" disabled={busy}>
            {game.open && <Way title="The open game" text="Anybody may come in, and when one is over the next begins.">
                <button class="button first" onClick={() => attempt(() => sit(enterGame({ game: game.name })))}>Come in</button>
            </Way>}
            {game.min_seats > 1 && <Way title="Somebody new" text={`You are matched with ${game.min_seats > 2 ? 'others who look' : 'whoever looks'} for the same game.`}>
                <button class="button first" onClick={() => attempt(find)}>Find {game.min_seats > 2 ? 'others' : 'an opponent'}</button>
                {game.bots && <label class="check"><input type="checkbox" checked={botComes} onChange={({ currentTarget }) => setBotComes(currentTarget.checked)} /> With {game.min_seats > 2 ? 'bots' : 'a bot'}, if nobody comes within 30 s</label>}
            </Way>}
            {game.bots && <Way title={game.min_seats > 2 ? 'Bots' : 'A bot'} text={game.min_seats > 2 ? 'They answer at once, and never tire.' : 'It answers at once, and never tires.'}>
                <Choice title="How well does it play?" hidden all={[...levels]} chosen={level} onChoose={(one) => one && setLevel(one)} word={(one) => titled(one ?? '')} />
                <button class="button" onClick={() => attempt(() => open({ seats: Math.max(seats, 2), bots: Array.from({ length: Math.max(seats, 2) - 1 }, () => ({ level })) }))}>Play {game.min_seats > 2 ? 'with bots' : 'a bot'}</button>
            </Way>}
            {!alone && <Way title="A friend" text="You get a link, and whoever opens it sits down.">
                <button class="button" onClick={() => attempt(() => open({ seats }))}>Open a table</button>
            </Way>}
            {alone && <Way title="By yourself" text="Nobody else is needed."><button class="button first" onClick={() => attempt(() => open({}))}>Begin</button></Way>}
        </fieldset>
        {!alone && <Known onInvite={(player) => attempt(() => open({ invite: [player], seats: game.min_seats }))} busy={busy} many={game.min_seats > 2} />}
        <details class="card">
            <summary>Settings of the game</summary>
            {game.max_seats > Math.max(2, game.min_seats) && game.max_seats <= 10 &&
                <Choice title="How many seats, at a table of mine?" all={range(game.min_seats, game.max_seats)} chosen={seats} onChoose={(one) => one && setSeats(one)} word={String} />}
            <Choice title="How long may a turn take?" all={[...new Set([...lengths, game.turn_seconds])].sort((a, b) => a - b)} chosen={seconds} onChoose={(one) => one && setSeconds(one)} word={(one) => turnLength(one ?? 0)} />
            <Fields schema={game.config_schema as Schema} values={config} onChange={setConfig} />
        </details>
    </div>;
}

function seatsInWords({ min_seats, max_seats }: Game): string {
    return min_seats === max_seats ? `For ${min_seats === 1 ? 'one' : min_seats}.` : `For ${min_seats} to ${max_seats}.`;
}

function range(from: number, to: number): number[] {
    return Array.from({ length: to - from + 1 }, (_, step) => from + step);
}

function Way({ title, text, children }: { title: string; text: string; children: ComponentChildren }) {
    return <section class="card way"><div><h2>{title}</h2><p class="soft">{text}</p></div><div class="doing">{children}</div></section>;
}

interface ChoiceProps<T> { title: string; all: T[]; chosen: T | undefined; onChoose: (one: T) => void; word: (one: T) => string; hidden?: boolean }

export function Choice<T extends string | number | undefined>({ title, all, chosen, onChoose, word, hidden }: ChoiceProps<T>) {
    return <fieldset class="field">
        <legend class={hidden ? 'unseen' : ''}>{title}</legend>
        <div class="choices">{all.map((one) => <label class="choice" key={String(one)}>
            <input type="radio" name={title} checked={one === chosen} onChange={() => onChoose(one)} /><span>{word(one)}</span>
        </label>)}</div>
    </fieldset>;
}

/** People whom I have played with, and would again. */
export function useAcquaintances(): Schemas['Opponent'][] {
    const { client: { api } } = useDesk();
    const [known, setKnown] = useState<Schemas['Opponent'][]>([]);
    useEffect(() => {
        Promise.all([api.listOpponents({ limit: 20 }), api.listBlocks({ limit: 100 })]).then(([{ items }, blocks]) => {
            const blocked = new Set(blocks.items.map(({ player_id }) => player_id));
            setKnown(items.filter(({ player_id }) => !blocked.has(player_id)));
        }, () => {}); // without a connection nobody can be invited
    }, [api]);
    return known;
}

/** People I have played with, to play again. */
function Known({ onInvite, busy, many }: { onInvite: (player: string) => void; busy: boolean; many: boolean }) {
    const known = useAcquaintances();
    if (known.length === 0) return null;
    return <section>
        <h2>Somebody you know</h2>
        <ul class="people">{known.map(({ player_id, display_name, avatar }) => <li key={player_id}>
            <button class="button" disabled={busy} onClick={() => onInvite(player_id)}><Avatar name={display_name} avatar={avatar} small /> Invite {display_name}</button>
        </li>)}</ul>
        {many && <p class="soft small">Others may be invited at the table.</p>}
    </section>;
}
