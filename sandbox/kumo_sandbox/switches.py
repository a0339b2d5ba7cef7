"""Behaviours that AWS may have and mostly has not, to switch on.

$KUMO_SANDBOX_SWITCHES names those to switch: ``short_pages=on``, separated by commas.
"""

from __future__ import annotations

import os

ENVIRONMENT = "KUMO_SANDBOX_SWITCHES"
DEFAULTS = {
    # Listings have fewer rows in a page than they may have. IAM does so: "might return fewer than the MaxItems number of
    # results even when there are more", https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html
    "short_pages": False,
}
SHORT_PAGE = 2  # rows


def check_switches(wanted: dict[str, bool]) -> dict[str, bool]:
    for name in wanted:
        if name not in DEFAULTS:
            raise ValueError(f"'{name}' is not a switch. Use one of {', '.join(DEFAULTS)}")
    return wanted


def read_environment() -> dict[str, bool]:
    pairs = [text.partition("=") for text in os.environ.get(ENVIRONMENT, "").split(",") if text.strip()]
    return check_switches({name.strip(): value.strip() == "on" for name, _equals, value in pairs})


class Switches:
    """The switches as they are; ``reset`` goes back to those the sandbox was started with."""

    def __init__(self, wanted: dict[str, bool] | None = None) -> None:
        self._start = {**DEFAULTS, **read_environment(), **check_switches(wanted or {})}
        self._now = dict(self._start)

    def __getitem__(self, name: str) -> bool:
        return self._now[name]

    def change(self, wanted: dict[str, bool]) -> None:
        self._now.update(check_switches(wanted))

    def reset(self) -> None:
        self._now = dict(self._start)
