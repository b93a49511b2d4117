package journal

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

const childDir = "JOURNAL_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		writeForEver(dir)
	}
	os.Exit(m.Run())
}

// writeForEver is the child: it says each number that is on disk.
func writeForEver(dir string) {
	j, err := Open(dir, t0, Options{BootID: bootID, MaxBytes: 2 << 20})
	if err != nil || !j.State().OK {
		fmt.Println(err, j.State())
		os.Exit(1)
	}
	for id := 0; ; id++ {
		if _, err := j.Append(t0, rec(id), Group); err != nil {
			os.Exit(1)
		}
		seq, err := j.Append(t0, rec(id), Now)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(seq)
		if id%50 == 0 && j.SaveSnapshot(t0, []byte(strconv.FormatUint(seq, 10))) != nil {
			os.Exit(1)
		}
		j.Tick(t0)
	}
}

// A process is killed while it writes as fast as it can, again and again on the same directory.
func TestKill9(t *testing.T) {
	dir := t.TempDir()
	for round := range 8 {
		acked := killAfter(t, dir, 300+round*37)
		j, err := Open(dir, t0, Options{BootID: bootID, MaxBytes: 2 << 20})
		if err != nil || !j.State().OK {
			t.Fatal(err, j.State())
		}
		all := slices.Collect(j.Records(Query{}))
		for i := 1; i < len(all); i++ {
			if all[i].Seq != all[i-1].Seq+1 {
				t.Fatalf("round %d: %d comes after %d", round, all[i].Seq, all[i-1].Seq)
			}
		}
		if last := all[len(all)-1].Seq; last < acked {
			t.Fatalf("round %d: %d was acknowledged, the last is %d", round, acked, last)
		}
		s := j.LoadSnapshot()
		if n, err := strconv.ParseUint(string(s.Data), 10, 64); err != nil || n != s.Seq || n+102 < acked {
			t.Fatalf("round %d: snapshot %q of %d, %d was acknowledged", round, s.Data, s.Seq, acked)
		}
		if st := j.Stats(); st.Damaged > 0 {
			t.Fatalf("round %d: %+v", round, st)
		}
		want(t, "close", j.Close(t0), nil)
		left, _ := filepath.Glob(filepath.Join(dir, "*"+tmpSuffix))
		want(t, "left behind", len(left), 0)
	}
}

// killAfter starts the child, kills it after n numbers, and returns the last one it said.
func killAfter(t *testing.T, dir string, n int) (acked uint64) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childDir+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for i := 0; lines.Scan(); i++ {
		seq, err := strconv.ParseUint(lines.Text(), 10, 64)
		if err != nil {
			break // the pipe's last line may be cut short; an error message is none either
		}
		acked = max(acked, seq)
		if i == n {
			if err := child.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	_ = child.Wait() // killed
	if acked < uint64(n) {
		t.Fatalf("the child stopped by itself after %d: %s", acked, lines.Text())
	}
	return acked
}
