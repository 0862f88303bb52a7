// Answers questions about Web Push, one JSON object a line, with the work of others: http_ece decrypts, and
// web-push-testing subscribes and receives.
'use strict';

const crypto = require('crypto');
const ece = require('http_ece');
const {PushApiModel} = require('web-push-testing/src/PushApiModel.js');

const browsers = new PushApiModel();

const answers = {
	async decrypt({secret, auth, body}) {
		const privateKey = crypto.createECDH('prime256v1');
		privateKey.setPrivateKey(secret, 'base64url');
		const plain = ece.decrypt(Buffer.from(body, 'base64'), {version: 'aes128gcm', privateKey, authSecret: auth});
		return {plain: plain.toString('base64')};
	},
	async subscribe({key}) {
		const s = await browsers.subscribe({userVisibleOnly: 'true', applicationServerKey: key});
		return {hash: s.clientHash, p256dh: s.keys.p256dh, auth: s.keys.auth};
	},
	async receive({hash, headers, body}) {
		await browsers.handleNotification(hash, headers, Buffer.from(body, 'base64'));
		return browsers.getNotifications({clientHash: hash});
	},
};

console.error = () => {}; // it prints every refusal

(async () => {
	for await (const line of require('readline').createInterface({input: process.stdin})) {
		const question = JSON.parse(line);
		const answer = await answers[question.ask](question).catch(problem => ({problem: String(problem)}));
		process.stdout.write(JSON.stringify(answer) + '\n');
	}
})();
