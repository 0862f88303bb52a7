import { CallFailed, Problem } from '/client.js';

/** What went wrong, for people. The server's own words are meant for them; the network's are not. */
export function plainly(error: unknown): string {
    if (error instanceof Problem) return error.message;
    if (error instanceof CallFailed) return 'The server cannot be reached now. Please try again when there is a connection.';
    return error instanceof Error ? error.message : String(error);
}

/** Whether the same may work a little later, and in how many seconds at the earliest. */
export function passing(error: unknown): { seconds: number } | undefined {
    const passes = !(error instanceof Problem) || error.status === 429 || error.status >= 500 || error.name === 'token-expired';
    const seconds = error instanceof Problem || error instanceof CallFailed ? error.retry_after ?? 0 : 0;
    return passes ? { seconds } : undefined;
}
