# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills site.yml and teardown.yml wherever they can be killed, runs them again, and compares what is there with an undisturbed run.

Usage: PYTHONPATH=tests python -m chaos.run [--declarations account applications] [--kinds task before after record]
       [--playbooks site teardown] [--first 1] [--every 1] [--random N --seed 0] [--points site:after:17 ...] [--spoil]
       [--processes N]

A point is a playbook, a kind and a number: at its task, before its changing call is done, after it was done and before its
answer is read, or at a record that Helm writes. --points tries some again. --spoil lets calls be throttled, dropped and
fail, too. Prints a line for each point; ends with a line of counts, and with 1 where something did not hold.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from chaos.declarations import DECLARATIONS, Declaration
from chaos.kills import Killer, Undisturbed, run_undisturbed
from chaos.place import Broken, Place, see_late
from chaos.points import KINDS, PLAYBOOKS, Point, draw_points, list_points, pair_points, parse_point
from chaos.spoil import list_cases, try_case
from support.warm import commands

from kumo_sandbox import Sandbox

Outcome = tuple[str, str, str]  # the point or case, what the playbook was doing, what does not hold
_killers: list[Killer] = []
_names: list[str] = []  # of the declaration
_life = ExitStack()  # what lasts as long as the process


def open_place(declaration: Declaration) -> Place:
    """A sandbox for this process."""
    sandbox = _life.enter_context(Sandbox(speed="instant", kubernetes=declaration.kubernetes))
    _life.enter_context(see_late(sandbox))
    folder = _life.enter_context(tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True))
    return Place(sandbox, _life.enter_context(commands()), Path(folder), declaration)


def start_worker(name: str, undisturbed: Undisturbed) -> None:
    _names.append(name)
    _killers.append(Killer(open_place(DECLARATIONS[name]), undisturbed))


def try_points(points: tuple[Point, ...]) -> list[Outcome]:
    """Each of them in turn."""
    found: list[Outcome] = []
    for point in points:
        try:
            outcome = (str(point), _killers[0].try_point(point), "")
        except Broken as error:
            outcome = (str(point), "", str(error))
        found.append(report(_names[0], outcome))
    return found


def choose_points(options: argparse.Namespace, undisturbed: Undisturbed) -> list[Point]:
    """What the command line asks for."""
    if options.points:
        return options.points
    points = [
        point
        for playbook in options.playbooks
        for point in list_points(playbook, undisturbed.counts[playbook])
        if point.kind in options.kinds and point.number >= options.first
    ]
    return draw_points(points, options.random, options.seed) if options.random else points[:: options.every]


def run_declaration(name: str, options: argparse.Namespace) -> list[Outcome]:
    """All chosen points and cases of a declaration, as they end."""
    with _life:
        place = open_place(DECLARATIONS[name])
        undisturbed = run_undisturbed(place)
        spoiled = [*list_cases(place, undisturbed)] if options.spoil else []
        outcomes = [report(name, (case, "both playbooks", try_case(place, act))) for case, act in spoiled]
    points = choose_points(options, undisturbed)
    print(f"{name}: {undisturbed.counts}; {len(points)} points", flush=True)
    start = (name, undisturbed)
    with multiprocessing.get_context("spawn").Pool(options.processes, start_worker, start) as pool:
        for rows in pool.imap_unordered(try_points, pair_points(points)):
            outcomes += rows
    return outcomes


def report(name: str, outcome: Outcome) -> Outcome:
    point, doing, problem = outcome
    words = f"FAILED     {name} {point}: {problem}" if problem else f"converged  {name} {point}, at: {doing}"
    print(
        f"{time.strftime('%H:%M:%S')}  {words if problem or doing else f'not killed {name} {point}: it ended before'}",
        flush=True,
    )
    return outcome


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--declarations", nargs="+", choices=[*DECLARATIONS], default=[*DECLARATIONS])
    parser.add_argument("--playbooks", nargs="+", choices=PLAYBOOKS, default=PLAYBOOKS)
    parser.add_argument("--kinds", nargs="+", choices=[*KINDS], default=[*KINDS])
    parser.add_argument("--first", type=int, default=1, help="the least number of a point")
    parser.add_argument("--every", type=int, default=1, help="only every so many points")
    parser.add_argument("--random", type=int, default=0, help="only so many points, drawn by --seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--points", nargs="+", type=parse_point, default=[], help="these, like site:after:17")
    parser.add_argument("--spoil", action="store_true", help="let calls be throttled, dropped and fail, too")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    return parser.parse_args()


def main() -> int:
    options = read_arguments()
    outcomes = [row for name in options.declarations for row in run_declaration(name, options)]
    failed = [point for point, _doing, problem in outcomes if problem]
    converged = [point for point, doing, problem in outcomes if doing and not problem]
    print(f"chaos: {len(converged)} converged, {len(failed)} did not{': ' * bool(failed)}{' '.join(failed)}")
    return 1 if failed or not converged else 0


if __name__ == "__main__":
    sys.exit(main())
