// Two players in one program meet and play a whole game of tic-tac-toe against each other.
//
//     node example.mjs http://127.0.0.1:8080
//
// The server may be killed and started again meanwhile: they do not notice, and each move is taken exactly once.
import { connect } from './client.js';

const address = process.argv[2] ?? 'http://127.0.0.1:8080';

/** What another game needs is another way to choose. @param {import('./client.js').Schemas['TicTacToeSession']} session */
function choose({ view }) {
    return { cell: view?.board.indexOf('') ?? 0 };
}

/** @param {string} name */
async function play(name) {
    const client = await connect(address, { profile: name, guest: { display_name: name } });
    await client.api.createTicket({ game: 'tictactoe', turn_seconds: 86400 });

    for await (const message of client.messages()) {
        client.seen(message.seq);
        if (!message.session_id) continue;
        let session = await client.api.getTicTacToeSession({ session_id: message.session_id });
        while (session.your_turn) {
            const played = await client.play(session, choose(session));
            console.log(`move ${played.move.turn} ${name}\n${board(played)}`);
            session = played;
        }
        if (session.status === 'finished') return { name, session };
    }
    throw new Error('the feed has ended');
}

/** @param {import('./client.js').Schemas['TicTacToeSession']} session */
function board({ view }) {
    return [0, 3, 6].map((row) => view?.board.slice(row, row + 3).map((mark) => mark || '.').join(' ')).join('\n');
}

const [ann, bob] = await Promise.all([play('Ann'), play('Bob')]);
const winner = [ann, bob].find(({ session }) => session.result?.winners.includes(session.your_seat ?? -1));
console.log(winner ? `${winner.name} wins.` : 'A draw.');
