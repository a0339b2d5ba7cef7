# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_object

POOL, CLASS = ["NodePool spare"], ["EC2NodeClass spare"]


def pool(inner=None, status=None, **spec):
    fields = {"nodeClassRef": {"kind": "EC2NodeClass", "name": "spare"}, **(inner or {})}
    return {"node_pools": [build_object("spare", spec={"template": {"spec": fields}, **spec}, status=status or {})]}


def node_class(status=None, **spec):
    return {"ec2_node_classes": [build_object("spare", spec=spec, status=status or {})]}


def ready(status):
    return {"conditions": [{"type": "Ready", "status": status, "message": "no subnets"}]}


def require(*values):
    return {"requirements": [{"key": "node.kubernetes.io/instance-type", "operator": "In", "values": list(values)}]}


def volumes(encrypted):
    return {
        **node_class(blockDeviceMappings=[{"deviceName": "/dev/xvda", "ebs": {"encrypted": encrypted}}]),
        "ebs_encryption_by_default": False,
    }


CASES = {
    "karpenter_not_ready": Case(
        bad={**pool(), **node_class(status=ready("False"))},
        resources=CLASS,
        good={**pool(status=ready("True")), **node_class()},
        words=("no subnets",),
    ),
    "missing_node_class": Case(bad={**pool(), "ec2_node_classes": []}, resources=POOL, good={**pool(), **node_class()}),
    "no_disruption": Case(
        bad=pool(disruption={"budgets": [{"nodes": "0"}]}),
        resources=POOL,
        good=pool(
            disruption={"budgets": [{"nodes": "10%"}, {"nodes": "0", "schedule": "0 9 * * *", "duration": "8h"}]}
        ),
    ),
    "nodes_never_expire": Case(bad=pool({"expireAfter": "Never"}), resources=POOL, good=pool({"expireAfter": "720h"})),
    "karpenter_imds": Case(
        bad=node_class(metadataOptions={"httpTokens": "optional"}), resources=CLASS, good=node_class()
    ),
    "karpenter_volumes": Case(bad=volumes(False), resources=CLASS, good=volumes(True)),
    "one_instance_type": Case(
        bad=pool(require("m5.large")), resources=POOL, good=pool(require("m5.large", "m6i.large"))
    ),
}
