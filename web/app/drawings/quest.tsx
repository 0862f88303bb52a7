import './quest.css';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Schemas } from '/client.js';
import type { Session } from '../desk.ts';
import type { BoardProps, Drawing, Telling } from '../drawing.ts';
import { calledAt, tellCommon, titled } from '../names.ts';

type View = Schemas['QuestView'];
type Move = Schemas['QuestMove'];
type Hero = Schemas['QuestHero'];
type Action = Schemas['QuestAction'];
type Combatant = Schemas['QuestCombatant'];
type Props = BoardProps<View, Move>;

/** What the roles are good for, as docs/games/quest.md has it. */
const roles: Record<string, { named: string; health: number; hits: string; heals?: string }> = {
    fighter: { named: 'Bera Oakshield', health: 60, hits: '1–20' },
    ranger: { named: 'Tam Fleetfoot', health: 50, hits: '1–20' },
    mage: { named: 'Orlo Lanternhand', health: 40, hits: '1–20' },
    cleric: { named: 'Maren of the Well', health: 45, hits: '1–12', heals: '8–15' },
};

export const quest: Drawing<View, Move> = {
    Board, Sign,
    ownSeats: true,
    about: 'Three heroes, one monster. Win together, or fall together.',
    prompt: (view, { your_seat, legal_moves }) => {
        if (view.phase === 'character') return 'Choose who you want to be.';
        const heals = (legal_moves as Move[] | undefined)?.some(({ kind }) => kind === 'heal');
        return `${view.heroes[your_seat ?? 0]?.name ?? 'Hero'}, it is your turn: attack${heals ? ', or heal somebody' : ''}.`;
    },
    waits: ({ acting, action, heroes }, session) => {
        const hero = action || session.status !== 'active' ? undefined : heroes[acting?.seat ?? -1];
        return hero && `Waiting for ${hero.name}, played by ${hero.seat === session.your_seat ? 'you' : calledAt(session, hero.seat)}.`;
    },
    tell: (event, words) => {
        const told = tellings[event.kind];
        return told ? told(event.data as Told, words, event.seat) : tellCommon(event, words);
    },
};

/** The data of all its events together. */
type Told = Partial<{
    phase: string; team_has_won: boolean; role: string; name: string; by_server: boolean; acting: Combatant; attacker: Combatant; healer: Combatant;
    actor: Combatant; target: Combatant; damage: number; healed: number; health: number; defeated: boolean;
}>;

const tellings: Record<string, (data: Told, words: Telling, seat?: number) => string | undefined> = {
    move: () => undefined, // what it did is told by what follows
    phase_changed: ({ phase, team_has_won }) => phase === 'character' ? 'A party gathers.' : phase === 'play' ? 'Everybody has chosen. The fight begins.'
        : team_has_won ? 'The monster is slain.' : 'The party is beaten.',
    character_chosen: ({ role, name, by_server }, words, seat) => by_server
        ? `${words.verb(seat, 'have', 'has')} not chosen in time, and will be ${name}, the ${role}.` : `${words.verb(seat, 'choose', 'chooses')} to be ${name}, the ${role}.`,
    turn_began: ({ acting }, words) => acting?.kind === 'hero' ? `It is ${called(acting, words)}’s turn.` : `${called(acting, words)} stirs.`,
    turn_skipped: (_, words, seat) => `${called({ kind: 'hero', seat }, words)} hesitates too long.`,
    attack_announced: ({ attacker, target, damage }, words) => `${called(attacker, words)} strikes at ${within(called(target, words))}, with ${damage}.`,
    attack_landed: ({ target, damage, health, defeated }, words) => `${called(target, words)} loses ${damage}${defeated ? ' and falls' : `, and has ${health} left`}.`,
    attack_missed: ({ target }, words) => `The blow goes wide: ${called(target, words)} has left.`,
    heal_announced: ({ healer, target, healed }, words) => `${called(healer, words)} tends ${same(healer, target) ? 'their own wounds' : `the wounds of ${called(target, words)}`}, to heal ${healed}.`,
    heal_landed: ({ target, healed, health }, words) => `${called(target, words)} is healed by ${healed}, and has ${health}.`,
    heal_missed: ({ target }, words) => `The help comes too late: ${called(target, words)} has left.`,
};

function called(who: Combatant | undefined, { session, name }: Telling): string {
    const view = session.view as View | undefined;
    if (who?.kind !== 'hero') return view?.monster.name ?? 'The monster';
    return view?.heroes[who.seat ?? 0]?.name ?? name(who.seat);
}

/** A name in the middle of a sentence. */
function within(name = ''): string {
    return name.replace(/^The /, 'the ');
}

function Board(props: Props) {
    return <div class="quest">{props.view.phase === 'character' ? <Cast {...props} /> : <Fight {...props} />}</div>;
}

/** Who one can be, and who is somebody already. */
function Cast({ session, view, legal, canPlay, unsent, play }: Props) {
    const [name, setName] = useState('');
    const mine = view.heroes.find(({ seat }) => seat === session.your_seat);
    return <>
        <p class="foe"><Beast /> <span><strong>{view.monster.name}</strong> is waiting. Each blow of its claws takes 10 to 25.</span></p>
        <ul class="gathering" aria-label="Party">{view.heroes.map((hero) => <li key={hero.seat}>
            <Disc seat={hero.seat}><RoleSign role={hero.role ?? ''} /></Disc>
            <span class="who small"><strong>{hero.seat === session.your_seat ? 'You' : calledAt(session, hero.seat)}</strong><span class="soft">{hero.left ? 'has left' : hero.name ?? 'choosing …'}</span></span>
        </li>)}</ul>
        {mine && !mine.role && !mine.left && <label class="field naming">
            <span>Name of your hero</span><input type="text" maxLength={24} value={name} placeholder="as written on the card" autocomplete="off" onInput={({ currentTarget }) => setName(currentTarget.value)} />
        </label>}
        <ul class="cast" aria-label="Characters">{Object.entries(roles).map(([role, { named, health, hits, heals }]) => {
            const hero = view.heroes.find((one) => one.role === role || (!one.role && one.reserved_role === role));
            const free = canPlay && legal.some((move) => move.role === role);
            return <li key={role}><button class={`role${hero?.role ? ' taken' : ''}${unsent?.role === role ? ' ghost' : ''}`} data-move={free || undefined} aria-disabled={!free}
                onClick={() => play({ kind: 'choose', role, name: name.trim() || undefined })}>
                <Disc seat={hero?.seat}><RoleSign role={role} /></Disc>
                <span class="who"><strong>{titled(role)}</strong><span class="soft small">{hero?.name ?? named}</span></span>
                <span class="can small"><span>{health} health</span><span>hits for {hits}</span>{heals && <span>heals {heals}</span>}</span>
                <span class={`pill${hero ? '' : ' good'}`}>{!hero ? 'free' : `${hero.role ? 'taken by' : 'kept for'} ${hero.seat === session.your_seat ? 'you' : calledAt(session, hero.seat)}`}</span>
            </button></li>;
        })}</ul>
    </>;
}

function Fight(props: Props) {
    const { session, view, before, canPlay, play } = props;
    const mine = view.heroes.find(({ seat }) => seat === session.your_seat);
    const party = [...view.order, ...view.heroes.map(({ seat }) => seat).filter((seat) => !view.order.includes(seat))];
    return <>
        <Monster {...props} />
        <Deed {...props} />
        {mine?.alive && view.phase === 'play' && <button class={`button attack${canPlay ? ' first' : ''}`} data-move={canPlay || undefined} aria-disabled={!canPlay} onClick={() => play({ kind: 'attack' })}>
            <Sword /> Attack for {roles[mine.role ?? '']?.hits}
        </button>}
        {mine && !mine.alive && !mine.left && view.phase === 'play' && <p class="soft out">{mine.name} is out of the fight. The others go on.</p>}
        <ol class="party" aria-label="Heroes, in the order in which they act">
            {party.map((seat) => <HeroCard key={seat} {...props} hero={view.heroes[seat]!} was={before?.heroes[seat]} heals={mine?.role === 'cleric' && mine.alive && view.phase === 'play'} />)}
        </ol>
        {view.phase === 'end' && <Damage view={view} session={session} />}
    </>;
}

function Monster({ view: { monster, action, acting, phase }, before, session }: Props) {
    const slain = monster.health === 0;
    const change = changeOf(before?.monster, monster);
    const looms = action?.actor.kind === 'monster' && !action.landed;
    const mood = slain ? 'slain' : change < 0 ? 'hit' : looms ? 'looms' : phase === 'end' ? 'victor' : acting?.kind === 'monster' ? 'stirs' : '';
    return <section class={`monster ${mood}${isAim(action, { kind: 'monster' }) ? ' aim' : ''}`} aria-label={monster.name}>
        <Beast />
        <Flying key={session.version} change={change} />
        <p class="line"><strong>{monster.name}</strong><Count now={monster.health} most={monster.max_health} /></p>
        <Health name={monster.name} now={monster.health} most={monster.max_health} />
    </section>;
}

/** What is done by whom to whom: announced first, and then done. */
function Deed({ session, view, unsent, before }: Props) {
    const actor: Combatant = { kind: 'hero', seat: session.your_seat };
    const meant: Action | undefined = unsent && { kind: unsent.kind, actor, target: unsent.kind === 'heal' ? { kind: 'hero', seat: unsent.target } : { kind: 'monster' }, amount: 0, landed: false };
    const action = meant ?? view.action;
    const name = (who: Combatant | undefined) => who?.kind === 'hero' ? view.heroes[who.seat ?? 0]?.name : view.monster.name;
    if (!action) {
        const end = view.team_has_won ? `${view.monster.name} is slain. The party goes home.` : 'Nobody is left standing. The valley is dark.';
        return <p class={`deed idle${view.phase === 'end' ? ' over' : ''}`}>{view.phase === 'end' ? end : view.acting?.kind === 'monster' ? `${name(view.acting)} chooses its prey …` : `It is ${name(view.acting)}’s turn.`}</p>;
    }
    const heals = action.kind === 'heal';
    return <div class={`deed${heals ? ' heals' : ''}${action.landed ? ' landed' : ''}${meant ? ' ghost' : ''}`} key={session.version} style={{ '--pause': `${view.pause_ms}ms` } as never}>
        <Face who={action.actor} view={view} />
        <span class="what">{happening(action, view, name)}</span>
        {!meant && <strong class="blow">{heals ? '+' : '−'}{action.amount}</strong>}
        <Face who={action.target} view={view} />
        {before && !action.landed && !meant && <span class="fuse" />}
    </div>;
}

function happening({ kind, actor, target, landed }: Action, view: View, name: (who: Combatant) => string | undefined): string {
    const aim = target.kind === 'hero' ? view.heroes[target.seat ?? 0] : undefined;
    if (kind === 'heal') return landed ? `${name(target)} feels better` : `${name(actor)} tends ${same(actor, target) ? 'their own wounds' : `the wounds of ${name(target)}`}`;
    if (!landed) return `${name(actor)} strikes at ${within(name(target))}`;
    if (aim?.left) return 'The blow goes wide';
    return `${name(target)} ${(aim ?? view.monster).health === 0 ? 'falls' : 'is hit'}`;
}

interface HeroProps extends Props { hero: Hero; was?: Hero; heals: boolean }

function HeroCard({ hero, was, heals, session, view, legal, canPlay, unsent, play }: HeroProps) {
    const { seat, name, role = '', health, max_health, alive, left } = hero;
    const me: Combatant = { kind: 'hero', seat };
    const change = changeOf(was, hero);
    const acts = view.acting && same(view.acting, me);
    const mayHeal = canPlay && legal.some(({ kind, target }) => kind === 'heal' && target === seat);
    const state = left ? 'has left' : !alive ? 'is down' : acts ? 'acts' : undefined;
    return <li class={`hero${acts ? ' acts' : ''}${alive ? '' : ' down'}${isAim(view.action, me) ? ' aim' : ''}${change < 0 ? ' hit' : change > 0 ? ' healed' : ''}`}>
        <Flying key={session.version} change={change} />
        <Disc seat={seat}><RoleSign role={role} /></Disc>
        <span class="who"><strong>{name ?? 'Nobody'}</strong><span class="soft small">{seat === session.your_seat ? 'You' : calledAt(session, seat)}</span></span>
        {state && <span class={`pill${acts ? ' turn' : ''}`}>{state}</span>}
        <span class="bottom"><Count now={health} most={max_health} /><Health name={name ?? ''} now={health} most={max_health} />
            {heals && alive && <button class={`button heal${unsent?.target === seat ? ' ghost' : ''}`} data-move={mayHeal || undefined} aria-disabled={!mayHeal} aria-label={`Heal ${name}`} onClick={() => play({ kind: 'heal', target: seat })}>Heal</button>}</span>
    </li>;
}

function Damage({ view, session }: { view: View; session: Session }) {
    const all = [...view.heroes.map(({ seat, name, damage_dealt }) => ({ name: seat === session.your_seat ? `${name} (you)` : name ?? calledAt(session, seat), damage_dealt, colour: `var(--seat-${seat})` })), { ...view.monster, colour: 'var(--soft)' }];
    const most = Math.max(1, ...all.map(({ damage_dealt }) => damage_dealt));
    return <section class="damage" aria-label="Damage done">
        <h2>Damage done</h2>
        <ol>{all.sort((a, b) => b.damage_dealt - a.damage_dealt).map(({ name, damage_dealt, colour }) =>
            <li key={name}><span>{name}</span><strong>{damage_dealt}</strong><span class="bar" style={{ width: `${100 * damage_dealt / most}%`, background: colour }} /></li>)}</ol>
    </section>;
}

function same(a: Combatant | undefined, b: Combatant | undefined): boolean {
    return a?.kind === b?.kind && a?.seat === b?.seat;
}

/** Whether something is about to come down on them. */
function isAim(action: Action | undefined, who: Combatant): boolean {
    return action !== undefined && !action.landed && action.kind === 'attack' && same(action.target, who);
}

/** How much health came or went in the step. Where a fight has just begun, none did. */
function changeOf(was: Hero | View['monster'] | undefined, is: Hero | View['monster']): number {
    return was && was.max_health === is.max_health ? is.health - was.health : 0;
}

function Flying({ change }: { change: number }) {
    return change === 0 ? null : <span class={`flying${change > 0 ? ' up' : ''}`} aria-hidden="true">{change > 0 ? '+' : '−'}{Math.abs(change)}</span>;
}

function Count({ now, most }: { now: number; most: number }) {
    return <span class="count small"><b>{now}</b> of {most}</span>;
}

function Health({ name, now, most }: { name: string; now: number; most: number }) {
    const width = `${most > 0 ? 100 * now / most : 0}%`;
    return <span class={`health${now * 3 <= most ? ' low' : ''}`} role="meter" aria-label={`Health of ${name}`} aria-valuemin={0} aria-valuemax={most} aria-valuenow={now}>
        <span class="lost" style={{ width }} /><span class="left" style={{ width }} />
    </span>;
}

function Disc({ seat, children }: { seat?: number; children: ComponentChildren }) {
    return <span class={`disc${seat === undefined ? ' free' : ''}`} style={{ '--mine': `var(--seat-${seat ?? 0})` } as never}>{children}</span>;
}

function Face({ who, view }: { who: Combatant; view: View }) {
    if (who.kind !== 'hero') return <span class="disc beast"><Beast /></span>;
    return <Disc seat={who.seat}><RoleSign role={view.heroes[who.seat ?? 0]?.role ?? ''} /></Disc>;
}

const roleSigns: Record<string, ComponentChildren> = {
    fighter: <><path d="M12 3 5 5.5v5.8c0 4.3 2.9 7.7 7 9.7 4.1-2 7-5.4 7-9.7V5.5Z" /><path d="M12 7v9M8.5 10.5h7" /></>,
    ranger: <><path d="M7 3c6 1.5 9.5 5 9.5 9S13 19.5 7 21V3Z" /><path d="M2.5 12H21M18 9l3 3-3 3" /></>,
    mage: <><path d="M12 3c.8 5 3 7.2 8 8-5 .8-7.2 3-8 8-.8-5-3-7.2-8-8 5-.8 7.2-3 8-8Z" /><path d="M19 17v4M17 19h4" /></>,
    cleric: <><path d="M12 3c4 5 6.2 8 6.2 11.3a6.2 6.2 0 0 1-12.4 0C5.8 11 8 8 12 3Z" /><path d="M12 11.5v5.5M9.25 14.25h5.5" /></>,
};

function RoleSign({ role }: { role: string }) {
    return <svg class="strokes" viewBox="0 0 24 24" aria-hidden="true">{roleSigns[role] ?? <path d="M6 12v.1M12 12v.1M18 12v.1" />}</svg>;
}

function Sword() {
    return <svg class="strokes" viewBox="0 0 24 24" aria-hidden="true"><path d="M20 4h-4L7 13l4 4 9-9ZM5 12l7 7M7.5 16.5 4 20" /></svg>;
}

/** The Gloamback: a hill of dusk with spines along its back. */
function Beast() {
    return <svg class="beast" viewBox="0 0 200 132" aria-hidden="true">
        <path class="body" d="M8 130C6 100 20 70 46 52L40 26l22 14 8-30 18 24L102 4l12 30 20-22 6 30 24-14-8 26c24 18 38 48 36 76l-14-10-10 10-12-10-10 10H66l-10-10-12 10-10-10Z" />
        <path class="eyes" d="M64 66c8-2 18 2 22 12-10 2-20-2-22-12ZM136 66c-8-2-18 2-22 12 10 2 20-2 22-12Z" />
        <path class="crosses" d="m67 66 16 12M83 66 67 78M117 66l16 12M133 66l-16 12" />
        <path class="teeth" d="M62 94c24 8 52 8 76 0-2 8-6 13-11 17l-6-8-8 12-9-11-8 11-9-11-8 11-7-13-6 8c-3-4-4-9-4-16Z" />
    </svg>;
}

function Sign() {
    return <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
        <path d="M12 2.5 4.5 5.2v6.1c0 4.6 3.1 8.2 7.5 10.2 4.4-2 7.5-5.6 7.5-10.2V5.2Z" /><path d="M15.5 8 10 13.5M8.5 12l3.5 3.5M9.5 14 8 15.5" />
    </svg>;
}
