#!/usr/bin/env python3
"""How soon the first lines of a filter are there, beside the `jaq` program on the same file.

    python3 benches/jq.py target/release/wirebench jaq [MiB]

Three runs of each, the quickest counts. The filters are `.[] | .id`, of a list of small objects, and
`.data.items[] | .id`, of the same list within an object.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

# Each with what stands before and behind the list.
FILTERS = [
    (".[] | .id", "", ""),
    (".data.items[] | .id", '{"meta": {"pages": 1}, "data": {"items": ', ', "next": null}}'),
]


def run(command, stdin):
    """Seconds to the first bytes of output, and to its end."""
    began = time.perf_counter()
    with open(stdin, "rb") as source:
        child = subprocess.Popen(command, stdin=source, stdout=subprocess.PIPE)
        first = None
        while os.read(child.stdout.fileno(), 1 << 16):
            first = first or time.perf_counter() - began
        child.wait()
    return first, time.perf_counter() - began


def compare(program, jaq, size, job):
    """Times one filter with both programs."""
    code, before, behind = job
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "list.json")
        with open(path, "w") as out:
            out.write(before + "[")
            at, number = 1, 0
            while at < size << 20:
                row = {"id": number, "name": f"user {number}", "tags": ["a", "b"], "score": number / 7}
                text = ("," if number else "") + json.dumps(row)
                out.write(text)
                at, number = at + len(text), number + 1
            out.write("]" + behind)
        ours = [run([program, "__jq", code], path) for _ in range(3)]
        theirs = [run([jaq, code, path], path) for _ in range(3)]
    print(code)
    for name, runs in (("wirebench", ours), ("jaq", theirs)):
        first, whole = min(run[0] for run in runs), min(run[1] for run in runs)
        print(f"  {name:10} first lines {first * 1000:8.1f} ms   all {whole * 1000:8.1f} ms")
    print(f"  first lines of ours / all of jaq's: {min(r[0] for r in ours) / min(r[1] for r in theirs):.2f}")


def main():
    program, jaq = sys.argv[1:3]
    size = int(sys.argv[3]) if len(sys.argv) > 3 else 10
    for job in FILTERS:
        compare(program, jaq, size, job)


if __name__ == "__main__":
    main()
