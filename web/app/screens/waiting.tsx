import { useRef, useState } from 'preact/hooks';
import { turnLength } from '../clock.ts';
import { useDesk } from '../context.ts';
import type { Session } from '../desk.ts';
import { drawingOf } from '../drawings.ts';
import { calledAt, others } from '../names.ts';
import { Avatar, SeatAvatar } from '../parts/avatar.tsx';
import { go } from '../route.ts';
import { useAcquaintances } from './start.tsx';
import { plainly } from '../trouble.ts';

/** A table that is not full: its link to send, and who is here. */
export function Waiting({ session }: { session: Session }) {
    const desk = useDesk();
    const { Sign } = drawingOf(session.game);
    const title = desk.game(session.game)?.title ?? session.game;
    const before = desk.mine.value?.map((id) => desk.session(id).value).find((one) => one?.successor_id === session.id);
    const free = session.seats_wanted - session.seats.length;
    const leave = () => desk.client.api.leaveSession({ session_id: session.id })
        .then(() => { void desk.refreshList(); go('/'); }, (problem: Error) => desk.tell(plainly(problem)));
    return <div class="table">
        <header class="title"><span class="sign searching"><Sign /></span><div><h1>{title}</h1>
            <p class="soft" role="status">{free === 1 ? 'One more player, and it begins.' : `${free} more players, and it begins.`} A turn may take {turnLength(session.turn_seconds)}.</p></div></header>
        {session.join_code && <Invite session={session} code={session.join_code} title={title} />}
        <ul class="seats">
            {session.seats.map((seat) => <li key={seat.seat}><SeatAvatar seat={seat} /><span class="what"><strong>{seat.seat === session.your_seat ? 'You' : calledAt(session, seat.seat)}</strong><span class="soft small">{seat.role}</span></span></li>)}
            {Array.from({ length: free }, (_, seat) => <li key={`free ${seat}`}><span class="avatar free" aria-hidden="true">+</span><span class="what soft">free</span></li>)}
        </ul>
        {before ? <p class="note">{others(before)} {before.seats.length > 2 ? 'are' : 'is'} asked to play again.</p> : <InvitePeople session={session} />}
        <button class="button grave" onClick={() => void leave()}>Leave the table</button>
    </div>;
}

/** How others get to a table: its link and its code. */
export function Invite({ session, code, title }: { session: Session; code: string; title: string }) {
    const [copied, setCopied] = useState(false);
    const shown = useRef<HTMLAnchorElement>(null);
    const link = `${location.origin}/j/${code}`;
    const share = async () => {
        if (navigator.share) return navigator.share({ title, text: `Play ${title} with me`, url: link }).catch(() => {});
        if (!navigator.clipboard) return getSelection()?.selectAllChildren(shown.current!); // a page over plain http may not copy by itself
        return navigator.clipboard.writeText(link).then(() => setCopied(true), () => {});
    };
    return <section class="card invite" aria-label="Invitation">
        <h2>Send this link to a friend</h2>
        <p><a class="link" ref={shown} href={link} data-page onClick={(event) => event.preventDefault()}>{link}</a></p>
        <p>or tell them the code <strong class="joincode">{code}</strong></p>
        <button class="button first" onClick={() => void share()}>{copied ? 'Copied' : 'share' in navigator ? 'Share the link' : 'clipboard' in navigator ? 'Copy the link' : 'Select the link'}</button>
        <p class="unseen" role="status">{copied ? 'The link is copied.' : ''}</p>
        {session.your_seat === undefined && <p class="soft">You are not seated here.</p>}
    </section>;
}

function InvitePeople({ session }: { session: Session }) {
    const desk = useDesk();
    const known = useAcquaintances();
    const invited = session.invitations ?? [];
    const asked = new Set([...invited.map(({ player_id }) => player_id), ...session.seats.map(({ player_id }) => player_id)]);
    const free = known.filter(({ player_id }) => !asked.has(player_id));
    const invite = (player: string) => desk.client.api.invitePlayers({ session_id: session.id, players: [player] })
        .then(() => desk.read(session.id)).catch((problem: Error) => desk.tell(plainly(problem)));
    if (invited.length + free.length === 0) return null;
    return <section>
        <h2>Invite somebody you know</h2>
        <ul class="people">
            {invited.map((guest) => <li key={guest.player_id} class="soft">{guest.display_name} is invited</li>)}
            {free.map(({ player_id, display_name, avatar }) => <li key={player_id}><button class="button" onClick={() => void invite(player_id)}><Avatar name={display_name} avatar={avatar} small /> {display_name}</button></li>)}
        </ul>
    </section>;
}
