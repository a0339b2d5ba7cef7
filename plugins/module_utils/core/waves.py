# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waves of clusters that are upgraded, or get other add-ons, one after the other: which clusters, in which batches, what became of them. Pure.

Nothing is kept between two runs. A wave passes when all of its clusters have, so that a run goes through the waves from the first on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.windows import parse_duration
from ansible_collections.kumo.eks.plugins.module_utils.core.tables import align_columns, format_markdown_table
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import (
    find_duplicates,
    raise_problems,
    suggest_name,
)

Row = dict[str, Any]
PASSED, FAILED, WAITING, RUNNING, NOT_BEGUN = "passed", "failed", "waiting_for_window", "running", "not_begun"
WORDS = {NOT_BEGUN: "not begun", WAITING: "waiting for a window"}
OPTIONS = ("name", "hosts", "batch", "soak")
COLUMNS = ("Wave", "State", "Cluster", "Version", "What")


def build_waves_spec() -> Row:
    """The options of eks_upgrade_waves."""
    return dict(
        waves=dict(type="list", elements="raw", required=True),
        hosts=dict(type="list", elements="str", required=True),
        batch=dict(type="raw", default="100%"),
        soak=dict(type="str", default="0"),
        last_wave=dict(type="str"),
        title=dict(type="str", default="Upgrade of a fleet"),
        outcomes=dict(type="list", elements="dict", default=[]),
        show=dict(type="bool", default=True),
    )


@dataclass
class Wave:
    """A wave.

    Args:
        hosts: those of the run, in the order of the inventory.
        sizes: of its batches; the last one counts for all that follow.
        soak: seconds between the end of its upgrades and its last check.
        is_wanted: whether the run is to reach it.
    """

    name: str
    pattern: str
    sizes: list[str]
    soak: float
    hosts: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    is_wanted: bool = True

    def list_batches(self) -> Iterator[list[str]]:
        """The hosts of each batch. Sizes are numbers, or percentages of the wave's hosts."""
        sizes, rest = list(self.sizes), list(self.hosts)
        while rest:
            size = _read_size(sizes[0], len(self.hosts))
            yield rest[:size]
            rest = rest[size:]
            sizes = sizes[1:] or sizes


def _read_size(text: str, count: int) -> int:
    if text.endswith("%"):
        return max(1, count * int(text[:-1]) // 100)
    return int(text)


# the declaration


def read_waves(args: Row) -> list[Wave]:
    """The waves without their hosts. Raises ValidationError, naming the option."""
    rows = [{"hosts": row} if isinstance(row, str) else row for row in args["waves"]]
    raise_problems(_find_problems(args, rows))
    waves = [
        Wave(
            str(row.get("name") or row["hosts"]),
            str(row["hosts"]),
            _read_sizes(row.get("batch", args["batch"])),
            _read_soak(row.get("soak", args["soak"])) or 0,
        )
        for row in rows
    ]
    raise_problems(find_duplicates("waves", [wave.name for wave in waves]))
    _mark_wanted(waves, args.get("last_wave"))
    return waves


def _find_problems(args: Row, rows: list[Any]) -> Iterator[str]:
    if not rows:
        yield "waves: the list is empty. Name at least one pattern of hosts."
    yield from _find_common_problems("", args)
    for number, row in enumerate(rows):
        where = f"waves[{number}]"
        if not isinstance(row, dict):
            yield f"{where}: {row!r} is not a wave. Use a pattern of hosts, or a dictionary with hosts."
            continue
        for key in row:
            if key not in OPTIONS:
                yield f"{where}.{key}: unknown option.{suggest_name(str(key), OPTIONS)} Use {', '.join(OPTIONS)}."
        if not isinstance(row.get("hosts"), str) or not row["hosts"].strip():
            yield f"{where}.hosts: a pattern of hosts is required, like eks_tag_Environment_staging."
        yield from _find_common_problems(f"{where}.", row)


def _find_common_problems(where: str, row: Row) -> Iterator[str]:
    if "batch" in row and not _are_sizes(row["batch"]):
        yield f'{where}batch: {row["batch"]!r} is not a size. Use a number, a percentage like "20%", or a list of them.'
    if "soak" in row and _read_soak(row["soak"]) is None:
        yield f"{where}soak: {row['soak']!r} is not a duration of up to 7 days. Use one like 30m, 2h or 1d, or 0."


def _read_sizes(value: Any) -> list[str]:
    return [str(one).strip() for one in (value if isinstance(value, list) else [value])]


def _are_sizes(value: Any) -> bool:
    sizes = _read_sizes(value)
    numbers = [text[:-1] if text.endswith("%") else text for text in sizes]
    return bool(sizes) and all(text.isdecimal() and int(text) > 0 for text in numbers)


def _read_soak(value: Any) -> float | None:
    """Seconds, None where it is not a duration."""
    text = str(value).strip()
    if text in ("0", ""):
        return 0
    length = parse_duration(text)
    return None if length is None else length.total_seconds()


def _mark_wanted(waves: list[Wave], last_wave: str | None) -> None:
    names = [wave.name for wave in waves]
    if not last_wave:
        return
    if last_wave not in names:
        hint = suggest_name(last_wave, names)
        raise ValidationError(f"last_wave: there is no wave {last_wave!r}.{hint} The waves are: {', '.join(names)}.")
    for wave in waves[names.index(last_wave) + 1 :]:
        wave.is_wanted = False


def fill_waves(waves: list[Wave], hosts: list[str], find_hosts: Callable[[str], list[str]]) -> None:
    """Give each wave its hosts. A host of several waves belongs to the first.

    Args:
        hosts: those of the run.
        find_hosts: the hosts of a pattern in the whole inventory.

    Raises:
        ValidationError: a pattern matches nothing, or a limit leaves out clusters of a wave before others.
    """
    taken: set[str] = set()
    for number, wave in enumerate(waves):
        found = find_hosts(wave.pattern)
        if not found:
            raise ValidationError(
                f"waves[{number}]: no host of the inventory matches {wave.pattern!r}. Nothing was begun: the waves after"
                " it would not wait for anything."
            )
        own = [host for host in found if host not in taken]
        taken.update(own)
        wave.hosts = [host for host in own if host in hosts]
        wave.left_out = [host for host in own if host not in hosts]
    _refuse_gaps(waves)


def _refuse_gaps(waves: list[Wave]) -> None:
    """A wave is begun when the ones before it have passed, and what is not in the run cannot be seen to."""
    for number, wave in enumerate(waves):
        later = [one.name for one in waves[number + 1 :] if one.hosts and one.is_wanted]
        if wave.left_out and later:
            raise ValidationError(
                f"waves[{number}]: eks_hosts or --limit leaves out {', '.join(wave.left_out)} of wave {wave.name}, so that"
                f" it is not known whether it has passed before {', '.join(later)}. Leave out later waves only, or take"
                " these clusters out of the wave."
            )


# what became of them


def build_report(waves: list[Wave], hosts: list[str], outcomes: list[Row], now: float, title: str) -> Row:
    """The result of eks_upgrade_waves.

    Args:
        outcomes: of each host that was begun: host, cluster_name, version, changed, done, passed, error, waiting, upgraded_at.
        now: POSIX seconds.
        title: the heading of the page.
    """
    by_host = {row["host"]: row for row in outcomes}
    rows = [_build_wave(wave, by_host, now) for wave in waves]
    stopper = next((row for row in rows if row["state"] in (FAILED, WAITING)), None)
    reason = _format_stop(stopper) if stopper else ""
    for wave, row in zip(waves, rows, strict=True):
        if row["state"] == NOT_BEGUN:
            row["reason"] = _explain_not_begun(wave, stopper)
    left = [host for host in hosts if not any(host in wave.hosts for wave in waves)]
    summary = _summarize(rows, reason, left)
    cells = [one for row in rows for one in _list_cells(row)]
    return {
        "changed": False,
        "waves": rows,
        "batches": [one for wave in waves if wave.is_wanted for one in _build_batches(wave)],
        "stopped": stopper is not None,
        "failure": bool(stopper and stopper["state"] == FAILED),
        "reason": reason,
        "not_begun": [row["name"] for row in rows if row["state"] == NOT_BEGUN],
        "in_no_wave": left,
        "summary": summary,
        "lines": [*align_columns([COLUMNS, *cells]), summary],
        "markdown": "\n".join(
            [f"# {title}", "", summary, "", *format_markdown_table(COLUMNS, cells), ""],
        ),
    }


def _build_batches(wave: Wave) -> list[Row]:
    batches = list(wave.list_batches())
    return [
        {
            "wave": wave.name,
            "title": f"{wave.name}, batch {number} of {len(batches)}" if len(batches) > 1 else wave.name,
            "hosts": hosts,
            "wave_hosts": wave.hosts,
            "is_last": number == len(batches),
        }
        for number, hosts in enumerate(batches, 1)
    ]


def _build_wave(wave: Wave, by_host: dict[str, Row], now: float) -> Row:
    own = [by_host[host] for host in wave.hosts if host in by_host]
    ends = [float(row["upgraded_at"]) for row in own if row.get("upgraded_at")]
    left = max(0.0, min(wave.soak, max(ends, default=0.0) + wave.soak - now)) if wave.soak else 0.0
    return {
        "name": wave.name,
        "hosts": wave.hosts,
        "state": _judge(wave, own),
        "reason": "",
        "soak_seconds": int(wave.soak),
        "soak_left": int(left + 0.999),
        "clusters": [_build_cluster(host, by_host.get(host)) for host in wave.hosts],
    }


def _build_cluster(host: str, row: Row | None) -> Row:
    row = row or {}
    state = (
        NOT_BEGUN
        if not row
        else FAILED
        if row.get("error")
        else WAITING
        if row.get("waiting")
        else PASSED
        if row.get("passed")
        else RUNNING
    )
    return {
        "host": host,
        "cluster_name": row.get("cluster_name") or "",
        "version": row.get("version") or "",
        "state": state,
        "reason": row.get("error") or row.get("waiting") or "",
        "done": row.get("done") or "",
    }


def _judge(wave: Wave, own: list[Row]) -> str:
    if not own:
        return NOT_BEGUN
    if any(row.get("error") for row in own):
        return FAILED
    if any(row.get("waiting") for row in own):
        return WAITING
    return PASSED if len(own) == len(wave.hosts) and all(row.get("passed") for row in own) else RUNNING


def _format_stop(row: Row) -> str:
    """Why nothing is begun after a wave."""
    named = [f"{one['host']}: {one['reason'].rstrip('.')}" for one in row["clusters"] if one["state"] == row["state"]]
    return f"{_format_state(row)} ({' | '.join(named)})"


def _format_state(row: Row) -> str:
    return f"wave {row['name']} {'failed' if row['state'] == FAILED else 'waits for a maintenance window'}"


def _explain_not_begun(wave: Wave, stopper: Row | None) -> str:
    if not wave.hosts:
        return "none of its clusters is in this run"
    if not wave.is_wanted:
        return "the run was to end before it"
    return _format_state(stopper) if stopper else ""


def _summarize(rows: list[Row], reason: str, left: list[str]) -> str:
    passed = sum(row["state"] == PASSED for row in rows)
    sentences = [f"{passed} of {format_count(len(rows), 'wave', 'has', 'have')} passed."]
    if reason:
        sentences.append(f"Stopped: {reason}.")
        waiting = [row["name"] for row in rows if row["state"] == NOT_BEGUN]
        sentences += [f"Not begun: {', '.join(waiting)}."] if waiting else []
        sentences.append("Run it again to go on from here.")
    if left:
        sentences.append(f"In no wave, and left as they are: {', '.join(left)}.")
    return " ".join(sentences)


def _list_cells(row: Row) -> Iterator[tuple[str, ...]]:
    if not row["clusters"]:
        yield row["name"], WORDS.get(row["state"], row["state"]), "", "", row["reason"]
    for one in row["clusters"]:
        what = one["reason"] or (row["reason"] if one["state"] == row["state"] == NOT_BEGUN else one["done"])
        yield row["name"], WORDS.get(one["state"], one["state"]), one["host"], one["version"], what
