package modemsim

import (
	"container/heap"
	"time"
)

// task is something that will happen in the world. The zero time is never used.
type task struct {
	at      time.Time
	order   uint64 // ties are broken by the order of planning: a world repeats exactly
	run     func()
	stopped bool
}

// stop cancels the task; safe on nil and on a task that ran.
func (t *task) stop() {
	if t != nil {
		t.stopped = true
	}
}

// agenda is the world's future, and its present.
type agenda struct {
	now   time.Time
	queue taskHeap
	next  uint64
	pass  func(from, to time.Time) // told of every span in which nothing is planned, before it is over; nil: nobody
}

// in plans f after d.
func (a *agenda) in(d time.Duration, f func()) *task {
	t := &task{at: a.now.Add(max(d, 0)), order: a.next, run: f}
	a.next++
	heap.Push(&a.queue, t)
	return t
}

// advance runs everything due up to now, each at its own time, however late the caller is.
func (a *agenda) advance(now time.Time) {
	for len(a.queue) > 0 && !a.queue[0].at.After(now) {
		t := heap.Pop(&a.queue).(*task)
		if t.stopped {
			continue
		}
		a.move(t.at)
		t.run()
	}
	a.move(now)
}

// move lets time pass. It never goes back.
func (a *agenda) move(to time.Time) {
	if !to.After(a.now) {
		return
	}
	if a.pass != nil {
		a.pass(a.now, to)
	}
	a.now = to
}

// deadline is when advance could next have an effect.
func (a *agenda) deadline() (time.Time, bool) {
	for len(a.queue) > 0 && a.queue[0].stopped {
		heap.Pop(&a.queue)
	}
	if len(a.queue) == 0 {
		return time.Time{}, false
	}
	return a.queue[0].at, true
}

type taskHeap []*task

func (h taskHeap) Len() int { return len(h) }
func (h taskHeap) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].order < h[j].order
}
func (h taskHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *taskHeap) Push(x any)   { *h = append(*h, x.(*task)) }
func (h *taskHeap) Pop() any {
	old := *h
	last := len(old) - 1
	t := old[last]
	old[last] = nil
	*h = old[:last]
	return t
}
