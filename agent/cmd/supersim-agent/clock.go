package main

import "time"

// fastClock runs faster than the real time by a factor, from the moment it was made. At factor 1 it is the real time.
type fastClock struct {
	start time.Time
	speed float64
}

func newFastClock(speed float64) fastClock { return fastClock{start: time.Now(), speed: speed} }

func (c fastClock) Now() time.Time {
	return c.start.Add(time.Duration(float64(time.Since(c.start)) * c.speed))
}

func (c fastClock) NewTimer(d time.Duration) (<-chan time.Time, func() bool) {
	t := time.NewTimer(time.Duration(float64(d) / c.speed))
	return t.C, t.Stop
}
