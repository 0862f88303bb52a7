package server

import "testing"

// The address that is printed at the start has no password in it, whatever characters that has.
func TestGreetingHoldsNoPassword(t *testing.T) {
	for given, printed := range map[string]string{
		"sqlite:yourturn.db":                   "sqlite:yourturn.db",
		"sqlite:/data/me@home.db":              "sqlite:/data/me@home.db",
		"mysql://u:p@db.example:3306/yourturn": "mysql://db.example:3306/yourturn",
		"mysql://u:p@ss@db.example/yourturn":   "mysql://db.example/yourturn",
		"mysql://u:p%40ss@db.example/y?ca=a@b": "mysql://db.example/y",
	} {
		if got := withoutSecrets(given); got != printed {
			t.Errorf("%s is printed as %s", given, got)
		}
	}
}
