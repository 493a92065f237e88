"""An hour of two devices, as exporters write it, and what must come of it.

GPU-aaaa runs at 100 % and 600 W; its counter of energy begins anew after half an hour.
GPU-bbbb runs at 50 % and 300 W; twenty of its scrapes, from 00:20 on, are lost.
"""

import base64
import json
import pathlib
import sys

START, STEP = 1767225600, 30
LABELS = {
    "GPU-aaaa": 'gpu="0",UUID="GPU-aaaa",modelName="NVIDIA H100 80GB HBM3",Hostname="n1"',
    "GPU-bbbb": 'gpu="1",UUID="GPU-bbbb",modelName="NVIDIA H100 80GB HBM3",Hostname="n1"',
}
# Two of whose containers ask for a device each, from the tenth scrape to the 70th.
POD = 'namespace="train",pod="p",uid="u"'


def samples(device):
    """Yields step, percent, watts and millijoules."""
    watts, percent = (600, 100) if device == "GPU-aaaa" else (300, 50)
    for step in range(-2, 123):
        if device == "GPU-bbbb" and 40 <= step < 60:
            continue
        energy = 900_000_000 + step * STEP * watts * 1000
        if device == "GPU-aaaa" and step >= 60:
            # The driver was loaded anew right after the scrape before.
            energy = (step - 59) * STEP * watts * 1000
        yield step, percent, watts, energy


def write():
    metrics = [
        ("DCGM_FI_DEV_GPU_UTIL", 1),
        ("DCGM_FI_DEV_POWER_USAGE", 2),
        ("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", 3),
    ]
    for name, column in metrics:
        print(f"# TYPE {name} {'unknown' if column == 3 else 'gauge'}")
        for device, labels in LABELS.items():
            for sample in samples(device):
                print(f"{name}{{{labels}}} {sample[column]} {START + sample[0] * STEP}")
        if column == 2:
            # What DCGM says where it has no number is never one.
            for labels in LABELS.values():
                other = labels.replace('gpu="', 'gpu_instance="')
                print(f"{name}{{{other}}} 9223372036854775794 {START + 100 * STEP + 7}")
    print("# TYPE kube_pod_status_phase gauge")
    for phase in ("Pending", "Running"):
        for step in range(-2, 123):
            there = (phase == "Running") == (10 <= step < 70)
            labels = f'{POD},phase="{phase}"'
            print(f"kube_pod_status_phase{{{labels}}} {int(there)} {START + step * STEP}")
    print("# TYPE kube_pod_container_resource_requests gauge")
    for resource, container, count in (
        ("nvidia_com_gpu", "a", 1),
        ("nvidia_com_gpu", "b", 1),
        ("cpu", "a", 8),
    ):
        labels = f'{POD},container="{container}",resource="{resource}"'
        for step in range(-2, 123):
            name = "kube_pod_container_resource_requests"
            print(f"{name}{{{labels}}} {count} {START + step * STEP}")
    print("# EOF")


def milliseconds(path):
    for line in open(path):
        if not line.startswith("#"):
            series, at = line.rstrip().rsplit(" ", 1)
            print(f"{series} {int(at) * 1000}")


def usage(lab):
    """The figures of the one usage of a lab's log, without what names its source."""
    entries = pathlib.Path(lab, "log").rglob("*")
    for path in entries:
        if not path.is_file():
            continue
        data = path.read_bytes()
        for part in data.split(b'{"payload":"')[1:]:
            payload = part.split(b'"')[0]
            statement = json.loads(base64.b64decode(payload))
            if "usage" not in statement["predicateType"]:
                continue
            figures = statement["predicate"]["figures"]
            for figure in figures:
                source = figure.pop("source")
                assert source["tool"].startswith("prometheus, standstill"), source
                assert source["query"] != "none" and source["input"] != "none", source
            return sorted(figures, key=lambda one: (one["quantity"], one["basis"]))
    raise SystemExit(f"{lab} has no usage")


def requests(one, other):
    """What pods asked for, from the drafts of two labs."""
    seconds = []
    for lab in (one, other):
        (path,) = pathlib.Path(lab, "collected", "1").glob("*.usage")
        figures = json.loads(path.read_bytes())["figures"]
        (found,) = (one for one in figures if one["quantity"] == "accelerator_seconds")
        assert found["source"]["tool"].startswith("kube-state-metrics, "), found
        seconds.append(found["interval"])
    # 59 scrapes apart for sure; before the first and after the last of them, it may have.
    sure, most = 2 * 59 * STEP, 2 * 61 * STEP
    expected = {"lower": str(sure), "upper": str(most)}
    assert seconds == [expected, expected], seconds
    print(f"metrics: pods asked {one} and {other} for the same")


def compare(hour, one, other):
    first, second = usage(one), usage(other)
    assert first == second, f"{one} and {other} differ:\n{first}\n{second}"
    active, present, energy = first
    seen = {"observed": "6600", "gap": "600", "resets": "0"}
    assert present["value"] == "6600" and present["coverage"] == seen, present
    # 3600 s at 100 %, 3000 s at 50 %.
    assert active["value"] == "5100" and active["coverage"] == seen, active
    # 600 W over the hour, 300 W over all of the other's, for its counter went on while
    # nobody read it. That time and the scrape at which the counter began anew are a gap
    # all the same, and of that scrape the shared hour has lost what the made one has not.
    joules, scrape = 600 * 3600 + 300 * 3600, 600 * 30
    lost = joules - int(energy["value"])
    assert (lost == 0) if hour == "made" else (0 <= lost <= scrape), energy
    assert energy["coverage"] == {"observed": "6570", "gap": "630", "resets": "1"}, energy
    print(f"metrics: {one} and {other} give the same {len(first)} figures")


match sys.argv[1]:
    case "requests":
        requests(*sys.argv[2:])
    case "compare":
        compare(*sys.argv[2:])
    case "milliseconds":
        milliseconds(sys.argv[2])
    case "made":
        write()
