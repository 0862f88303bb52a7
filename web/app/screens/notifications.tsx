import { useEffect, useState } from 'preact/hooks';
import type { Schemas } from '/client.js';
import { moment } from '../clock.ts';
import { useDesk } from '../context.ts';
import { aboutOf, outcomeOf } from '../deliveries.ts';
import type { Session } from '../desk.ts';
import { browser, deviceId } from '../device.ts';
import { arrivals, busy, standing, tested, trouble, tryOut, turnOff, turnOn, type Standing } from '../push.ts';
import './notifications.css';

/** Whether this browser tells its player what happens while the app is closed: the switch, a test, and what was sent. */
export function Notifications() {
    const desk = useDesk();
    const on = standing.value === 'on';
    const obstacle = obstacles[standing.value];
    return <section class="card notifications" aria-labelledby="notifications">
        <h2 id="notifications">Notifications</h2>
        <button class="switch" role="switch" aria-checked={on} aria-describedby="notifications-do" disabled={busy.value || (!on && standing.value !== 'off')}
            onClick={() => void (on ? turnOff(desk) : turnOn(desk))}>
            <strong>Tell me when it is my turn</strong>
        </button>
        <p id="notifications-do" class="soft">This browser shows a notification when a game needs you, has begun or is over, also while the app is closed.</p>
        {obstacle && <p class="note" role="status">{obstacle}</p>}
        {trouble.value && <p class="note bad" role="alert">{trouble.value}</p>}
        {on && <div class="trial">
            <button class="button" disabled={busy.value} onClick={() => void tryOut(desk)}>Send me a test</button>
            <p role="status" class={tested.value ? 'note' : 'unseen'}>{tested.value && (tested.value.arrived ? 'It has arrived: this browser can be reached.' : tested.value.said)}</p>
        </div>}
        <LastSent />
    </section>;
}

/** Why the switch cannot be used, and what would help. */
const obstacles: Partial<Record<Standing, string>> = {
    'unknown': 'A moment …',
    'denied': 'You have told this browser to show no notifications of this page. Allow them in its settings for this site, mostly behind the sign beside the address, and this switch works again.',
    'insecure': 'Browsers show notifications only for pages with a secure address, one that begins with https. Ask whoever runs this server for it.',
    'home-screen': 'On iPhones and iPads, put the app on the home screen first: tap Share, then Add to Home Screen, and open it from there. It begins there with a new player; a code from “Your other devices” makes it you.',
    'old-browser': 'This browser cannot be notified by pages. In a private window no browser can.',
    'no-server': 'This server sends no notifications to browsers. Whoever runs it can set that up.',
};

type Delivery = Schemas['Delivery'];

/** What was sent to this browser last, or why it was not. */
function LastSent() {
    const { client } = useDesk();
    const [sent, setSent] = useState<Delivery[]>();
    const [wrong, setWrong] = useState(false);
    const read = async () => {
        try {
            const device = await deviceId();
            const { items } = await client.api.listDeliveries({ limit: 100 });
            setSent(items.filter(({ device_id }) => device_id === device).slice(0, 10));
            setWrong(false);
        } catch {
            setWrong(true);
        }
    };
    useEffect(() => void read(), [client, arrivals.value, standing.value, tested.value?.said]);
    useEffect(() => {
        if (!sent?.some(({ status }) => status === 'pending')) return undefined;
        const again = setTimeout(() => void read(), 3000); // what becomes of it nobody tells
        return () => clearTimeout(again);
    }, [sent]);
    if (wrong) return <p class="note" role="status">What was sent last cannot be asked for now. <button class="button bare" onClick={() => void read()}>Try again</button></p>;
    if (!sent || (sent.length === 0 && standing.value !== 'on')) return null;
    return <>
        <h3>What was sent last</h3>
        {sent.length === 0
            ? <p class="soft">Nothing yet.</p>
            : <ul class="rows plain sent">{sent.map((delivery) => <li key={delivery.id} class="row"><Sent delivery={delivery} /></li>)}</ul>}
    </>;
}

function Sent({ delivery }: { delivery: Delivery }) {
    const desk = useDesk();
    const { session_id, status, created_at } = delivery;
    const name = session_id && desk.session(session_id).value?.game;
    return <>
        <span class="what">
            <strong>{aboutOf(delivery)}</strong>
            <span class="soft small">
                {session_id && <><a href={`/s/${session_id}`}>{name ? desk.game(name)?.title ?? name : 'To the game'}</a>, </>}
                <time dateTime={created_at}>{moment(created_at)}</time>
            </span>
        </span>
        <span class={`small became ${status}`}>{outcomeOf(delivery)}</span>
    </>;
}

/** Asks, once a person waits for the others in a game, whether they would like to be told. A no is remembered. */
export function OfferNotifications({ session }: { session: Session }) {
    const desk = useDesk();
    const [asks, setAsks] = useState(false);
    const [answered, setAnswered] = useState(false);
    useEffect(() => void browser.get('offer').then((answer) => setAsks(answer === undefined)), []);
    const answer = (yes: boolean) => {
        if (yes) void turnOn(desk).then(() => setAnswered(true)); // before anything else, as browsers want it
        void browser.set('offer', yes ? 'yes' : 'no').then(() => setAsks(false));
    };
    if (answered) return <p class="note" role="status">{trouble.value ?? (standing.value === 'on' ? 'Good: you will be told.' : obstacles[standing.value])}</p>;
    const waits = session.status === 'active' && session.your_seat !== undefined && !session.your_turn;
    if (!asks || !waits || standing.value !== 'off') return null;
    return <div class="card offer">
        <p>Shall we tell you when it is your turn, also while the app is closed?</p>
        <div class="buttons">
            <button class="button first" onClick={() => answer(true)}>Yes, tell me</button>
            <button class="button bare" onClick={() => answer(false)}>No, thanks</button>
        </div>
    </div>;
}
