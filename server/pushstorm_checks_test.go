package server_test

import (
	"cmp"
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"yourturn/notify"
	"yourturn/notify/providertest"
	"yourturn/server/servertest"
)

// evidence is all that is known of a storm when it is over: what the apps were told, what the database holds, and what
// arrived at the providers. It is judged without a server, so that forged evidence shows what the judgement finds.
type evidence struct {
	known []registration // what the apps know of their devices
	moves map[turnOf]moment
	acks  []acknowledgement
	mutes []muting

	messages []pushedMessage // that had to be pushed, as the feed has them
	rows     []ledgerRow
	before   []keptDevice // before every device was tried once more
	after    []keptDevice // after that

	requests []pushRequest
	kills    []moment
	cuts     map[string][]time.Time // by channel: with a connection the answers on it are lost
	dead     map[string]bool        // tokens that are no more

	gone    map[string]time.Time    // when a provider first said of a token that it is no more
	written map[[2]string]time.Time // by message: when it was
	wrongs  []string
	told    map[string]int // how much of what the judgement has met
}

// turnOf is a turn that a player has to move in.
type turnOf struct {
	player, session string
	turn            int64
}

// registration is a device with one token, from when it was registered until it was removed, signed out, or registered
// again.
type registration struct {
	player, device, channel, token string
	begin, end                     moment // the end is zero while it lasts
}

type acknowledgement struct {
	player string
	seq    int64
	at     moment
}

type muting struct {
	player, session string
	begin, end      moment
}

// pushedMessage is a message of the feed that was to be pushed.
type pushedMessage struct {
	player, kind, session string
	seq, turn             int64
	at                    time.Time
}

// ledgerRow is a delivery as the database holds it.
type ledgerRow struct {
	id, player, kind, session, device, channel, status, reason string
	seq, turn                                                  int64
	attempts                                                   int
	created, updated                                           time.Time
}

type keptDevice struct {
	player, id, channel, token string
	registered                 time.Time
}

// pushRequest is what arrived at a provider, and what it said.
type pushRequest struct {
	channel string
	providertest.Received
}

// inFlight is how long a try can be on its way when its guards have been asked: as long as one may take, and a bit for a
// machine with much to do. What became false before that must not arrive. The fakes note when a request begins, so what
// hangs there does not count.
const inFlight = notify.DefaultTimeout + 2*time.Second

// onTheWay is the same by channel. Only pushes to Apple wait for each other, on a connection that is not proven yet; the
// others leave at once, and have a connection or make one.
func onTheWay(channel string) time.Duration {
	if channel == notify.APNs {
		return inFlight
	}
	return 4 * time.Second
}

// What may come between what a provider says and its being written down, and between what happens on a connection and
// the noting of it. It excuses an answer that was not heard, so it is short.
const (
	writing = 1500 * time.Millisecond
	noting  = 500 * time.Millisecond
)

// pageReason is the fakes' word for a page that only a proxy writes.
const pageReason = "page"

// The meanings of what a provider says.
const (
	takenWell = "taken"
	isGone    = "gone"    // the device is to be forgotten
	isRefused = "refused" // the delivery has failed
	tryLater  = "later"
)

// meaning says what a provider meant, and by which word the ledger knows it. Empty: nothing that a fake was told to say,
// so it did not like what was sent.
func (r pushRequest) meaning() (meaning, word string) {
	said := func(meaning string, words ...string) (string, string) {
		return meaning, append(words, r.Reason)[0]
	}
	switch {
	case r.Status/100 == 2:
		return takenWell, ""
	case r.Status == 0, r.Status >= 500, r.Status == 429:
		return tryLater, ""
	}
	switch r.channel + " " + r.Reason {
	case "apns Unregistered", "fcm UNREGISTERED", "webpush Unregistered", "webpush NotRegistered":
		return said(isGone)
	case "fcm INVALID_TOKEN":
		return said(isGone, "INVALID_ARGUMENT")
	case "apns ExpiredToken", // of a time before the device was registered
		"apns BadDeviceToken", "fcm INVALID_ARGUMENT", "fcm SENDER_ID_MISMATCH":
		return said(isRefused)
	case "webpush PayloadTooLarge":
		return said(isRefused, "too-large")
	case "webpush " + pageReason:
		return said(isRefused, "status-404")
	case "apns InvalidProviderToken", "fcm UNAUTHENTICATED", "webpush BadJwtToken":
		return tryLater, ""
	case "fcm ": // a page in the place of Firebase
		return tryLater, ""
	}
	return "", ""
}

// isCutOff says that only the beginning of a request has arrived.
func (r pushRequest) isCutOff() bool {
	return len(r.Body) == 0 && r.Fields == nil && (r.Status == 0 || r.Reason == "Body")
}

// pushKey is what a push says it is about.
type pushKey struct {
	player, kind, device string
	seq                  int64
}

// judge gathers the evidence, judges it, and says what is wrong.
func (s *pushStorm) judge() {
	s.t.Helper()
	e := &evidence{moves: map[turnOf]moment{}, cuts: map[string][]time.Time{}, dead: map[string]bool{}, kills: s.kills, wrongs: s.wrongs}
	apps := map[string]*servertest.App{}
	for _, table := range s.tables {
		e.known = append(e.known, table.known...)
		e.acks = append(e.acks, table.acks...)
		e.mutes = append(e.mutes, table.mutes...)
		for turn, m := range table.moves {
			e.moves[turn] = m
		}
		for _, p := range table.people {
			apps[p.id] = p.logins[0].app
		}
	}
	e.messages = s.readMessages()
	e.before = s.readDevices()
	for _, d := range e.before { // a token that nobody was asked about since it died is found out now
		apps[d.player].Must(s.t, http.StatusOK, "POST", "/v1/me/devices/"+d.id+"/test", nil)
	}
	e.after = s.readDevices()
	e.rows = s.readRows()
	for channel, sky := range s.skies {
		e.cuts[channel] = sky.cuts
		for token := range sky.dead {
			e.dead[token] = true
		}
		for _, r := range s.providers.Provider(channel).Received() {
			e.requests = append(e.requests, pushRequest{channel, r})
		}
	}
	e.judge()
	s.checkFeeds(e)
	s.t.Logf("%d kills, %d connections broken or requests refused for now; %d messages to push, %d deliveries, %d requests", len(s.kills), s.broken, len(e.messages), len(e.rows), len(e.requests))
	for _, what := range slices.Sorted(maps.Keys(e.told)) {
		s.t.Logf("%6d %s", e.told[what], what)
	}
	shown := []string{"deliveries sent", "deliveries suppressed", "deliveries failed", "devices rightly forgotten", "tries again"}
	if len(e.messages) >= 10_000 { // a short storm may have none
		shown = append(shown, "tries that began too late to be excused")
	}
	for _, what := range shown {
		if e.told[what] == 0 {
			s.t.Errorf("there were no %s, so the storm shows little", what)
		}
	}
	for _, wrong := range e.wrongs[:min(len(e.wrongs), 40)] {
		s.t.Error(wrong)
	}
	if len(e.wrongs) > 0 {
		s.t.Errorf("%d wrongs", len(e.wrongs))
	}
}

func (e *evidence) wrong(format string, args ...any) {
	e.wrongs = append(e.wrongs, fmt.Sprintf(format, args...))
}

func (e *evidence) tell(what string) {
	if e.told == nil {
		e.told = map[string]int{}
	}
	e.told[what]++
}

func (e *evidence) judge() {
	slices.SortStableFunc(e.requests, func(a, b pushRequest) int { return a.At.Compare(b.At) })
	e.requests = slices.DeleteFunc(e.requests, func(r pushRequest) bool { return r.isCutOff() && e.maybeUnheard(r) })
	of := e.holders()
	e.gone, e.written = map[string]time.Time{}, map[[2]string]time.Time{}
	for _, r := range slices.Backward(e.requests) {
		if meaning, _ := r.meaning(); meaning == isGone && e.dead[r.Token] {
			e.gone[r.Token] = r.At
		}
	}
	for _, m := range e.messages {
		e.written[[2]string{m.player, fmt.Sprint(m.seq)}] = m.at
	}
	rows := map[pushKey][]ledgerRow{}
	for _, r := range e.rows {
		key := pushKey{r.player, r.kind, r.device, r.seq}
		rows[key] = append(rows[key], r)
	}
	tries := map[pushKey][]pushRequest{}
	for _, r := range e.requests {
		if key, ok := e.about(r, of); ok {
			tries[key] = append(tries[key], r)
		}
	}
	e.checkLost(rows)
	for key, made := range rows {
		e.checkRows(key, made, tries[key])
	}
	for key, made := range tries {
		if len(rows[key]) == 0 {
			e.wrong("%+v arrived %d times and is in no row", key, len(made))
		}
		e.checkSame(key, made)
	}
	e.checkForgotten(tries, rows)
	for _, r := range e.requests {
		e.checkTrue(r, of)
	}
}

// holders finds the registrations of each token.
func (e *evidence) holders() map[string][]registration {
	of := map[string][]registration{}
	for _, k := range e.known {
		of[k.token] = append(of[k.token], k)
	}
	return of
}

// about reads what a request is about.
func (e *evidence) about(r pushRequest, of map[string][]registration) (pushKey, bool) {
	if meaning, _ := r.meaning(); meaning == "" {
		e.wrong("%s does not like a push: %d %s: %s", r.channel, r.Status, r.Reason, r.Body)
		return pushKey{}, false
	}
	holders := of[r.Token]
	if len(holders) == 0 {
		e.wrong("a push by %s to nobody: %s", r.channel, r.Body)
		return pushKey{}, false
	}
	key := pushKey{player: r.Fields["player_id"], kind: r.Fields["kind"], device: holders[0].device}
	if key.kind != notify.TestPush {
		if _, err := fmt.Sscan(r.Fields["seq"], &key.seq); err != nil {
			e.wrong("a push by %s without its number: %s", r.channel, r.Body)
		}
	}
	if key.player != holders[0].player {
		e.wrong("a push of player %s went to a device of %s", key.player, holders[0].player)
	}
	return key, true
}

// checkLost: every message that was to be pushed has one delivery for each device that was there from its commit until
// it was turned into deliveries, and none for any that was not.
func (e *evidence) checkLost(rows map[pushKey][]ledgerRow) {
	type notice struct {
		player, kind string
		seq          int64
	}
	turned := map[notice]time.Time{}
	for key, made := range rows {
		turned[notice{key.player, key.kind, key.seq}] = made[0].created
	}
	devices := map[string][]registration{}
	for _, k := range e.known {
		devices[k.player] = append(devices[k.player], k)
	}
	for _, m := range e.messages {
		when := turned[notice{m.player, m.kind, m.seq}]
		if when.IsZero() { // all servers may have been dead
			when = m.at.Add(time.Minute)
		}
		for _, k := range devices[m.player] {
			gone := e.gone[k.token]
			if k.begin.done.After(m.at) || !k.end.begun.IsZero() && !k.end.begun.After(when) || !gone.IsZero() && !gone.After(when) {
				continue
			}
			e.tell("deliveries owed")
			if len(rows[pushKey{m.player, m.kind, k.device, m.seq}]) == 0 {
				e.wrong("lost: message %d of player %s, %s, was never to go to device %s", m.seq, m.player, m.kind, k.device)
			}
		}
	}
}

// checkRows: there is one row, in an end state that agrees with what the provider said last, or with what made it untrue.
func (e *evidence) checkRows(key pushKey, made []ledgerRow, tries []pushRequest) {
	for _, r := range made {
		e.tell("deliveries " + r.status)
		if r.reason != "" {
			e.tell("deliveries " + r.status + ", " + r.reason)
		}
		if r.status == notify.Pending {
			e.wrong("%s still waits: %s", r.id, r.reason)
		}
		if r.status == notify.Suppressed && !e.isExplained(r) {
			e.wrong("lost: %s, %+v, was suppressed for %s at %s, and that was not so", r.id, key, r.reason, r.updated)
		}
		if !slices.ContainsFunc(e.known, func(k registration) bool {
			return k.player == r.player && k.device == r.device && !k.begin.begun.After(r.created) && (k.end.done.IsZero() || k.end.done.Add(inFlight).After(r.created))
		}) {
			e.wrong("%s was made for a device that was not there: %+v", r.id, key)
		}
	}
	switch {
	case key.kind == notify.BadgeChanged && len(made) > 1: // a badge that went down twice under one number
		return
	case len(made) > 1:
		e.wrong("%+v has %d rows", key, len(made))
		return
	}
	e.checkAnswer(made[0], tries)
}

// checkAnswer compares a row with what the provider said.
func (e *evidence) checkAnswer(row ledgerRow, tries []pushRequest) {
	for i, r := range tries {
		meaning, _ := r.meaning()
		last := i == len(tries)-1
		if meaning == tryLater || last && (row.status == notify.Delivered || row.status == notify.Failed) || e.maybeUnheard(r) {
			continue
		}
		if !last {
			e.wrong("%s was tried again after %d %s, which nothing kept from being heard", row.id, r.Status, r.Reason)
		} else {
			e.wrong("%s is %s, and the last that was said is %d %s", row.id, row.status, r.Status, r.Reason)
		}
	}
	if row.status != notify.Delivered && row.status != notify.Failed {
		return
	}
	if len(tries) == 0 {
		e.wrong("%s is %s, %s, and nothing has arrived", row.id, row.status, row.reason)
		return
	}
	meaning, word := tries[len(tries)-1].meaning()
	right := row.status == notify.Delivered && meaning == takenWell || row.status == notify.Failed && (meaning == isGone || meaning == isRefused)
	if !right || row.reason != word {
		e.wrong("%s is %s, %q, and the last that was said means %s, %q", row.id, row.status, row.reason, meaning, word)
	}
	if row.attempts == 0 {
		e.wrong("%s is %s and was never tried", row.id, row.status)
	}
}

// maybeUnheard says that an answer may not have been heard, or not written down, because a server was killed or the
// connection cut.
func (e *evidence) maybeUnheard(r pushRequest) bool {
	unheard := slices.ContainsFunc(e.kills, func(k moment) bool { return r.At.After(k.begun.Add(-writing)) && r.At.Before(k.done.Add(noting)) }) ||
		slices.ContainsFunc(e.cuts[r.channel], func(at time.Time) bool { return r.At.Sub(at).Abs() < noting })
	if unheard {
		e.tell("answers that may not have been heard")
	}
	return unheard
}

// isExplained says that what a delivery was suppressed for was so.
func (e *evidence) isExplained(r ledgerRow) bool {
	before := func(m moment) bool { return !m.begun.IsZero() && !m.begun.Truncate(time.Millisecond).After(r.updated) }
	switch r.reason {
	case notify.ReasonTurnOver, notify.ReasonMoved, notify.ReasonSessionOver:
		return before(e.moves[turnOf{r.player, r.session, r.turn}])
	case notify.ReasonAcknowledged:
		return slices.ContainsFunc(e.acks, func(a acknowledgement) bool { return a.player == r.player && a.seq >= r.seq && before(a.at) })
	case notify.ReasonMuted:
		return slices.ContainsFunc(e.mutes, func(m muting) bool { return m.player == r.player && m.session == r.session && before(m.begin) })
	case notify.ReasonDeviceGone:
		return slices.ContainsFunc(e.known, func(k registration) bool {
			gone := e.gone[k.token]
			return k.player == r.player && k.device == r.device && (before(k.end) || !gone.IsZero() && before(moment{begun: gone}))
		})
	case notify.ReasonDeviceResting:
		refused := 0
		for _, try := range e.requests {
			if meaning, _ := try.meaning(); meaning == isRefused && before(moment{begun: try.At}) && slices.ContainsFunc(e.known, func(k registration) bool {
				return k.token == try.Token && k.device == r.device
			}) {
				refused++
			}
		}
		return refused >= notify.MaxRejected
	}
	return false
}

// checkSame: what comes twice is the same delivery under the same word.
func (e *evidence) checkSame(key pushKey, tries []pushRequest) {
	if key.kind == notify.BadgeChanged { // two rows may say it under one number, and neither is shown
		if slices.ContainsFunc(tries, func(r pushRequest) bool { return r.Title != "" || r.Text != "" }) {
			e.wrong("%+v shows something", key)
		}
		return
	}
	for _, r := range tries[1:] {
		e.tell("tries again")
		first := tries[0]
		if id := r.Header.Get("apns-id"); id != first.Header.Get("apns-id") || r.channel == notify.APNs && id == "" {
			e.wrong("%+v came as the delivery %q and as %q", key, first.Header.Get("apns-id"), id)
		}
		if r.Collapse != first.Collapse || r.Collapse == "" {
			e.wrong("%+v came under %q and under %q", key, first.Collapse, r.Collapse)
		}
	}
}

// checkForgotten: the devices are those that the apps have registered and not taken back, but for those whose own token is
// no more. What a provider has said and a server has written down is done at once.
func (e *evidence) checkForgotten(tries map[pushKey][]pushRequest, rows map[pushKey][]ledgerRow) {
	kept := map[string]keptDevice{}
	for _, d := range e.after {
		kept[d.player+" "+d.id] = d
	}
	for _, k := range e.known {
		d, here := kept[k.player+" "+k.device]
		switch {
		case !k.end.begun.IsZero():
			if here && d.token == k.token && !slices.ContainsFunc(e.known, func(again registration) bool { return again.token == k.token && again.end.begun.IsZero() }) {
				e.wrong("device %s of player %s is still there, or again", k.device, k.player)
			}
		case e.dead[k.token]:
			e.tell("devices rightly forgotten")
			if here {
				e.wrong("not forgotten: device %s of player %s, of whose token the provider knows nothing", k.device, k.player)
			}
		case !here:
			e.wrong("wrongly forgotten: device %s of player %s", k.device, k.player)
		case d.token != k.token:
			e.wrong("device %s of player %s has another token", k.device, k.player)
		default:
			e.tell("devices rightly kept")
		}
	}
	for _, d := range e.after {
		if !slices.ContainsFunc(e.known, func(k registration) bool {
			return k.player == d.player && k.device == d.id && k.end.begun.IsZero()
		}) {
			e.wrong("device %s of player %s was taken back, and is there", d.id, d.player)
		}
	}
	early := map[string]keptDevice{}
	for _, d := range e.before {
		early[d.token] = d
	}
	for key, asked := range tries {
		last := asked[len(asked)-1]
		meaning, _ := last.meaning()
		d, here := early[last.Token]
		if meaning != isGone || key.kind == notify.TestPush || !here || len(rows[key]) != 1 || rows[key][0].status != notify.Failed {
			continue
		}
		if d.registered.Before(last.At.Add(-inFlight)) {
			e.wrong("not forgotten at once: device %s of player %s, of which %s said that it is gone", d.id, d.player, last.channel)
		}
	}
}

// checkTrue: what arrived was true when it was sent.
func (e *evidence) checkTrue(r pushRequest, of map[string][]registration) {
	player, game, kind := r.Fields["player_id"], r.Fields["session_id"], r.Fields["kind"]
	var seq, turn int64
	_, _ = fmt.Sscan(r.Fields["seq"], &seq) // whatever has none is about none
	_, _ = fmt.Sscan(r.Fields["turn"], &turn)
	late := func(m moment) bool { return !m.done.IsZero() && r.At.After(m.done.Add(onTheWay(r.channel))) }
	untrue := func(why string, m moment) {
		e.wrong("untrue: %s by %s to player %s about %q at %s, and it was %s at %s", kind, r.channel, player, game, r.At, why, m.done)
	}
	if !slices.ContainsFunc(of[r.Token], func(k registration) bool { return !r.At.Before(k.begin.begun) && !late(k.end) }) {
		for _, k := range of[r.Token] {
			untrue("signed out, removed or replaced", k.end)
		}
	}
	e.checkAfterGone(r, of)
	if kind == notify.BadgeChanged || kind == notify.TestPush {
		return
	}
	if at, ok := e.written[[2]string{player, r.Fields["seq"]}]; ok && r.At.After(at.Add(onTheWay(r.channel))) {
		e.tell("tries that began too late to be excused")
	}
	if m := e.moves[turnOf{player, game, turn}]; kind == notify.YourTurn && late(m) {
		untrue("moved", m)
	}
	for _, a := range e.acks {
		if a.player == player && a.seq >= seq && late(a.at) {
			untrue("acknowledged", a.at)
		}
	}
	for _, m := range e.mutes {
		if m.player == player && m.session == game && late(m.begin) && (m.end.begun.IsZero() || r.At.Before(m.end.begun)) {
			untrue("muted", m.begin)
		}
	}
}

// checkAfterGone: once it is written down that a token is no more, nothing goes there.
func (e *evidence) checkAfterGone(r pushRequest, of map[string][]registration) {
	if !e.dead[r.Token] {
		return
	}
	for _, row := range e.rows {
		_, word := r.meaning()
		if row.status != notify.Failed || row.reason != word || word == "" || row.device != of[r.Token][0].device || row.player != of[r.Token][0].player {
			continue
		}
		gone := e.gone[r.Token]
		again := slices.ContainsFunc(of[r.Token], func(k registration) bool { return k.begin.done.After(gone.Add(-inFlight)) })
		if !gone.IsZero() && row.updated.After(gone) && r.At.After(row.updated.Add(inFlight)) && !again {
			e.wrong("device %s of player %s was asked for again at %s, and had been forgotten at %s", row.device, row.player, r.At, row.updated)
		}
	}
}

// checkFeeds: every player's feed is gapless from 1.
func (s *pushStorm) checkFeeds(e *evidence) {
	s.scan("SELECT c.player_id, c.last_seq, COUNT(f.seq), COALESCE(MIN(f.seq), 1), COALESCE(MAX(f.seq), 0) FROM counters c LEFT JOIN feed f ON f.player_id = c.player_id GROUP BY c.player_id, c.last_seq", func(rows *sql.Rows) error {
		var player string
		var last, count, lowest, highest int64
		err := rows.Scan(&player, &last, &count, &lowest, &highest)
		if lowest != 1 || highest != count || last != count {
			e.wrong("player %s: %d rows numbered %d to %d, and a counter of %d", player, count, lowest, highest, last)
		}
		return err
	})
}

// readMessages reads the messages that are pushed, as the table of kinds has it: whoever has to move is told that and not
// of the beginning, and who has ended a session is not told of its end.
func (s *pushStorm) readMessages() (messages []pushedMessage) {
	actors := map[string]string{} // by session and version
	s.scan("SELECT c.session_id, c.version, t.player_id FROM changes c JOIN seats t ON t.session_id = c.session_id AND t.seat = c.seat", func(rows *sql.Rows) error {
		var game, actor string
		var version int64
		err := rows.Scan(&game, &version, &actor)
		actors[fmt.Sprint(game, version)] = actor
		return err
	})
	begins := map[string]bool{} // by session and player
	s.scan("SELECT session_id, player_id FROM feed WHERE kind = 'your_turn' AND turn = 1", func(rows *sql.Rows) error {
		var game, player string
		err := rows.Scan(&game, &player)
		begins[game+player] = true
		return err
	})
	s.scan("SELECT player_id, seq, kind, at, session_id, turn, version FROM feed", func(rows *sql.Rows) error {
		var m pushedMessage
		var at, version int64
		err := rows.Scan(&m.player, &m.seq, &m.kind, &at, &m.session, &m.turn, &version)
		m.at = time.UnixMilli(at)
		switch m.kind {
		case notify.Matched:
			if begins[m.session+m.player] {
				return err
			}
		case notify.SessionFinished:
			if actors[fmt.Sprint(m.session, version)] == m.player {
				return err
			}
		case notify.SessionUpdated:
			return err
		}
		messages = append(messages, m)
		return err
	})
	return messages
}

func (s *pushStorm) readRows() (all []ledgerRow) {
	s.scan("SELECT id, player_id, kind, COALESCE(session_id, ''), device_id, channel, status, reason, seq, turn, attempts, created_at, updated_at FROM deliveries", func(rows *sql.Rows) error {
		var r ledgerRow
		var created, updated int64
		err := rows.Scan(&r.id, &r.player, &r.kind, &r.session, &r.device, &r.channel, &r.status, &r.reason, &r.seq, &r.turn, &r.attempts, &created, &updated)
		r.created, r.updated = time.UnixMilli(created), time.UnixMilli(updated)
		all = append(all, r)
		return err
	})
	return all
}

func (s *pushStorm) readDevices() (all []keptDevice) {
	s.scan("SELECT player_id, id, channel, token, registered_at FROM devices", func(rows *sql.Rows) error {
		var d keptDevice
		var registered int64
		err := rows.Scan(&d.player, &d.id, &d.channel, &d.token, &registered)
		d.registered = time.UnixMilli(registered)
		all = append(all, d)
		return err
	})
	return all
}

// scan reads what a query finds.
func (s *pushStorm) scan(query string, scan func(*sql.Rows) error) {
	s.t.Helper()
	(&storm{t: s.t}).scan(s.db, query, scan)
}

// The judgement finds what is wrong: each forgery of good evidence is noticed by its name.
func TestPushStormJudgement(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	when := func(seconds float64) moment { return moment{at(seconds), at(seconds + 0.1)} }
	push := func(seconds float64, token string, seq, turn int, status int, reason string) pushRequest {
		return pushRequest{notify.APNs, providertest.Received{
			At: at(seconds), Token: token, Status: status, Reason: reason, Collapse: "game", Header: http.Header{"Apns-Id": {fmt.Sprint("id of ", token, seq)}},
			Fields: map[string]string{"player_id": "ann", "kind": "your_turn", "session_id": "game", "seq": fmt.Sprint(seq), "turn": fmt.Sprint(turn)},
		}}
	}
	row := func(id, device string, seq, turn int64, status, reason string) ledgerRow {
		return ledgerRow{
			id: id, player: "ann", kind: "your_turn", session: "game", device: device, channel: notify.APNs, status: status, reason: reason, seq: seq, turn: turn,
			attempts: 1, created: at(float64(100 * seq)), updated: at(float64(100*seq + 50)),
		}
	}
	// Ann has a phone, whose token is well, and a tablet, whose token dies with her second message. The first message
	// goes to both, at the phone only at the second try; the second is told to the phone alone; she has moved before the third.
	good := func() *evidence {
		return &evidence{
			known: []registration{
				{player: "ann", device: "phone", channel: notify.APNs, token: "p", begin: when(1)},
				{player: "ann", device: "tablet", channel: notify.APNs, token: "t", begin: when(2)},
			},
			moves:    map[turnOf]moment{{"ann", "game", 1}: when(180), {"ann", "game", 3}: when(280), {"ann", "game", 5}: when(300.5)},
			messages: []pushedMessage{{"ann", "your_turn", "game", 1, 1, at(99)}, {"ann", "your_turn", "game", 2, 3, at(199)}, {"ann", "your_turn", "game", 3, 5, at(299)}},
			rows: []ledgerRow{
				row("1", "phone", 1, 1, "sent", ""), row("2", "tablet", 1, 1, "sent", ""),
				row("3", "phone", 2, 3, "sent", ""), row("4", "tablet", 2, 3, "failed", "Unregistered"),
				row("5", "phone", 3, 5, "suppressed", notify.ReasonTurnOver),
			},
			before: []keptDevice{{"ann", "phone", notify.APNs, "p", at(1)}},
			after:  []keptDevice{{"ann", "phone", notify.APNs, "p", at(1)}},
			requests: []pushRequest{
				push(110, "p", 1, 1, 503, "ServiceUnavailable"), push(130, "p", 1, 1, 200, ""), push(111, "t", 1, 1, 200, ""),
				push(210, "p", 2, 3, 200, ""), push(210, "t", 2, 3, 410, "Unregistered"),
			},
			dead: map[string]bool{"t": true},
		}
	}
	for name, c := range map[string]struct {
		forge func(*evidence)
		want  string // part of what is said; empty: nothing
	}{
		"nothing": {func(*evidence) {}, ""},
		"a delivery is dropped": {func(e *evidence) {
			e.rows = slices.Delete(e.rows, 4, 5)
		}, "lost: message 3 of player ann"},
		"a delivery that was sent is dropped":   {func(e *evidence) { e.rows = slices.Delete(e.rows, 2, 3) }, "is in no row"},
		"a device is forgotten":                 {func(e *evidence) { e.after = nil }, "wrongly forgotten: device phone"},
		"a device is forgotten for a wrong key": {func(e *evidence) { e.after = nil; e.requests[0] = push(110, "p", 1, 1, 403, "InvalidProviderToken") }, "wrongly forgotten"},
		"a dead token is kept":                  {func(e *evidence) { e.after = append(e.after, keptDevice{"ann", "tablet", notify.APNs, "t", at(2)}) }, "not forgotten: device tablet"},
		"a dead token is kept for a while": {func(e *evidence) {
			e.before = append(e.before, keptDevice{"ann", "tablet", notify.APNs, "t", at(2)})
		}, "not forgotten at once"},
		"a device that was removed is there": {func(e *evidence) { e.known[0].end = when(350) }, "still there"},
		"a delivery waits":                   {func(e *evidence) { e.rows[2].status = notify.Pending }, "still waits"},
		"a delivery is made twice":           {func(e *evidence) { e.rows = append(e.rows, row("6", "phone", 2, 3, "sent", "")) }, "has 2 rows"},
		"a delivery to nobody":               {func(e *evidence) { e.rows = append(e.rows, row("6", "watch", 2, 3, "failed", "")) }, "not there"},
		"sent after the move":                {func(e *evidence) { e.requests[1].At = at(193) }, "untrue"},
		"sent while the move was taken":      {func(e *evidence) { e.requests[1].At = at(191) }, ""},
		"sent by FCM after the move":         {func(e *evidence) { e.requests[1].channel, e.requests[1].At = notify.FCM, at(185) }, "untrue"},
		"sent while Apple is waited for":     {func(e *evidence) { e.requests[1].At = at(185) }, ""},
		"sent after it was acknowledged":     {func(e *evidence) { e.acks = []acknowledgement{{"ann", 1, when(115)}} }, "it was acknowledged"},
		"sent after an earlier was acknowledged": {func(e *evidence) {
			e.acks = []acknowledgement{{"ann", 1, when(135)}}
		}, ""},
		"sent while it is muted":         {func(e *evidence) { e.mutes = []muting{{"ann", "game", when(190), when(240)}} }, "it was muted"},
		"sent when it is not muted":      {func(e *evidence) { e.mutes = []muting{{"ann", "game", when(160), when(205)}} }, ""},
		"sent after it was signed out":   {func(e *evidence) { e.known[0].end = when(190); e.after = nil; e.before = nil }, "signed out"},
		"sent after it was forgotten":    {func(e *evidence) { e.requests = append(e.requests, push(290, "t", 2, 3, 410, "Unregistered")) }, "had been forgotten"},
		"suppressed for nothing":         {func(e *evidence) { delete(e.moves, turnOf{"ann", "game", 5}) }, "that was not so"},
		"suppressed before it was so":    {func(e *evidence) { e.rows[4].updated = at(300) }, "that was not so"},
		"suppressed for the wrong thing": {func(e *evidence) { e.rows[4].reason = notify.ReasonMuted }, "that was not so"},
		"resting without a reason":       {func(e *evidence) { e.rows[4].reason = notify.ReasonDeviceResting }, "that was not so"},
		"sent, and refused":              {func(e *evidence) { e.requests[3] = push(210, "p", 2, 3, 400, "BadDeviceToken") }, "the last that was said"},
		"failed, and taken":              {func(e *evidence) { e.rows[2].status = notify.Failed }, "the last that was said"},
		"failed by another word":         {func(e *evidence) { e.rows[3].reason = "BadDeviceToken" }, "the last that was said"},
		"sent, and never arrived":        {func(e *evidence) { e.requests = slices.Delete(e.requests, 3, 4) }, "nothing has arrived"},
		"suppressed, and taken":          {func(e *evidence) { e.requests = append(e.requests, push(300, "p", 3, 5, 200, "")) }, "the last that was said"},
		"suppressed, and taken by a server that was killed": {func(e *evidence) {
			e.requests = append(e.requests, push(300, "p", 3, 5, 200, ""))
			e.kills = []moment{when(300.2)}
		}, ""},
		"taken twice": {func(e *evidence) { e.requests = append(e.requests, push(212, "p", 2, 3, 200, "")) }, "which nothing kept from being heard"},
		"taken twice after a kill": {func(e *evidence) {
			e.requests = append(e.requests, push(212, "p", 2, 3, 200, ""))
			e.kills = []moment{when(211)}
		}, ""},
		"taken twice, shown beside": {func(e *evidence) { e.requests[1].Collapse = "other" }, "under"},
		"taken twice, as two":       {func(e *evidence) { e.requests[1].Header = http.Header{"Apns-Id": {"other"}} }, "came as the delivery"},
		"cut off": {func(e *evidence) {
			e.requests = append(e.requests, pushRequest{notify.WebPush, providertest.Received{At: at(305), Status: 400, Reason: "Body"}})
		}, "does not like"},
		"cut off by a kill": {func(e *evidence) {
			e.requests = append(e.requests, pushRequest{notify.WebPush, providertest.Received{At: at(305), Status: 400, Reason: "Body"}})
			e.kills = []moment{when(305)}
		}, ""},
		"to somebody else":                {func(e *evidence) { e.requests[3].Fields["player_id"] = "bob" }, "went to a device of ann"},
		"to a token that nobody has":      {func(e *evidence) { e.requests[3].Token = "x" }, "to nobody"},
		"something that a fake refuses":   {func(e *evidence) { e.requests[3] = push(210, "p", 2, 3, 400, "BadPriority") }, "does not like"},
		"a second device hears of no one": {func(e *evidence) { e.rows = slices.Delete(e.rows, 1, 2); e.requests = slices.Delete(e.requests, 2, 3) }, "lost: message 1"},
	} {
		t.Run(name, func(t *testing.T) {
			e := good()
			c.forge(e)
			e.judge()
			said := strings.Join(e.wrongs, "\n")
			if c.want == "" && said != "" || !strings.Contains(said, c.want) {
				t.Errorf("want %q, got %q", c.want, cmp.Or(said, "nothing"))
			}
		})
	}
}
