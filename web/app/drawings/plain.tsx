import './plain.css';
import { useState } from 'preact/hooks';
import { useDesk } from '../context.ts';
import type { Move, Session } from '../desk.ts';
import type { BoardProps, Drawing } from '../drawing.ts';
import { spoken, titled } from '../names.ts';
import { Fields, type Values } from '../parts/form.tsx';
import { targetOf } from '../parts/grid.ts';
import { isComplete, memberOf, resolved, type Schema } from '../parts/schema.ts';
import { Members, said } from '../parts/value.tsx';

/**
 * The plain table: any game, drawn from what its view says and what its schema says of that. Values have names, boards are
 * grids, seats are the people who sit there. What may be played is a cell of the board, a button or, where the game does
 * not list it, a form.
 */
export const plain: Drawing & Required<Pick<Drawing, 'Sign'>> = { Board, Sign };

function Board({ session, view, before, legal, canPlay, unsent, play }: BoardProps) {
    const game = useDesk().game(session.game);
    const schema = game?.view_schema as Schema | undefined;
    const moves = game?.move_schema as Schema | undefined;
    const sitsHere = session.your_seat !== undefined && session.status === 'active';
    const target = sitsHere ? targetOf(view, moves, legal, canPlay, play) : undefined;
    const label = (move: Move) => labelOf(move, moves, session);
    return <div class="plain">
        <div class="card">{Object.keys(view).length > 0
            ? <Members value={view} before={before} schema={schema} root={schema} session={session} target={target} />
            : <p class="soft">There is nothing to see yet.</p>}</div>
        {unsent && <p class="note">On its way: {label(unsent)}</p>}
        <LegalMoves legal={target?.others ?? legal} label={label} play={play} />
        {sitsHere && moves && !target?.isAll && <MoveForm key={session.turn} schema={moves} hidden={!canPlay || legal.length > 0} play={play} />}
        {schema && <Words schema={schema} />}
    </div>;
}

/** A move in few words. */
function labelOf(move: Move, schema: Schema | undefined, session: Session): string {
    const { kind, ...rest } = move;
    const parts = Object.entries(rest).map(([name, value]) => {
        if (typeof value === 'boolean') return value ? spoken(name) : `not ${spoken(name)}`;
        return `${spoken(name)} ${said(value, name, memberOf(schema, name, schema), session)}`;
    });
    const label = [kind === undefined ? '' : spoken(String(kind)), parts.join(', ')].filter(Boolean).join(': ') || 'go on';
    return label.charAt(0).toUpperCase() + label.slice(1);
}

/** A button for each move. Many are put into groups by what they have in common. */
function LegalMoves({ legal, label, play }: { legal: Move[]; label: (move: Move) => string; play: (move: Move) => void }) {
    if (legal.length === 0) return null;
    const common = legal.length > 8 ? commonOf(legal) : undefined;
    return <section class="moves" aria-label="What you may play" tabIndex={0}>
        {common === undefined ? <Buttons moves={legal} label={label} play={play} /> : [...new Set(legal.map((move) => move[common]))].map((value) => {
            const title = label({ [common]: value });
            return <div key={title} class="group" role="group" aria-label={title}>
                <strong>{title}</strong>
                <Buttons moves={legal.filter((move) => move[common] === value)} label={(move) => label(without(move, common))} play={play} />
            </div>;
        })}
    </section>;
}

function Buttons({ moves, label, play }: { moves: Move[]; label: (move: Move) => string; play: (move: Move) => void }) {
    return <div class="buttons">{moves.map((move) => <button key={JSON.stringify(move)} class="button" data-move onClick={() => play(move)}>{label(move)}</button>)}</div>;
}

/** A move without what its group says already. */
function without(move: Move, common: string): Move {
    const { [common]: _, ...rest } = move;
    return Object.keys(rest).length > 0 ? rest : move;
}

/** The member that puts moves into the fewest groups. */
function commonOf(legal: Move[]): string | undefined {
    const groups = Object.keys(legal[0] ?? {}).map((name) => ({ name, values: new Set(legal.map((move) => move[name])) }))
        .filter(({ values }) => values.size > 1 && values.size <= legal.length / 2 && [...values].every((value) => value !== undefined && typeof value !== 'object'));
    return groups.sort((a, b) => a.values.size - b.values.size)[0]?.name;
}

function MoveForm({ schema, hidden, play }: { schema: Schema; hidden: boolean; play: (move: Move) => void }) {
    const [values, setValues] = useState<Values>({});
    const ready = !hidden && isComplete(schema, values, schema);
    return <form class="card" aria-label="Your move" hidden={hidden} onSubmit={(event) => { event.preventDefault(); play(values); }}>
        <Fields schema={schema} values={values} onChange={setValues} absent="left out" />
        <button class="button first" data-move={ready ? true : undefined}>Play</button>
    </form>;
}

/** What the game says its words mean. */
function Words({ schema }: { schema: Schema }) {
    const words = wordsOf(schema, schema);
    if (words.size === 0) return null;
    return <details class="words">
        <summary>What the words mean</summary>
        <dl>{[...words].map(([name, meaning]) => <div key={name}><dt>{titled(name)}</dt><dd>{meaning}</dd></div>)}</dl>
    </details>;
}

function wordsOf(schema: Schema, root: Schema, words = new Map<string, string>()): Map<string, string> {
    for (const name of Object.keys(schema.properties ?? {})) {
        const its = memberOf(schema, name, root);
        if (!its || words.has(name)) continue;
        if (its.description) words.set(name, its.description);
        wordsOf(resolved(its.items, root) ?? its, root, words);
    }
    return words;
}

function Sign() {
    return <svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="9.5" cy="10" r="5.5" fill="currentColor" /><circle cx="15" cy="14.5" r="5.5" fill="none" stroke="currentColor" stroke-width="2" /></svg>;
}
