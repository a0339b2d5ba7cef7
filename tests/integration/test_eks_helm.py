# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_helm where there is no cluster to speak to. tests/helm has the rest, with the real Helm."""

from __future__ import annotations

import pytest

GONE = {"cluster_name": "my-cluster", "name": "web", "state": "absent"}


@pytest.fixture
def deleting(sandbox, ground):
    """A cluster that is being deleted, and stays so."""
    eks = sandbox.client("eks")
    subnets = {"subnetIds": ground["subnets"]}
    eks.create_cluster(name="my-cluster", version="1.33", roleArn=ground["role"], resourcesVpcConfig=subnets)
    sandbox.clock.set_speed(1)
    eks.delete_cluster(name="my-cluster")
    assert eks.describe_cluster(name="my-cluster")["cluster"]["status"] == "DELETING"


@pytest.mark.usefixtures("sandbox")
def test_without_a_cluster_there_is_no_release_to_remove(run_module):
    assert run_module("eks_helm", GONE)["action"] == "none"


@pytest.mark.usefixtures("deleting")
def test_a_cluster_that_goes_takes_its_releases_along(run_module):
    result = run_module("eks_helm", GONE)
    assert (result["failed"], result["changed"], result["action"]) == (False, False, "none"), result
    assert run_module("eks_helm", GONE, check=True)["action"] == "none"
