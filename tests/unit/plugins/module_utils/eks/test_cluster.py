# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a cluster's options are held against DescribeCluster's answer."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.fields import compare
from ansible_collections.kumo.eks.plugins.module_utils.eks.cluster import FIELDS, cluster_logging, enabled_types

RAW = {
    "resourcesVpcConfig": {"subnetIds": ["subnet-b", "subnet-a"], "publicAccessCidrs": ["192.0.2.0/24", "0.0.0.0/0"]},
    "computeConfig": {"enabled": True, "nodePools": ["system", "general-purpose"]},
    "remoteNetworkConfig": {
        "remoteNodeNetworks": [{"cidrs": ["172.17.0.0/16", "172.16.0.0/16"]}, {"cidrs": ["10.1.0.0/16"]}]
    },
}


@pytest.mark.parametrize(
    "same",
    [
        {"subnets": ["subnet-a", "subnet-b"]},
        {"public_access_cidrs": ["0.0.0.0/0", "192.0.2.0/24"]},
        {"compute_config": {"node_pools": ["general-purpose", "system"]}},
        {
            "remote_network_config": {
                "remote_node_networks": [{"cidrs": ["10.1.0.0/16"]}, {"cidrs": ["172.16.0.0/16", "172.17.0.0/16"]}]
            }
        },
    ],
    ids=lambda options: next(iter(options)),
)
def test_the_order_of_lists_makes_no_difference(same):
    assert compare(FIELDS, RAW, same) == []


def test_another_member_of_a_nested_list_is_a_change():
    (change,) = compare(FIELDS, RAW, {"compute_config": {"node_pools": ["system"]}})
    assert (change.before, change.after) == (
        {"node_pools": ["general-purpose", "system"]},
        {"node_pools": ["system"]},
    )


def test_logging_says_what_is_off_in_so_many_words():
    rows = cluster_logging(["audit", "api"])
    assert [row["enabled"] for row in rows] == [True, False]
    assert enabled_types(rows) == ["api", "audit"]
    assert cluster_logging([])[0]["enabled"] is False and enabled_types(cluster_logging([])) == []
