package server

import (
	"yourturn/api"
	"yourturn/web"
)

// pages is the web app as the API hands it out.
type pages struct{ *web.Site }

var _ api.Web = pages{}

// Page is the page of an invitation.
func (p pages) Page(c api.Card, address string) ([]byte, error) {
	return p.Site.Page(web.Invitation(c), address)
}

// Picture is the picture of an invitation.
func (p pages) Picture(c api.Card) ([]byte, error) { return p.Site.Picture(web.Invitation(c)) }
