import type { Move } from '../desk.ts';
import type { Schema } from './schema.ts';

/** A board in a view, whose cells can be played. */
export interface Target {
    /** The member of the view that is the board. */
    name: string;
    /** The legal moves that do not go to one of its cells. */
    others: Move[];
    /** Whether there is no move but to a cell. */
    isAll: boolean;
    at: (x: number, y: number) => Place;
}

/** A cell that can be played. */
export interface Place {
    legal: boolean;
    play: () => void;
}

/** The rows of a value that is a board: a list of lists, or of lines of text, or of cells with a width beside it. */
export function rowsOf(value: unknown, name: string, beside: Record<string, unknown>): unknown[][] | undefined {
    if (!Array.isArray(value) || value.length === 0) return undefined;
    if (value.every(Array.isArray)) return value.some((row) => row.length > 0) ? value : undefined;
    if (!/board|grid|cells|squares|tiles|field/i.test(name)) return undefined;
    const [first] = value;
    if (typeof first === 'string' && first.length > 1 && value.length > 1 && value.every((line) => typeof line === 'string' && line.length === first.length)) return value.map((line) => [...line]);
    const columns = widthOf(beside, value.length) ?? (typeof first === 'object' ? undefined : widthOf({ side: Math.sqrt(value.length) }, value.length));
    if (columns === undefined) return undefined;
    return Array.from({ length: value.length / columns }, (_, row) => value.slice(row * columns, (row + 1) * columns));
}

/** How many cells of a list stand in a row, as the view says. */
function widthOf(beside: Record<string, unknown>, cells: number): number | undefined {
    const said = [beside.width, beside.columns, beside.cols, beside.size, beside.side, cells / Number(beside.height ?? beside.rows)];
    return said.find((width): width is number => typeof width === 'number' && Number.isInteger(width) && width > 1 && width < cells && cells % width === 0);
}

const pairs = [['x', 'y'], ['column', 'row'], ['col', 'row']];
const singles = ['cell', 'index', 'square', 'field', 'tile', 'position', 'at'];

/**
 * Where moves go, if they go to the cells of a board: two numbers that are a column and a row, one that counts the cells, or
 * one that is named as the list is: pit and pits. It is not so when there are two moves to a cell.
 */
export function targetOf(view: Record<string, unknown>, schema: Schema | undefined, legal: Move[], canPlay: boolean, play: (move: Move) => void): Target | undefined {
    const { properties = {}, required = [] } = schema ?? {};
    const names = Object.keys(properties).filter((name) => properties[name]?.type === 'integer');
    const alone = names.filter((name) => singles.includes(name) || Array.isArray(view[`${name}s`]));
    const coordinates = pairs.find((pair) => pair.every((name) => names.includes(name))) ?? (alone.length === 1 ? alone : []);
    const board = boardOf(view, coordinates);
    if (!board) return undefined;

    const place = (x: number, y: number) => coordinates.length === 2 ? [x, y] : [y * board.columns + x];
    const to = (move: Move) => coordinates.map((name) => move[name]).join();
    const fitting = legal.filter((move) => coordinates.every((name) => typeof move[name] === 'number'));
    const moves = new Map(fitting.map((move) => [to(move), move]));
    const known = new Set(board.rows.flatMap((row, y) => row.map((_, x) => place(x, y).join())));
    if (moves.size < fitting.length || ![...moves.keys()].every((key) => known.has(key))) return undefined;
    const isListed = legal.length > 0;
    if (!board.isSure && fitting.every((move) => board.rows[0]!.includes(move[coordinates[0]!]))) return undefined; // it may mean the value: card 7 of the cards 2, 5 and 7
    if (isListed ? moves.size === 0 : !board.isSure || !required.every((name) => coordinates.includes(name))) return undefined;
    return {
        name: board.name,
        others: legal.filter((move) => !fitting.includes(move)),
        isAll: !isListed && Object.keys(properties).every((name) => coordinates.includes(name)),
        at: (x, y) => {
            const move = { ...fitting[0], ...Object.fromEntries(coordinates.map((name, at) => [name, place(x, y)[at]])) };
            return { legal: canPlay && (!isListed || moves.has(to(move))), play: () => play(moves.get(to(move)) ?? move) };
        },
    };
}

interface FoundBoard { name: string; rows: unknown[][]; columns: number; isSure: boolean }

/** The one board to which such coordinates can belong. */
function boardOf(view: Record<string, unknown>, coordinates: string[]): FoundBoard | undefined {
    if (coordinates.length === 0) return undefined;
    const boards = Object.entries(view).flatMap(([name, value]) => {
        const rows = rowsOf(value, name, view);
        return rows ? [{ name, rows, columns: rows[0]!.length, isSure: true }] : [];
    });
    const list = view[`${coordinates[0]}s`];
    if (coordinates.length === 1 && Array.isArray(list) && !list.some(Array.isArray)) {
        return { name: `${coordinates[0]}s`, rows: [list], columns: list.length, isSure: false };
    }
    return boards.length === 1 ? boards[0] : undefined;
}
