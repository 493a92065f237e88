"""Reads signed conclusions with the stock Python libraries of DSSE, in-toto and SLSA.

usage: conclusions.py DIR KEY PASSED

DIR holds conclusions (`*.vsa.json`, at any depth); KEY is the auditor's Ed25519 public key in
hexadecimal. securesystemslib, which computes the key id itself, verifies each signature;
in-toto-attestation reads the statement, and its message of the VSA predicate every member that
SLSA names. PASSED conclusions must have passed, each with a verdict that HOLDS; no other may.
"""

import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from google.protobuf import json_format
from in_toto_attestation.predicates.vsa.v1.vsa_pb2 import VerificationSummary
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey

PREDICATE = "https://slsa.dev/verification_summary/v1"


def main(directory, key, expected):
    key = SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)))
    passed = checked = 0
    for path in sorted(Path(directory).rglob("*.vsa.json")):
        envelope = Envelope.from_dict(json.loads(path.read_bytes()))
        envelope.verify([key], 1)
        message = json_format.Parse(envelope.payload, statement_pb2.Statement())
        Statement.copy_from_pb(message).validate()
        if message.predicate_type != PREDICATE:
            raise ValueError(f"{path}: is a {message.predicate_type}")
        predicate = json_format.MessageToDict(message.predicate)
        verdict = predicate.pop("dev.standstill.verdict")
        # Strict: every other member must be one of SLSA's.
        summary = json_format.ParseDict(predicate, VerificationSummary())
        for name in ("verifier", "time_verified", "policy"):
            if not summary.HasField(name):
                raise ValueError(f"{path}: has no {name}")
        if not summary.resource_uri or len(summary.input_attestations) < 2:
            raise ValueError(f"{path}: names no resource, or too few inputs")
        holds = verdict["headline"].startswith("HOLDS@")
        levels = list(summary.verified_levels)
        if (summary.verification_result == "PASSED") != holds:
            raise ValueError(f"{path}: {verdict['headline']} is {summary.verification_result}")
        if (levels == ["FAILED"]) == holds:
            raise ValueError(f"{path}: {verdict['headline']} has the levels {levels}")
        passed += holds
        checked += 1
    if passed != int(expected):
        raise ValueError(f"{passed} passed, {expected} were expected")
    print(f"conclusions: {checked} verified, {passed} of them passed")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
