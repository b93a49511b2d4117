package config

import "fmt"

// An Entry is one effective value, for "config show".
type Entry struct {
	Key    string `json:"key"`    // "modem.port", "cloud[0].listen"
	Value  string `json:"value"`  // as TOML
	Origin string `json:"origin"` // "default", or "file:line"
}

// Entries lists every effective value and where it came from, in the order of the sections, sources last. Secrets are
// not among the values: the configuration holds only the names of their files.
func (c *Config) Entries() []Entry {
	var all []Entry
	for _, s := range c.sections() {
		prefix := ""
		if s.name != "" {
			prefix = s.name + "."
		}
		all = append(all, c.entries(prefix, s.keys)...)
	}
	for i := range c.Cloud {
		all = append(all, c.entries(cloudPath(i)+".", c.Cloud[i].keys())...)
	}
	return all
}

func (c *Config) entries(prefix string, keys []key) []Entry {
	var list []Entry
	for _, k := range keys {
		e := Entry{Key: prefix + k.name, Value: k.show(), Origin: "default"}
		if s, there := c.places[e.Key]; there {
			e.Origin = fmt.Sprintf("%s:%d", c.name, s.key.line)
		}
		list = append(list, e)
	}
	return list
}

// Unsupported lists what the configuration asks for and this version cannot do, so that nothing is ignored in silence.
// The daemon must not start on it.
func (c *Config) Unsupported() []Mistake {
	r := &report{places: c.places}
	const later = "%s is not available in this version"
	if b := c.Data.Bearer; b == "ppp" || b == "ecm" {
		r.add("data.bearer", later, fmt.Sprintf("bearer %q", b))
	}
	usual := Default()
	for _, k := range []struct {
		key     string
		differs bool
	}{
		{"data.metric", c.Data.Metric != usual.Data.Metric},
		{"data.monthly_cap_mb", c.Data.MonthlyCapMB != 0},
	} {
		if k.differs {
			r.add(k.key, later, "another value than the default")
		}
	}
	return r.sorted()
}
