/**
 * The service worker: what the browser runs of the app while no page is open, and between the page and the network.
 *
 * It keeps the shell, the few files that the app is made of, so that the app opens at once and without a connection. It
 * shows pushes, and opens the table when one is tapped. It touches nothing under /v1/: what is true, the server says to the
 * page itself. And wherever something here fails, the page gets what it would get without a worker.
 */
import { connect } from '../../openapi/typescript/client.js';
import { browser, keyOf, register } from './device.ts';
import type { Push, ToldByWorker } from './messages.ts';

declare const self: ServiceWorkerGlobalScope;

/** The server fills in the version: a hash of all that the shell is made of. */
const shellName = 'yourturn shell __VERSION__';
const shell = ['/', '/app.js', '/app.css', '/client.js', '/manifest.webmanifest', '/icon.svg', '/icon-192.png'];

/** The app's addresses, which all are answered by the same page. */
const screens = /^\/(?:$|me$|new\/[^/]+$|s\/[^/]+$)/;
const invitations = /^\/j\/[^/]+$/;

self.addEventListener('install', (event) => {
    void self.skipWaiting();
    event.waitUntil(keepShell());
});

self.addEventListener('activate', (event) => event.waitUntil(takeOver()));

self.addEventListener('fetch', (event) => {
    const answer = answerTo(event.request);
    if (answer) event.respondWith(answer);
});

self.addEventListener('push', (event) => event.waitUntil(show(read(event.data))));

self.addEventListener('notificationclick', (event) => {
    event.notification.close();
    event.waitUntil(open((event.notification.data as Push | null) ?? {}));
});

self.addEventListener('pushsubscriptionchange', (event) => (event as ExtendableEvent).waitUntil(subscribeAgain()));

/**
 * Keeps one version of the shell as a whole, or none. A file that comes from elsewhere, as behind the sign-in page of some
 * networks, is not ours.
 */
async function keepShell(): Promise<void> {
    const cache = await caches.open(shellName);
    await cache.addAll(shell.map((path) => new Request(path, { cache: 'reload', redirect: 'error' })));
}

async function takeOver(): Promise<void> {
    const older = (await caches.keys()).filter((name) => name.startsWith('yourturn shell ') && name !== shellName);
    await Promise.all(older.map((name) => caches.delete(name)));
    await self.clients.claim();
}

function answerTo(request: Request): Promise<Response> | undefined {
    const { origin, pathname } = new URL(request.url);
    if (request.method !== 'GET' || origin !== location.origin) return undefined;
    if (request.mode !== 'navigate') return shell.includes(pathname) ? keptFirst(pathname, request) : undefined;
    if (invitations.test(pathname)) return newestFirst(request); // its title says who invites
    return screens.test(pathname) ? keptFirst('/', request) : undefined;
}

async function keptFirst(path: string, request: Request): Promise<Response> {
    return await kept(path) ?? fetch(request);
}

async function newestFirst(request: Request): Promise<Response> {
    try {
        const late = new Promise<undefined>((resolve) => setTimeout(resolve, 4000)); // some networks never answer
        const response = await Promise.race([fetch(request), late]);
        if (response && response.status < 500) return response;
        return await kept('/') ?? response ?? await fetch(request);
    } catch (error) {
        const page = await kept('/');
        if (page) return page;
        throw error;
    }
}

/** A file of the shell. A browser may have thrown it away, or may not want to keep anything. */
async function kept(path: string): Promise<Response | undefined> {
    return caches.match(path, { cacheName: shellName, ignoreVary: true }).catch(() => undefined);
}

/** What a push says; nothing when it is none of ours. */
function read(data: PushMessageData | null): Push {
    try {
        return data?.json() ?? {};
    } catch {
        return {};
    }
}

/**
 * Shows a push. Browsers insist that each shows something, also one that should have gone elsewhere. The pages that are
 * open are told of it: one that shows the very table takes the notification away again.
 */
async function show(push: Push): Promise<void> {
    const players = await signedIn();
    if (!push.player_id || !players.includes(push.player_id)) return showNeutral(players);
    const { title = 'News from your games', body = 'Open the app to see it.', tag } = push.notification ?? {};
    await self.registration.showNotification(title, { ...looks, body, tag, data: push, renotify: Boolean(tag) } as NotificationOptions);
    await self.navigator.setAppBadge?.(push.app_badge).catch(() => {});
    await tell({ type: 'pushed', push });
}

const looks = { icon: '/icon-192.png', badge: '/icon-badge-96.png' };

/**
 * Shows that something came for somebody who is not signed in here, and nothing of it: neither who nor which game. Such a
 * push was on its way when they signed out, or they did so without a connection. If nobody has signed in since, the browser
 * stops listening, by which the push service and the server learn that they are gone; otherwise the app has registered it
 * for the new player.
 */
async function showNeutral(players: string[]): Promise<void> {
    await self.registration.showNotification('News for another player', {
        ...looks, body: 'They are not signed in here any more.', tag: 'another player', silent: true,
    });
    if (players.length === 0) await (await self.registration.pushManager.getSubscription())?.unsubscribe();
}

/** Brings the person to what a notification is about: in a page that is open, or in a new one. */
async function open(push: Push): Promise<void> {
    const to = addressOf(push);
    const { type, page } = { type: 'open', page: await openPage(to) } as const;
    if (!page) return void await self.clients.openWindow(to);
    page.postMessage({ type, to, player_id: push.player_id } satisfies ToldByWorker);
    await page.focus().catch(() => self.clients.openWindow(to));
}

/** A page of the app: rather the one that shows it already, or the one that the person looks at. */
async function openPage(to: string): Promise<WindowClient | undefined> {
    const pages = (await self.clients.matchAll({ type: 'window', includeUncontrolled: true }))
        .filter(({ url }) => screens.test(new URL(url).pathname) || invitations.test(new URL(url).pathname));
    return pages.find(({ url }) => new URL(url).pathname === to) ?? pages.find(({ focused }) => focused) ??
        pages.find(({ visibilityState }) => visibilityState === 'visible') ?? pages[0];
}

/** Where in the app one sees what a push is about. An invitation is answered on the list: one does not sit there yet. */
function addressOf({ kind, session_id }: Push): string {
    if (kind === 'test') return '/me';
    return session_id && kind !== 'invited' ? `/s/${encodeURIComponent(session_id)}` : '/';
}

async function tell(message: ToldByWorker): Promise<void> {
    for (const page of await self.clients.matchAll({ type: 'window', includeUncontrolled: true })) page.postMessage(message);
}

/**
 * The browser has another subscription, or has lost the one it had. The player may not come back for days, so that the new
 * one is registered from here: the client renews the login in step with all pages, which use the same locks.
 */
async function subscribeAgain(): Promise<void> {
    if ((await signedIn()).length === 0 || !await browser.get('notify')) return; // the client would make a guest
    const client = await connect();
    const key = keyOf(await client.api.getServer());
    if (key) await register(client, self.registration.pushManager, key);
}

/** The players who are signed in here, as the client keeps them. Where it keeps nothing, nothing is made. */
function signedIn(): Promise<string[]> {
    return new Promise((resolve) => {
        const opening = indexedDB.open('yourturn');
        opening.onupgradeneeded = () => opening.transaction?.abort();
        opening.onerror = () => resolve([]);
        opening.onsuccess = () => {
            const database = opening.result;
            const asking = database.transaction('logins').objectStore('logins').getAll() as IDBRequest<{ player_id: string }[]>;
            asking.onsuccess = () => resolve(asking.result.map(({ player_id }) => player_id));
            asking.onerror = () => resolve([]);
            database.close(); // when that is answered
        };
    });
}
