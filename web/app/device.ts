import type { Client, Schemas } from '/client.js';
import { Kept } from './kept.ts';

/** What this browser keeps for all who play in it: `device`, its name; and `notify`, whether it is to be notified. */
export const browser = new Kept('this browser');

/** The name under which the server knows this browser, whoever plays in it. */
export async function deviceId(): Promise<string> {
    const known = await browser.get<string>('device');
    if (known) return known;
    const random = crypto.getRandomValues(new Uint32Array(4)); // randomUUID is kept from pages over plain http
    const made = `web-${Array.from(random, (part) => part.toString(36)).join('')}`;
    await browser.set('device', made);
    return made;
}

/** The person's language as the server takes it. Some systems name theirs in ways of their own. */
export function language(): string | undefined {
    try {
        return Intl.getCanonicalLocales(navigator.language)[0];
    } catch {
        return undefined;
    }
}

/** With which key browsers subscribe to the server's pushes; empty where it sends none. */
export function keyOf({ channels }: Schemas['Server']): string {
    return channels.find(({ channel }) => channel === 'webpush')?.vapid_public_key ?? '';
}

/** Registers this browser for a player: from now on it is told what they are told, and what nobody else is. */
export async function register(client: Client, pushes: PushManager, key: string): Promise<void> {
    const { endpoint = '', keys: { p256dh = '', auth = '' } = {} } = (await subscribe(pushes, key)).toJSON();
    await client.api.putDevice({
        device_id: await deviceId(), channel: 'webpush', locale: language(), subscription: { endpoint, keys: { p256dh, auth } },
    });
}

/** The subscription that there is, or a new one where there is none or one that was made for another key. */
async function subscribe(pushes: PushManager, key: string): Promise<PushSubscription> {
    const options = { userVisibleOnly: true, applicationServerKey: key };
    try {
        return await inTime(pushes.subscribe(options));
    } catch (error) {
        if (!(error instanceof DOMException && error.name === 'InvalidStateError')) throw error;
        await (await pushes.getSubscription())?.unsubscribe();
        return inTime(pushes.subscribe(options));
    }
}

/** A browser that cannot reach its push service may wait for it without an end. */
function inTime<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new DOMException('The push service does not answer.', 'TimeoutError')), 20_000);
        void work.then(resolve, reject).finally(() => clearTimeout(timer));
    });
}
