"""What two recordings of the same work tell differently: members, values, errors, and how long things took."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from timelines import read_durations

Call = dict[str, Any]
MAPS = {"tags", "labels", "Tags"}  # their keys are the user's
IDS = (
    (re.compile(r"time:\S+"), "TIME"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)"), "TIME"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"\b([a-z]+)-[0-9a-f]{8,17}\b"), r"\1-ID"),
    (re.compile(r"\b[0-9A-F]{32}\b"), "HEX"),
    (re.compile(r"\b(AROA|AIDA|ANPA|AIPA|ASIA|AKIA)[A-Z0-9]+"), r"\1ID"),
    (re.compile(r"https://[^\s\"]+"), "URL"),
)
FEW = 3
FACTOR, SECONDS = 2.0, 30.0  # durations differ where they are so many times, and so many seconds, apart


@dataclass
class Answers:
    """All that one operation answered: for each path of a member the types and the values that were seen."""

    types: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    values: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    errors: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, call: Call) -> None:
        if "error" in call:
            self.errors[call["error"]].add(normalize(call["message"]))
        for path, value in walk(call.get("answer")):
            self.types[path].add(name_type(value))
            if not isinstance(value, dict | list):
                self.values[path].add(normalize(value) if isinstance(value, str) else json.dumps(value))


def read_calls(path: Path) -> list[Call]:
    """The calls of a recording, in the order of their beginnings."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return sorted(rows, key=lambda row: row["at"])


def normalize(text: str) -> str:
    """A text without what is made up anew each time."""
    for pattern, word in IDS:
        text = pattern.sub(word, text)
    return text


def name_type(value: Any) -> str:
    if isinstance(value, str) and value.startswith("time:"):
        return "timestamp"
    names = {dict: "structure", list: "list", str: "string", bool: "boolean", int: "number", float: "number"}
    return names.get(type(value), "null")


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each member of an answer with its path; all elements of a list have one, and keys that are the user's none."""
    if path:
        yield path, value
    if isinstance(value, dict):
        if path.rpartition(".")[2] in MAPS:
            return
        for key, item in value.items():
            yield from walk(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item, f"{path}[]")


def collect(calls: Iterable[Call]) -> dict[str, Answers]:
    found: dict[str, Answers] = defaultdict(Answers)
    for call in calls:
        found[f"{call['service']}:{call['operation']}"].add(call)
    return found


def compare(aws: list[Call], sandbox: list[Call], durations: bool = True) -> list[str]:
    """Each difference as a line, in the words of fidelity.md: what AWS does, what the sandbox does.

    Args:
        durations: compare how long things took, too: where both clocks are true.
    """
    real, played = collect(aws), collect(sandbox)
    lines = [f"{name}: AWS was asked, the sandbox was not" for name in sorted(set(real) - set(played))]
    lines += [f"{name}: the sandbox was asked, AWS was not" for name in sorted(set(played) - set(real))]
    for name in sorted(set(real) & set(played)):
        differing = [
            *compare_members(real[name], played[name]),
            *compare_values(real[name], played[name]),
            *compare_errors(real[name], played[name]),
        ]
        lines += [f"{name}: {line}" for line in differing]
    return lines + (compare_durations(read_durations(aws), read_durations(sandbox)) if durations else [])


def compare_members(real: Answers, played: Answers) -> Iterator[str]:
    for path in sorted(set(real.types) | set(played.types)):
        if _parent(path) and not (_parent(path) in real.types and _parent(path) in played.types):
            continue  # told of the parent
        one, other = real.types.get(path), played.types.get(path)
        if other is None:
            yield f"AWS answers {path} ({_join(one)}), the sandbox leaves it out"
        elif one is None:
            yield f"the sandbox answers {path} ({_join(other)}), AWS leaves it out"
        elif one != other:
            yield f"{path} is {_join(one)} at AWS, {_join(other)} in the sandbox"


def compare_values(real: Answers, played: Answers) -> Iterator[str]:
    """Members of which the sides have no value in common, and few different ones: defaults, states, what is filled in."""
    for path in sorted(set(real.values) & set(played.values)):
        one, other = real.values[path], played.values[path]
        if not one & other and max(len(one), len(other)) <= FEW:
            yield f"{path} is {_join(one)} at AWS, {_join(other)} in the sandbox"


def compare_errors(real: Answers, played: Answers) -> Iterator[str]:
    for code in sorted(set(real.errors) | set(played.errors)):
        one, other = real.errors.get(code), played.errors.get(code)
        if other is None:
            yield f"AWS refuses with {code} ({_join(one)}), the sandbox does not"
        elif one is None:
            yield f"the sandbox refuses with {code} ({_join(other)}), AWS does not"
        elif one != other:
            yield f"{code} says {_join(one)} at AWS, {_join(other)} in the sandbox"


def compare_durations(real: dict[str, float], played: dict[str, float]) -> list[str]:
    """Lines for what took another time; seconds."""
    lines = []
    for what in sorted(set(real) & set(played)):
        one, other = real[what], played[what]
        if abs(one - other) > SECONDS and max(one, other) > FACTOR * min(one, other):
            lines.append(f"{what}: took {one:.0f} s at AWS, {other:.0f} s in the sandbox")
    return lines


def _parent(path: str) -> str:
    return path[:-2] if path.endswith("[]") else path.rpartition(".")[0]


def _join(words: set[str] | None) -> str:
    return " or ".join(sorted(words or ()))
