package config

import (
	"fmt"
	"net"
	"net/url"
	"slices"
)

// clouds takes over the list of [[cloud]].
func (r *report) clouds(c *Config, value any) {
	if value == nil {
		return
	}
	list, ok := value.([]any)
	if !ok {
		r.addKey("cloud", "is a list of sources: write [[cloud]] in double brackets")
		return
	}
	for i, element := range list {
		path := cloudPath(i)
		table, isTable := element.(map[string]any)
		if !isTable {
			r.add(path, "must be a table, not %s", kind(element))
			continue
		}
		c.Cloud = append(c.Cloud, r.cloud(path, table))
	}
}

func cloudPath(i int) string { return fmt.Sprintf("cloud[%d]", i) }

// cloud takes over one source. Without a kind that we know, its other keys cannot be judged.
func (r *report) cloud(path string, values map[string]any) Cloud {
	name, _ := values["source"].(string)
	source := defaultCloud(name)
	s := section{"[cloud]", source.keys()}
	if !slices.Contains(sources, name) {
		row, at := s.keys[0], path+"."+s.keys[0].name
		if v, there := values[row.name]; there {
			row.read(r, at, v)
		} else {
			r.add(at, "missing, must be %s", alternatives(sources))
		}
		return source
	}
	for other := range values {
		if _, ours := s.find(other); !ours && foreign(other) != "" {
			r.addKey(path+"."+keyName(other), "belongs to source = %q, and this one is %q", foreign(other), name)
		}
	}
	r.table(path, s, values, nil)
	return source
}

// maxSecrets is what the webhook tries for each request.
const maxSecrets = 4

// foreign names the first kind of source that has a key of this name, or "".
func foreign(name string) string {
	for _, source := range sources {
		c := Cloud{Source: source}
		if _, ok := (section{keys: c.keys()}).find(name); ok {
			return source
		}
	}
	return ""
}

// contradictions reports what is right by itself and wrong together.
func (r *report) contradictions(c *Config) {
	if c.Network.PasswordFile != "" && c.Network.Username == "" {
		r.add("network.password_file", "a password needs a username")
	}
	seen := make(map[string]int)
	for i, s := range c.Cloud {
		path := cloudPath(i)
		r.sourceContradictions(path, s)
		field, target := s.target()
		if target == "" || r.has(path+"."+field) {
			continue
		}
		id := s.Source + " " + target
		if first, there := seen[id]; there {
			r.add(path+"."+field, "%q is already used by cloud[%d]", target, first)
			continue
		}
		seen[id] = i
	}
}

func (r *report) sourceContradictions(path string, s Cloud) {
	if s.Source == sourceWebhook && !loopback(s.Listen) {
		switch {
		case !s.AllowRemote:
			r.add(path+".listen", "%q can be reached from other hosts; set allow_remote = true if that is meant", s.Listen)
		case s.CertFile == "" && !s.PlainHTTP:
			r.add(path+".listen", "other hosts would speak to %q without TLS; give cert_file and key_file, or set plain_http = true",
				s.Listen)
		}
	}
	if u, err := url.Parse(s.URL); s.Source == sourceMQTT && err == nil && u.Scheme == "mqtt" && !s.PlainText &&
		u.Host != "" && !loopback(net.JoinHostPort(u.Hostname(), "1")) {
		r.add(path+".url", "%s would be spoken to without TLS: use mqtts://, or set plain_text = true", u.Host)
	}
	if len(s.SecretFiles) > maxSecrets {
		r.add(path+".secret_files", "at most %d: the present secret and the next one of each sender", maxSecrets)
	}
	r.together(path, "cert_file", s.CertFile, "key_file", s.KeyFile)
	r.together(path, "user_file", s.UserFile, "password_file", s.PasswordFile)
}

// together reports one of two keys that only make sense in pairs.
func (r *report) together(path, keyA, a, keyB, b string) {
	switch {
	case a != "" && b == "" && !r.has(path+"."+keyB):
		r.add(path+"."+keyA, "needs %s beside it", keyB)
	case b != "" && a == "" && !r.has(path+"."+keyA):
		r.add(path+"."+keyB, "needs %s beside it", keyA)
	}
}

// target returns what only one source may have for itself: two of them would fight for it, or deliver all twice. Port 0
// is a different port every time.
func (c Cloud) target() (field, value string) {
	switch c.Source {
	case sourceWebhook:
		if hasPortZero(c.Listen) {
			return "listen", ""
		}
		return "listen", c.Listen
	case sourceMQTT:
		return "url", c.URL
	case sourceFile:
		return "path", c.Path
	case sourceSpool:
		return "dir", c.Dir
	}
	return "", ""
}
