# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Karpenter and its parts, the roles of add-ons, and IAM Roles Anywhere, as options of their modules."""

from __future__ import annotations

from support.bad_inputs.row import module, role
from support.certificates import CA_BUNDLE

karpenter = role("eks_karpenter")
task = module("eks_karpenter", cluster_name="there")
queue = module("eks_interruption_queue", cluster_name="there")
anywhere = module("eks_roles_anywhere", cluster_name="there", ca_bundle=CA_BUNDLE)
nodes = module("eks_karpenter_nodes", cluster_name="there", node_role="nodes")
addon = module("eks_addon", cluster_name="there", name="aws-ebs-csi-driver")
migration = module("eks_pod_identity_migration", cluster_name="there")
tags = module("eks_discovery_tags", cluster_name="none")

ROWS = [
    anywhere("no certificates", "ca_bundle", "is required", "certificates of your CA", ca_bundle=None),
    anywhere("a path", "ca_bundle", "not a bundle of certificates", "BEGIN CERTIFICATE", ca_bundle="ca.pem"),
    anywhere("a dot in a name", "name", "'my.nodes'", "hyphens and underscores", name="my.nodes"),
    anywhere("a role's name", "role_arn", "'nodes'", "Use one like arn:aws:iam::", role_arn="nodes"),
    anywhere("a tag beyond ASCII", "tags", "'équipe'", "letters and digits of ASCII", tags={"équipe": "a"}),
    anywhere(
        "a minute",
        "duration_seconds",
        "60",
        "from 900 to 43200",
        duration_seconds=60,
        role_arn="arn:aws:iam::123456789012:role/n",
    ),
    anywhere(
        "a duration without a profile", "duration_seconds", "needs role_arn", "Set role_arn", duration_seconds=900
    ),
    module("eks_iam_role", cluster_name="there", purpose="hybrid_node")(
        "an ARN of a profile",
        "trust_anchor_arn",
        "not the ARN of a trust anchor",
        "eks_roles_anywhere",
        trust_anchor_arn="arn:p",
    ),
    task("an identity that EKS does not know", "identity", "kiam", "pod_identity, irsa, none", identity="kiam"),
    karpenter(
        "a queue that SQS does not take",
        "eks_karpenter_queue_name",
        "'my.queue'",
        "1-80 letters",
        eks_karpenter_queue_name="my.queue",
    ),
    karpenter(
        "a misspelt option of a NodePool",
        "eks_karpenter_node_pools[0].node_clas",
        "unknown option",
        "Did you mean node_class?",
        eks_karpenter_node_pools=[{"name": "default", "node_clas": "gpu"}],
    ),
    karpenter(
        "the name of a subnet",
        "eks_karpenter_subnets",
        "'private-a'",
        "Use IDs like subnet-0a1b2c3d4e5f60718",
        eks_karpenter_subnets=["private-a"],
    ),
    karpenter(
        "a cluster without access entries",
        "eks_karpenter_enabled",
        "authentication_mode=CONFIG_MAP",
        "Set it to API_AND_CONFIG_MAP or API",
        eks_karpenter_version="1.14.1",
        eks_cluster_access_config={"authentication_mode": "CONFIG_MAP"},
    ),
    addon(
        "roles of two kinds",
        "service_account_role_name",
        "cannot be combined with identity",
        "Use one of them",
        identity="irsa",
        service_account_role_name="r",
    ),
    migration(
        "a service account without a namespace",
        "service_accounts",
        "'reader'",
        "like production/reader",
        service_accounts=["reader"],
    ),
    queue("a name with a dot", "queue_name", "'my.queue'", "1-80 letters", queue_name="my.queue"),
    nodes(
        "a name with capital letters",
        "node_pools[0].name",
        "'Batch'",
        "lowercase letters",
        node_pools=[{"name": "Batch"}],
    ),
    nodes(
        "a node class of two identities",
        "node_classes[0].spec",
        "both role and instanceProfile",
        "accepts one of them",
        node_classes=[{"name": "default", "spec": {"role": "a", "instanceProfile": "b"}}],
    ),
    tags("a cluster that does not exist", "cluster_name", "none does not exist", "name subnets and security_groups"),
]
