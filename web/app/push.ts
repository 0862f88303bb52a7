import { computed, effect, signal } from '@preact/signals';
import { CallFailed, Problem } from '/client.js';
import { reasonOf } from './deliveries.ts';
import { reached, type Desk } from './desk.ts';
import { browser, deviceId, keyOf, register } from './device.ts';
import type { Push, ToldByWorker } from './messages.ts';
import { go, place } from './route.ts';
import { plainly } from './trouble.ts';

/** Whether this browser tells its player what happens while the app is closed, or what stands in the way. */
export type Standing = 'on' | 'off' | 'unknown' | 'denied' | 'insecure' | 'home-screen' | 'old-browser' | 'no-server';

export const standing = signal<Standing>('unknown');
export const busy = signal(false);
/** Why the last attempt to switch did not work, in words. */
export const trouble = signal<string | undefined>(undefined);
/** What became of the test that the person asked for. */
export const tested = signal<{ said: string; arrived: boolean } | undefined>(undefined);

/** How many pushes have come while this page was open. */
export const arrivals = signal(0);

let following = new AbortController();
let here: Desk | undefined;

/**
 * Starts the service worker, and keeps what the browser and the server know about each other right for as long as this
 * player is here: a subscription may have changed, the server's key may have, and another player may have been here before.
 */
export function followPushes(desk: Desk): void {
    here = desk;
    trouble.value = tested.value = undefined; // that was another's
    following.abort();
    const { signal: until } = following = new AbortController();
    const key = computed(() => desk.server.value && keyOf(desk.server.value));
    const again = () => { if (key.value !== undefined) void mend(desk, key.value); };
    const stops = [effect(again), effect(askForNewer), effect(() => void tidy(desk, onScreen(desk)))];
    until.addEventListener('abort', () => stops.forEach((stop) => stop()));
    addEventListener('online', again, { signal: until });
    void navigator.permissions?.query({ name: 'notifications' })
        .then((permission) => permission.addEventListener('change', again, { signal: until })).catch(() => {});
}

// From the first moment on: somebody may tap a notification while the app is only just opening.
navigator.serviceWorker?.addEventListener('message', ({ data }) => hear(data as ToldByWorker));

function hear(told: ToldByWorker): void {
    if (told.type === 'open') {
        if (!here || told.player_id === here.client.playerId) go(told.to);
        return;
    }
    arrivals.value++;
    if (told.push.kind === 'test' && tested.value) tested.value = { ...tested.value, arrived: true };
    if (here) void tidy(here, onScreen(here));
}

/** To be called by a click: browsers let a page ask for permission only then, and before anything else. */
export function turnOn(desk: Desk): Promise<void> {
    return attempt(async () => {
        const answer = await Notification.requestPermission();
        if (answer === 'denied') return void (standing.value = 'denied');
        if (answer !== 'granted') throw new Refused('Your browser got neither a yes nor a no, so nothing has changed.');
        const server = desk.server.value ?? await desk.client.api.getServer();
        await register(desk.client, (await worker()).pushManager, keyOf(server));
        await browser.set('notify', true);
        standing.value = 'on';
    });
}

/** Ends it here first: then it is over, even without a connection. */
export function turnOff(desk: Desk): Promise<void> {
    return attempt(async () => {
        await browser.delete('notify');
        await (await (await worker()).pushManager.getSubscription())?.unsubscribe();
        standing.value = 'off';
        tested.value = undefined;
        await desk.client.api.deleteDevice({ device_id: await deviceId() }).catch(() => {}); // the push service will say it, too
    });
}

/** Sends a push to this browser, and says what the push service said. */
export function tryOut(desk: Desk): Promise<void> {
    tested.value = undefined;
    return attempt(async () => {
        const device_id = await deviceId();
        tested.value = { said: 'It is on its way.', arrived: false }; // it may be here before the answer is
        const sent = await desk.client.api.testPush({ device_id }).catch((error) => { tested.value = undefined; throw error; });
        const say = (said: string) => { tested.value = { said, arrived: tested.value?.arrived ?? false }; };
        if (sent.status === 'sent') return say('The push service of your browser has taken it. It should be here in a moment.');
        if (await isRegistered(desk, device_id)) return say(`It was not sent: ${reasonOf(sent)}.`);
        await subscribeAnew(desk);
        say('The push service did not know this browser any more. It is registered anew now: please try again.');
    });
}

async function isRegistered(desk: Desk, device: string): Promise<boolean> {
    return (await desk.client.api.listDevices()).items.some(({ id }) => id === device);
}

async function subscribeAnew(desk: Desk): Promise<void> {
    const { pushManager } = await worker();
    await (await pushManager.getSubscription())?.unsubscribe();
    await register(desk.client, pushManager, keyOf(await desk.client.api.getServer()));
}

/**
 * Finds out how things are, and registers this browser again if it is to be notified. The worker is started in any case:
 * it also keeps the app for when there is no connection.
 */
async function mend(desk: Desk, key: string): Promise<void> {
    const pushes = await worker().then(({ pushManager }) => pushManager, () => undefined);
    const subscribed = (await pushes?.getSubscription() ?? null) !== null;
    const wanted = subscribed || await browser.get('notify') !== undefined;
    if (busy.peek()) return; // the person is switching, and that says how things are
    const obstacle = inTheWay(key); // asked now, for what is allowed may have changed meanwhile
    if (obstacle || !pushes) return void (standing.value = obstacle ?? 'old-browser');
    const allowed = wanted && Notification.permission === 'granted';
    standing.value = allowed && subscribed ? 'on' : 'off';
    if (!allowed) return;
    try {
        await register(desk.client, pushes, key);
        standing.value = 'on';
    } catch (error) {
        if (error instanceof Problem && error.status !== 401) trouble.value = error.message; // otherwise the next start tries again
    }
}

function inTheWay(key: string): Standing | undefined {
    if (!isSecureContext) return 'insecure';
    if (!('serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window)) {
        return (navigator as { standalone?: boolean }).standalone === false ? 'home-screen' : 'old-browser'; // iPhones and iPads
    }
    if (key === '') return 'no-server';
    return Notification.permission === 'denied' ? 'denied' : undefined;
}

/** Whenever the server is there, also after it was away: it may be a newer one. Browsers ask by themselves, but take their time. */
function askForNewer(): void {
    if (reached.value) void worker().then((registration) => registration.update()).catch(() => {});
}

let starting: Promise<ServiceWorkerRegistration> | undefined;

/** The service worker, when it works. */
function worker(): Promise<ServiceWorkerRegistration> {
    return starting ??= startWorker();
}

async function startWorker(): Promise<ServiceWorkerRegistration> {
    try {
        await navigator.serviceWorker.register(workerAddress, { updateViaCache: 'none' });
        return await navigator.serviceWorker.ready;
    } catch (error) {
        starting = undefined; // so that the next who needs it tries again
        throw error;
    }
}

/** Where browsers check which scripts a page loads, the page's policy lets it name this one, once, and nothing else. */
const workerAddress = trusted('/worker.js');

function trusted(address: string): string {
    type Policy = { createScriptURL(address: string): string };
    const { trustedTypes } = window as { trustedTypes?: { createPolicy(name: string, rules: Policy): Policy } };
    return trustedTypes?.createPolicy('yourturn', { createScriptURL: () => address }).createScriptURL(address) ?? address;
}

const visible = signal(document.visibilityState === 'visible');
document.addEventListener('visibilitychange', () => { visible.value = document.visibilityState === 'visible'; });

/** The session that a person can see now, in the version they see. Whoever asks is asked again when any session changes. */
function onScreen(desk: Desk): { id: string; version: number } | undefined {
    const [at] = [place.value, desk.mine.value];
    const session = at.screen === 'table' ? desk.session(at.session).value : undefined;
    return visible.value ? session : undefined;
}

/**
 * Takes away notifications that have done their work: the person sees what they tell, or has made the move that they ask
 * for, perhaps elsewhere. Those of whoever played here before are nobody's business.
 */
async function tidy(desk: Desk, shown: { id: string; version: number } | undefined): Promise<void> {
    const registration = await navigator.serviceWorker?.getRegistration().catch(() => undefined);
    for (const notification of await registration?.getNotifications() ?? []) {
        const { kind, player_id, session_id = '', version } = (notification.data as Push | null) ?? {};
        const known = desk.session(session_id).peek();
        const seen = shown?.id === session_id && shown.version >= Number(version);
        const moved = (kind === 'your_turn' || kind === 'turn_reminder') && known && known.version > Number(version) && !known.your_turn;
        const another = player_id !== undefined && player_id !== desk.client.playerId;
        if (seen || moved || another) notification.close();
    }
}

/** Something that the person should read as it stands. */
class Refused extends Error {}

async function attempt(work: () => Promise<void>): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    trouble.value = undefined;
    try {
        await work();
    } catch (error) {
        trouble.value = inWords(error);
    } finally {
        busy.value = false;
    }
}

function inWords(error: unknown): string {
    if (error instanceof CallFailed || error instanceof Problem || error instanceof Refused) return plainly(error);
    if (error instanceof DOMException && error.name === 'NotAllowedError') return 'Your browser does not allow it. In a private window it never does.';
    return 'Your browser could not reach its push service. Please try again later. Some browsers, as Brave, have a setting that allows them to use it.';
}
