# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of services with VPC endpoints, in each partition, and which endpoint is whose."""

from __future__ import annotations

from itertools import permutations
from unittest.mock import Mock

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.ec2.endpoints import (
    choose_endpoint,
    has_kind,
    list_service_names,
    read_service,
)

INTERFACE, GATEWAY = "cn.com.amazonaws.cn-north-1.s3", "com.amazonaws.cn-north-1.s3"
ECR = "cn.com.amazonaws.cn-north-1.ecr.api"


def build_client(*rows):
    details = [{"ServiceName": name, "ServiceType": [{"ServiceType": kind}]} for name, kind in rows]
    ec2 = Mock()
    ec2.meta.region_name = "cn-north-1"
    ec2.get_paginator.return_value.paginate.return_value = [{"ServiceDetails": [row]} for row in details]
    return ec2


@pytest.mark.parametrize(
    "rows", list(permutations([(INTERFACE, "Interface"), (GATEWAY, "Gateway"), (ECR, "Interface")]))
)
def test_a_gateway_endpoint_has_its_own_service_in_china(rows):
    ec2 = build_client(*rows)
    assert list_service_names(ec2, ["s3", "ecr.api", GATEWAY]) == {"s3": GATEWAY, "ecr.api": ECR, GATEWAY: GATEWAY}
    for unknown in (INTERFACE, "com.amazonaws.cn-north-1.ecr.api"):
        with pytest.raises(ValidationError, match=f"endpoints: {unknown} is not a service with VPC endpoints"):
            list_service_names(ec2, [unknown])


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("com.amazonaws.us-gov-west-1.ecr.api", "ecr.api"),
        ("cn.com.amazonaws.cn-north-1.ecr.api", "ecr.api"),
        ("eu.amazonaws.eusc-de-east-1.ecr.api", "ecr.api"),
        ("ecr.api", "ecr.api"),
    ],
)
def test_the_short_form_of_a_service(name, service):
    assert read_service(name) == service


def test_an_interface_endpoint_for_s3_is_not_the_gateway_endpoint():
    service = "com.amazonaws.eu-west-1.s3"
    rows = [
        {"VpcEndpointId": f"vpce-{kind}", "ServiceName": service, "VpcEndpointType": kind, "State": "available"}
        for kind in ("Interface", "Gateway")
    ]
    inventory = Mock()
    inventory.list_rows.return_value = rows
    inventory.is_owned.return_value = False
    assert [has_kind(row) for row in rows] == [False, True]
    assert choose_endpoint(inventory, service) == rows[1]
    inventory.list_rows.return_value = rows[:1]
    assert choose_endpoint(inventory, service) is None
