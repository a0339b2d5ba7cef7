# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster

WORLD = "0.0.0.0/0"
NAME = ["Security group sg-cluster"]
TAG = {"kubernetes.io/cluster/my-cluster": "owned"}


def permission(first, last, cidr=WORLD, protocol="tcp"):
    return {"IpProtocol": protocol, "FromPort": first, "ToPort": last, "IpRanges": [{"CidrIp": cidr}]}


def group(*rows):
    return {
        "cluster": build_cluster(),
        "security_groups": {"sg-cluster": {"GroupId": "sg-cluster", "IpPermissions": list(rows), "tags": {}}},
        "instances": [{"InstanceId": "i-1", "SecurityGroups": [{"GroupId": "sg-cluster"}]}],
    }


def control_plane(*rows):
    return {name: value for name, value in group(*rows).items() if name != "instances"}


def tagged(*keys):
    groups = {key: {"tags": TAG if key in keys else {}} for key in ("sg-1", "sg-2")}
    rows = [{"InstanceId": "i-1", "SecurityGroups": [{"GroupId": "sg-1"}, {"GroupId": "sg-2"}]}]
    return {"cluster": build_cluster(), "instances": rows, "security_groups": groups}


def acl(first, last):
    entry = {"Egress": False, "RuleAction": "allow", "Protocol": "6", "PortRange": {"From": first, "To": last}}
    rows = [{"NetworkAclId": "acl-1", "Associations": [{"SubnetId": "subnet-a"}], "Entries": [entry]}]
    return {"node_subnets": {"subnet-a": ["Node group general"]}, "network_acls": rows}


DENIED = {"Egress": False, "RuleNumber": 50, "RuleAction": "deny", "Protocol": "-1", "CidrBlock": "0.0.0.0/0"}


def denied_first():
    """All is allowed by the entry 100, and denied before it."""
    found = acl(0, 65535)
    found["network_acls"][0]["Entries"][0]["RuleNumber"] = 100
    found["network_acls"][0]["Entries"].append(DENIED)
    return found


def balancer(*rows):
    return {
        "cluster_load_balancers": [{"LoadBalancerName": "web", "SecurityGroups": ["sg-lb"]}],
        "security_groups": {"sg-lb": {"GroupId": "sg-lb", "IpPermissions": list(rows)}},
    }


CASES = {
    "ssh_from_internet": Case(
        group(permission(22, 22)), NAME, group(permission(22, 22, "10.0.0.0/8"), permission(443, 443)), ("i-1",)
    ),
    "kubelet_from_internet": Case(group(permission(10000, 11000)), NAME, group(permission(443, 443))),
    "ports_from_internet": Case(group(permission(30000, 32767)), NAME, group(permission(443, 443))),
    "cluster_group_networks": Case(
        control_plane(permission(None, None, "10.0.0.0/8", "-1")),
        NAME,
        control_plane(permission(443, 443, "10.0.0.0/8")),
    ),
    "cluster_tag_on_groups": Case(tagged("sg-1", "sg-2"), ["Instance i-1"], tagged("sg-1")),
    "network_acl_answers": Case(acl(443, 443), ["Network ACL acl-1"], acl(1024, 65535)),
    "load_balancer_groups": Case(
        balancer(permission(0, 65535)), ["Security group sg-lb"], balancer(permission(443, 443))
    ),
}
