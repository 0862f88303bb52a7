// Every game of the server is played to its end in browsers, by people who click whatever may be clicked. On the way axe
// looks at each screen: whose turn it is, the past, the end, and the dialogs. Arguments say which games.
import assert from 'node:assert/strict';
import { accessible, ask, atTable, begin, forgiven, person, sessionOf, tell } from './people.mjs';

const still = { reducedMotion: 'reduce' };
const offered = '[data-move], [data-move-begin]';
let seed = 20;

const stories = { screens, tictactoe, rps, eights, quest, dungeon, quiz };
await tell(...process.argv.slice(2).map((name) => stories[name]));

/** A die that falls in the same way in each run. */
function dice(sides) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor(seed / 65536) % sides;
}

/** Screens that no game is played on. */
async function screens() {
    const host = await person(still);
    await host.page.locator('.tile').first().waitFor();
    await accessible(host.page, 'the first screen');
    for (const { name, title } of (await ask(host.page, 'listGames')).items) {
        await begin(host.page, title);
        await host.page.locator('summary').first().click();
        await accessible(host.page, `beginning ${name}`);
        await host.page.getByRole('link', { name: /my games/ }).click();
    }
    await begin(host.page, 'Tic-tac-toe');
    await host.page.getByRole('button', { name: 'Open a table' }).click();
    await accessible(host.page, 'waiting for a friend');
    const link = new URL(await host.page.getByRole('link', { name: '/j/' }).innerText());
    const friend = await person({ ...still, path: link.pathname });
    await friend.page.getByRole('button', { name: 'Sit down' }).waitFor();
    await accessible(friend.page, 'an invitation');

    await host.page.locator('header.top a[href="/me"]').click();
    await host.page.getByRole('button', { name: 'Show a code here' }).click();
    await host.page.locator('.joincode').waitFor();
    await accessible(host.page, 'about me');
    await host.page.getByRole('button', { name: 'Sign out here' }).click();
    await host.page.getByRole('dialog').waitFor();
    await accessible(host.page, 'signing out');
    await host.page.getByRole('button', { name: 'No, go back' }).click();
    await host.page.getByRole('dialog').waitFor({ state: 'detached' });
}

async function tictactoe() {
    const both = await together('Tic-tac-toe', 2);
    const [{ page }] = both;
    await page.getByRole('link', { name: /my games/ }).click();
    await page.locator('.rows a').first().waitFor();
    await accessible(page, 'the list of games');
    await page.goBack();
    await atTable(page);
    await toTheEnd(both);
}

async function rps() {
    await toTheEnd(await together('Rock-paper-scissors', 2));
}

async function eights() {
    await toTheEnd(await together('Crazy eights', 2), '.hand [data-move], .hand [data-move-begin], .suit[data-move]'); // whoever draws on and on does not end
}

async function quest() {
    const party = await together('Quest', 3, (page) => settle(page, { 'Pause ms': 1 }));
    for (const one of party) forgiven(one, /422/); // two may choose the same role at once
    await toTheEnd(party);
}

/** Alone, in a dungeon of four rooms. */
async function dungeon() {
    const one = await person(still);
    await begin(one.page, 'Dungeon');
    await settle(one.page, { Rooms: 4 });
    await one.page.getByRole('button', { name: 'Begin' }).click();
    await atTable(one.page);
    await toTheEnd([one]);
}

/** Three rounds. The second person comes in while the first is being asked. */
async function quiz() {
    await toTheEnd(await together('Quiz', 2, (page) => settle(page, { 'Rounds': 3, 'Round seconds': 3600 })));
}

/** Says how it is played: by a choice where there are few, and by a field otherwise. */
async function settle(page, values) {
    await page.getByText('Settings of the game').click();
    for (const [name, value] of Object.entries(values)) {
        const group = page.getByRole('group', { name, exact: true });
        if (await group.count() > 0) await group.getByRole('radio', { name: String(value), exact: true }).check();
        else await page.getByLabel(name).fill(String(value));
    }
}

/** So many people at one table: one opens it, the others follow the link. */
async function together(title, count, before) {
    const host = await person(still);
    await begin(host.page, title);
    await before?.(host.page);
    await host.page.getByRole('button', { name: 'Open a table' }).click();
    await host.page.waitForURL('**/s/*');
    const code = await host.page.locator('.joincode').first().innerText();
    const all = [host];
    while (all.length < count) {
        const friend = await person({ ...still, path: `/j/${code}` });
        await friend.page.getByRole('button', { name: 'Sit down', exact: true }).click();
        await friend.page.waitForURL('**/s/*');
        all.push(friend);
    }
    await Promise.all(all.map(({ page }) => atTable(page)));
    return all;
}

/** Everybody clicks what may be clicked, some things rather than others, until it is over. They are told the end that the server tells. */
async function toTheEnd(people, rather = offered) {
    await looked(people);
    await Promise.all(people.map(({ page }, at) => clickToTheEnd(page, `Saturn ${at}`, rather)));
    for (const { page } of people) {
        const { status, seats, your_seat, result } = await ask(page, 'getSession', { session_id: sessionOf(page) });
        assert.equal(status, 'finished');
        const isFirst = result.winners.includes(your_seat) || seats[your_seat].result.place === 1;
        const words = await page.locator('.status').innerText();
        assert.equal(/You win|You share the first place|A draw/.test(words), isFirst, words);
    }
    const [{ page }] = people;
    await accessible(page, 'the end');
    await page.getByRole('slider').press('ArrowLeft');
    await page.getByRole('button', { name: 'Back to now' }).waitFor();
    await accessible(page, 'the past');
    await page.getByRole('button', { name: 'Options' }).click();
    await page.getByRole('dialog').waitFor();
    await accessible(page, 'the options');
}

/** Axe looks at those who are to move and at those who wait. */
async function looked(people) {
    for (const { page } of people) await accessible(page, `the table, ${await page.locator('.status').first().innerText()}`);
}

async function clickToTheEnd(page, words, rather) {
    for (let clicks = 0; clicks < 500; clicks++) {
        await page.locator(`${offered}, .ended, .board form`).first().waitFor({ timeout: 60_000 });
        if (await page.locator('.ended').count() > 0) return;
        for (const field of await page.locator('.board input:not([type]), .board input[type=text]').all()) await fill(field, words);
        const choices = await page.locator(rather).count() > 0 ? page.locator(rather) : page.locator(offered);
        const count = await choices.count();
        if (count > 0) await click(choices.nth(dice(count)));
    }
    throw new Error('it does not end');
}

/** What may be clicked can be gone before the click: somebody else has moved. */
async function click(button) {
    await button.click({ timeout: 3000 }).catch((error) => { if (error.name !== 'TimeoutError') throw error; });
}

async function fill(field, words) {
    await field.fill(words, { timeout: 3000 }).catch((error) => { if (error.name !== 'TimeoutError') throw error; });
}
