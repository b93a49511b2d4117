package modemsim

import (
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// A Problem is one mistake in a scenario file. Line and Column start at 1.
type Problem struct {
	Line, Column int
	Text         string
}

// ScenarioError holds every mistake found in one scenario file, in the order of their places.
type ScenarioError struct {
	Name     string // the file's name
	Problems []Problem
	Err      error // the TOML library's own error when the text is not TOML at all, else nil
}

// Error prints one line per mistake: file:line:column: what is wrong.
func (e *ScenarioError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = fmt.Sprintf("%s:%d:%d: %s", e.Name, p.Line, p.Column, p.Text)
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the TOML library's error, if there was one.
func (e *ScenarioError) Unwrap() error { return e.Err }

// kind is what sort of TOML value stands behind a key.
type kind string

const (
	isText    kind = "a string"
	isInt     kind = "an integer"
	isFloat   kind = "a number"
	isBool    kind = "true or false"
	isList    kind = "a list"
	isTable   kind = "a table"
	isStrange kind = "a date"
)

// value is one TOML value with its place. The library's decoder stops at the first wrong type; a tree of our own lets
// us report all mistakes of a file at once.
type value struct {
	place Problem // Text unused
	kind  kind
	text  string // strings; the literal for other scalars
	list  []*value
	keys  []string // tables: in file order
	items map[string]*value
}

func newTable(place Problem) *value {
	return &value{place: place, kind: isTable, items: map[string]*value{}}
}

// put adds a key, keeping the order of first appearance.
func (v *value) put(key string, item *value) {
	if _, known := v.items[key]; !known {
		v.keys = append(v.keys, key)
	}
	v.items[key] = item
}

// child is the table under key, made when missing. For a list of tables it is the newest element.
func (v *value) child(key string, place Problem) *value {
	item := v.items[key]
	if item == nil {
		item = newTable(place)
		v.put(key, item)
	}
	if item.kind == isList && len(item.list) > 0 {
		item = item.list[len(item.list)-1]
	}
	return item
}

// readTOML turns a file into a tree. The text is first checked by the library, so the walk below sees valid TOML only.
func readTOML(name string, src []byte) (*value, error) {
	var whole map[string]any
	if err := toml.Unmarshal(src, &whole); err != nil {
		p := Problem{Line: 1, Column: 1, Text: err.Error()}
		if bad, ok := errors.AsType[*toml.DecodeError](err); ok {
			p.Line, p.Column = bad.Position()
		}
		return nil, &ScenarioError{Name: name, Problems: []Problem{p}, Err: err}
	}
	r := reader{}
	r.parser.Reset(src)
	root := newTable(Problem{Line: 1, Column: 1})
	here := root
	for r.parser.NextExpression() {
		here = r.expression(root, here, r.parser.Expression())
	}
	return root, nil
}

type reader struct{ parser unstable.Parser }

// expression adds one line of the file to the tree and tells which table the next key belongs to.
func (r *reader) expression(root, here *value, e *unstable.Node) *value {
	switch e.Kind {
	case unstable.KeyValue:
		r.assign(here, e)
	case unstable.Table:
		return r.walk(root, e.Key())
	case unstable.ArrayTable:
		return r.element(root, e.Key())
	}
	return here
}

// walk follows a dotted key from table to table.
func (r *reader) walk(from *value, path unstable.Iterator) *value {
	for path.Next() {
		from = from.child(string(path.Node().Data), r.place(path.Node()))
	}
	return from
}

// element adds one table to the list that a [[header]] names.
func (r *reader) element(from *value, path unstable.Iterator) *value {
	for path.Next() {
		key, place := string(path.Node().Data), r.place(path.Node())
		if !path.IsLast() {
			from = from.child(key, place)
			continue
		}
		list := from.items[key]
		if list == nil {
			list = &value{place: place, kind: isList}
			from.put(key, list)
		}
		table := newTable(place)
		list.list = append(list.list, table)
		from = table
	}
	return from
}

// assign adds key = value, where the key may be dotted.
func (r *reader) assign(to *value, e *unstable.Node) {
	path := e.Key()
	for path.Next() {
		key, place := string(path.Node().Data), r.place(path.Node())
		if path.IsLast() {
			to.put(key, r.value(e.Value(), place))
			return
		}
		to = to.child(key, place)
	}
}

// value converts one node; place is its key's, used when the library gives the value none.
func (r *reader) value(n *unstable.Node, place Problem) *value {
	if n.Raw.Length > 0 {
		place = r.place(n)
	}
	v := &value{place: place, text: string(n.Data)}
	switch n.Kind {
	case unstable.String:
		v.kind = isText
	case unstable.Bool:
		v.kind = isBool
	case unstable.Integer:
		v.kind = isInt
	case unstable.Float:
		v.kind = isFloat
	case unstable.Array:
		v.kind = isList
		for items := n.Children(); items.Next(); {
			v.list = append(v.list, r.value(items.Node(), place))
		}
	case unstable.InlineTable:
		v = newTable(place)
		for items := n.Children(); items.Next(); {
			r.assign(v, items.Node())
		}
	default:
		v.kind = isStrange
	}
	return v
}

func (r *reader) place(n *unstable.Node) Problem {
	at := r.parser.Shape(n.Raw).Start
	return Problem{Line: at.Line, Column: at.Column}
}

// whole is an integer in any of TOML's notations (signs, underscores, 0x).
func (v *value) whole() (int64, error) {
	n, err := strconv.ParseInt(strings.ReplaceAll(v.text, "_", ""), 0, 64)
	if v.kind != isInt || err != nil {
		return 0, fmt.Errorf("want an integer, got %s", v.kind)
	}
	return n, nil
}

// number is an integer or a decimal.
func (v *value) number() (float64, error) {
	if v.kind != isInt && v.kind != isFloat {
		return 0, fmt.Errorf("want a number, got %s", v.kind)
	}
	n, err := strconv.ParseFloat(strings.ReplaceAll(v.text, "_", ""), 64)
	if err != nil {
		return 0, fmt.Errorf("want a decimal number, got %s", v.text)
	}
	return n, nil
}

// plain is the Go value of a scalar: string, int64, float64 or bool.
func (v *value) plain() (any, error) {
	switch v.kind {
	case isText:
		return v.text, nil
	case isInt:
		return v.whole()
	case isFloat:
		return v.number()
	case isBool:
		return v.text == "true", nil
	}
	return nil, fmt.Errorf("want a string, number, true or false, got %s", v.kind)
}

// problems collects mistakes; the decoder goes on after each.
type problems struct{ list []Problem }

func (p *problems) add(at Problem, format string, args ...any) {
	at.Text = fmt.Sprintf(format, args...)
	p.list = append(p.list, at)
}

func (p *problems) err(name string) error {
	if len(p.list) == 0 {
		return nil
	}
	sort.SliceStable(p.list, func(i, j int) bool {
		a, b := p.list[i], p.list[j]
		return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
	})
	return &ScenarioError{Name: name, Problems: p.list}
}
