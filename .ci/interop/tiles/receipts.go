package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// receipts checks every receipt (C2SP tlog-proof) of a directory: the checkpoint signed by
// the log and cosigned by a quorum, the record of the log included in its tree, and that
// tree a prefix of the log's newest. Then every cosigned checkpoint that the log keeps.
//
// The policy is read for its keys alone, and the quorum of every policy here is two.
func receipts(log directory, policy, receipts string) error {
	vkeys, err := policyKeys(policy)
	if err != nil {
		return err
	}
	const quorum = 2
	data, err := os.ReadFile(filepath.Join(string(log), "checkpoint"))
	if err != nil {
		return err
	}
	newest, err := openCheckpoint(data, vkeys, quorum)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	records, err := log.records(newest.N)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(newest, log)
	prefix := func(tree tlog.Tree) error {
		if tree.N == 0 {
			// sumdb/tlog knows no empty tree.
			return nil
		}
		proof, err := tlog.ProveTree(newest.N, tree.N, reader)
		if err != nil {
			return err
		}
		return tlog.CheckTree(proof, newest.N, newest.Hash, tree.N, tree.Hash)
	}

	files, err := filepath.Glob(filepath.Join(receipts, "*.tlog-proof"))
	if err != nil {
		return err
	}
	for _, file := range files {
		tree, err := receipt(file, vkeys, quorum, records)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if err := prefix(tree); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	if len(files) == 0 {
		return fmt.Errorf("no receipts in %s", receipts)
	}

	cosigned := 0
	for ; ; cosigned++ {
		tile := tlog.Tile{H: height, L: 0, N: int64(cosigned), W: width}
		name := strings.TrimPrefix(path(tile), "tile/0/")
		data, err := os.ReadFile(filepath.Join(string(log), "cosigned", name))
		if os.IsNotExist(err) {
			break
		}
		if err != nil {
			return err
		}
		tree, err := openCheckpoint(data, vkeys, quorum)
		if err != nil {
			return fmt.Errorf("cosigned %d: %w", cosigned, err)
		}
		if err := prefix(tree); err != nil {
			return fmt.Errorf("cosigned %d: %w", cosigned, err)
		}
	}
	if cosigned == 0 {
		return fmt.Errorf("no cosigned checkpoints")
	}
	fmt.Printf("receipts: %d receipts, %d cosigned checkpoints, %d records\n", len(files), cosigned, newest.N)
	return nil
}

func receipt(file string, vkeys []string, quorum int, records [][]byte) (tlog.Tree, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return tlog.Tree{}, err
	}
	index, proof, checkpoint, err := parseReceipt(string(data))
	if err != nil {
		return tlog.Tree{}, err
	}
	tree, err := openCheckpoint([]byte(checkpoint), vkeys, quorum)
	if err != nil {
		return tlog.Tree{}, err
	}
	if index >= int64(len(records)) {
		return tlog.Tree{}, fmt.Errorf("no record %d", index)
	}
	hash := tlog.RecordHash(records[index])
	return tree, tlog.CheckRecord(proof, tree.N, tree.Hash, index, hash)
}

func parseReceipt(text string) (int64, tlog.RecordProof, string, error) {
	bad := func(what string) (int64, tlog.RecordProof, string, error) {
		return 0, nil, "", fmt.Errorf("not a proof file: %s", what)
	}
	head, checkpoint, found := strings.Cut(text, "\n\n")
	if !found {
		return bad("no empty line")
	}
	lines := strings.Split(head, "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		return bad("first line")
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		extra, err := base64.StdEncoding.Strict().DecodeString(lines[0][len("extra "):])
		if err != nil || len(extra) == 0 {
			return bad("extra")
		}
		lines = lines[1:]
	}
	if len(lines) == 0 {
		return bad("no index")
	}
	digits, found := strings.CutPrefix(lines[0], "index ")
	index, err := strconv.ParseInt(digits, 10, 64)
	if !found || err != nil || index < 0 || strconv.FormatInt(index, 10) != digits {
		return bad("index")
	}
	proof := tlog.RecordProof{}
	for _, line := range lines[1:] {
		hash, err := parseHash(line)
		if err != nil {
			return bad("hash")
		}
		proof = append(proof, hash)
	}
	return index, proof, checkpoint, nil
}

// policyKeys returns the keys of a policy, the log's first.
func policyKeys(file string) ([]string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var vkeys []string
	for line := range strings.Lines(string(data)) {
		words := strings.Fields(line)
		switch {
		case len(words) > 1 && words[0] == "log":
			vkeys = append([]string{words[1]}, vkeys...)
		case len(words) > 2 && words[0] == "witness":
			vkeys = append(vkeys, words[2])
		}
	}
	if len(vkeys) == 0 {
		return nil, fmt.Errorf("%s names no log", file)
	}
	return vkeys, nil
}
