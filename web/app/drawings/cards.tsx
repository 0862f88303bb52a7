/** Playing cards: how they look, and what they are called. A card is its rank and the first letter of its suit, "10S". */

export const suits = ['hearts', 'diamonds', 'clubs', 'spades'] as const;

export type Suit = typeof suits[number];

export function suitOf(card: string): Suit {
    return suits.find((suit) => suit[0]!.toUpperCase() === card.at(-1)) ?? 'spades';
}

function rankOf(card: string): string {
    return card.slice(0, -1);
}

const ranks: Record<string, string> = { A: 'ace', J: 'jack', Q: 'queen', K: 'king', 2: 'two', 3: 'three', 4: 'four', 5: 'five', 6: 'six', 7: 'seven', 8: 'eight', 9: 'nine', 10: 'ten' };

function rankInWords(card: string): string {
    return ranks[rankOf(card)] ?? rankOf(card);
}

/** "a ten", "an ace" */
export function aRank(card: string): string {
    const rank = rankInWords(card);
    return `${/^[ae]/.test(rank) ? 'an' : 'a'} ${rank}`;
}

/** "ten of spades" */
export function cardInWords(card: string): string {
    return `${rankInWords(card)} of ${suitOf(card)}`;
}

const shapes: Record<Suit, string> = {
    hearts: 'M12 21C5 15.5 2 12 2 8.2A5.2 5.2 0 0 1 7.2 3C9.3 3 11 4.1 12 6c1-1.9 2.7-3 4.8-3A5.2 5.2 0 0 1 22 8.2C22 12 19 15.5 12 21z',
    diamonds: 'M12 1.5 20 12l-8 10.5L4 12z',
    clubs: 'M12 2a4.5 4.5 0 0 1 3.7 7.1 4.5 4.5 0 1 1-2.6 7.6c.2 2.2.9 3.7 2.4 5.3h-7c1.5-1.6 2.2-3.1 2.4-5.3a4.5 4.5 0 1 1-2.6-7.6A4.5 4.5 0 0 1 12 2z',
    spades: 'M12 2c6 4.7 9.5 8 9.5 11.7a4.6 4.6 0 0 1-8.3 2.7c.2 2.3.9 3.9 2.4 5.6H8.4c1.5-1.7 2.2-3.3 2.4-5.6a4.6 4.6 0 0 1-8.3-2.7C2.5 10 6 6.7 12 2z',
};

export function SuitSign({ suit }: { suit: Suit }) {
    return <svg class={`suit-sign ${suit}`} viewBox="0 0 24 24" aria-hidden="true"><path d={shapes[suit]} /></svg>;
}

/** The face of a card. With actions, the cards that do more say so in the corner. */
export function Face({ card, actions }: { card: string; actions?: boolean }) {
    const suit = suitOf(card);
    const rank = rankOf(card);
    return <svg class={`face ${suit}`} viewBox="0 0 50 72" aria-hidden="true">
        <text x="5" y="17" class="rank">{rank}</text>
        <path d={shapes[suit]} transform="translate(5 21) scale(.5)" />
        <Middle rank={rank} suit={suit} />
        {actions && <Deed rank={rank} />}
    </svg>;
}

/** A crown for those who wear one, all four suits for the eight, which may be any, and the suit for all others. */
function Middle({ rank, suit }: { rank: string; suit: Suit }) {
    if (rank === '8') return <>{suits.map((one, at) => <path key={one} class={one} d={shapes[one]} transform={`translate(${at % 2 * 15 + 19} ${Math.floor(at / 2) * 16 + 35}) scale(.5)`} />)}</>;
    const crown = { J: 'M0 14V6l7 4 6-10 6 10 7-4v8z', Q: 'M0 14-1 3l7 6 7-9 7 9 7-6-1 11z', K: 'M0 14-1 3l6 5 3-8 5 7 5-7 3 8 6-5-1 11z' }[rank];
    if (crown) return <><path d={crown} transform="translate(16 29)" /><path d={shapes[suit]} transform="translate(18 48) scale(.9)" /></>;
    return <path d={shapes[suit]} transform="translate(12 33) scale(1.35)" />;
}

/** What a card does beside lying there. */
function Deed({ rank }: { rank: string }) {
    if (rank === '2') return <text class="deed" x="46" y="16">+2</text>;
    if (rank === 'A') return <path class="line" d="M32 12a6.5 6.5 0 0 1 12-1m0 0V6.5M44 11h-4.5" />;
    if (rank === 'Q') return <><circle class="line" cx="38.5" cy="11.5" r="5.5" /><path class="line" d="m35 15.5 7-8" /></>;
    return null;
}
