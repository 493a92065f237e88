package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A cosigner verifies cosignatures of type 0x04 (C2SP tlog-cosignature) where sumdb/note
// asks for it: the note package splits the note, matches name and id, and gives the text.
type cosigner struct {
	name string
	id   uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.id }

func (c cosigner) Verify(text, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	time := binary.BigEndian.Uint64(sig)
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", time, text)
	return time > 0 && ed25519.Verify(c.key, []byte(message), sig[8:])
}

// verifier reads a vkey of type 0x01, which sumdb/note knows, or 0x04.
func verifier(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("%q is not a vkey", vkey)
	}
	key, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		return note.NewVerifier(vkey)
	}
	id, err := hex.DecodeString(parts[1])
	if err != nil || len(id) != 4 {
		return nil, fmt.Errorf("%q is not an id", parts[1])
	}
	return cosigner{parts[0], binary.BigEndian.Uint32(id), key[1:]}, nil
}

// openCheckpoint opens a checkpoint that the first key must have signed and of the others
// at least quorum.
func openCheckpoint(data []byte, vkeys []string, quorum int) (tlog.Tree, error) {
	var verifiers []note.Verifier
	for _, vkey := range vkeys {
		v, err := verifier(vkey)
		if err != nil {
			return tlog.Tree{}, err
		}
		verifiers = append(verifiers, v)
	}
	log := verifiers[0]
	opened, err := note.Open(data, note.VerifierList(verifiers...))
	if err != nil {
		return tlog.Tree{}, err
	}
	signed, cosigned := false, 0
	for _, sig := range opened.Sigs {
		if sig.Name == log.Name() && sig.Hash == log.KeyHash() {
			signed = true
		} else {
			cosigned++
		}
	}
	if !signed || cosigned < quorum {
		return tlog.Tree{}, fmt.Errorf("signed by the log: %v; by %d witnesses of %d", signed, cosigned, quorum)
	}
	return parseTree(opened.Text, log.Name())
}

func parseTree(text, origin string) (tlog.Tree, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[len(lines)-1] != "" {
		return tlog.Tree{}, fmt.Errorf("the checkpoint has %d lines", len(lines)-1)
	}
	if lines[0] != origin {
		return tlog.Tree{}, fmt.Errorf("origin %q, but the key is of %q", lines[0], origin)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, fmt.Errorf("size %q", lines[1])
	}
	root, err := parseHash(lines[2])
	if err != nil {
		return tlog.Tree{}, err
	}
	for _, line := range lines[3 : len(lines)-1] {
		if line == "" {
			return tlog.Tree{}, fmt.Errorf("an empty line in the checkpoint")
		}
	}
	return tlog.Tree{N: size, Hash: root}, nil
}

func parseHash(text string) (tlog.Hash, error) {
	hash, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(hash) != tlog.HashSize {
		return tlog.Hash{}, fmt.Errorf("%q is not a hash", text)
	}
	return tlog.Hash(hash), nil
}
