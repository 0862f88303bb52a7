import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { Problem } from '/client.js';
import { DeskContext, useDesk } from './context.ts';
import { reached, sitDown, type Desk } from './desk.ts';
import { followPushes } from './push.ts';
import { go, place } from './route.ts';
import { passing, plainly } from './trouble.ts';
import { Home } from './screens/home.tsx';
import { Join } from './screens/join.tsx';
import { Me } from './screens/me.tsx';
import { Start } from './screens/start.tsx';
import { Table } from './screens/table.tsx';
import { Avatar } from './parts/avatar.tsx';

const desk = signal<Desk | undefined>(undefined);
/** Why nobody sits here any more. */
const left = signal<Problem | undefined>(undefined);
/** Why nobody can sit down yet. */
const trouble = signal<string | undefined>(undefined);

async function begin(): Promise<void> {
    left.value = undefined;
    for (;;) {
        try {
            const sat: Desk = await sitDown((why) => {
                sat.end();
                if (desk.value === sat) left.value = why;
            });
            desk.value?.end();
            desk.value = sat;
            trouble.value = undefined;
            followPushes(sat);
            return await sat.begin();
        } catch (error) {
            trouble.value = plainly(error);
            await new Promise((resolve) => setTimeout(resolve, Math.max(5, passing(error)?.seconds ?? 0) * 1000));
        }
    }
}

/** Another player sits down at this browser. */
export async function beginAgain(): Promise<void> {
    desk.value?.end();
    desk.value = undefined;
    go('/', { replace: true });
    await begin();
}

export function App() {
    useEffect(() => void begin(), []);
    if (left.value) return <SignedOut why={left.value} />;
    if (!desk.value) return <Opening />;
    return <DeskContext.Provider value={desk.value}>
        <Page key={desk.value.client.playerId} />
    </DeskContext.Provider>;
}

function Page() {
    const desk = useDesk();
    const { news, me, waiting, server } = desk;
    const name = server.value?.name ?? 'Yourturn';
    const title = [titleOf(desk), name].filter(Boolean).join(' · ');
    useEffect(() => {
        document.title = waiting.value > 0 ? `(${waiting.value}) ${title}` : title;
        const badge = navigator as Navigator & { setAppBadge?(count: number): Promise<void> };
        void badge.setAppBadge?.(waiting.value).catch(() => {});
    }, [waiting.value, title]);
    useFocus();
    return <>
        <a class="unseen skip" href="#main" data-page>Skip to the game</a>
        <header class="top">
            <a href="/" class="brand">
                <Logo /> <span>{name}<span class="unseen">: my games</span></span>
                {waiting.value > 0 && place.value.screen !== 'home' && <span class="pill turn">{waiting.value}<span class="unseen"> waiting for you</span></span>}
            </a>
            <a href="/me" class="brand" title="About me">
                <Avatar name={me.value?.display_name ?? '?'} avatar={me.value?.avatar} small />
                <span class="small">{me.value?.display_name}</span>
            </a>
        </header>
        {!reached.value && <p class="banner" role="status">No connection. What you play now is kept, and sent when there is one.</p>}
        <main id="main" tabIndex={-1}><Screen /></main>
        <div class="news" role="status" aria-live="polite">
            {news.value.map(({ key, text, to }) => to ? <a key={key} href={to} class="note">{text}</a> : <p key={key} class="note">{text}</p>)}
        </div>
    </>;
}

/** What stands in the title before the server's name. */
function titleOf(desk: Desk): string | undefined {
    const { value: at } = place;
    if (at.screen === 'me') return 'About me';
    if (at.screen === 'join') return 'An invitation';
    const game = at.screen === 'start' ? at.game : at.screen === 'table' ? desk.session(at.session).value?.game : undefined;
    return game && desk.game(game)?.title;
}

/** Whoever goes to another screen by keyboard or screen reader begins at its top. */
function useFocus(): void {
    const at = JSON.stringify(place.value);
    const first = useRef(at);
    useEffect(() => {
        if (first.current !== at) document.getElementById('main')?.focus({ preventScroll: true });
        first.current = '';
    }, [at]);
}

function Screen() {
    const { value: at } = place;
    switch (at.screen) {
        case 'home': return <Home />;
        case 'start': return <Start key={at.game} name={at.game} />;
        case 'table': return <Table key={at.session} id={at.session} />;
        case 'join': return <Join key={at.code} code={at.code} />;
        case 'me': return <Me />;
    }
}

function Opening() {
    return <main class="opening">
        <Logo />
        <p role="status">{reached.value ? trouble.value ?? 'A moment …' : 'The server cannot be reached yet. We keep trying.'}</p>
    </main>;
}

function SignedOut({ why }: { why: Problem }) {
    return <main class="opening">
        <Logo />
        <h1>You are signed out</h1>
        <p class="soft">{why.message}</p>
        <button class="button first" onClick={() => void beginAgain()}>Go on</button>
    </main>;
}

/** Two pieces that change places. */
export function Logo() {
    return <svg class="logo" viewBox="0 0 64 64" aria-hidden="true">
        <rect width="64" height="64" rx="16" fill="#201b2c" />
        <circle cx="25" cy="26" r="13" fill="#f4774a" />
        <circle cx="39" cy="38" r="13" fill="#fbf7f0" />
    </svg>;
}
