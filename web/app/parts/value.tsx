import { moment } from '../clock.ts';
import type { Session } from '../desk.ts';
import { inWords, spoken, telling, titled } from '../names.ts';
import { rowsOf, type Place, type Target } from './grid.ts';
import { memberOf, resolved, type Schema } from './schema.ts';

interface Known {
    /** What it was one step before. */
    before: unknown;
    schema: Schema | undefined;
    /** Where the schema's definitions stand. */
    root: Schema | undefined;
    session: Session;
}

/** An object: the names of its members, and what they are. The board among them may be played. */
export function Members({ value, before, schema, root, session, target }: Known & { value: Record<string, unknown>; target?: Target }) {
    const old = isObject(before) ? before : undefined;
    return <dl class="members">{Object.entries(value).map(([name, part]) => {
        const changed = old !== undefined && JSON.stringify(old[name]) !== JSON.stringify(part);
        const its = memberOf(schema, name, root);
        const playable = target?.name === name ? target : undefined;
        const large = typeof part === 'object' || String(part).length > 40;
        return <div key={`${name} ${changed && !playable ? JSON.stringify(part) : ''}`} class={`${changed ? 'changed' : ''}${large ? ' large' : ''}`}>
            <dt title={its?.description}>{its?.title ?? titled(name)}</dt>
            <dd><Value value={part} name={name} beside={value} before={old?.[name]} schema={its} root={root} session={session} target={playable} /></dd>
        </div>;
    })}</dl>;
}

function Value(props: Known & { value: unknown; name: string; beside: Record<string, unknown>; target: Target | undefined }) {
    const { value, name, beside, before, schema, session, target } = props;
    const seats = seatNames(value, name, schema, session);
    if (seats !== undefined) return <Text value={seats} name={name} />;
    const rows = rowsOf(value, name, beside) ?? (target && [value as unknown[]]);
    if (rows) return <Grid rows={rows} old={rowsOf(before, name, beside) ?? [before]} name={name} at={target?.at} />;
    if (Array.isArray(value)) return <List {...props} value={value} />;
    if (!isObject(value)) return <Text value={value} name={name} />;
    return Object.keys(value).length > 0 ? <Members {...props} value={value} target={undefined} /> : <Text value="" name={name} />;
}

function Text({ value, name }: { value: unknown; name: string }) {
    const text = value === '' ? '–' : worded(value);
    return text.length > 400 ? <div class="text long" tabIndex={0} role="group" aria-label={titled(name)}>{text}</div> : <span class="text">{text}</span>;
}

/** What a list has of each seat stands beside whoever sits there. */
function List({ value, name, schema, root, session }: Known & { value: unknown[]; name: string }) {
    if (value.length === 0) return <span class="soft">none</span>;
    const ofSeats = value.length === session.seats.length && value.length > 1 && /\b(each|every|per|by) (seat|player)\b/i.test(schema?.description ?? '');
    const people = ofSeats ? value.map((_, seat) => telling(session).name(seat)) : undefined;
    if (value.every(isObject)) return <Records rows={value} name={name} people={value.some((row) => 'seat' in row) ? undefined : people} schema={resolved(schema?.items, root)} root={root} session={session} />;
    return <ul class="values">{value.map((one, at) => <li key={at} class="pill">{people && <span class="soft">{people[at]}: </span>}{one === '' ? '–' : inWords(one)}</li>)}</ul>;
}

interface RecordsProps { rows: Record<string, unknown>[]; name: string; people: string[] | undefined; schema: Schema | undefined; root: Schema | undefined; session: Session }

/** A list of like things is a table, with a column for each member; things that have parts of their own stand one below the other. */
function Records({ rows, name, people, schema, root, session }: RecordsProps) {
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    if (rows.some((row) => Object.values(row).some((part) => isObject(part) || (Array.isArray(part) && part.some(isObject))))) {
        return <ol class="things">{rows.map((row, at) => <li key={at}>{people && <strong>{people[at]}</strong>}<Members value={row} before={undefined} schema={schema} root={root} session={session} /></li>)}</ol>;
    }
    return <div class="scroll" tabIndex={0} role="group" aria-label={titled(name)}><table class="records">
        <thead><tr>{people && <td />}{columns.map((column) => <th key={column} scope="col">{spoken(column)}</th>)}</tr></thead>
        <tbody>{rows.map((row, at) => <tr key={at}>{people && <th scope="row">{people[at]}</th>}{columns.map((column) => <td key={column}><span>{row[column] === undefined ? '' : said(row[column], column, memberOf(schema, column, root), session)}</span></td>)}</tr>)}</tbody>
    </table></div>;
}

interface GridProps { rows: unknown[][]; old: unknown[]; name: string; at: ((x: number, y: number) => Place) | undefined }

function Grid({ rows, old, name, at }: GridProps) {
    const columns = Math.max(...rows.map((row) => row.length));
    const isFresh = (x: number, y: number) => Array.isArray(old[y]) && JSON.stringify(old[y][x]) !== JSON.stringify(rows[y]![x]);
    return <div class="scroll" tabIndex={0} role="group" aria-label={titled(name)}>
        <table class="grid" style={{ '--columns': columns } as never} onKeyDown={walk}><tbody>{rows.map((row, y) => <tr key={y}>{row.map((cell, x) =>
            <td key={x} class={isFresh(x, y) ? 'fresh' : ''}>{at ? <Cell value={cell} name={`row ${y + 1}, column ${x + 1}`} {...at(x, y)} /> : <Sign value={cell} />}</td>)}</tr>)}</tbody></table>
    </div>;
}

function Cell({ value, name, legal, play }: Place & { value: unknown; name: string }) {
    return <button aria-label={`${name}: ${value === '' || value === null ? 'empty' : inWords(value)}`} aria-disabled={!legal} data-move={legal ? true : undefined} onClick={play}><Sign value={value} /></button>;
}

/** What stands in a cell. The key makes what has changed appear. */
function Sign({ value }: { value: unknown }) {
    const text = value === '' || value === null ? '·' : inWords(value);
    return <span key={text} class={`sign-in-cell${text.length > 3 ? ' small' : ''}`}>{text}</span>;
}

/** The arrow keys go from cell to cell. */
function walk(event: KeyboardEvent): void {
    const cell = (event.target as HTMLElement).closest('td');
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [];
    if (!cell || dx === undefined || dy === undefined) return;
    const row = (cell.parentElement as HTMLTableRowElement);
    const rows = (row.parentElement as HTMLTableSectionElement).rows;
    const next = rows[row.sectionRowIndex + dy]?.cells[cell.cellIndex + dx]?.querySelector('button');
    if (!next) return;
    event.preventDefault();
    next.focus();
}

/** A value in few words. */
export function said(value: unknown, name: string, schema: Schema | undefined, session: Session): string {
    return seatNames(value, name, schema, session) ?? worded(value);
}

function worded(value: unknown): string {
    return typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(value) ? moment(value) : inWords(value);
}

/** Who sits there, where a number is said to be that of a seat. */
function seatNames(value: unknown, name: string, schema: Schema | undefined, session: Session): string | undefined {
    const said = /^(seats?|winners?|to_move)$/.test(name) || /(^|: )(the )?(number of the )?seats?\b(?!['’])/i.test(schema?.description ?? '');
    const seats = Array.isArray(value) ? value : [value];
    if (!said || seats.length === 0 || !seats.every((seat) => session.seats.some((one) => one.seat === seat))) return undefined;
    return seats.map((seat: number) => telling(session).name(seat)).join(', ');
}

function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}
