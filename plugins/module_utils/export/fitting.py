# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An answer of the API as options, as far as there are options for it. Pure."""

from __future__ import annotations

from typing import Any

Spec = dict[str, Any]


def fit(value: Any, spec: Spec, path: str = "") -> tuple[Any, list[str]]:
    """The part of a value for which an argument spec has options, and the paths of the rest.

    Args:
        value: options and their values.
        spec: the argument spec of ``value``.
    """
    fitted, dropped = {}, []
    for name, inner in value.items():
        here = f"{path}.{name}" if path else name
        how = spec.get(name)
        if how is None:
            dropped.append(here)
            continue
        fitted[name], more = _fit_one(inner, how.get("options"), here)
        dropped += more
    return fitted, dropped


def _fit_one(value: Any, options: Spec | None, path: str) -> tuple[Any, list[str]]:
    if not options:
        return value, []
    if isinstance(value, dict):
        return fit(value, options, path)
    if isinstance(value, list):
        rows = [_fit_one(item, options, f"{path}[{number}]") for number, item in enumerate(value)]
        return [row[0] for row in rows], [one for row in rows for one in row[1]]
    return value, []
