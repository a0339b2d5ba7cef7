"""Measures kumo.eks on the sandbox, as ratios in one run.

Usage: bench.py [--keep] [first] [unchanged] [growth] [releases] [fleet] [guide]; none is all. --keep writes the figures into figures.json,
in the place of those of the same version.

guide      the guide's cluster at the true clock: elapsed over the critical path of its waits. Beside it, the cluster of cluster.yml
           by the playbook that a user writes today with community.aws and amazon.aws (community.yml). Takes about 20 minutes.
first      a first run on an empty account: the cluster of cluster.yml, beside that playbook's. Both must make the same.
unchanged  a run of it with nothing to change: beside that playbook's, beside as many pings, the AWS calls it makes, and its memory.
growth     how a run with nothing to change grows from one node group, profile and add-on to 30, 10 and 10.
releases   eleven Helm releases with nothing to change: the role eks_helm beside a loop of kubernetes.core's module with the same
           charts. It needs the control plane's programs, which the first use builds (kumo-sandbox binaries).
fleet      the inventory of twenty clusters in three regions beside that of one, and the AWS calls it makes for each cluster.

Each call is answered as late as AWS answers it (kumo_sandbox.durations.LATENCY). Only in guide does anything else take time.
Exits with 1 when a ratio is over its limit. Times are of this machine; the ratios are what counts.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import figures
import fleet
import releases
import yaml
from place import GUIDE, Place, place
from sameness import check_same

from kumo_sandbox import durations
from kumo_sandbox.eks.addon_versions import TABLE

HERE = Path(__file__).resolve().parent
CLUSTER = yaml.safe_load((HERE / "cluster.yml").read_text())
PAIRS = 3
LIMITS = {
    "elapsed over the critical path": 1.05,
    "first run over community.aws'": 0.35,
    "unchanged run over community.aws'": 0.25,
    "AWS calls for each resource, unchanged": 1.0,
    "30+10+10 over 1+1+1, unchanged": 1.25,
    "inventory of 20 clusters in 3 regions over that of 1": 1.60,
    "AWS calls for each cluster of the inventory": 2.0,
    "eleven unchanged releases over kubernetes.core's loop": 0.50,
}
# The longest chain of the guide's cluster that must follow one another: the control plane (NAT gateways come up
# beside it), then the slowest of what needs it. CoreDNS is there seconds after its nodes.
CRITICAL_PATH = max(durations.CLUSTER_CREATE, durations.NAT_GATEWAY) + max(
    durations.NODEGROUP_CREATE, durations.FARGATE_CREATE, durations.ADDON
)


def timed(place: Place, playbook: str, **variables: Any) -> tuple[float, str]:
    """Run a playbook; (seconds, output). Ends the bench where it fails."""
    started = time.monotonic()
    code, output = place.play(playbook, **variables)
    if code:
        raise SystemExit(f"{playbook} failed:\n{output[-4000:]}")
    return time.monotonic() - started, output


def site(place: Place, **variables: Any) -> tuple[float, str]:
    return timed(place, "kumo.eks.site", **(variables or CLUSTER))


def calls_of(place: Place) -> list[dict[str, Any]]:
    """The calls to AWS since the last look."""
    return json.loads(place.sandbox("calls", "--json", "--clear"))


def community(place: Place) -> tuple[float, str]:
    return timed(place, str(HERE / "community.yml"))


def recap(output: str) -> dict[str, int]:
    return {key: int(count) for key, count in re.findall(r"(\w+)=(\d+)", output.partition("PLAY RECAP")[2])}


def tell(what: str, value: float, note: str = "") -> bool:
    """Print a figure; whether it is within its limit."""
    limit = LIMITS.get(what)
    good = limit is None or value <= limit
    words = "" if limit is None else f"  limit {limit:.2f}  {'ok' if good else 'OVER'}"
    print(f"{what:53} {value:8.2f}{words}{'  ' + note if note else ''}", flush=True)
    figures.remember(what, value)
    return good


def bench_guide() -> bool:
    """Both at once, each in its own sandbox: they wait most of the time."""
    with place("1") as ours, place("1") as theirs, ThreadPoolExecutor() as pool:
        runs = [pool.submit(site, ours, **GUIDE), pool.submit(community, theirs)]
        (mine, _output), (other, _its_output) = (run.result() for run in runs)
    tell("critical path, seconds", CRITICAL_PATH)
    tell("kumo.eks.site, seconds", mine)
    tell("community.aws playbook, seconds", other, f"{other / mine:.2f} times as long")
    return tell("elapsed over the critical path", mine / CRITICAL_PATH)


def pings(count: int) -> str:
    """A playbook of as many pings."""
    tasks = [{"name": f"Ping {number}", "ansible.builtin.ping": None} for number in range(count)]
    variables = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    play = {"name": "Pings", "hosts": "localhost", "connection": "local", "gather_facts": False}
    return yaml.safe_dump([{**play, "vars": variables, "tasks": tasks}])


def medians(*runs: Callable[[], tuple[float, str]]) -> list[float]:
    """The median seconds of each, run in turn: A B C A B C."""
    rounds = [[run()[0] for run in runs] for _round in range(PAIRS)]
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def first_run(run: Callable[[Place], tuple[float, str]]) -> tuple[float, str]:
    """A run on an empty account of its own."""
    with place("instant") as fresh:
        return run(fresh)


def check_same_cluster() -> None:
    """Both playbooks make the same, or the bench ends."""
    with place("instant") as ours, place("instant") as theirs:
        site(ours)
        community(theirs)
        check_same(ours, theirs)


def bench_first() -> bool:
    check_same_cluster()
    mine, other = medians(lambda: first_run(site), lambda: first_run(community))
    tell("kumo.eks.site on an empty account, seconds", mine)
    tell("community.aws playbook on an empty account, seconds", other)
    return tell("first run over community.aws'", mine / other)


def bench_unchanged() -> bool:
    with place("instant") as ours, place("instant") as theirs, tempfile.TemporaryDirectory() as folder:
        site(ours)
        community(theirs)
        calls_of(ours)
        output = site(ours)[1]
        calls, counts, peak = calls_of(ours), recap(output), ours.peak
        if counts["changed"]:
            raise SystemExit(f"the second run changed something:\n{output[-4000:]}")
        floor = Path(folder) / "pings.yml"
        floor.write_text(pings(counts["ok"]))
        mine, other, ping = medians(lambda: site(ours), lambda: community(theirs), lambda: timed(ours, str(floor)))
    tell("kumo.eks.site, seconds", mine, f"{counts['ok']} tasks, {counts['skipped']} skipped")
    tell("community.aws playbook, seconds", other)
    tell("as many pings, seconds", ping)
    tell("seconds over that floor", mine - ping)
    tell("memory of the largest process, MiB", peak, f"{theirs.peak:.0f} with the community.aws playbook")
    tell("AWS calls", len(calls))
    good = tell("unchanged run over community.aws'", mine / other)
    return tell("AWS calls for each resource, unchanged", len(calls) / RESOURCES) and good


# VPC, internet gateway, 6 subnets, 3 addresses, 3 NAT gateways, 4 route tables, 3 roles, cluster, 2 node groups, 1 Fargate profile
RESOURCES = 25


def sized(groups: int, profiles: int, addons: int) -> dict[str, Any]:
    """Role variables of a cluster with so many things."""
    return {
        "eks_cluster_name": "growth",
        "eks_region": "ap-northeast-1",
        "eks_cluster_version": "1.33",
        "eks_network_nat_gateway": "Single",
        "eks_nodegroups_list": [
            {"name": f"group-{number}", "instance_types": ["m5.large"]} for number in range(groups)
        ],
        "eks_fargate_profiles": [
            {"name": f"profile-{number}", "selectors": [{"namespace": f"batch-{number}"}]} for number in range(profiles)
        ],
        "eks_addons_list": [{"name": row[0]} for row in TABLE[:addons]],
    }


def bench_growth() -> bool:
    small, large = sized(1, 1, 1), sized(30, 10, 10)
    with place("instant") as little, place("instant") as much:
        site(little, **small)
        site(much, **large)
        few, many = medians(lambda: site(little, **small), lambda: site(much, **large))
    tell("1 node group, 1 profile, 1 add-on, seconds", few)
    tell("30 node groups, 10 profiles, 10 add-ons, seconds", many)
    return tell("30+10+10 over 1+1+1, unchanged", many / few)


def bench_releases() -> bool:
    """The same releases in the same cluster for both: whoever installed them, both find them unchanged."""
    with place("instant", kubernetes=True) as here:
        variables = releases.build_variables(here)
        ours, core = str(HERE / "releases.yml"), str(HERE / "releases_core.yml")
        timed(here, ours, **variables)
        for output in (
            timed(here, ours, **variables)[1],
            timed(here, core, **releases.build_core_variables(here, variables))[1],
        ):
            if recap(output)["changed"]:
                raise SystemExit(f"a run on unchanged releases changed something:\n{output[-4000:]}")
        mine, other = medians(
            lambda: timed(here, ours, **variables),
            lambda: timed(here, core, **releases.build_core_variables(here, variables)),
        )
    count = len(variables["eks_helm_releases"])
    tell("kumo.eks.eks_helm, seconds", mine, f"{mine / count:.2f} a release")
    tell("kubernetes.core.helm in a loop, seconds", other, f"{other / count:.2f} a release")
    return tell("eleven unchanged releases over kubernetes.core's loop", mine / other)


def bench_fleet() -> bool:
    with place("instant") as here:
        one, many = fleet.build_fleet(here)
        calls_of(here)
        fleet.read_inventory(here, many, fleet.MANY)
        calls = len(calls_of(here)) / fleet.MANY
        few, all_of_them = medians(
            lambda: fleet.read_inventory(here, one, 1), lambda: fleet.read_inventory(here, many, fleet.MANY)
        )
    tell("inventory of 1 cluster, seconds", few)
    tell("inventory of 20 clusters in 3 regions, seconds", all_of_them)
    good = tell("AWS calls for each cluster of the inventory", calls)
    return tell("inventory of 20 clusters in 3 regions over that of 1", all_of_them / few) and good


BENCHES = {
    "first": bench_first,
    "unchanged": bench_unchanged,
    "growth": bench_growth,
    "releases": bench_releases,
    "fleet": bench_fleet,
    "guide": bench_guide,
}


def main(words: list[str]) -> int:
    wanted = [word for word in words if word != "--keep"]
    unknown = [name for name in wanted if name not in BENCHES]
    if unknown:
        print(f"no such bench: {', '.join(unknown)}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    good = True
    for name in wanted or BENCHES:
        print(f"== {name}", flush=True)
        figures.begin(name)
        good = BENCHES[name]() and good
    if "--keep" in words:
        figures.keep()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
