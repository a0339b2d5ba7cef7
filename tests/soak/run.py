# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random sequences of tasks against the sandbox, as many as are asked for.

Usage: PYTHONPATH=tests python -m soak.run [--sequences 1000] [--first 0] [--length 12] [--processes N] [--stop-after 20] [--progress 10] [--shrink]

A number is a sequence, the same one each time: ``--first 4711 --sequences 1`` is number 4711 alone. What does not hold is printed
with its number and with the sequence as a list of tasks; with --shrink after tasks were left out that it does not need.
Ends with a line of counts; exits with 1 when something did not hold.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
import traceback
from contextlib import ExitStack
from pathlib import Path

from soak.sequences import Step, build_sequence, format_steps
from soak.walk import LEFT, Finding, walk_sequence
from support.in_process import share_clients, shorten_pauses

from kumo_sandbox import Sandbox

_sandbox: list[Sandbox] = []
_life = ExitStack()  # what lasts as long as the process


def start_worker() -> None:
    """A sandbox for each process, and the environment that points to it."""
    _sandbox.append(_life.enter_context(Sandbox(speed="instant", kubernetes=False)))
    os.environ.update(_sandbox[0].env)
    _life.enter_context(share_clients())
    _life.enter_context(shorten_pauses())


def try_steps(steps: list[Step]) -> str:
    """What does not hold, empty where all holds."""
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        try:
            walk_sequence(_sandbox[0], Path(folder), steps)
        except Finding as finding:
            return str(finding)
        except Exception:
            return traceback.format_exc().strip().rpartition("\n")[2] + "\n" + traceback.format_exc()
    return ""


def shrink(steps: list[Step], text: str) -> list[Step]:
    """Without steps that the finding does not need: the same words must come again without one.

    What is left at the end is only a finding where everything is removed: the removals stay.
    """
    words = _get_words(text)
    removals = {id(step) for step in steps if step.options.get("state") == "absent" and words.endswith(LEFT)}
    for number in reversed([number for number, step in enumerate(steps) if id(step) not in removals]):
        fewer = steps[:number] + steps[number + 1 :]
        if _get_words(try_steps(fewer)) == words:
            steps = fewer
    return steps


def _get_words(text: str) -> str:
    """A finding without the number of its step."""
    return text.partition("\n")[0].partition(": ")[2][:60]


def run_sequence(task: tuple[int, int, bool]) -> tuple[int, int, str]:
    """Number of the sequence, of its steps, and what does not hold, with its tasks."""
    seed, length, is_shrunk = task
    steps = build_sequence(seed, length)
    text = try_steps(steps)
    if text and is_shrunk:
        steps = shrink(steps, text)
        text = try_steps(steps) or text
    return seed, len(steps), f"{text}\n{format_steps(steps)}" if text else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sequences", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--length", type=int, default=12)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--stop-after", type=int, default=20, help="findings")
    parser.add_argument("--progress", type=int, default=10, help="a line after so many sequences")
    parser.add_argument("--shrink", action="store_true")
    options = parser.parse_args()
    tasks = [(options.first + number, options.length, options.shrink) for number in range(options.sequences)]
    begun, done, steps, found = time.monotonic(), 0, 0, []
    with multiprocessing.get_context("spawn").Pool(options.processes, start_worker) as pool:
        for seed, length, text in pool.imap_unordered(run_sequence, tasks):
            done, steps = done + 1, steps + length
            if text:
                found.append(seed)
                print(f"--- sequence {seed}: {text}", flush=True)
            if done % options.progress == 0 or done == len(tasks):
                seconds = time.monotonic() - begun
                print(
                    f"{done} of {len(tasks)} sequences, {steps} tasks, {len(found)} findings, {seconds:.0f} s",
                    flush=True,
                )
            if len(found) >= options.stop_after:
                break
    failed = f", failed: {' '.join(map(str, sorted(found)))}" if found else ""
    print(f"soak: {done - len(found)} sequences passed, {len(found)} failed, from number {options.first}{failed}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
