# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the rule about the creator of a cluster can know, and what not."""

from __future__ import annotations

import pytest
from case import build_cluster, day
from cases.access import ADMIN, BIRTH, DEV, born, entry

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import Undecided
from ansible_collections.kumo.eks.plugins.module_utils.audit.rules.access import creator_admin

LATER = day("2026-03-01")


def find(values):
    return [resource for resource, _evidence in creator_admin.check(values["cluster"], values["access_entries"])]


@pytest.mark.parametrize(
    ("made", "own", "resources"),
    [
        pytest.param(BIRTH, None, DEV, id="with the cluster, older than the entry of the service-linked role"),
        pytest.param(BIRTH, LATER, DEV, id="with the cluster, which got the entry of the service-linked role later"),
        pytest.param(LATER, LATER, DEV, id="when the cluster left CONFIG_MAP"),
        pytest.param(LATER, BIRTH, [], id="by somebody else, later"),
    ],
)
def test_the_entry_that_eks_made_is_found_by_its_time(made, own, resources):
    assert find(born(entry(accessPolicies=[ADMIN], tags={}, createdAt=made), own=own)) == resources


@pytest.mark.parametrize("own", [None, day("2026-02-01")])
def test_where_eks_may_have_made_any_the_rule_does_not_guess(own):
    with pytest.raises(Undecided, match="which of the administrators EKS made"):
        find(born(entry(accessPolicies=[ADMIN], tags={}, createdAt=LATER), own=own))
    assert find(born(entry(tags={}, createdAt=LATER), own=own)) == []


def test_by_config_map_the_creator_is_always_one():
    cluster = build_cluster(accessConfig={"authenticationMode": "CONFIG_MAP"})
    assert find({"cluster": cluster, "access_entries": []}) == ["Cluster my-cluster"]
