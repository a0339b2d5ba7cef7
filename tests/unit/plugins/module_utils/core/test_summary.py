# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary of a run: what it shows of results, changed and planned."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.core.summary import (
    build_lines,
    build_summary,
    format_changes,
    format_table,
)

GROUP = {
    "name": "general",
    "changed": True,
    "status": "CREATING",
    "scaling_config": {"min_size": 2, "max_size": 10, "desired_size": 3},
    "capacity_type": "ON_DEMAND",
    "instance_types": ["m5.large"],
}
CLUSTER = {"name": "c", "version": "1.34", "status": "ACTIVE", "endpoint": "https://x"}


def test_a_wait_gives_the_status_that_was_reached():
    waited = {"resources": [{"kind": "nodegroup", "name": "general", "status": "ACTIVE"}]}
    lines = build_lines([{"nodegroups": [GROUP]}, waited, {"skipped": True}])
    assert format_table(lines) == ["* node group  general  ACTIVE  3 nodes (2 to 10), ON_DEMAND m5.large"]
    assert format_changes(lines) == "Changed: node group general."


def test_a_wait_gives_the_endpoint_that_the_cluster_got():
    created = {"cluster": {**CLUSTER, "status": "CREATING", "endpoint": None, "version": "1.33"}, "changed": True}
    waited = {"resources": [{"kind": "cluster", **CLUSTER}]}
    assert format_table(build_lines([created, waited])) == ["* cluster  c  ACTIVE  Kubernetes 1.34 https://x"]


def test_columns_are_aligned_and_unchanged_lines_have_no_asterisk():
    release = {
        "name": "ingress",
        "namespace": "web",
        "status": "deployed",
        "chart": "ingress-4.11",
        "revision": 2,
        "changed": False,
    }
    table = format_table(build_lines([{"cluster": CLUSTER, "changed": False}, {"releases": [release]}]))
    assert table == [
        "  cluster  c            ACTIVE    Kubernetes 1.34 https://x",
        "  release  web/ingress  deployed  ingress-4.11, revision 2",
    ]


def test_check_mode_says_what_is_planned():
    lines = build_lines([{"nodegroups": [GROUP]}, {"cluster": CLUSTER, "changed": False}], planned=True)
    assert [line.status for line in lines] == ["ACTIVE", "planned"]
    assert format_changes(lines, planned=True) == "To be changed: node group general."
    assert format_changes([], planned=True) == "Nothing to change."


def test_the_network_and_failed_rows():
    network = {"vpc_id": "vpc-1", "subnets": [1, 2], "zones": ["a"], "nat_gateways": [1]}
    failed = {**GROUP, "failed": True, "msg": "no"}
    lines = build_lines([{"network": network, "changed": True, "ready": False}, {"nodegroups": [failed]}])
    assert format_table(lines) == ["* network  vpc-1  pending  2 subnets in 1 zone, 1 NAT gateway"]


def test_a_network_that_a_second_task_completes_is_one_line():
    network = {"vpc_id": "vpc-1", "subnets": [1], "zones": ["a"], "nat_gateways": []}
    started, done = (
        {"network": network, "changed": True, "ready": False},
        {"network": network, "changed": False, "ready": True},
    )
    assert [line.status for line in build_lines([started, done])] == ["ready"] and build_lines([started, done])[
        0
    ].changed
    assert [line.status for line in build_lines([done, {"skipped": True, "changed": False}])] == ["ready"]


def test_what_a_loop_made_is_one_line_each():
    """A first task starts it, and a second one waits for it."""
    started = {"capability": {"capability_name": "ack", "type": "ACK", "status": "CREATING"}, "changed": True}
    reached = {"capability": {"capability_name": "ack", "type": "ACK", "status": "ACTIVE"}, "changed": False}
    provider = {"identity_provider_config_name": "people", "issuer_url": "https://x", "status": "ACTIVE"}
    results = [{"results": [{"identity_provider": provider}]}, {"results": [started]}, {"results": [reached]}]
    assert format_table(build_lines([*results, {"results": [{"skipped": True}]}])) == [
        "  identity provider  people  ACTIVE  https://x",
        "* capability         ack     ACTIVE  ACK",
    ]


def test_the_plan_of_releases_goes_by_what_helm_does():
    """Without --diff the list of their diffs is empty."""
    rows = [
        {"name": name, "namespace": "web", "status": "deployed", "changed": True, "action": action}
        for name, action in (("new", "install"), ("old", "upgrade"), ("gone", "uninstall"))
    ]
    lines = build_lines([{"releases": rows, "changed": True, "diff": []}])
    assert [(line.name, line.action) for line in lines] == [
        ("web/new", "create"),
        ("web/old", "change"),
        ("web/gone", "remove"),
    ]


def test_an_item_is_found_in_one_of_several_diffs():
    addon = {"name": "coredns", "addon_name": "coredns", "status": "ACTIVE", "changed": True}
    diffs = [
        {"before": {}, "after": {"web/a": {"role_arn": "r"}}},
        {"before": {"coredns": {"version": "1"}}, "after": {"coredns": {"version": "2"}}},
    ]
    (line,) = build_lines([{"addons": [addon], "changed": True, "diff": diffs}])
    assert (line.action, line.fields) == ("change", [{"field": "version", "before": "1", "after": "2"}])


def test_what_lags_behind_the_cluster_is_named():
    own = {"name": "own", "changed": False, "kubernetes_version": "1.33", "instances": [{"outdated": True}]}
    results = [
        {"cluster": CLUSTER},
        {"nodegroups": [{**GROUP, "changed": False, "version": "1.33"}, {**GROUP, "name": "new", "version": "1.34"}]},
        {"addons": [{"name": "kube-proxy", "changed": False, "addon_version": "v1.32.9-eksbuild.2"}]},
        {"self_managed_nodegroups": [own]},
    ]
    assert build_summary(results, [], False)["lines"][-1] == (
        "Behind Kubernetes 1.34: node group general (1.33), add-on kube-proxy (v1.32.9-eksbuild.2), self-managed nodes own (1.33,"
        " 1 instance is outdated). kumo.eks.upgrade brings them up."
    )
    assert not [line for line in build_summary([{"cluster": CLUSTER}], [], False)["lines"] if "Behind" in line]


def test_an_upgrade_is_a_line():
    step = {"kind": "control_plane", "name": "c", "before": "1.33", "after": "1.34", "by": "kumo.eks"}
    result = {"cluster_name": "c", "version": "1.33", "kubernetes_version": "1.34", "changed": True, "steps": [step]}
    lines = build_summary([result], [], True)["lines"]
    assert lines[0] == "* upgrade  c  planned  Kubernetes 1.33 -> 1.34 in 1 step"
    assert "~ change   upgrade c" in lines and "             control_plane c: 1.33 -> 1.34" in lines
    done = build_summary([{**result, "steps": [], "done": [step]}], [], False)["lines"]
    assert done[-1] == "Changed: upgrade c."


def test_what_no_list_names_any_more_is_shown():
    kept = {"addons": [{"name": "vpc-cni", "changed": False, "status": "ACTIVE"}], "unlisted": ["coredns"]}
    lines = build_lines([kept])
    assert [(line.kind, line.name, line.status, line.changed) for line in lines] == [
        ("add-on", "vpc-cni", "ACTIVE", False),
        ("add-on", "coredns", "unlisted", False),
    ]
    purged = {**kept, "addons": [*kept["addons"], {"name": "coredns", "changed": True, "status": "DELETING"}]}
    assert [line.status for line in build_lines([purged])] == ["ACTIVE", "DELETING"]
