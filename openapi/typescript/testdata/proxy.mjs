// A proxy that does to requests what a bad network does: before(request) says what.
//
//   undefined    the request goes through
//   'refuse'     it does not get through
//   'lose'       it gets through, and its answer does not come back
//   'hold'       nothing happens, for ever
//   {status, headers, body}   something on the way answers
//   {stream}     something on the way begins a stream, and falls silent
//   {cut: n}     it gets through, and the connection breaks after n events of the answer
//   {until, …}   it waits for this promise, and then meets the fate that the rest says
//   {as}         it gets through, and the server sees another path
import { createServer, request as send } from 'node:http';

export async function proxy(target, before = () => undefined) {
    const seen = []; // every request, in the order of arrival: "POST /v1/tokens"
    const times = [];
    const running = new Set();
    const server = createServer(async (request, response) => {
        seen.push(`${request.method} ${request.url}`);
        times.push(Date.now());
        const fate = before({ method: request.method, path: request.url, headers: request.headers });
        await fate?.until;
        if (fate === 'hold') return;
        if (fate === 'refuse') return request.socket.destroy();
        if (fate?.stream) return response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(fate.stream);
        if (fate?.status) return response.writeHead(fate.status, fate.headers).end(fate.body);
        const out = send(target + (fate?.as ?? request.url), { method: request.method, headers: request.headers }, (answer) => {
            if (fate === 'lose') {
                answer.resume().on('end', () => request.socket.destroy());
                return;
            }
            response.writeHead(answer.statusCode, answer.headers);
            if (!fate?.cut) return answer.pipe(response);
            let events = 0;
            answer.on('data', (chunk) => {
                events += String(chunk).split('\n\n').length - 1;
                response.write(chunk, () => { if (events >= fate.cut) request.socket.destroy(); });
            });
        });
        running.add(out);
        out.on('close', () => running.delete(out));
        out.on('error', () => request.socket.destroy());
        request.pipe(out);
        response.on('close', () => out.destroy());
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
        address: `http://127.0.0.1:${server.address().port}`,
        count: (beginning) => seen.filter((line) => line.startsWith(beginning)).length,
        times: (beginning) => times.filter((_, i) => seen[i].startsWith(beginning)),
        become: (next) => { before = next; },
        close: () => {
            for (const out of running) out.destroy();
            server.closeAllConnections();
            server.close();
        },
    };
}
