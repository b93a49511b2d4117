package agent

import "sync/atomic"

// broadcast tells any number of waiting readers that there is something new.
type broadcast struct{ ch atomic.Pointer[chan struct{}] }

func (b *broadcast) init() {
	ch := make(chan struct{})
	b.ch.Store(&ch)
}

// wait returns a channel that is closed at the next notify. Take it before looking at the state.
func (b *broadcast) wait() <-chan struct{} { return *b.ch.Load() }

// notify is called by the owner only.
func (b *broadcast) notify() {
	ch := make(chan struct{})
	close(*b.ch.Swap(&ch))
}
