# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules manage is found among all that an account has: on whichever page of a listing it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from denials import CLUSTER, GROUP, INSIDE, bring_up, tear_down
from support import crowd

from ansible_collections.kumo.eks.plugins.module_utils.ec2.launch_template import KEPT_VERSIONS

Run = Callable[[str, dict[str, Any]], dict[str, Any]]
pytestmark = pytest.mark.extended
LISTS = {
    "eks_nodegroup_info": "nodegroups",
    "eks_fargate_profile_info": "fargate_profiles",
    "eks_addon_info": "addons",
    "eks_pod_identity_info": "associations",
}


@pytest.fixture
def results(sandbox) -> list[tuple[str, bool]]:
    """The modules that were run, and whether each changed something."""
    return []


@pytest.fixture
def run(run_module, results) -> Run:
    def run_one(module: str, params: dict[str, Any]) -> dict[str, Any]:
        result = run_module(module, params)
        assert not result["failed"] or module == "eks_preflight", result["msg"]  # its second group does not exist
        results.append((module, bool(result.get("changed"))))
        return result

    return run_one


def check_unchanged(run: Run, results: list[tuple[str, bool]]) -> None:
    """A second run finds everything, and nothing to change."""
    results.clear()
    bring_up(run)
    assert [module for module, changed in results if changed] == []


def check_old_versions(sandbox, run: Run) -> None:
    """A new version of a launch template removes the old ones, on whichever page they are, but not the one that was in use."""
    template = crowd.fill_template(sandbox, f"kumo.eks/{crowd.REGION}/{CLUSTER}")
    group = {**GROUP, "template": {"volumes": [{"size": 60}]}}
    assert run("eks_nodegroup", {**INSIDE, "nodegroups": [group], "purge": False, "wait": True})["changed"]
    pages = sandbox.client("ec2").get_paginator("describe_launch_template_versions").paginate(LaunchTemplateId=template)
    left = [row["VersionNumber"] for page in pages for row in page["LaunchTemplateVersions"]]
    newest = crowd.MANY_TEMPLATES + 2
    assert sorted(left) == [1, *range(newest - KEPT_VERSIONS + 1, newest + 1)]


def test_listings_that_end_early(sandbox, run, results):
    """AWS may answer fewer rows than a page has, with a token for the others."""
    before = crowd.list_names()
    sandbox.switches.change({"short_pages": True})
    bring_up(run)
    assert sum(changed for _module, changed in results) > 8
    check_unchanged(run, results)
    tear_down(run)
    assert crowd.list_names() == before


def test_more_than_a_page_of_everything(sandbox, run, results):
    sandbox.quotas.change({"vpcs": 200})
    crowd.fill_account()
    before = crowd.list_names()
    bring_up(run)
    check_unchanged(run, results)

    vpc = sandbox.client("eks").describe_cluster(name=CLUSTER)["cluster"]["resourcesVpcConfig"]["vpcId"]
    strangers = crowd.fill_vpc(vpc)
    crowd.fill_cluster(sandbox, CLUSTER)
    check_unchanged(run, results)
    counts = {module: len(run(module, INSIDE)[key]) for module, key in LISTS.items()}
    assert counts == dict.fromkeys(LISTS, crowd.MANY + 1)
    crowd.empty_cluster(sandbox, CLUSTER)
    check_old_versions(sandbox, run)
    crowd.empty_vpc(strangers)

    tear_down(run)
    assert crowd.list_names() == before
