/**
 * What this browser keeps for a player: games as they were last seen, for when there is no connection, and moves that are
 * not sent yet. Where the browser keeps nothing, nothing is kept, and the app plays on.
 */
export class Kept {
    /** @param player whose things these are: nobody is shown another player's */
    constructor(readonly player: string) {}

    async get<T>(key: string): Promise<T | undefined> {
        return this.#run<T | undefined>('readonly', (table) => table.get(this.#name(key)));
    }

    async set(key: string, value: unknown): Promise<void> {
        await this.#run('readwrite', (table) => table.put(value, this.#name(key)));
    }

    async delete(key: string): Promise<void> {
        await this.#run('readwrite', (table) => table.delete(this.#name(key)));
    }

    /** Every value whose key begins so, in the order of the keys. */
    async all<T>(beginning: string): Promise<T[]> {
        const first = this.#name(beginning);
        return await this.#run<T[]>('readonly', (table) => table.getAll(IDBKeyRange.bound(first, `${first}\uffff`))) ?? [];
    }

    /** Forgets everything of this player. */
    async clear(): Promise<void> {
        const first = this.#name('');
        await this.#run('readwrite', (table) => table.delete(IDBKeyRange.bound(first, `${first}\uffff`)));
    }

    #name(key: string): string {
        return `${this.player} ${key}`;
    }

    async #run<T>(mode: IDBTransactionMode, work: (table: IDBObjectStore) => IDBRequest): Promise<T | undefined> {
        try {
            const opening = indexedDB.open('yourturn-web', 1);
            opening.onupgradeneeded = () => opening.result.createObjectStore('kept');
            const database = await answer(opening);
            try {
                const transaction = database.transaction('kept', mode);
                const request = work(transaction.objectStore('kept'));
                await new Promise<void>((resolve, reject) => {
                    transaction.oncomplete = () => resolve();
                    transaction.onabort = () => reject(transaction.error);
                });
                return request.result as T;
            } finally {
                database.close();
            }
        } catch {
            return undefined; // private windows of some browsers
        }
    }
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
    return new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
}
