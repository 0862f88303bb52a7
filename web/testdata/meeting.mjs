// How people come to a table: as guests at once, by looking for an opponent, by a link, and by playing again.
import assert from 'node:assert/strict';
import { ask, atTable, begin, board, cell, expected, mayMove, nameOf, over, pair, person, server, sessionOf, take, tell } from './people.mjs';

await tell(guestAtOnce, strangersPlay, myTurnFirst, invitation, invitationsThatLeadNowhere);

/** Whoever opens the page has a name, and games to choose from. Nothing is asked before. */
async function guestAtOnce() {
    const { page } = await person();
    await page.getByRole('heading', { name: 'What shall we play?' }).waitFor();
    await page.locator('header.top').getByText(await nameOf(page)).waitFor();
    const { items } = await ask(page, 'listGames');
    await page.locator('.tile').nth(items.length - 1).waitFor();
    assert.deepEqual(await page.locator('.tile').allInnerTexts(), items.map(({ title }) => title));
    assert.equal(await page.getByRole('dialog').count(), 0);
}

/** Two who look for an opponent are led to one table, play to the end, and both play again. */
async function strangersPlay() {
    const [winner, loser] = await pair();
    assert.equal(sessionOf(winner.page), sessionOf(loser.page));
    const names = [await nameOf(winner.page), await nameOf(loser.page)];
    await winner.page.getByRole('listitem').filter({ hasText: names[1] }).first().waitFor();
    for (const [move, at] of [0, 3, 1, 4, 2].entries()) await take([winner, loser][move % 2].page, at);
    await over(winner.page, 'You win.');
    await over(loser.page, `${names[0]} wins.`);
    await board(loser.page, 'XXXOO....');

    const before = sessionOf(loser.page);
    await loser.page.getByRole('button', { name: 'Play again' }).click();
    await loser.page.waitForFunction((before) => !location.pathname.endsWith(before), before);
    await winner.page.getByRole('button', { name: 'To the rematch' }).click();
    await Promise.all([winner, loser].map(async ({ page }) => {
        await page.waitForFunction((before) => !location.pathname.endsWith(before), before);
        await board(page, '.........');
    }));
    assert.equal(sessionOf(winner.page), sessionOf(loser.page));
    const first = await mayMove(winner.page) ? winner : loser;
    await take(first.page, 4);
    await Promise.all([winner, loser].map(({ page }) => board(page, '....X....')));
}

/** The list has what waits for me first, with a mark on what I have not seen, and the title counts it. */
async function myTurnFirst() {
    const [first, second] = await pair();
    await second.page.getByRole('link', { name: /my games/ }).click();
    await second.page.getByRole('heading', { name: 'Nothing waits for you' }).waitFor();
    await begin(second.page, 'Tic-tac-toe');
    await second.page.getByRole('button', { name: 'Open a table' }).click();
    await second.page.locator('.joincode').waitFor();
    await second.page.getByRole('link', { name: /my games/ }).click();

    await take(first.page, 0);
    await second.page.getByRole('heading', { name: 'One game waits for you' }).waitFor();
    await second.page.waitForFunction(() => document.title.startsWith('(1) '));
    const rows = second.page.locator('.rows').getByRole('link');
    assert.match(await rows.first().innerText(), new RegExp(await nameOf(first.page)));
    assert.equal(await rows.first().locator('.dot').count(), 1);
    await second.page.getByRole('link', { name: 'Your turn in Tic-tac-toe.' }).waitFor();

    await rows.first().click();
    await board(second.page, 'X........');
    await second.page.getByRole('link', { name: /my games/ }).click();
    await rows.first().waitFor();
    assert.equal(await second.page.locator('.dot').count(), 0);
    await rows.first().click();
    await take(second.page, 1);
    await second.page.waitForFunction(() => !document.title.startsWith('('));
}

/** Who follows a link in a fresh browser sees who invites, sits down, and both are at the table. */
async function invitation() {
    const host = await person();
    await begin(host.page, 'Tic-tac-toe');
    await host.page.getByRole('button', { name: 'Open a table' }).click();
    const link = await host.page.getByRole('link', { name: '/j/' }).innerText();
    assert.equal(link, `${server}/j/${await host.page.locator('.joincode').innerText()}`);

    const friend = await person({ path: new URL(link).pathname });
    await friend.page.getByRole('heading', { name: `${await nameOf(host.page)} invites you to Tic-tac-toe` }).waitFor();
    await friend.page.getByText('One seat is free.').waitFor();
    await friend.page.getByRole('button', { name: 'Sit down' }).click();
    await Promise.all([host, friend].map(({ page }) => atTable(page)));
    await cell(host.page, 0).waitFor();

    const byCode = await person();
    await byCode.page.getByLabel('A friend gave you a code?').fill(link.slice(-8).toLowerCase());
    await byCode.page.getByRole('button', { name: 'Join' }).click();
    await byCode.page.getByText('All seats are taken.').waitFor();
    assert.equal(await byCode.page.getByRole('button', { name: 'Sit down' }).count(), 0);
}

/** A wrong code says what may be the matter; one's own link leads to one's own table. */
async function invitationsThatLeadNowhere() {
    const somebody = await person({ path: '/j/NOSUCHCO' });
    await somebody.page.getByRole('heading', { name: 'This invitation leads nowhere' }).waitFor();
    expected(somebody, /404/);

    await somebody.page.getByRole('link', { name: 'To my games' }).click();
    await begin(somebody.page, 'Tic-tac-toe');
    await somebody.page.getByRole('button', { name: 'Open a table' }).click();
    const code = await somebody.page.locator('.joincode').innerText();
    const table = somebody.page.url();
    await somebody.page.goto(`${server}/j/${code}`);
    await somebody.page.waitForURL(table);
    await somebody.page.locator('.joincode').waitFor();
}
