# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_version_info and eks_addon_version_info: what EKS offers, also to who has no cluster."""

from __future__ import annotations

import datetime

import pytest

CLUSTER = "my-cluster"


@pytest.fixture
def standing(run_module, ground):
    """A cluster at 1.33."""
    words = {"name": CLUSTER, "version": "1.33", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    assert not run_module("eks_cluster", words)["failed"]


@pytest.fixture
def kubernetes(sandbox, run_module):
    """The versions that the module lists: kubernetes(status=...) -> their rows by version."""

    def look(**options):
        result = run_module("eks_version_info", options)
        assert not result["failed"] and not result["changed"], result
        names = [row["cluster_version"] for row in result["versions"]]
        assert names == sorted(names, key=lambda name: int(name.split(".")[1]), reverse=True)
        return {row["cluster_version"]: row for row in result["versions"]}

    return look


@pytest.fixture
def addons(sandbox, run_module):
    def look(**options):
        result = run_module("eks_addon_version_info", options)
        assert not result["failed"] and not result["changed"], result
        return result

    return look


def test_versions_have_support_dates_and_limits(sandbox, kubernetes):
    found = kubernetes()
    day = datetime.datetime.fromtimestamp(sandbox.clock.now(), datetime.UTC).isoformat()
    standard = {name for name, row in found.items() if row["version_status"] == "STANDARD_SUPPORT"}
    assert standard == {name for name, row in found.items() if row["end_of_standard_support_date"] > day} != set()
    assert found["1.35"]["default_version"] and not found["1.36"]["default_version"]
    assert found["1.34"]["end_of_standard_support_date"].startswith("2026-12-02")
    assert found["1.34"]["end_of_extended_support_date"].startswith("2027-12-02")
    assert [row["tier_name"] for row in found["1.34"]["control_plane_scaling_tiers"]][0] == "tier-xl"
    server = found["1.34"]["control_plane_component_config"]["kube_api_server_config"]
    assert server["event_ttl"]["constraints"] == {"min": "10m", "max": "60m"}
    assert "control_plane_component_config" not in found["1.30"]


def test_versions_are_filtered(kubernetes):
    assert list(kubernetes(default_only=True)) == ["1.35"]
    assert list(kubernetes(versions=["1.33", "1.35", "1.99"])) == ["1.35", "1.33"]
    extended = kubernetes(status="EXTENDED_SUPPORT")
    assert extended and "1.35" not in extended
    assert {row["version_status"] for row in extended.values()} == {"EXTENDED_SUPPORT"}


def test_versions_that_eks_no_longer_offers_are_listed_on_request(sandbox, kubernetes, monkeypatch):
    monkeypatch.setattr(sandbox.settings, "refuse_unsupported", True)
    assert "1.29" not in kubernetes() and "1.29" in kubernetes(include_all=True)
    assert "1.29" in kubernetes(status="UNSUPPORTED") and "1.34" not in kubernetes(status="UNSUPPORTED")


def test_the_version_of_a_cluster(standing, kubernetes):
    assert list(kubernetes(cluster_name=CLUSTER)) == ["1.33"]
    assert kubernetes(cluster_name="nowhere") == {}


def test_add_ons_for_a_kubernetes_version(addons):
    found = addons(kubernetes_version="1.35")
    dns = {row["addon_name"]: row for row in found["addons"]}["coredns"]
    assert [row["addon_version"] for row in dns["addon_versions"]] == ["v1.13.1-eksbuild.1", "v1.12.4-eksbuild.1"]
    assert dns["most_recent_version"] == "v1.13.1-eksbuild.1" and dns["default_version"] == "v1.12.4-eksbuild.1"
    assert dns["addon_versions"][0]["compatibilities"][0]["cluster_version"] == "1.35"
    assert found["kubernetes_version"] == "1.35"


def test_all_versions_of_an_add_on(addons):
    found = addons(name="coredns")
    (dns,) = found["addons"]
    assert len(dns["addon_versions"]) == 4 and "default_version" not in dns and "kubernetes_version" not in found
    oldest = dns["addon_versions"][-1]
    assert {row["cluster_version"] for row in oldest["compatibilities"]} == {"1.31", "1.30", "1.29"}


def test_add_ons_are_filtered(addons):
    assert {row["type"] for row in addons(types=["storage"])["addons"]} == {"storage"}
    assert addons(owners=["aws-marketplace"])["addons"] == [] and addons(publishers=["eks"])["addons"]
    assert addons(name="nothing")["addons"] == []


def test_add_ons_for_a_cluster_with_their_configuration(standing, addons):
    found = addons(cluster_name=CLUSTER, name="aws-ebs-csi-driver", configuration=True, version="most_recent")
    assert found["kubernetes_version"] == "1.33"
    shown = found["configuration"]
    assert shown["addon_version"] == "v1.49.0-eksbuild.1" == found["addons"][0]["most_recent_version"]
    assert "podAnnotations" in shown["configuration_schema"]["properties"]  # keys of the schema are not rewritten
    policy = "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"
    account = {"service_account": "ebs-csi-controller-sa", "recommended_managed_policies": [policy]}
    assert shown["pod_identity_configuration"] == [account]
    assert found["addons"][0]["addon_versions"][0]["requires_iam_permissions"]


def test_the_configuration_of_a_version_without_a_cluster(addons):
    found = addons(name="vpc-cni", configuration=True, version="v1.18.6-eksbuild.1")
    assert found["configuration"]["addon_version"] == "v1.18.6-eksbuild.1"
    nowhere = addons(cluster_name="nowhere", name="vpc-cni", configuration=True)
    assert nowhere["addons"] == [] and not {"configuration", "kubernetes_version"} & set(nowhere)
