// Package wire is the API as it travels: its types, and a method for each operation. It is generated from
// openapi/openapi.yaml by oapi-codegen; config.yaml and overlay.yaml beside it say how, and `make clients` does it again.
//
// Package client uses it, and is where to begin: it knows what a generator cannot. Its Client.API is the
// [ClientWithResponses] of this package with a login, repeats and problems as errors.
//
// Absence: an optional number, time or object is a pointer, nil when absent; an absent text is empty, an absent truth
// false, an absent list nil. new("x") and new(int64(7)) make pointers for requests.
package wire

//go:generate go tool -modfile=../../../tools/oapi-codegen/go.mod oapi-codegen -config config.yaml -o wire.go ../../openapi.yaml
