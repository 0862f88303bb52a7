// What all stories of the app need: people, each with a browser of their own, who open the app and play.
//
//     BROWSER=… CHROMIUM=… SERVER=http://… AXE=…/axe.min.js node <story>.mjs
//
// A story ends well when it came to its end and nothing went wrong in anybody's browser: no mistake on the console, no
// request that failed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const { launch, open } = await import(process.env.BROWSER);
export const server = process.env.SERVER;
export const browser = await launch();

/** Everybody of the story that is told now. */
const present = [];

/** Tells stories one after the other, each with people of its own. */
export async function tell(...stories) {
    try {
        for (const story of stories) {
            const begun = Date.now();
            await story();
            present.forEach(nothingElseWentWrong);
            if (faults.length > 0) throw new Error(`axe has found something`);
            await Promise.all(present.splice(0).map(({ context }) => context.close()));
            console.log(`${story.name} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
        }
    } catch (error) {
        for (const someone of present) console.error(await whatTheySee(someone));
        console.error(faults.join('\n'));
        throw error;
    } finally {
        await browser.close();
    }
}

async function whatTheySee({ context, errors, losses }) {
    const screens = await Promise.all(context.pages().map(async (page) => `${page.url()}\n${await page.innerText('body').catch(String)}`));
    return ['---', ...screens, ...errors, ...losses].join('\n');
}

/** Somebody with a browser of their own, who opens the app. The rest is as Playwright's newContext wants it. */
export async function person({ path = '/', before, ...how } = {}) {
    const context = await browser.newContext({ locale: 'en-GB', ...how });
    context.setDefaultTimeout(60_000); // far longer than anything takes, also while much else runs
    await before?.(context);
    return anotherTab({ context }, path);
}

/** The same browser, with one more page. */
export async function anotherTab({ context }, path = '/') {
    const opened = { context, expected: [], forgiven: [], ...await open(context, server + path) };
    present.push(opened);
    return opened;
}

/** Says what goes wrong in this story because it should: something that fits the pattern, once or more. */
export function expected(someone, pattern) {
    someone.expected.push(pattern);
}

/** Says what may go wrong in this story, or not: that is a matter of time. */
export function forgiven(someone, pattern) {
    someone.forgiven.push(pattern);
}

function nothingElseWentWrong({ errors, losses, expected, forgiven }) {
    const all = [...errors, ...losses];
    const missing = expected.filter((pattern) => !all.some((text) => pattern.test(text)));
    const others = all.filter((text) => ![...expected, ...forgiven].some((pattern) => pattern.test(text)));
    assert.deepEqual({ missing, others }, { missing: [], others: [] });
}

/** Calls the server as the player of a page, with a client of its own. */
export function ask(page, operation, input = {}) {
    return page.evaluate(async ([operation, input]) => {
        const { connect } = await import('/client.js');
        return (await connect()).api[operation](input);
    }, [operation, input]);
}

/** What others call the person. */
export async function nameOf(page) {
    return (await ask(page, 'getMe')).display_name;
}

export function sessionOf(page) {
    return new URL(page.url()).pathname.replace('/s/', '');
}

/** From the list of games to where one of them is begun. */
export async function begin(page, title) {
    await page.getByRole('link', { name: title, exact: true }).click();
    await page.getByRole('heading', { name: title, exact: true }).waitFor();
}

export async function atTable(page) {
    await page.waitForURL('**/s/*');
    await page.locator('.board').waitFor();
}

/** Two people who find each other; the first of them is to move. */
export async function pair(title = 'Tic-tac-toe', how = {}) {
    const both = [await person(how), await person(how)];
    for (const { page } of both) {
        await begin(page, title);
        const bot = page.getByRole('checkbox', { name: /With a bot/ });
        if (await bot.count() > 0) await bot.uncheck();
        await page.getByRole('button', { name: /^Find/ }).click();
        if (page === both[0].page) await page.getByRole('heading', { name: 'Looking for players' }).waitFor();
    }
    await Promise.all(both.map(({ page }) => atTable(page)));
    return await mayMove(both[0].page) ? both : both.reverse();
}

/** Whether the person is to move: the server knows. */
export async function mayMove(page) {
    return (await ask(page, 'getSession', { session_id: sessionOf(page) })).your_turn;
}

/** A cell of tic-tac-toe, counted from 0. */
export function cell(page, at) {
    return page.getByRole('button', { name: `row ${Math.floor(at / 3) + 1}, column ${at % 3 + 1}:` });
}

/** Takes a cell of tic-tac-toe when it can be taken. */
export async function take(page, at) {
    await page.locator(`.tictactoe [data-move]:nth-child(${at + 1})`).click();
}

/** Waits until cells of tic-tac-toe bear these marks: 'X0X......'. */
export async function board(page, marks) {
    await page.waitForFunction((marks) => marks === [...document.querySelectorAll('.tictactoe .cell')]
        .map((cell) => /: ([XO])/.exec(cell.getAttribute('aria-label'))?.[1] ?? '.').join(''), marks);
}

/** Waits until the game is over, and the person is told so in these words. */
export async function over(page, words) {
    await page.locator('.ended').waitFor();
    await page.locator('.status').filter({ hasText: words }).waitFor();
}

/** What axe has found in this story. */
const faults = [];
const axe = readFileSync(process.env.AXE, 'utf8');

/** Lets axe look at the screen, once it has come to rest; in the dark at the colours again. The story fails if it finds anything. */
export async function accessible(page, what) {
    if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(axe);
    for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        const rules = colorScheme === 'dark' ? { runOnly: ['color-contrast'] } : {};
        const { violations } = await page.evaluate(async (rules) => {
            await Promise.all(document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime < Infinity).map((one) => one.finished.catch(() => {})));
            return window.axe.run(document, { ...rules, resultTypes: ['violations'] });
        }, rules);
        for (const { id, nodes } of violations) {
            for (const { html, any, all } of nodes) faults.push(`${what}, ${colorScheme}: ${id}: ${[...any, ...all][0]?.message} in ${html}`);
        }
    }
    await page.emulateMedia({ colorScheme: null });
}

/** Asks until it is so. */
export async function until(condition) {
    for (const end = Date.now() + 60_000; Date.now() < end;) {
        if (await condition()) return;
        await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error(`never so: ${condition}`);
}
