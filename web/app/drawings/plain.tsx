import './plain.css';
import { useState } from 'preact/hooks';
import { useDesk } from '../context.ts';
import type { Move } from '../desk.ts';
import type { BoardProps, Drawing } from '../drawing.ts';
import { inWords, spoken, titled } from '../names.ts';
import { Fields, type Schema, type Values } from '../parts/form.tsx';

/**
 * The plain table: any game, drawn from what its view says. Values have names, lists of lists are grids, and what may be
 * played is a button or, where the game cannot list it, a form of its schema.
 */
export const plain: Drawing & Required<Pick<Drawing, 'Sign'>> = { Board, Sign };

function Board({ session, view, before, legal, canPlay, play }: BoardProps) {
    return <div class="plain">
        <Members value={view} before={before} />
        {session.your_seat !== undefined && session.status === 'active' && (legal.length > 0
            ? <LegalMoves legal={legal} play={play} />
            : canPlay && <MoveForm game={session.game} play={play} />)}
    </div>;
}

function LegalMoves({ legal, play }: { legal: Move[]; play: (move: Move) => void }) {
    return <section class="moves" aria-label="What you may play">
        <div class="buttons">{legal.map((move) => <button key={JSON.stringify(move)} class="button" onClick={() => play(move)}>{titled(inWords(move))}</button>)}</div>
    </section>;
}

function MoveForm({ game, play }: { game: string; play: (move: Move) => void }) {
    const [values, setValues] = useState<Values>({});
    const schema = useDesk().game(game)?.move_schema as Schema | undefined;
    if (!schema) return null;
    return <form class="card" aria-label="Your move" onSubmit={(event) => { event.preventDefault(); play(values); setValues({}); }}>
        <Fields schema={schema} values={values} onChange={setValues} />
        <button class="button first">Play</button>
    </form>;
}

function Members({ value, before }: { value: Record<string, unknown>; before?: Record<string, unknown> }) {
    return <dl class="members">{Object.entries(value).map(([name, part]) => {
        const changed = before !== undefined && JSON.stringify(before[name]) !== JSON.stringify(part);
        return <div key={`${name} ${changed ? JSON.stringify(part) : ''}`} class={changed ? 'changed' : ''}>
            <dt>{titled(name)}</dt><dd><Value value={part} name={name} before={before?.[name]} /></dd>
        </div>;
    })}</dl>;
}

function Value({ value, name, before }: { value: unknown; name: string; before?: unknown }) {
    if (!Array.isArray(value)) return isObject(value) ? <Members value={value} before={isObject(before) ? before : undefined} /> : <span>{value === '' ? '–' : inWords(value)}</span>;
    if (value.length === 0) return <span class="soft">none</span>;
    if (value.every(Array.isArray)) return <Grid rows={value as unknown[][]} name={name} />;
    if (value.every(isObject)) return <Records rows={value as Record<string, unknown>[]} name={name} />;
    const side = Math.sqrt(value.length);
    if (side >= 3 && Number.isInteger(side) && value.every((one) => String(one).length <= 2)) {
        return <Grid name={name} rows={Array.from({ length: side }, (_, row) => value.slice(row * side, (row + 1) * side))} />;
    }
    return <ul class="values">{value.map((one, at) => <li key={at} class="pill">{one === '' ? '–' : inWords(one)}</li>)}</ul>;
}

function Grid({ rows, name }: { rows: unknown[][]; name: string }) {
    return <div class="scroll" tabIndex={0} role="region" aria-label={titled(name)}><table class="grid"><tbody>{rows.map((row, y) =>
        <tr key={y}>{row.map((cell, x) => <td key={x}>{isObject(cell) || Array.isArray(cell) ? inWords(cell) : cell === '' || cell === null ? '·' : String(cell)}</td>)}</tr>)}</tbody></table></div>;
}

/** A list of like things is a table, with a column for each member. */
function Records({ rows, name }: { rows: Record<string, unknown>[]; name: string }) {
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    return <div class="scroll" tabIndex={0} role="region" aria-label={titled(name)}><table class="records">
        <thead><tr>{columns.map((column) => <th key={column} scope="col">{spoken(column)}</th>)}</tr></thead>
        <tbody>{rows.map((row, at) => <tr key={at}>{columns.map((column) => <td key={column}>{row[column] === undefined ? '' : inWords(row[column])}</td>)}</tr>)}</tbody>
    </table></div>;
}

function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function Sign() {
    return <svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="9.5" cy="10" r="5.5" fill="currentColor" /><circle cx="15" cy="14.5" r="5.5" fill="none" stroke="currentColor" stroke-width="2" /></svg>;
}
