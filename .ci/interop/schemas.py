"""Checks payloads against the JSON Schemas of `specs/schemas` with the stock validator.

usage: schemas.py [LOGDIR]

Without LOGDIR: every schema is one of draft 2020-12; every good payload and draft of
`fixtures` is accepted, and of the bad ones those, and only those, that say `schema: refuses`
in their header are refused. With LOGDIR: every payload of that log is accepted.
"""

import base64
import json
import sys
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry, Resource

from envelopes import read_entries

ROOT = Path(__file__).resolve().parent.parent.parent
PLEDGE_DRAFT = "pledge.schema.json#/$defs/members"


def read_schemas():
    """Returns the schemas, each valid itself, by their ids."""
    schemas = {}
    for path in sorted((ROOT / "specs/schemas").glob("*.schema.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(schema)
        if not schema["$id"].endswith("/" + path.name):
            sys.exit(f"{path.name}: its id is {schema['$id']}")
        schemas[schema["$id"]] = schema
    return schemas


def validator(schemas, reference, strict=False):
    pairs = [(uri, Resource.from_contents(schema)) for uri, schema in schemas.items()]
    base = next(iter(schemas)).rsplit("/", 1)[0]
    schema = {"$schema": Draft202012Validator.META_SCHEMA["$id"], "$ref": f"{base}/{reference}"}
    if strict:
        schema["unevaluatedProperties"] = False
    return Draft202012Validator(schema, registry=Registry().with_resources(pairs))


def read_fixture(path):
    header, _, body = path.read_bytes().partition(b"\n\n")
    lines = header.decode("utf-8").splitlines()
    return dict(line.split(": ", 1) if ": " in line else (line.rstrip(":"), "") for line in lines), body


def refusal(judge, value):
    """Returns why a value is refused, or None."""
    error = best_match(judge.iter_errors(value))
    return error and f"{error.json_path}: {error.message[:200]}"


def check_fixtures(schemas):
    payload = validator(schemas, "payload.schema.json")
    draft = validator(schemas, PLEDGE_DRAFT, strict=True)
    accepted = refused = 0
    faults = []
    for folder, judge in (("statements", payload), ("payload", payload), ("pledge", draft)):
        for path in sorted((ROOT / "fixtures" / folder).iterdir()):
            header, body = read_fixture(path)
            good = header["expect"] == "ok" or header["expect"].startswith("lint:")
            if not good and "schema" not in header:
                continue
            wanted = good or header["schema"] == "accepts"
            why = refusal(judge, json.loads(body))
            if wanted != (why is None):
                faults.append(f"{path.name}: {why or 'accepted, which it should not be'}")
            accepted += wanted
            refused += not wanted
    if faults:
        sys.exit("\n".join(faults))
    print(f"schemas: {len(schemas)} files, {accepted} fixtures accepted, {refused} refused")


def check_log(schemas, log):
    judge = validator(schemas, "payload.schema.json")
    entries = 0
    for entry in read_entries(log):
        payload = base64.b64decode(json.loads(entry)["payload"])
        why = refusal(judge, json.loads(payload))
        if why:
            sys.exit(f"entry {entries}: {why}")
        entries += 1
    print(f"schemas: {entries} payloads accepted")


def main():
    schemas = read_schemas()
    if len(sys.argv) > 1:
        check_log(schemas, Path(sys.argv[1]))
    else:
        check_fixtures(schemas)


if __name__ == "__main__":
    main()
