#!/usr/bin/env python3
"""1,000 presets with expectations against a loopback listener, beside `curl -Z` over the same URLs.

    python3 benches/run.py target/release/wirebench [--count 1000] [--parallel 50] [--rounds 5]

The listener is a process of its own and the same for both. Both are run in turns; told are requests a second (the
median), their ratio (0.5 or more is asked for) and the most memory of `wirebench run` (100 MiB at most).
"""

import argparse
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time


def finished(words, **options):
    """Seconds, most memory in KiB and status of a program."""
    began = time.monotonic()
    child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **options)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    return time.monotonic() - began, usage.ru_maxrss, os.waitstatus_to_exitcode(status), output


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--parallel", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    binary, count = str(arguments.binary.resolve()), arguments.count
    with tempfile.TemporaryDirectory() as home:
        environment = dict(os.environ, WIREBENCH_HOME=home)
        words = [binary, "listen", "http://127.0.0.1:0", "--body", "ok", "--raw", "-I"]
        listener = subprocess.Popen(
            words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        try:
            port = int(re.search(r":(\d+);", listener.stderr.readline()).group(1))
            folder = pathlib.Path(home, "presets", "f")
            folder.mkdir(parents=True)
            urls = [f"http://127.0.0.1:{port}/{number}" for number in range(count)]
            for number, url in enumerate(urls):
                text = f'[http]\nurl = "{url}"\n\n[expect]\nstatus = 200\nbody = "ok"\n'
                (folder / f"p{number}.toml").write_text(text)
            config = pathlib.Path(home, "urls")
            config.write_text("".join(f'url = "{url}"\noutput = "/dev/null"\n' for url in urls))
            parallel = str(arguments.parallel)
            curl = ["curl", "-sS", "-Z", "--parallel-max", parallel, "-K", str(config)]
            ours = [binary, "run", "f", "--parallel", parallel]
            times, memory = {"curl": [], "run": []}, 0
            for _ in range(arguments.rounds):
                seconds, _, status, _ = finished(curl)
                assert status == 0, "curl failed"
                times["curl"].append(seconds)
                seconds, most, status, output = finished(ours, env=environment)
                assert status == 0, output[-500:]
                times["run"].append(seconds)
                memory = max(memory, most)
        finally:
            listener.kill()
            listener.wait()
    rates = {name: count / statistics.median(all_of) for name, all_of in times.items()}
    ratio = rates["run"] / rates["curl"]
    for name, rate in rates.items():
        print(f"{name:>5}: {rate:8.0f} requests/s")
    print(f"ratio: {ratio:.2f} (0.5 or more), memory: {memory / 1024:.0f} MiB (100 or less)")
    return 0 if ratio >= 0.5 and memory <= 100 * 1024 else 1


if __name__ == "__main__":
    sys.exit(main())
