# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated names of IAM roles: never too long, and never the same for two things."""

from __future__ import annotations

import itertools

from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import (
    LONGEST_ROLE_NAME,
    build_cluster_role_name,
    build_pod_role_name,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.service_accounts import Account

REGION = "ap-northeast-1"
LONG = "c" * 48


def test_short_names_say_what_they_are():
    assert build_cluster_role_name("my-cluster", REGION, "cluster") == "my-cluster.ap-northeast-1_cluster"
    assert build_cluster_role_name("my-cluster", REGION, "node.general-purpose").endswith("_node.general-purpose")


def test_no_two_are_the_same():
    clusters = ("a", "a-b", "a_b", "A", LONG, LONG + "d")
    purposes = (
        "cluster",
        "node",
        "fargate",
        "node.c",
        "node.b-c",
        "node.general-purpose-one",
        "node.general-purpose-two",
    )
    rows = itertools.product(clusters, (REGION, "eu-west-1"), purposes)
    names = [build_cluster_role_name(*row) for row in rows]
    names += [build_pod_role_name(cluster, Account("node", "c"), "_pod") for cluster in ("a", "a-b", LONG)]
    assert len({name.lower() for name in names}) == len(names)  # IAM compares names without their case
    assert max(map(len, names)) <= LONGEST_ROLE_NAME
