package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
)

const (
	snapshotPrefix = segmentPrefix + "snapshot-"
	snapshotTmp    = segmentPrefix + "snapshot" + tmpSuffix
)

// Snapshot is the caller's state, as saved.
type Snapshot struct {
	Generation uint64 // counts the snapshots; 0: there is none
	Seq        uint64 // it knows of the records up to this one; replay those after it
	Data       []byte // the caller's, any bytes
}

// snapshotHeader is the first line of a snapshot.
type snapshotHeader struct {
	Major      int    `json:"snapshot"`
	Generation uint64 `json:"generation"`
	Seq        uint64 `json:"seq"`
	Bytes      int    `json:"bytes"`
	CRC        string `json:"crc"`
}

// snapshotName has our schema in it, so that those of another one stay for the program that wrote them.
func snapshotName(generation uint64) string {
	return fmt.Sprintf("%s%d.%d", snapshotPrefix, schemaMajor, generation%2)
}

func isSnapshot(name string) bool { return name == snapshotName(0) || name == snapshotName(1) }

func appendSnapshot(dst []byte, s Snapshot) []byte {
	dst = fmt.Appendf(dst, `{"snapshot":%d,"generation":%d,"seq":%d,"bytes":%d,"crc":"%s"}`, schemaMajor, s.Generation, s.Seq,
		len(s.Data), appendHex(nil, crc32.Checksum(s.Data, castagnoli)))
	return append(appendSeal(dst, 0), s.Data...)
}

func parseSnapshot(file []byte) (Snapshot, bool) {
	line, data, _ := bytes.Cut(file, []byte{'\n'})
	body, ok := unseal(line)
	var h snapshotHeader
	if !ok || json.Unmarshal(body, &h) != nil || h.Major != schemaMajor || h.Bytes < 0 || h.Bytes > len(data) || h.Seq >= maxSeq {
		return Snapshot{}, false
	}
	data = data[:h.Bytes]
	sum := string(appendHex(nil, crc32.Checksum(data, castagnoli)))
	return Snapshot{Generation: h.Generation, Seq: h.Seq, Data: bytes.Clone(data)}, sum == h.CRC && h.Generation < maxSeq
}

// addSnapshot keeps the newest readable one.
func (d *disk) addSnapshot(f FileInfo) {
	data, err := load(d.fs, f.Name, f.Size, nil)
	s, ok := parseSnapshot(data)
	if err != nil || !ok {
		d.noteDamage(Damage{File: f.Name, Bytes: f.Size})
		return
	}
	if s.Generation > d.snapshot.Generation {
		d.snapshot = s
	}
}

// saveSnapshot replaces the older of the two generations.
func (d *disk) saveSnapshot(s Snapshot) error {
	file := appendSnapshot(nil, s)
	if err := d.room(int64(len(file))); err != nil {
		return err
	}
	f, err := d.fs.Create(snapshotTmp)
	if err != nil {
		return err
	}
	err = errors.Join(d.publish(f, file, snapshotTmp, snapshotName(s.Generation)), f.Close())
	if err != nil {
		_ = d.fs.Remove(snapshotTmp)
		return err
	}
	d.snapshot = s
	return nil
}
