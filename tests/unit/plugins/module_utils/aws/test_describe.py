# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How EKS says that there is no such resource."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none, list_names


def fail(code: str, message: str):
    def call(*args, **names):
        raise ClientError({"Error": {"Code": code, "Message": message}}, "DescribeCluster")

    return call


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ResourceNotFoundException", "No cluster found for name: my-cluster."),
        ("ClientException", "No cluster found for name: my-cluster."),
        ("ResourceNotFoundException", "No node group found for name: general."),
    ],
)
def test_a_missing_resource_is_none(code, message):
    assert describe_or_none(fail(code, message), "cluster", name="my-cluster") is None


def test_another_client_exception_is_a_failure():
    with pytest.raises(ClientError):
        describe_or_none(fail("ClientException", "The subscription is not valid"), "cluster", name="my-cluster")


def test_a_cluster_that_does_not_exist_has_no_names():
    class Client:
        get_paginator = staticmethod(fail("ClientException", "No cluster found for name: my-cluster."))

    assert list_names(Client(), "list_nodegroups", "nodegroups", "my-cluster") == []
