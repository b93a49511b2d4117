package journal

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"
)

const sector = 512

// platter is a directory on a disk in a machine that can lose power. What is written sits in the cache until it is
// synced, sector by sector; creations, renames and removals until the directory is synced, in order.
type platter struct {
	mu      sync.Mutex
	names   map[string]*inode // as processes see it
	durable map[string]*inode // as after a power cut
	ops     []func(map[string]*inode)
	holder  *handle
	pid     int                             // told to who finds the lock taken
	fail    func(op, name string) error     // asked before each operation
	written map[string]map[int64]bool       // file name to blocks of 4 KiB dirtied since its sync, for wear
	onSync  func(blocks int, metadata bool) // told at each sync
}

type inode struct {
	cache, disk []byte
	dirty       map[int]bool
}

type handle struct {
	p    *platter
	name string
	node *inode
}

func newPlatter() *platter {
	return &platter{names: map[string]*inode{}, durable: map[string]*inode{}, written: map[string]map[int64]bool{}}
}

func (p *platter) enter(op, name string) (func(), error) {
	p.mu.Lock()
	if p.fail != nil {
		if err := p.fail(op, name); err != nil {
			return p.mu.Unlock, &fs.PathError{Op: op, Path: name, Err: err}
		}
	}
	return p.mu.Unlock, nil
}

func (p *platter) change(op func(map[string]*inode)) {
	op(p.names)
	p.ops = append(p.ops, op)
}

func (p *platter) Make() error {
	leave, err := p.enter("mkdir", ".")
	defer leave()
	return err
}

func (p *platter) Lock() (io.Closer, error) {
	leave, err := p.enter("lock", ".")
	defer leave()
	if err != nil {
		return nil, err
	}
	if p.holder != nil {
		return nil, &HeldError{PID: p.pid}
	}
	p.holder = &handle{p: p}
	return lockHandle{p.holder}, nil
}

type lockHandle struct{ *handle }

func (l lockHandle) Close() error {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	if l.p.holder == l.handle {
		l.p.holder = nil
	}
	return nil
}

func (p *platter) List() ([]FileInfo, error) {
	leave, err := p.enter("list", ".")
	defer leave()
	var files []FileInfo
	for _, name := range slices.Sorted(maps.Keys(p.names)) {
		files = append(files, FileInfo{name, int64(len(p.names[name].cache))})
	}
	return files, err
}

func (p *platter) Open(name string, w bool) (File, error) {
	op := "open"
	if w {
		op = "open-to-write"
	}
	leave, err := p.enter(op, name)
	defer leave()
	if err != nil {
		return nil, err
	}
	node, ok := p.names[name]
	if !ok {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return &handle{p, name, node}, nil
}

func (p *platter) Create(name string) (File, error) {
	leave, err := p.enter("create", name)
	defer leave()
	if err != nil {
		return nil, err
	}
	node := &inode{dirty: map[int]bool{}}
	p.change(func(names map[string]*inode) { names[name] = node })
	return &handle{p, name, node}, nil
}

func (p *platter) Rename(from, to string) error {
	leave, err := p.enter("rename", from)
	defer leave()
	if err != nil {
		return err
	}
	node := p.names[from]
	p.change(func(names map[string]*inode) {
		delete(names, from)
		names[to] = node
	})
	return nil
}

func (p *platter) Remove(name string) error {
	leave, err := p.enter("remove", name)
	defer leave()
	if err != nil {
		return err
	}
	if p.names[name] == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	p.change(func(names map[string]*inode) { delete(names, name) })
	return nil
}

func (p *platter) Sync() error {
	leave, err := p.enter("sync-dir", ".")
	defer leave()
	if err != nil {
		return err
	}
	for _, op := range p.ops {
		op(p.durable)
	}
	if p.onSync != nil && len(p.ops) > 0 {
		p.onSync(0, true)
	}
	p.ops = nil
	return nil
}

func (h *handle) ReadAt(b []byte, off int64) (int, error) {
	leave, err := h.p.enter("read", h.name)
	defer leave()
	if err != nil {
		return 0, err
	}
	return bytes.NewReader(h.node.cache).ReadAt(b, off)
}

// WriteAt that fails has written half.
func (h *handle) WriteAt(b []byte, off int64) (int, error) {
	leave, err := h.p.enter("write", h.name)
	defer leave()
	if err != nil {
		b = b[:len(b)/2]
	}
	end := off + int64(len(b))
	if grow := end - int64(len(h.node.cache)); grow > 0 {
		h.node.cache = append(h.node.cache, make([]byte, grow)...)
	}
	copy(h.node.cache[off:], b)
	for s := off / sector; s*sector < end; s++ {
		h.node.dirty[int(s)] = true
	}
	h.p.touch(h.name, off, end)
	return len(b), err
}

func (p *platter) touch(name string, off, end int64) {
	if p.written[name] == nil {
		p.written[name] = map[int64]bool{}
	}
	for b := off / blockSize; b*blockSize < end; b++ {
		p.written[name][b] = true
	}
}

// Sync that fails leaves the cache as it is and calls it clean, as Linux does.
func (h *handle) Sync() error {
	leave, err := h.p.enter("sync", h.name)
	defer leave()
	n := h.node
	if err == nil {
		grown := len(n.disk) != len(n.cache)
		n.disk = resize(n.disk, len(n.cache))
		for s := range n.dirty {
			n.persist(s)
		}
		if h.p.onSync != nil {
			h.p.onSync(len(h.p.written[h.name]), grown)
		}
	}
	clear(n.dirty)
	clear(h.p.written[h.name])
	return err
}

func (h *handle) Truncate(size int64) error {
	leave, err := h.p.enter("truncate", h.name)
	defer leave()
	if err == nil {
		h.node.cache = resize(h.node.cache, int(size))
	}
	return err
}

func (h *handle) Close() error { return nil }

func (n *inode) persist(s int) {
	if from := s * sector; from < min(len(n.cache), len(n.disk)) {
		copy(n.disk[from:], n.cache[from:min(from+sector, len(n.cache))])
	}
}

func resize(b []byte, n int) []byte {
	if n <= len(b) {
		return b[:n:n]
	}
	return append(b, make([]byte, n-len(b))...)
}

// cut is a power cut: of what was not synced, any sectors, any sizes and the first few of the directory's changes are
// there afterwards, as choose says.
func (p *platter) cut(choose func(n int) int) *platter {
	p.mu.Lock()
	defer p.mu.Unlock()
	after := newPlatter()
	names := maps.Clone(p.durable)
	for _, op := range p.ops[:choose(len(p.ops)+1)] {
		op(names)
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		n := names[name]
		disk := slices.Clone(n.disk)
		if len(n.cache) != len(n.disk) && choose(2) == 1 {
			disk = resize(disk, len(n.cache))
		}
		landed := &inode{cache: n.cache, disk: disk}
		for _, s := range slices.Sorted(maps.Keys(n.dirty)) {
			if choose(2) == 1 {
				landed.persist(s)
			}
		}
		left := &inode{cache: slices.Clone(landed.disk), disk: landed.disk, dirty: map[int]bool{}}
		after.names[name], after.durable[name] = left, left
	}
	return after
}

// settle makes everything durable as it is: for tests that put their hands on the files.
func (p *platter) settle() {
	for _, n := range p.names {
		n.disk = slices.Clone(n.cache)
		clear(n.dirty)
	}
	p.durable, p.ops = maps.Clone(p.names), nil
}

// killed is the end of the process alone: the cache lives on.
func (p *platter) killed() *platter {
	p.holder, p.fail = nil, nil
	return p
}
