package config

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Parse reads a configuration. name stands for the file in messages and origins. An error is always an *Error.
func Parse(name string, src []byte) (*Config, error) {
	if len(src) > maxSize {
		return nil, &Error{Name: name, Err: fmt.Errorf("longer than %d bytes", maxSize)}
	}
	values, places, bad := readTOML(src)
	if bad != nil {
		return nil, &Error{Name: name, Mistakes: []Mistake{*bad}}
	}
	c := Default()
	c.name, c.places = name, places
	r := &report{places: places}
	r.sections(c.sections(), values, "cloud")
	r.clouds(c, values["cloud"])
	r.contradictions(c)
	if mistakes := r.sorted(); len(mistakes) > 0 {
		return nil, &Error{Name: name, Mistakes: mistakes}
	}
	return c, nil
}

// A report collects mistakes while values are taken over.
type report struct {
	places   places
	mistakes []Mistake
	paths    map[string]bool // of the mistakes
}

// add notes a mistake in the value at path. Only the first one at a path counts: the others follow from it.
func (r *report) add(path, format string, args ...any) {
	r.note(path, r.places.at(path), fmt.Sprintf(format, args...))
}

// addKey is add for a mistake in the key itself.
func (r *report) addKey(path, format string, args ...any) {
	at := r.places.at(path)
	if s, there := r.places[path]; there {
		at = s.key
	}
	r.note(path, at, fmt.Sprintf(format, args...))
}

func (r *report) note(path string, at place, message string) {
	if r.paths[path] {
		return
	}
	if r.paths == nil {
		r.paths = make(map[string]bool)
	}
	r.paths[path] = true
	r.mistakes = append(r.mistakes, Mistake{Line: at.line, Column: at.column, Key: path, Message: message})
}

func (r *report) has(path string) bool { return r.paths[path] }

func (r *report) sorted() []Mistake {
	slices.SortStableFunc(r.mistakes, byPlace)
	return r.mistakes
}

func byPlace(a, b Mistake) int {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

// sections takes over everything but the lists of tables of these names, which are the caller's.
func (r *report) sections(known []section, values map[string]any, lists ...string) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		path := keyName(name)
		i := slices.IndexFunc(known, func(s section) bool { return s.name == name && name != "" })
		table, isTable := values[name].(map[string]any)
		switch {
		case slices.Contains(lists, name):
		case i > 0 && isTable:
			r.table(path, known[i], table, known)
		case i > 0 && isList(values[name]):
			r.addKey(path, "is there once only: write [%s] in single brackets", name)
		case i > 0:
			r.addKey(path, "must be a table: write [%s]", name)
		default:
			r.topLevel(path, name, values[name], known, lists)
		}
	}
}

// topLevel takes over a key that stands before the first table.
func (r *report) topLevel(path, name string, value any, known []section, lists []string) {
	top := known[0]
	if k, ok := top.find(name); ok {
		k.read(r, path, value)
		return
	}
	names := slices.Clone(lists)
	for _, s := range known[1:] {
		names = append(names, s.name)
	}
	switch near := nearest(name, append(top.names(), names...)); {
	case near != "":
		r.addKey(path, "unknown, did you mean %q?", near)
	case owner(name, known) != "":
		r.addKey(path, "belongs into [%s]", owner(name, known))
	default:
		r.addKey(path, "unknown section, must be %s", alternatives(names))
	}
}

// table takes over one section.
func (r *report) table(path string, s section, values map[string]any, known []section) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		at := path + "." + keyName(name)
		if k, ok := s.find(name); ok {
			k.read(r, at, values[name])
			continue
		}
		r.unknown(at, name, s, known)
	}
	for _, k := range s.keys {
		if _, there := values[k.name]; k.required && !there {
			r.add(path+"."+k.name, "missing")
		}
	}
}

// unknown reports a key that a section does not have, with the best advice we can give.
func (r *report) unknown(path, name string, s section, known []section) {
	_, byFile := s.find(name + "_file")
	near, owner := nearest(name, s.names()), owner(name, known)
	switch {
	case byFile:
		r.addKey(path, "secrets are given by file: use %s_file", name)
	case owner != "":
		r.addKey(path, "unknown here, it belongs into [%s]", owner)
	case near != "":
		r.addKey(path, "unknown key, did you mean %q?", near)
	default:
		r.addKey(path, "unknown key, must be one of %s", strings.Join(s.names(), ", "))
	}
}

// owner names the section that has a key of this name, or "".
func owner(name string, known []section) string {
	for _, s := range known {
		if _, ok := s.find(name); ok {
			return s.name
		}
	}
	return ""
}

func (s section) find(name string) (key, bool) {
	i := slices.IndexFunc(s.keys, func(k key) bool { return k.name == name })
	if i < 0 {
		return key{}, false
	}
	return s.keys[i], true
}

func (s section) names() []string {
	var names []string
	for _, k := range s.keys {
		names = append(names, k.name)
	}
	return names
}

func isList(v any) bool {
	_, ok := v.([]any)
	return ok
}
