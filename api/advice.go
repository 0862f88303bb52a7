package api

import (
	"cmp"
	"slices"
)

// advised says of each problem when it comes and what an app does about it, for docs/errors.md and the page /docs.
//
// It stands beside the table of [problems], and a test holds the two together.
var advised = map[string]struct{ when, do string }{
	"malformed": {"The body is not one JSON value in UTF-8, has a member twice, is nested too deeply, or broke off.",
		"A mistake in the app: detail or errors say what. Do not send it again as it is."},
	"token-missing": {"There is no Authorization: Bearer header, and for a stream no ticket either.",
		"Send the access token. Somebody who has none becomes a guest with createPlayer."},
	"token-expired": {"The access token has had its hour, or the refresh token was not used for 400 days.",
		"Refresh once with createTokens and repeat the call. If the refresh itself is answered so, sign in again."},
	"token-invalid": {"The token is none of this server's, or its login has ended: signed out here or elsewhere, deleted, or a refresh token was used twice.",
		"Forget both tokens and show the sign-in. Refreshing does not help."},
	"not-found": {"The path leads nowhere, or what it names does not exist, is gone, or belongs to others. The three look alike on purpose.",
		"Drop it from what you show, and reload the list that it came from."},
	"method-not-allowed": {"The path exists, but not with this method. The header Allow lists those that do.",
		"A mistake in the app."},
	"not-acceptable": {"The answer cannot be given in the form that Accept demands.",
		"Leave Accept out, or accept application/json."},
	"body-timeout": {"The body did not arrive within 5 seconds.",
		"The network is bad: send it again."},
	"identity-unknown": {"createTokens was given a good id token of a person who plays by no account here.",
		"Make one with createPlayer, then keep the identity with putIdentity. Or ask whether they play on another device already."},
	"already-moved": {"Your seat has played another move in this turn, perhaps from your other device. The same move again is no problem: it is answered like the first.",
		"Show the session that comes with the problem: the other move counted."},
	"identity-present": {"You have an identity of this provider already, of another person.",
		"Ask which one is meant. To change it, call deleteIdentity first."},
	"identity-taken": {"Another account has this identity. mine and other tell of the two accounts. Nothing has happened.",
		"Ask the person which one stays. For mine, call putIdentity again with instead_of: the player_id of other. For the other, sign in with createTokens and the id token; this account remains, and so do its tokens."},
	"invitation-accepted": {"You wanted to decline an invitation and have sat down already.",
		"Use leaveSession."},
	"not-private": {"Players can be invited only to a table that was opened with createSession.",
		"Hide the invitation for such sessions."},
	"not-your-turn": {"Others are to move.",
		"Show the session that comes with the problem, and wait for your_turn in the feed."},
	"other-rules": {"The session was begun under rules that this server does not have any more, or does not have yet while it is being updated.",
		"Show it for reading only. Try again later; giving up may be refused as well."},
	"player-blocked": {"You wanted to invite somebody whom you have blocked.",
		"Offer to unblock them first."},
	"player-gone": {"You ask for a rematch, and an account that sat at the table has been deleted.",
		"Offer a new table or a ticket instead."},
	"role-taken": {"Somebody else sits in this role.",
		"Call previewSession and offer the roles of roles_free."},
	"session-active": {"You ask for a rematch of a session that is still played.",
		"Show the session that comes with the problem."},
	"session-finished": {"The session is over.",
		"Show the session that comes with the problem: it has the result."},
	"session-full": {"Every seat is taken, perhaps by somebody who was a moment faster.",
		"Say so, and offer another table."},
	"session-started": {"The session has begun: nobody joins or leaves as while it waited.",
		"Show it. To stop playing, use forfeitSession."},
	"session-waiting": {"The session has not begun, because seats are free.",
		"Show that it waits. To go, use leaveSession."},
	"stale-turn": {"The move names a turn that has passed: another one has begun, or the time was up.",
		"Show the session that comes with the problem, and let the person look before they move again. Never send the old move under the new number."},
	"too-many-blocks": {"You block as many players as one may.",
		"Say so, and show the list to take some off."},
	"too-many-bots": {"You have as many unfinished sessions with bots as one may.",
		"Say so, and offer the open ones to finish or give up."},
	"too-many-devices": {"You have 20 devices.",
		"List them with listDevices and delete old ones. An app that makes up a new device_id at each start ends here."},
	"too-many-invitations": {"A hundred invitations of yours are open, or the table has invited a hundred people.",
		"Share the join code instead."},
	"too-many-tickets": {"You have as many open tickets as one may (open_tickets in getServer's limits).",
		"Show them with listTickets, to wait or to cancel."},
	"body-too-large": {"The body has more than 64 KiB.",
		"A mistake in the app."},
	"unsupported-media-type": {"The body is not declared as application/json.",
		"A mistake in the app: set Content-Type."},
	"channel-not-configured": {"The operator has not set up pushes by this channel.",
		"Look at channels in getServer before asking for permission to push. The feed and its stream work without."},
	"id-token-invalid": {"The id token is too old, for another app, of another issuer, not signed as it must be, or its nonce is not the SHA-256 of the one given.",
		"Get a new one from the provider, and try once more. If that fails too, the app's client id is not among the operator's audiences."},
	"link-code-invalid": {"There is no such code, it has been used, or its 10 minutes are over.",
		"Let the person type it again, or show a new one on the first device."},
	"provider-not-configured": {"The operator has not set up this identity provider.",
		"Offer only those of identity_providers in getServer."},
	"player-unknown": {"One of the players you invite does not exist, or their account is gone; errors says which.",
		"Take them off the list and ask again."},
	"idempotency-mismatch": {"The Idempotency-Key was used within 24 hours for a wish that reads differently.",
		"A mistake in the app: one key for one wish. Draw a new one."},
	"invalid": {"A value does not fit the schema, or a member or parameter is not known. errors says which, one by one, by location and message.",
		"Show the message at the field it is about if a person filled it in; otherwise a mistake in the app."},
	anyRule: {"The rules of the game do not allow the move or the config. The name is the game's own; detail says it for the player, in English.",
		"Show detail, or your own text for the name, and let them choose again. The turn goes on."},
	"rate-limited": {"This player or this address asks too often.",
		"Wait as many seconds as Retry-After says. Follow the stream instead of polling."},
	"too-many-streams": {"The login holds 5 streams already.",
		"Close old ones; share one between tabs. Until then use listFeed with wait."},
	"header-too-large": {"The headers are larger than the server reads.",
		"A mistake in the app, or a browser with huge cookies for this host."},
	"internal": {"A fault of the server, in whose log the request_id finds it.",
		"Say that something went wrong, with the request_id. Trying again is safe for what is safe to repeat anyway: see below."},
	"busy": {"More arrives at once than can be worked off, often at one session.",
		"Wait as long as Retry-After says, then send the same again."},
	"identity-provider-down": {"The provider whose keys are needed does not answer, or was asked a moment ago and had no such key.",
		"Wait as long as Retry-After says, then send the same again. Who is signed in stays so."},
	"timeout": {"The server did not finish in time. Whether it was done is not known.",
		"Send the same again: moves and keyed wishes are taken once."},
	"unavailable": {"The server cannot work just now: it starts, stops, or waits for its database. Whether it was done may not be known.",
		"Send the same again after Retry-After: moves and keyed wishes are taken once."},
}

// refusal is all there is to say about a kind of problem.
type refusal struct {
	name, title, when, do string
	status                int
}

// problemsInOrder lists the problems by status and name.
func problemsInOrder() (all []refusal) {
	for name, kind := range problems {
		advice := advised[name]
		all = append(all, refusal{name: name, title: kind.title, when: advice.when, do: advice.do, status: kind.status})
	}
	slices.SortFunc(all, func(a, b refusal) int { return cmp.Or(cmp.Compare(a.status, b.status), cmp.Compare(a.name, b.name)) })
	return all
}
