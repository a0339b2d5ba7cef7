# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories and the search in them."""

from __future__ import annotations

import pytest


@pytest.fixture
def on_this_machine(ansible, helm_program):
    """A module that needs no cluster: on_this_machine("eks_helm_search", keyword=...) -> its result."""

    def run(module: str, *flags: str, **options):
        return ansible(module, {**options, "binary_path": str(helm_program)}, *flags)[0]

    return run


def test_a_repository_is_added_refreshed_and_left(on_this_machine, repository):
    options = {"name": "here", "url": repository}
    assert on_this_machine("eks_helm_repository", "--check", **options)["changed"] is True
    assert on_this_machine("eks_helm_repository", **options)["repositories"] == [options]
    assert on_this_machine("eks_helm_repository", **options)["changed"] is False
    assert on_this_machine("eks_helm_repository", update=True)["updated"] == []
    gone = {"name": "here", "state": "absent"}
    assert on_this_machine("eks_helm_repository", **gone)["changed"] is True
    assert on_this_machine("eks_helm_repository", **gone)["changed"] is False


def test_a_search_takes_ranges(on_this_machine, repository):
    assert on_this_machine("eks_helm_search", keyword="nginx")["charts"] == []
    on_this_machine("eks_helm_repository", name="here", url=repository)

    def versions(**options) -> list[tuple[str, str]]:
        found = on_this_machine("eks_helm_search", **options)["charts"]
        return [(row["name"], row["version"]) for row in found]

    assert versions(keyword="nginx") == [("here/ingress-nginx", "5.0.0")]
    assert versions(keyword="nginx", version="<5.0.0", all_versions=True) == [
        ("here/ingress-nginx", "4.1.0"),
        ("here/ingress-nginx", "4.0.0"),
    ]
    assert versions(repository=repository, version="4.0.*") == [("ingress-nginx", "4.0.0")]
    assert versions(keyword="nothing-like-it") == []
