package agent

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "supersim-agent/"

// mayImport is who may import whom, of our own packages. Nothing imports upwards; a package that is not listed may
// import nothing of ours.
var mayImport = map[string][]string{
	"atcmd/atcmdtest":          {"atcmd"},
	"modem":                    {"atcmd"},
	"modem/quectel":            {"modem", "atcmd"},
	"modem/ublox":              {"modem", "atcmd"},
	"modem/simcom":             {"modem", "atcmd"},
	"agent/internal/simpath":   {"agent/bearer", "modem/modemsim"},
	"modem/internal/corpus":    {"modem"}, // the captured answers, for tests
	"modem/ports":              {},
	"agent/cloud":              {"agent/broker"},
	"agent/facts":              {"modem", "agent/cloud"},
	"agent/correlate":          {"agent/facts"},
	"agent/attach":             {"agent/facts", "agent/correlate"},
	"agent/core":               {"agent/facts", "agent/correlate", "agent/attach", "modem", "agent/cloud"},
	"agent/relay":              {"agent/broker", "agent/cloud", "agent/facts", "agent/correlate", "agent/status", "agent/journal"},
	"agent/status":             {"agent/facts", "agent/correlate", "agent/attach"},
	"agent":                    {"*", "!modem/modemsim", "!agent/relay"},
	"agent/cmd/supersim-agent": {"*"},
}

// pure packages decide and do nothing: no files, no network, no locks, no logger, no clock of their own.
var pure = []string{"agent/facts", "agent/correlate", "agent/attach", "agent/core"}

var impure = []string{"os", "net", "net/http", "sync", "sync/atomic", "log", "log/slog", "github.com/rs/zerolog", "math/rand", "syscall"}

// maxGoStatements per package: each is the whole life of one goroutine that its starter waits for.
const maxGoStatements = 2

func TestArchitecture(t *testing.T) {
	root := ".."
	for dir, files := range goFiles(t, root) {
		starts := 0
		for _, file := range files {
			for _, path := range imports(file) {
				checkImport(t, dir, path)
			}
			starts += count(file, func(n ast.Node) bool { _, ok := n.(*ast.GoStmt); return ok })
			if slices.Contains(pure, dir) {
				checkPure(t, dir, file)
			}
		}
		if starts > maxGoStatements {
			t.Errorf("%s has %d go statements, at most %d are allowed", dir, starts, maxGoStatements)
		}
	}
}

func checkImport(t *testing.T, dir, path string) {
	t.Helper()
	target, ours := strings.CutPrefix(path, module)
	if !ours || allowed(mayImport[dir], target) {
		return
	}
	t.Errorf("%s must not import %s", dir, target)
}

func allowed(list []string, target string) bool {
	if slices.Contains(list, "!"+target) {
		return false
	}
	return slices.Contains(list, target) || slices.Contains(list, "*")
}

func checkPure(t *testing.T, dir string, file *ast.File) {
	t.Helper()
	for _, path := range imports(file) {
		if slices.Contains(impure, path) {
			t.Errorf("%s is pure and must not import %s", dir, path)
		}
	}
	clocks := count(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		pkg, ok := sel.X.(*ast.Ident)
		return ok && pkg.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After", "NewTimer", "Tick"}, sel.Sel.Name)
	})
	if clocks > 0 {
		t.Errorf("%s is pure and must get the time as an argument", dir)
	}
}

// goFiles parses the non-test files of every package, by folder relative to the root of the module.
func goFiles(t *testing.T, root string) map[string][]*ast.File {
	t.Helper()
	packages := map[string][]*ast.File{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != root) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, src, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir, _ := filepath.Rel(root, filepath.Dir(path))
		packages[dir] = append(packages[dir], file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) < 10 {
		t.Fatalf("found only %d packages below %s", len(packages), root)
	}
	return packages
}

func imports(file *ast.File) (paths []string) {
	for _, spec := range file.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		paths = append(paths, path)
	}
	return paths
}

func count(file *ast.File, match func(ast.Node) bool) (n int) {
	ast.Inspect(file, func(node ast.Node) bool {
		if node != nil && match(node) {
			n++
		}
		return true
	})
	return n
}
