# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The removal of what controllers made and left, through AWS alone: no controller lives any more that would do it.

The order is that in which AWS lets go: instances, load balancers, target groups, interfaces, security groups. Each removal is
repeated while something that is just going holds the thing. An interrupted run is continued by the next one: it looks again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_all_pages
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import run_concurrently
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import WaitTimedOut, add_facts
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline, poll
from ansible_collections.kumo.eks.plugins.module_utils.leaks.claims import COLLECTION, EKS, Claim, Thing
from ansible_collections.kumo.eks.plugins.module_utils.leaks.fates import Policy, build_row, find_fate, format_row
from ansible_collections.kumo.eks.plugins.module_utils.leaks.group_rules import revoke_references
from ansible_collections.kumo.eks.plugins.module_utils.leaks.picture import Picture, take_picture
from ansible_collections.kumo.eks.plugins.module_utils.leaks.volumes import VolumeRemoval

Row = dict[str, Any]
# In the order of their removal. What kumo.eks or EKS made is removed by the roles, or by EKS.
FIRST = ("instance",)
BALANCERS, TARGETS = ("load_balancer",), ("target_group",)
NETWORK = ("network_interface",)
GROUPS = ("security_group",)
LAST = ("launch_template", "instance_profile")
# Those of kumo.eks, which the role of the cluster removes only if its variables have the CA: whoever has a certificate could use them.
PROFILES, ANCHORS = ("roles_anywhere_profile",), ("trust_anchor",)
DATA = ("volume", "log_group")
STEPS = (FIRST, BALANCERS, TARGETS, NETWORK, GROUPS, LAST, PROFILES, ANCHORS, DATA)
KINDS = tuple(kind for step in STEPS for kind in step)
GONE = (
    *(
        "InvalidInstanceID.NotFound",
        "LoadBalancerNotFound",
        "TargetGroupNotFound",
        "InvalidNetworkInterfaceID.NotFound",
    ),
    *("InvalidGroup.NotFound", "InvalidGroupId.NotFound", "InvalidLaunchTemplateId.NotFound", "NoSuchEntity"),
    *("InvalidVolume.NotFound", "ResourceNotFoundException", "InvalidLaunchTemplateId.NotFoundException"),
)
# What goes by itself holds it: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
HELD = (
    *("DependencyViolation", "ResourceInUse", "InvalidNetworkInterface.InUse", "DeleteConflict", "VolumeInUse"),
    "InvalidParameterValue",  # DeleteNetworkInterface: "Network interface 'eni-...' is currently in use."
)


@dataclass
class LeftoverRemoval:
    """Removes what controllers of one cluster left.

    Args:
        get_client: gives a boto3 client by the name of its service.
        exists: whether the cluster still exists: EKS removes its own groups, interfaces and logs' group with it.
        wait_timeout: in seconds, for all of it.
    """

    get_client: Callable[[str], Any]
    region: str
    cluster: str
    policy: Policy
    check_mode: bool = False
    wait_timeout: float = 600
    removed: list[Row] = field(default_factory=list)
    picture: Picture = field(default_factory=Picture)

    def __post_init__(self) -> None:
        self._deadline = Deadline(self.wait_timeout)
        ec2, elb, elbv2 = (self.get_client(name) for name in ("ec2", "elb", "elbv2"))
        self._volumes = VolumeRemoval(ec2, self.cluster, self.policy.volumes, self._deadline)
        self._delete: dict[str, Callable[[Thing], Any]] = {
            "instance": lambda thing: ec2.terminate_instances(InstanceIds=[thing.id]),
            "load_balancer": lambda thing: (
                elb.delete_load_balancer(LoadBalancerName=thing.id)
                if thing.facts["type"] == "classic"
                else elbv2.delete_load_balancer(LoadBalancerArn=thing.id)
            ),
            "target_group": lambda thing: elbv2.delete_target_group(TargetGroupArn=thing.id),
            "network_interface": lambda thing: ec2.delete_network_interface(NetworkInterfaceId=thing.id),
            "security_group": lambda thing: ec2.delete_security_group(GroupId=thing.id),
            "launch_template": lambda thing: ec2.delete_launch_template(LaunchTemplateId=thing.id),
            "instance_profile": self._delete_profile,
            "roles_anywhere_profile": lambda thing: self._anywhere.delete_profile(profileId=thing.id),
            "trust_anchor": lambda thing: self._anywhere.delete_trust_anchor(trustAnchorId=thing.id),
            "volume": self._volumes.remove,
            "log_group": lambda thing: self.get_client("logs").delete_log_group(logGroupName=thing.id),
        }

    @property
    def _anywhere(self) -> Any:
        return self.get_client("rolesanywhere")

    def ensure_absent(self) -> None:
        """Remove it. A failure carries what was removed before it."""
        try:
            self.look()
            for step in STEPS:
                self._remove([thing for thing, claim in self._list_leaving() if thing.kind in step])
        except Exception as error:
            add_facts(error, {"changed": bool(self.removed), "removed": self.removed})
            raise

    def look(self) -> None:
        """Take the picture by which things are removed."""
        self.picture = take_picture(self.get_client, self.region, self.cluster, KINDS)
        vpc = ((self.picture.raw or {}).get("resourcesVpcConfig") or {}).get("vpcId")
        owner = build_owner_key(self.region, self.cluster)
        self.policy = Policy(self.policy.volumes, self.policy.log_group, vpc or self.policy.vpc_id, owner)

    def _list_leaving(self) -> list[tuple[Thing, Claim]]:
        return [(thing, claim) for thing, claim in self.picture.claims if self._is_leaving(thing, claim)]

    def _is_leaving(self, thing: Thing, claim: Claim) -> bool:
        """Whether it is this task's to remove now."""
        if not find_fate(thing, claim, self.policy).removed:
            return False
        if claim.owner == COLLECTION:
            return self.picture.raw is None and thing.kind in (*PROFILES, *ANCHORS)
        if claim.owner != EKS:
            return True
        # EKS leaves the group that something still referred to, and the logs' group always.
        return self.picture.raw is None and thing.kind in (*GROUPS, "log_group")

    # removal

    def _remove(self, things: list[Thing]) -> None:
        claims = {thing.id: claim for thing, claim in self.picture.claims}
        self.removed += [build_row(thing, claims[thing.id], self.policy, self.region) for thing in things]
        if self.check_mode or not things:
            return
        if things[0].kind in GROUPS:
            revoke_references(self.get_client("ec2"), [thing.id for thing in things])
        results = run_concurrently([(thing.id, lambda thing=thing: self._remove_one(thing)) for thing in things])
        error = next((result.error for result in results if result.error is not None), None)
        if error is not None:
            self.removed = [row for row in self.removed if row["id"] not in {one.name for one in results if one.error}]
            raise error
        self._wait_until_gone(things)

    def _remove_one(self, thing: Thing) -> Outcome:
        claim = next(claim for other, claim in self.picture.claims if other.id == thing.id)
        title = format_row({"kind": thing.kind, "id": thing.id, "name": thing.name, "reason": claim.reason})

        def observe() -> tuple[bool, None, str]:
            try:
                self._delete[thing.kind](thing)
            except Exception as error:
                if has_code(error, *GONE):
                    return True, None, ""
                if not has_code(error, *HELD):
                    raise
                return False, None, str(error)
            return True, None, ""

        poll(observe, f"The removal of {title}", self._deadline)
        return Outcome(True, None)

    def _wait_until_gone(self, things: list[Thing]) -> None:
        """Instances hold their groups, interfaces and volumes until they are terminated, load balancers their target groups."""
        ids = {thing.id for thing in things if thing.kind in (*FIRST, *BALANCERS)}
        if not ids:
            return
        kinds = {thing.kind for thing in things}

        def observe() -> tuple[bool, None, str]:
            now = take_picture(self.get_client, self.region, self.cluster, kinds)
            left = [f"{thing.kind} {thing.id}" for thing, dummy in now.claims if thing.id in ids]
            left += [name for name in self._list_terminating() if "instance" in kinds]
            return not left, None, ", ".join(left)

        poll(observe, "The end of instances and load balancers", self._deadline)
        if "load_balancer" in kinds:
            self._wait_for_interfaces()

    def _list_terminating(self) -> list[str]:
        """Instances that are on their way out: the picture leaves them out."""
        filters = [
            {"Name": "tag-key", "Values": [f"kubernetes.io/cluster/{self.cluster}"]},
            {"Name": "instance-state-name", "Values": ["shutting-down"]},
        ]
        pages = self.get_client("ec2").get_paginator("describe_instances").paginate(Filters=filters)
        rows = [one for page in pages for group in page["Reservations"] for one in group["Instances"]]
        return [f"instance {row['InstanceId']}" for row in rows]

    def _wait_for_interfaces(self) -> None:
        """Elastic Load Balancing takes its interfaces away some minutes later. What needs them gone waits for them itself."""
        groups = [thing.id for thing, dummy in self._list_leaving() if thing.kind == "security_group"]
        if not groups:
            return
        filters = [{"Name": "group-id", "Values": groups}, {"Name": "description", "Values": ["ELB *"]}]

        def observe() -> tuple[bool, None, str]:
            ec2 = self.get_client("ec2")
            rows = describe_all_pages(ec2, "describe_network_interfaces", "NetworkInterfaces", Filters=filters)
            return not rows, None, ", ".join(row["NetworkInterfaceId"] for row in rows)

        try:
            poll(observe, "The end of load balancers' interfaces", self._deadline)
        except WaitTimedOut:
            pass  # the removal of their groups says what holds them

    def _delete_profile(self, thing: Thing) -> None:
        iam = self.get_client("iam")
        for role in iam.get_instance_profile(InstanceProfileName=thing.id)["InstanceProfile"]["Roles"]:
            iam.remove_role_from_instance_profile(InstanceProfileName=thing.id, RoleName=role["RoleName"])
        iam.delete_instance_profile(InstanceProfileName=thing.id)
