// Made by build.mjs from ../openapi.yaml. Do not edit.
export interface paths {
    "/v1/games": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The games of this server
         * @description All of them, on one page.
         */
        get: operations["listGames"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/games/dungeon/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Open a private table of Dungeon
         * @description createSession, with this game's types.
         */
        post: operations["startDungeonSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/games/dungeon/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One session of mine of Dungeon
         * @description getSession, with this game's types.
         */
        get: operations["getDungeonSession"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/games/dungeon/sessions/{session_id}/moves": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Play a move of Dungeon
         * @description playMove, with this game's types.
         */
        post: operations["playDungeonMove"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/games/eights/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Open a private table of Crazy eights
         * @description createSession, with this game's types.
         */
        post: operations["startEightsSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/games/eights/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One session of mine of Crazy eights
         * @description getSession, with this game's types.
         */
        get: operations["getEightsSession"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/games/eights/sessions/{session_id}/moves": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Play a move of Crazy eights
         * @description playMove, with this game's types.
         */
        post: operations["playEightsMove"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/games/quest/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Open a private table of Quest
         * @description createSession, with this game's types.
         */
        post: operations["startQuestSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/games/quest/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One session of mine of Quest
         * @description getSession, with this game's types.
         */
        get: operations["getQuestSession"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/games/quest/sessions/{session_id}/moves": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Play a move of Quest
         * @description playMove, with this game's types.
         */
        post: operations["playQuestMove"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/games/quiz/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Open a private table of Quiz
         * @description createSession, with this game's types.
         */
        post: operations["startQuizSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/games/quiz/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One session of mine of Quiz
         * @description getSession, with this game's types.
         */
        get: operations["getQuizSession"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/games/quiz/sessions/{session_id}/moves": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Play a move of Quiz
         * @description playMove, with this game's types.
         */
        post: operations["playQuizMove"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/games/rps/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Open a private table of Rock-paper-scissors
         * @description createSession, with this game's types.
         */
        post: operations["startRockPaperScissorsSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/games/rps/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One session of mine of Rock-paper-scissors
         * @description getSession, with this game's types.
         */
        get: operations["getRockPaperScissorsSession"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/games/rps/sessions/{session_id}/moves": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Play a move of Rock-paper-scissors
         * @description playMove, with this game's types.
         */
        post: operations["playRockPaperScissorsMove"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/games/tictactoe/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Open a private table of Tic-tac-toe
         * @description createSession, with this game's types.
         */
        post: operations["startTicTacToeSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/games/tictactoe/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One session of mine of Tic-tac-toe
         * @description getSession, with this game's types.
         */
        get: operations["getTicTacToeSession"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/games/tictactoe/sessions/{session_id}/moves": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Play a move of Tic-tac-toe
         * @description playMove, with this game's types.
         */
        post: operations["playTicTacToeMove"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/games/{game}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One game
         * @description With the JSON Schemas of its config, its moves and its view.
         */
        get: operations["getGame"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/games/{game}/enter": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Enter the open session of a game
         * @description Some servers keep a session of a game open that anybody may enter, without a code or a ticket; such games have open: true. When it is over or full, this leads into its successor, which its last message has named.
         */
        post: operations["enterGame"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who I am
         * @description The account behind the token.
         */
        get: operations["getMe"];
        put?: never;
        post?: never;
        /**
         * Delete my account
         * @description Forfeits what is being played, cancels open tickets, and forgets everything about the player but a bare id. Sessions stay readable for the others, with what was played, the seat marked as deleted. If it fails on the way it can be asked for again.
         */
        delete: operations["deleteMe"];
        options?: never;
        head?: never;
        /**
         * Change my name, language or avatar
         * @description Members that are absent stay as they are.
         */
        patch: operations["updateMe"];
        trace?: never;
    };
    "/v1/me/blocks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whom I have blocked
         * @description The last first.
         */
        get: operations["listBlocks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/blocks/{player_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Block a player
         * @description We are neither matched any more nor do I hear of their invitations and rematches, and they cannot enter a private table whose host I am, the person at its lowest seat, by its code. They are not told, and see an invitation of theirs as if I had not answered. A session that we are playing goes on: mute it, or give it up. Open sessions that anybody may enter take no notice. At most 1,000.
         */
        put: operations["blockPlayer"];
        post?: never;
        /**
         * Unblock a player
         * @description An invitation of theirs that still stands is shown again. Who is not blocked is as good as unblocked.
         */
        delete: operations["unblockPlayer"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was pushed to me, and why not
         * @description One line for each push of a message to a device, the newest first. Kept as long as the feed.
         */
        get: operations["listDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * My devices
         * @description Those of all my logins.
         */
        get: operations["listDevices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/devices/{device_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Register for pushes
         * @description Do it at every start of the app, and when the token changes. The device belongs to this login and goes with it. A token belongs to who registered it last, so whoever signs in on a shared phone gets the pushes and nobody else. At most 20 devices a player.
         */
        put: operations["putDevice"];
        post?: never;
        /**
         * No more pushes to a device
         * @description Of any of my logins. One that is not there is as good as deleted.
         */
        delete: operations["deleteDevice"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/devices/{device_id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Try a push
         * @description Pushes to the device at once, and answers with what the provider said: status sent, or failed with its reason. A device that the provider does not know any more is forgotten.
         */
        post: operations["testPush"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Everything that the server keeps about me
         * @description Record by record, in an order that stays. Follow next_cursor to the end and keep what comes; a page may have few records, or none, and others behind it. Left out are hashes of secrets, what only others have said, as whom they block, and what stands in the histories of tables under my bare id alone: that I was invited, declined, or sat there and got up before it began. Push addresses are in it, so treat it as you treat a password.
         */
        get: operations["exportMe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/feed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What I was told
         * @description One numbered feed for each player, the same by list, long-poll, stream and push: whoever asks for what comes after the last number they have misses nothing and sees nothing twice. Messages are kept for 30 days.
         */
        get: operations["listFeed"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/feed/ack": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A person has seen it
         * @description Send it when a visible screen has shown everything up to seq, never on receipt: it clears unread marks on all devices and silences pushes up to seq. It never goes back.
         */
        post: operations["ackFeed"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/identities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * By whom I can come back
         * @description My identities, one of each provider at most.
         */
        get: operations["listIdentities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/identities/{provider}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Let me come back by Apple, Google or another provider
         * @description From now on createTokens with an id_token of this person signs in as this player. Of the token nothing is kept but the issuer and its name for the person.
         *
         *     If another account has the identity nothing happens but the problem identity-taken, with both accounts as mine and other: ask the person. For this one, ask again with instead_of: other's player_id. For the other one, sign in by createTokens; this account stays as it is, with its tokens.
         */
        put: operations["putIdentity"];
        post?: never;
        /**
         * Forget an identity of mine
         * @description It can be given to another account, or to this one again. The devices that it signed in stay signed in. If it was the last one, the tokens are again all there is to the account. One that is not there is as good as deleted.
         */
        delete: operations["deleteIdentity"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Where I am invited
         * @description The tables that wait for me to answer, the newest first. Accept with joinSession, by the join code.
         */
        get: operations["listInvitations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/invitations/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Decline an invitation
         * @description Those at the table see it, and whoever invited is told. Again it changes nothing. When the table has begun or ended there is nothing to decline any more: not-found. Who has sat down already leaves the table instead (leaveSession).
         */
        delete: operations["declineInvitation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/link-codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign another device in
         * @description Makes a code of 8 characters that works once, for 10 minutes, with createTokens on the other device. A newer code ends the older one, and so does the end of the login that made it.
         */
        post: operations["createLinkCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/logins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Where I am signed in
         * @description All logins of the player, the oldest first: each device and browser that was signed in is one. There are at most 50; beyond that the one that was not used for longest ends.
         */
        get: operations["listLogins"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/logins/{login_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Sign a device out
         * @description Ends one of my logins from afar, as of a phone that was lost: its tokens, its streams, its devices and its link code. One that is not there is as good as ended.
         */
        delete: operations["deleteLogin"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/opponents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * People I have played
         * @description The last first, for a list of whom to invite. Everybody counts with whom I began a session of up to 8 seats, or who came later while there were no more; of a crowd nobody does. Accounts that are gone are left out.
         */
        get: operations["listOpponents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What I am told, live
         * @description Server-sent events. First comes hello (server_time, last_seq, acked_seq); then messages, as in listFeed, with their number as id; reset (seq) when what was asked for is not kept: reload, and go on from there; bye (reason) before the server ends it. A comment every 17 s says that it lives. At most 5 streams a login.
         */
        get: operations["streamFeed"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/stream-tickets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A ticket for EventSource
         * @description EventSource cannot send headers. The ticket works for any number of streams until the access token ends.
         */
        post: operations["createStreamTicket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/players": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Become a guest
         * @description Makes an account without a password. The tokens are all there is to it: keep the refresh token, or the account is lost; unless another device was signed in (createLinkCode) or the player has an identity (putIdentity).
         */
        post: operations["createPlayer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/server": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What this server is
         * @description Its clock, its push channels and its limits. Needs no token.
         */
        get: operations["getServer"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * My games
         * @description Those that wait for me first, by deadline; then the others, newest first.
         */
        get: operations["listSessions"];
        put?: never;
        /**
         * Open a private table
         * @description The answer has a join code for those you play with. It starts when its seats are taken, and ends after 7 days if they are not. Bots sit down at once and play as people do, a moment after it becomes their turn.
         */
        post: operations["createSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/by-code/{join_code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Look at a table before joining
         * @description What a join code leads to.
         */
        get: operations["previewSession"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/join": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Join a private table
         * @description Takes a seat by a join code; of a session that is being played, too, when its game takes latecomers. Who sits there already gets the session as it is. Somebody whom the game has set aside because they did not move is back in it.
         */
        post: operations["joinSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One session of mine
         * @description As my seat may see it; with a version, as my seat saw it then. The ETag tells whether anything has happened.
         */
        get: operations["getSession"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{session_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What has happened
         * @description The history as my seat may see it. Go on with the last version that you have; the events of one version are never split over pages.
         */
        get: operations["listEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{session_id}/forfeit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give up
         * @description At any time, also in the others' turns. Again by the same player it changes nothing.
         */
        post: operations["forfeitSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{session_id}/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Invite people to a table
         * @description Whoever sits at a private table may invite others while it waits. They are told by feed and push, and join by the code. An invitation keeps no seat: who comes first sits down, so leave room for as many as you invite. Nobody is told of a table twice, and who has declined is not asked again. Answers with the session; its invitations tell who has answered what.
         */
        post: operations["invitePlayers"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{session_id}/leave": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Leave a table that has not started
         * @description Frees the seat. The last to leave ends the session.
         */
        post: operations["leaveSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{session_id}/moves": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Play a move
         * @description A move names the turn it answers and is taken exactly once: send it again as often as you must. The same move again answers with the session as it is now, and with the move that counted; another one is refused with already-moved. Every refusal carries the session as it is.
         */
        post: operations["playMove"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{session_id}/mute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * No pushes of this session
         * @description The feed and the badge go on as ever.
         */
        put: operations["muteSession"];
        post?: never;
        /**
         * Pushes of this session again
         * @description What was held back stays so.
         */
        delete: operations["unmuteSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{session_id}/rematch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Play again
         * @description The first to ask opens a table with the same config, at which everybody sits one seat further on, and the others are told; when they ask, they sit down there. It starts when all are back. Again by the same player it changes nothing. Answers with the new session.
         */
        post: operations["rematchSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tickets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * My tickets
         * @description The newest first; those that are over are forgotten after 30 days.
         */
        get: operations["listTickets"];
        put?: never;
        /**
         * Find an opponent
         * @description A ticket fits others of the same game, turn length and config. It is matched in the very request that makes a match possible, with the oldest that fits; otherwise it waits, for days if need be, while you are not connected.
         */
        post: operations["createTicket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tickets/{ticket_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One ticket of mine
         * @description Once its status is matched, session_id names the session.
         */
        get: operations["getTicket"];
        put?: never;
        post?: never;
        /**
         * Cancel a ticket
         * @description Answers with the ticket as it is then: one that has just been matched stays matched, and the session is yours to play.
         */
        delete: operations["cancelTicket"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get new tokens, or sign in
         * @description By a refresh_token: it works until one issued from it has been used, and 60 s longer, so a lost answer or a second tab costs nothing. Its use after that is taken for theft, and ends the login for everybody who holds it, with the logins that its link codes have made since the token was issued.
         *
         *     By a link_code: signs this device in as the player whose other device shows the code. A code works once.
         *
         *     By a provider and an id_token: signs this device in as the player who has that identity. When nobody has it the answer is identity-unknown: become a guest (createPlayer), and putIdentity with the same token.
         */
        post: operations["createTokens"];
        /**
         * Sign out
         * @description Ends this login: its tokens, its streams and its devices. A guest without an identity who signs out of the only login cannot come back.
         */
        delete: operations["deleteTokens"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Account: {
            /**
             * Format: date-time
             * @description When the account was made.
             */
            created_at: string;
            /**
             * @description What the others read.
             * @example Brisk Otter
             */
            display_name: string;
            /**
             * Format: date-time
             * @description When a device of it last got tokens. Absent when it is signed in nowhere. Show it: the device may be long gone.
             */
            last_used_at?: string;
            /**
             * @description The player.
             * @example 06eqzv2k3m8x1c4r7t9w0y5h2n
             */
            player_id: string;
            /** @description Whether a way to it is left when the identity goes to the other account: a device that is signed in, besides the one that asks and if the person still has it (see last_used_at), or another identity of a provider of this server. If not, choosing the other one is for good. */
            recoverable: boolean;
            /**
             * Format: int64
             * @description Sessions that it plays.
             * @example 2
             */
            sessions_active: number;
            /**
             * Format: int64
             * @description Sessions that it has played to their end.
             * @example 31
             */
            sessions_finished: number;
        };
        AckRequest: {
            /**
             * Format: int64
             * @description A person has seen everything up to this number.
             * @example 42
             */
            seq: number;
        };
        Block: {
            /**
             * @description Their avatar.
             * @example 🪶
             */
            avatar?: string;
            /**
             * Format: date-time
             * @description Since when.
             */
            blocked_at: string;
            /**
             * @description What they are called.
             * @example Calm Heron
             */
            display_name: string;
            /**
             * @description Who it is.
             * @example 06eqzx5p7r2v9d4g8k1n3s6w0c
             */
            player_id: string;
        };
        BlockList: {
            /** @description This page. */
            items: components["schemas"]["Block"][];
            /** @description Ask with it as cursor for the next page. Absent on the last. */
            next_cursor?: string;
        };
        Bot: {
            /**
             * @description How well it plays.
             * @example normal
             * @enum {string}
             */
            level: "easy" | "normal" | "hard";
            /** @description Its role, in a game that has roles; any by default. */
            role?: string;
        };
        Channel: {
            /**
             * @description apns, fcm or webpush.
             * @example fcm
             */
            channel: string;
            /** @description For webpush: the applicationServerKey to subscribe with. */
            vapid_public_key?: string;
        };
        Delivery: {
            /**
             * Format: int64
             * @description How often the provider was asked.
             * @example 1
             */
            attempts: number;
            /**
             * @description apns, fcm or webpush.
             * @example fcm
             */
            channel: string;
            /**
             * Format: date-time
             * @description When the message became a delivery.
             */
            created_at: string;
            /**
             * @description The device it was for.
             * @example pixel-8_9fK2
             */
            device_id: string;
            /**
             * @description Names the delivery.
             * @example 06f1ca2s6v9y3b7e1h5k8n0q4t
             */
            id: string;
            /**
             * @description As in the feed; or badge, which only lowers the number on the app's icon, or test.
             * @example your_turn
             */
            kind: string;
            /** @description What the provider calls it. */
            provider_id?: string;
            /**
             * @description Why it is not sent: the provider's word or ours.
             * @example acknowledged
             */
            reason?: string;
            /**
             * Format: int64
             * @description The feed's number of the message; 0 for a test.
             * @example 43
             */
            seq: number;
            /**
             * @description The session it is about.
             * @example 06f1c8m4q2x7n5t9b3w6k0d1sg
             */
            session_id?: string;
            /**
             * @description pending, sent (the provider has it), suppressed (it was not true or not wanted any more), failed (the provider refused it) or expired.
             * @example sent
             */
            status: string;
            /**
             * Format: date-time
             * @description When its status was last looked at.
             */
            updated_at: string;
        };
        DeliveryList: {
            /** @description This page. */
            items: components["schemas"]["Delivery"][];
            /** @description Ask with it as cursor for the next page. Absent on the last. */
            next_cursor?: string;
        };
        Device: {
            /**
             * @description apns, fcm or webpush.
             * @example fcm
             */
            channel: string;
            /**
             * @description Of apns: production or sandbox.
             * @example production
             */
            environment?: string;
            /**
             * @description Made up by the app, once for each installation.
             * @example pixel-8_9fK2
             */
            id: string;
            /**
             * @description The language of its texts; my own when it has none.
             * @example pt-BR
             */
            locale?: string;
            /**
             * Format: date-time
             * @description When it registered last.
             */
            registered_at: string;
            /** @description Its last 10 deliveries failed by its own token, so it gets none until it registers again. */
            resting?: boolean;
            /**
             * @description Who renders its texts: server or app.
             * @example server
             */
            texts: string;
            /** @description Whether it was registered by the login that asks. */
            this_login: boolean;
        };
        DeviceList: {
            /** @description This page. */
            items: components["schemas"]["Device"][];
            /** @description Ask with it as cursor for the next page. Absent on the last. */
            next_cursor?: string;
        };
        DeviceRequest: {
            /**
             * @description One of getServer's channels.
             * @example fcm
             * @enum {string}
             */
            channel: "apns" | "fcm" | "webpush";
            /**
             * @description For apns: which of Apple's servers knows the token. Builds from Xcode have sandbox tokens; development is another word for it. Default production.
             * @enum {string}
             */
            environment?: "production" | "sandbox" | "development";
            /**
             * @description The language of its texts, BCP 47; your own by default.
             * @example pt-BR
             */
            locale?: string;
            /** @description For webpush: what PushManager.subscribe gives, as JSON. */
            subscription?: components["schemas"]["SubscriptionToPush"];
            /**
             * @description server (default): texts arrive rendered. app: keys and arguments arrive instead, for the app's own catalogue.
             * @enum {string}
             */
            texts?: "server" | "app";
            /**
             * @description For apns the device token in hexadecimal, for fcm the registration token.
             * @example fGx9kT1wB5cR8sQ2xN7mV4d:APA91bE
             */
            token?: string;
        };
        DungeonBeast: {
            /** @description What it drops when it is slain. */
            carries?: components["schemas"]["DungeonThing"];
            /**
             * @description What to say in a move.
             * @example Snoring Teal Lindworm
             */
            name: string;
            /** @description Whether it is dead. */
            slain: boolean;
        };
        DungeonConfig: {
            /**
             * Format: int64
             * @description How many rooms there are. Doors join them, and the map is hidden until seen.
             * @default 1
             * @example 5
             */
            rooms?: number;
        };
        DungeonDoor: {
            /**
             * @description What to say in a move of kind go.
             * @example east
             */
            direction: string;
            /**
             * @description The room behind it; absent until you have been there.
             * @example Wine Vault
             */
            leads_to?: string;
        };
        DungeonMove: {
            /**
             * @description For go: where the door leads: north, east, south or west.
             * @example north
             */
            door?: string;
            /**
             * @description For get: the name of what to take.
             * @example Humming Halberd
             */
            item?: string;
            /**
             * @description What to do: confirm (enter the dungeon), get an item, slay a monster with a weapon, go through a door.
             * @example slay
             */
            kind: string;
            /**
             * @description For slay: the name of the monster.
             * @example Snoring Teal Lindworm
             */
            monster?: string;
            /**
             * @description For slay: the name of a weapon that you hold.
             * @example Humming Halberd
             */
            with?: string;
        };
        DungeonMoveRequest: {
            /** @description The move, as the game's move_schema says. */
            move: components["schemas"]["DungeonMove"];
            /**
             * Format: int64
             * @description The turn that the move answers: the session's turn when you looked.
             * @example 3
             */
            turn: number;
        };
        DungeonPhase: {
            /**
             * @description What it is about. Show one that you do not know as it is.
             * @example weapon
             */
            name: string;
            /**
             * Format: date-time
             * @description Since when it is so.
             */
            since: string;
            /**
             * @description done; open: what is to do now; waiting: for the open one; failed: too late.
             * @example open
             */
            status: string;
        };
        DungeonPlace: {
            /**
             * @description What it looks like. Nothing in it matters.
             * @example The walls are black with old soot. Mushrooms glow faintly in the corners.
             */
            description: string;
            /** @description Its doors: north, east, south, west. */
            doors: components["schemas"]["DungeonDoor"][];
            /** @description What lies here and can be taken. */
            items: components["schemas"]["DungeonThing"][];
            /** @description Who lives here, or did. */
            monster?: components["schemas"]["DungeonBeast"];
            /**
             * @description What the room is called.
             * @example Echo Grotto
             */
            name: string;
            /**
             * Format: int64
             * @description How far east of the entrance, in rooms; less than 0 is west.
             * @example 0
             */
            x: number;
            /**
             * Format: int64
             * @description How far south of the entrance, in rooms; less than 0 is north.
             * @example -1
             */
            y: number;
        };
        DungeonPlayedSession: {
            /** @description The game's config, as config_schema says. */
            config: components["schemas"]["DungeonConfig"];
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the turn ends, and the server acts for those who did not.
             */
            deadline_at?: string;
            /**
             * Format: int64
             * @description The feed's last number before this was read: what happens afterwards comes with higher numbers.
             */
            feed_seq?: number;
            /**
             * @description The game's name.
             * @example tictactoe
             */
            game: string;
            /**
             * @description Names the session.
             * @example 06f1c8m4q2x7n5t9b3w6k0d1sg
             */
            id: string;
            /** @description Who is invited to it, while it waits, as those who sit there see it. */
            invitations?: components["schemas"]["Guest"][];
            /**
             * @description For others to join by, while seats are free.
             * @example 7H2KQ9XD
             */
            join_code?: string;
            /** @description What you may play, when it is your turn and the game can list it. */
            legal_moves?: components["schemas"]["DungeonMove"][];
            /** @description The move that counted: yours, now or in an earlier try. */
            move: components["schemas"]["MoveTaken"];
            /** @description Whether you want no pushes of it. */
            muted?: boolean;
            /** @description How it ended. */
            result?: components["schemas"]["Result"];
            /**
             * Format: int64
             * @description The version of the rules it is played by.
             * @example 1
             */
            rules_version: number;
            /** @description The seats that are taken. */
            seats: components["schemas"]["Seat"][];
            /**
             * Format: int64
             * @description It starts when so many seats are taken.
             * @example 2
             */
            seats_wanted: number;
            /** @description The seed, in hexadecimal, once the session is over: with it everybody can roll the dice again. */
            seed?: string;
            /**
             * @description The SHA-256 of the seed from which all dice of the session are rolled, in hexadecimal: the server cannot change the seed any more.
             * @example 3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809
             */
            seed_hash: string;
            /**
             * @description waiting (for players), active or finished.
             * @example active
             */
            status: string;
            /** @description The session that follows this one: a rematch that somebody has asked for (rematchSession takes you there), or the next one of an open game (enterGame does). */
            successor_id?: string;
            /**
             * @description The seats that must move now.
             * @example [
             *       0
             *     ]
             */
            to_move: number[];
            /**
             * Format: int64
             * @description The number of the current turn, 0 before the first. Name it in your move.
             * @example 3
             */
            turn: number;
            /**
             * Format: int64
             * @description How long each turn may take.
             * @example 86400
             */
            turn_seconds: number;
            /** @description Whether something happened that no one of your devices has acknowledged. */
            unread?: boolean;
            /**
             * Format: date-time
             * @description When its last change was made.
             */
            updated_at: string;
            /**
             * Format: int64
             * @description How many changes it has had. Grows with everything that happens.
             * @example 4
             */
            version: number;
            /** @description What your seat sees, as view_schema says. Absent while it waits, and when this server cannot draw it. */
            view?: components["schemas"]["DungeonView"];
            /**
             * Format: int64
             * @description Where you sit.
             * @example 0
             */
            your_seat?: number;
            /** @description Whether your seat must move now. */
            your_turn: boolean;
        };
        DungeonSession: {
            /** @description The game's config, as config_schema says. */
            config: components["schemas"]["DungeonConfig"];
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the turn ends, and the server acts for those who did not.
             */
            deadline_at?: string;
            /**
             * Format: int64
             * @description The feed's last number before this was read: what happens afterwards comes with higher numbers.
             */
            feed_seq?: number;
            /**
             * @description The game's name.
             * @example tictactoe
             */
            game: string;
            /**
             * @description Names the session.
             * @example 06f1c8m4q2x7n5t9b3w6k0d1sg
             */
            id: string;
            /** @description Who is invited to it, while it waits, as those who sit there see it. */
            invitations?: components["schemas"]["Guest"][];
            /**
             * @description For others to join by, while seats are free.
             * @example 7H2KQ9XD
             */
            join_code?: string;
            /** @description What you may play, when it is your turn and the game can list it. */
            legal_moves?: components["schemas"]["DungeonMove"][];
            /** @description Whether you want no pushes of it. */
            muted?: boolean;
            /** @description How it ended. */
            result?: components["schemas"]["Result"];
            /**
             * Format: int64
             * @description The version of the rules it is played by.
             * @example 1
             */
            rules_version: number;
            /** @description The seats that are taken. */
            seats: components["schemas"]["Seat"][];
            /**
             * Format: int64
             * @description It starts when so many seats are taken.
             * @example 2
             */
            seats_wanted: number;
            /** @description The seed, in hexadecimal, once the session is over: with it everybody can roll the dice again. */
            seed?: string;
            /**
             * @description The SHA-256 of the seed from which all dice of the session are rolled, in hexadecimal: the server cannot change the seed any more.
             * @example 3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809
             */
            seed_hash: string;
            /**
             * @description waiting (for players), active or finished.
             * @example active
             */
            status: string;
            /** @description The session that follows this one: a rematch that somebody has asked for (rematchSession takes you there), or the next one of an open game (enterGame does). */
            successor_id?: string;
            /**
             * @description The seats that must move now.
             * @example [
             *       0
             *     ]
             */
            to_move: number[];
            /**
             * Format: int64
             * @description The number of the current turn, 0 before the first. Name it in your move.
             * @example 3
             */
            turn: number;
            /**
             * Format: int64
             * @description How long each turn may take.
             * @example 86400
             */
            turn_seconds: number;
            /** @description Whether something happened that no one of your devices has acknowledged. */
            unread?: boolean;
            /**
             * Format: date-time
             * @description When its last change was made.
             */
            updated_at: string;
            /**
             * Format: int64
             * @description How many changes it has had. Grows with everything that happens.
             * @example 4
             */
            version: number;
            /** @description What your seat sees, as view_schema says. Absent while it waits, and when this server cannot draw it. */
            view?: components["schemas"]["DungeonView"];
            /**
             * Format: int64
             * @description Where you sit.
             * @example 0
             */
            your_seat?: number;
            /** @description Whether your seat must move now. */
            your_turn: boolean;
        };
        DungeonSessionRequest: {
            /** @description Seats that the server plays, nine at the most. They sit down at once. */
            bots?: components["schemas"]["Bot"][];
            /** @description The game's config; absent members take the game's defaults. */
            config?: components["schemas"]["DungeonConfig"];
            /** @description Players who are invited, by their ids. They are told by feed and push, and join by the code; see invitePlayers. */
            invite?: string[];
            /** @description Your role, in a game that has roles; any by default. */
            role?: string;
            /**
             * Format: int64
             * @description Start when so many seats are taken; the game's least by default, or as many as you ask bots and people for and yourself, as far as the game has them.
             * @example 2
             */
            seats?: number;
            /**
             * Format: int64
             * @description How long each turn may take, 5 s to 30 days; the game's own length by default.
             * @example 86400
             */
            turn_seconds?: number;
        };
        DungeonThing: {
            /**
             * @description weapon or treasure.
             * @example weapon
             */
            kind: string;
            /**
             * @description What to say in a move.
             * @example Humming Halberd
             */
            name: string;
        };
        DungeonView: {
            /**
             * Format: date-time
             * @description When the hour is over. It begins with the confirmation.
             */
            ends_at?: string;
            /** @description What you hold. */
            inventory: components["schemas"]["DungeonThing"][];
            /** @description The rooms you have been in, in the order of your first visit, as they are now. */
            map: components["schemas"]["DungeonPlace"][];
            /** @description The way to victory in its order: created, confirmation, weapon, monster, treasure, victory. */
            phases: components["schemas"]["DungeonPhase"][];
            /**
             * @description The name of the room you are in, once you have entered.
             * @example Echo Grotto
             */
            room?: string;
            /**
             * Format: int64
             * @description How many rooms the dungeon has, seen or not.
             * @example 5
             */
            room_count: number;
        };
        EightsConfig: {
            /**
             * @description Some cards do more: a queen skips the next seat, an ace turns the direction (with two seats left it skips), and a two makes the next seat draw two cards and miss its turn.
             * @example true
             */
            actions?: boolean;
        };
        EightsMove: {
            /**
             * @description The card to play, and only then: its rank and the first letter of its suit.
             * @example 8H
             */
            card?: string;
            /**
             * @description What to do: play a card, draw one when nothing but eights fits, or pass after drawing.
             * @example play
             */
            kind: string;
            /**
             * @description With an eight, and only then: the suit that comes next.
             * @example spades
             */
            suit?: string;
        };
        EightsMoveRequest: {
            /** @description The move, as the game's move_schema says. */
            move: components["schemas"]["EightsMove"];
            /**
             * Format: int64
             * @description The turn that the move answers: the session's turn when you looked.
             * @example 3
             */
            turn: number;
        };
        EightsPlayedSession: {
            /** @description The game's config, as config_schema says. */
            config: components["schemas"]["EightsConfig"];
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the turn ends, and the server acts for those who did not.
             */
            deadline_at?: string;
            /**
             * Format: int64
             * @description The feed's last number before this was read: what happens afterwards comes with higher numbers.
             */
            feed_seq?: number;
            /**
             * @description The game's name.
             * @example tictactoe
             */
            game: string;
            /**
             * @description Names the session.
             * @example 06f1c8m4q2x7n5t9b3w6k0d1sg
             */
            id: string;
            /** @description Who is invited to it, while it waits, as those who sit there see it. */
            invitations?: components["schemas"]["Guest"][];
            /**
             * @description For others to join by, while seats are free.
             * @example 7H2KQ9XD
             */
            join_code?: string;
            /** @description What you may play, when it is your turn and the game can list it. */
            legal_moves?: components["schemas"]["EightsMove"][];
            /** @description The move that counted: yours, now or in an earlier try. */
            move: components["schemas"]["MoveTaken"];
            /** @description Whether you want no pushes of it. */
            muted?: boolean;
            /** @description How it ended. */
            result?: components["schemas"]["Result"];
            /**
             * Format: int64
             * @description The version of the rules it is played by.
             * @example 1
             */
            rules_version: number;
            /** @description The seats that are taken. */
            seats: components["schemas"]["Seat"][];
            /**
             * Format: int64
             * @description It starts when so many seats are taken.
             * @example 2
             */
            seats_wanted: number;
            /** @description The seed, in hexadecimal, once the session is over: with it everybody can roll the dice again. */
            seed?: string;
            /**
             * @description The SHA-256 of the seed from which all dice of the session are rolled, in hexadecimal: the server cannot change the seed any more.
             * @example 3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809
             */
            seed_hash: string;
            /**
             * @description waiting (for players), active or finished.
             * @example active
             */
            status: string;
            /** @description The session that follows this one: a rematch that somebody has asked for (rematchSession takes you there), or the next one of an open game (enterGame does). */
            successor_id?: string;
            /**
             * @description The seats that must move now.
             * @example [
             *       0
             *     ]
             */
            to_move: number[];
            /**
             * Format: int64
             * @description The number of the current turn, 0 before the first. Name it in your move.
             * @example 3
             */
            turn: number;
            /**
             * Format: int64
             * @description How long each turn may take.
             * @example 86400
             */
            turn_seconds: number;
            /** @description Whether something happened that no one of your devices has acknowledged. */
            unread?: boolean;
            /**
             * Format: date-time
             * @description When its last change was made.
             */
            updated_at: string;
            /**
             * Format: int64
             * @description How many changes it has had. Grows with everything that happens.
             * @example 4
             */
            version: number;
            /** @description What your seat sees, as view_schema says. Absent while it waits, and when this server cannot draw it. */
            view?: components["schemas"]["EightsView"];
            /**
             * Format: int64
             * @description Where you sit.
             * @example 0
             */
            your_seat?: number;
            /** @description Whether your seat must move now. */
            your_turn: boolean;
        };
        EightsSeatView: {
            /**
             * Format: int64
             * @description How many cards it holds.
             * @example 7
             */
            cards: number;
            /**
             * @description Its cards, once the game is over.
             * @example [
             *       "8S",
             *       "3S"
             *     ]
             */
            hand?: string[];
            /**
             * Format: int64
             * @description How many turns it has missed in a row; with the third it is set aside.
             * @example 0
             */
            missed: number;
            /**
             * Format: int64
             * @description What these cards cost: 50 for an eight, 10 for a jack, queen or king, 1 for an ace, and for every other card its number.
             * @example 53
             */
            points?: number;
            /** @description It is out of the game: it has left the game, or missed too many turns. */
            set_aside: boolean;
        };
        EightsSession: {
            /** @description The game's config, as config_schema says. */
            config: components["schemas"]["EightsConfig"];
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the turn ends, and the server acts for those who did not.
             */
            deadline_at?: string;
            /**
             * Format: int64
             * @description The feed's last number before this was read: what happens afterwards comes with higher numbers.
             */
            feed_seq?: number;
            /**
             * @description The game's name.
             * @example tictactoe
             */
            game: string;
            /**
             * @description Names the session.
             * @example 06f1c8m4q2x7n5t9b3w6k0d1sg
             */
            id: string;
            /** @description Who is invited to it, while it waits, as those who sit there see it. */
            invitations?: components["schemas"]["Guest"][];
            /**
             * @description For others to join by, while seats are free.
             * @example 7H2KQ9XD
             */
            join_code?: string;
            /** @description What you may play, when it is your turn and the game can list it. */
            legal_moves?: components["schemas"]["EightsMove"][];
            /** @description Whether you want no pushes of it. */
            muted?: boolean;
            /** @description How it ended. */
            result?: components["schemas"]["Result"];
            /**
             * Format: int64
             * @description The version of the rules it is played by.
             * @example 1
             */
            rules_version: number;
            /** @description The seats that are taken. */
            seats: components["schemas"]["Seat"][];
            /**
             * Format: int64
             * @description It starts when so many seats are taken.
             * @example 2
             */
            seats_wanted: number;
            /** @description The seed, in hexadecimal, once the session is over: with it everybody can roll the dice again. */
            seed?: string;
            /**
             * @description The SHA-256 of the seed from which all dice of the session are rolled, in hexadecimal: the server cannot change the seed any more.
             * @example 3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809
             */
            seed_hash: string;
            /**
             * @description waiting (for players), active or finished.
             * @example active
             */
            status: string;
            /** @description The session that follows this one: a rematch that somebody has asked for (rematchSession takes you there), or the next one of an open game (enterGame does). */
            successor_id?: string;
            /**
             * @description The seats that must move now.
             * @example [
             *       0
             *     ]
             */
            to_move: number[];
            /**
             * Format: int64
             * @description The number of the current turn, 0 before the first. Name it in your move.
             * @example 3
             */
            turn: number;
            /**
             * Format: int64
             * @description How long each turn may take.
             * @example 86400
             */
            turn_seconds: number;
            /** @description Whether something happened that no one of your devices has acknowledged. */
            unread?: boolean;
            /**
             * Format: date-time
             * @description When its last change was made.
             */
            updated_at: string;
            /**
             * Format: int64
             * @description How many changes it has had. Grows with everything that happens.
             * @example 4
             */
            version: number;
            /** @description What your seat sees, as view_schema says. Absent while it waits, and when this server cannot draw it. */
            view?: components["schemas"]["EightsView"];
            /**
             * Format: int64
             * @description Where you sit.
             * @example 0
             */
            your_seat?: number;
            /** @description Whether your seat must move now. */
            your_turn: boolean;
        };
        EightsSessionRequest: {
            /** @description Seats that the server plays, nine at the most. They sit down at once. */
            bots?: components["schemas"]["Bot"][];
            /** @description The game's config; absent members take the game's defaults. */
            config?: components["schemas"]["EightsConfig"];
            /** @description Players who are invited, by their ids. They are told by feed and push, and join by the code; see invitePlayers. */
            invite?: string[];
            /** @description Your role, in a game that has roles; any by default. */
            role?: string;
            /**
             * Format: int64
             * @description Start when so many seats are taken; the game's least by default, or as many as you ask bots and people for and yourself, as far as the game has them.
             * @example 2
             */
            seats?: number;
            /**
             * Format: int64
             * @description How long each turn may take, 5 s to 30 days; the game's own length by default.
             * @example 86400
             */
            turn_seconds?: number;
        };
        EightsView: {
            /** @description Queens, aces and twos do more. */
            actions: boolean;
            /**
             * Format: int64
             * @description How many cards the deck has. When it is empty, the pile under the top card is shuffled for the next draw.
             * @example 36
             */
            deck: number;
            /**
             * Format: int64
             * @description How the turn goes round: 1 to the next higher seat, -1 to the next lower.
             * @example 1
             */
            direction: number;
            /**
             * @description That card, when it is yours.
             * @example QS
             */
            drawn?: string;
            /** @description The seat that is to move has drawn a card that fits: it may play it, or pass. */
            drew: boolean;
            /**
             * @description Your cards, sorted; empty for somebody without a seat.
             * @example [
             *       "7H",
             *       "10S",
             *       "QS"
             *     ]
             */
            hand: string[];
            /**
             * Format: int64
             * @description The seat that is to move; of no meaning once the game is over.
             * @example 0
             */
            next: number;
            /** @description The game is over, and everybody sees all hands. */
            over: boolean;
            /**
             * @description The cards that lie on the pile, the oldest first and the top card last.
             * @example [
             *       "7D",
             *       "7S"
             *     ]
             */
            played: string[];
            /** @description The seats in their order. */
            seats: components["schemas"]["EightsSeatView"][];
            /**
             * Format: int64
             * @description How often the pile has been shuffled back; after the second time it no longer is.
             * @example 0
             */
            shuffles: number;
            /**
             * @description The suit to match: that of the top card, or the one that was named with an eight.
             * @example spades
             */
            suit: string;
            /**
             * @description The card to match.
             * @example 7S
             */
            top: string;
        };
        Event: {
            /**
             * Format: date-time
             * @description When it happened.
             */
            at: string;
            /** @description More about it; of a move: {"move": …}; invited names player_ids, declined a player_id. */
            data: {
                [key: string]: unknown;
            };
            /**
             * @description What happened: created, matched, invited, declined, joined, left, started, move, timed_out, stepped, forfeited, migrated (newer rules took it over), rematch, finished, or a word of the game's own. Ignore a kind you do not know.
             * @example move
             */
            kind: string;
            /**
             * Format: int64
             * @description Whose doing it was, when it was somebody's.
             * @example 1
             */
            seat?: number;
            /**
             * Format: int64
             * @description The turn in which it happened.
             * @example 2
             */
            turn: number;
            /**
             * Format: int64
             * @description The change of the session that it belongs to.
             * @example 4
             */
            version: number;
        };
        EventList: {
            /** @description Events in the order of their versions. */
            items: components["schemas"]["Event"][];
            /** @description Ask with it as after for the next page. Absent on the last. */
            next_cursor?: string;
        };
        FeedAck: {
            /**
             * Format: int64
             * @description A person has seen everything up to here.
             * @example 42
             */
            acked_seq: number;
            /**
             * Format: int64
             * @description The highest number given.
             * @example 43
             */
            last_seq: number;
        };
        FeedMessage: {
            /**
             * Format: date-time
             * @description When it happened.
             */
            at: string;
            /** @description More: events holds what happened as your seat may see it, unless it is larger than 4 kB; successor_id, in the last message of a session, the one that follows; ticket_id names an expired ticket; invited has join_code, title and host (player_id, display_name), invitation_declined player_id and display_name. */
            data: {
                [key: string]: unknown;
            };
            /**
             * Format: date-time
             * @description When that turn ends; of an invitation, when the table does.
             */
            deadline_at?: string;
            /**
             * @description The game it is about.
             * @example tictactoe
             */
            game?: string;
            /**
             * @description matched, your_turn, turn_reminder, session_updated, session_finished, ticket_expired, rematch_offered, invited, invitation_declined. Ignore a kind you do not know.
             * @example your_turn
             */
            kind: string;
            /**
             * Format: int64
             * @description Its number: 1, 2, 3 … for each player, without a gap.
             * @example 43
             */
            seq: number;
            /**
             * @description The session it is about.
             * @example 06f1c8m4q2x7n5t9b3w6k0d1sg
             */
            session_id?: string;
            /**
             * Format: int64
             * @description The session's turn then.
             * @example 3
             */
            turn?: number;
            /**
             * Format: int64
             * @description The version of the session that it tells of.
             * @example 4
             */
            version?: number;
        };
        FeedPage: {
            /**
             * Format: int64
             * @description A person has seen everything up to here.
             * @example 42
             */
            acked_seq: number;
            /** @description Messages in the order of their numbers. */
            items: components["schemas"]["FeedMessage"][];
            /**
             * Format: int64
             * @description The highest number given.
             * @example 43
             */
            last_seq: number;
            /** @description What you asked for is not kept any more, or never was: reload your sessions and go on after last_seq. */
            reset?: boolean;
        };
        Game: {
            /** @description Whether the server can play seats of it. */
            bots: boolean;
            /** @description JSON Schema of the game's config. */
            config_schema: {
                [key: string]: unknown;
            };
            /** @description Whether one may sit down while it is being played. */
            late_join: boolean;
            /**
             * Format: int64
             * @description The most seats of a session.
             * @example 2
             */
            max_seats: number;
            /**
             * Format: int64
             * @description The least seats of a session, and how many it has unless its creator asks for more.
             * @example 2
             */
            min_seats: number;
            /** @description JSON Schema of a move. */
            move_schema: {
                [key: string]: unknown;
            };
            /**
             * @description Names the game in requests.
             * @example tictactoe
             */
            name: string;
            /** @description Whether this server keeps a session open that anybody may enter: enterGame. */
            open?: boolean;
            /**
             * @description What a seat can be; empty when all seats are alike.
             * @example []
             */
            roles: string[];
            /**
             * Format: int64
             * @description New sessions are played by this version of the rules.
             * @example 1
             */
            rules_version: number;
            /**
             * @description For people, in English.
             * @example Tic-tac-toe
             */
            title: string;
            /**
             * Format: int64
             * @description How long a turn takes when nobody asks for another length.
             * @example 86400
             */
            turn_seconds: number;
            /** @description JSON Schema of what a seat sees. */
            view_schema: {
                [key: string]: unknown;
            };
        };
        GameList: {
            /** @description This page. */
            items: components["schemas"]["Game"][];
            /** @description Ask with it as cursor for the next page. Absent on the last. */
            next_cursor?: string;
        };
        Guest: {
            /**
             * @description What they are called.
             * @example Calm Heron
             */
            display_name?: string;
            /**
             * @description Who is invited.
             * @example 06eqzx5p7r2v9d4g8k1n3s6w0c
             */
            player_id: string;
            /**
             * @description open, accepted (they sit at the table) or declined.
             * @example open
             */
            status: string;
        };
        Identity: {
            /**
             * Format: date-time
             * @description Since when it is this player's.
             */
            created_at: string;
            /**
             * @description The issuer of its id tokens.
             * @example https://appleid.apple.com
             */
            issuer: string;
            /**
             * @description Who vouches for it.
             * @example apple
             */
            provider: string;
        };
        IdentityList: {
            /** @description This page. */
            items: components["schemas"]["Identity"][];
            /** @description Ask with it as cursor for the next page. Absent on the last. */
            next_cursor?: string;
        };
        IdentityProvider: {
            /**
             * @description The issuer of its id tokens.
             * @example https://appleid.apple.com
             */
            issuer: string;
            /**
             * @description Its name at this server.
             * @example apple
             */
            provider: string;
        };
        IdentityRequest: {
            /**
             * @description What the provider gave the app to show.
             * @example eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2FwcGxlaWQuYXBwbGUuY29tIn0.c2lnbmF0dXJl
             */
            id_token: string;
            /** @description After identity-taken, when the person has chosen this account: the player_id of the problem's other. The identity moves from there to here, and that account stays without it. If yet another one has it by now, that is a new identity-taken. */
            instead_of?: string;
            /** @description A random text of the app, whose SHA-256 in small hex it gave to the provider for the id_token: so that nobody who finds the token can use it. Needed if the id_token has a nonce. One that is not 64 hex digits is compared as it is, and protects from nothing. */
            nonce?: string;
        };
        Invitation: {
            /**
             * @description The game's config.
             * @example {}
             */
            config: {
                [key: string]: unknown;
            };
            /**
             * Format: date-time
             * @description When the table ends if its seats are not taken by then.
             */
            expires_at: string;
            /**
             * @description The game's name.
             * @example tictactoe
             */
            game: string;
            /** @description Who invites. */
            host: components["schemas"]["Person"];
            /**
             * Format: date-time
             * @description When.
             */
            invited_at: string;
            /**
             * @description Join by it.
             * @example 7H2KQ9XD
             */
            join_code: string;
            /**
             * Format: int64
             * @description It starts when so many seats are taken.
             * @example 2
             */
            seats_wanted: number;
            /**
             * @description The session that I may join.
             * @example 06f1c8m4q2x7n5t9b3w6k0d1sg
             */
            session_id: string;
            /**
             * Format: int64
             * @description How long each turn may take.
             * @example 86400
             */
            turn_seconds: number;
        };
        InvitationList: {
            /** @description This page. */
            items: components["schemas"]["Invitation"][];
            /** @description Ask with it as cursor for the next page. Absent on the last. */
            next_cursor?: string;
        };
        InviteRequest: {
            /**
             * @description Whom to invite, by their player ids.
             * @example [
             *       "06eqzx5p7r2v9d4g8k1n3s6w0c"
             *     ]
             */
            players: string[];
        };
        JoinRequest: {
            /**
             * @description The code, in capitals or not, with or without dashes.
             * @example 7H2KQ9XD
             */
            join_code: string;
            /** @description Your role, in a game that has roles; any by default. */
            role?: string;
        };
        Limits: {
            /**
             * Format: int64
             * @description Bytes in a request's body.
             * @example 65536
             */
            body_bytes: number;
            /**
             * Format: int64
             * @description Characters in a display name.
             * @example 32
             */
            display_name_characters: number;
            /**
             * Format: int64
             * @description Days that a message of the feed is kept.
             * @example 30
             */
            feed_days: number;
            /**
             * Format: int64
             * @description The longest turn.
             * @example 2592000
             */
            max_turn_seconds: number;
            /**
             * Format: int64
             * @description The shortest turn.
             * @example 5
             */
            min_turn_seconds: number;
            /**
             * Format: int64
             * @description Tickets of one player that may wait at a time.
             * @example 20
             */
            open_tickets: number;
            /**
             * Format: int64
             * @description Items on one page of a list.
             * @example 100
             */
            page_items: number;
            /**
             * Format: int64
             * @description Streams of one login at a time.
             * @example 5
             */
            streams: number;
            /**
             * Format: int64
             * @description The longest long-poll.
             * @example 30
             */
            wait_seconds: number;
        };
        LinkCode: {
            /**
             * @description For a person to type, or an app to put into a QR code. Show it to nobody else: whoever types it first is this player.
             * @example 7H2KQ9XD
             */
            code: string;
            /**
             * Format: date-time
             * @description Until when it works: 10 minutes.
             */
            expires_at: string;
        };
        Login: {
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /** @description Whether it is the one that asks. */
            current: boolean;
            /**
             * @description The login's id.
             * @example 06eqzv2k3m8x1c4r7t9w0y5h2n
             */
            id: string;
            /**
             * Format: date-time
             * @description When it last got tokens: exact to an hour.
             */
            last_used_at: string;
        };
        LoginList: {
            /** @description This page. */
            items: components["schemas"]["Login"][];
            /** @description Ask with it as cursor for the next page. Absent on the last. */
            next_cursor?: string;
        };
        MoveRequest: {
            /** @description The move, as the game's move_schema says. */
            move: {
                [key: string]: unknown;
            };
            /**
             * Format: int64
             * @description The turn that the move answers: the session's turn when you looked.
             * @example 3
             */
            turn: number;
        };
        MoveTaken: {
            /**
             * Format: int64
             * @description Whose move it was.
             * @example 0
             */
            seat: number;
            /**
             * Format: int64
             * @description The turn that it answered.
             * @example 3
             */
            turn: number;
            /**
             * Format: int64
             * @description The version of the session that it made.
             * @example 5
             */
            version: number;
        };
        NewPlayer: {
            /**
             * @description Send it as Authorization: Bearer …
             * @example atb8w2o.4mV8sQ2xN7kT1wB9cR5d
             */
            access_token: string;
            /**
             * Format: int64
             * @description Seconds that the access token lives.
             * @example 3600
             */
            expires_in: number;
            /** @description The account. */
            player: components["schemas"]["Player"];
            /**
             * @description Keep it safe: it gets new tokens. It works until a token issued from it has been used, and 60 s longer.
             * @example rtvqk60.9kT1wB5cR8sQ2xN7mV4d
             */
            refresh_token: string;
        };
        Opponent: {
            /**
             * @description Their avatar.
             * @example 🪶
             */
            avatar?: string;
            /**
             * @description What they are called.
             * @example Calm Heron
             */
            display_name: string;
            /**
             * Format: date-time
             * @description When our last session began.
             */
            last_played_at: string;
            /**
             * @description The last of them.
             * @example 06f1c8m4q2x7n5t9b3w6k0d1sg
             */
            last_session_id: string;
            /**
             * @description Who it is.
             * @example 06eqzx5p7r2v9d4g8k1n3s6w0c
             */
            player_id: string;
            /**
             * Format: int64
             * @description How many sessions we have begun together.
             * @example 7
             */
            sessions: number;
        };
        OpponentList: {
            /** @description This page. */
            items: components["schemas"]["Opponent"][];
            /** @description Ask with it as cursor for the next page. Absent on the last. */
            next_cursor?: string;
        };
        PatchRequest: {
            /**
             * @description Up to 64 characters; empty for none.
             * @example fox
             */
            avatar?: string;
            /**
             * @description What the others read, 1 to 32 characters.
             * @example Brisk Otter
             */
            display_name?: string;
            /**
             * @description BCP 47; empty for none.
             * @example de
             */
            locale?: string;
        };
        Person: {
            /**
             * @description Their avatar.
             * @example 🪶
             */
            avatar?: string;
            /**
             * @description What they are called.
             * @example Calm Heron
             */
            display_name: string;
            /**
             * @description Who it is.
             * @example 06eqzx5p7r2v9d4g8k1n3s6w0c
             */
            player_id: string;
        };
        PlayedSession: {
            /** @description The game's config, as config_schema says. */
            config: {
                [key: string]: unknown;
            };
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the turn ends, and the server acts for those who did not.
             */
            deadline_at?: string;
            /**
             * Format: int64
             * @description The feed's last number before this was read: what happens afterwards comes with higher numbers.
             */
            feed_seq?: number;
            /**
             * @description The game's name.
             * @example tictactoe
             */
            game: string;
            /**
             * @description Names the session.
             * @example 06f1c8m4q2x7n5t9b3w6k0d1sg
             */
            id: string;
            /** @description Who is invited to it, while it waits, as those who sit there see it. */
            invitations?: components["schemas"]["Guest"][];
            /**
             * @description For others to join by, while seats are free.
             * @example 7H2KQ9XD
             */
            join_code?: string;
            /** @description What you may play, when it is your turn and the game can list it. */
            legal_moves?: {
                [key: string]: unknown;
            }[];
            /** @description The move that counted: yours, now or in an earlier try. */
            move: components["schemas"]["MoveTaken"];
            /** @description Whether you want no pushes of it. */
            muted?: boolean;
            /** @description How it ended. */
            result?: components["schemas"]["Result"];
            /**
             * Format: int64
             * @description The version of the rules it is played by.
             * @example 1
             */
            rules_version: number;
            /** @description The seats that are taken. */
            seats: components["schemas"]["Seat"][];
            /**
             * Format: int64
             * @description It starts when so many seats are taken.
             * @example 2
             */
            seats_wanted: number;
            /** @description The seed, in hexadecimal, once the session is over: with it everybody can roll the dice again. */
            seed?: string;
            /**
             * @description The SHA-256 of the seed from which all dice of the session are rolled, in hexadecimal: the server cannot change the seed any more.
             * @example 3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809
             */
            seed_hash: string;
            /**
             * @description waiting (for players), active or finished.
             * @example active
             */
            status: string;
            /** @description The session that follows this one: a rematch that somebody has asked for (rematchSession takes you there), or the next one of an open game (enterGame does). */
            successor_id?: string;
            /**
             * @description The seats that must move now.
             * @example [
             *       0
             *     ]
             */
            to_move: number[];
            /**
             * Format: int64
             * @description The number of the current turn, 0 before the first. Name it in your move.
             * @example 3
             */
            turn: number;
            /**
             * Format: int64
             * @description How long each turn may take.
             * @example 86400
             */
            turn_seconds: number;
            /** @description Whether something happened that no one of your devices has acknowledged. */
            unread?: boolean;
            /**
             * Format: date-time
             * @description When its last change was made.
             */
            updated_at: string;
            /**
             * Format: int64
             * @description How many changes it has had. Grows with everything that happens.
             * @example 4
             */
            version: number;
            /** @description What your seat sees, as view_schema says. Absent while it waits, and when this server cannot draw it. */
            view?: {
                [key: string]: unknown;
            };
            /**
             * Format: int64
             * @description Where you sit.
             * @example 0
             */
            your_seat?: number;
            /** @description Whether your seat must move now. */
            your_turn: boolean;
        };
        Player: {
            /**
             * @description A word that the app understands: the name of a picture it ships, or an emoji.
             * @example 🦦
             */
            avatar?: string;
            /**
             * Format: date-time
             * @description When the account was made.
             */
            created_at: string;
            /**
             * @description What the others read.
             * @example Brisk Otter
             */
            display_name: string;
            /**
             * @description Names the player for ever.
             * @example 06eqzv2k3m8x1c4r7t9w0y5h2n
             */
            id: string;
            /**
             * @description The language of texts for this player, BCP 47.
             * @example pt-BR
             */
            locale?: string;
        };
        PlayerRequest: {
            /**
             * @description Up to 64 characters; no address.
             * @example fox
             */
            avatar?: string;
            /**
             * @description What the others read, 1 to 32 characters. Without one the server draws a name.
             * @example Brisk Otter
             */
            display_name?: string;
            /**
             * @description BCP 47.
             * @example en
             */
            locale?: string;
        };
        Problem: {
            /** @description What was wrong this time, in English. */
            detail?: string;
            /** @description What is invalid, one by one. */
            errors?: components["schemas"]["ProblemError"][];
            /** @description With identity-taken: the account that asks. */
            mine?: components["schemas"]["Account"];
            /** @description With identity-taken: the account that has the identity. */
            other?: components["schemas"]["Account"];
            /**
             * @description Names this request in the server's log.
             * @example 06f1c9p3v8z2m6r0y4h7c1n5ks
             */
            request_id: string;
            /**
             * Format: int64
             * @description Try again after so many seconds. Also sent as the header Retry-After.
             */
            retry_after?: number;
            /** @description The session as you see it now, when the problem concerns one of yours. */
            session?: components["schemas"]["Session"];
            /**
             * Format: int64
             * @description The HTTP status.
             * @example 409
             */
            status: number;
            /**
             * @description What this kind of problem is, in English.
             * @example It is not your turn
             */
            title: string;
            /**
             * @description Stable name of the kind of problem: urn:yourturn:problem:<name>. Switch on it, not on the texts.
             * @example urn:yourturn:problem:not-your-turn
             */
            type: string;
        };
        ProblemError: {
            /**
             * @description Where, as in body.move.cell, query.limit or path.session_id.
             * @example body.game
             */
            location: string;
            /**
             * @description What was expected.
             * @example this server has no such game
             */
            message: string;
        };
        QuestAction: {
            /** @description Who does it. */
            actor: components["schemas"]["QuestCombatant"];
            /**
             * Format: int64
             * @description How much health it takes or gives, as the dice have it: there may be less to take or to give.
             * @example 17
             */
            amount: number;
            /**
             * @description attack or heal.
             * @example attack
             */
            kind: string;
            /**
             * @description Whether it has happened, or is announced.
             * @example false
             */
            landed: boolean;
            /** @description To whom. */
            target: components["schemas"]["QuestCombatant"];
        };
        QuestCombatant: {
            /**
             * @description monster or hero.
             * @example hero
             */
            kind: string;
            /**
             * Format: int64
             * @description Of a hero: the seat.
             * @example 1
             */
            seat?: number;
        };
        QuestConfig: {
            /**
             * @description How strong the monster is. Against the classic one heroes hardly ever lose; against the hard one, whose health grows with the party's, heroes who play at random lose every second game. classic when absent.
             * @example classic
             */
            difficulty?: string;
            /**
             * Format: int64
             * @description How long the server waits before each of its own steps, in milliseconds; 1000 when absent, and 0 is taken as 1.
             * @example 1000
             */
            pause_ms?: number;
        };
        QuestHero: {
            /**
             * @description Neither defeated nor gone.
             * @example true
             */
            alive: boolean;
            /**
             * Format: int64
             * @description How much health the hero has taken from the monster.
             * @example 31
             */
            damage_dealt: number;
            /**
             * Format: int64
             * @description What is left of the health; 0 until the role is chosen.
             * @example 23
             */
            health: number;
            /** @description The player has forfeited. */
            left?: boolean;
            /**
             * Format: int64
             * @description The health at the beginning, and the most it can be healed to; 0 until a character is chosen.
             * @example 40
             */
            max_health: number;
            /**
             * @description The name, once the role is chosen.
             * @example Wilma
             */
            name?: string;
            /**
             * @description The role that the player asked for beforehand: nobody else can choose it, and this seat no other.
             * @example mage
             */
            reserved_role?: string;
            /**
             * @description The role, once it is chosen: fighter, ranger, mage or cleric.
             * @example mage
             */
            role?: string;
            /**
             * Format: int64
             * @description The seat.
             * @example 1
             */
            seat: number;
        };
        QuestMonster: {
            /**
             * Format: int64
             * @description How much health it has taken from the heroes.
             * @example 31
             */
            damage_dealt: number;
            /**
             * Format: int64
             * @description What is left of its health; 0 until the fight begins.
             * @example 64
             */
            health: number;
            /**
             * Format: int64
             * @description Its health at the beginning.
             * @example 100
             */
            max_health: number;
            /**
             * @description What it is called.
             * @example The Gloamback
             */
            name: string;
        };
        QuestMove: {
            /**
             * @description choose in the phase character, attack and heal in the phase play. An attack always goes at the monster. Only the cleric heals.
             * @example choose
             */
            kind: string;
            /**
             * @description With choose: what the hero is called. Spaces around it are dropped. Two heroes with the same name, whatever the case, cannot be; without one the role's own name is given.
             * @example Wilma
             */
            name?: string;
            /**
             * @description With choose: who to be. It can be left out by a seat whose role is reserved.
             * @example ranger
             */
            role?: string;
            /**
             * Format: int64
             * @description With heal: the seat of the hero, who must be alive and hurt.
             * @example 1
             */
            target?: number;
        };
        QuestMoveRequest: {
            /** @description The move, as the game's move_schema says. */
            move: components["schemas"]["QuestMove"];
            /**
             * Format: int64
             * @description The turn that the move answers: the session's turn when you looked.
             * @example 3
             */
            turn: number;
        };
        QuestPlayedSession: {
            /** @description The game's config, as config_schema says. */
            config: components["schemas"]["QuestConfig"];
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the turn ends, and the server acts for those who did not.
             */
            deadline_at?: string;
            /**
             * Format: int64
             * @description The feed's last number before this was read: what happens afterwards comes with higher numbers.
             */
            feed_seq?: number;
            /**
             * @description The game's name.
             * @example tictactoe
             */
            game: string;
            /**
             * @description Names the session.
             * @example 06f1c8m4q2x7n5t9b3w6k0d1sg
             */
            id: string;
            /** @description Who is invited to it, while it waits, as those who sit there see it. */
            invitations?: components["schemas"]["Guest"][];
            /**
             * @description For others to join by, while seats are free.
             * @example 7H2KQ9XD
             */
            join_code?: string;
            /** @description What you may play, when it is your turn and the game can list it. */
            legal_moves?: components["schemas"]["QuestMove"][];
            /** @description The move that counted: yours, now or in an earlier try. */
            move: components["schemas"]["MoveTaken"];
            /** @description Whether you want no pushes of it. */
            muted?: boolean;
            /** @description How it ended. */
            result?: components["schemas"]["Result"];
            /**
             * Format: int64
             * @description The version of the rules it is played by.
             * @example 1
             */
            rules_version: number;
            /** @description The seats that are taken. */
            seats: components["schemas"]["Seat"][];
            /**
             * Format: int64
             * @description It starts when so many seats are taken.
             * @example 2
             */
            seats_wanted: number;
            /** @description The seed, in hexadecimal, once the session is over: with it everybody can roll the dice again. */
            seed?: string;
            /**
             * @description The SHA-256 of the seed from which all dice of the session are rolled, in hexadecimal: the server cannot change the seed any more.
             * @example 3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809
             */
            seed_hash: string;
            /**
             * @description waiting (for players), active or finished.
             * @example active
             */
            status: string;
            /** @description The session that follows this one: a rematch that somebody has asked for (rematchSession takes you there), or the next one of an open game (enterGame does). */
            successor_id?: string;
            /**
             * @description The seats that must move now.
             * @example [
             *       0
             *     ]
             */
            to_move: number[];
            /**
             * Format: int64
             * @description The number of the current turn, 0 before the first. Name it in your move.
             * @example 3
             */
            turn: number;
            /**
             * Format: int64
             * @description How long each turn may take.
             * @example 86400
             */
            turn_seconds: number;
            /** @description Whether something happened that no one of your devices has acknowledged. */
            unread?: boolean;
            /**
             * Format: date-time
             * @description When its last change was made.
             */
            updated_at: string;
            /**
             * Format: int64
             * @description How many changes it has had. Grows with everything that happens.
             * @example 4
             */
            version: number;
            /** @description What your seat sees, as view_schema says. Absent while it waits, and when this server cannot draw it. */
            view?: components["schemas"]["QuestView"];
            /**
             * Format: int64
             * @description Where you sit.
             * @example 0
             */
            your_seat?: number;
            /** @description Whether your seat must move now. */
            your_turn: boolean;
        };
        QuestSession: {
            /** @description The game's config, as config_schema says. */
            config: components["schemas"]["QuestConfig"];
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the turn ends, and the server acts for those who did not.
             */
            deadline_at?: string;
            /**
             * Format: int64
             * @description The feed's last number before this was read: what happens afterwards comes with higher numbers.
             */
            feed_seq?: number;
            /**
             * @description The game's name.
             * @example tictactoe
             */
            game: string;
            /**
             * @description Names the session.
             * @example 06f1c8m4q2x7n5t9b3w6k0d1sg
             */
            id: string;
            /** @description Who is invited to it, while it waits, as those who sit there see it. */
            invitations?: components["schemas"]["Guest"][];
            /**
             * @description For others to join by, while seats are free.
             * @example 7H2KQ9XD
             */
            join_code?: string;
            /** @description What you may play, when it is your turn and the game can list it. */
            legal_moves?: components["schemas"]["QuestMove"][];
            /** @description Whether you want no pushes of it. */
            muted?: boolean;
            /** @description How it ended. */
            result?: components["schemas"]["Result"];
            /**
             * Format: int64
             * @description The version of the rules it is played by.
             * @example 1
             */
            rules_version: number;
            /** @description The seats that are taken. */
            seats: components["schemas"]["Seat"][];
            /**
             * Format: int64
             * @description It starts when so many seats are taken.
             * @example 2
             */
            seats_wanted: number;
            /** @description The seed, in hexadecimal, once the session is over: with it everybody can roll the dice again. */
            seed?: string;
            /**
             * @description The SHA-256 of the seed from which all dice of the session are rolled, in hexadecimal: the server cannot change the seed any more.
             * @example 3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809
             */
            seed_hash: string;
            /**
             * @description waiting (for players), active or finished.
             * @example active
             */
            status: string;
            /** @description The session that follows this one: a rematch that somebody has asked for (rematchSession takes you there), or the next one of an open game (enterGame does). */
            successor_id?: string;
            /**
             * @description The seats that must move now.
             * @example [
             *       0
             *     ]
             */
            to_move: number[];
            /**
             * Format: int64
             * @description The number of the current turn, 0 before the first. Name it in your move.
             * @example 3
             */
            turn: number;
            /**
             * Format: int64
             * @description How long each turn may take.
             * @example 86400
             */
            turn_seconds: number;
            /** @description Whether something happened that no one of your devices has acknowledged. */
            unread?: boolean;
            /**
             * Format: date-time
             * @description When its last change was made.
             */
            updated_at: string;
            /**
             * Format: int64
             * @description How many changes it has had. Grows with everything that happens.
             * @example 4
             */
            version: number;
            /** @description What your seat sees, as view_schema says. Absent while it waits, and when this server cannot draw it. */
            view?: components["schemas"]["QuestView"];
            /**
             * Format: int64
             * @description Where you sit.
             * @example 0
             */
            your_seat?: number;
            /** @description Whether your seat must move now. */
            your_turn: boolean;
        };
        QuestSessionRequest: {
            /** @description Seats that the server plays, nine at the most. They sit down at once. */
            bots?: components["schemas"]["Bot"][];
            /** @description The game's config; absent members take the game's defaults. */
            config?: components["schemas"]["QuestConfig"];
            /** @description Players who are invited, by their ids. They are told by feed and push, and join by the code; see invitePlayers. */
            invite?: string[];
            /** @description Your role, in a game that has roles; any by default. */
            role?: string;
            /**
             * Format: int64
             * @description Start when so many seats are taken; the game's least by default, or as many as you ask bots and people for and yourself, as far as the game has them.
             * @example 2
             */
            seats?: number;
            /**
             * Format: int64
             * @description How long each turn may take, 5 s to 30 days; the game's own length by default.
             * @example 86400
             */
            turn_seconds?: number;
        };
        QuestView: {
            /** @description Whose turn it is, in the phase play. */
            acting?: components["schemas"]["QuestCombatant"];
            /** @description What they do, from its announcement to the next turn. */
            action?: components["schemas"]["QuestAction"];
            /**
             * @description As in the config.
             * @example classic
             */
            difficulty: string;
            /**
             * @description In the phase character, the roles that anybody may choose. A reserved one is not among them.
             * @example [
             *       "fighter",
             *       "cleric"
             *     ]
             */
            free_roles: string[];
            /** @description The heroes by seat. */
            heroes: components["schemas"]["QuestHero"][];
            /** @description The monster. */
            monster: components["schemas"]["QuestMonster"];
            /**
             * @description The seats in the order in which they chose. After the monster they act in this order.
             * @example [
             *       2,
             *       0,
             *       1
             *     ]
             */
            order: number[];
            /**
             * Format: int64
             * @description As in the config.
             * @example 1000
             */
            pause_ms: number;
            /**
             * @description character while heroes are chosen, then play, then end.
             * @example play
             */
            phase: string;
            /** @description In the phase end: whether the monster is slain. */
            team_has_won?: boolean;
        };
        QuizAsked: {
            /**
             * @description What it is about.
             * @example science
             */
            category: string;
            /**
             * Format: int64
             * @description The number of the round, from 1.
             * @example 4
             */
            round: number;
            /**
             * @description The question.
             * @example Which is the largest planet of the solar system?
             */
            text: string;
            /**
             * Format: int64
             * @description The points for a right answer.
             * @example 100
             */
            value: number;
        };
        QuizConfig: {
            /**
             * @description Only questions of these categories. All when it is left out.
             * @example [
             *       "nature",
             *       "science"
             *     ]
             */
            categories?: string[];
            /**
             * Format: int64
             * @description How many seconds there are for each question. 20 when it is left out.
             * @example 20
             */
            round_seconds?: number;
            /**
             * Format: int64
             * @description How many questions are asked. 10 when it is left out.
             * @example 10
             */
            rounds?: number;
        };
        QuizMove: {
            /**
             * @description The answer. Small and capital letters, accents, punctuation and the words a, an, the and of make no difference, and a small slip of the pen is forgiven.
             * @example Jupiter
             */
            answer: string;
        };
        QuizMoveRequest: {
            /** @description The move, as the game's move_schema says. */
            move: components["schemas"]["QuizMove"];
            /**
             * Format: int64
             * @description The turn that the move answers: the session's turn when you looked.
             * @example 3
             */
            turn: number;
        };
        QuizMyAnswer: {
            /**
             * @description What I have written.
             * @example Jupitre
             */
            answer: string;
            /**
             * @description It is right.
             * @example true
             */
            right: boolean;
        };
        QuizPlayedSession: {
            /** @description The game's config, as config_schema says. */
            config: components["schemas"]["QuizConfig"];
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the turn ends, and the server acts for those who did not.
             */
            deadline_at?: string;
            /**
             * Format: int64
             * @description The feed's last number before this was read: what happens afterwards comes with higher numbers.
             */
            feed_seq?: number;
            /**
             * @description The game's name.
             * @example tictactoe
             */
            game: string;
            /**
             * @description Names the session.
             * @example 06f1c8m4q2x7n5t9b3w6k0d1sg
             */
            id: string;
            /** @description Who is invited to it, while it waits, as those who sit there see it. */
            invitations?: components["schemas"]["Guest"][];
            /**
             * @description For others to join by, while seats are free.
             * @example 7H2KQ9XD
             */
            join_code?: string;
            /** @description What you may play, when it is your turn and the game can list it. */
            legal_moves?: components["schemas"]["QuizMove"][];
            /** @description The move that counted: yours, now or in an earlier try. */
            move: components["schemas"]["MoveTaken"];
            /** @description Whether you want no pushes of it. */
            muted?: boolean;
            /** @description How it ended. */
            result?: components["schemas"]["Result"];
            /**
             * Format: int64
             * @description The version of the rules it is played by.
             * @example 1
             */
            rules_version: number;
            /** @description The seats that are taken. */
            seats: components["schemas"]["Seat"][];
            /**
             * Format: int64
             * @description It starts when so many seats are taken.
             * @example 2
             */
            seats_wanted: number;
            /** @description The seed, in hexadecimal, once the session is over: with it everybody can roll the dice again. */
            seed?: string;
            /**
             * @description The SHA-256 of the seed from which all dice of the session are rolled, in hexadecimal: the server cannot change the seed any more.
             * @example 3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809
             */
            seed_hash: string;
            /**
             * @description waiting (for players), active or finished.
             * @example active
             */
            status: string;
            /** @description The session that follows this one: a rematch that somebody has asked for (rematchSession takes you there), or the next one of an open game (enterGame does). */
            successor_id?: string;
            /**
             * @description The seats that must move now.
             * @example [
             *       0
             *     ]
             */
            to_move: number[];
            /**
             * Format: int64
             * @description The number of the current turn, 0 before the first. Name it in your move.
             * @example 3
             */
            turn: number;
            /**
             * Format: int64
             * @description How long each turn may take.
             * @example 86400
             */
            turn_seconds: number;
            /** @description Whether something happened that no one of your devices has acknowledged. */
            unread?: boolean;
            /**
             * Format: date-time
             * @description When its last change was made.
             */
            updated_at: string;
            /**
             * Format: int64
             * @description How many changes it has had. Grows with everything that happens.
             * @example 4
             */
            version: number;
            /** @description What your seat sees, as view_schema says. Absent while it waits, and when this server cannot draw it. */
            view?: components["schemas"]["QuizView"];
            /**
             * Format: int64
             * @description Where you sit.
             * @example 0
             */
            your_seat?: number;
            /** @description Whether your seat must move now. */
            your_turn: boolean;
        };
        QuizReveal: {
            /**
             * Format: int64
             * @description How many were asked and did not answer.
             * @example 1
             */
            absent: number;
            /**
             * @description The answer.
             * @example Jupiter
             */
            answer: string;
            /**
             * @description What it is about.
             * @example science
             */
            category: string;
            /**
             * Format: int64
             * @description How many were right.
             * @example 5
             */
            right: number;
            /**
             * Format: int64
             * @description The number of the round, from 1.
             * @example 4
             */
            round: number;
            /**
             * @description The seats that were right.
             * @example [
             *       0,
             *       2,
             *       3,
             *       6,
             *       7
             *     ]
             */
            scorers: number[];
            /**
             * @description The question.
             * @example Which is the largest planet of the solar system?
             */
            text: string;
            /**
             * Format: int64
             * @description The points for a right answer.
             * @example 100
             */
            value: number;
            /**
             * Format: int64
             * @description How many were wrong.
             * @example 2
             */
            wrong: number;
        };
        QuizScore: {
            /**
             * Format: int64
             * @description Its points.
             * @example 700
             */
            score: number;
            /**
             * Format: int64
             * @description The number of the seat.
             * @example 2
             */
            seat: number;
            /**
             * @description playing; away after three rounds in a row without an answer, until its player joins again; or left for good.
             * @example playing
             */
            status: string;
        };
        QuizSession: {
            /** @description The game's config, as config_schema says. */
            config: components["schemas"]["QuizConfig"];
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the turn ends, and the server acts for those who did not.
             */
            deadline_at?: string;
            /**
             * Format: int64
             * @description The feed's last number before this was read: what happens afterwards comes with higher numbers.
             */
            feed_seq?: number;
            /**
             * @description The game's name.
             * @example tictactoe
             */
            game: string;
            /**
             * @description Names the session.
             * @example 06f1c8m4q2x7n5t9b3w6k0d1sg
             */
            id: string;
            /** @description Who is invited to it, while it waits, as those who sit there see it. */
            invitations?: components["schemas"]["Guest"][];
            /**
             * @description For others to join by, while seats are free.
             * @example 7H2KQ9XD
             */
            join_code?: string;
            /** @description What you may play, when it is your turn and the game can list it. */
            legal_moves?: components["schemas"]["QuizMove"][];
            /** @description Whether you want no pushes of it. */
            muted?: boolean;
            /** @description How it ended. */
            result?: components["schemas"]["Result"];
            /**
             * Format: int64
             * @description The version of the rules it is played by.
             * @example 1
             */
            rules_version: number;
            /** @description The seats that are taken. */
            seats: components["schemas"]["Seat"][];
            /**
             * Format: int64
             * @description It starts when so many seats are taken.
             * @example 2
             */
            seats_wanted: number;
            /** @description The seed, in hexadecimal, once the session is over: with it everybody can roll the dice again. */
            seed?: string;
            /**
             * @description The SHA-256 of the seed from which all dice of the session are rolled, in hexadecimal: the server cannot change the seed any more.
             * @example 3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809
             */
            seed_hash: string;
            /**
             * @description waiting (for players), active or finished.
             * @example active
             */
            status: string;
            /** @description The session that follows this one: a rematch that somebody has asked for (rematchSession takes you there), or the next one of an open game (enterGame does). */
            successor_id?: string;
            /**
             * @description The seats that must move now.
             * @example [
             *       0
             *     ]
             */
            to_move: number[];
            /**
             * Format: int64
             * @description The number of the current turn, 0 before the first. Name it in your move.
             * @example 3
             */
            turn: number;
            /**
             * Format: int64
             * @description How long each turn may take.
             * @example 86400
             */
            turn_seconds: number;
            /** @description Whether something happened that no one of your devices has acknowledged. */
            unread?: boolean;
            /**
             * Format: date-time
             * @description When its last change was made.
             */
            updated_at: string;
            /**
             * Format: int64
             * @description How many changes it has had. Grows with everything that happens.
             * @example 4
             */
            version: number;
            /** @description What your seat sees, as view_schema says. Absent while it waits, and when this server cannot draw it. */
            view?: components["schemas"]["QuizView"];
            /**
             * Format: int64
             * @description Where you sit.
             * @example 0
             */
            your_seat?: number;
            /** @description Whether your seat must move now. */
            your_turn: boolean;
        };
        QuizSessionRequest: {
            /** @description Seats that the server plays, nine at the most. They sit down at once. */
            bots?: components["schemas"]["Bot"][];
            /** @description The game's config; absent members take the game's defaults. */
            config?: components["schemas"]["QuizConfig"];
            /** @description Players who are invited, by their ids. They are told by feed and push, and join by the code; see invitePlayers. */
            invite?: string[];
            /** @description Your role, in a game that has roles; any by default. */
            role?: string;
            /**
             * Format: int64
             * @description Start when so many seats are taken; the game's least by default, or as many as you ask bots and people for and yourself, as far as the game has them.
             * @example 2
             */
            seats?: number;
            /**
             * Format: int64
             * @description How long each turn may take, 5 s to 30 days; the game's own length by default.
             * @example 86400
             */
            turn_seconds?: number;
        };
        QuizView: {
            /** @description My answer to the running round. Absent until I have given it. */
            my_answer?: components["schemas"]["QuizMyAnswer"];
            /** @description The round before, with its answer. Absent during the first. */
            previous?: components["schemas"]["QuizReveal"];
            /** @description The question of the running round. Absent when the quiz is over. */
            question?: components["schemas"]["QuizAsked"];
            /**
             * Format: int64
             * @description How many right answers the running round has so far.
             * @example 3
             */
            right: number;
            /**
             * Format: int64
             * @description How many seconds there are for each.
             * @example 20
             */
            round_seconds: number;
            /**
             * Format: int64
             * @description How many questions are asked in all.
             * @example 10
             */
            rounds: number;
            /** @description Every seat and its points, in the order of the seats. What the running round brings is added when it ends. */
            seats: components["schemas"]["QuizScore"][];
            /**
             * Format: int64
             * @description How many wrong answers the running round has so far.
             * @example 1
             */
            wrong: number;
        };
        Record: {
            /**
             * @description What is kept, by names of its own for each kind. What is empty is left out.
             * @example {
             *       "created_at": "2026-03-01T18:30:00Z",
             *       "display_name": "Brisk Otter",
             *       "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n"
             *     }
             */
            data: {
                [key: string]: unknown;
            };
            /**
             * @description What it is: profile, login, link_code, identity, device, counters, ticket, session, event (what I did in a session), invitation, invitation_sent, opponent, block, message, delivery, idempotency_key. There may be more.
             * @example profile
             */
            kind: string;
        };
        RecordList: {
            /** @description This page. */
            items: components["schemas"]["Record"][];
            /** @description Ask with it as cursor for the next page. Absent on the last. */
            next_cursor?: string;
        };
        Result: {
            /**
             * @description A word of the game's, or forfeit, timeout, abandoned (all left before it started), expired (its seats never filled).
             * @example line
             */
            reason: string;
            /**
             * @description The seats on the first place. Empty for a draw, and where all win or lose together: the seats' results tell which.
             * @example [
             *       0
             *     ]
             */
            winners: number[];
        };
        RockPaperScissorsConfig: {
            /**
             * Format: int64
             * @description The game is won with more than half of so many rounds; ties do not count. 3 when absent.
             * @example 3
             */
            best_of?: number;
        };
        RockPaperScissorsMove: {
            /**
             * @description Rock blunts scissors, scissors cut paper, paper wraps rock.
             * @example rock
             */
            throw: string;
        };
        RockPaperScissorsMoveRequest: {
            /** @description The move, as the game's move_schema says. */
            move: components["schemas"]["RockPaperScissorsMove"];
            /**
             * Format: int64
             * @description The turn that the move answers: the session's turn when you looked.
             * @example 3
             */
            turn: number;
        };
        RockPaperScissorsPlayedSession: {
            /** @description The game's config, as config_schema says. */
            config: components["schemas"]["RockPaperScissorsConfig"];
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the turn ends, and the server acts for those who did not.
             */
            deadline_at?: string;
            /**
             * Format: int64
             * @description The feed's last number before this was read: what happens afterwards comes with higher numbers.
             */
            feed_seq?: number;
            /**
             * @description The game's name.
             * @example tictactoe
             */
            game: string;
            /**
             * @description Names the session.
             * @example 06f1c8m4q2x7n5t9b3w6k0d1sg
             */
            id: string;
            /** @description Who is invited to it, while it waits, as those who sit there see it. */
            invitations?: components["schemas"]["Guest"][];
            /**
             * @description For others to join by, while seats are free.
             * @example 7H2KQ9XD
             */
            join_code?: string;
            /** @description What you may play, when it is your turn and the game can list it. */
            legal_moves?: components["schemas"]["RockPaperScissorsMove"][];
            /** @description The move that counted: yours, now or in an earlier try. */
            move: components["schemas"]["MoveTaken"];
            /** @description Whether you want no pushes of it. */
            muted?: boolean;
            /** @description How it ended. */
            result?: components["schemas"]["Result"];
            /**
             * Format: int64
             * @description The version of the rules it is played by.
             * @example 1
             */
            rules_version: number;
            /** @description The seats that are taken. */
            seats: components["schemas"]["Seat"][];
            /**
             * Format: int64
             * @description It starts when so many seats are taken.
             * @example 2
             */
            seats_wanted: number;
            /** @description The seed, in hexadecimal, once the session is over: with it everybody can roll the dice again. */
            seed?: string;
            /**
             * @description The SHA-256 of the seed from which all dice of the session are rolled, in hexadecimal: the server cannot change the seed any more.
             * @example 3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809
             */
            seed_hash: string;
            /**
             * @description waiting (for players), active or finished.
             * @example active
             */
            status: string;
            /** @description The session that follows this one: a rematch that somebody has asked for (rematchSession takes you there), or the next one of an open game (enterGame does). */
            successor_id?: string;
            /**
             * @description The seats that must move now.
             * @example [
             *       0
             *     ]
             */
            to_move: number[];
            /**
             * Format: int64
             * @description The number of the current turn, 0 before the first. Name it in your move.
             * @example 3
             */
            turn: number;
            /**
             * Format: int64
             * @description How long each turn may take.
             * @example 86400
             */
            turn_seconds: number;
            /** @description Whether something happened that no one of your devices has acknowledged. */
            unread?: boolean;
            /**
             * Format: date-time
             * @description When its last change was made.
             */
            updated_at: string;
            /**
             * Format: int64
             * @description How many changes it has had. Grows with everything that happens.
             * @example 4
             */
            version: number;
            /** @description What your seat sees, as view_schema says. Absent while it waits, and when this server cannot draw it. */
            view?: components["schemas"]["RockPaperScissorsView"];
            /**
             * Format: int64
             * @description Where you sit.
             * @example 0
             */
            your_seat?: number;
            /** @description Whether your seat must move now. */
            your_turn: boolean;
        };
        RockPaperScissorsRound: {
            /**
             * @description no_throw when somebody let the time run out; absent otherwise.
             * @example no_throw
             */
            reason?: string;
            /**
             * Format: int64
             * @description The number of the round, from 1; a tie has one too.
             * @example 1
             */
            round: number;
            /**
             * @description What each seat threw: rock, paper or scissors; empty when it let the time run out.
             * @example [
             *       "rock",
             *       "scissors"
             *     ]
             */
            throws: string[];
            /**
             * Format: int64
             * @description The seat that won the round; absent when nobody did.
             * @example 0
             */
            winner?: number;
        };
        RockPaperScissorsSession: {
            /** @description The game's config, as config_schema says. */
            config: components["schemas"]["RockPaperScissorsConfig"];
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the turn ends, and the server acts for those who did not.
             */
            deadline_at?: string;
            /**
             * Format: int64
             * @description The feed's last number before this was read: what happens afterwards comes with higher numbers.
             */
            feed_seq?: number;
            /**
             * @description The game's name.
             * @example tictactoe
             */
            game: string;
            /**
             * @description Names the session.
             * @example 06f1c8m4q2x7n5t9b3w6k0d1sg
             */
            id: string;
            /** @description Who is invited to it, while it waits, as those who sit there see it. */
            invitations?: components["schemas"]["Guest"][];
            /**
             * @description For others to join by, while seats are free.
             * @example 7H2KQ9XD
             */
            join_code?: string;
            /** @description What you may play, when it is your turn and the game can list it. */
            legal_moves?: components["schemas"]["RockPaperScissorsMove"][];
            /** @description Whether you want no pushes of it. */
            muted?: boolean;
            /** @description How it ended. */
            result?: components["schemas"]["Result"];
            /**
             * Format: int64
             * @description The version of the rules it is played by.
             * @example 1
             */
            rules_version: number;
            /** @description The seats that are taken. */
            seats: components["schemas"]["Seat"][];
            /**
             * Format: int64
             * @description It starts when so many seats are taken.
             * @example 2
             */
            seats_wanted: number;
            /** @description The seed, in hexadecimal, once the session is over: with it everybody can roll the dice again. */
            seed?: string;
            /**
             * @description The SHA-256 of the seed from which all dice of the session are rolled, in hexadecimal: the server cannot change the seed any more.
             * @example 3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809
             */
            seed_hash: string;
            /**
             * @description waiting (for players), active or finished.
             * @example active
             */
            status: string;
            /** @description The session that follows this one: a rematch that somebody has asked for (rematchSession takes you there), or the next one of an open game (enterGame does). */
            successor_id?: string;
            /**
             * @description The seats that must move now.
             * @example [
             *       0
             *     ]
             */
            to_move: number[];
            /**
             * Format: int64
             * @description The number of the current turn, 0 before the first. Name it in your move.
             * @example 3
             */
            turn: number;
            /**
             * Format: int64
             * @description How long each turn may take.
             * @example 86400
             */
            turn_seconds: number;
            /** @description Whether something happened that no one of your devices has acknowledged. */
            unread?: boolean;
            /**
             * Format: date-time
             * @description When its last change was made.
             */
            updated_at: string;
            /**
             * Format: int64
             * @description How many changes it has had. Grows with everything that happens.
             * @example 4
             */
            version: number;
            /** @description What your seat sees, as view_schema says. Absent while it waits, and when this server cannot draw it. */
            view?: components["schemas"]["RockPaperScissorsView"];
            /**
             * Format: int64
             * @description Where you sit.
             * @example 0
             */
            your_seat?: number;
            /** @description Whether your seat must move now. */
            your_turn: boolean;
        };
        RockPaperScissorsSessionRequest: {
            /** @description Seats that the server plays, nine at the most. They sit down at once. */
            bots?: components["schemas"]["Bot"][];
            /** @description The game's config; absent members take the game's defaults. */
            config?: components["schemas"]["RockPaperScissorsConfig"];
            /** @description Players who are invited, by their ids. They are told by feed and push, and join by the code; see invitePlayers. */
            invite?: string[];
            /** @description Your role, in a game that has roles; any by default. */
            role?: string;
            /**
             * Format: int64
             * @description Start when so many seats are taken; the game's least by default, or as many as you ask bots and people for and yourself, as far as the game has them.
             * @example 2
             */
            seats?: number;
            /**
             * Format: int64
             * @description How long each turn may take, 5 s to 30 days; the game's own length by default.
             * @example 86400
             */
            turn_seconds?: number;
        };
        RockPaperScissorsView: {
            /**
             * Format: int64
             * @description The game is won with more than half of so many rounds.
             * @example 3
             */
            best_of: number;
            /** @description All rounds that are over, the first one first; 50 at most. */
            rounds: components["schemas"]["RockPaperScissorsRound"][];
            /**
             * @description The rounds that each seat has won.
             * @example [
             *       1,
             *       0
             *     ]
             */
            score: number[];
        };
        Seat: {
            /** @description Their avatar. */
            avatar?: string;
            /** @description Whether the server plays it. */
            bot: boolean;
            /** @description How well it plays: easy, normal or hard. */
            bot_level?: string;
            /** @description Whether the account is gone. */
            deleted?: boolean;
            /**
             * @description What they are called.
             * @example Brisk Otter
             */
            display_name?: string;
            /** @description Whether they gave up, or let the time run out where that loses. */
            forfeited?: boolean;
            /**
             * @description Who sits there.
             * @example 06eqzv2k3m8x1c4r7t9w0y5h2n
             */
            player_id?: string;
            /** @description What they came to. */
            result?: components["schemas"]["SeatResult"];
            /** @description Their role, in a game that has roles. */
            role?: string;
            /**
             * Format: int64
             * @description Its number, from 0.
             * @example 0
             */
            seat: number;
        };
        SeatResult: {
            /**
             * Format: int64
             * @description 1 is best; equal places are ties.
             * @example 1
             */
            place: number;
            /**
             * Format: int64
             * @description By the game's own count; 0 where it has none.
             * @example 0
             */
            score: number;
        };
        Server: {
            /**
             * Format: int64
             * @description Grows only if something had to go. It never had to.
             * @example 1
             */
            api_version: number;
            /** @description The push channels that are set up. */
            channels: components["schemas"]["Channel"][];
            /**
             * @description What this server can do beyond the first version of the API.
             * @example []
             */
            features: string[];
            /** @description Whose word this server takes for who somebody is; see putIdentity. */
            identity_providers: components["schemas"]["IdentityProvider"][];
            /** @description What this server allows. */
            limits: components["schemas"]["Limits"];
            /**
             * @description The name of this server, for people.
             * @example Yourturn
             */
            name: string;
            /**
             * Format: date-time
             * @description Measure countdowns against this clock, not the device's.
             */
            server_time: string;
            /**
             * @description The build that answers.
             * @example 1.0.0
             */
            server_version: string;
        };
        Session: {
            /** @description The game's config, as config_schema says. */
            config: {
                [key: string]: unknown;
            };
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the turn ends, and the server acts for those who did not.
             */
            deadline_at?: string;
            /**
             * Format: int64
             * @description The feed's last number before this was read: what happens afterwards comes with higher numbers.
             */
            feed_seq?: number;
            /**
             * @description The game's name.
             * @example tictactoe
             */
            game: string;
            /**
             * @description Names the session.
             * @example 06f1c8m4q2x7n5t9b3w6k0d1sg
             */
            id: string;
            /** @description Who is invited to it, while it waits, as those who sit there see it. */
            invitations?: components["schemas"]["Guest"][];
            /**
             * @description For others to join by, while seats are free.
             * @example 7H2KQ9XD
             */
            join_code?: string;
            /** @description What you may play, when it is your turn and the game can list it. */
            legal_moves?: {
                [key: string]: unknown;
            }[];
            /** @description Whether you want no pushes of it. */
            muted?: boolean;
            /** @description How it ended. */
            result?: components["schemas"]["Result"];
            /**
             * Format: int64
             * @description The version of the rules it is played by.
             * @example 1
             */
            rules_version: number;
            /** @description The seats that are taken. */
            seats: components["schemas"]["Seat"][];
            /**
             * Format: int64
             * @description It starts when so many seats are taken.
             * @example 2
             */
            seats_wanted: number;
            /** @description The seed, in hexadecimal, once the session is over: with it everybody can roll the dice again. */
            seed?: string;
            /**
             * @description The SHA-256 of the seed from which all dice of the session are rolled, in hexadecimal: the server cannot change the seed any more.
             * @example 3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809
             */
            seed_hash: string;
            /**
             * @description waiting (for players), active or finished.
             * @example active
             */
            status: string;
            /** @description The session that follows this one: a rematch that somebody has asked for (rematchSession takes you there), or the next one of an open game (enterGame does). */
            successor_id?: string;
            /**
             * @description The seats that must move now.
             * @example [
             *       0
             *     ]
             */
            to_move: number[];
            /**
             * Format: int64
             * @description The number of the current turn, 0 before the first. Name it in your move.
             * @example 3
             */
            turn: number;
            /**
             * Format: int64
             * @description How long each turn may take.
             * @example 86400
             */
            turn_seconds: number;
            /** @description Whether something happened that no one of your devices has acknowledged. */
            unread?: boolean;
            /**
             * Format: date-time
             * @description When its last change was made.
             */
            updated_at: string;
            /**
             * Format: int64
             * @description How many changes it has had. Grows with everything that happens.
             * @example 4
             */
            version: number;
            /** @description What your seat sees, as view_schema says. Absent while it waits, and when this server cannot draw it. */
            view?: {
                [key: string]: unknown;
            };
            /**
             * Format: int64
             * @description Where you sit.
             * @example 0
             */
            your_seat?: number;
            /** @description Whether your seat must move now. */
            your_turn: boolean;
        };
        SessionList: {
            /**
             * Format: int64
             * @description The feed's last number before this was read: stream from here and miss nothing.
             * @example 43
             */
            feed_seq: number;
            /** @description This page. */
            items: components["schemas"]["Session"][];
            /** @description Ask with it as cursor for the next page. Absent on the last. */
            next_cursor?: string;
            /**
             * Format: date-time
             * @description Measure countdowns against this clock.
             */
            server_time: string;
            /**
             * Format: int64
             * @description How many sessions wait for me, on all pages: the badge.
             * @example 1
             */
            waiting_for_me: number;
        };
        SessionPreview: {
            /** @description The game's config. */
            config: {
                [key: string]: unknown;
            };
            /**
             * @description The game's name.
             * @example tictactoe
             */
            game: string;
            /**
             * @description Who invites.
             * @example Brisk Otter
             */
            host_display_name?: string;
            /**
             * @description The roles nobody has taken.
             * @example []
             */
            roles_free: string[];
            /**
             * Format: int64
             * @description How many may still sit down.
             * @example 1
             */
            seats_free: number;
            /**
             * @description waiting, active or finished.
             * @example waiting
             */
            status: string;
            /**
             * @description The game's title.
             * @example Tic-tac-toe
             */
            title: string;
            /**
             * Format: int64
             * @description How long each turn may take.
             * @example 86400
             */
            turn_seconds: number;
        };
        SessionRequest: {
            /** @description Seats that the server plays, nine at the most. They sit down at once. */
            bots?: components["schemas"]["Bot"][];
            /** @description The game's config; absent members take the game's defaults. */
            config?: {
                [key: string]: unknown;
            };
            /**
             * @description The game to play.
             * @example tictactoe
             */
            game: string;
            /** @description Players who are invited, by their ids. They are told by feed and push, and join by the code; see invitePlayers. */
            invite?: string[];
            /** @description Your role, in a game that has roles; any by default. */
            role?: string;
            /**
             * Format: int64
             * @description Start when so many seats are taken; the game's least by default, or as many as you ask bots and people for and yourself, as far as the game has them.
             * @example 2
             */
            seats?: number;
            /**
             * Format: int64
             * @description How long each turn may take, 5 s to 30 days; the game's own length by default.
             * @example 86400
             */
            turn_seconds?: number;
        };
        StreamTicket: {
            /**
             * Format: date-time
             * @description When it ends: with the access token that made it.
             */
            expires_at: string;
            /**
             * @description Put it into the stream's address as ?ticket=… It opens streams and nothing else.
             * @example stb8w2o.4mV8sQ2xN7kT1wB9
             */
            ticket: string;
        };
        SubscriptionKeys: {
            /**
             * @description The secret, base64url.
             * @example tBHItJI5svbpez7KI4CCXg
             */
            auth: string;
            /**
             * @description The public key, base64url.
             * @example BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM
             */
            p256dh: string;
        };
        SubscriptionToPush: {
            /**
             * @description Where the push service takes messages.
             * @example https://push.example.com/send/4mV8sQ2xN7kT
             */
            endpoint: string;
            /**
             * Format: double
             * @description Not used: the push service says itself when it is over.
             */
            expirationTime?: number;
            /** @description The subscription's keys. */
            keys: components["schemas"]["SubscriptionKeys"];
        };
        TicTacToeConfig: {
            /**
             * Format: int64
             * @description How many marks in a line win, at most size. When absent, 3 on the board of 3 and 4 on the larger ones.
             * @example 3
             */
            align?: number;
            /**
             * Format: int64
             * @description How many cells a side of the board has; 3 when absent.
             * @example 3
             */
            size?: number;
        };
        TicTacToeMove: {
            /**
             * Format: int64
             * @description The cell to mark, row by row from the top left: 0 to 8 on the board of 3, 0 to 15 on that of 4, 0 to 24 on that of 5.
             * @example 4
             */
            cell: number;
        };
        TicTacToeMoveRequest: {
            /** @description The move, as the game's move_schema says. */
            move: components["schemas"]["TicTacToeMove"];
            /**
             * Format: int64
             * @description The turn that the move answers: the session's turn when you looked.
             * @example 3
             */
            turn: number;
        };
        TicTacToePlayedSession: {
            /** @description The game's config, as config_schema says. */
            config: components["schemas"]["TicTacToeConfig"];
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the turn ends, and the server acts for those who did not.
             */
            deadline_at?: string;
            /**
             * Format: int64
             * @description The feed's last number before this was read: what happens afterwards comes with higher numbers.
             */
            feed_seq?: number;
            /**
             * @description The game's name.
             * @example tictactoe
             */
            game: string;
            /**
             * @description Names the session.
             * @example 06f1c8m4q2x7n5t9b3w6k0d1sg
             */
            id: string;
            /** @description Who is invited to it, while it waits, as those who sit there see it. */
            invitations?: components["schemas"]["Guest"][];
            /**
             * @description For others to join by, while seats are free.
             * @example 7H2KQ9XD
             */
            join_code?: string;
            /** @description What you may play, when it is your turn and the game can list it. */
            legal_moves?: components["schemas"]["TicTacToeMove"][];
            /** @description The move that counted: yours, now or in an earlier try. */
            move: components["schemas"]["MoveTaken"];
            /** @description Whether you want no pushes of it. */
            muted?: boolean;
            /** @description How it ended. */
            result?: components["schemas"]["Result"];
            /**
             * Format: int64
             * @description The version of the rules it is played by.
             * @example 1
             */
            rules_version: number;
            /** @description The seats that are taken. */
            seats: components["schemas"]["Seat"][];
            /**
             * Format: int64
             * @description It starts when so many seats are taken.
             * @example 2
             */
            seats_wanted: number;
            /** @description The seed, in hexadecimal, once the session is over: with it everybody can roll the dice again. */
            seed?: string;
            /**
             * @description The SHA-256 of the seed from which all dice of the session are rolled, in hexadecimal: the server cannot change the seed any more.
             * @example 3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809
             */
            seed_hash: string;
            /**
             * @description waiting (for players), active or finished.
             * @example active
             */
            status: string;
            /** @description The session that follows this one: a rematch that somebody has asked for (rematchSession takes you there), or the next one of an open game (enterGame does). */
            successor_id?: string;
            /**
             * @description The seats that must move now.
             * @example [
             *       0
             *     ]
             */
            to_move: number[];
            /**
             * Format: int64
             * @description The number of the current turn, 0 before the first. Name it in your move.
             * @example 3
             */
            turn: number;
            /**
             * Format: int64
             * @description How long each turn may take.
             * @example 86400
             */
            turn_seconds: number;
            /** @description Whether something happened that no one of your devices has acknowledged. */
            unread?: boolean;
            /**
             * Format: date-time
             * @description When its last change was made.
             */
            updated_at: string;
            /**
             * Format: int64
             * @description How many changes it has had. Grows with everything that happens.
             * @example 4
             */
            version: number;
            /** @description What your seat sees, as view_schema says. Absent while it waits, and when this server cannot draw it. */
            view?: components["schemas"]["TicTacToeView"];
            /**
             * Format: int64
             * @description Where you sit.
             * @example 0
             */
            your_seat?: number;
            /** @description Whether your seat must move now. */
            your_turn: boolean;
        };
        TicTacToeSession: {
            /** @description The game's config, as config_schema says. */
            config: components["schemas"]["TicTacToeConfig"];
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the turn ends, and the server acts for those who did not.
             */
            deadline_at?: string;
            /**
             * Format: int64
             * @description The feed's last number before this was read: what happens afterwards comes with higher numbers.
             */
            feed_seq?: number;
            /**
             * @description The game's name.
             * @example tictactoe
             */
            game: string;
            /**
             * @description Names the session.
             * @example 06f1c8m4q2x7n5t9b3w6k0d1sg
             */
            id: string;
            /** @description Who is invited to it, while it waits, as those who sit there see it. */
            invitations?: components["schemas"]["Guest"][];
            /**
             * @description For others to join by, while seats are free.
             * @example 7H2KQ9XD
             */
            join_code?: string;
            /** @description What you may play, when it is your turn and the game can list it. */
            legal_moves?: components["schemas"]["TicTacToeMove"][];
            /** @description Whether you want no pushes of it. */
            muted?: boolean;
            /** @description How it ended. */
            result?: components["schemas"]["Result"];
            /**
             * Format: int64
             * @description The version of the rules it is played by.
             * @example 1
             */
            rules_version: number;
            /** @description The seats that are taken. */
            seats: components["schemas"]["Seat"][];
            /**
             * Format: int64
             * @description It starts when so many seats are taken.
             * @example 2
             */
            seats_wanted: number;
            /** @description The seed, in hexadecimal, once the session is over: with it everybody can roll the dice again. */
            seed?: string;
            /**
             * @description The SHA-256 of the seed from which all dice of the session are rolled, in hexadecimal: the server cannot change the seed any more.
             * @example 3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809
             */
            seed_hash: string;
            /**
             * @description waiting (for players), active or finished.
             * @example active
             */
            status: string;
            /** @description The session that follows this one: a rematch that somebody has asked for (rematchSession takes you there), or the next one of an open game (enterGame does). */
            successor_id?: string;
            /**
             * @description The seats that must move now.
             * @example [
             *       0
             *     ]
             */
            to_move: number[];
            /**
             * Format: int64
             * @description The number of the current turn, 0 before the first. Name it in your move.
             * @example 3
             */
            turn: number;
            /**
             * Format: int64
             * @description How long each turn may take.
             * @example 86400
             */
            turn_seconds: number;
            /** @description Whether something happened that no one of your devices has acknowledged. */
            unread?: boolean;
            /**
             * Format: date-time
             * @description When its last change was made.
             */
            updated_at: string;
            /**
             * Format: int64
             * @description How many changes it has had. Grows with everything that happens.
             * @example 4
             */
            version: number;
            /** @description What your seat sees, as view_schema says. Absent while it waits, and when this server cannot draw it. */
            view?: components["schemas"]["TicTacToeView"];
            /**
             * Format: int64
             * @description Where you sit.
             * @example 0
             */
            your_seat?: number;
            /** @description Whether your seat must move now. */
            your_turn: boolean;
        };
        TicTacToeSessionRequest: {
            /** @description Seats that the server plays, nine at the most. They sit down at once. */
            bots?: components["schemas"]["Bot"][];
            /** @description The game's config; absent members take the game's defaults. */
            config?: components["schemas"]["TicTacToeConfig"];
            /** @description Players who are invited, by their ids. They are told by feed and push, and join by the code; see invitePlayers. */
            invite?: string[];
            /** @description Your role, in a game that has roles; any by default. */
            role?: string;
            /**
             * Format: int64
             * @description Start when so many seats are taken; the game's least by default, or as many as you ask bots and people for and yourself, as far as the game has them.
             * @example 2
             */
            seats?: number;
            /**
             * Format: int64
             * @description How long each turn may take, 5 s to 30 days; the game's own length by default.
             * @example 86400
             */
            turn_seconds?: number;
        };
        TicTacToeView: {
            /**
             * Format: int64
             * @description How many marks in a line win.
             * @example 3
             */
            align: number;
            /**
             * @description The cells row by row: X, O or empty.
             * @example [
             *       "X",
             *       "",
             *       "",
             *       "",
             *       "O",
             *       "",
             *       "",
             *       "",
             *       ""
             *     ]
             */
            board: string[];
            /**
             * @description The mark of each seat.
             * @example [
             *       "O",
             *       "X"
             *     ]
             */
            marks: string[];
            /**
             * Format: int64
             * @description How many cells a side of the board has.
             * @example 3
             */
            size: number;
        };
        Ticket: {
            /**
             * Format: int64
             * @description So long after it was made bots take the seats that are still free.
             */
            bot_after_seconds?: number;
            /** @description The config that is wanted, with the game's defaults filled in. */
            config: {
                [key: string]: unknown;
            };
            /**
             * Format: date-time
             * @description When it was made: the oldest is matched first.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it ends if nobody is found; the feed tells of it.
             */
            expires_at: string;
            /**
             * @description The game that is wanted.
             * @example tictactoe
             */
            game: string;
            /**
             * @description Names the ticket.
             * @example 06f1c7h9d3k5m8q1t4w6y0z2bn
             */
            id: string;
            /** @description The role that is wanted. */
            role?: string;
            /** @description The session it became, once matched. */
            session_id?: string;
            /**
             * @description waiting, matched, cancelled or expired. Only waiting ever changes.
             * @example waiting
             */
            status: string;
            /**
             * Format: int64
             * @description The length of a turn that is wanted.
             * @example 86400
             */
            turn_seconds: number;
        };
        TicketList: {
            /** @description This page. */
            items: components["schemas"]["Ticket"][];
            /** @description Ask with it as cursor for the next page. Absent on the last. */
            next_cursor?: string;
        };
        TicketRequest: {
            /**
             * Format: int64
             * @description Play with bots if not enough people were found after so many seconds, up to 6 days; never by default.
             * @example 30
             */
            bot_after_seconds?: number;
            /** @description The game's config; absent members take the game's defaults. */
            config?: {
                [key: string]: unknown;
            };
            /**
             * @description The game to play.
             * @example tictactoe
             */
            game: string;
            /** @description The role to play, in a game that has roles; any by default. */
            role?: string;
            /**
             * Format: int64
             * @description How long each turn may take, 5 s to 30 days; the game's own length by default.
             * @example 86400
             */
            turn_seconds?: number;
        };
        TokenRequest: {
            /** @description What the provider gave the app to show. */
            id_token?: string;
            /** @description Instead: a code that another device of the player shows, by createLinkCode. Small letters, dashes and spaces are fine. */
            link_code?: string;
            /** @description A random text of the app, whose SHA-256 in small hex it gave to the provider for the id_token: so that nobody who finds the token can use it. Needed if the id_token has a nonce. One that is not 64 hex digits is compared as it is, and protects from nothing. */
            nonce?: string;
            /** @description Instead: who vouches for the player, one of getServer's identity_providers; with id_token. */
            provider?: string;
            /**
             * @description The newest refresh token you have.
             * @example rtvqk60.9kT1wB5cR8sQ2xN7mV4d
             */
            refresh_token?: string;
        };
        Tokens: {
            /**
             * @description Send it as Authorization: Bearer …
             * @example atb8w2o.4mV8sQ2xN7kT1wB9cR5d
             */
            access_token: string;
            /**
             * Format: int64
             * @description Seconds that the access token lives.
             * @example 3600
             */
            expires_in: number;
            /**
             * @description Whose tokens they are.
             * @example 06eqzv2k3m8x1c4r7t9w0y5h2n
             */
            player_id: string;
            /**
             * @description Keep it safe: it gets new tokens. It works until a token issued from it has been used, and 60 s longer.
             * @example rtvqk60.9kT1wB5cR8sQ2xN7mV4d
             */
            refresh_token: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listGames: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "bots": true,
                     *           "config_schema": {
                     *             "$schema": "https://json-schema.org/draft/2020-12/schema",
                     *             "properties": {
                     *               "size": {
                     *                 "type": "integer"
                     *               }
                     *             },
                     *             "type": "object"
                     *           },
                     *           "late_join": false,
                     *           "max_seats": 2,
                     *           "min_seats": 2,
                     *           "move_schema": {
                     *             "$schema": "https://json-schema.org/draft/2020-12/schema",
                     *             "properties": {
                     *               "cell": {
                     *                 "type": "integer"
                     *               }
                     *             },
                     *             "type": "object"
                     *           },
                     *           "name": "tictactoe",
                     *           "roles": [],
                     *           "rules_version": 2,
                     *           "title": "Tic-tac-toe",
                     *           "turn_seconds": 86400,
                     *           "view_schema": {
                     *             "$schema": "https://json-schema.org/draft/2020-12/schema",
                     *             "properties": {
                     *               "board": {
                     *                 "items": {
                     *                   "type": "string"
                     *                 },
                     *                 "type": "array"
                     *               }
                     *             },
                     *             "type": "object"
                     *           }
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["GameList"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startDungeonSession: {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own name for this wish, such as a UUID. Asking again with it within 24 hours makes nothing new and answers with what was made. Another wish under the same key is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "seats": 1,
                 *       "turn_seconds": 3600
                 *     }
                 */
                "application/json": components["schemas"]["DungeonSessionRequest"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "rooms": 1
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "deadline_at": "2026-03-01T19:34:00Z",
                     *       "feed_seq": 43,
                     *       "game": "dungeon",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "legal_moves": [
                     *         {
                     *           "kind": "confirm"
                     *         }
                     *       ],
                     *       "rules_version": 1,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         }
                     *       ],
                     *       "seats_wanted": 1,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "active",
                     *       "to_move": [
                     *         0
                     *       ],
                     *       "turn": 1,
                     *       "turn_seconds": 3600,
                     *       "updated_at": "2026-03-01T18:34:00Z",
                     *       "version": 3,
                     *       "view": {
                     *         "inventory": [],
                     *         "map": [],
                     *         "phases": [
                     *           {
                     *             "name": "created",
                     *             "since": "2026-03-01T18:34:00Z",
                     *             "status": "done"
                     *           },
                     *           {
                     *             "name": "confirmation",
                     *             "since": "2026-03-01T18:34:00Z",
                     *             "status": "open"
                     *           },
                     *           {
                     *             "name": "weapon",
                     *             "since": "2026-03-01T18:34:00Z",
                     *             "status": "waiting"
                     *           },
                     *           {
                     *             "name": "monster",
                     *             "since": "2026-03-01T18:34:00Z",
                     *             "status": "waiting"
                     *           },
                     *           {
                     *             "name": "treasure",
                     *             "since": "2026-03-01T18:34:00Z",
                     *             "status": "waiting"
                     *           },
                     *           {
                     *             "name": "victory",
                     *             "since": "2026-03-01T18:34:00Z",
                     *             "status": "waiting"
                     *           }
                     *         ],
                     *         "room_count": 1
                     *       },
                     *       "your_seat": 0,
                     *       "your_turn": true
                     *     }
                     */
                    "application/json": components["schemas"]["DungeonSession"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: player-blocked, too-many-bots, too-many-invitations. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: idempotency-mismatch, invalid, player-unknown, rule-*. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getDungeonSession: {
        parameters: {
            query?: {
                /** @description The session as it was at this version. */
                version?: number;
            };
            header?: {
                /** @description ETag of an answer you have: 304 when it is still the newest. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The session's id. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control"?: string;
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "rooms": 1
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "deadline_at": "2026-03-01T19:34:00Z",
                     *       "feed_seq": 43,
                     *       "game": "dungeon",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "legal_moves": [
                     *         {
                     *           "kind": "confirm"
                     *         }
                     *       ],
                     *       "rules_version": 1,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         }
                     *       ],
                     *       "seats_wanted": 1,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "active",
                     *       "to_move": [
                     *         0
                     *       ],
                     *       "turn": 1,
                     *       "turn_seconds": 3600,
                     *       "updated_at": "2026-03-01T18:34:00Z",
                     *       "version": 3,
                     *       "view": {
                     *         "inventory": [],
                     *         "map": [],
                     *         "phases": [
                     *           {
                     *             "name": "created",
                     *             "since": "2026-03-01T18:34:00Z",
                     *             "status": "done"
                     *           },
                     *           {
                     *             "name": "confirmation",
                     *             "since": "2026-03-01T18:34:00Z",
                     *             "status": "open"
                     *           },
                     *           {
                     *             "name": "weapon",
                     *             "since": "2026-03-01T18:34:00Z",
                     *             "status": "waiting"
                     *           },
                     *           {
                     *             "name": "monster",
                     *             "since": "2026-03-01T18:34:00Z",
                     *             "status": "waiting"
                     *           },
                     *           {
                     *             "name": "treasure",
                     *             "since": "2026-03-01T18:34:00Z",
                     *             "status": "waiting"
                     *           },
                     *           {
                     *             "name": "victory",
                     *             "since": "2026-03-01T18:34:00Z",
                     *             "status": "waiting"
                     *           }
                     *         ],
                     *         "room_count": 1
                     *       },
                     *       "your_seat": 0,
                     *       "your_turn": true
                     *     }
                     */
                    "application/json": components["schemas"]["DungeonSession"];
                };
            };
            /** @description Still the newest: you have it. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: other-rules. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    playDungeonMove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session's id. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "move": {
                 *         "kind": "confirm"
                 *       },
                 *       "turn": 1
                 *     }
                 */
                "application/json": components["schemas"]["DungeonMoveRequest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "rooms": 1
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "deadline_at": "2026-03-01T19:34:00Z",
                     *       "game": "dungeon",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "move": {
                     *         "seat": 0,
                     *         "turn": 1,
                     *         "version": 4
                     *       },
                     *       "rules_version": 1,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         }
                     *       ],
                     *       "seats_wanted": 1,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "active",
                     *       "to_move": [
                     *         0
                     *       ],
                     *       "turn": 2,
                     *       "turn_seconds": 3600,
                     *       "updated_at": "2026-03-01T18:34:00Z",
                     *       "version": 4,
                     *       "view": {
                     *         "ends_at": "2026-03-01T19:34:00Z",
                     *         "inventory": [],
                     *         "map": [
                     *           {
                     *             "description": "Hundreds of small niches cover the walls, all of them empty. Benches stand in rows, facing the wrong way.",
                     *             "doors": [],
                     *             "items": [
                     *               {
                     *                 "kind": "weapon",
                     *                 "name": "Nicked Glaive"
                     *               }
                     *             ],
                     *             "monster": {
                     *               "carries": {
                     *                 "kind": "treasure",
                     *                 "name": "Star-Mapped Chessboard"
                     *               },
                     *               "name": "Lopsided Teal Ogre",
                     *               "slain": false
                     *             },
                     *             "name": "Root Tunnel",
                     *             "x": 0,
                     *             "y": 0
                     *           }
                     *         ],
                     *         "phases": [
                     *           {
                     *             "name": "created",
                     *             "since": "2026-03-01T18:34:00Z",
                     *             "status": "done"
                     *           },
                     *           {
                     *             "name": "confirmation",
                     *             "since": "2026-03-01T18:34:00Z",
                     *             "status": "done"
                     *           },
                     *           {
                     *             "name": "weapon",
                     *             "since": "2026-03-01T18:34:00Z",
                     *             "status": "open"
                     *           },
                     *           {
                     *             "name": "monster",
                     *             "since": "2026-03-01T18:34:00Z",
                     *             "status": "waiting"
                     *           },
                     *           {
                     *             "name": "treasure",
                     *             "since": "2026-03-01T18:34:00Z",
                     *             "status": "waiting"
                     *           },
                     *           {
                     *             "name": "victory",
                     *             "since": "2026-03-01T18:34:00Z",
                     *             "status": "waiting"
                     *           }
                     *         ],
                     *         "room": "Root Tunnel",
                     *         "room_count": 1
                     *       },
                     *       "your_seat": 0,
                     *       "your_turn": false
                     *     }
                     */
                    "application/json": components["schemas"]["DungeonPlayedSession"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: already-moved, not-your-turn, other-rules, session-finished, session-waiting, stale-turn. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid, rule-*. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startEightsSession: {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own name for this wish, such as a UUID. Asking again with it within 24 hours makes nothing new and answers with what was made. Another wish under the same key is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "seats": 2,
                 *       "turn_seconds": 86400
                 *     }
                 */
                "application/json": components["schemas"]["EightsSessionRequest"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {},
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "game": "eights",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "join_code": "7H2KQ9XD",
                     *       "rules_version": 1,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         }
                     *       ],
                     *       "seats_wanted": 2,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "waiting",
                     *       "to_move": [],
                     *       "turn": 0,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:31:00Z",
                     *       "version": 1,
                     *       "your_seat": 0,
                     *       "your_turn": false
                     *     }
                     */
                    "application/json": components["schemas"]["EightsSession"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: player-blocked, too-many-bots, too-many-invitations. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: idempotency-mismatch, invalid, player-unknown, rule-*. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getEightsSession: {
        parameters: {
            query?: {
                /** @description The session as it was at this version. */
                version?: number;
            };
            header?: {
                /** @description ETag of an answer you have: 304 when it is still the newest. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The session's id. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control"?: string;
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {},
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "deadline_at": "2026-03-02T18:34:00Z",
                     *       "feed_seq": 43,
                     *       "game": "eights",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "legal_moves": [
                     *         {
                     *           "card": "8H",
                     *           "kind": "play",
                     *           "suit": "hearts"
                     *         },
                     *         {
                     *           "card": "8H",
                     *           "kind": "play",
                     *           "suit": "diamonds"
                     *         },
                     *         {
                     *           "card": "8H",
                     *           "kind": "play",
                     *           "suit": "clubs"
                     *         },
                     *         {
                     *           "card": "8H",
                     *           "kind": "play",
                     *           "suit": "spades"
                     *         },
                     *         {
                     *           "card": "QH",
                     *           "kind": "play"
                     *         },
                     *         {
                     *           "card": "8D",
                     *           "kind": "play",
                     *           "suit": "hearts"
                     *         },
                     *         {
                     *           "card": "8D",
                     *           "kind": "play",
                     *           "suit": "diamonds"
                     *         },
                     *         {
                     *           "card": "8D",
                     *           "kind": "play",
                     *           "suit": "clubs"
                     *         },
                     *         {
                     *           "card": "8D",
                     *           "kind": "play",
                     *           "suit": "spades"
                     *         }
                     *       ],
                     *       "rules_version": 1,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         },
                     *         {
                     *           "bot": true,
                     *           "bot_level": "normal",
                     *           "display_name": "Bot",
                     *           "seat": 1
                     *         }
                     *       ],
                     *       "seats_wanted": 2,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "active",
                     *       "to_move": [
                     *         0
                     *       ],
                     *       "turn": 1,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:34:00Z",
                     *       "version": 3,
                     *       "view": {
                     *         "actions": false,
                     *         "deck": 37,
                     *         "direction": 1,
                     *         "drew": false,
                     *         "hand": [
                     *           "8H",
                     *           "QH",
                     *           "8D",
                     *           "9D",
                     *           "8C",
                     *           "9C",
                     *           "3S"
                     *         ],
                     *         "next": 0,
                     *         "over": false,
                     *         "played": [
                     *           "4H"
                     *         ],
                     *         "seats": [
                     *           {
                     *             "cards": 7,
                     *             "missed": 0,
                     *             "set_aside": false
                     *           },
                     *           {
                     *             "cards": 7,
                     *             "missed": 0,
                     *             "set_aside": false
                     *           }
                     *         ],
                     *         "shuffles": 0,
                     *         "suit": "hearts",
                     *         "top": "4H"
                     *       },
                     *       "your_seat": 0,
                     *       "your_turn": true
                     *     }
                     */
                    "application/json": components["schemas"]["EightsSession"];
                };
            };
            /** @description Still the newest: you have it. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: other-rules. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    playEightsMove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session's id. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "move": {
                 *         "card": "8H",
                 *         "kind": "play",
                 *         "suit": "hearts"
                 *       },
                 *       "turn": 1
                 *     }
                 */
                "application/json": components["schemas"]["EightsMoveRequest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {},
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "deadline_at": "2026-03-02T18:34:00Z",
                     *       "game": "eights",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "move": {
                     *         "seat": 0,
                     *         "turn": 1,
                     *         "version": 4
                     *       },
                     *       "rules_version": 1,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         },
                     *         {
                     *           "bot": true,
                     *           "bot_level": "normal",
                     *           "display_name": "Bot",
                     *           "seat": 1
                     *         }
                     *       ],
                     *       "seats_wanted": 2,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "active",
                     *       "to_move": [
                     *         1
                     *       ],
                     *       "turn": 2,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:34:00Z",
                     *       "version": 4,
                     *       "view": {
                     *         "actions": false,
                     *         "deck": 37,
                     *         "direction": 1,
                     *         "drew": false,
                     *         "hand": [
                     *           "QH",
                     *           "8D",
                     *           "9D",
                     *           "8C",
                     *           "9C",
                     *           "3S"
                     *         ],
                     *         "next": 1,
                     *         "over": false,
                     *         "played": [
                     *           "4H",
                     *           "8H"
                     *         ],
                     *         "seats": [
                     *           {
                     *             "cards": 6,
                     *             "missed": 0,
                     *             "set_aside": false
                     *           },
                     *           {
                     *             "cards": 7,
                     *             "missed": 0,
                     *             "set_aside": false
                     *           }
                     *         ],
                     *         "shuffles": 0,
                     *         "suit": "hearts",
                     *         "top": "8H"
                     *       },
                     *       "your_seat": 0,
                     *       "your_turn": false
                     *     }
                     */
                    "application/json": components["schemas"]["EightsPlayedSession"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: already-moved, not-your-turn, other-rules, session-finished, session-waiting, stale-turn. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid, rule-*. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startQuestSession: {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own name for this wish, such as a UUID. Asking again with it within 24 hours makes nothing new and answers with what was made. Another wish under the same key is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "seats": 3,
                 *       "turn_seconds": 86400
                 *     }
                 */
                "application/json": components["schemas"]["QuestSessionRequest"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "difficulty": "classic",
                     *         "pause_ms": 1000
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "game": "quest",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "join_code": "7H2KQ9XD",
                     *       "rules_version": 1,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         }
                     *       ],
                     *       "seats_wanted": 3,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "waiting",
                     *       "to_move": [],
                     *       "turn": 0,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:31:00Z",
                     *       "version": 1,
                     *       "your_seat": 0,
                     *       "your_turn": false
                     *     }
                     */
                    "application/json": components["schemas"]["QuestSession"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: player-blocked, too-many-bots, too-many-invitations. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: idempotency-mismatch, invalid, player-unknown, rule-*. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getQuestSession: {
        parameters: {
            query?: {
                /** @description The session as it was at this version. */
                version?: number;
            };
            header?: {
                /** @description ETag of an answer you have: 304 when it is still the newest. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The session's id. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control"?: string;
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "difficulty": "classic",
                     *         "pause_ms": 1000
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "deadline_at": "2026-03-02T18:34:00Z",
                     *       "feed_seq": 43,
                     *       "game": "quest",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "legal_moves": [
                     *         {
                     *           "kind": "choose",
                     *           "role": "fighter"
                     *         },
                     *         {
                     *           "kind": "choose",
                     *           "role": "ranger"
                     *         },
                     *         {
                     *           "kind": "choose",
                     *           "role": "mage"
                     *         },
                     *         {
                     *           "kind": "choose",
                     *           "role": "cleric"
                     *         }
                     *       ],
                     *       "rules_version": 1,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         },
                     *         {
                     *           "bot": true,
                     *           "bot_level": "normal",
                     *           "display_name": "Bot",
                     *           "seat": 1
                     *         },
                     *         {
                     *           "bot": true,
                     *           "bot_level": "normal",
                     *           "display_name": "Bot",
                     *           "seat": 2
                     *         }
                     *       ],
                     *       "seats_wanted": 3,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "active",
                     *       "to_move": [
                     *         0,
                     *         1,
                     *         2
                     *       ],
                     *       "turn": 1,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:34:00Z",
                     *       "version": 3,
                     *       "view": {
                     *         "difficulty": "classic",
                     *         "free_roles": [
                     *           "fighter",
                     *           "ranger",
                     *           "mage",
                     *           "cleric"
                     *         ],
                     *         "heroes": [
                     *           {
                     *             "alive": true,
                     *             "damage_dealt": 0,
                     *             "health": 0,
                     *             "max_health": 0,
                     *             "seat": 0
                     *           },
                     *           {
                     *             "alive": true,
                     *             "damage_dealt": 0,
                     *             "health": 0,
                     *             "max_health": 0,
                     *             "seat": 1
                     *           },
                     *           {
                     *             "alive": true,
                     *             "damage_dealt": 0,
                     *             "health": 0,
                     *             "max_health": 0,
                     *             "seat": 2
                     *           }
                     *         ],
                     *         "monster": {
                     *           "damage_dealt": 0,
                     *           "health": 0,
                     *           "max_health": 0,
                     *           "name": "The Gloamback"
                     *         },
                     *         "order": [],
                     *         "pause_ms": 1000,
                     *         "phase": "character"
                     *       },
                     *       "your_seat": 0,
                     *       "your_turn": true
                     *     }
                     */
                    "application/json": components["schemas"]["QuestSession"];
                };
            };
            /** @description Still the newest: you have it. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: other-rules. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    playQuestMove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session's id. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "move": {
                 *         "kind": "choose",
                 *         "role": "fighter"
                 *       },
                 *       "turn": 1
                 *     }
                 */
                "application/json": components["schemas"]["QuestMoveRequest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "difficulty": "classic",
                     *         "pause_ms": 1000
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "deadline_at": "2026-03-02T18:34:00Z",
                     *       "game": "quest",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "move": {
                     *         "seat": 0,
                     *         "turn": 1,
                     *         "version": 4
                     *       },
                     *       "rules_version": 1,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         },
                     *         {
                     *           "bot": true,
                     *           "bot_level": "normal",
                     *           "display_name": "Bot",
                     *           "seat": 1
                     *         },
                     *         {
                     *           "bot": true,
                     *           "bot_level": "normal",
                     *           "display_name": "Bot",
                     *           "seat": 2
                     *         }
                     *       ],
                     *       "seats_wanted": 3,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "active",
                     *       "to_move": [
                     *         1,
                     *         2
                     *       ],
                     *       "turn": 2,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:34:00Z",
                     *       "version": 4,
                     *       "view": {
                     *         "difficulty": "classic",
                     *         "free_roles": [
                     *           "ranger",
                     *           "mage",
                     *           "cleric"
                     *         ],
                     *         "heroes": [
                     *           {
                     *             "alive": true,
                     *             "damage_dealt": 0,
                     *             "health": 60,
                     *             "max_health": 60,
                     *             "name": "Bera Oakshield",
                     *             "role": "fighter",
                     *             "seat": 0
                     *           },
                     *           {
                     *             "alive": true,
                     *             "damage_dealt": 0,
                     *             "health": 0,
                     *             "max_health": 0,
                     *             "seat": 1
                     *           },
                     *           {
                     *             "alive": true,
                     *             "damage_dealt": 0,
                     *             "health": 0,
                     *             "max_health": 0,
                     *             "seat": 2
                     *           }
                     *         ],
                     *         "monster": {
                     *           "damage_dealt": 0,
                     *           "health": 0,
                     *           "max_health": 0,
                     *           "name": "The Gloamback"
                     *         },
                     *         "order": [
                     *           0
                     *         ],
                     *         "pause_ms": 1000,
                     *         "phase": "character"
                     *       },
                     *       "your_seat": 0,
                     *       "your_turn": false
                     *     }
                     */
                    "application/json": components["schemas"]["QuestPlayedSession"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: already-moved, not-your-turn, other-rules, session-finished, session-waiting, stale-turn. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid, rule-*. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startQuizSession: {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own name for this wish, such as a UUID. Asking again with it within 24 hours makes nothing new and answers with what was made. Another wish under the same key is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "seats": 1,
                 *       "turn_seconds": 3600
                 *     }
                 */
                "application/json": components["schemas"]["QuizSessionRequest"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "categories": [
                     *           "nature",
                     *           "science"
                     *         ],
                     *         "round_seconds": 20,
                     *         "rounds": 10
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "game": "tictactoe",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "join_code": "7H2KQ9XD",
                     *       "rules_version": 1,
                     *       "seats": [
                     *         {
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         }
                     *       ],
                     *       "seats_wanted": 2,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "active",
                     *       "to_move": [
                     *         0
                     *       ],
                     *       "turn": 3,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:30:00Z",
                     *       "version": 4,
                     *       "your_seat": 0,
                     *       "your_turn": false
                     *     }
                     */
                    "application/json": components["schemas"]["QuizSession"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: player-blocked, too-many-bots, too-many-invitations. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: idempotency-mismatch, invalid, player-unknown, rule-*. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getQuizSession: {
        parameters: {
            query?: {
                /** @description The session as it was at this version. */
                version?: number;
            };
            header?: {
                /** @description ETag of an answer you have: 304 when it is still the newest. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The session's id. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control"?: string;
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "categories": [
                     *           "nature",
                     *           "science"
                     *         ],
                     *         "round_seconds": 20,
                     *         "rounds": 10
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "game": "tictactoe",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "join_code": "7H2KQ9XD",
                     *       "rules_version": 1,
                     *       "seats": [
                     *         {
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         }
                     *       ],
                     *       "seats_wanted": 2,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "active",
                     *       "to_move": [
                     *         0
                     *       ],
                     *       "turn": 3,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:30:00Z",
                     *       "version": 4,
                     *       "your_seat": 0,
                     *       "your_turn": false
                     *     }
                     */
                    "application/json": components["schemas"]["QuizSession"];
                };
            };
            /** @description Still the newest: you have it. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: other-rules. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    playQuizMove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session's id. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "move": {
                 *         "answer": "Jupiter"
                 *       },
                 *       "turn": 3
                 *     }
                 */
                "application/json": components["schemas"]["QuizMoveRequest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "categories": [
                     *           "nature",
                     *           "science"
                     *         ],
                     *         "round_seconds": 20,
                     *         "rounds": 10
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "game": "tictactoe",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "join_code": "7H2KQ9XD",
                     *       "move": {
                     *         "seat": 0,
                     *         "turn": 3,
                     *         "version": 5
                     *       },
                     *       "rules_version": 1,
                     *       "seats": [
                     *         {
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         }
                     *       ],
                     *       "seats_wanted": 2,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "active",
                     *       "to_move": [
                     *         0
                     *       ],
                     *       "turn": 3,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:30:00Z",
                     *       "version": 4,
                     *       "your_seat": 0,
                     *       "your_turn": false
                     *     }
                     */
                    "application/json": components["schemas"]["QuizPlayedSession"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: already-moved, not-your-turn, other-rules, session-finished, session-waiting, stale-turn. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid, rule-*. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startRockPaperScissorsSession: {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own name for this wish, such as a UUID. Asking again with it within 24 hours makes nothing new and answers with what was made. Another wish under the same key is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "seats": 2,
                 *       "turn_seconds": 86400
                 *     }
                 */
                "application/json": components["schemas"]["RockPaperScissorsSessionRequest"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "best_of": 3
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "game": "rps",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "join_code": "7H2KQ9XD",
                     *       "rules_version": 1,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         }
                     *       ],
                     *       "seats_wanted": 2,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "waiting",
                     *       "to_move": [],
                     *       "turn": 0,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:31:00Z",
                     *       "version": 1,
                     *       "your_seat": 0,
                     *       "your_turn": false
                     *     }
                     */
                    "application/json": components["schemas"]["RockPaperScissorsSession"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: player-blocked, too-many-bots, too-many-invitations. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: idempotency-mismatch, invalid, player-unknown, rule-*. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getRockPaperScissorsSession: {
        parameters: {
            query?: {
                /** @description The session as it was at this version. */
                version?: number;
            };
            header?: {
                /** @description ETag of an answer you have: 304 when it is still the newest. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The session's id. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control"?: string;
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "best_of": 3
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "deadline_at": "2026-03-02T18:34:00Z",
                     *       "feed_seq": 43,
                     *       "game": "rps",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "legal_moves": [
                     *         {
                     *           "throw": "rock"
                     *         },
                     *         {
                     *           "throw": "paper"
                     *         },
                     *         {
                     *           "throw": "scissors"
                     *         }
                     *       ],
                     *       "rules_version": 1,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         },
                     *         {
                     *           "bot": true,
                     *           "bot_level": "normal",
                     *           "display_name": "Bot",
                     *           "seat": 1
                     *         }
                     *       ],
                     *       "seats_wanted": 2,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "active",
                     *       "to_move": [
                     *         0,
                     *         1
                     *       ],
                     *       "turn": 1,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:34:00Z",
                     *       "version": 3,
                     *       "view": {
                     *         "best_of": 3,
                     *         "rounds": [],
                     *         "score": [
                     *           0,
                     *           0
                     *         ]
                     *       },
                     *       "your_seat": 0,
                     *       "your_turn": true
                     *     }
                     */
                    "application/json": components["schemas"]["RockPaperScissorsSession"];
                };
            };
            /** @description Still the newest: you have it. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: other-rules. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    playRockPaperScissorsMove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session's id. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "move": {
                 *         "throw": "rock"
                 *       },
                 *       "turn": 1
                 *     }
                 */
                "application/json": components["schemas"]["RockPaperScissorsMoveRequest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "best_of": 3
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "deadline_at": "2026-03-02T18:34:00Z",
                     *       "game": "rps",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "move": {
                     *         "seat": 0,
                     *         "turn": 1,
                     *         "version": 4
                     *       },
                     *       "rules_version": 1,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         },
                     *         {
                     *           "bot": true,
                     *           "bot_level": "normal",
                     *           "display_name": "Bot",
                     *           "seat": 1
                     *         }
                     *       ],
                     *       "seats_wanted": 2,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "active",
                     *       "to_move": [
                     *         1
                     *       ],
                     *       "turn": 1,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:34:00Z",
                     *       "version": 4,
                     *       "view": {
                     *         "best_of": 3,
                     *         "rounds": [],
                     *         "score": [
                     *           0,
                     *           0
                     *         ]
                     *       },
                     *       "your_seat": 0,
                     *       "your_turn": false
                     *     }
                     */
                    "application/json": components["schemas"]["RockPaperScissorsPlayedSession"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: already-moved, not-your-turn, other-rules, session-finished, session-waiting, stale-turn. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid, rule-*. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startTicTacToeSession: {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own name for this wish, such as a UUID. Asking again with it within 24 hours makes nothing new and answers with what was made. Another wish under the same key is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "seats": 2,
                 *       "turn_seconds": 86400
                 *     }
                 */
                "application/json": components["schemas"]["TicTacToeSessionRequest"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "align": 3,
                     *         "size": 3
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "game": "tictactoe",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "join_code": "7H2KQ9XD",
                     *       "rules_version": 2,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         }
                     *       ],
                     *       "seats_wanted": 2,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "waiting",
                     *       "to_move": [],
                     *       "turn": 0,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:31:00Z",
                     *       "version": 1,
                     *       "your_seat": 0,
                     *       "your_turn": false
                     *     }
                     */
                    "application/json": components["schemas"]["TicTacToeSession"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: player-blocked, too-many-bots, too-many-invitations. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: idempotency-mismatch, invalid, player-unknown, rule-*. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTicTacToeSession: {
        parameters: {
            query?: {
                /** @description The session as it was at this version. */
                version?: number;
            };
            header?: {
                /** @description ETag of an answer you have: 304 when it is still the newest. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The session's id. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control"?: string;
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "align": 3,
                     *         "size": 3
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "deadline_at": "2026-03-02T18:34:00Z",
                     *       "feed_seq": 43,
                     *       "game": "tictactoe",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "legal_moves": [
                     *         {
                     *           "cell": 0
                     *         },
                     *         {
                     *           "cell": 1
                     *         },
                     *         {
                     *           "cell": 2
                     *         },
                     *         {
                     *           "cell": 3
                     *         },
                     *         {
                     *           "cell": 4
                     *         },
                     *         {
                     *           "cell": 5
                     *         },
                     *         {
                     *           "cell": 6
                     *         },
                     *         {
                     *           "cell": 7
                     *         },
                     *         {
                     *           "cell": 8
                     *         }
                     *       ],
                     *       "rules_version": 2,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         },
                     *         {
                     *           "bot": true,
                     *           "bot_level": "normal",
                     *           "display_name": "Bot",
                     *           "seat": 1
                     *         }
                     *       ],
                     *       "seats_wanted": 2,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "active",
                     *       "to_move": [
                     *         0
                     *       ],
                     *       "turn": 1,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:34:00Z",
                     *       "version": 3,
                     *       "view": {
                     *         "align": 3,
                     *         "board": [
                     *           "",
                     *           "",
                     *           "",
                     *           "",
                     *           "",
                     *           "",
                     *           "",
                     *           "",
                     *           ""
                     *         ],
                     *         "marks": [
                     *           "X",
                     *           "O"
                     *         ],
                     *         "size": 3
                     *       },
                     *       "your_seat": 0,
                     *       "your_turn": true
                     *     }
                     */
                    "application/json": components["schemas"]["TicTacToeSession"];
                };
            };
            /** @description Still the newest: you have it. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: other-rules. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    playTicTacToeMove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session's id. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "move": {
                 *         "cell": 0
                 *       },
                 *       "turn": 1
                 *     }
                 */
                "application/json": components["schemas"]["TicTacToeMoveRequest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "align": 3,
                     *         "size": 3
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "deadline_at": "2026-03-02T18:34:00Z",
                     *       "game": "tictactoe",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "move": {
                     *         "seat": 0,
                     *         "turn": 1,
                     *         "version": 4
                     *       },
                     *       "rules_version": 2,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         },
                     *         {
                     *           "bot": true,
                     *           "bot_level": "normal",
                     *           "display_name": "Bot",
                     *           "seat": 1
                     *         }
                     *       ],
                     *       "seats_wanted": 2,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "active",
                     *       "to_move": [
                     *         1
                     *       ],
                     *       "turn": 2,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:34:00Z",
                     *       "version": 4,
                     *       "view": {
                     *         "align": 3,
                     *         "board": [
                     *           "X",
                     *           "",
                     *           "",
                     *           "",
                     *           "",
                     *           "",
                     *           "",
                     *           "",
                     *           ""
                     *         ],
                     *         "marks": [
                     *           "X",
                     *           "O"
                     *         ],
                     *         "size": 3
                     *       },
                     *       "your_seat": 0,
                     *       "your_turn": false
                     *     }
                     */
                    "application/json": components["schemas"]["TicTacToePlayedSession"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: already-moved, not-your-turn, other-rules, session-finished, session-waiting, stale-turn. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid, rule-*. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getGame: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A game's name. */
                game: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "bots": true,
                     *       "config_schema": {
                     *         "$schema": "https://json-schema.org/draft/2020-12/schema",
                     *         "properties": {
                     *           "size": {
                     *             "type": "integer"
                     *           }
                     *         },
                     *         "type": "object"
                     *       },
                     *       "late_join": false,
                     *       "max_seats": 2,
                     *       "min_seats": 2,
                     *       "move_schema": {
                     *         "$schema": "https://json-schema.org/draft/2020-12/schema",
                     *         "properties": {
                     *           "cell": {
                     *             "type": "integer"
                     *           }
                     *         },
                     *         "type": "object"
                     *       },
                     *       "name": "tictactoe",
                     *       "roles": [],
                     *       "rules_version": 2,
                     *       "title": "Tic-tac-toe",
                     *       "turn_seconds": 86400,
                     *       "view_schema": {
                     *         "$schema": "https://json-schema.org/draft/2020-12/schema",
                     *         "properties": {
                     *           "board": {
                     *             "items": {
                     *               "type": "string"
                     *             },
                     *             "type": "array"
                     *           }
                     *         },
                     *         "type": "object"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Game"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    enterGame: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A game's name. */
                game: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "align": 3,
                     *         "size": 3
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "deadline_at": "2026-03-02T18:34:00Z",
                     *       "game": "tictactoe",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "legal_moves": [
                     *         {
                     *           "cell": 1
                     *         },
                     *         {
                     *           "cell": 2
                     *         },
                     *         {
                     *           "cell": 3
                     *         },
                     *         {
                     *           "cell": 5
                     *         },
                     *         {
                     *           "cell": 6
                     *         },
                     *         {
                     *           "cell": 7
                     *         },
                     *         {
                     *           "cell": 8
                     *         }
                     *       ],
                     *       "rules_version": 2,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         },
                     *         {
                     *           "bot": false,
                     *           "display_name": "Calm Heron",
                     *           "player_id": "06eqzx5p7r2v9d4g8k1n3s6w0c",
                     *           "seat": 1
                     *         }
                     *       ],
                     *       "seats_wanted": 2,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "active",
                     *       "to_move": [
                     *         0
                     *       ],
                     *       "turn": 3,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:34:00Z",
                     *       "version": 4,
                     *       "view": {
                     *         "align": 3,
                     *         "board": [
                     *           "O",
                     *           "",
                     *           "",
                     *           "",
                     *           "X",
                     *           "",
                     *           "",
                     *           "",
                     *           ""
                     *         ],
                     *         "marks": [
                     *           "X",
                     *           "O"
                     *         ],
                     *         "size": 3
                     *       },
                     *       "your_seat": 0,
                     *       "your_turn": true
                     *     }
                     */
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: other-rules, session-started. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid, rule-*. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "avatar": "🦦",
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "display_name": "Brisk Otter",
                     *       "id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *       "locale": "pt-BR"
                     *     }
                     */
                    "application/json": components["schemas"]["Player"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    updateMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "avatar": "fox",
                 *       "display_name": "Brisk Otter",
                 *       "locale": "de"
                 *     }
                 */
                "application/json": components["schemas"]["PatchRequest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "avatar": "🦦",
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "display_name": "Brisk Otter",
                     *       "id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *       "locale": "pt-BR"
                     *     }
                     */
                    "application/json": components["schemas"]["Player"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listBlocks: {
        parameters: {
            query?: {
                /** @description Items on the page. */
                limit?: number;
                /** @description next_cursor of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "avatar": "🪶",
                     *           "blocked_at": "2026-03-01T18:30:00Z",
                     *           "display_name": "Calm Heron",
                     *           "player_id": "06eqzx5p7r2v9d4g8k1n3s6w0c"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["BlockList"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    blockPlayer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The player's id. */
                player_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: too-many-blocks. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    unblockPlayer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The player's id. */
                player_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listDeliveries: {
        parameters: {
            query?: {
                /** @description Items on the page. */
                limit?: number;
                /** @description next_cursor of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "attempts": 1,
                     *           "channel": "fcm",
                     *           "created_at": "2026-03-01T18:34:00Z",
                     *           "device_id": "pixel-8_9fK2",
                     *           "id": "06f1ca2s6v9y3b7e1h5k8n0q4t",
                     *           "kind": "your_turn",
                     *           "seq": 43,
                     *           "session_id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *           "status": "sent",
                     *           "updated_at": "2026-03-01T18:34:00Z"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["DeliveryList"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listDevices: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "channel": "fcm",
                     *           "environment": "production",
                     *           "id": "pixel-8_9fK2",
                     *           "locale": "pt-BR",
                     *           "registered_at": "2026-03-01T18:30:00Z",
                     *           "texts": "server",
                     *           "this_login": false
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["DeviceList"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    putDevice: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Made up by the app, once for each installation: up to 64 letters, digits, - and _. */
                device_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "channel": "fcm",
                 *       "locale": "pt-BR",
                 *       "token": "fGx9kT1wB5cR8sQ2xN7mV4d:APA91bE"
                 *     }
                 */
                "application/json": components["schemas"]["DeviceRequest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "channel": "fcm",
                     *       "environment": "production",
                     *       "id": "pixel-8_9fK2",
                     *       "locale": "pt-BR",
                     *       "registered_at": "2026-03-01T18:30:00Z",
                     *       "texts": "server",
                     *       "this_login": false
                     *     }
                     */
                    "application/json": components["schemas"]["Device"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: too-many-devices. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: channel-not-configured, invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteDevice: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Made up by the app, once for each installation: up to 64 letters, digits, - and _. */
                device_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    testPush: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Made up by the app, once for each installation: up to 64 letters, digits, - and _. */
                device_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "attempts": 1,
                     *       "channel": "fcm",
                     *       "created_at": "2026-03-01T18:34:00Z",
                     *       "device_id": "pixel-8_9fK2",
                     *       "id": "06f1ca2s6v9y3b7e1h5k8n0q4t",
                     *       "kind": "test",
                     *       "seq": 0,
                     *       "status": "sent",
                     *       "updated_at": "2026-03-01T18:34:00Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Delivery"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: channel-not-configured, invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    exportMe: {
        parameters: {
            query?: {
                /** @description Records on the page. */
                limit?: number;
                /** @description next_cursor of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "data": {
                     *             "created_at": "2026-03-01T18:30:00Z",
                     *             "display_name": "Brisk Otter",
                     *             "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n"
                     *           },
                     *           "kind": "profile"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["RecordList"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listFeed: {
        parameters: {
            query?: {
                /** @description Messages after this number: absent for those not acknowledged, 0 for the oldest kept. */
                after?: number;
                /** @description Messages on the page. */
                limit?: number;
                /** @description When there is nothing, wait so many seconds for something. */
                wait?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "acked_seq": 42,
                     *       "items": [
                     *         {
                     *           "at": "2026-03-01T18:30:00Z",
                     *           "data": {},
                     *           "game": "tictactoe",
                     *           "kind": "your_turn",
                     *           "seq": 43,
                     *           "session_id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *           "turn": 3,
                     *           "version": 4
                     *         }
                     *       ],
                     *       "last_seq": 43
                     *     }
                     */
                    "application/json": components["schemas"]["FeedPage"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    ackFeed: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "seq": 42
                 *     }
                 */
                "application/json": components["schemas"]["AckRequest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "acked_seq": 42,
                     *       "last_seq": 43
                     *     }
                     */
                    "application/json": components["schemas"]["FeedAck"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listIdentities: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "created_at": "2026-03-01T18:30:00Z",
                     *           "issuer": "https://appleid.apple.com",
                     *           "provider": "apple"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["IdentityList"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    putIdentity: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description One of getServer's identity_providers. */
                provider: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "id_token": "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2FwcGxlaWQuYXBwbGUuY29tIn0.c2lnbmF0dXJl"
                 *     }
                 */
                "application/json": components["schemas"]["IdentityRequest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "issuer": "https://appleid.apple.com",
                     *       "provider": "apple"
                     *     }
                     */
                    "application/json": components["schemas"]["Identity"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: identity-present, identity-taken. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: id-token-invalid, invalid, provider-not-configured. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, identity-provider-down, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteIdentity: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description One of getServer's identity_providers. */
                provider: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listInvitations: {
        parameters: {
            query?: {
                /** @description Items on the page. */
                limit?: number;
                /** @description next_cursor of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "config": {},
                     *           "expires_at": "2026-03-01T18:30:00Z",
                     *           "game": "tictactoe",
                     *           "host": {
                     *             "avatar": "🪶",
                     *             "display_name": "Calm Heron",
                     *             "player_id": "06eqzx5p7r2v9d4g8k1n3s6w0c"
                     *           },
                     *           "invited_at": "2026-03-01T18:30:00Z",
                     *           "join_code": "7H2KQ9XD",
                     *           "seats_wanted": 2,
                     *           "session_id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *           "turn_seconds": 86400
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["InvitationList"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    declineInvitation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session's id. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: invitation-accepted, other-rules. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createLinkCode: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "7H2KQ9XD",
                     *       "expires_at": "2026-03-01T18:30:00Z"
                     *     }
                     */
                    "application/json": components["schemas"]["LinkCode"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listLogins: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "created_at": "2026-03-01T18:30:00Z",
                     *           "current": false,
                     *           "id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "last_used_at": "2026-03-01T18:30:00Z"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["LoginList"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteLogin: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The login's id. */
                login_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listOpponents: {
        parameters: {
            query?: {
                /** @description Items on the page. */
                limit?: number;
                /** @description next_cursor of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "avatar": "🪶",
                     *           "display_name": "Calm Heron",
                     *           "last_played_at": "2026-03-01T18:30:00Z",
                     *           "last_session_id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *           "player_id": "06eqzx5p7r2v9d4g8k1n3s6w0c",
                     *           "sessions": 7
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["OpponentList"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    streamFeed: {
        parameters: {
            query?: {
                /** @description Messages after this number; absent for those not acknowledged. */
                after?: number;
                /** @description A stream ticket, for EventSource. */
                ticket?: string;
            };
            header?: {
                /** @description Sent by EventSource when it connects again; wins over after. */
                "Last-Event-ID"?: number;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A stream of server-sent events. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example event: hello
                     *     data: {"server_time":"2026-03-01T18:30:00Z","last_seq":42,"acked_seq":42}
                     *
                     *     id: 43
                     *     data: {"seq":43,"kind":"your_turn","at":"2026-03-01T18:34:00Z","session_id":"06f1c8m4q2x7n5t9b3w6k0d1sg","game":"tictactoe","version":4,"turn":3,"deadline_at":"2026-03-02T18:34:00Z","data":{}}
                     */
                    "text/event-stream": string;
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited, too-many-streams. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createStreamTicket: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "expires_at": "2026-03-01T18:30:00Z",
                     *       "ticket": "stb8w2o.4mV8sQ2xN7kT1wB9"
                     *     }
                     */
                    "application/json": components["schemas"]["StreamTicket"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createPlayer: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "avatar": "fox",
                 *       "display_name": "Brisk Otter",
                 *       "locale": "en"
                 *     }
                 */
                "application/json": components["schemas"]["PlayerRequest"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "access_token": "atb8w2o.4mV8sQ2xN7kT1wB9cR5d",
                     *       "expires_in": 3600,
                     *       "player": {
                     *         "avatar": "🦦",
                     *         "created_at": "2026-03-01T18:30:00Z",
                     *         "display_name": "Brisk Otter",
                     *         "id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *         "locale": "pt-BR"
                     *       },
                     *       "refresh_token": "rtvqk60.9kT1wB5cR8sQ2xN7mV4d"
                     *     }
                     */
                    "application/json": components["schemas"]["NewPlayer"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getServer: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "api_version": 1,
                     *       "channels": [
                     *         {
                     *           "channel": "fcm"
                     *         }
                     *       ],
                     *       "features": [],
                     *       "identity_providers": [
                     *         {
                     *           "issuer": "https://appleid.apple.com",
                     *           "provider": "apple"
                     *         }
                     *       ],
                     *       "limits": {
                     *         "body_bytes": 65536,
                     *         "display_name_characters": 32,
                     *         "feed_days": 30,
                     *         "max_turn_seconds": 2592000,
                     *         "min_turn_seconds": 5,
                     *         "open_tickets": 20,
                     *         "page_items": 100,
                     *         "streams": 5,
                     *         "wait_seconds": 30
                     *       },
                     *       "name": "Yourturn",
                     *       "server_time": "2026-03-01T18:30:00Z",
                     *       "server_version": "1.0.0"
                     *     }
                     */
                    "application/json": components["schemas"]["Server"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listSessions: {
        parameters: {
            query?: {
                /** @description Items on the page. */
                limit?: number;
                /** @description next_cursor of the page before. */
                cursor?: string;
                /** @description Only sessions of this status. */
                status?: "waiting" | "active" | "finished";
                /** @description Only sessions of this game. */
                game?: string;
                /** @description Only sessions that wait for me, or only the others. */
                my_turn?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "feed_seq": 43,
                     *       "items": [
                     *         {
                     *           "config": {
                     *             "align": 3,
                     *             "size": 3
                     *           },
                     *           "created_at": "2026-03-01T18:30:00Z",
                     *           "deadline_at": "2026-03-02T18:34:00Z",
                     *           "game": "tictactoe",
                     *           "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *           "legal_moves": [
                     *             {
                     *               "cell": 1
                     *             },
                     *             {
                     *               "cell": 2
                     *             },
                     *             {
                     *               "cell": 3
                     *             },
                     *             {
                     *               "cell": 5
                     *             },
                     *             {
                     *               "cell": 6
                     *             },
                     *             {
                     *               "cell": 7
                     *             },
                     *             {
                     *               "cell": 8
                     *             }
                     *           ],
                     *           "rules_version": 2,
                     *           "seats": [
                     *             {
                     *               "avatar": "🦦",
                     *               "bot": false,
                     *               "display_name": "Brisk Otter",
                     *               "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *               "seat": 0
                     *             },
                     *             {
                     *               "bot": false,
                     *               "display_name": "Calm Heron",
                     *               "player_id": "06eqzx5p7r2v9d4g8k1n3s6w0c",
                     *               "seat": 1
                     *             }
                     *           ],
                     *           "seats_wanted": 2,
                     *           "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *           "status": "active",
                     *           "to_move": [
                     *             0
                     *           ],
                     *           "turn": 3,
                     *           "turn_seconds": 86400,
                     *           "updated_at": "2026-03-01T18:34:00Z",
                     *           "version": 4,
                     *           "view": {
                     *             "align": 3,
                     *             "board": [
                     *               "O",
                     *               "",
                     *               "",
                     *               "",
                     *               "X",
                     *               "",
                     *               "",
                     *               "",
                     *               ""
                     *             ],
                     *             "marks": [
                     *               "X",
                     *               "O"
                     *             ],
                     *             "size": 3
                     *           },
                     *           "your_seat": 0,
                     *           "your_turn": true
                     *         }
                     *       ],
                     *       "server_time": "2026-03-01T18:30:00Z",
                     *       "waiting_for_me": 1
                     *     }
                     */
                    "application/json": components["schemas"]["SessionList"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createSession: {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own name for this wish, such as a UUID. Asking again with it within 24 hours makes nothing new and answers with what was made. Another wish under the same key is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "game": "tictactoe",
                 *       "seats": 2,
                 *       "turn_seconds": 86400
                 *     }
                 */
                "application/json": components["schemas"]["SessionRequest"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "align": 3,
                     *         "size": 3
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "game": "tictactoe",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "join_code": "7H2KQ9XD",
                     *       "rules_version": 2,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         }
                     *       ],
                     *       "seats_wanted": 2,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "waiting",
                     *       "to_move": [],
                     *       "turn": 0,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:31:00Z",
                     *       "version": 1,
                     *       "your_seat": 0,
                     *       "your_turn": false
                     *     }
                     */
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: player-blocked, too-many-bots, too-many-invitations. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: idempotency-mismatch, invalid, player-unknown, rule-*. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    previewSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The join code. */
                join_code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {},
                     *       "game": "tictactoe",
                     *       "host_display_name": "Brisk Otter",
                     *       "roles_free": [],
                     *       "seats_free": 1,
                     *       "status": "waiting",
                     *       "title": "Tic-tac-toe",
                     *       "turn_seconds": 86400
                     *     }
                     */
                    "application/json": components["schemas"]["SessionPreview"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    joinSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "join_code": "7H2KQ9XD"
                 *     }
                 */
                "application/json": components["schemas"]["JoinRequest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "align": 3,
                     *         "size": 3
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "deadline_at": "2026-03-02T18:34:00Z",
                     *       "game": "tictactoe",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "legal_moves": [
                     *         {
                     *           "cell": 1
                     *         },
                     *         {
                     *           "cell": 2
                     *         },
                     *         {
                     *           "cell": 3
                     *         },
                     *         {
                     *           "cell": 5
                     *         },
                     *         {
                     *           "cell": 6
                     *         },
                     *         {
                     *           "cell": 7
                     *         },
                     *         {
                     *           "cell": 8
                     *         }
                     *       ],
                     *       "rules_version": 2,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         },
                     *         {
                     *           "bot": false,
                     *           "display_name": "Calm Heron",
                     *           "player_id": "06eqzx5p7r2v9d4g8k1n3s6w0c",
                     *           "seat": 1
                     *         }
                     *       ],
                     *       "seats_wanted": 2,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "active",
                     *       "to_move": [
                     *         0
                     *       ],
                     *       "turn": 3,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:34:00Z",
                     *       "version": 4,
                     *       "view": {
                     *         "align": 3,
                     *         "board": [
                     *           "O",
                     *           "",
                     *           "",
                     *           "",
                     *           "X",
                     *           "",
                     *           "",
                     *           "",
                     *           ""
                     *         ],
                     *         "marks": [
                     *           "X",
                     *           "O"
                     *         ],
                     *         "size": 3
                     *       },
                     *       "your_seat": 0,
                     *       "your_turn": true
                     *     }
                     */
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: other-rules, role-taken, session-finished, session-full, session-started. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid, rule-*. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSession: {
        parameters: {
            query?: {
                /** @description The session as it was at this version. */
                version?: number;
            };
            header?: {
                /** @description ETag of an answer you have: 304 when it is still the newest. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The session's id. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control"?: string;
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "align": 3,
                     *         "size": 3
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "deadline_at": "2026-03-02T18:34:00Z",
                     *       "feed_seq": 43,
                     *       "game": "tictactoe",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "legal_moves": [
                     *         {
                     *           "cell": 1
                     *         },
                     *         {
                     *           "cell": 2
                     *         },
                     *         {
                     *           "cell": 3
                     *         },
                     *         {
                     *           "cell": 5
                     *         },
                     *         {
                     *           "cell": 6
                     *         },
                     *         {
                     *           "cell": 7
                     *         },
                     *         {
                     *           "cell": 8
                     *         }
                     *       ],
                     *       "rules_version": 2,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         },
                     *         {
                     *           "bot": false,
                     *           "display_name": "Calm Heron",
                     *           "player_id": "06eqzx5p7r2v9d4g8k1n3s6w0c",
                     *           "seat": 1
                     *         }
                     *       ],
                     *       "seats_wanted": 2,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "active",
                     *       "to_move": [
                     *         0
                     *       ],
                     *       "turn": 3,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:34:00Z",
                     *       "version": 4,
                     *       "view": {
                     *         "align": 3,
                     *         "board": [
                     *           "O",
                     *           "",
                     *           "",
                     *           "",
                     *           "X",
                     *           "",
                     *           "",
                     *           "",
                     *           ""
                     *         ],
                     *         "marks": [
                     *           "X",
                     *           "O"
                     *         ],
                     *         "size": 3
                     *       },
                     *       "your_seat": 0,
                     *       "your_turn": true
                     *     }
                     */
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Still the newest: you have it. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: other-rules. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listEvents: {
        parameters: {
            query?: {
                /** @description Events after this version of the session. */
                after?: number;
                /** @description About how many: the events of one version stay together. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description The session's id. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "at": "2026-03-01T18:34:00Z",
                     *           "data": {
                     *             "move": {
                     *               "cell": 2
                     *             }
                     *           },
                     *           "kind": "move",
                     *           "seat": 0,
                     *           "turn": 3,
                     *           "version": 5
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["EventList"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    forfeitSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session's id. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "align": 3,
                     *         "size": 3
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "game": "tictactoe",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "result": {
                     *         "reason": "forfeit",
                     *         "winners": [
                     *           1
                     *         ]
                     *       },
                     *       "rules_version": 2,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "forfeited": true,
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "result": {
                     *             "place": 2,
                     *             "score": 0
                     *           },
                     *           "seat": 0
                     *         },
                     *         {
                     *           "bot": false,
                     *           "display_name": "Calm Heron",
                     *           "player_id": "06eqzx5p7r2v9d4g8k1n3s6w0c",
                     *           "result": {
                     *             "place": 1,
                     *             "score": 0
                     *           },
                     *           "seat": 1
                     *         }
                     *       ],
                     *       "seats_wanted": 2,
                     *       "seed": "5f1d9c3a7b2e8046d1f3a5c7e9b0d2f4",
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "finished",
                     *       "to_move": [],
                     *       "turn": 4,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:34:00Z",
                     *       "version": 6,
                     *       "view": {
                     *         "align": 3,
                     *         "board": [
                     *           "O",
                     *           "",
                     *           "X",
                     *           "",
                     *           "X",
                     *           "",
                     *           "",
                     *           "",
                     *           ""
                     *         ],
                     *         "marks": [
                     *           "X",
                     *           "O"
                     *         ],
                     *         "size": 3
                     *       },
                     *       "your_seat": 0,
                     *       "your_turn": false
                     *     }
                     */
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: other-rules, session-finished, session-waiting. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    invitePlayers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session's id. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "players": [
                 *         "06eqzx5p7r2v9d4g8k1n3s6w0c"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["InviteRequest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "align": 3,
                     *         "size": 3
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "game": "tictactoe",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "join_code": "7H2KQ9XD",
                     *       "rules_version": 2,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         }
                     *       ],
                     *       "seats_wanted": 2,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "waiting",
                     *       "to_move": [],
                     *       "turn": 0,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:31:00Z",
                     *       "version": 1,
                     *       "your_seat": 0,
                     *       "your_turn": false
                     *     }
                     */
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: not-private, other-rules, player-blocked, session-finished, session-started, too-many-invitations. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid, player-unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    leaveSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session's id. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: session-finished, session-started. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    playMove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session's id. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "move": {
                 *         "cell": 2
                 *       },
                 *       "turn": 3
                 *     }
                 */
                "application/json": components["schemas"]["MoveRequest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "align": 3,
                     *         "size": 3
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "deadline_at": "2026-03-02T18:34:00Z",
                     *       "game": "tictactoe",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "move": {
                     *         "seat": 0,
                     *         "turn": 3,
                     *         "version": 5
                     *       },
                     *       "rules_version": 2,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         },
                     *         {
                     *           "bot": false,
                     *           "display_name": "Calm Heron",
                     *           "player_id": "06eqzx5p7r2v9d4g8k1n3s6w0c",
                     *           "seat": 1
                     *         }
                     *       ],
                     *       "seats_wanted": 2,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "active",
                     *       "to_move": [
                     *         1
                     *       ],
                     *       "turn": 4,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:34:00Z",
                     *       "version": 5,
                     *       "view": {
                     *         "align": 3,
                     *         "board": [
                     *           "O",
                     *           "",
                     *           "X",
                     *           "",
                     *           "X",
                     *           "",
                     *           "",
                     *           "",
                     *           ""
                     *         ],
                     *         "marks": [
                     *           "X",
                     *           "O"
                     *         ],
                     *         "size": 3
                     *       },
                     *       "your_seat": 0,
                     *       "your_turn": false
                     *     }
                     */
                    "application/json": components["schemas"]["PlayedSession"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: already-moved, not-your-turn, other-rules, session-finished, session-waiting, stale-turn. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid, rule-*. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    muteSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session's id. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    unmuteSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session's id. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rematchSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session's id. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "align": 3,
                     *         "size": 3
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "game": "tictactoe",
                     *       "id": "06f1c8m4q2x7n5t9b3w6k0d1sg",
                     *       "join_code": "7H2KQ9XD",
                     *       "rules_version": 2,
                     *       "seats": [
                     *         {
                     *           "avatar": "🦦",
                     *           "bot": false,
                     *           "display_name": "Brisk Otter",
                     *           "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *           "seat": 0
                     *         }
                     *       ],
                     *       "seats_wanted": 2,
                     *       "seed_hash": "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
                     *       "status": "waiting",
                     *       "to_move": [],
                     *       "turn": 0,
                     *       "turn_seconds": 86400,
                     *       "updated_at": "2026-03-01T18:31:00Z",
                     *       "version": 1,
                     *       "your_seat": 0,
                     *       "your_turn": false
                     *     }
                     */
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: other-rules, player-gone, session-active, session-finished, session-full, session-started, session-waiting, too-many-bots. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid, rule-*. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listTickets: {
        parameters: {
            query?: {
                /** @description Items on the page. */
                limit?: number;
                /** @description next_cursor of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "config": {
                     *             "align": 3,
                     *             "size": 3
                     *           },
                     *           "created_at": "2026-03-01T18:30:00Z",
                     *           "expires_at": "2026-03-08T18:30:00Z",
                     *           "game": "tictactoe",
                     *           "id": "06f1c7h9d3k5m8q1t4w6y0z2bn",
                     *           "status": "waiting",
                     *           "turn_seconds": 86400
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["TicketList"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createTicket: {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own name for this wish, such as a UUID. Asking again with it within 24 hours makes nothing new and answers with what was made. Another wish under the same key is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "bot_after_seconds": 30,
                 *       "game": "tictactoe",
                 *       "turn_seconds": 86400
                 *     }
                 */
                "application/json": components["schemas"]["TicketRequest"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "align": 3,
                     *         "size": 3
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "expires_at": "2026-03-08T18:30:00Z",
                     *       "game": "tictactoe",
                     *       "id": "06f1c7h9d3k5m8q1t4w6y0z2bn",
                     *       "status": "waiting",
                     *       "turn_seconds": 86400
                     *     }
                     */
                    "application/json": components["schemas"]["Ticket"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: too-many-bots, too-many-tickets. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: idempotency-mismatch, invalid, rule-*. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTicket: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The ticket's id. */
                ticket_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "align": 3,
                     *         "size": 3
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "expires_at": "2026-03-08T18:30:00Z",
                     *       "game": "tictactoe",
                     *       "id": "06f1c7h9d3k5m8q1t4w6y0z2bn",
                     *       "status": "waiting",
                     *       "turn_seconds": 86400
                     *     }
                     */
                    "application/json": components["schemas"]["Ticket"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancelTicket: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The ticket's id. */
                ticket_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "config": {
                     *         "align": 3,
                     *         "size": 3
                     *       },
                     *       "created_at": "2026-03-01T18:30:00Z",
                     *       "expires_at": "2026-03-08T18:30:00Z",
                     *       "game": "tictactoe",
                     *       "id": "06f1c7h9d3k5m8q1t4w6y0z2bn",
                     *       "status": "cancelled",
                     *       "turn_seconds": 86400
                     *     }
                     */
                    "application/json": components["schemas"]["Ticket"];
                };
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: not-found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createTokens: {
        parameters: {
            query?: never;
            header?: {
                /** @description For a link_code or an id_token: a random name of this attempt, such as a UUID, that only this device knows. If the answer is lost, the same request with the same key gets tokens of the same login, as long as the code or the id_token is good and no token of the first answer was used. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "refresh_token": "rtvqk60.9kT1wB5cR8sQ2xN7mV4d"
                 *     }
                 */
                "application/json": components["schemas"]["TokenRequest"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "access_token": "atb8w2o.4mV8sQ2xN7kT1wB9cR5d",
                     *       "expires_in": 3600,
                     *       "player_id": "06eqzv2k3m8x1c4r7t9w0y5h2n",
                     *       "refresh_token": "rtvqk60.9kT1wB5cR8sQ2xN7mV4d"
                     *     }
                     */
                    "application/json": components["schemas"]["Tokens"];
                };
            };
            /** @description Bad Request: malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: token-invalid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: identity-unknown. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: body-timeout. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: body-too-large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: unsupported-media-type. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: id-token-invalid, invalid, link-code-invalid, provider-not-configured. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, identity-provider-down, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteTokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized: token-expired, token-invalid, token-missing. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: invalid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: rate-limited. */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: internal. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: busy, timeout, unavailable. */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Any other problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
/** Every operation of the server. What goes into path, query and body stands side by side in one object. */
export interface Api {
    /**
     * A person has seen it
     *
     * Send it when a visible screen has shown everything up to seq, never on receipt: it clears unread marks on all devices and silences pushes up to seq. It never goes back.
     */
    ackFeed(input: components["schemas"]["AckRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["FeedAck"]>;
    /**
     * Block a player
     *
     * We are neither matched any more nor do I hear of their invitations and rematches, and they cannot enter a private table whose host I am, the person at its lowest seat, by its code. They are not told, and see an invitation of theirs as if I had not answered. A session that we are playing goes on: mute it, or give it up. Open sessions that anybody may enter take no notice. At most 1,000.
     */
    blockPlayer(input: operations["blockPlayer"]["parameters"]["path"], how?: { signal?: AbortSignal }): Promise<void>;
    /**
     * Cancel a ticket
     *
     * Answers with the ticket as it is then: one that has just been matched stays matched, and the session is yours to play.
     */
    cancelTicket(input: operations["cancelTicket"]["parameters"]["path"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["Ticket"]>;
    /**
     * Sign another device in
     *
     * Makes a code of 8 characters that works once, for 10 minutes, with createTokens on the other device. A newer code ends the older one, and so does the end of the login that made it.
     */
    createLinkCode(input?: undefined, how?: { signal?: AbortSignal }): Promise<components["schemas"]["LinkCode"]>;
    /**
     * Become a guest
     *
     * Makes an account without a password. The tokens are all there is to it: keep the refresh token, or the account is lost; unless another device was signed in (createLinkCode) or the player has an identity (putIdentity).
     */
    createPlayer(input?: components["schemas"]["PlayerRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["NewPlayer"]>;
    /**
     * Open a private table
     *
     * The answer has a join code for those you play with. It starts when its seats are taken, and ends after 7 days if they are not. Bots sit down at once and play as people do, a moment after it becomes their turn.
     */
    createSession(input: components["schemas"]["SessionRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["Session"]>;
    /**
     * A ticket for EventSource
     *
     * EventSource cannot send headers. The ticket works for any number of streams until the access token ends.
     */
    createStreamTicket(input?: undefined, how?: { signal?: AbortSignal }): Promise<components["schemas"]["StreamTicket"]>;
    /**
     * Find an opponent
     *
     * A ticket fits others of the same game, turn length and config. It is matched in the very request that makes a match possible, with the oldest that fits; otherwise it waits, for days if need be, while you are not connected.
     */
    createTicket(input: components["schemas"]["TicketRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["Ticket"]>;
    /**
     * Get new tokens, or sign in
     *
     * By a refresh_token: it works until one issued from it has been used, and 60 s longer, so a lost answer or a second tab costs nothing. Its use after that is taken for theft, and ends the login for everybody who holds it, with the logins that its link codes have made since the token was issued.

By a link_code: signs this device in as the player whose other device shows the code. A code works once.

By a provider and an id_token: signs this device in as the player who has that identity. When nobody has it the answer is identity-unknown: become a guest (createPlayer), and putIdentity with the same token.
     */
    createTokens(input?: components["schemas"]["TokenRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["Tokens"]>;
    /**
     * Decline an invitation
     *
     * Those at the table see it, and whoever invited is told. Again it changes nothing. When the table has begun or ended there is nothing to decline any more: not-found. Who has sat down already leaves the table instead (leaveSession).
     */
    declineInvitation(input: operations["declineInvitation"]["parameters"]["path"], how?: { signal?: AbortSignal }): Promise<void>;
    /**
     * No more pushes to a device
     *
     * Of any of my logins. One that is not there is as good as deleted.
     */
    deleteDevice(input: operations["deleteDevice"]["parameters"]["path"], how?: { signal?: AbortSignal }): Promise<void>;
    /**
     * Forget an identity of mine
     *
     * It can be given to another account, or to this one again. The devices that it signed in stay signed in. If it was the last one, the tokens are again all there is to the account. One that is not there is as good as deleted.
     */
    deleteIdentity(input: operations["deleteIdentity"]["parameters"]["path"], how?: { signal?: AbortSignal }): Promise<void>;
    /**
     * Sign a device out
     *
     * Ends one of my logins from afar, as of a phone that was lost: its tokens, its streams, its devices and its link code. One that is not there is as good as ended.
     */
    deleteLogin(input: operations["deleteLogin"]["parameters"]["path"], how?: { signal?: AbortSignal }): Promise<void>;
    /**
     * Delete my account
     *
     * Forfeits what is being played, cancels open tickets, and forgets everything about the player but a bare id. Sessions stay readable for the others, with what was played, the seat marked as deleted. If it fails on the way it can be asked for again.
     */
    deleteMe(input?: undefined, how?: { signal?: AbortSignal }): Promise<void>;
    /**
     * Sign out
     *
     * Ends this login: its tokens, its streams and its devices. A guest without an identity who signs out of the only login cannot come back.
     */
    deleteTokens(input?: undefined, how?: { signal?: AbortSignal }): Promise<void>;
    /**
     * Enter the open session of a game
     *
     * Some servers keep a session of a game open that anybody may enter, without a code or a ticket; such games have open: true. When it is over or full, this leads into its successor, which its last message has named.
     */
    enterGame(input: operations["enterGame"]["parameters"]["path"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["Session"]>;
    /**
     * Everything that the server keeps about me
     *
     * Record by record, in an order that stays. Follow next_cursor to the end and keep what comes; a page may have few records, or none, and others behind it. Left out are hashes of secrets, what only others have said, as whom they block, and what stands in the histories of tables under my bare id alone: that I was invited, declined, or sat there and got up before it began. Push addresses are in it, so treat it as you treat a password.
     */
    exportMe(input?: NonNullable<operations["exportMe"]["parameters"]["query"]>, how?: { signal?: AbortSignal }): Promise<components["schemas"]["RecordList"]>;
    /**
     * Give up
     *
     * At any time, also in the others' turns. Again by the same player it changes nothing.
     */
    forfeitSession(input: operations["forfeitSession"]["parameters"]["path"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["Session"]>;
    /**
     * One session of mine of Dungeon
     *
     * getSession, with this game's types.
     */
    getDungeonSession(input: operations["getDungeonSession"]["parameters"]["path"] & NonNullable<operations["getDungeonSession"]["parameters"]["query"]>, how?: { signal?: AbortSignal }): Promise<components["schemas"]["DungeonSession"]>;
    /**
     * One session of mine of Crazy eights
     *
     * getSession, with this game's types.
     */
    getEightsSession(input: operations["getEightsSession"]["parameters"]["path"] & NonNullable<operations["getEightsSession"]["parameters"]["query"]>, how?: { signal?: AbortSignal }): Promise<components["schemas"]["EightsSession"]>;
    /**
     * One game
     *
     * With the JSON Schemas of its config, its moves and its view.
     */
    getGame(input: operations["getGame"]["parameters"]["path"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["Game"]>;
    /**
     * Who I am
     *
     * The account behind the token.
     */
    getMe(input?: undefined, how?: { signal?: AbortSignal }): Promise<components["schemas"]["Player"]>;
    /**
     * One session of mine of Quest
     *
     * getSession, with this game's types.
     */
    getQuestSession(input: operations["getQuestSession"]["parameters"]["path"] & NonNullable<operations["getQuestSession"]["parameters"]["query"]>, how?: { signal?: AbortSignal }): Promise<components["schemas"]["QuestSession"]>;
    /**
     * One session of mine of Quiz
     *
     * getSession, with this game's types.
     */
    getQuizSession(input: operations["getQuizSession"]["parameters"]["path"] & NonNullable<operations["getQuizSession"]["parameters"]["query"]>, how?: { signal?: AbortSignal }): Promise<components["schemas"]["QuizSession"]>;
    /**
     * One session of mine of Rock-paper-scissors
     *
     * getSession, with this game's types.
     */
    getRockPaperScissorsSession(input: operations["getRockPaperScissorsSession"]["parameters"]["path"] & NonNullable<operations["getRockPaperScissorsSession"]["parameters"]["query"]>, how?: { signal?: AbortSignal }): Promise<components["schemas"]["RockPaperScissorsSession"]>;
    /**
     * What this server is
     *
     * Its clock, its push channels and its limits. Needs no token.
     */
    getServer(input?: undefined, how?: { signal?: AbortSignal }): Promise<components["schemas"]["Server"]>;
    /**
     * One session of mine
     *
     * As my seat may see it; with a version, as my seat saw it then. The ETag tells whether anything has happened.
     */
    getSession(input: operations["getSession"]["parameters"]["path"] & NonNullable<operations["getSession"]["parameters"]["query"]>, how?: { signal?: AbortSignal }): Promise<components["schemas"]["Session"]>;
    /**
     * One session of mine of Tic-tac-toe
     *
     * getSession, with this game's types.
     */
    getTicTacToeSession(input: operations["getTicTacToeSession"]["parameters"]["path"] & NonNullable<operations["getTicTacToeSession"]["parameters"]["query"]>, how?: { signal?: AbortSignal }): Promise<components["schemas"]["TicTacToeSession"]>;
    /**
     * One ticket of mine
     *
     * Once its status is matched, session_id names the session.
     */
    getTicket(input: operations["getTicket"]["parameters"]["path"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["Ticket"]>;
    /**
     * Invite people to a table
     *
     * Whoever sits at a private table may invite others while it waits. They are told by feed and push, and join by the code. An invitation keeps no seat: who comes first sits down, so leave room for as many as you invite. Nobody is told of a table twice, and who has declined is not asked again. Answers with the session; its invitations tell who has answered what.
     */
    invitePlayers(input: operations["invitePlayers"]["parameters"]["path"] & components["schemas"]["InviteRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["Session"]>;
    /**
     * Join a private table
     *
     * Takes a seat by a join code; of a session that is being played, too, when its game takes latecomers. Who sits there already gets the session as it is. Somebody whom the game has set aside because they did not move is back in it.
     */
    joinSession(input: components["schemas"]["JoinRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["Session"]>;
    /**
     * Leave a table that has not started
     *
     * Frees the seat. The last to leave ends the session.
     */
    leaveSession(input: operations["leaveSession"]["parameters"]["path"], how?: { signal?: AbortSignal }): Promise<void>;
    /**
     * Whom I have blocked
     *
     * The last first.
     */
    listBlocks(input?: NonNullable<operations["listBlocks"]["parameters"]["query"]>, how?: { signal?: AbortSignal }): Promise<components["schemas"]["BlockList"]>;
    /**
     * What was pushed to me, and why not
     *
     * One line for each push of a message to a device, the newest first. Kept as long as the feed.
     */
    listDeliveries(input?: NonNullable<operations["listDeliveries"]["parameters"]["query"]>, how?: { signal?: AbortSignal }): Promise<components["schemas"]["DeliveryList"]>;
    /**
     * My devices
     *
     * Those of all my logins.
     */
    listDevices(input?: undefined, how?: { signal?: AbortSignal }): Promise<components["schemas"]["DeviceList"]>;
    /**
     * What has happened
     *
     * The history as my seat may see it. Go on with the last version that you have; the events of one version are never split over pages.
     */
    listEvents(input: operations["listEvents"]["parameters"]["path"] & NonNullable<operations["listEvents"]["parameters"]["query"]>, how?: { signal?: AbortSignal }): Promise<components["schemas"]["EventList"]>;
    /**
     * What I was told
     *
     * One numbered feed for each player, the same by list, long-poll, stream and push: whoever asks for what comes after the last number they have misses nothing and sees nothing twice. Messages are kept for 30 days.
     */
    listFeed(input?: NonNullable<operations["listFeed"]["parameters"]["query"]>, how?: { signal?: AbortSignal }): Promise<components["schemas"]["FeedPage"]>;
    /**
     * The games of this server
     *
     * All of them, on one page.
     */
    listGames(input?: undefined, how?: { signal?: AbortSignal }): Promise<components["schemas"]["GameList"]>;
    /**
     * By whom I can come back
     *
     * My identities, one of each provider at most.
     */
    listIdentities(input?: undefined, how?: { signal?: AbortSignal }): Promise<components["schemas"]["IdentityList"]>;
    /**
     * Where I am invited
     *
     * The tables that wait for me to answer, the newest first. Accept with joinSession, by the join code.
     */
    listInvitations(input?: NonNullable<operations["listInvitations"]["parameters"]["query"]>, how?: { signal?: AbortSignal }): Promise<components["schemas"]["InvitationList"]>;
    /**
     * Where I am signed in
     *
     * All logins of the player, the oldest first: each device and browser that was signed in is one. There are at most 50; beyond that the one that was not used for longest ends.
     */
    listLogins(input?: undefined, how?: { signal?: AbortSignal }): Promise<components["schemas"]["LoginList"]>;
    /**
     * People I have played
     *
     * The last first, for a list of whom to invite. Everybody counts with whom I began a session of up to 8 seats, or who came later while there were no more; of a crowd nobody does. Accounts that are gone are left out.
     */
    listOpponents(input?: NonNullable<operations["listOpponents"]["parameters"]["query"]>, how?: { signal?: AbortSignal }): Promise<components["schemas"]["OpponentList"]>;
    /**
     * My games
     *
     * Those that wait for me first, by deadline; then the others, newest first.
     */
    listSessions(input?: NonNullable<operations["listSessions"]["parameters"]["query"]>, how?: { signal?: AbortSignal }): Promise<components["schemas"]["SessionList"]>;
    /**
     * My tickets
     *
     * The newest first; those that are over are forgotten after 30 days.
     */
    listTickets(input?: NonNullable<operations["listTickets"]["parameters"]["query"]>, how?: { signal?: AbortSignal }): Promise<components["schemas"]["TicketList"]>;
    /**
     * No pushes of this session
     *
     * The feed and the badge go on as ever.
     */
    muteSession(input: operations["muteSession"]["parameters"]["path"], how?: { signal?: AbortSignal }): Promise<void>;
    /**
     * Play a move of Dungeon
     *
     * playMove, with this game's types.
     */
    playDungeonMove(input: operations["playDungeonMove"]["parameters"]["path"] & components["schemas"]["DungeonMoveRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["DungeonPlayedSession"]>;
    /**
     * Play a move of Crazy eights
     *
     * playMove, with this game's types.
     */
    playEightsMove(input: operations["playEightsMove"]["parameters"]["path"] & components["schemas"]["EightsMoveRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["EightsPlayedSession"]>;
    /**
     * Play a move
     *
     * A move names the turn it answers and is taken exactly once: send it again as often as you must. The same move again answers with the session as it is now, and with the move that counted; another one is refused with already-moved. Every refusal carries the session as it is.
     */
    playMove(input: operations["playMove"]["parameters"]["path"] & components["schemas"]["MoveRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["PlayedSession"]>;
    /**
     * Play a move of Quest
     *
     * playMove, with this game's types.
     */
    playQuestMove(input: operations["playQuestMove"]["parameters"]["path"] & components["schemas"]["QuestMoveRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["QuestPlayedSession"]>;
    /**
     * Play a move of Quiz
     *
     * playMove, with this game's types.
     */
    playQuizMove(input: operations["playQuizMove"]["parameters"]["path"] & components["schemas"]["QuizMoveRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["QuizPlayedSession"]>;
    /**
     * Play a move of Rock-paper-scissors
     *
     * playMove, with this game's types.
     */
    playRockPaperScissorsMove(input: operations["playRockPaperScissorsMove"]["parameters"]["path"] & components["schemas"]["RockPaperScissorsMoveRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["RockPaperScissorsPlayedSession"]>;
    /**
     * Play a move of Tic-tac-toe
     *
     * playMove, with this game's types.
     */
    playTicTacToeMove(input: operations["playTicTacToeMove"]["parameters"]["path"] & components["schemas"]["TicTacToeMoveRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["TicTacToePlayedSession"]>;
    /**
     * Look at a table before joining
     *
     * What a join code leads to.
     */
    previewSession(input: operations["previewSession"]["parameters"]["path"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["SessionPreview"]>;
    /**
     * Register for pushes
     *
     * Do it at every start of the app, and when the token changes. The device belongs to this login and goes with it. A token belongs to who registered it last, so whoever signs in on a shared phone gets the pushes and nobody else. At most 20 devices a player.
     */
    putDevice(input: operations["putDevice"]["parameters"]["path"] & components["schemas"]["DeviceRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["Device"]>;
    /**
     * Let me come back by Apple, Google or another provider
     *
     * From now on createTokens with an id_token of this person signs in as this player. Of the token nothing is kept but the issuer and its name for the person.

If another account has the identity nothing happens but the problem identity-taken, with both accounts as mine and other: ask the person. For this one, ask again with instead_of: other's player_id. For the other one, sign in by createTokens; this account stays as it is, with its tokens.
     */
    putIdentity(input: operations["putIdentity"]["parameters"]["path"] & components["schemas"]["IdentityRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["Identity"]>;
    /**
     * Play again
     *
     * The first to ask opens a table with the same config, at which everybody sits one seat further on, and the others are told; when they ask, they sit down there. It starts when all are back. Again by the same player it changes nothing. Answers with the new session.
     */
    rematchSession(input: operations["rematchSession"]["parameters"]["path"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["Session"]>;
    /**
     * Open a private table of Dungeon
     *
     * createSession, with this game's types.
     */
    startDungeonSession(input?: components["schemas"]["DungeonSessionRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["DungeonSession"]>;
    /**
     * Open a private table of Crazy eights
     *
     * createSession, with this game's types.
     */
    startEightsSession(input?: components["schemas"]["EightsSessionRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["EightsSession"]>;
    /**
     * Open a private table of Quest
     *
     * createSession, with this game's types.
     */
    startQuestSession(input?: components["schemas"]["QuestSessionRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["QuestSession"]>;
    /**
     * Open a private table of Quiz
     *
     * createSession, with this game's types.
     */
    startQuizSession(input?: components["schemas"]["QuizSessionRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["QuizSession"]>;
    /**
     * Open a private table of Rock-paper-scissors
     *
     * createSession, with this game's types.
     */
    startRockPaperScissorsSession(input?: components["schemas"]["RockPaperScissorsSessionRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["RockPaperScissorsSession"]>;
    /**
     * Open a private table of Tic-tac-toe
     *
     * createSession, with this game's types.
     */
    startTicTacToeSession(input?: components["schemas"]["TicTacToeSessionRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["TicTacToeSession"]>;
    /**
     * Try a push
     *
     * Pushes to the device at once, and answers with what the provider said: status sent, or failed with its reason. A device that the provider does not know any more is forgotten.
     */
    testPush(input: operations["testPush"]["parameters"]["path"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["Delivery"]>;
    /**
     * Unblock a player
     *
     * An invitation of theirs that still stands is shown again. Who is not blocked is as good as unblocked.
     */
    unblockPlayer(input: operations["unblockPlayer"]["parameters"]["path"], how?: { signal?: AbortSignal }): Promise<void>;
    /**
     * Pushes of this session again
     *
     * What was held back stays so.
     */
    unmuteSession(input: operations["unmuteSession"]["parameters"]["path"], how?: { signal?: AbortSignal }): Promise<void>;
    /**
     * Change my name, language or avatar
     *
     * Members that are absent stay as they are.
     */
    updateMe(input?: components["schemas"]["PatchRequest"], how?: { signal?: AbortSignal }): Promise<components["schemas"]["Player"]>;
}
