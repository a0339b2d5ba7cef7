# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of IAM roles that never collide and never exceed IAM's limit. Pure."""

from __future__ import annotations

import hashlib

from ansible_collections.kumo.eks.plugins.module_utils.core.service_accounts import Account

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
LONGEST_ROLE_NAME = 64


def build_pod_role_name(cluster: str, account: Account, end: str = "") -> str:
    """ "my-cluster.production.my-app-sa". Neither clusters nor namespaces have dots, so no two service accounts share a name."""
    return shorten(f"{cluster}.{account.namespace}.{account.name}{end}", f"{cluster}/{account}{end}")


def build_cluster_role_name(cluster: str, region: str, purpose: str) -> str:
    """ "my-cluster.ap-northeast-1_cluster": the IAM role of one cluster for one purpose.

    IAM is global, so the region is part of the name. No namespace contains an underscore, so the name is never that of a
    role for pods.

    EKS distinguishes "Web" and "web", IAM does not ("Names are not distinguished by case", CreateRole), so a name with capital
    letters gets a digest, too.

    Args:
        purpose: cluster, node, fargate, or "node.<node group>".
    """
    name = f"{cluster}.{region}_{purpose}"
    return shorten(name, name, LONGEST_ROLE_NAME if name == name.lower() else 0)


def shorten(name: str, identity: str, limit: int = LONGEST_ROLE_NAME) -> str:
    """The name; where it is too long, its beginning and a digest that keeps it apart from other long names.

    Args:
        identity: what the digest is made of.
        limit: in characters; 0 adds the digest in any case.
    """
    if len(name) <= limit:
        return name
    limit = limit or LONGEST_ROLE_NAME
    digest = hashlib.sha256(identity.encode()).hexdigest()[:8]
    return f"{name[: limit - 9]}-{digest}"
