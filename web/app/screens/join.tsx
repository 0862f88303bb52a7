import { useEffect, useState } from 'preact/hooks';
import { Problem, type Schemas } from '/client.js';
import { turnLength } from '../clock.ts';
import { useDesk } from '../context.ts';
import { drawingOf } from '../drawings.ts';
import { titled } from '../names.ts';
import { go } from '../route.ts';
import { passing, plainly } from '../trouble.ts';
import { CodeForm } from './home.tsx';
import { Choice } from './start.tsx';

/** An invitation by link or code: what it is, and a seat. */
export function Join({ code }: { code: string }) {
    const desk = useDesk();
    const [preview, setPreview] = useState<Schemas['SessionPreview']>();
    const [trouble, setTrouble] = useState<Error>();
    const [busy, setBusy] = useState(false);
    const [role, setRole] = useState<string>();
    const seated = desk.mine.value?.find((id) => desk.session(id).value?.join_code === code.toUpperCase());
    useEffect(() => {
        if (seated) return go(`/s/${seated}`, { replace: true });
        look();
        return undefined;
    }, [desk, code, seated]);
    const look = () => {
        setTrouble(undefined);
        desk.client.api.previewSession({ join_code: code }).then(setPreview, setTrouble);
    };
    const sit = () => {
        setBusy(true);
        setTrouble(undefined);
        desk.client.api.joinSession({ join_code: code, role }).then((session) => {
            desk.accept(session);
            void desk.refreshList();
            go(`/s/${session.id}`, { replace: true });
        }, setTrouble).finally(() => setBusy(false));
    };
    if (trouble && !passing(trouble)) return <Refused why={trouble} code={code} />;
    if (!preview && trouble) return <Later why={trouble} onAgain={look} />;
    if (!preview) return <p class="soft" role="status">A moment …</p>;
    const { Sign, about } = drawingOf(preview.game);
    const host = preview.host_display_name;
    const free = preview.seats_free > 0 && preview.status !== 'finished';
    return <div class="start">
        <header class="title"><span class="sign"><Sign /></span><div>
            <h1>{preview.status === 'finished' ? `This game of ${preview.title} is over` : host ? `${host} invites you to ${preview.title}` : `You are invited to ${preview.title}`}</h1>
            <p class="soft">{about}</p>
        </div></header>
        {preview.status !== 'finished' && <p>{seats(preview)} A turn may take {turnLength(preview.turn_seconds)}.</p>}
        {free && preview.roles_free.length > 0 &&
            <Choice title="Who would you like to be?" all={[undefined, ...preview.roles_free]} chosen={role} onChoose={setRole} word={(one) => one ? titled(one) : 'Whatever is free'} />}
        {trouble && <p class="note bad" role="alert">{plainly(trouble)}</p>}
        <div class="buttons">
            {free && <button class="button first" disabled={busy} onClick={sit}>Sit down</button>}
            {!free && preview.status === 'active' && <button class="button" disabled={busy} onClick={sit}>I sit here already</button>}
            {!free && <a class="button first" href={`/new/${preview.game}`}>A table of your own</a>}
            <a class="button bare" href="/">{free ? 'Not now' : 'To my games'}</a>
        </div>
    </div>;
}

function seats({ seats_free }: Schemas['SessionPreview']): string {
    if (seats_free === 0) return 'All seats are taken.';
    return seats_free === 1 ? 'One seat is free.' : `${seats_free} seats are free.`;
}

function Later({ why, onAgain }: { why: Error; onAgain: () => void }) {
    return <>
        <h1>The invitation cannot be read now</h1>
        <p>{plainly(why)}</p>
        <p><button class="button first" onClick={onAgain}>Try again</button></p>
    </>;
}

function Refused({ why, code }: { why: Error; code: string }) {
    const unknown = why instanceof Problem && why.status === 404;
    return <>
        <h1>{unknown ? 'This invitation leads nowhere' : 'There is no seat for you'}</h1>
        <p>{unknown ? 'The code is misspelt, or the table is gone. Ask for a new one.' : why.message}</p>
        {unknown && <CodeForm was={code} />}
        <p><a class="button" href="/">To my games</a></p>
    </>;
}
