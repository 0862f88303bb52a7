package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"yourturn/notify"
	"yourturn/player"
	"yourturn/session"
	"yourturn/store"
	"yourturn/store/enginetest"
)

// record is one of an export, decoded.
type record struct {
	kind string
	data map[string]any
}

// export reads everything that is kept about a player.
func (p *process) export(t *testing.T, who notify.PlayerID, limit int) (all []record) {
	t.Helper()
	for cursor := ""; ; {
		page, next, err := p.Export(t.Context(), player.ID(who), cursor, limit)
		must(t, err)
		if len(page) > limit || next != "" && len(page) != limit {
			t.Fatalf("a page of %d of %d, then %q", len(page), limit, next)
		}
		for _, r := range page {
			one := record{kind: r.Kind}
			must(t, json.Unmarshal(r.Data, &one.data))
			all = append(all, one)
		}
		if next == "" {
			return all
		}
		cursor = next
	}
}

// personal are the columns of the schema, as "table.column", that name a player or a login.
func personal(t *testing.T, database string) (columns []string) {
	t.Helper()
	// What an id names that is no person: a column that is new must be put here, or exported, or left out with a reason.
	things := []string{"session_id", "last_session_id", "successor_id", "device_id", "change_id", "made_id", "provider_id", "version_id"}
	for table, lines := range schema(t, database) {
		for _, line := range lines {
			words := strings.Fields(line)
			if words[0] != "column" || slices.Contains(things, words[1]) {
				continue
			}
			if strings.HasSuffix(words[1], "_id") || words[1] == "made_by" || table == "players" && words[1] == "id" {
				columns = append(columns, table+"."+words[1])
			}
		}
	}
	return columns
}

// A table that is new cannot be forgotten: whatever names a player or a login is exported, or somebody has said why not.
func TestNothingIsForgottenInAnExport(t *testing.T) {
	onAll(t, func(t *testing.T, _ *process, database string) {
		exported, left := store.Exported(), store.LeftOut()
		columns := personal(t, database)
		if len(columns) < 20 {
			t.Fatalf("read only %v", columns)
		}
		for _, column := range columns {
			table, name, _ := strings.Cut(column, ".")
			told := exported[column] != "" || slices.ContainsFunc(slices.Collect(maps.Keys(exported)), func(other string) bool {
				return strings.HasPrefix(other, table+".") && slices.Contains(store.ExportedColumns(exported[other]), name)
			})
			if !told && left[column] == "" {
				t.Errorf("%s names a player or a login: put it into the sections of store/export.go, or say there why it is left out", column)
			}
		}
		for column := range left {
			if !slices.Contains(columns, column) {
				t.Errorf("%s is left out, and is not there", column)
			}
		}
	})
}

// somebody is a player of whom there is a row in every table, and another one who meets them.
func (p *process) somebody(t *testing.T) (ann, bob notify.PlayerID) {
	t.Helper()
	ctx := t.Context()
	notices, devices := p.pushes(t, 2)
	ann, bob = devices[0].Player, devices[2].Player
	found, err := p.DevicesOf(ctx, []notify.PlayerID{ann})
	must(t, err)
	_, err = p.Deliver(ctx, notices, p.turn(notices, found...))
	must(t, err)
	for range 3 {
		p.over(t, p.match(t, ann, bob))
	}
	_, err = p.sessions.Create(ctx, ann, session.Wish{Game: "pile", Seats: 4, Invite: p.guests(t, 3)}, &session.Key{Player: ann, Value: "k", Fingerprint: "f"})
	must(t, err)
	table := p.invites(t, bob, 3, ann)
	_, err = p.sessions.Join(ctx, p.guest(t), table.JoinCode, "")
	must(t, err)
	for _, other := range p.guests(t, 3) {
		p.blocks(t, ann, other)
	}
	at := p.Now().UnixMilli()
	db := raw(t, p.database)
	_, err = db.Exec(fmt.Sprintf("INSERT INTO identities (issuer, subject, player_id, provider, created_at) VALUES ('https://issuer', 'sub-of-ann', '%s', 'my', %d)", ann, at))
	must(t, err)
	_, err = db.Exec(fmt.Sprintf("INSERT INTO link_codes (player_id, hash, made_by, expires_at) VALUES ('%s', '01234567890123456789012345678901', 'login', %d)", ann, at))
	must(t, err)
	return ann, bob
}

func TestAnExportHasEverything(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, database string) {
		ann, bob := p.somebody(t)
		all := p.export(t, ann, 100)
		count := map[string]int64{}
		for _, r := range all {
			count[r.kind]++
		}
		db := raw(t, database)
		for column, kind := range store.Exported() {
			table, name, _ := strings.Cut(column, ".")
			n := number(t, db, "SELECT COUNT(*) FROM "+table+" WHERE "+name+" = ?", string(ann))
			if n == 0 || count[kind] != n {
				t.Errorf("%s: %d rows and %d records", column, n, count[kind])
			}
		}
		for _, limit := range []int{1, 7} {
			if got := p.export(t, ann, limit); fmt.Sprint(got) != fmt.Sprint(all) {
				t.Errorf("by pages of %d there are %d records, at once %d", limit, len(got), len(all))
			}
		}
		text := fmt.Sprint(all)
		for _, own := range []string{"sub-of-ann", p.Now().Format(time.RFC3339), string(bob)} {
			if !strings.Contains(text, own) {
				t.Errorf("%q is not in it", own)
			}
		}
		if hash := regexp.MustCompile(`0123456789012345`).FindString(text); hash != "" {
			t.Error("a hash is in it")
		}
		if got := p.export(t, p.guest(t), 100); len(got) != 3 {
			t.Errorf("of somebody new: %v", got)
		}
	})
}

// What a player did is in it, move for move, and nothing that others did.
func TestAnExportTellsOnesOwnActs(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob, cid := p.guest(t), p.guest(t), p.guest(t)
		over := p.over(t, p.match(t, ann, bob))
		table := p.invites(t, ann, 3)
		_, err := p.sessions.Join(t.Context(), cid, table.JoinCode, "") // sits where bob will
		must(t, err)
		must(t, p.sessions.Leave(t.Context(), cid, table.ID))
		for _, who := range []notify.PlayerID{bob, cid} {
			_, err := p.sessions.Join(t.Context(), who, table.JoinCode, "")
			must(t, err)
		}
		_, _, err = p.sessions.Play(t.Context(), bob, "", table.ID, 1, json.RawMessage(`{"add":3}`))
		must(t, err)
		want := map[notify.PlayerID][]string{ann: {"created"}, bob: {"joined", `move {"add":3}`}, cid: {"joined"}}
		for i, n := range []int{0, 3, 1, 4, 2} {
			mover := over.Seats[(i+firstOf(over))%2].Player
			want[mover] = append(want[mover], fmt.Sprintf(`move {"cell":%d}`, n))
		}
		for who, acts := range want {
			var got []string
			for _, r := range p.export(t, who, 2) {
				if r.kind != "event" {
					continue
				}
				text := fmt.Sprint(r.data["kind"])
				if data, ok := r.data["data"].(map[string]any); ok && data["move"] != nil {
					move, err := json.Marshal(data["move"])
					must(t, err)
					text += " " + string(move)
				}
				got = append(got, text)
			}
			slices.Sort(got)
			slices.Sort(acts)
			if !slices.Equal(got, acts) {
				t.Errorf("%v, want %v", got, acts)
			}
		}
	})
}

// firstOf is the seat that had the first move of a game of five moves: it made the last one, too, and won.
func firstOf(s session.Session) int {
	for _, p := range s.Result.Placings {
		if p.Place == 1 {
			return p.Seat
		}
	}
	return -1
}

func TestAnExportGoesOnWhereItWas(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.somebody(t)
		_, next, err := p.Export(t.Context(), player.ID(ann), "", 1)
		must(t, err)
		for _, cursor := range []string{"!", "bm9uc2Vuc2U", next + "x", "WyJub3RoaW5nIiwiMSJd", "WyJtZXNzYWdlIiwiYSJd", "W10"} {
			if _, _, err := p.Export(t.Context(), player.ID(ann), cursor, 1); !errors.Is(err, session.ErrBadCursor) {
				t.Errorf("cursor %q: %v", cursor, err)
			}
		}
		others, _, err := p.Export(t.Context(), player.ID(bob), next, 100) // a cursor says where, not whose
		must(t, err)
		for _, r := range others {
			if r.Kind == "profile" && !strings.Contains(string(r.Data), string(bob)) || r.Kind == "identity" || r.Kind == "link_code" {
				t.Errorf("%s %s", r.Kind, r.Data)
			}
		}
	})
}

// A page of many sessions in which a player did nothing is short, and tells where to go on.
func TestAnExportPausesWhereThereIsLittle(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		p := open(t, database)
		s := p.match(t, p.guest(t), p.guest(t))
		ann := mover(s)
		p.over(t, s)
		insert, err := raw(t, database).BeginTx(t.Context(), nil)
		must(t, err)
		const quiet = 450
		for i := range quiet { // "a" is after what ids begin with here
			_, err := insert.ExecContext(t.Context(), "INSERT INTO seats (session_id, seat, player_id, role, status, game, sort_key, gone, muted, last_seq) VALUES (?, 0, ?, '', 'finished', 'tictactoe', ?, 0, 0, 0)",
				fmt.Sprintf("a%04d", i), string(ann), i+1)
			must(t, err)
		}
		must(t, insert.Commit())
		empty, acts := 0, 0
		for cursor := ""; ; {
			page, next, err := p.Export(t.Context(), player.ID(ann), cursor, 100)
			must(t, err)
			if len(page) == 0 {
				empty++
			}
			for _, r := range page {
				if r.Kind == "event" && strings.Contains(string(r.Data), string(s.ID)) {
					acts++
				}
			}
			if cursor = next; next == "" {
				break
			}
		}
		if empty < quiet/100-2 || acts != 3 {
			t.Errorf("%d pages hold nothing, and %d acts are told: want some pages, and 3 acts", empty, acts)
		}
	})
}

// What the export lists is what the end of an account erases, but for what keeps the others' games readable.
func TestAnErasedPlayerIsNowhere(t *testing.T) {
	kept := []string{"players.id", "seats.player_id", "opponents.opponent_id"}
	onAll(t, func(t *testing.T, p *process, database string) {
		ann, _ := p.somebody(t)
		db := raw(t, database)
		must(t, p.players.Delete(t.Context(), player.Login{Player: player.ID(ann)}))
		for _, column := range personal(t, database) {
			table, name, _ := strings.Cut(column, ".")
			n := number(t, db, "SELECT COUNT(*) FROM "+table+" WHERE "+name+" = ?", string(ann))
			if slices.Contains(kept, column) != (n > 0) {
				t.Errorf("%d rows of %s", n, column)
			}
		}
	})
}
