package session

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
)

func TestQueueLetsThroughInTheOrderOfArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue[string]()
		leave, err := q.Enter(t.Context(), "s1")
		if err != nil {
			t.Fatal(err)
		}
		var order []int // guarded by the queue itself
		inside := 0
		for i := range 20 {
			go func() {
				leave, err := q.Enter(t.Context(), "s1")
				if err != nil {
					t.Error(err)
					return
				}
				if inside++; inside != 1 {
					t.Errorf("%d inside", inside)
				}
				order = append(order, i)
				inside--
				leave()
			}()
			synctest.Wait() // it waits in line now
		}
		other, err := q.Enter(t.Context(), "s2") // another line is free
		if err != nil {
			t.Fatal(err)
		}
		other()
		if len(order) != 0 {
			t.Fatal("let through while somebody is inside")
		}
		leave()
		synctest.Wait()
		if !slices.IsSorted(order) || len(order) != 20 {
			t.Errorf("let through in the order %v", order)
		}
		if len(q.lines) != 0 {
			t.Errorf("%d lines are kept for nobody", len(q.lines))
		}
	})
}

func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue[string]()
		leave, err := q.Enter(t.Context(), "s1")
		if err != nil {
			t.Fatal(err)
		}
		through := 0
		for range maxLine - 1 {
			go func() {
				if leave, err := q.Enter(t.Context(), "s1"); err == nil {
					through++
					leave()
				}
			}()
		}
		synctest.Wait()
		if _, err := q.Enter(t.Context(), "s1"); !errors.Is(err, ErrBusy) {
			t.Errorf("one more than the bound: %v", err)
		}
		leave()
		synctest.Wait()
		if through != maxLine-1 {
			t.Errorf("%d came through", through)
		}
		if leave, err := q.Enter(t.Context(), "s1"); err != nil {
			t.Errorf("the line is empty again: %v", err)
		} else {
			leave()
		}
	})
}

func TestWhoeverGivesUpLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue[string]()
		leave, err := q.Enter(t.Context(), "s1")
		if err != nil {
			t.Fatal(err)
		}
		impatient, giveUp := context.WithCancel(t.Context())
		var gaveUp error
		go func() { _, gaveUp = q.Enter(impatient, "s1") }()
		synctest.Wait()
		through := false
		go func() {
			if leave, err := q.Enter(t.Context(), "s1"); err == nil {
				through = true
				leave()
			}
		}()
		synctest.Wait()
		giveUp()
		synctest.Wait()
		if !errors.Is(gaveUp, context.Canceled) || through {
			t.Fatalf("gave up with %v; the next one is through: %v", gaveUp, through)
		}
		leave()
		synctest.Wait()
		if !through || len(q.lines) != 0 {
			t.Errorf("the next one is through: %v; %d lines left", through, len(q.lines))
		}
	})
}
