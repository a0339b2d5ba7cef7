"""Breaks site.yml on the sandbox in every way there is, runs it again and looks at what is left.

Usage: chaos.py [kill] [throttle] [drop] [fail] [--first N] [--every N]; no word is all of them.

kill      ends the controller with its workers and modules (SIGKILL) at each task in turn, from a number on, or at each
          Nth; then runs again
throttle  lets every second call to AWS be throttled, once through, with a second run and a teardown
drop      the same with dropped connections, for EKS
fail      lets the first creation of each resource of EKS end in failure, and an update: the run must end with EKS'
          words, and the next run converge

Whatever was done, the next run must bring the guide's cluster: each thing once, nothing lost, nothing left to change.
Ends with a line of counts; exits with 1 when one of them failed.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from place import GUIDE, Place
from place import place as a_place
from support.process_tree import kill_tree

LONGEST_TASK = 1.5  # seconds
TASK = re.compile(r"^TASK \[")
UNIQUE = re.compile(r"-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")  # what EKS puts behind the names of its templates
# What a creation that EKS cannot finish says, by resource: CreateNodegroup's health issue codes and their kin.
FAILURES = {
    "CreateCluster": "InsufficientFreeAddresses",
    "CreateNodegroup": "AsgInstanceLaunchFailures",
    "CreateFargateProfile": "PodExecutionRoleNotFound",
    "CreateAddon": "ConfigurationConflict",
}


class Broken(Exception):
    """What chaos left behind is not the guide's cluster."""


def kill_at(place: Place, number: int) -> str:
    """Run site.yml and end it a moment after its task of this number begins; the task's name, empty past the last.

    The moment is between nothing and the length of a task, another one for each number, the same in every run.
    """
    process = place.start("kumo.eks.site", **GUIDE)
    seen = 0
    for line in process.stdout:
        seen += bool(TASK.match(line))
        if seen == number:
            time.sleep(random.Random(number).uniform(0, LONGEST_TASK))
            kill_tree(process.pid)
            process.wait()
            return line.partition("[")[2].rpartition("]")[0]
    process.wait()
    return ""


def inventory(place: Place) -> dict[str, Any]:
    """What there is in the account, counted where names are made up by AWS."""
    ec2, iam, eks = place.client("ec2"), place.client("iam"), place.client("eks")
    own = [{"Name": "is-default", "Values": ["false"]}]
    nat = [row for row in ec2.describe_nat_gateways()["NatGateways"] if row["State"] != "deleted"]
    vpcs = [row["VpcId"] for row in ec2.describe_vpcs(Filters=own)["Vpcs"]]
    inside = [{"Name": "vpc-id", "Values": vpcs or ["none"]}]
    roles = [row["RoleName"] for row in iam.list_roles()["Roles"] if "/aws-service-role/" not in row["Path"]]
    profiles = [row["InstanceProfileName"] for row in iam.list_instance_profiles()["InstanceProfiles"]]
    found = {
        "vpcs": len(vpcs),
        "subnets": sorted(row["CidrBlock"] for row in ec2.describe_subnets(Filters=inside)["Subnets"]),
        "internet gateways": len(ec2.describe_internet_gateways()["InternetGateways"]),
        "NAT gateways by zone": sorted(Counter(row["SubnetId"] for row in nat).values()),
        "addresses": len(ec2.describe_addresses()["Addresses"]),
        "route tables": len(ec2.describe_route_tables(Filters=inside)["RouteTables"]),
        "launch templates": sorted(
            UNIQUE.sub("", row["LaunchTemplateName"]) for row in ec2.describe_launch_templates()["LaunchTemplates"]
        ),
        "roles": {role: attached(iam, role) for role in sorted(roles)},
        "instance profiles": sorted(name for name in profiles if not name.startswith("eks-")),
    }
    for name in eks.list_clusters()["clusters"]:
        found[f"cluster {name}"] = {
            "node groups": sorted(eks.list_nodegroups(clusterName=name)["nodegroups"]),
            "Fargate profiles": sorted(eks.list_fargate_profiles(clusterName=name)["fargateProfileNames"]),
            "add-ons": sorted(eks.list_addons(clusterName=name)["addons"]),
        }
    return found


def attached(iam: Any, role: str) -> list[str]:
    policies = [row["PolicyName"] for row in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]]
    return sorted(policies + iam.list_role_policies(RoleName=role)["PolicyNames"])


def must(code: int, output: str, wanted: int = 0) -> str:
    if (code == 0) != (wanted == 0):
        raise Broken(f"the run ended with {code}:\n{output[-6000:]}")
    return output


def converges(place: Place, whole: dict[str, Any]) -> None:
    """The next run ends well, makes the whole, and the one after has nothing to change."""
    must(*place.play("kumo.eks.site", **GUIDE))
    now = inventory(place)
    if now != whole:
        differing = {key: (now.get(key), whole.get(key)) for key in {*now, *whole} if now.get(key) != whole.get(key)}
        raise Broken(f"what is there is not the guide's cluster; found and wanted: {json.dumps(differing, indent=1)}")
    again = must(*place.play("kumo.eks.site", **GUIDE))
    if not re.search(r"changed=0\s", again.partition("PLAY RECAP")[2]):
        raise Broken(f"there was still something to change:\n{again[-6000:]}")


def kill(place: Place, whole: dict[str, Any], first: int, every: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """A case for each task: killed at it, the next run converges."""
    number = first
    while task := kill_at(place, number):
        yield f"killed at task {number}, {task}", lambda: converges(place, whole)
        number += every


def spoiled(place: Place, whole: dict[str, Any], kind: str, service: str) -> Iterator[tuple[str, Callable[[], None]]]:
    """One case: every second call meets the fault, all the way up and down."""
    words = ("--kind", kind, "--service", service, "--count", "0", "--every", "2")

    nothing = inventory(place)

    def up_and_down() -> None:
        place.sandbox("faults", "add", *words)
        converges(place, whole)
        must(*place.play("kumo.eks.teardown", **GUIDE))
        place.sandbox("faults", "clear")
        left = inventory(place)
        if left != nothing:
            raise Broken(f"the teardown left {json.dumps(left, indent=1)}")

    yield f"{kind} on every second call of {service}", up_and_down


def fail(place: Place, whole: dict[str, Any]) -> Iterator[tuple[str, Callable[[], None]]]:
    """A case for each creation: it fails with EKS' words, the cure is applied, the next run converges."""
    for operation, code in FAILURES.items():
        yield f"{operation} ends in failure", lambda o=operation, c=code: failed_creation(place, whole, o, c)
    yield "an update ends in failure", lambda: failed_update(place, whole)


def failed_creation(place: Place, whole: dict[str, Any], operation: str, code: str) -> None:
    words = ("--kind", "fail_creation", "--operation", operation, "--code", code, "--message", "chaos says so")
    place.sandbox("faults", "add", *words)
    output = must(*place.play("kumo.eks.site", **GUIDE), wanted=1)
    if code not in output or "chaos says so" not in output:
        raise Broken(f"the run does not say {code}:\n{output[-6000:]}")
    # The way out that the message names: what failed is removed by hand, for a run must not delete by itself.
    eks, cluster = place.client("eks"), {"clusterName": "my-cluster"}
    if operation == "CreateCluster":
        eks.delete_cluster(name="my-cluster")
    elif operation == "CreateNodegroup":
        for name in eks.list_nodegroups(**cluster)["nodegroups"]:
            if eks.describe_nodegroup(**cluster, nodegroupName=name)["nodegroup"]["status"] == "CREATE_FAILED":
                eks.delete_nodegroup(**cluster, nodegroupName=name)
    elif operation == "CreateFargateProfile":
        eks.delete_fargate_profile(**cluster, fargateProfileName="default")
    else:
        for name in eks.list_addons(**cluster)["addons"]:
            if eks.describe_addon(**cluster, addonName=name)["addon"]["status"] == "CREATE_FAILED":
                eks.delete_addon(**cluster, addonName=name)
    converges(place, whole)


def failed_update(place: Place, whole: dict[str, Any]) -> None:
    must(*place.play("kumo.eks.site", **GUIDE))
    words = ("--kind", "fail_update", "--code", "SubnetNotFound", "--message", "chaos says so")
    place.sandbox("faults", "add", *words)
    change = {"eks_cluster_upgrade_policy": {"support_type": "STANDARD"}}
    output = must(*place.play("kumo.eks.site", **GUIDE, **change), wanted=1)
    if "SubnetNotFound" not in output:
        raise Broken(f"the run does not say SubnetNotFound:\n{output[-6000:]}")
    converges(place, whole)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kinds = ("kill", "throttle", "drop", "fail")
    parser.add_argument("kinds", nargs="*", choices=[*kinds, []], help="what to do; all where nothing is said")
    parser.add_argument(
        "--first", type=int, default=1, help="kill from the task of this number on (default: %(default)s)"
    )
    parser.add_argument("--every", type=int, default=1, help="kill at each Nth task only (default: %(default)s)")
    words = parser.parse_args()
    passed = failed = 0
    with a_place() as place:
        must(*place.play("kumo.eks.site", **GUIDE))
        whole = inventory(place)
        cases = {
            "kill": lambda: kill(place, whole, words.first, words.every),
            "throttle": lambda: spoiled(place, whole, "throttle", "*"),
            "drop": lambda: spoiled(place, whole, "drop", "eks"),
            "fail": lambda: fail(place, whole),
        }
        for kind in words.kinds or kinds:
            place.sandbox("reset")
            for name, case in cases[kind]():
                try:
                    case()
                    passed += 1
                    print(f"ok      {name}", flush=True)
                except Broken as error:
                    failed += 1
                    print(f"FAILED  {name}: {error}", flush=True)
                place.sandbox("reset")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
