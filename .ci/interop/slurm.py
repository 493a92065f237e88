"""What the jobs of a real Slurm come to, from what its controller noted down of each run.

`completed` has the runs that are over, as the controller's own log of them has it; `running`
those that are not; `resized` the one that gave back a node, as it was before, for the log has
forgotten when that began. None of it went through the database that sacct asks. How many
devices each job has is written here.
"""

import glob
import json
import re
import subprocess
import sys
from datetime import datetime, timezone

# Devices per node.
DEVICES = {
    "shrunk": 1, "requeued": 2, "stopped": 1, "cancelled": 1, "parts": None, "none": 0,
    "four": 4, "array": 1, "a|b| c": 1, "untyped": 2, "failed": 1, "stepped": 2,
    "running": 1, "halted": 2, "outlasts": 2, "held": 4, "never": 4, "withdrawn": 4,
}
CLASSES = {"train": "training", "infer": "inference"}


def seconds(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp())


def spelled(instant):
    return datetime.fromtimestamp(instant, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def field(line, name):
    # A name of a job may hold blanks.
    return re.search(rf"\b{name}=(.*?)(?= [A-Za-z:/]+=|$)", line.strip()).group(1)


class Run:
    def __init__(self, line, name, nodes, start, end):
        self.id, self.name = field(line, "JobId"), field(line, name)
        partition = field(line, "Partition")
        self.kind, self.start, self.end = CLASSES[partition], start, end
        each = DEVICES[self.name]
        if each is None:
            # The second component has two.
            each = 2 if partition == "infer" else 1
        self.devices = each * int(field(line, nodes).split("-")[0])


def runs(through):
    found = []
    for line in open("completed"):
        state, start, end = (field(line, name) for name in ("JobState", "StartTime", "EndTime"))
        if state == "RESIZING":
            start = field(open("resized").read(), "StartTime")
        found.append(Run(line, "Name", "NodeCnt", seconds(start), seconds(end)))
    for line in open("running"):
        if field(line, "JobState") in ("RUNNING", "SUSPENDED"):
            start = seconds(field(line, "StartTime"))
            found.append(Run(line, "JobName", "NumNodes", start, through))
    return found


def held(run, start, end):
    return max(0, min(run.end, end) - max(run.start, start)) * run.devices


def main(first, through, step, standstill):
    wrong = []

    def same(what, is_, should):
        if is_ != should:
            wrong.append(f"{what}: {is_}, and should be {should}")

    known = runs(through)
    same("jobs", {run.name for run in known}, set(DEVICES) - {"held", "never"})
    same("runs requeued", sum(run.name == "requeued" for run in known), 2)
    same("runs of the array", sum(run.name == "array" for run in known), 3)
    # The controller's times are those at which the jobs themselves looked at the clock.
    for line in open("seen"):
        job, at = line.split()
        inside = any(run.id == job and run.start <= int(at) <= run.end for run in known)
        later = int(at) > through
        assert inside or later, f"job {job} ran at {at}, of which the controller knows nothing"

    total = 0
    for start in range(first, through, step):
        end = start + step
        name = spelled(start)
        figures = json.load(open(f"drafts/{name}.usage"))["figures"]
        said = {
            (one["quantity"], one["class"]): int(one["value"])
            for one in figures
            if one["value"] != "0"
        }
        expected = {}
        for run in known:
            if held(run, start, end):
                key = ("accelerator_seconds", run.kind)
                expected[key] = expected.get(key, 0) + held(run, start, end)
                total += held(run, start, end)
        most = max(sum(held(run, at, at + 1) for run in known) for at in range(start, end))
        if most:
            expected["accelerators", "unclassified"] = most
        for key in sorted(said | expected):
            if key[0].startswith("job_"):
                continue
            same(f"{name} {' '.join(key)}", said.get(key, 0), expected.get(key, 0))
    same("drafts", len(glob.glob("drafts/*.usage")), (through - first) // step)
    live = open("live").read()
    same("the total", live.split(": ")[1].split()[0], str(total))

    # Job by job, which says where a total is wrong.
    for job, name in sorted({(run.id, run.name) for run in known}):
        should = sum(held(run, first, through) for run in known if run.id == job)
        if should == 0:
            continue
        shown = subprocess.run(
            [standstill, "collect", "slurm", "--run", "--sacct", "sacct", "--workspace", "lab"]
            + ["--model", "h100=h100-sxm", "--explain", job]
            + ["--through", spelled(through)],
            capture_output=True, text=True,
        ).stdout
        rows = re.findall(r": (\d+) accelerator-seconds", shown)
        same(f"job {job} ({name})", sum(map(int, rows)), should)

    # What would have misled is told.
    told = open("notes.live").read()
    outside = sum(held(run, 0, first) + held(run, through, run.end) for run in known)
    outside = f"left out: {outside} accelerator-seconds before or after"
    [stopped] = [run for run in known if run.name == "stopped"]
    lasted = f"job {stopped.id} ran {stopped.end - stopped.start} seconds from start to end, but"
    for text in ("jobs without accelerators", lasted, outside):
        if text not in told:
            wrong.append(f"not told: {text}")
    if "`sacct -T`" in told:
        wrong.append("told of an option that sacct was not given")
    if wrong:
        shown = open("sacct.steps").read() + told
        raise SystemExit("\n".join(f"slurm: {one}" for one in wrong) + "\n" + shown)
    count = (through - first) // step
    print(f"slurm: {len(known)} runs of jobs, {count} periods, {total} accelerator-seconds: all right")


main(*map(int, sys.argv[1:4]), sys.argv[4])
