# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects of manifests that render differently each time, also under other names."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.helm.varying import Varying, find_varying, split_name


def write(*rows: tuple[str, str, str]) -> str:
    """A manifest: kind, name and value of each object."""
    return "\n---\n".join(
        f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: {name}}}\ndata: {{a: {value}}}" for kind, name, value in rows
    )


@pytest.mark.parametrize(
    ("first", "second", "parts"),
    [
        ("web-job-ab1", "web-job-ac2", ("web-job-", "")),
        ("ab1-job", "xy1-job", ("", "-job")),
        ("a-x1-b", "a-x2-b", ("a-", "-b")),
        ("ab", "ac", ("", "")),
        ("a-b", "a-b-b", ("a-", "")),
    ],
)
def test_a_name_keeps_the_words_that_are_always_the_same(first, second, parts):
    assert split_name(first, second) == parts


def test_objects_with_other_names_are_the_same_object():
    varying = Varying(write(("Job", "run-1a", "x")), write(("Job", "run-2b", "x")), "default")
    assert varying.paths == ["Job run-*: metadata.name"]
    assert varying.is_same(write(("Job", "run-3c", "x")), write(("Job", "run-4d", "x")))
    assert not varying.is_same(write(("Job", "run-3c", "y")), write(("Job", "run-4d", "x")))
    assert not varying.is_same(write(("Job", "run-", "x")), write(("Job", "run-4d", "x")))
    assert not varying.is_same(write(("Pod", "run-3c", "x")), write(("Job", "run-4d", "x")))
    assert not varying.is_same("", write(("Job", "run-4d", "x")))


def test_of_several_with_such_names_the_most_alike_is_taken():
    first = write(("Job", "run-1a", "x"), ("Job", "run-1b", "y"))
    second = write(("Job", "run-2a", "x"), ("Job", "run-2b", "y"))
    varying = Varying(first, second, "default")
    assert varying.paths == ["Job run-*: metadata.name", "Job run-* (2): metadata.name"]
    swapped = write(("Job", "run-3a", "y"), ("Job", "run-3b", "x"))
    assert varying.is_same(swapped, first)
    more = write(("Job", "run-3a", "y"), ("Job", "run-3b", "x"), ("Job", "run-3c", "z"))
    assert not varying.is_same(more, first)


def test_manifests_that_differ_in_a_comment_are_compared_without_it():
    one = write(("ConfigMap", "a", "x"))
    varying = find_varying(f"# 1\n{one}", [f"# 2\n{one}", f"# 3\n{one}"], "default", is_unordered=False)
    assert varying.paths == [] and varying.is_same(f"# 1\n{one}", f"# 2\n{one}")
    assert find_varying(f"# 1\n{one}", [f"# 2\n{one}", f"# 2\n{one}"], "default", is_unordered=False) is None


def test_more_renders_and_the_deployed_order_tell_more():
    one, two = write(("ConfigMap", "a", "[1, 2]")), write(("ConfigMap", "a", "[2, 1]"))
    assert find_varying(two, [one, one], "default", is_unordered=False) is None
    assert find_varying(two, [one, one], "default", is_unordered=True).paths == ["ConfigMap a: data.a (order)"]
    assert find_varying(one, [one, one, two], "default", is_unordered=False).paths == ["ConfigMap a: data.a (order)"]


def test_what_is_no_yaml_is_not_compared_by_objects():
    assert find_varying("a: [", ["a: 1", "a: 2"], "default", is_unordered=False) is None
