"""How long things take at EKS, in seconds. One table, for the simulated service and for the benchmarks.

"seen" was read in public logs (terraform-aws-eks PR 3218, containers-roadmap 1227 and 2392); the rest is assumed.
"""

from __future__ import annotations

CLUSTER_CREATE = 540.0  # seen: 8m33s, 10m06s; 9 minutes on average by AWS
CLUSTER_DELETE = 180.0
CLUSTER_VERSION_UPDATE = 540.0
CLUSTER_CONFIG_UPDATE = 120.0
NODES_ROLLBACK = 360.0  # auto mode's nodes go before the control plane; assumed as a version update of nodes
CANCELLATION = 30.0  # of a rollback, until it is known how it ended; assumed
NODEGROUP_CREATE = 120.0  # seen: 1m48s, 1m59s
# "If the nodes in the managed node group do not connect to the cluster within 15 minutes": the guide's chapter on troubleshooting
NODES_JOIN = 900.0
NODES_LOOK = 60.0  # between looks at whether they have; assumed
# "If the Pods don't leave the node within 15 minutes and there's no force flag": the guide, managed-node-update-behavior
NODE_DRAIN = 900.0
NODEGROUP_DELETE = 240.0
NODEGROUP_VERSION_UPDATE = 60.0  # beside the replacement of the nodes; assumed
NODEGROUP_CONFIG_UPDATE = 120.0
FARGATE_CREATE = 90.0  # seen: 26 s to 5m45s
FARGATE_DELETE = 120.0  # seen
ADDON = 30.0
CERTIFICATE_AUTHORITY = 120.0  # to append, activate or delete one; assumed
CERTIFICATE_AUTHORITY_DISTRIBUTION = 600.0  # assumed: "varies by cluster"; with Fargate until its pods are replaced
CAPABILITY = 135.0  # seen in an example of the guide: createdAt and modifiedAt of an active one; updates assumed
CAPABILITY_DELETE = 60.0
NAT_GATEWAY = 90.0
IAM_PROPAGATION = 8.0  # until EKS knows a new role; assumed: Terraform asks again for two minutes
# until the API server knows a new or changed access entry; assumed: the guide says "several seconds"
ACCESS_ENTRY = 10.0
# Until a call is answered, for `up --latency`; assumed: AWS publishes none. Real time, whatever the clock's speed.
LATENCY = 0.1
READ_LAG = 2.0  # until reads of EC2 and IAM, and parts of EKS, know what was just made or deleted; assumed: AWS says "a few seconds" and less
INSIGHTS_REFRESH = 60.0
IDENTITY_PROVIDER = 120.0
REGISTRATION = 5.0  # of a cluster outside of EKS, and its end; assumed
QUEUE_NAME_BLOCKED = 60.0  # after the deletion of a queue: CreateQueue, QueueDeletedRecently
LOAD_BALANCER = 5.0  # until a Service shows its hostname; it takes traffic minutes later
VOLUME = 3.0  # until a volume of EBS is available; assumed
LOAD_BALANCER_INTERFACES = 30.0  # they stay so long after the load balancer is deleted; assumed
# EC2; assumed but for what AWS documents (a deleted NAT gateway can be seen for about an hour).
NAT_GATEWAY_FAILURE = 15.0
NAT_GATEWAY_DELETE = 45.0
NAT_GATEWAY_FORGOTTEN = 3600.0
CIDR_BLOCK = 5.0
VPC_ENDPOINT = 60.0  # an interface endpoint; a gateway endpoint is available at once
VPC_ENDPOINT_DELETE = 30.0
CONTROL_PLANE_INTERFACES = 30.0  # they stay so long after the cluster is gone
# EC2 Auto Scaling, for groups of the account's own; assumed
INSTANCE_LAUNCH = 30.0  # until an instance is InService
INSTANCE_BOOT = 45.0  # from then on until its kubelet registers
INSTANCE_TERMINATE = 40.0
# Of an update of a managed node group: until the new nodes are Ready, and for each batch of old ones
NODES_LAUNCH = INSTANCE_LAUNCH + INSTANCE_BOOT
NODE_REPLACEMENT = 60.0 + INSTANCE_TERMINATE  # "waits for 60 seconds" after the last pod: managed-node-update-behavior
