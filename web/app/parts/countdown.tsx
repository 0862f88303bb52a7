import { serverNow, span } from '../clock.ts';

/** How much time is left, by the server's clock. */
export function Countdown({ until, turn }: { until: string; turn?: boolean }) {
    const left = Date.parse(until) - serverNow.value;
    const soon = left < 60_000;
    return <time dateTime={until} class={`pill${turn || soon ? ' turn' : ''}`} title={new Date(until).toLocaleString()}>
        {left > 0 ? span(left) : 'time is up'}
    </time>;
}
