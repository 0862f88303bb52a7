// What a test's program needs to drive Firefox. It is used as
//
//     const { launch, pushService } = await import(process.env.FIREFOX);
//
// and nodetest.Firefox puts the right name there. Firefox is told what to do over WebDriver BiDi, its own standard: a few
// commands as JSON over a WebSocket are all that a test needs.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';

export { pushService } from './autopush.mjs';

/** What makes a Firefox that nobody looks at, that asks no question, and that speaks to nobody outside this machine. */
const quiet = {
    'app.normandy.enabled': false,
    'app.update.enabled': false,
    'alerts.useSystemBackend': false, // without a desktop there is nobody who would show a notification
    'browser.safebrowsing.downloads.remote.enabled': false,
    'browser.search.update': false,
    'browser.shell.checkDefaultBrowser': false,
    'browser.startup.page': 0,
    'datareporting.policy.dataSubmissionEnabled': false,
    'extensions.update.enabled': false,
    'network.captive-portal-service.enabled': false,
    'network.connectivity-service.enabled': false,
    'services.settings.server': 'data:,',
    'toolkit.telemetry.enabled': false,
};

/** Starts Firefox without a window, in a profile of its own, with these preferences. */
export async function launch(preferences = {}) {
    const profile = mkdtempSync(join(tmpdir(), 'yourturn-firefox-'));
    const lines = Object.entries({ ...quiet, ...preferences }).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`);
    writeFileSync(join(profile, 'user.js'), lines.join(''));
    const how = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port=0', '--remote-allow-system-access'];
    const firefox = spawn(process.env.FIREFOX_BINARY, how, { stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = new Promise((resolve) => firefox.once('exit', resolve));
    const guard = endsWithUs(firefox);
    const wire = await Wire.connect(`${await address(firefox)}/session`);
    await wire.ask('session.new', { capabilities: {} });
    await wire.ask('session.subscribe', { events: ['log.entryAdded'] });
    return {
        open: (at) => Page.open(wire, at),
        pageAt: (at) => Page.found(wire, at),
        tapNotification: () => tapNotification(wire),
        async close() {
            guard.kill();
            firefox.kill();
            await ended;
            rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
        },
    };
}

/** Taps the notification that is on the screen: a window of Firefox's own, in which pointers cannot be moved from outside. */
async function tapNotification(wire) {
    const alert = await Page.found(wire, 'chrome://global/content/alerts/alert.xhtml', { 'moz:scope': 'chrome' });
    await alert.evaluate(() => { document.getElementById('alertBox').click(); });
}

/** A browser outlives a program that is killed. This watches from outside: its input ends when we do. */
function endsWithUs({ pid }) {
    return spawn('sh', ['-c', 'cat >/dev/null; kill "$0"', String(pid)], { stdio: ['pipe', 'ignore', 'ignore'] });
}

/** Where Firefox listens, which it says when it does. */
async function address(firefox) {
    const said = [];
    for await (const line of createInterface(firefox.stderr)) {
        const [, found] = /WebDriver BiDi listening on (ws:\S+)/.exec(line) ?? [];
        if (found) {
            firefox.stderr.resume(); // what else it says nobody reads, but it must not wait for us
            return found;
        }
        said.push(line);
    }
    throw new Error(`Firefox did not start:\n${said.join('\n')}`);
}

/** Asks until there is an answer, for far longer than anything takes. What never comes is told in these words. */
export async function inTime(otherwise, ask) {
    for (const end = Date.now() + 40_000; Date.now() < end;) {
        const answer = await ask();
        if (answer) return answer;
        await new Promise((resolve) => setTimeout(resolve, 20)); // the browser needs the processor, too
    }
    throw new Error(otherwise);
}

/** Questions to Firefox, and its answers. */
class Wire {
    #waiting = new Map();
    #count = 0;
    #socket;
    /** Called with what nobody has asked for. */
    onEvent = [];

    static async connect(at) {
        const wire = new Wire();
        wire.#socket = new WebSocket(at, { perMessageDeflate: false, maxPayload: 1 << 26 });
        await new Promise((resolve, reject) => wire.#socket.once('open', resolve).once('error', reject));
        wire.#socket.on('message', (text) => wire.#told(JSON.parse(text)));
        wire.#socket.on('close', () => wire.#waiting.forEach(({ reject }) => reject(new Error('Firefox is gone'))));
        return wire;
    }

    ask(method, params) {
        const id = ++this.#count;
        this.#socket.send(JSON.stringify({ id, method, params }));
        return new Promise((resolve, reject) => this.#waiting.set(id, { method, resolve, reject }));
    }

    #told({ id, type, result, error, message, method, params }) {
        if (type === 'event') return this.onEvent.forEach((listener) => listener(method, params));
        const asked = this.#waiting.get(id);
        this.#waiting.delete(id);
        if (type === 'success') asked?.resolve(result);
        else asked?.reject(new Error(`${asked.method}: ${error}: ${message}`));
    }
}

/** A tab, or another window of Firefox. `errors` are mistakes of pages and of their workers. */
class Page {
    errors = [];
    #wire;
    #context;

    constructor(wire, context) {
        this.#wire = wire;
        this.#context = context;
        wire.onEvent.push((method, { level, text }) => {
            if (method === 'log.entryAdded' && level === 'error') this.errors.push(text);
        });
    }

    static async open(wire, at) {
        const page = new Page(wire, (await wire.ask('browsingContext.create', { type: 'tab' })).context);
        await page.goto(at);
        return page;
    }

    /** The one that shows this address, once there is one. */
    static async found(wire, at, where = {}) {
        return await inTime(`there is no page at ${at}`, async () => {
            const { contexts } = await wire.ask('browsingContext.getTree', { maxDepth: 0, ...where });
            const one = contexts.find(({ url }) => url === at);
            return one && new Page(wire, one.context);
        });
    }

    async goto(url) {
        await this.#wire.ask('browsingContext.navigate', { context: this.#context, url, wait: 'complete' });
    }

    async close() {
        await this.#wire.ask('browsingContext.close', { context: this.#context });
    }

    /** Runs a function in the page, with arguments and a result that JSON can tell. */
    async evaluate(work, ...given) {
        const { type, result, exceptionDetails } = await this.#wire.ask('script.evaluate', {
            expression: `(async () => JSON.stringify(await (${work})(...${JSON.stringify(given)})))()`,
            awaitPromise: true, target: { context: this.#context },
        });
        if (type === 'exception') throw new Error(exceptionDetails.text);
        return result.value === undefined ? undefined : JSON.parse(result.value);
    }

    /** Asks the page again and again, until the function gives something. */
    async until(work, ...given) {
        const asked = inTime(`never so: ${work}`, () => this.evaluate(work, ...given));
        return asked.catch(async (error) => {
            throw new Error(`${error.message}\nThe page shows:\n${await this.evaluate(() => document.body.innerText)}`);
        });
    }

    /** Clicks as a person does, on the middle of the first element that the selector finds, once it is there and stands still. */
    async click(selector) {
        await this.until(standsStill, selector);
        const { nodes: [node] } = await this.#wire.ask('browsingContext.locateNodes', {
            context: this.#context, locator: { type: 'css', value: selector }, maxNodeCount: 1,
        });
        const origin = { type: 'element', element: { sharedId: node.sharedId } };
        await this.#wire.ask('input.performActions', {
            context: this.#context,
            actions: [{
                type: 'pointer', id: 'mouse', actions: [
                    { type: 'pointerMove', x: 0, y: 0, origin },
                    { type: 'pointerDown', button: 0 },
                    { type: 'pointerUp', button: 0 },
                ],
            }],
        });
    }
}

/** In the page: whether an element is there, on the screen, under nothing, and where it was a few frames ago. */
async function standsStill(selector) {
    const place = () => {
        const element = document.querySelector(selector);
        element?.scrollIntoView({ block: 'center', behavior: 'instant' });
        const { x, y, width, height } = element?.getBoundingClientRect() ?? {};
        const above = element && document.elementFromPoint(x + width / 2, y + height / 2);
        return above && element.contains(above) ? `${x} ${y} ${width} ${height}` : undefined;
    };
    const before = place();
    for (let frame = 0; before && frame < 5; frame++) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
        if (place() !== before) return false;
    }
    return before !== undefined;
}
