"""Checks what `verify` hands on with others' libraries and the words of others' standards.

usage: conclusions.py VKEY OUTDIR JSONFILE    or    conclusions.py fixtures

OUTDIR is what `verify --sign --export cyclonedx --export ear --to` wrote, JSONFILE what
`verify --json` printed, VKEY the key that signed. securesystemslib verifies each summary and
in-toto-attestation reads it; the rules of SLSA and of specs/conclusion.md are held again here,
by code that shares nothing with ours. CycloneDX is validated by its own schema, strictly; the
token is verified by PyJWT. `fixtures` does the same for fixtures/conclusion.
"""

import base64
import copy
import hashlib
import json
import re
import sys
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from google.protobuf import json_format
from in_toto_attestation.predicates.vsa.v1 import vsa_pb2
from in_toto_attestation.v1 import resource_descriptor_pb2, statement_pb2
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from schemas import ROOT, read_fixture, read_schemas, refusal, validator

MEMBER = "dev.standstill.verdict"
ORDER = ["VIOLATED", "LOG-INTEGRITY-FAILURE", "OVERDUE", "NOT-SHOWN", "CONSISTENT", "HOLDS"]
TIERS = {
    "VIOLATED": "contraindicated",
    "LOG-INTEGRITY-FAILURE": "contraindicated",
    "OVERDUE": "warning",
    "NOT-SHOWN": "none",
    "CONSISTENT": "warning",
    "HOLDS": "affirming",
}
WORST = ["affirming", "none", "warning", "contraindicated"]


def need(condition, what):
    if not condition:
        raise ValueError(what)


def read_vkey(vkey):
    name, _, encoded = vkey.strip().split("+", 2)
    raw = base64.b64decode(encoded)
    need(raw[0] == 1, f"a key of type {raw[0]}")
    return name, Ed25519PublicKey.from_public_bytes(raw[1:])


def verify(data, key):
    """Returns the payload of an envelope that the key, and nobody else, signed."""
    envelope = Envelope.from_dict(json.loads(data))
    need(len(envelope.signatures) == 1, "not one signature")
    need(len(envelope.verify([SSlibKey.from_crypto(key)], 1)) == 1, "not signed by the key")
    return envelope.payload


def check_resource(value):
    parsed = json_format.ParseDict(value, resource_descriptor_pb2.ResourceDescriptor())
    ResourceDescriptor.copy_from_pb(parsed).validate()
    need(re.match(r"^https://[!-~]+$", parsed.uri), f"no URI: {parsed.uri}")


def signed_text(tree):
    """Returns the digest of the text that a log signs of a tree."""
    root = base64.b64encode(bytes.fromhex(tree["root"])).decode()
    return hashlib.sha256(f"{tree['origin']}\n{tree['size']}\n{root}\n".encode()).hexdigest()


def check_summary(payload, name, schemas):
    """Holds a statement to SLSA and to specs/conclusion.md; returns its verdict."""
    statement = Statement.copy_from_pb(json_format.Parse(payload, statement_pb2.Statement()))
    statement.validate()
    found = json.loads(payload)
    need(found["predicateType"] == "https://slsa.dev/verification_summary/v1", "another type")
    predicate = found["predicate"]
    # The Protobuf definition of this version has one string where SLSA has a list.
    without = {key: value for key, value in predicate.items() if key != "verifiedLevels"}
    parsed = json_format.ParseDict(
        without, vsa_pb2.VerificationSummary(), ignore_unknown_fields=True
    )
    need(parsed.verifier.id == f"https://{name}", f"the verifier is {parsed.verifier.id}")
    need(parsed.resource_uri.startswith("https://standstill.dev/claim/v1/"), "resourceUri")
    need(parsed.policy.uri and len(parsed.policy.digest["sha256"]) == 64, "policy")
    check_resource(predicate["policy"])
    for one in predicate["inputAttestations"]:
        check_resource(one)

    verdict = predicate[MEMBER]
    more = ("checkpoint", "beside", "label", "program")
    said = {member: value for member, value in verdict.items() if member not in more}
    why = refusal(validator(schemas, "verify.schema.json#/$defs/verdict"), said)
    need(why is None, why)
    called = [one["callsFor"] for one in verdict["findings"] if one["callsFor"]]
    if called:
        need(verdict["word"] == min(called, key=ORDER.index), "another word than is called for")
    holds = (
        verdict["word"] == "HOLDS"
        and not called
        and verdict["level"] >= "E3"
        and verdict["level"] >= verdict["requiredLevel"]
    )
    need(holds or verdict["word"] != "HOLDS", "HOLDS on less than that takes")
    expected = ("PASSED", ["STANDSTILL_" + verdict["level"]]) if holds else ("FAILED", ["FAILED"])
    result = (predicate["verificationResult"], predicate["verifiedLevels"])
    need(result == expected, f"{result} for {verdict['headline']}")
    need(found["subject"] == [{
        "name": f"{verdict['issuer']}/0/{verdict['sequence']}",
        "digest": {"sha256": verdict["pledge"]},
    }], "another subject")
    inputs = [
        (f"{one['issuer']}/{one['stream']}/{one['first']}-{one['last']}", one["statement"])
        for one in verdict["streams"]
    ]
    need(verdict.get("beside") != [], "a list of no other logs")
    trees = [verdict["checkpoint"], *verdict.get("beside", [])]
    for tree in trees:
        why = refusal(validator(schemas, "verify.schema.json#/$defs/checkpoint"), tree)
        need(why is None, why)
    given = [(one["name"], one["digest"]["sha256"]) for one in predicate["inputAttestations"]]
    need(given[:len(inputs)] == inputs, "other inputs than the verdict's streams")
    digests = [digest for _, digest in given[len(inputs):]]
    need(digests == [signed_text(tree) for tree in trees], "another checkpoint")
    return verdict


def check_cyclonedx(text):
    strict = JsonStrictValidator(SchemaVersion.V1_6)
    error = strict.validate_str(text)
    need(error is None, f"CycloneDX: {error}")
    # The validator can refuse.
    broken = json.loads(text)
    broken["declarations"]["attestations"][0]["map"][0]["conformance"]["score"] = 2
    need(strict.validate_str(json.dumps(broken)) is not None, "any score is accepted")
    return json.loads(text)


def check_ear(token, key):
    """Holds a token to draft-ietf-rats-ear-04, sections 3 and 3.1."""
    claims = jwt.decode(token, key, algorithms=["EdDSA"], options={"verify_iat": False})
    need(claims["eat_profile"] == "tag:ietf.org,2026:rats/ear#04", "another profile")
    need(type(claims["iat"]) is int, "`iat` is no integer")
    need(set(claims["ear_verifier_id"]) == {"developer", "build"}, "ear_verifier_id")
    need(claims["submods"], "no appraisal")
    worst = "affirming"
    for name, one in claims["submods"].items():
        verdict = one["ear_verifier_claims"][MEMBER]
        need(verdict["pledge"] == name, "an appraisal of another pledge")
        need(one["ear_status"] == TIERS[verdict["word"]], "another tier than the word's")
        (value,) = one["ear_trustworthiness_vector"].values()
        need(-128 <= value <= 127 and one["ear_appraisal_policy_ids"], "the appraisal")
        worst = max(worst, one["ear_status"], key=WORST.index)
    need(WORST.index(claims["ear_status"]) >= WORST.index(worst), "better than the worst")
    try:
        head, body, signature = token.split(".")
        changed = json.loads(base64.urlsafe_b64decode(body + "=="))
        changed["ear_status"] = "affirming" if changed["ear_status"] != "affirming" else "none"
        body = base64.urlsafe_b64encode(json.dumps(changed).encode()).rstrip(b"=").decode()
        jwt.decode(f"{head}.{body}.{signature}", key, algorithms=["EdDSA"])
    except jwt.InvalidSignatureError:
        return claims
    raise ValueError("PyJWT accepted a changed token")


def check_output(vkey, out, printed):
    schemas = read_schemas()
    name, key = read_vkey(vkey)
    judged = json.loads(printed.read_text(encoding="utf-8"))
    why = refusal(validator(schemas, "verify.schema.json"), judged)
    need(why is None, why)
    broken = copy.deepcopy(judged)
    broken["verdicts"][0]["word"] = "FINE"
    need(refusal(validator(schemas, "verify.schema.json"), broken), "any word is accepted")
    files = sorted(out.glob("*.intoto.jsonl"))
    need(len(files) == len(judged["verdicts"]), "not one summary a verdict")
    words = []
    for path in files:
        verdict = check_summary(verify(path.read_bytes(), key), name, schemas)
        need(path.name.startswith(verdict["pledge"]), "another name")
        same = [one for one in judged["verdicts"] if one["pledge"] == verdict["pledge"]]
        need(all(verdict[member] == same[0][member] for member in same[0]), "another verdict")
        words.append(verdict["headline"])
    document = check_cyclonedx((out / "cyclonedx.json").read_text(encoding="utf-8"))
    need(document["metadata"]["timestamp"] == judged["at"], "another time")
    claims = check_ear((out / "ear.jwt").read_text(encoding="ascii"), key)
    print(f"conclusions: {', '.join(words)}: {claims['ear_status']}")


def check_fixtures():
    schemas = read_schemas()
    folder = ROOT / "fixtures/conclusion"
    accepted, forged, false = [], 0, 0
    for path in sorted(folder.glob("*.txt")):
        header, body = read_fixture(path)
        expect = header["expect"]
        try:
            name, key = read_vkey(header["key"])
            payload = verify(body, key)
        except (ValueError, KeyError, VerificationError):
            need(expect in ("signature", "signatures", "other-key", "key-type", "envelope"), path.name)
            forged += 1
            continue
        # Their parsers pass over spelling; what is left says what cannot be so.
        if expect in ("envelope", "json"):
            continue
        need(expect not in ("signature", "signatures", "other-key", "key-type"), path.name)
        try:
            verdict = check_summary(payload, name, schemas)
        except Exception as error:
            need(expect != "ok", f"{path.name}: {type(error).__name__}: {error}")
            false += 1
            continue
        if expect == "ok":
            need(verdict["word"] == header["word"], path.name)
            accepted.append(verdict["word"])
    need(set(accepted) == set(ORDER), f"not every word: {accepted}")
    for path in sorted((folder / "cyclonedx").glob("*.txt")):
        check_cyclonedx(read_fixture(path)[1].decode())
    for path in sorted((folder / "ear").glob("*.txt")):
        header, body = read_fixture(path)
        claims = check_ear(body.decode(), read_vkey(header["key"])[1])
        need(claims["ear_status"] == header["tier"], path.name)
    print(f"conclusions: {len(accepted)} fixtures accepted, {forged} forged, {false} false")


if __name__ == "__main__":
    if sys.argv[1:] == ["fixtures"]:
        check_fixtures()
    else:
        check_output(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
