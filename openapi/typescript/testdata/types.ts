// What an editor knows. Each line after @ts-expect-error must be refused, or this does not compile.
import { connect, memory, Problem, type Message, type Schemas } from '../client.js';

const client = await connect('https://play.example', { storage: memory(), guest: { display_name: 'Ann' } });

const ticket: Schemas['Ticket'] = await client.api.createTicket({ game: 'tictactoe' });
// @ts-expect-error: a ticket is for a game
await client.api.createTicket({});
// @ts-expect-error: no such member
await client.api.createTicket({ game: 'tictactoe', gmae: 'quiz' });
// @ts-expect-error: no such operation
await client.api.createTickets({ game: 'tictactoe' });

// What goes into the path, the query and the body stands side by side.
await client.api.playTicTacToeMove({ session_id: 'x', turn: 1, move: { cell: 4 } });
// @ts-expect-error: a move names its turn
await client.api.playTicTacToeMove({ session_id: 'x', move: { cell: 4 } });
const page = await client.api.listSessions();
const next = await client.api.listSessions({ cursor: page.next_cursor, my_turn: true });
// @ts-expect-error: whose?
await client.api.getSession({});

// A session keeps its game's types when it is played on.
let session = await client.api.getTicTacToeSession({ session_id: next.items[0]?.id ?? ticket.session_id ?? '' });
session = await client.play(session, { cell: 4 });
// @ts-expect-error: a move of another game
await client.play(session, { throw: 'rock' });
await client.play(await client.api.getSession({ session_id: 'x' }), { throw: 'rock' });
const board: string[] | undefined = session.view?.board;
// @ts-expect-error: the board is no number
const number: number = session.view?.board;

for await (const message of client.messages({ after: 0, signal: new AbortController().signal })) {
    const told: Message = message;
    client.seen(told.seq);
}

try {
    await client.signIn({ link_code: 'ABCD2345' });
    // @ts-expect-error: a provider's word is needed
    await client.signIn({ provider: 'apple' });
} catch (error) {
    if (error instanceof Problem) console.log(error.name, error.session?.turn, error.errors?.[0]?.location);
}

const nothing: void = await client.api.muteSession({ session_id: session.id });
console.log(board, number, nothing, client.badge.toFixed(), client.playerId.length);
