# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of manifests is shown, and whose pods are a release's."""

from __future__ import annotations

import json

from ansible_collections.kumo.eks.plugins.module_utils.helm.manifest import (
    UNREADABLE,
    collect_kinds,
    list_workloads,
    mask_manifest,
    mask_secrets,
    parse_objects,
)


def manifest(*rows: dict) -> str:
    return "\n---\n".join(json.dumps(row) for row in rows)


def secret(**values: str) -> dict:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}, "stringData": values}


def test_a_list_is_taken_apart_and_empty_documents_are_left_out():
    text = "---\n# nothing\n---\n" + json.dumps({"kind": "List", "items": [{"kind": "A"}, {"kind": "B"}]})
    assert [row["kind"] for row in parse_objects(text)] == ["A", "B"]


def test_the_order_of_objects_is_no_difference():
    one, two = ({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}} for name in "ab")
    before, after = mask_secrets(manifest(one, two), manifest(two, one), "default")
    assert before == after != ""


def test_a_secrets_values_are_never_shown_but_that_they_changed_is():
    before, after = mask_secrets(
        manifest(secret(a="old", b="same")), manifest(secret(a="new", b="same", c="more")), "default"
    )
    assert "a: (hidden)\n" in before and "a: (hidden, changed)" in after
    assert "b: (hidden)\n" in before and "b: (hidden)\n" in after
    assert "c: (hidden, changed)" in after
    assert not [word for word in ("old", "new", "same", "more") if word in before + after]
    assert "new" not in mask_manifest(manifest(secret(a="new")))


def test_what_helm_keeps_stands_in_both():
    kept = {"kind": "A", "metadata": {"name": "a", "annotations": {"helm.sh/resource-policy": "keep"}}}
    gone = {"kind": "B", "metadata": {"name": "b"}}
    before, after = mask_secrets(manifest(kept, gone), "", "default")
    assert "kind: A" in before and "kind: B" in before
    assert "kind: A" in after and "kind: B" not in after


def test_times_and_equals_signs_are_text():
    assert parse_objects("{since: 2026-11-24, sign: =, count: 1}") == [{"since": "2026-11-24", "sign": "=", "count": 1}]


def test_what_is_no_yaml_is_not_shown_at_all():
    assert mask_secrets("", "kind: Secret\nstringData: {a: [hidden", "default") == ("", UNREADABLE)


def test_definitions_name_the_kinds_they_serve():
    versions = [{"name": "v1", "served": True}, {"name": "v1beta1", "served": False}]
    row = {"spec": {"group": "example.com", "names": {"kind": "Gear"}, "versions": versions}}
    assert collect_kinds([row]) == {"Gear": ["example.com/v1"]}


def test_workloads_know_their_pods():
    def deployment(**about: str) -> dict:
        spec = {"selector": {"matchLabels": {"run": "web"}}}
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", **about}, "spec": spec}

    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "load"}, "spec": {}}
    web, other, load = list_workloads(manifest(deployment(), deployment(namespace="other"), job, secret()), "default")
    assert (web.namespace, other.namespace, load.kind) == ("default", "other", "Job")
    assert web.owns({"metadata": {"labels": {"run": "web", "more": "x"}}})
    assert not web.owns({"metadata": {}})
    assert load.owns({"metadata": {"labels": {"batch.kubernetes.io/job-name": "load"}}})
