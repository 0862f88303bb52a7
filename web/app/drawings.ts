import type { Drawing } from './drawing.ts';
import { dungeon } from './drawings/dungeon.tsx';
import { eights } from './drawings/eights.tsx';
import { plain } from './drawings/plain.tsx';
import { quest } from './drawings/quest.tsx';
import { quiz } from './drawings/quiz.tsx';
import { rps } from './drawings/rps.tsx';
import { tictactoe } from './drawings/tictactoe.tsx';

/** The games that have a picture of their own, by name. */
const drawings: Record<string, Drawing> = { dungeon, eights, quest, quiz, rps, tictactoe };

/** How a game looks: by its own picture where there is one, and by the plain table otherwise. */
export function drawingOf(game: string): Drawing & Required<Pick<Drawing, 'Sign'>> {
    return { ...plain, ...drawings[game] };
}
