# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a release's manifests renders differently each time, learned from two renders of the same inputs. Pure."""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

from ansible_collections.kumo.eks.plugins.module_utils.helm.chance import (
    Chance,
    find_chance,
    find_reordering,
    level,
    list_paths,
    spell,
)
from ansible_collections.kumo.eks.plugins.module_utils.helm.manifest import Key, Keyed, index_objects
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.workloads import Object

try:
    import yaml
except ImportError:
    pass  # ansible-core brings it to where modules run

KIND, NAME = 2, 3  # positions in a key


@dataclass(frozen=True)
class Unnamed:
    """An object whose name differs from render to render.

    Args:
        scope: namespace, group and kind.
        prefix, suffix: what its name always begins and ends with.
        title: what it is called where it is shown.
        chance: what else of it differs.
        example: how it renders, without that.
    """

    scope: Key
    prefix: str
    suffix: str
    title: str
    chance: Chance
    example: Object

    def may_be(self, key: Key) -> bool:
        """Whether an object of this key may be a render of it."""
        name = key[NAME]
        is_long_enough = len(name) > len(self.prefix) + len(self.suffix)
        is_like_it = name.startswith(self.prefix) and name.endswith(self.suffix) and is_long_enough
        return key[:NAME] == self.scope and is_like_it

    def count_differences(self, row: Object) -> int:
        """How far an object is from what this one renders."""
        found = find_chance(level(row, self.chance), self.example)
        return len(list(list_paths(found))) if found else 0


class Varying:
    """What differs between two renders of the same inputs.

    Args:
        first, second: the manifests of the renders.
        namespace: of objects that name none.
    """

    def __init__(self, first: str, second: str, namespace: str) -> None:
        left, right = index_objects(first, namespace), index_objects(second, namespace)
        self._namespace = namespace
        self._stable = left.keys() & right.keys()
        found = {key: find_chance(left[key], right[key]) for key in sorted(self._stable)}
        self._chances: dict[Key, list[Chance]] = {key: [chance] for key, chance in found.items() if chance}
        self._unnamed = list(_pair_unnamed(_leave_out(left, self._stable), _leave_out(right, self._stable)))

    @property
    def paths(self) -> list[str]:
        """What differs, as ``Secret web-tls: data["tls.crt"]``."""
        rows = [(f"{key[KIND]} {key[NAME]}", chance) for key, row in self._chances.items() for chance in row]
        rows += [(f"{row.scope[KIND]} {row.title}", row.chance) for row in self._unnamed]
        return [f"{title}: {path}" for title, chance in rows for path in list_paths(chance)]

    def learn(self, first: str, other: str) -> None:
        """Learn from one more render of the same inputs."""
        self._add(find_chance, first, other)

    def learn_order(self, before: str, after: str) -> None:
        """Learn where two manifests have the same in another order: two renders of a short list without an order are often the same."""
        self._add(find_reordering, before, after)

    def _add(self, find: Callable[[Object, Object], Chance | None], first: str, second: str) -> None:
        left, right = self.index(first, self._namespace), self.index(second, self._namespace)
        for key in sorted(left.keys() & right.keys() & self._stable):
            found = find(left[key], right[key])
            if found:
                self._chances.setdefault(key, []).append(found)

    def is_same(self, before: str, after: str) -> bool:
        """Whether two manifests differ in nothing else."""
        return spell(self._list_rows(before)) == spell(self._list_rows(after))

    def _list_rows(self, manifest: str) -> list[tuple[Key, Object]]:
        return list(self.index(manifest, self._namespace).items())

    def index(self, manifest: str, namespace: str) -> Keyed:
        """The objects of a manifest as ``index_objects`` gives them, without what differs from render to render."""
        rows = index_objects(manifest, namespace)
        unnamed = self._find_unnamed(rows)
        levelled = {}
        for key, row in rows.items():
            about = unnamed.get(key)
            if about:
                renamed = level(row, about.chance)
                levelled[(*about.scope, about.title)] = {
                    **renamed,
                    "metadata": {**renamed["metadata"], "name": about.title},
                }
            else:
                levelled[key] = reduce(level, self._chances.get(key, []), row)
        return dict(sorted(levelled.items()))

    def _find_unnamed(self, rows: Keyed) -> dict[Key, Unnamed]:
        """The objects of a manifest whose names differ from render to render, each the one that is most like what renders."""
        found: dict[Key, Unnamed] = {}
        for about in self._unnamed:
            keys = [key for key in rows if key not in self._stable and key not in found and about.may_be(key)]
            if keys:
                found[min(keys, key=lambda key: about.count_differences(rows[key]))] = about
        return found


def find_varying(deployed: str, renders: list[str], namespace: str, is_unordered: bool) -> Varying | None:
    """What differs between renders of the same inputs; None where nothing does, not even a comment.

    Args:
        deployed: the manifests of the release.
        renders: two or more.
        is_unordered: whether the chart may render a list whose order is not fixed.
    """
    first, second, *more = renders
    try:
        varying = Varying(first, second, namespace)
        for other in more:
            varying.learn(first, other)
        if is_unordered:
            varying.learn_order(deployed, first)
        varying.index(deployed, namespace)
    except yaml.YAMLError:  # what cannot be read is compared as text
        return None
    return varying if varying.paths or len(set(renders)) > 1 else None


def _leave_out(rows: Keyed, keys: set[Key]) -> Keyed:
    return {key: row for key, row in rows.items() if key not in keys}


def _pair_unnamed(left: Keyed, right: Keyed) -> list[Unnamed]:
    """Objects that are in one render only, paired with those of the same kind in the other whose names are most alike."""
    pairs: list[Unnamed] = []
    rest = dict(right)
    for key, row in left.items():
        others = [other for other in rest if other[:NAME] == key[:NAME]]
        if not others:
            continue
        best = max(others, key=lambda other: sum(map(len, split_name(key[NAME], other[NAME]))))  # noqa: B023
        chance = find_chance(row, rest.pop(best)) or Chance()
        prefix, suffix = split_name(key[NAME], best[NAME])
        number = sum(1 for pair in pairs if (pair.scope, pair.prefix, pair.suffix) == (key[:NAME], prefix, suffix))
        title = f"{prefix}*{suffix}" + (f" ({number + 1})" if number else "")
        pairs.append(Unnamed(key[:NAME], prefix, suffix, title, chance, level(row, chance)))
    return pairs


def split_name(first: str, second: str) -> tuple[str, str]:
    """What two renders of a name begin and end with: whole words alone, since letters of chance may be the same."""
    prefix = re.sub(r"[^-.]*$", "", os.path.commonprefix([first, second]))
    backwards = os.path.commonprefix([first[len(prefix) :][::-1], second[len(prefix) :][::-1]])
    return prefix, re.sub(r"^[^-.]*", "", backwards[::-1])
