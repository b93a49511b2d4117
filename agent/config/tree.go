package config

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// A place is where something stands in the file. Lines and columns count from 1; the zero place is nowhere.
type place struct{ line, column int }

// A spot is the place of a key and of its value.
type spot struct{ key, value place }

// maxPath is longer than the path of any key of ours.
const maxPath = 128

// places maps the path of everything in a file ("modem.port", "cloud[1]", "network.rats[0]") to its spot.
type places map[string]spot

// at returns the place of the value at path, or of the nearest thing around it.
func (p places) at(path string) place {
	for {
		if s, ok := p[path]; ok {
			return s.value
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return place{1, 1}
		}
		path = path[:cut]
	}
}

// readTOML returns the values of a document and where each of them stands. Values come from go-toml's decoder, which
// also refuses what the grammar alone lets pass, such as a key defined twice. It gives no places for values that are
// valid TOML, so these come from a second reading with its parser, which is exported as "unstable": all that depends on
// it is in this file, and the version is pinned by go.mod.
func readTOML(src []byte) (map[string]any, places, *Mistake) {
	values := make(map[string]any)
	if err := toml.Unmarshal(src, &values); err != nil {
		return nil, nil, notTOML(err)
	}
	l := locator{src: src, lines: lineStarts(src), places: make(places), tables: make(map[string]int)}
	l.parser.Reset(src)
	for l.parser.NextExpression() {
		l.expression(l.parser.Expression())
	}
	return values, l.places, nil
}

func notTOML(err error) *Mistake {
	m := &Mistake{Line: 1, Column: 1, Message: "not TOML: " + printable(strings.TrimPrefix(err.Error(), "toml: "))}
	if bad, ok := errors.AsType[*toml.DecodeError](err); ok {
		m.Line, m.Column = bad.Position()
	}
	return m
}

// printable makes text from a file safe for a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

// A locator walks the parser's expressions and notes their places.
type locator struct {
	src    []byte
	lines  []int // offsets at which lines begin
	parser unstable.Parser
	places places
	table  string         // path of the table the walk is in, with "." at its end unless it is the root
	tables map[string]int // how many [[…]] of a path have come
}

func (l *locator) expression(n *unstable.Node) {
	switch n.Kind {
	case unstable.Table:
		path, key, _ := l.key("", n)
		l.note(path, spot{key, key})
		l.table = path + "."
	case unstable.ArrayTable:
		path, key, _ := l.key("", n)
		if l.tables[path] == 0 {
			l.note(path, spot{key, key})
		}
		element := fmt.Sprintf("%s[%d]", path, l.tables[path])
		l.tables[path]++
		l.note(element, spot{key, key})
		l.table = element + "."
	case unstable.KeyValue:
		l.keyValue(l.table, n)
	}
}

func (l *locator) keyValue(prefix string, n *unstable.Node) {
	path, key, end := l.key(prefix, n)
	// Arrays have no place of their own in the parser; every value begins behind the key and the equals sign.
	value := l.place(end + len(l.src[end:]) - len(bytes.TrimLeft(l.src[end:], " \t=")))
	l.note(path, spot{key, value})
	l.inside(path, n.Value(), value)
}

// inside notes what an array or an inline table holds.
func (l *locator) inside(path string, n *unstable.Node, around place) {
	if len(path) > maxPath {
		return
	}
	children := n.Children()
	for i := 0; children.Next(); {
		child := children.Node()
		switch {
		case n.Kind == unstable.InlineTable && child.Kind == unstable.KeyValue:
			l.keyValue(path+".", child)
		case n.Kind == unstable.Array && child.Kind != unstable.Comment:
			element, at := fmt.Sprintf("%s[%d]", path, i), around
			if child.Raw.Length > 0 {
				at = l.place(int(child.Raw.Offset))
			}
			l.note(element, spot{at, at})
			l.inside(element, child, at)
			i++
		}
	}
}

// key returns the path that a node's key names below prefix, the place where the key begins and the offset of its end.
// A part that names an array of tables means its newest element (TOML 1.0, "Array of Tables").
func (l *locator) key(prefix string, n *unstable.Node) (path string, begin place, end int) {
	path = prefix
	for parts := n.Key(); parts.Next(); {
		part := parts.Node()
		at := l.place(int(part.Raw.Offset))
		if end == 0 {
			begin = at
		}
		end = int(part.Raw.Offset + part.Raw.Length)
		if len(path) > maxPath {
			continue // not ours, and only the end of the key is of interest
		}
		path += keyName(string(part.Data))
		if parts.IsLast() {
			break
		}
		l.note(path, spot{at, at})
		if count := l.tables[path]; count > 0 {
			path = fmt.Sprintf("%s[%d]", path, count-1)
		}
		path += "."
	}
	return path, begin, end
}

// note keeps the first place of a path: a table may be opened by a dotted key and again by its header. What is nested
// deeper than any key of ours is not noted, so that a strange file costs no more than its length.
func (l *locator) note(path string, s spot) {
	if _, there := l.places[path]; !there && len(path) <= maxPath {
		l.places[path] = s
	}
}

func (l *locator) place(offset int) place {
	line := sort.SearchInts(l.lines, offset+1)
	return place{line: line, column: offset - l.lines[line-1] + 1}
}

func lineStarts(src []byte) []int {
	starts := []int{0}
	for i, c := range src {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// keyName writes one part of a key as it can be printed: bare where TOML allows it, else quoted.
func keyName(name string) string {
	if bareKey.MatchString(name) {
		return name
	}
	return strconv.QuoteToASCII(name)
}

var bareKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
