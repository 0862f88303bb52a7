import './dungeon.css';
import type { ComponentChildren } from 'preact';
import type { Schemas } from '/client.js';
import { serverNow, span } from '../clock.ts';
import type { Event, Session } from '../desk.ts';
import type { BoardProps, Drawing, Telling } from '../drawing.ts';
import { tellCommon, titled } from '../names.ts';

type View = Schemas['DungeonView'];
type Move = Schemas['DungeonMove'];
type Place = Schemas['DungeonPlace'];
type Props = BoardProps<View, Move>;

export const dungeon: Drawing<View, Move> = {
    Board, Sign,
    ownSeats: true,
    about: 'Find the weapon, slay the monster, take its treasure. You have one hour.',
    prompt: ({ phases }) => prompts[phases.find(({ status }) => status === 'open')?.name ?? ''],
    tell: (event, words) => {
        const told = tellings[event.kind];
        return told ? told(event.data as Told, words, event) : tellCommon(event, words);
    },
};

const prompts: Record<string, string> = {
    confirmation: 'Enter while the gate is open.',
    weapon: 'Find a weapon.',
    monster: 'You are armed. Find the monster.',
    treasure: 'Take what it dropped.',
};

/** The data of all its events together. */
type Told = Partial<{ rooms: number; first: boolean; place: Place; item: string; monster: string; with: string; treasure: string; seconds_left: number }>;

const tellings: Record<string, (data: Told, words: Telling, event: Event) => string | undefined> = {
    move: () => undefined, // what it did is told by what follows
    dungeon_dug: ({ rooms }) => rooms === 1 ? 'A dungeon of one room lies ahead.' : `A dungeon of ${rooms} rooms lies ahead.`,
    confirmed: (_, { verb }, { seat }) => `${verb(seat, 'enter', 'enters')}. The hour begins.`,
    room_entered: ({ first, place }, { verb }, { seat }) => first ? `${verb(seat, 'discover', 'discovers')} the ${place?.name}.` : `${verb(seat, 'go', 'goes')} back to the ${place?.name}.`,
    item_taken: ({ item }, { verb }, { seat }) => `${verb(seat, 'take', 'takes')} the ${item}.`,
    monster_slain: ({ monster, with: weapon }, { verb }, { seat }) => `${verb(seat, 'slay', 'slays')} the ${monster} with the ${weapon}.`,
    item_dropped: ({ item }) => `It drops the ${item}.`,
    victory: ({ seconds_left = 0 }, { verb }, { seat }) => `${verb(seat, 'win', 'wins')}, with ${span(seconds_left * 1000)} to spare.`,
    died_waiting: (_, { verb }, { seat }) => `${verb(seat, 'wait', 'waits')} too long, and the gate is shut.`,
    out_of_time: () => 'The hour is over.',
};

function Board(props: Props) {
    const { view, session } = props;
    return <div class="dungeon">
        <Path view={view} before={props.before} />
        {session.status === 'finished' && <End session={session} view={view} />}
        {view.map.length === 0 ? <Gate {...props} /> : <>
            <Plan {...props} />
            <Here {...props} />
            <Pack {...props} />
        </>}
    </div>;
}

const phaseNames: Record<string, string> = { created: 'Dug', confirmation: 'Enter' };
const phaseStatus: Record<string, string> = { done: 'done', open: 'now', waiting: 'to come', failed: 'too late' };

/** The way to victory, and how far it has been gone. */
function Path({ view, before }: { view: View; before?: View }) {
    return <ol class="path" aria-label="The way to victory">{view.phases.map(({ name, status }, at) => {
        const fresh = before !== undefined && before.phases[at]?.status !== status;
        return <li key={name} class={`${status}${fresh ? ' fresh' : ''}`} aria-current={status === 'open' ? 'step' : undefined}>
            <svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="9" />{status === 'done' && <path d="m8 12.5 2.8 2.8L16 9.5" />}{status === 'failed' && <path d="m9 9 6 6M15 9l-6 6" />}{status === 'open' && <circle class="now" cx="12" cy="12" r="4" />}</svg>
            <span>{phaseNames[name] ?? titled(name)}</span><span class="unseen">: {phaseStatus[status] ?? status}</span>
        </li>;
    })}</ol>;
}

function Gate({ view, session, canPlay, unsent, play }: Props) {
    const count = ['No', 'One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight', 'Nine'][view.room_count] ?? view.room_count;
    const rooms = view.room_count === 1 ? 'One room lies' : `${count} rooms lie`;
    return <section class="gate" aria-label="The gate">
        <GateSign shut={session.status === 'finished'} />
        {session.status !== 'finished' && <p>{rooms} behind it in the dark. You have two minutes to make up your mind, and then one hour for all the rest.</p>}
        {session.status === 'active' && session.your_seat !== undefined && <button class={`button${canPlay ? ' first' : ''}${unsent ? ' ghost' : ''}`} data-move={canPlay || undefined} aria-disabled={!canPlay} onClick={() => play({ kind: 'confirm' })}>Enter the dungeon</button>}
    </section>;
}

const ways: Record<string, readonly [number, number]> = { north: [0, -1], east: [1, 0], south: [0, 1], west: [-1, 0] };

interface Cell { x: number; y: number; place?: Place }

/** All rooms that have been seen, and the dark ones behind their doors. */
function cellsOf({ map }: View): Cell[] {
    const cells = new Map<string, Cell>(map.map((place) => [`${place.x} ${place.y}`, { x: place.x, y: place.y, place }]));
    for (const { x, y, doors } of map) {
        for (const { direction } of doors) {
            const [dx, dy] = ways[direction] ?? [0, 0];
            const [at, key] = [{ x: x + dx, y: y + dy }, `${x + dx} ${y + dy}`];
            if (!cells.has(key)) cells.set(key, at);
        }
    }
    return [...cells.values()].sort((a, b) => a.y - b.y || a.x - b.x);
}

function Plan(props: Props) {
    const cells = cellsOf(props.view);
    const [xs, ys] = [cells.map(({ x }) => x), cells.map(({ y }) => y)];
    const [left, top] = [Math.min(...xs), Math.min(...ys)];
    const columns = Math.max(...xs) - left + 1;
    return <div class="plan" role="group" aria-label={`Map: ${props.view.map.length} of ${props.view.room_count} rooms seen`} style={{ '--columns': columns, '--between': columns > 4 ? '.5rem' : '.8rem' } as never}>
        {cells.map((cell) => <Room key={`${cell.x} ${cell.y}`} {...props} cell={cell} column={cell.x - left + 1} row={cell.y - top + 1} />)}
    </div>;
}

/** A room on the map. Where a door leads there from here, it is the way through it. */
function Room({ cell: { x, y, place }, column, row, view, before, session, canPlay, unsent, play }: Props & { cell: Cell; column: number; row: number }) {
    const here = view.map.find(({ name }) => name === view.room);
    const door = here?.doors.find(({ direction }) => here.x + (ways[direction]?.[0] ?? 0) === x && here.y + (ways[direction]?.[1] ?? 0) === y);
    const isHere = place !== undefined && place === here;
    const fresh = before !== undefined && place !== undefined && !before.map.some(({ name }) => name === place.name);
    const look = `room${place ? '' : ' dark'}${isHere ? ' here' : ''}${fresh ? ' fresh' : ''}`;
    const style = { gridColumn: column, gridRow: row };
    const inside = <>
        {place?.doors.map(({ direction }) => <span key={direction} class={`door ${direction}`} />)}
        <span class="things">{place ? <>
            {x === 0 && y === 0 && !isHere && <Sketch of="stairs" />}
            {isHere && <Me key={session.version} view={view} before={before} here={place} />}
            {place.items.map(({ name, kind }) => <Sketch key={name} of={kind} />)}
            {place.monster && <Sketch of="monster" more={place.monster.slain ? 'slain' : ''} />}
        </> : <Sketch of="dark" />}{door && unsent?.door === door.direction && <span class="me ghost"><Sketch of="me" /></span>}</span>
        {place && <span class="name">{place.name}</span>}
    </>;
    const words = place ? [place.name, isHere && 'you are here', ...contents(place)].filter(Boolean).join(', ') : 'An unseen room';
    if (!door || session.your_seat === undefined || session.status !== 'active') return <div class={look} style={style} role="img" aria-label={words}>{inside}</div>;
    return <button class={`${look} way`} style={style} data-move={canPlay || undefined} aria-disabled={!canPlay} aria-label={`${inWords({ kind: 'go', door: door.direction }, here)}${place ? `: ${words}` : ''}`} onClick={() => play({ kind: 'go', door: door.direction })}>{inside}</button>;
}

function contents({ x, y, items, monster }: Place): string[] {
    return [...x === 0 && y === 0 ? ['the entrance'] : [], ...items.map(({ name }) => `the ${name}`), ...monster ? [`the ${monster.name}${monster.slain ? ', slain' : ''}`] : []];
}

/** The visitor, coming from the room of before. */
function Me({ view, before, here }: { view: View; before?: View; here: Place }) {
    const from = view.map.find(({ name }) => before?.room === name) ?? here;
    return <span class="me" style={{ '--dx': from.x - here.x, '--dy': from.y - here.y } as never}><Sketch of="me" /></span>;
}

/** The room one is in, and what can be done there. */
function Here({ view, session, canPlay, unsent, play }: Props) {
    const here = view.map.find(({ name }) => name === view.room);
    if (!here) return null;
    const mine = session.your_seat !== undefined && session.status === 'active';
    const commands = (session.legal_moves ?? []) as unknown as Move[];
    const same = (move: Move) => unsent !== undefined && JSON.stringify(unsent) === JSON.stringify(move);
    return <section class="card place" aria-label="Where you are">
        <h2>{here.name}</h2>
        <p class="soft">{here.description}</p>
        {here.items.map(({ name, kind }) => <p key={name} class="find"><Sketch of={kind} /> The {name} lies here.</p>)}
        {here.monster && <p class={`find foe${here.monster.slain ? '' : ' alive'}`}><Sketch of="monster" more={here.monster.slain ? 'slain' : ''} /> {monsterWords(here.monster)}</p>}
        {mine && <div class="commands">
            {commands.map((move) => <button key={JSON.stringify(move)} class={`button${move.kind !== 'go' && canPlay ? ' first' : ''}${same(move) ? ' ghost' : ''}`} data-move={canPlay || undefined} aria-disabled={!canPlay} onClick={() => play(move)}>
                <Sketch of={move.door ?? move.kind} /> {inWords(move, here)}</button>)}
            {recklessness(here, view).map((move) => <button key={JSON.stringify(move)} class="button" aria-disabled="true" onClick={() => play(move)}><Sketch of={move.kind} /> {inWords(move, here)}</button>)}
        </div>}
    </section>;
}

function monsterWords({ name, slain, carries }: NonNullable<Place['monster']>): string {
    if (slain) return `The ${name} lies slain.`;
    return carries ? `The ${name} lives here, and guards the ${carries.name}.` : `The ${name} lives here.`;
}

/** What somebody without a weapon may think of. The server knows better. */
function recklessness({ monster }: Place, { inventory }: View): Move[] {
    if (!monster || monster.slain || inventory.some(({ kind }) => kind === 'weapon')) return [];
    return [{ kind: 'slay', monster: monster.name, with: 'bare hands' }];
}

function inWords({ kind, item, monster, with: weapon, door }: Move, here?: Place): string {
    switch (kind) {
        case 'get': return `Take the ${item}`;
        case 'slay': return weapon === 'bare hands' ? 'Fight it with bare hands' : `Slay the ${monster} with the ${weapon}`;
        case 'go': return `Go ${door}, ${wayTo(door, here)}`;
        default: return titled(kind);
    }
}

function wayTo(door: string | undefined, here: Place | undefined): string {
    const behind = here?.doors.find(({ direction }) => direction === door)?.leads_to;
    return behind ? `to the ${behind}` : 'into the dark';
}

function Pack(props: Props) {
    const { view: { inventory, ends_at }, before, session, canPlay, unsent } = props;
    const now = canPlay || unsent !== undefined;
    return <div class="pack">
        <section aria-label="What you hold"><h2>In your hands</h2>
            {inventory.length === 0 ? <p class="soft">Nothing yet.</p> : <ul>{inventory.map(({ name, kind }) =>
                <li key={name} class={before && !before.inventory.some((one) => one.name === name) ? 'fresh' : ''}><Sketch of={kind} /> {name}</li>)}</ul>}
        </section>
        {ends_at && <Candle left={Date.parse(ends_at) - (now ? serverNow.value : Date.parse(session.updated_at))} />}
    </div>;
}

/** The hour, as a candle that burns down. */
function Candle({ left }: { left: number }) {
    const part = Math.max(0, Math.min(1, left / 3_600_000));
    return <section aria-label="The hour"><h2>The hour</h2>
        <span class="candle" aria-hidden="true"><span style={{ width: `${100 * part}%` }} /><svg viewBox="0 0 24 24" style={{ left: `${100 * part}%` }}><path d="M12 3c4 5 5.5 8 5.5 11.5a5.5 5.5 0 0 1-11 0C6.5 11 8 8 12 3Z" /></svg></span>
        <p class="soft">{left > 0 ? `${span(left)} left` : 'It is over.'}</p>
    </section>;
}

function End({ session, view }: { session: Session; view: View }) {
    const treasure = view.inventory.find(({ kind }) => kind === 'treasure');
    if (treasure) return <p class="end won"><Sketch of="treasure" /> <span>The {treasure.name} is yours, with {span(1000 * (session.seats[0]?.result?.score ?? 0))} to spare.</span></p>;
    const why: Record<string, string> = { 'died-waiting': 'You waited too long. The gate is shut, and nobody has seen you since.', 'out-of-time': 'The hour is over, and the dungeon keeps whoever is in it.' };
    return <p class="end"><Sketch of="dark" /> <span>{why[session.result?.reason ?? ''] ?? 'You turned back. The treasure is still down there.'}</span></p>;
}

/** Small drawings: of things, and of what can be done. */
const sketches: Record<string, ComponentChildren> = {
    me: <><circle cx="12" cy="7.5" r="3.5" /><path d="M5.5 20a6.5 6.5 0 0 1 13 0Z" /></>,
    weapon: <path d="M20 4h-4L7 13l4 4 9-9ZM5 12l7 7M7.5 16.5 4 20" />,
    treasure: <path d="M7 4h10l4 5.5L12 21 3 9.5ZM3 9.5h18M12 21 8.5 9.5 12 4l3.5 5.5Z" />,
    monster: <><path d="M4 3c0 3 1 4.5 3 5.5C5.5 10 5 12 5 14c0 4 3 7 7 7s7-3 7-7c0-2-.5-4-2-5.5 2-1 3-2.5 3-5.5-2 2-4 3-6 3.3h-4C8 6 6 5 4 3Z" /><path d="M8.5 12.5h2M13.5 12.5h2M9 16.5l1.5 1 1.5-1 1.5 1 1.5-1" /></>,
    stairs: <path d="M3 20h5v-5h4.5v-5H17V5h4" />,
    dark: <path d="M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.8v.1" />,
    north: <path d="M12 20V5M6 11l6-6 6 6" />, south: <path d="M12 4v15M6 13l6 6 6-6" />, east: <path d="M4 12h15M13 6l6 6-6 6" />, west: <path d="M20 12H5M11 6l-6 6 6 6" />,
    get: <path d="M12 3v11M7 9.5l5 5 5-5M4 20h16" />,
};
const sketchOf: Record<string, string> = { slay: 'weapon' };

function Sketch({ of, more = '' }: { of: string; more?: string }) {
    return <svg class={`sketch ${of} ${more}`} viewBox="0 0 24 24" aria-hidden="true">{sketches[sketchOf[of] ?? of] ?? <circle cx="12" cy="12" r="4" />}</svg>;
}

function GateSign({ shut }: { shut: boolean }) {
    return <svg class="arch" viewBox="0 0 120 110" aria-hidden="true">
        <path class="stone" d="M6 108V58a54 54 0 0 1 108 0v50H92V60a32 32 0 0 0-64 0v48Z" /><path class="hole" d="M28 108V60a32 32 0 0 1 64 0v48Z" />
        <path class="joints" d="M6 82h22M92 82h22M11 36l19 11M109 36 90 47M38 9l10 20M82 9 72 29" /><path class="steps" d="M36 108v-10h48v10M44 98v-9h32v9" />
        {shut && <path class="bars" d="M40 38v70M60 30v78M80 38v70M29 60h62M29 80h62" />}
    </svg>;
}

function Sign() {
    return <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
        <path d="M3 21V12a9 9 0 0 1 18 0v9h-5v-8.5a4 4 0 0 0-8 0V21Z" /><path d="M3 14.5h5M16 14.5h5M12 3v5.5" />
    </svg>;
}
