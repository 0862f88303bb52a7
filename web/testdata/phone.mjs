// A slow phone on a slow network: a sixth of this machine's speed, 400 ms to the server and back, 50 kB/s. The app is used
// all the same; how long that takes is written down and not judged. What a first visit fetches is what is counted elsewhere.
import assert from 'node:assert/strict';
import { atTable, begin, person, server, tell } from './people.mjs';

const counted = process.env.FIRST_LOAD.split(' ');

await tell(slowPhone);

async function slowPhone() {
    const someone = await person({ path: '/robots.txt', viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
    const { page } = someone;
    const tools = await page.context().newCDPSession(page);
    await tools.send('Network.enable');
    await tools.send('Network.emulateNetworkConditions', { offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000 });
    await tools.send('Emulation.setCPUThrottlingRate', { rate: 6 });
    let bytes = 0;
    tools.on('Network.loadingFinished', ({ encodedDataLength }) => { bytes += encodedDataLength; });
    const asked = new Set();
    page.on('request', (request) => asked.add(new URL(request.url()).pathname));

    await page.goto(`${server}/`);
    await page.locator('.tile').first().waitFor();
    await figures(page, 'first visit', bytes);
    assert.deepEqual([...asked].filter((path) => !path.startsWith('/v1/') && !counted.includes(path)), []);

    await page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated');
    bytes = 0;
    await page.reload();
    await page.locator('.tile').first().waitFor();
    await figures(page, 'second visit', bytes);

    await begin(page, 'Tic-tac-toe');
    const begun = Date.now();
    await page.getByRole('button', { name: 'Play a bot' }).tap();
    await atTable(page);
    await page.locator('[data-move]').first().tap();
    await page.getByText(/Bot \(normal\) takes/).first().waitFor({ state: 'attached' });
    console.log(`a bot game begun, a move, and the bot's answer: ${seconds(Date.now() - begun)} s`);
}

/** When something was there to see, when something was there to tap, and what had crossed the network then. */
async function figures(page, visit, bytes) {
    const [paint, now] = await page.evaluate(() => [performance.getEntriesByName('first-contentful-paint')[0].startTime, performance.now()]);
    console.log(`${visit}: first contentful paint after ${seconds(paint)} s, games to tap after ${seconds(now)} s, ${Math.round(bytes / 1000)} kB`);
}

function seconds(milliseconds) {
    return (milliseconds / 1000).toFixed(1);
}
