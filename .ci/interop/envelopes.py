"""Checks a log's entries with the stock Python libraries of DSSE and in-toto.

usage: envelopes.py LOGDIR KEYSFILE

LOGDIR is laid out as C2SP tlog-tiles says; its bundles are read here, by code that shares
nothing with ours. KEYSFILE holds Ed25519 public keys in hexadecimal, one a line. For every
entry: securesystemslib, which computes the key ids itself, verifies every signature; and
the payload goes through in-toto-attestation and comes back with every string as it was.
"""

import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey

BUNDLE = 256


def read_keys(path):
    """Returns the keys, with ids as the library computes them."""
    lines = path.read_text(encoding="ascii").split()
    keys = [Ed25519PublicKey.from_public_bytes(bytes.fromhex(line)) for line in lines]
    return {key.keyid: key for key in map(SSlibKey.from_crypto, keys)}


def bundle_path(index, width):
    """Returns where C2SP tlog-tiles puts the bundle of that number."""
    parts = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        parts.insert(0, f"x{index % 1000:03}")
    partial = "" if width == BUNDLE else f".p/{width}"
    return "tile/entries/" + "/".join(parts) + partial


def split(data):
    """Splits a bundle into its entries, each behind a length of two bytes."""
    entries = []
    while data:
        length = int.from_bytes(data[:2], "big")
        if len(data) < 2 + length:
            raise ValueError("a bundle ends inside an entry")
        entries.append(data[2 : 2 + length])
        data = data[2 + length :]
    return entries


def read_entries(log):
    size = int((log / "checkpoint").read_text(encoding="utf-8").split("\n")[1])
    for index in range(-(-size // BUNDLE)):
        width = min(BUNDLE, size - index * BUNDLE)
        entries = split((log / bundle_path(index, width)).read_bytes())
        if len(entries) != width:
            raise ValueError(f"bundle {index} has {len(entries)} entries, not {width}")
        yield from entries


def refuse_number(text):
    raise ValueError(f"a JSON number in a payload: {text}")


def check_signatures(entry, keys):
    """Returns the envelope, every signature of which a key of the file has made."""
    envelope = Envelope.from_dict(json.loads(entry))
    unknown = set(envelope.signatures) - set(keys)
    if unknown:
        raise ValueError(f"signed by keys that are not listed: {sorted(unknown)}")
    needed = len(envelope.signatures)
    if len(envelope.verify(list(keys.values()), needed)) != needed:
        raise ValueError("not every signature was accepted")
    if envelope.payload_type != "application/vnd.in-toto+json":
        raise ValueError(f"payload type {envelope.payload_type}")
    return envelope


def check_statement(payload):
    """Sends a payload through in-toto-attestation; returns how many strings it has."""
    sent = json.loads(payload, parse_int=refuse_number, parse_float=refuse_number)
    parsed = json_format.Parse(payload, statement_pb2.Statement())
    statement = Statement.copy_from_pb(parsed)
    statement.validate()
    back = json_format.MessageToDict(statement.pb)
    if back != sent:
        raise ValueError(f"changed on its way: {sent} became {back}")
    canonical = json.dumps(back, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if canonical.encode() != payload:
        raise ValueError("what came back has another canonical spelling")
    return count_strings(sent)


def count_strings(value):
    if isinstance(value, dict):
        return sum(map(count_strings, value.values()))
    if isinstance(value, list):
        return sum(map(count_strings, value))
    return isinstance(value, str)


def main():
    log, keys = Path(sys.argv[1]), read_keys(Path(sys.argv[2]))
    entries = signatures = strings = 0
    for entry in read_entries(log):
        try:
            envelope = check_signatures(entry, keys)
            strings += check_statement(envelope.payload)
        except Exception as error:
            sys.exit(f"entry {entries}: {type(error).__name__}: {error}")
        signatures += len(envelope.signatures)
        entries += 1
    if not entries:
        sys.exit("the log has no entries")
    print(f"envelopes: {entries} entries, {signatures} signatures, {strings} strings")


if __name__ == "__main__":
    main()
