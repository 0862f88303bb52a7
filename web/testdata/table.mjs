// What a person is told at a table: why a move is refused, how it was before, what was missed; and that a keyboard and a
// screen reader are enough.
import assert from 'node:assert/strict';
import { accessible, anotherTab, atTable, board, cell, forgiven, pair, person, server, sessionOf, take, tell, until } from './people.mjs';

await tell(refusals, past, missed, missedWithoutMotion, keyboardAlone, everythingHasAName);

/** Whoever clicks what cannot be played is told why, in words. */
async function refusals() {
    const [first, second] = await pair();
    await cell(second.page, 0).click({ force: true });
    await second.page.getByRole('alert').filter({ hasText: /^It is not your turn: .* must move first\.$/ }).waitFor();
    await accessible(second.page, 'not my turn');
    await take(first.page, 4);
    await board(second.page, '....X....');
    await cell(second.page, 4).click({ force: true });
    await second.page.getByRole('alert').filter({ hasText: /taken|mark|free/i }).waitFor();
    await take(second.page, 0);
    await board(first.page, 'O...X....');
    await second.page.getByRole('alert').waitFor({ state: 'detached' });
    forgiven(second, /409|422/); // the app may know the rule, or ask the server
}

/** The slider shows how it was, each time with what the person could see then, and leads back to the present. */
async function past() {
    const [first, second] = await pair();
    for (const [move, at] of [0, 3, 1].entries()) await take([first, second][move % 2].page, at);
    await board(second.page, 'XX.O.....');
    const slider = second.page.getByRole('slider');
    await slider.press('Home');
    await board(second.page, '.........');
    await second.page.getByRole('button', { name: 'One step on' }).click();
    await board(second.page, 'X........');
    await slider.press('ArrowRight');
    await board(second.page, 'X..O.....');
    await accessible(second.page, 'the past');
    await cell(second.page, 8).click({ force: true });
    await second.page.getByRole('alert').filter({ hasText: 'This is how it was' }).waitFor();
    await second.page.getByRole('button', { name: 'Back to now' }).click();
    await board(second.page, 'XX.O.....');
    await take(second.page, 4);
    await board(first.page, 'XX.OO....');
}

/** What happened while a person was away is shown step by step when they come back. */
async function missed() {
    assert.deepEqual(await comeBack({}), ['X........', 'XO.......', 'XOX......', 'XOXO.....']);
}

/** Who wants no motion sees at once how it is. */
async function missedWithoutMotion() {
    const shown = await comeBack({ reducedMotion: 'reduce' });
    assert.equal(shown.at(-1), 'XOXO.....');
    assert.ok(shown.length <= 2, `${shown}`);
}

/** A person moves in one browser, leaves, and the game goes on from another of theirs. They come back: what is drawn? */
async function comeBack(how) {
    const [first, second] = await pair('Tic-tac-toe', how);
    await take(first.page, 0);
    await board(first.page, 'X........');
    const path = `/s/${sessionOf(first.page)}`;
    await until(() => first.page.evaluate(writtenDown, `seen ${sessionOf(first.page)}`));
    const elsewhere = await first.context.storageState({ indexedDB: true });
    await first.page.close();
    await take(second.page, 1);
    await board(second.page, 'XO.......');
    const phone = await person({ path, storageState: elsewhere });
    await take(phone.page, 2);
    await take(second.page, 3);
    await phone.page.close();

    await first.context.addInitScript(() => {
        window.drawn = [];
        new MutationObserver(() => {
            const marks = [...document.querySelectorAll('.tictactoe .cell')].map((cell) => /: ([XO])/.exec(cell.getAttribute('aria-label'))?.[1] ?? '.').join('');
            if (marks && marks !== window.drawn.at(-1)) window.drawn.push(marks);
        }).observe(document, { subtree: true, childList: true, attributes: true });
    });
    const again = await anotherTab(first, path);
    await board(again.page, 'XOXO.....');
    return again.page.evaluate(() => window.drawn);
}

/** Whether the browser has written down which moment of the game the person saw last: the first move. */
function writtenDown(name) {
    return new Promise((resolve, reject) => {
        const opening = indexedDB.open('yourturn-web');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
            const table = opening.result.transaction('kept').objectStore('kept');
            const keys = table.getAllKeys();
            const values = table.getAll();
            values.onsuccess = () => resolve(values.result[keys.result.findIndex((key) => key.endsWith(name))] >= 3);
            opening.result.close(); // when that is answered
        };
    });
}

/** From the list of games to a move against a bot with nothing but keys. What happened is said. */
async function keyboardAlone() {
    const { page } = await person();
    await page.locator('.tile').first().waitFor();
    await tabTo(page, /^Tic-tac-toe$/);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Play a bot' }).waitFor();
    await tabTo(page, /^Play a bot$/);
    await page.keyboard.press('Enter');
    await atTable(page);
    await page.locator('[data-move]').first().waitFor();
    await tabTo(page, /^row 1, column 1/);
    for (const key of ['ArrowRight', 'ArrowDown']) await page.keyboard.press(key);
    const middle = await page.evaluate(() => document.activeElement.getAttribute('aria-label'));
    assert.match(middle, /^row 2, column 2/);
    const to = /empty/.test(middle) ? 'row 2, column 2' : 'row 2, column 3';
    if (to !== 'row 2, column 2') await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.getByRole('log').filter({ hasText: `You take ${to}.` }).waitFor({ state: 'attached' });
    await page.getByRole('log').filter({ hasText: /Bot \(normal\) takes row \d, column \d\./ }).waitFor({ state: 'attached' });
}

async function tabTo(page, name) {
    for (let presses = 0; presses < 80; presses++) {
        await page.keyboard.press('Tab');
        const focused = await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.innerText ?? '');
        if (name.test(focused.trim())) return;
    }
    throw new Error(`no way leads to ${name}`);
}

/** Whatever can be used says what it is. */
async function everythingHasAName() {
    const [{ page }] = await pair();
    for (const path of ['/', '/new/tictactoe', '/new/quest', `/s/${sessionOf(page)}`, '/me']) {
        await page.goto(server + path);
        await page.locator('main h1').first().waitFor();
        await page.waitForFunction(() => document.querySelectorAll('main button, main a').length > 0);
        const tree = await (await page.context().newCDPSession(page)).send('Accessibility.getFullAXTree');
        const used = tree.nodes.filter(({ ignored, role }) => !ignored && ['button', 'link', 'textbox', 'radio', 'checkbox', 'switch', 'slider', 'spinbutton'].includes(role?.value));
        assert.ok(used.length > 4, path);
        assert.deepEqual(used.filter(({ name }) => !name?.value.trim()).map(({ role }) => `${path}: ${role.value}`), []);
    }
}
