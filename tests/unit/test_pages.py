# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listings of AWS are read page by page. The source is read, none of it is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import botocore.session
from botocore import xform_name

PLUGINS = Path(__file__).parents[2] / "plugins"
SERVICES = (
    "autoscaling cloudtrail cloudwatch ec2 ecr eks elb elbv2 events guardduty iam kms logs pricing route53 service-quotas sqs ssm"
).split()
# A call that names what it looks for by IDs or names has as many rows as it names; a version of a template has one.
BY_ID = ("GroupNames", "Versions", "defaultOnly", "ResourceArns", "LoadBalancerNames", "repositoryNames")
OF_OTHERS = "OwnerIds"  # whose they are, and not which
# Tags of one provider, of which only the existence counts, and an operation of Elastic Load Balancing, which has no pages.
EXCEPTIONS = {"role_usage.py: list_open_id_connect_provider_tags", "load_balancers.py: describe_tags"}


def list_pageable() -> set[str]:
    """The methods of boto3 that have a paginator."""
    loader = botocore.session.get_session().get_component("data_loader")
    models = [loader.load_service_model(service, "paginators-1") for service in SERVICES]
    return {xform_name(operation) for model in models for operation in model["pagination"]}


def find_calls(path: Path, methods: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in methods:
            yield node


def is_by_id(call: ast.Call) -> bool:
    names = [word.arg for word in call.keywords if word.arg and word.arg != OF_OTHERS]
    return any(name.endswith((*BY_ID, "Ids")) for name in names)


def test_no_listing_is_cut_off_after_its_first_page():
    methods = list_pageable()
    assert {"list_roles", "describe_subnets", "list_nodegroups"} <= methods
    found = {
        f"{path.name}: {call.func.attr}"
        for path in sorted(PLUGINS.rglob("*.py"))
        for call in find_calls(path, methods)
        if call.keywords and not is_by_id(call)
    }
    assert found == EXCEPTIONS
