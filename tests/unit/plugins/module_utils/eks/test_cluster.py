# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a cluster's options are held against DescribeCluster's answer."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from ansible_collections.kumo.eks.plugins.module_utils.core.fields import compare
from ansible_collections.kumo.eks.plugins.module_utils.eks.cluster import (
    FIELDS,
    ClusterResource,
    build_logging,
    normalize_log_types,
)

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


def test_logging_says_what_is_off_by_name():
    rows = build_logging(["audit", "api"])
    assert [row["enabled"] for row in rows] == [True, False]
    assert normalize_log_types(rows) == ["api", "audit"]
    assert build_logging([])[0]["enabled"] is False and normalize_log_types(build_logging([])) == []


def test_versions_that_may_not_be_listed_keep_nobody_from_creating():
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeClusterVersions")
    client = Mock()
    client.meta.region_name = "ap-northeast-1"
    client.get_paginator.return_value.paginate.side_effect = denied
    wanted = {"role_arn": "arn:aws:iam::123456789012:role/r", "subnets": ["subnet-1", "subnet-2"], "version": "1.34"}
    ClusterResource(client, "my-cluster").validate(None, wanted)


def test_the_creators_rights_are_not_compared():
    raw = {"accessConfig": {"authenticationMode": "API"}}
    wanted = {"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": True}
    assert compare(FIELDS, raw, {"access_config": wanted}) == []
