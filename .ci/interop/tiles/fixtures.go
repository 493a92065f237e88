package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A fixture is a header of `key: value` lines, an empty line, and bytes.
type fixture struct {
	header map[string]string
	body   []byte
}

// An answer is whether sumdb accepts what the fixture holds.
type answer func(fixture) (bool, error)

// Where sumdb answers otherwise than the specification, and why. One that no longer does
// is an error too.
var divergent = map[string]string{
	"cosignature/line_twice":          "sumdb/note passes over a second line of one key",
	"cosignature/time_largest":        "an instant ends with year 9999 here",
	"cosignature/time_too_great":      "an instant ends with year 9999 here",
	"note/base64_bits":                "sumdb/note reads base64 that is not canonical",
	"note/line_twice":                 "sumdb/note passes over a second line of one key",
	"note/line_twice_other_signature": "sumdb/note passes over a second line of one key",
}

// fixtures has sumdb answer the fixtures of specs/log.md.
func fixtures(dir string) error {
	answers := map[string]answer{
		"checkpoint":  answerCheckpoint,
		"consistency": answerConsistency,
		"cosignature": answerNote,
		"inclusion":   answerInclusion,
		"note":        answerNote,
		"proof":       answerProof,
	}
	asked, wrong := 0, 0
	for folder, answer := range answers {
		files, err := filepath.Glob(filepath.Join(dir, folder, "*.txt"))
		if err != nil {
			return err
		}
		if len(files) == 0 {
			return fmt.Errorf("no fixtures in %s", folder)
		}
		for _, file := range files {
			one, err := readFixture(file)
			if err != nil {
				return err
			}
			accepted, why := answer(one)
			name := folder + "/" + strings.TrimSuffix(filepath.Base(file), ".txt")
			expected := one.header["expect"] == "ok" || one.header["expect"] == "signed"
			asked++
			if (accepted != expected) != (divergent[name] != "") {
				fmt.Fprintf(os.Stderr, "%s: accepted: %v, expected: %s (%v)\n", name, accepted, one.header["expect"], why)
				wrong++
			}
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d fixtures answered otherwise", wrong, asked)
	}
	fmt.Printf("fixtures: %d answered as expected\n", asked)
	return nil
}

func readFixture(file string) (fixture, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return fixture{}, err
	}
	head, body, found := bytes.Cut(data, []byte("\n\n"))
	if !found {
		return fixture{}, fmt.Errorf("%s has no empty line", file)
	}
	header := map[string]string{}
	for line := range strings.Lines(string(head)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		header[key] = value
	}
	return fixture{header, body}, nil
}

func answerNote(one fixture) (bool, error) {
	v, err := verifier(one.header["key"])
	if err != nil {
		return false, err
	}
	opened, err := note.Open(one.body, note.VerifierList(v))
	return err == nil && len(opened.Sigs) == 1, err
}

func answerCheckpoint(one fixture) (bool, error) {
	_, err := openCheckpoint(one.body, []string{one.header["key"]}, 0)
	return err == nil, err
}

func answerProof(one fixture) (bool, error) {
	index, proof, checkpoint, err := parseReceipt(string(one.body))
	if err != nil {
		return false, err
	}
	tree, err := openCheckpoint([]byte(checkpoint), []string{one.header["key"]}, 0)
	if err != nil {
		return false, err
	}
	leaf, err := hexHash(one.header["leaf"])
	if err != nil {
		return false, err
	}
	err = tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf)
	return err == nil, err
}

func answerInclusion(one fixture) (bool, error) {
	numbers, hashes, path, err := one.proof("index", "size", "leaf", "root")
	if err != nil {
		return false, err
	}
	err = tlog.CheckRecord(path, numbers[1], hashes[1], numbers[0], hashes[0])
	return err == nil, err
}

func answerConsistency(one fixture) (bool, error) {
	numbers, hashes, path, err := one.proof("old", "new", "old-root", "new-root")
	if err != nil {
		return false, err
	}
	if numbers[0] == 0 {
		// sumdb/tlog has no proof from the empty tree: its root and no hash are all.
		empty, _ := hexHash("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
		return hashes[0] == empty && len(path) == 0, nil
	}
	err = tlog.CheckTree(tlog.TreeProof(path), numbers[1], hashes[1], numbers[0], hashes[0])
	return err == nil, err
}

// proof reads two numbers, two hashes and a path.
func (one fixture) proof(names ...string) ([]int64, []tlog.Hash, tlog.RecordProof, error) {
	var numbers []int64
	var hashes []tlog.Hash
	for i, name := range names {
		if i < 2 {
			number, err := strconv.ParseInt(one.header[name], 10, 64)
			if err != nil {
				return nil, nil, nil, err
			}
			numbers = append(numbers, number)
			continue
		}
		hash, err := hexHash(one.header[name])
		if err != nil {
			return nil, nil, nil, err
		}
		hashes = append(hashes, hash)
	}
	path := tlog.RecordProof{}
	for line := range strings.Lines(string(one.body)) {
		hash, err := parseHash(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, nil, nil, err
		}
		path = append(path, hash)
	}
	return numbers, hashes, path, nil
}

func hexHash(text string) (tlog.Hash, error) {
	hash, err := hex.DecodeString(text)
	if err != nil || len(hash) != tlog.HashSize {
		return tlog.Hash{}, fmt.Errorf("%q is not a hash", text)
	}
	return tlog.Hash(hash), nil
}
