// Two tabs of a browser and a second device show the same, whoever moves in which of them, and also when somebody else
// signs in.
import assert from 'node:assert/strict';
import { accessible, anotherTab, ask, board, expected, forgiven, nameOf, pair, person, sessionOf, take, tell } from './people.mjs';

await tell(inStep, anotherPlayer, signedOutFromAfar);

/** A move made in one tab or on one device is seen in all. A device becomes the same player by a code. */
async function inStep() {
    const [first, second] = await pair();
    const tab = await anotherTab(first, `/s/${sessionOf(first.page)}`);
    const phone = await person({ path: '/me', viewport: { width: 390, height: 844 } });
    await signIn(phone, await codeOf(first));
    await phone.page.getByRole('heading', { name: 'One game waits for you' }).waitFor();
    assert.equal(await nameOf(phone.page), await nameOf(first.page));
    await phone.page.locator(`a[href="/s/${sessionOf(tab.page)}"]`).first().click();
    await first.page.goBack();

    const everywhere = [first, tab, phone, second];
    await take(phone.page, 0);
    await seen(everywhere, 'X........');
    await take(second.page, 3);
    await seen(everywhere, 'X..O.....');
    await take(tab.page, 1);
    await seen(everywhere, 'XX.O.....');
}

async function seen(everywhere, marks) {
    await Promise.all(everywhere.map(({ page }) => board(page, marks)));
}

async function codeOf({ page }) {
    await page.locator('header.top a[href="/me"]').click();
    await page.getByRole('button', { name: 'Show a code here' }).click();
    return page.locator('.joincode').innerText();
}

async function signIn({ page }, code) {
    await page.getByLabel('Or type the code that the other device shows').fill(code);
    await page.getByRole('button', { name: 'Sign in here' }).click();
}

/** When one tab signs in as somebody else, the other says so and goes on as them. Whoever has games is asked before. */
async function anotherPlayer() {
    const [first] = await pair();
    const left = await nameOf(first.page);
    const tab = await anotherTab(first, `/s/${sessionOf(first.page)}`);
    await board(tab.page, '.........');
    const other = await person();
    await other.page.locator('.tile').first().waitFor();
    const code = await codeOf(other);

    await first.page.bringToFront();
    await first.page.goto(new URL('/me', first.page.url()).href);
    await signIn(first, code);
    const question = first.page.getByRole('dialog');
    await question.getByText(`The games of ${left}`).waitFor();
    await accessible(first.page, 'signing in as another');
    await question.getByRole('button', { name: 'Sign in as the other' }).click();
    await first.page.locator('header.top').getByText(await nameOf(other.page)).waitFor();

    await tab.page.bringToFront();
    await tab.page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    await accessible(tab.page, 'signed out');
    await tab.page.getByRole('button', { name: 'Go on' }).click();
    await tab.page.locator('header.top').getByText(await nameOf(other.page)).waitFor();
    const { id } = await ask(other.page, 'getMe');
    for (const { page } of [first, tab]) assert.equal((await ask(page, 'getMe')).id, id);
    forgiven(tab, /401|403|404/);
}

/** Who signs a device out from another one is gone there, and the device says so. */
async function signedOutFromAfar() {
    const one = await person();
    await one.page.locator('.tile').first().waitFor();
    const lost = await person({ path: '/me' });
    await signIn(lost, await codeOf(one));
    await lost.page.locator('header.top').getByText(await nameOf(one.page)).waitFor();
    await lost.page.locator('.tile').first().waitFor();

    await one.page.reload();
    await one.page.getByRole('listitem').filter({ hasNotText: 'This device' }).getByRole('button', { name: 'Sign out' }).click();
    await lost.page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    expected(lost, /401/);
    await lost.page.getByRole('button', { name: 'Go on' }).click();
    await lost.page.getByRole('heading', { name: 'What shall we play?' }).waitFor();
    assert.notEqual(await nameOf(lost.page), await nameOf(one.page));
}
