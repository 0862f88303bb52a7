import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Desk } from './desk.ts';

export const DeskContext = createContext<Desk | undefined>(undefined);

/** What lies before the player who uses the app. */
export function useDesk(): Desk {
    return useContext(DeskContext)!;
}
