import './tictactoe.css';
import { useRef } from 'preact/hooks';
import type { Schemas } from '/client.js';
import type { BoardProps, Drawing } from '../drawing.ts';
import { tellCommon } from '../names.ts';

type View = Schemas['TicTacToeView'];
type Move = Schemas['TicTacToeMove'];

export const tictactoe: Drawing<View, Move> = {
    Board, Sign,
    about: 'Three in a row win. The oldest quarrel on squared paper.',
    prompt: ({ marks }, { your_seat }) => `Your turn: put ${marks[your_seat ?? 0]} into a cell.`,
    tell: (event, words) => {
        const { cell } = (event.data.move ?? {}) as Partial<Move>;
        const { view } = words.session;
        if (event.kind !== 'move' || cell === undefined || !view) return tellCommon(event, words);
        return `${words.verb(event.seat, 'take', 'takes')} ${where(cell, (view as View).size)}.`;
    },
};

function where(cell: number, size: number): string {
    return `row ${Math.floor(cell / size) + 1}, column ${cell % size + 1}`;
}

function Board({ view: { board, size, align, marks }, before, session, events, unsent, canPlay, play }: BoardProps<View, Move>) {
    const cells = useRef<HTMLDivElement>(null);
    const line = winningLine(board, size, align);
    const decided = before !== undefined && !winningLine(before.board, size, align) ? ' decided' : '';
    const last = (events.filter(({ kind }) => kind === 'move').at(-1)?.data.move as Partial<Move> | undefined)?.cell;
    const seatOf = (mark: string) => marks.indexOf(mark);
    const walk = (event: KeyboardEvent, cell: number) => {
        const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -size, ArrowDown: size }[event.key];
        if (step === undefined) return;
        event.preventDefault();
        (cells.current?.children[cell + step] as HTMLElement | undefined)?.focus();
    };
    return <div class={`tictactoe${canPlay ? ' mine' : ''}${line ? ` won${decided}` : ''}`} role="group" aria-label="Board" ref={cells} style={{ '--size': size } as never}>
        {board.map((mark, cell) => {
            const shown = mark || (unsent?.cell === cell ? marks[session.your_seat ?? 0] ?? '' : '');
            const fresh = before !== undefined && before.board[cell] === '' && mark !== '';
            return <button key={cell} class={`cell${line?.includes(cell) ? ' line' : last === cell ? ' last' : ''}`}
                aria-label={`${where(cell, size)}: ${mark || 'empty'}${last === cell ? ', the last move' : ''}`}
                aria-disabled={!canPlay || mark !== ''} data-move={canPlay && mark === '' ? '' : undefined} onKeyDown={(event) => walk(event, cell)} onClick={() => play({ cell })}>
                {shown && <Mark mark={shown} seat={seatOf(shown)} fresh={fresh} ghost={mark === ''} />}
            </button>;
        })}
    </div>;
}

function Mark({ mark, seat, fresh, ghost }: { mark: string; seat: number; fresh: boolean; ghost: boolean }) {
    return <svg class={`mark${fresh ? ' fresh' : ''}${ghost ? ' ghost' : ''}`} viewBox="0 0 40 40" aria-hidden="true" style={{ color: `var(--seat-${seat})` }}>
        {mark === 'X' ? <><path pathLength="1" d="M9 9 31 31" /><path pathLength="1" class="second" d="M31 9 9 31" /></> : <circle pathLength="1" cx="20" cy="20" r="12" />}
    </svg>;
}

/** The cells of a line that has won, to be shown as such. */
function winningLine(board: string[], size: number, align: number): number[] | undefined {
    const ways = [[1, 0], [0, 1], [1, 1], [1, -1]] as const;
    for (let cell = 0; cell < board.length; cell++) {
        for (const [dx, dy] of ways) {
            const line = Array.from({ length: align }, (_, step) => [cell % size + dx * step, Math.floor(cell / size) + dy * step] as const);
            if (line.some(([x, y]) => x < 0 || x >= size || y < 0 || y >= size)) continue;
            const cells = line.map(([x, y]) => y * size + x);
            if (board[cell] && cells.every((one) => board[one] === board[cell])) return cells;
        }
    }
    return undefined;
}

function Sign() {
    return <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" aria-hidden="true">
        <path d="M9 3v18M15 3v18M3 9h18M3 15h18" opacity=".45" /><path d="M4.5 4.5 7 7M7 4.5 4.5 7" /><circle cx="12" cy="12" r="1.6" />
    </svg>;
}
