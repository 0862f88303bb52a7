import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** A dialog above the page. The browser keeps the keyboard in it, and gives the focus back when it closes. */
export function Sheet({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
    const dialog = useRef<HTMLDialogElement>(null);
    useEffect(() => {
        const { current: shown } = dialog;
        shown?.showModal();
        return () => shown?.close(); // while it is still in the page, so that the focus finds its way back
    }, []);
    const close = ({ currentTarget }: { currentTarget: HTMLDialogElement }) => { if (currentTarget.isConnected) onClose(); };
    return <dialog class="sheet" ref={dialog} aria-label={title} onClose={close} onClick={(event) => { if (event.target === dialog.current) dialog.current?.close(); }}>
        <h2>{title}</h2>
        {children}
    </dialog>;
}

/** Asks before something that cannot be taken back. */
export function Confirm({ title, text, yes, onYes, onClose }: { title: string; text: string; yes: string; onYes: () => void; onClose: () => void }) {
    return <Sheet title={title} onClose={onClose}>
        <p>{text}</p>
        <div class="buttons">
            <button class="button grave" onClick={() => { onYes(); onClose(); }}>{yes}</button>
            <button class="button" onClick={onClose}>No, go back</button>
        </div>
    </Sheet>;
}
