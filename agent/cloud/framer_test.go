package cloud

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func frames(stream []byte, chunk int) (docs []string, junk uint64, unread bool) {
	f := newFramer(DefaultLimits())
	for part := range slices.Chunk(stream, chunk) {
		for _, doc := range f.feed(part) {
			docs = append(docs, string(doc))
		}
	}
	return docs, f.junk, f.unread()
}

func TestFramer(t *testing.T) {
	for _, c := range []struct {
		name, stream string
		docs         []string
		junk         uint64
		unread       bool
	}{
		{"lines", "{}\n[1]\r\n", []string{"{}", "[1]"}, 0, false},
		{"no line end", `{"a":"}"}`, []string{`{"a":"}"}`}, 0, false},
		{"one line", `{}{} []`, []string{"{}", "{}", "[]"}, 0, false},
		{"pretty", "[\n {\n }\n]\n{}", []string{"[\n {\n }\n]", "{}"}, 0, false},
		{"waiting", "{}\n{\"a\":", []string{"{}"}, 0, true},
		{"junk", "\x00\x01\x02\n{}\nlog: hello {}\n{}\n", []string{"{}", "{}"}, 2, false},
		{"junk without end", "{}\n\x00\xff", []string{"{}"}, 1, false},
		{"cut in a string", "{\"a\":\"xy\n{}\n", []string{"{}"}, 1, false},
		{"cut before a name", "{\"a\":{\n{}\n", []string{"{}"}, 1, false},
		{"cut before a value", "{\"a\":\n{}\n[]\n", []string{"{}", "[]"}, 1, false},
		{"cut after a value", "[{\"a\":1}\n{}\n", []string{"{}"}, 1, false},
		{"byte order mark", "\xEF\xBB\xBF{}", []string{"{}"}, 0, false},
		{"too deep", strings.Repeat("[", 33) + "\n{}", []string{"{}"}, 1, false},
	} {
		for chunk := 1; chunk <= len(c.stream); chunk++ {
			docs, junk, unread := frames([]byte(c.stream), chunk)
			if !slices.Equal(docs, c.docs) || junk != c.junk || unread != c.unread {
				t.Errorf("%s in chunks of %d: %q, junk %d, unread %v", c.name, chunk, docs, junk, unread)
			}
		}
	}
}

func TestFramerTooLong(t *testing.T) {
	limits := Limits{Body: 64}.orDefault()
	f := newFramer(limits)
	docs := f.feed([]byte(`{"a":"` + strings.Repeat("x", 100) + "\"}\n{}\n"))
	if len(docs) != 1 || string(docs[0]) != "{}" || f.junk != 1 {
		t.Errorf("%q, junk %d", docs, f.junk)
	}
}

// FuzzFramer: how a stream is cut into chunks changes nothing.
func FuzzFramer(f *testing.F) {
	names, err := filepath.Glob("testdata/*json")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		f.Add(fixture(f, filepath.Base(name)), 7)
	}
	f.Add([]byte("{\"a\":\n{}\n[{},\n\x00"), 1)
	f.Fuzz(func(t *testing.T, stream []byte, chunk int) {
		whole, junk, unread := frames(stream, max(len(stream), 1))
		parts, junk2, unread2 := frames(stream, min(max(chunk, 1), 1<<16))
		if !slices.Equal(whole, parts) || junk != junk2 || unread != unread2 {
			t.Fatalf("%q/%d/%v in one, %q/%d/%v in chunks of %d", whole, junk, unread, parts, junk2, unread2, chunk)
		}
	})
}
