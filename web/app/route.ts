import { computed, signal } from '@preact/signals';

/** Where in the app somebody is. Each screen has an address, so that back, reload and a bookmark do what they say. */
export type Place =
    | { screen: 'home' }
    | { screen: 'start'; game: string }
    | { screen: 'table'; session: string }
    | { screen: 'join'; code: string }
    | { screen: 'me' };

const path = signal(location.pathname);
addEventListener('popstate', () => { path.value = location.pathname; });

export const place = computed<Place>(() => {
    const [, first = '', second = ''] = path.value.split('/').map(decoded);
    switch (first) {
        case 'new': return { screen: 'start', game: second };
        case 's': return { screen: 'table', session: second };
        case 'j': return { screen: 'join', code: second };
        case 'me': return { screen: 'me' };
        default: return { screen: 'home' };
    }
});

function decoded(part: string): string {
    try {
        return decodeURIComponent(part);
    } catch {
        return '';
    }
}

export function go(to: string, how: { replace?: boolean } = {}): void {
    if (to === path.value) return;
    if (how.replace) history.replaceState(null, '', to);
    else history.pushState(null, '', to);
    path.value = to;
    scrollTo(0, 0);
}

/** Follows links of the app without loading the page again. */
export function followLinks(): void {
    document.addEventListener('click', (event) => {
        const link = (event.target as Element).closest?.('a');
        if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        if (link.origin !== location.origin || link.target || link.hasAttribute('download') || link.dataset.page !== undefined) return;
        event.preventDefault();
        go(link.pathname);
    });
}
