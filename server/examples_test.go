package server_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"yourturn/openapi"
	"yourturn/server/servertest"
)

// Who tries out an example of the schema as it stands there gets what it asks for.
func TestExamplesOfNewTablesAreTaken(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"), servertest.Options{Games: servertest.Games()})
	ann := servertest.Guest(t, url, "Ann")
	raw, err := openapi.JSON(ann.Must(t, 200, "GET", "/openapi.yaml", nil).Body)
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]struct {
			Post struct {
				OperationID string `json:"operationId"`
				RequestBody struct {
					Content map[string]struct{ Example map[string]any }
				} `json:"requestBody"`
			}
		}
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for path, item := range document.Paths {
		id := item.Post.OperationID
		if id != "createSession" && id != "createTicket" && !strings.HasPrefix(id, "start") {
			continue
		}
		tried++
		if got := ann.Do("POST", path, item.Post.RequestBody.Content["application/json"].Example); got.Status != 201 {
			t.Errorf("%s: %d %s", id, got.Status, got.Body)
		}
	}
	if tried != 2+len(servertest.Games()) {
		t.Errorf("%d examples tried", tried)
	}
}
