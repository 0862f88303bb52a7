package server

type demoCommand struct{}

func (demoCommand) Run() error { return nil }
