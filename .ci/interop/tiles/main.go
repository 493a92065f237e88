// Command tiles checks a log directory with Go's own transparency log code.
//
// usage: tiles LOGDIR VKEYFILE
//
//	tiles receipts LOGDIR POLICYFILE RECEIPTDIR
//	tiles fixtures FIXTUREDIR
//
// It opens the checkpoint with sumdb/note, then checks every tile and every record with
// sumdb/tlog. The layout is that of C2SP tlog-tiles; the hashing, proofs and note parsing
// are golang.org/x/mod's and share nothing with ours.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	height = 8
	width  = 1 << height
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "tiles:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 4 && args[0] == "receipts":
		return receipts(directory(args[1]), args[2], args[3])
	case len(args) == 2 && args[0] == "fixtures":
		return fixtures(args[1])
	case len(args) == 2:
		vkey, err := os.ReadFile(args[1])
		if err != nil {
			return err
		}
		return check(directory(args[0]), strings.TrimSpace(string(vkey)))
	}
	return fmt.Errorf("usage: tiles LOGDIR VKEYFILE | receipts LOGDIR POLICYFILE RECEIPTDIR | fixtures FIXTUREDIR")
}

func check(dir directory, vkey string) error {
	tree, err := dir.checkpoint(vkey)
	if err != nil {
		return err
	}
	if tree.N == 0 {
		return fmt.Errorf("the log is empty")
	}
	records, err := dir.records(tree.N)
	if err != nil {
		return err
	}

	// The tree anew, from the records alone.
	var stored storage
	for i, record := range records {
		hashes, err := tlog.StoredHashes(int64(i), record, &stored)
		if err != nil {
			return err
		}
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(tree.N, &stored)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("the records have the root %v, the checkpoint %v", root, tree.Hash)
	}

	// Every tile of that tree, byte for byte.
	tiles := tlog.NewTiles(height, 0, tree.N)
	for _, tile := range tiles {
		want, err := tlog.ReadTileData(tile, &stored)
		if err != nil {
			return err
		}
		got, err := dir.tile(tile)
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("tile %s is not that of its records", path(tile))
		}
	}

	// And the way a client goes: hashes and proofs out of the tiles, which it checks
	// against the checkpoint as it reads them.
	reader := tlog.TileHashReader(tree, dir)
	for i, record := range records {
		id := int64(i)
		proof, err := tlog.ProveRecord(tree.N, id, reader)
		if err != nil {
			return fmt.Errorf("record %d: %w", i, err)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, id, tlog.RecordHash(record)); err != nil {
			return fmt.Errorf("record %d: %w", i, err)
		}
		old, err := tlog.TreeHash(id+1, &stored)
		if err != nil {
			return err
		}
		since, err := tlog.ProveTree(tree.N, id+1, reader)
		if err != nil {
			return fmt.Errorf("tree of %d: %w", id+1, err)
		}
		if err := tlog.CheckTree(since, tree.N, tree.Hash, id+1, old); err != nil {
			return fmt.Errorf("tree of %d: %w", id+1, err)
		}
	}
	fmt.Printf("tiles: %d tiles, %d records, root %v\n", len(tiles), tree.N, tree.Hash)
	return nil
}

// A directory holds a log.
type directory string

func (dir directory) checkpoint(vkey string) (tlog.Tree, error) {
	data, err := os.ReadFile(filepath.Join(string(dir), "checkpoint"))
	if err != nil {
		return tlog.Tree{}, err
	}
	// Three lines and no extension: ours has none.
	if text, _, _ := strings.Cut(string(data), "\n\n"); strings.Count(text, "\n") != 2 {
		return tlog.Tree{}, fmt.Errorf("the checkpoint has not three lines")
	}
	return openCheckpoint(data, []string{vkey}, 0)
}

// records reads the entry bundles.
func (dir directory) records(size int64) ([][]byte, error) {
	var records [][]byte
	for n := int64(0); n*width < size; n++ {
		tile := tlog.Tile{H: height, L: -1, N: n, W: int(min(width, size-n*width))}
		data, err := os.ReadFile(filepath.Join(string(dir), path(tile)))
		if err != nil {
			return nil, err
		}
		for range tile.W {
			if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("%s ends inside an entry", path(tile))
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			records = append(records, data[2:end])
			data = data[end:]
		}
		if len(data) != 0 {
			return nil, fmt.Errorf("%s has %d bytes too many", path(tile), len(data))
		}
	}
	return records, nil
}

func (dir directory) tile(tile tlog.Tile) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(dir), path(tile)))
}

// Height, ReadTiles and SaveTiles make a directory a tlog.TileReader.

func (dir directory) Height() int { return height }

func (dir directory) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		var err error
		if data[i], err = dir.tile(tile); err != nil {
			return nil, err
		}
	}
	return data, nil
}

func (dir directory) SaveTiles([]tlog.Tile, [][]byte) {}

// path turns the path of sumdb/tlog, which names the height, into that of C2SP.
func path(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	if rest, ok := strings.CutPrefix(path, "data/"); ok {
		path = "entries/" + rest
	}
	return "tile/" + path
}

// storage holds all hashes of a tree in the order of sumdb/tlog.
type storage []tlog.Hash

func (s *storage) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(*s)) {
			return nil, fmt.Errorf("no stored hash %d", index)
		}
		hashes[i] = (*s)[index]
	}
	return hashes, nil
}
