import { useEffect, useState } from 'preact/hooks';
import type { Schemas } from '/client.js';
import { beginAgain } from '../app.tsx';
import { moment } from '../clock.ts';
import { useDesk } from '../context.ts';
import { Avatar } from '../parts/avatar.tsx';
import { Confirm } from '../parts/sheet.tsx';
import { Notifications } from './notifications.tsx';
import { plainly } from '../trouble.ts';

const faces = { '🦊': 'fox', '🦉': 'owl', '🐢': 'turtle', '🦦': 'otter', '🐙': 'octopus', '🦔': 'hedgehog', '🐝': 'bee', '🦜': 'parrot', '🐋': 'whale', '🌵': 'cactus', '🍄': 'mushroom', '🌻': 'sunflower' };

/** The player: name and face, notifications, other devices, and the way out. */
export function Me() {
    const { me } = useDesk();
    return <div class="me">
        <header class="title"><Avatar name={me.value?.display_name ?? '?'} avatar={me.value?.avatar} /><h1>{me.value?.display_name ?? 'You'}</h1></header>
        <Name key={me.value?.id} />
        <Notifications />
        <Devices />
        <Blocked />
        <Account />
        <p class="soft small">This app plays through the <a href="/docs" data-page>API of this server</a> alone, as yours may.</p>
    </div>;
}

function Name() {
    const desk = useDesk();
    const { value: me } = desk.me;
    const [name, setName] = useState<string>();
    const [wrong, setWrong] = useState<string>();
    const save = (change: Schemas['PatchRequest']) => desk.client.api.updateMe(change)
        .then((player) => { desk.me.value = player; setName(undefined); setWrong(undefined); }, (problem: Error) => setWrong(plainly(problem)));
    return <section class="card">
        <form class="code" onSubmit={(event) => { event.preventDefault(); void save({ display_name: name ?? me?.display_name }); }}>
            <label class="field"><span>What others call you</span>
                <input value={name ?? me?.display_name ?? ''} required maxLength={desk.server.value?.limits.display_name_characters ?? 32} autocomplete="nickname" aria-describedby="name-wrong" onInput={({ currentTarget }) => setName(currentTarget.value)} />
            </label>
            <button class="button" disabled={name === undefined || name === me?.display_name}>Save</button>
        </form>
        <p id="name-wrong" role="alert" class={wrong ? 'note bad' : 'unseen'}>{wrong}</p>
        <fieldset class="field"><legend>Your face</legend><div class="choices">{Object.entries(faces).map(([face, called]) => <label class="choice" key={face}>
            <input type="radio" name="face" checked={me?.avatar === face} onChange={() => void save({ avatar: face })} aria-label={called} /><span>{face}</span>
        </label>)}</div></fieldset>
    </section>;
}

/** The same player on another device. */
function Devices() {
    const desk = useDesk();
    const [code, setCode] = useState<Schemas['LinkCode']>();
    const [typed, setTyped] = useState('');
    const [wrong, setWrong] = useState<string>();
    const [asks, setAsks] = useState(false);
    const fail = (problem: Error) => setWrong(plainly(problem));
    const signIn = () => desk.signIn({ link_code: typed.trim() }).then(beginAgain, fail);
    const played = (desk.mine.value?.length ?? 0) > 0;
    return <section class="card">
        <h2>Your other devices</h2>
        <p class="soft">Be the same player on your phone and your computer, with the same games.</p>
        {code
            ? <p role="status">Type <strong class="joincode">{code.code}</strong> on the other device, before {moment(code.expires_at)}.</p>
            : <button class="button" onClick={() => void desk.client.api.createLinkCode().then(setCode, fail)}>Show a code here</button>}
        <form class="code" onSubmit={(event) => { event.preventDefault(); if (played) setAsks(true); else void signIn(); }}>
            <label class="field"><span>Or type the code that the other device shows</span>
                <input value={typed} required autocomplete="one-time-code" autocapitalize="characters" spellcheck={false} maxLength={20} onInput={({ currentTarget }) => setTyped(currentTarget.value)} />
            </label>
            <button class="button">Sign in here</button>
        </form>
        {wrong && <p class="note bad" role="alert">{wrong}</p>}
        {asks && <Confirm title="Leave this player?" text={`The games of ${desk.me.value?.display_name ?? 'this player'} can only be played on where they are signed in. If that is nowhere else, nobody can come back to them.`}
            yes="Sign in as the other" onYes={() => void signIn()} onClose={() => setAsks(false)} />}
        <Logins />
    </section>;
}

function Logins() {
    const { client } = useDesk();
    const [logins, setLogins] = useState<Schemas['Login'][]>([]);
    const read = () => client.api.listLogins().then(({ items }) => setLogins(items), () => {});
    useEffect(() => void read(), [client]);
    if (logins.length < 2) return null;
    return <ul class="rows plain">{logins.map(({ id, current, created_at, last_used_at }) => <li key={id} class="row">
        <span class="what"><strong>{current ? 'This device' : `Signed in ${moment(created_at)}`}</strong><span class="soft small">last used {moment(last_used_at)}</span></span>
        {!current && <button class="button bare" onClick={() => void client.api.deleteLogin({ login_id: id }).then(read, read)}>Sign out</button>}
    </li>)}</ul>;
}

function Blocked() {
    const { client } = useDesk();
    const [blocked, setBlocked] = useState<Schemas['Block'][]>([]);
    const read = () => client.api.listBlocks({ limit: 100 }).then(({ items }) => setBlocked(items), () => {});
    useEffect(() => void read(), [client]);
    if (blocked.length === 0) return null;
    return <section class="card"><h2>Blocked</h2><ul class="rows plain">{blocked.map(({ player_id, display_name }) => <li key={player_id} class="row">
        <span class="what">{display_name ?? 'Somebody who has left'}</span>
        <button class="button bare" onClick={() => void client.api.unblockPlayer({ player_id }).then(read, read)}>Unblock</button>
    </li>)}</ul></section>;
}

function Account() {
    const desk = useDesk();
    const [asks, setAsks] = useState<'leave' | 'delete'>();
    const leave = () => void desk.signOut().then(beginAgain);
    const remove = () => void desk.client.api.deleteMe().then(leave, (problem: Error) => desk.tell(plainly(problem)));
    return <section class="card">
        <h2>This account</h2>
        <div class="buttons">
            <button class="button" onClick={() => void download(desk.client, desk.tell.bind(desk))}>Download all that is kept of me</button>
            <button class="button grave" onClick={() => setAsks('leave')}>Sign out here</button>
            <button class="button grave" onClick={() => setAsks('delete')}>Delete the account</button>
        </div>
        {asks === 'leave' && <Confirm title="Sign out?" text="Unless you are signed in somewhere else, nobody can come back to your games." yes="Sign out" onYes={leave} onClose={() => setAsks(undefined)} />}
        {asks === 'delete' && <Confirm title="Delete the account?" text="Your name goes, and you leave all games for good. Those who played with you keep what happened." yes="Delete it" onYes={remove} onClose={() => setAsks(undefined)} />}
    </section>;
}

async function download(client: ReturnType<typeof useDesk>['client'], tell: (text: string) => void): Promise<void> {
    try {
        const records: unknown[] = [];
        let cursor: string | undefined;
        do {
            const page = await client.api.exportMe({ limit: 100, cursor });
            records.push(...page.items);
            cursor = page.next_cursor;
        } while (cursor);
        const link = document.createElement('a');
        link.href = URL.createObjectURL(new Blob([JSON.stringify(records, null, 2)], { type: 'application/json' }));
        link.download = 'yourturn.json';
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    } catch (problem) {
        tell(plainly(problem));
    }
}
