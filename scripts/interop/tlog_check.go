// tlog_check checks an exported log with the transparency log packages of the Go project.
//
// usage: tlog_check FOLDER INDEX VKEY
//
// FOLDER is what `provenir log export --tiles FOLDER` wrote, INDEX the number of an entry, VKEY the
// log's key as name+hash+base64. Exit code 0: the checkpoint is signed by the key, the entry is in
// the tree that it states, and smaller trees are prefixes of it. Exit code 1: one of these fails.
//
// With Debian's packages golang-go and golang-golang-x-mod-dev:
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run scripts/interop/tlog_check.go FOLDER INDEX VKEY
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

// folder reads tiles where c2sp.org/tlog-tiles puts them: as package tlog does, without the height.
type folder string

func (f folder) Height() int { return tileHeight }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight), "tile/", 1)
		data, err := os.ReadFile(filepath.Join(string(f), path))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// entry takes one entry out of its bundle.
func (f folder) entry(index, size int64) ([]byte, error) {
	n := index >> tileHeight
	width := 1 << tileHeight
	if size>>tileHeight == n {
		width = int(size - n<<tileHeight)
	}
	tile := tlog.Tile{H: tileHeight, L: 0, N: n, W: width}
	path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/0/", tileHeight), "tile/entries/", 1)
	bundle, err := os.ReadFile(filepath.Join(string(f), path))
	if err != nil {
		return nil, err
	}
	for skip := index - n<<tileHeight; ; skip-- {
		if len(bundle) < 2 {
			return nil, fmt.Errorf("bundle %s ends before entry %d", path, index)
		}
		length := int(binary.BigEndian.Uint16(bundle))
		bundle = bundle[2:]
		if len(bundle) < length {
			return nil, fmt.Errorf("bundle %s is cut", path)
		}
		if skip == 0 {
			return bundle[:length], nil
		}
		bundle = bundle[length:]
	}
}

func check(f folder, index int64, vkey string) error {
	data, err := os.ReadFile(filepath.Join(string(f), "checkpoint"))
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	opened, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return err
	}
	// tlog.ParseTree reads the text of the Go checksum database alone, whose origin is fixed.
	lines := strings.SplitN(opened.Text, "\n", 4)
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return fmt.Errorf("no checkpoint of %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return err
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return err
	}
	tree := tlog.Tree{N: size, Hash: root}
	reader := tlog.TileHashReader(tree, f)

	entry, err := f.entry(index, size)
	if err != nil {
		return err
	}
	record, err := tlog.ProveRecord(size, index, reader)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(record, size, root, index, tlog.RecordHash(entry)); err != nil {
		return fmt.Errorf("inclusion of %d: %w", index, err)
	}
	stored, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
	if err != nil {
		return err
	}
	hashed := tlog.RecordHash(entry)
	if !bytes.Equal(stored[0][:], hashed[:]) {
		return fmt.Errorf("entry %d is not the leaf of its tile", index)
	}
	for _, old := range []int64{1, index + 1, size / 2, size} {
		if old < 1 || old > size {
			continue
		}
		oldRoot, err := tlog.TreeHash(old, reader)
		if err != nil {
			return err
		}
		proof, err := tlog.ProveTree(size, old, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, size, root, old, oldRoot); err != nil {
			return fmt.Errorf("consistency of %d and %d: %w", old, size, err)
		}
	}
	return nil
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: tlog_check FOLDER INDEX VKEY")
		os.Exit(1)
	}
	index, err := strconv.ParseInt(os.Args[2], 10, 64)
	if err == nil {
		err = check(folder(os.Args[1]), index, os.Args[3])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tlog_check:", err)
		os.Exit(1)
	}
	fmt.Println("good")
}
