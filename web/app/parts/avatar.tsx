import type { Seat } from '../names.ts';

/** Who sits there, as a disc: their emoji, or the first letter of their name. */
export function Avatar({ name, avatar, seat, bot, small }: { name: string; avatar?: string; seat?: number; bot?: boolean; small?: boolean }) {
    const colour = `var(--seat-${(seat ?? hash(name)) % 5})`;
    const sign = bot ? '⚙' : avatar && isPicture(avatar) ? avatar : [...name][0]?.toUpperCase() ?? '?';
    return <span class={`avatar${small ? ' small' : ''}`} style={{ '--mine': colour } as never} aria-hidden="true">{sign}</span>;
}

export function SeatAvatar({ seat, small }: { seat: Seat; small?: boolean }) {
    return <Avatar name={seat.display_name ?? '?'} avatar={seat.avatar} seat={seat.seat} bot={seat.bot} small={small} />;
}

/** Whether an avatar is one sign to look at. Other apps may use words, for pictures of theirs. */
function isPicture(avatar: string): boolean {
    return typeof Intl.Segmenter === 'function' && [...new Intl.Segmenter().segment(avatar)].length === 1 && !/[\p{L}\p{N}]/u.test(avatar);
}

function hash(text: string): number {
    return [...text].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)!) % 9973, 7);
}
