"""The command ``kumo-sandbox binaries``: find or build the tools and print where they are."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from kumo_sandbox.toolchain import browser, charts
from kumo_sandbox.toolchain.binaries import DEFAULT, TOOLS, ensure
from kumo_sandbox.toolchain.build_cache import BinariesError, get_cache_folder

CHARTS = "charts"  # the chart repository, among the tools' names


def run_binaries(argv: Sequence[str] | None = None) -> int:
    """``kumo-sandbox binaries [--print-dir] [--all] [NAME ...]``; the process' exit status."""
    options = build_parser().parse_args(argv)
    if options.print_dir:
        print(get_cache_folder())
        return 0
    try:
        paths = ensure_named([*TOOLS, CHARTS] if options.all else options.names)
    except BinariesError as error:
        print(f"kumo-sandbox: {error}", file=sys.stderr)
        return 1
    for name, path in paths.items():
        print(f"{name}\t{path}")
    return 0


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kumo-sandbox binaries", description="Find or build the Kubernetes tools.")
    parser.add_argument("--print-dir", action="store_true", help="print the cache folder and do nothing else")
    parser.add_argument("--all", action="store_true", help="every tool of the sandbox, and the chart repository")
    parser.add_argument(
        "names", nargs="*", default=DEFAULT, metavar="NAME", help=f"any of {', '.join([*TOOLS, CHARTS, browser.NAME])}"
    )
    return parser


def ensure_named(names: Sequence[str]) -> dict[str, Path]:
    """Tools, the chart repository that Helm packages, and a browser with the checks of accessibility."""
    found = {browser.NAME: browser.ensure().program} if browser.NAME in names else {}
    if found:
        browser.ensure_axe()
    found |= ensure(name for name in names if name not in (CHARTS, browser.NAME))
    return {**found, CHARTS: charts.ensure()} if CHARTS in names else found


if __name__ == "__main__":  # needs nothing but Python itself, so that building can begin before the set-up has ended
    sys.exit(run_binaries())
