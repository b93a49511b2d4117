package modemsim

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// counted adds up what the cloud's events tell of a session: the newest totals.
func (b *bench) counted() (up, down int64, updates int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, body := range b.bodies {
		var list []struct {
			Data struct {
				Type string `json:"event_type"`
				Up   int64  `json:"data_session_data_upload"`
				Down int64  `json:"data_session_data_download"`
			}
		}
		if json.Unmarshal(body, &list) != nil {
			continue
		}
		for _, e := range list {
			if strings.HasSuffix(e.Data.Type, evUpdated) {
				updates++
			}
			up, down = max(up, e.Data.Up), max(down, e.Data.Down)
		}
	}
	return up, down, updates
}

// TestPath plays what can befall the host's data path, and compares the interface with what the cloud counts.
func TestPath(t *testing.T) {
	s, err := ParseScenario("x", []byte("[host]\ninterface = \"wwan0\"\nupload = 1000\ndownload = 4000\n[cloud]\ndelay = \"1s\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		withWorld(t, s, func(b *bench) {
			set := func(change func(*Scenario)) { b.w.Change(Change{Set: []Assignment{{Path: "test", apply: change}}}) }
			b.wait(20 * time.Minute)
			p := b.w.Path()
			up, down, updates := b.counted()
			if !p.Up || p.IP == "" || !p.Route || !p.Reaches || !p.Names {
				t.Errorf("all is well: %+v", p)
			}
			if p.TxBytes < 18_000 || p.RxBytes/4 != p.TxBytes || updates != 3 || up > p.TxBytes || up < 17_000 || down != 4*up {
				t.Errorf("%+v, the cloud counted %d and %d in %d updates", p, up, down, updates)
			}

			set(func(s *Scenario) { s.Internet.Filter = true })
			b.wait(10 * time.Minute)
			q := b.w.Path()
			if q.TxBytes != p.TxBytes+10_000 || q.RxBytes != p.RxBytes || q.Reaches {
				t.Errorf("behind a filter %+v, before %+v", q, p)
			}
			set(func(s *Scenario) { s.Internet.Filter, s.Host.Link = false, linkNoRoute })
			b.wait(10 * time.Minute)
			if p = b.w.Path(); p.TxBytes != q.TxBytes || p.IP == "" || p.Route || p.Reaches {
				t.Errorf("without a route %+v, before %+v", p, q)
			}
			set(func(s *Scenario) { s.Host.Link = linkNoAddress })
			if p = b.w.Path(); !p.Up || p.IP != "" || p.Reaches {
				t.Errorf("without an address %+v", p)
			}
			set(func(s *Scenario) { s.Host.Link = linkDown })
			if p = b.w.Path(); p.Up || p.IP != "" {
				t.Errorf("switched off %+v", p)
			}

			set(func(s *Scenario) { s.Host.Link = linkUp })
			b.wait(10 * time.Minute)
			b.w.Inject("silent-detach", 0)
			_, _, before := b.counted()
			q = b.w.Path()
			b.wait(30 * time.Minute)
			p = b.w.Path()
			if _, _, after := b.counted(); after > before+1 || p.Reaches || p.RxBytes != q.RxBytes || p.TxBytes <= q.TxBytes {
				t.Errorf("detached in silence: %d updates before, %d after; %+v", before, after, p)
			}
			b.w.PowerOff()
			b.wait(time.Minute)
			if p = b.w.Path(); p.Interface != "" {
				t.Errorf("without power %+v", p)
			}
			b.w.PowerOn()
			b.wait(5 * time.Minute)
			if p = b.w.Path(); p.Interface != "wwan0" || !p.Reaches || p.TxBytes > 5_000 {
				t.Errorf("after a new start %+v", p)
			}
		})
	})
}

func TestNoPathWithoutInterface(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		withWorld(t, Default(), func(b *bench) {
			b.wait(10 * time.Minute)
			if p := b.w.Path(); p.Interface != "" || p.Reaches || p.TxBytes != 0 {
				t.Errorf("%+v", p)
			}
		})
	})
}
