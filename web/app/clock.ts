import { computed, signal } from '@preact/signals';

/**
 * How far the server's clock is ahead of this device's, in milliseconds. A server tells whole seconds, so each answer says
 * no more than that the difference lies between two bounds; many answers bring the bounds together.
 */
let [least, most] = [-Infinity, Infinity];
const ahead = signal(0);

/** Learns from an answer: it says what the server's clock showed between two instants of ours. */
export function learnTime(serverTime: string, asked: number, answered: number): void {
    const told = Date.parse(serverTime);
    if (Number.isNaN(told)) return;
    const bounds = [told - answered, told + 1000 - asked] as const;
    least = Math.max(least, bounds[0]);
    most = Math.min(most, bounds[1]);
    if (least > most) [least, most] = bounds; // one of the clocks was set
    ahead.value = (least + most) / 2;
}

const tick = signal(Date.now());
setInterval(() => { tick.value = Date.now(); }, 500);
document.addEventListener('visibilitychange', () => { tick.value = Date.now(); });

/** The server's time, in milliseconds since 1970. It moves twice a second. */
export const serverNow = computed(() => tick.value + ahead.value);

/** The server's time at this instant. */
export function rightNow(): number {
    return Date.now() + ahead.value;
}

/** A span for people: two units are enough to know where one stands. */
export function span(milliseconds: number): string {
    const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
    const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3600), Math.floor(seconds / 86400)];
    if (days >= 2) return `${days} days`;
    if (hours >= 1) return `${hours} h${minutes % 60 > 0 ? ` ${minutes % 60} min` : ''}`;
    if (minutes >= 1) return `${minutes}:${String(seconds % 60).padStart(2, '0')} min`;
    return `${seconds} s`;
}

/** How long each turn may take, in words. */
export function turnLength(seconds: number): string {
    const units = [[86400, 'day'], [3600, 'hour'], [60, 'minute'], [1, 'second']] as const;
    const [size, unit] = units.find(([size]) => seconds % size === 0 && seconds >= size) ?? [1, 'second'];
    const count = seconds / size;
    return count === 1 ? `${unit === 'hour' ? 'an' : 'a'} ${unit}` : `${count} ${unit}s`;
}

/** An instant for people, as they write it. */
export function moment(time: string): string {
    const at = new Date(time);
    const today = new Date(rightNow()).toDateString() === at.toDateString();
    return at.toLocaleString(undefined, today ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' });
}
