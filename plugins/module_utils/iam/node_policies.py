# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the policies of a node role are enough for nodes, as far as the names of AWS' own policies tell it.

EKS asks for no policy by its name: a role works by what its policies allow. What a policy of the user's own allows is not judged.
https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.iam.purposes import CNI, PULL_ONLY, READ_ONLY, SSM

WORKER = "AmazonEKSWorkerNodePolicy"
REGISTRY = (READ_ONLY, PULL_ONLY, "AmazonEC2ContainerRegistryPowerUser", "AmazonEC2ContainerRegistryFullAccess")
# Policies of which it is known that they give neither what WORKER nor what REGISTRY gives.
OTHERS = (CNI, SSM, "CloudWatchAgentServerPolicy", "AmazonEBSCSIDriverPolicy")


def find_policy_problems(iam: Any, arn: str) -> Iterator[str]:
    """What a node role surely lacks, as sentences. A role with any other policy is not judged."""
    name = arn.rpartition("/")[2]
    pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName=name)
    attached = [row for page in pages for row in page["AttachedPolicies"]]
    names = {row["PolicyName"] for row in attached if ":iam::aws:policy/" in row["PolicyArn"]}
    if len(names) < len(attached) or not names <= {WORKER, *REGISTRY, *OTHERS}:
        return
    lacking = []
    if WORKER not in names:
        lacking.append(f"{WORKER} (nodes cannot register)")
    if not names & set(REGISTRY):
        lacking.append(f"{PULL_ONLY} (nodes cannot pull images)")
    inline = iam.get_paginator("list_role_policies").paginate(RoleName=name)
    if lacking and not any(page["PolicyNames"] for page in inline):
        yield (
            f"node_role: {arn} does not have {' and '.join(lacking)}. Attach what is missing, or policies of your own with the same"
            " permissions. eks_iam_role with purpose=node creates a role that has them."
        )
