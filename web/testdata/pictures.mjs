// Takes a picture of every screen of the app, on a telephone and on a desk, in light and dark.
//
//     BROWSER=… CHROMIUM=… SERVER=http://… PICTURES=folder node pictures.mjs
//
// The games are played through the API, half of each by the login of the browser and half by others, so that the screens
// show what they would after some days.
import assert from 'node:assert/strict';
import { connect, memory } from '../../openapi/typescript/client.js';

const { launch, open } = await import(process.env.BROWSER);
const { SERVER: server, PICTURES: folder } = process.env;

const sizes = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 800 } };
const narrow = { width: 360, height: 740 };

const browser = await launch();
try {
    const context = await browser.newContext({ viewport: sizes.phone, reducedMotion: 'reduce' });
    const { page, errors } = await open(context, server);
    await page.locator('.tile').first().waitFor();
    await picture(page, 'begin');
    const me = await signedInAs(page);
    const friends = [await friend(), await friend()];
    for (const [name, address] of Object.entries(await tables(me, friends))) {
        await visit(page, address);
        await page.locator('.board, .invite, .ways').first().waitFor();
        await picture(page, name);
    }
    await visit(page, '/');
    await page.locator('.row').first().waitFor();
    await picture(page, 'home');
    await visit(page, `/j/${await invitationOf(friends[0])}`);
    await page.getByRole('button', { name: 'Sit down' }).first().waitFor();
    await picture(page, 'join');
    await visit(page, '/me');
    await page.getByText('Your other devices').waitFor();
    await picture(page, 'me');
    assert.deepEqual(errors, []);
} finally {
    await browser.close();
}

/** Goes somewhere in the app as its own links do. */
async function visit(page, address) {
    await page.goto(server + address);
}

async function picture(page, name) {
    await page.setViewportSize(narrow);
    const [wide, has] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(wide <= has, `${name} sticks out to the side: ${wide} of ${has}`);
    for (const [size, viewport] of Object.entries(sizes)) {
        for (const colorScheme of ['light', 'dark']) {
            await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
            await page.setViewportSize(viewport);
            await page.evaluate(() => Promise.all(document.getAnimations().filter((one) => one.effect.getTiming().iterations !== Infinity).map((one) => one.finished)));
            await page.screenshot({ path: `${folder}/${name}-${size}-${colorScheme}.png`, fullPage: size === 'phone' });
        }
    }
}

/** A client of the login that the browser has. */
async function signedInAs(page) {
    const { code } = await page.evaluate(async () => {
        const { connect } = await import('/client.js');
        return (await connect()).api.createLinkCode();
    });
    const client = await friend();
    await client.signIn({ link_code: code });
    return client;
}

function friend() {
    return connect(server, { storage: memory() });
}

async function invitationOf(host) {
    return (await host.api.createSession({ game: 'quest' })).join_code;
}

/** Plays every game into its middle, and one to its end: the addresses by the names of their pictures. */
async function tables(me, friends) {
    const table = async (game, count, more = {}) => {
        const session = await me.api.createSession({ game, ...more });
        for (const one of friends.slice(0, count)) await one.api.joinSession({ join_code: session.join_code });
        return session.id;
    };
    const all = [me, ...friends];
    const two = all.slice(0, 2);
    const tictactoe = await table('tictactoe', 1);
    await play(tictactoe, two, 4, cells);
    const over = await table('tictactoe', 1);
    await play(over, two, 9, cells);
    const rps = await table('rps', 1, { config: { best_of: 5 } });
    for (const [mine, theirs] of [['rock', 'scissors'], ['paper', 'scissors'], ['rock', 'rock']]) await thrown(rps, [me, mine], [friends[0], theirs]);
    const eights = await table('eights', 2, { seats: 3 });
    await play(eights, all, 9);
    const choosing = await table('quest', 2);
    const quest = await table('quest', 2, { config: { pause_ms: 1, difficulty: 'hard' } });
    for (const [at, role] of ['ranger', 'cleric', 'mage'].entries()) await answer(all[at], quest, { kind: 'choose', role });
    await play(quest, all, 9);
    const dungeon = await table('dungeon', 0, { config: { rooms: 7 } });
    await play(dungeon, [me], 7);
    const quiz = await table('quiz', 2, { config: { round_seconds: 86400, rounds: 8 }, seats: 3 });
    for (const one of all) await answer(one, quiz, { answer: 'seven' });
    const waiting = await table('eights', 0, { seats: 4 });
    return {
        start: '/new/tictactoe', 'start-quest': '/new/quest', waiting: `/s/${waiting}`, tictactoe: `/s/${tictactoe}`, over: `/s/${over}`, rps: `/s/${rps}`,
        eights: `/s/${eights}`, 'quest-roles': `/s/${choosing}`, quest: `/s/${quest}`, dungeon: `/s/${dungeon}`, quiz: `/s/${quiz}`,
    };
}

/** I win by the first row, if I am let. */
function cells(mine, legal) {
    const wanted = mine ? [0, 1, 2] : [3, 4, 8];
    return legal.find(({ cell }) => wanted.includes(cell)) ?? legal[0];
}

function any(_, legal, played) {
    return legal[(played * 7 + 3) % legal.length];
}

/** Lets whoever must move play what the game lists, so many times, and ends when it is my turn. */
async function play(id, all, moves, choose = any) {
    for (let played = 0; played < moves || !(await all[0].api.getSession({ session_id: id })).your_turn;) {
        for (const one of all) {
            const session = await one.api.getSession({ session_id: id });
            if (session.status === 'finished') return;
            const legal = session.legal_moves ?? [];
            if (!session.your_turn || legal.length === 0 || (one === all[0] && played >= moves)) continue;
            await one.play(session, choose(one === all[0], legal, played));
            played++;
        }
    }
}

async function answer(one, id, move) {
    await one.play(await one.api.getSession({ session_id: id }), move);
}

async function thrown(id, ...throws) {
    for (const [one, what] of throws) await answer(one, id, { throw: what });
}
