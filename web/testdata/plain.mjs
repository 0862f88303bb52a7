// Two people play games that have no picture of their own, at the plain table.
import assert from 'node:assert/strict';
import { accessible, ask, atTable, begin, expected, over, person, sessionOf, tell } from './people.mjs';

await tell(byButtons, onABoard, onAList, withAForm);

/** Many moves stand in groups, and each is one button. Whoever sits on a seat that the view names is called by name. */
async function byButtons() {
    const both = await table('Matches');
    const { page } = await whoseTurn(both);
    await page.getByRole('group', { name: 'Row 3' }).getByRole('button').nth(6).waitFor();
    assert.equal(await page.locator('[data-move]').count(), 1 + 3 + 5 + 7);
    await page.getByRole('definition').filter({ hasText: /^You$/ }).waitFor();
    await page.getByRole('group', { name: 'Row 3' }).getByRole('button', { name: 'Take 7' }).click();
    await shows(both, '1350');
    await page.locator('.status', { hasText: /Waiting for/ }).waitFor();
    assert.equal(await page.locator('[data-move]').count(), 0);
    await allAccessible(both, 'in the middle');
    await toTheEnd(both);
    await lookBack(both[0].page, 'Rows1357Begun');
}

/** The cells of a board are what can be played; what goes to none of them is a button. A taken cell says why not. */
async function onABoard() {
    const [first, second] = await table('Squares');
    await first.page.getByRole('button', { name: 'row 3, column 4: empty' }).click();
    const taken = second.page.getByRole('button', { name: 'row 3, column 4: dot' });
    await second.page.locator('.status.turn').waitFor();
    expected(second, /status of 422/);
    await taken.click({ force: true }); // it says of itself that it cannot be played
    await second.page.getByRole('alert').filter({ hasText: 'Somebody was there before you.' }).waitFor();
    assert.equal(await second.page.locator('.grid [data-move]').count(), 11);

    await taken.focus();
    for (const key of ['ArrowLeft', 'ArrowUp', 'Enter']) await second.page.keyboard.press(key);
    await first.page.getByRole('button', { name: 'row 2, column 3: ring' }).waitFor();
    await first.page.getByRole('button', { name: 'Pass', exact: true }).click();
    await allAccessible([first, second], 'on a board');
    await toTheEnd([first, second]);
}

/** So can those of a list that is named as the move's number is, though that counts from 0. */
async function onAList() {
    const both = await table('Pits');
    await both[0].page.getByRole('button', { name: 'row 1, column 3: 9' }).click();
    await shows(both, '78087');
    await toTheEnd(both);
    await over(both[0].page, 'You win.');
}

/** A game that lists no moves has a form, with parts of all sorts. What was written stays when it is refused. */
async function withAForm() {
    const both = await table('Letters');
    for (const [turn, writer] of both.entries()) {
        const { page } = writer;
        await page.getByRole('radio', { name: 'oslo' }).check();
        await page.getByRole('textbox', { name: 'Text' }).fill('Dear friend, '.repeat(40));
        await page.getByLabel('Stamps').fill('1, 1');
        const [from, copy] = [page.getByRole('group', { name: 'From' }), page.getByRole('group', { name: 'Copy' })];
        assert.equal(await page.locator('[data-move]').count(), 0);
        await from.getByLabel('Name').fill(['Ann', 'Bob'][turn]);
        if (turn === 1) await copy.getByLabel('Name').fill('Cleo');
        if (turn === 1) await copy.getByRole('radio', { name: 'yes' }).check();
        await page.getByLabel('Weight').fill('0.5');
        await page.getByLabel('Within').fill('{"coins": 3}');
        await accessible(page, 'a form');
        expected(writer, /status of 422/);
        await page.locator('[data-move]').click();
        await page.getByRole('alert').filter({ hasText: 'The post wants three at least.' }).waitFor();
        await page.getByLabel('Stamps').fill('1, 1, 2');
        await page.locator('[data-move]').click();
    }
    await over(both[0].page, 'A draw.');
    const { view } = await ask(both[0].page, 'getSession', { session_id: sessionOf(both[0].page) });
    const text = 'Dear friend, '.repeat(40);
    const common = { to: 'oslo', text, stamps: [1, 1, 2], weight: 0.5, within: { coins: 3 } };
    assert.deepEqual(view.sent, [{ ...common, from: { name: 'Ann' } }, { ...common, from: { name: 'Bob' }, copy: { name: 'Cleo', abroad: true } }]);
    await both[0].page.locator('.things > li').nth(1).getByText('Cleo').waitFor();
    await allAccessible(both, 'letters');
}

/** Two at a table of their own, one on a phone, the other at a desk. The first is on seat 0. */
async function table(title) {
    const host = await person({ viewport: { width: 360, height: 740 } });
    await begin(host.page, title);
    await host.page.getByRole('button', { name: 'Open a table' }).click();
    const code = await host.page.locator('.joincode').innerText();
    const guest = await person({ path: `/j/${code}` });
    await guest.page.getByRole('button', { name: 'Sit down' }).click();
    await Promise.all([host, guest].map(({ page }) => atTable(page)));
    await Promise.all([host, guest].map(({ page }) => page.locator('.plain').waitFor()));
    const { your_seat } = await ask(host.page, 'getSession', { session_id: sessionOf(host.page) });
    return your_seat === 0 ? [host, guest] : [guest, host];
}

/** Whose turn it is, by what the screens say. */
async function whoseTurn(both) {
    return Promise.any(both.map(async (one) => {
        await one.page.locator('.status.turn').waitFor();
        return one;
    }));
}

/** Both click whatever can be clicked, until it is over. */
async function toTheEnd(both) {
    for (;;) {
        const next = await Promise.any(both.map(async (one) => {
            await one.page.locator('[data-move], .ended').first().waitFor();
            return one;
        }));
        if (await next.page.locator('.ended').count() > 0) break;
        const before = await versionOf(next.page);
        await next.page.locator('[data-move]').first().click();
        await next.page.waitForFunction((before) => document.querySelector('.slider input').max > before || document.querySelector('.ended'), before);
    }
    for (const { page } of both) await page.locator('.ended').waitFor();
    await allAccessible(both, 'the end');
}

function versionOf(page) {
    return page.locator('.slider input').getAttribute('max').then(Number);
}

async function shows(both, cells) {
    for (const { page } of both) await page.waitForFunction((cells) => document.querySelector('.plain .members dd').textContent === cells, cells);
}

/** The slider leads back to the beginning, where nothing can be played. */
async function lookBack(page, members) {
    await page.getByRole('slider').focus();
    await page.keyboard.press('Home');
    await page.waitForFunction((members) => document.querySelector('.plain .members').textContent.startsWith(members), members);
    assert.equal(await page.locator('[data-move]').count(), 0);
    await page.getByRole('button', { name: 'Back to now' }).click();
    await page.locator('.ended').waitFor();
}

/** Axe finds nothing, and nobody has to scroll sideways. */
async function allAccessible(both, what) {
    for (const { page } of both) {
        await accessible(page, what);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${what} is too wide`);
    }
}
