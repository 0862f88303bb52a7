/** What travels in a push: notify/webpush says what each member means. */
export interface Push {
    kind?: string;
    session_id?: string;
    player_id?: string;
    version?: string;
    app_badge?: number;
    notification?: { title: string; body?: string; tag?: string };
}

/** What the service worker tells the pages: a push has come; a notification was tapped, which leads there. */
export type ToldByWorker = { type: 'pushed'; push: Push } | { type: 'open'; to: string; player_id?: string };
