import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:https';
import { WebSocketServer } from 'ws';

/**
 * Starts a push service for Firefox: browsers hold a WebSocket to it, and whoever knows an endpoint posts a message there,
 * which it hands on without being able to read it. It speaks the protocol of Mozilla's own service, as far as one browser
 * needs it.
 *
 * @param {{ port: number, key: string, cert: string }} where Firefox trusts a WebSocket on this machine without a
 *   certificate; an endpoint is https, and so needs one, in PEM
 */
export async function pushService({ port, key, cert }) {
    const service = new Service(`https://127.0.0.1:${port}`);
    const endpoints = createServer({ key, cert }, (request, response) => service.take(request, response));
    await new Promise((resolve) => endpoints.listen(port, '127.0.0.1', resolve));
    const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise((resolve) => sockets.once('listening', resolve));
    sockets.on('connection', (socket) => service.greet(socket));
    service.preferences = {
        'dom.push.serverURL': `ws://127.0.0.1:${sockets.address().port}/`,
        'dom.push.testing.allowInsecureServerURL': true,
        'dom.push.connection.enabled': true, // not so where Firefox is driven by a program
        'dom.push.retryBaseInterval': 100, // milliseconds before Firefox calls again
    };
    service.close = () => {
        endpoints.close();
        endpoints.closeAllConnections();
        sockets.clients.forEach((socket) => socket.terminate());
        sockets.close();
    };
    return service;
}

class Service {
    /** With which Firefox finds the service. */
    preferences;
    close;
    /** What browsers have said about the messages that they got: 100 when a worker has handled one. */
    answers = [];
    /** How often somebody has subscribed. */
    subscribed = 0;

    #address;
    #browser = randomUUID();
    #channels = new Map(); // by the last part of their endpoints
    #socket;

    constructor(address) {
        this.#address = address;
    }

    get subscriptions() {
        return this.#channels.size;
    }

    /** Forgets every subscription, as a service does that has lost its data: browsers are told when they come back. */
    forget() {
        this.#channels.clear();
        this.#browser = randomUUID();
        this.#socket?.terminate();
    }

    greet(socket) {
        this.#socket = socket;
        const say = (message) => socket.send(JSON.stringify(message));
        socket.on('message', (text) => {
            const { messageType, ...told } = JSON.parse(text);
            switch (messageType) {
                case 'hello':
                    return say({ messageType, status: 200, uaid: this.#browser, use_webpush: true, broadcasts: {} });
                case 'register':
                    return say({ messageType, status: 200, channelID: told.channelID, pushEndpoint: this.#subscribe(told) });
                case 'unregister':
                    this.#unsubscribe(told.channelID);
                    return say({ messageType, status: 200, channelID: told.channelID });
                case 'ack':
                    return this.answers.push(...told.updates.map(({ code }) => code));
                case 'nack':
                    return this.answers.push(told.code);
                case undefined:
                    return say({}); // a sign of life
            }
        });
    }

    #subscribe({ channelID, key }) {
        const name = randomBytes(12).toString('base64url');
        this.#channels.set(name, { channelID, key: key.replace(/=+$/, '') });
        this.subscribed++;
        return `${this.#address}/${name}`;
    }

    #unsubscribe(channelID) {
        for (const [name, channel] of this.#channels) {
            if (channel.channelID === channelID) this.#channels.delete(name);
        }
    }

    async take(request, response) {
        const parts = [];
        for await (const part of request) parts.push(part);
        const { ttl, authorization = '', 'content-encoding': encoding } = request.headers;
        const channel = this.#channels.get(request.url.slice(1));
        const answer = (status, reason = '') => response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify({ reason }));
        if (!channel) return answer(410, 'gone');
        if (request.method !== 'POST' || !/^\d+$/.test(ttl) || encoding !== 'aes128gcm') return answer(400, 'headers');
        if (!authorization.endsWith(`k=${channel.key}`)) return answer(401, 'key');
        this.#socket.send(JSON.stringify({
            messageType: 'notification', channelID: channel.channelID, version: randomUUID(), ttl: Number(ttl),
            data: Buffer.concat(parts).toString('base64url'), headers: { encoding },
        }));
        answer(201);
    }
}
