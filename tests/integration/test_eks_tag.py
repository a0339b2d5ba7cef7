# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_tag: tags of any resource by its ARN, beside those that others have set."""

from __future__ import annotations

import pytest


@pytest.fixture
def arn(sandbox, ground):
    eks = sandbox.client("eks")
    place = {"roleArn": ground["role"], "resourcesVpcConfig": {"subnetIds": ground["subnets"]}}
    eks.create_cluster(name="my-cluster", tags={"Other": "1", "aB_c": "x"}, **place)
    return eks.describe_cluster(name="my-cluster")["cluster"]["arn"]


@pytest.fixture
def tag(sandbox, run_module, arn):
    """The tags after a task; check mode has predicted it, and a second run changes nothing."""

    def run(changes=True, **options):
        words = {"resource": arn, **options}
        planned = run_module("eks_tag", words, check=True)
        done = run_module("eks_tag", words)
        assert not done["failed"], done
        assert (planned["changed"], done["changed"]) == (changes, changes)
        assert planned["diff"] == done["diff"] and planned["tags"] == done["tags"]
        assert not run_module("eks_tag", words)["changed"]
        assert run_module("eks_tag_info", {"resource": arn})["tags"] == done["tags"]
        return done["tags"]

    return run


def test_tags_are_set_beside_others_and_removed(tag):
    assert tag(tags={"Cost_Center": 4711}) == {"Other": "1", "aB_c": "x", "Cost_Center": "4711"}
    tag(changes=False, tags={"Other": "1"})
    assert tag(tags={"Other": None, "none": None}, state="absent") == {"aB_c": "x", "Cost_Center": "4711"}
    assert tag(tags={"Team": "a"}, purge_tags=True) == {"Team": "a"}
    assert tag(tags={}, purge_tags=True) == {}
