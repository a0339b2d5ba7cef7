# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of the playbooks are spoiled: throttled, dropped, or what they start fails. The next run must converge."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from chaos.kills import Undisturbed, check_end
from chaos.place import Broken, Place

# What a creation that EKS cannot finish says, by resource: CreateNodegroup's health issue codes and their kin.
FAILURES = {
    "CreateCluster": "InsufficientFreeAddresses",
    "CreateNodegroup": "AsgInstanceLaunchFailures",
    "CreateFargateProfile": "PodExecutionRoleNotFound",
    "CreateAddon": "ConfigurationConflict",
}
CLUSTER = "my-cluster"
TEXT = "chaos says so"
Case = Callable[[], None]


def list_cases(place: Place, undisturbed: Undisturbed) -> Iterator[tuple[str, Case]]:
    """Name and case, each of which begins with an empty account and raises Broken."""
    for kind in ("throttle", "drop", "lose_answer"):
        yield f"{kind} at every second call", lambda k=kind: _spoil_every_second_call(place, undisturbed, k)
    for operation, code in FAILURES.items():
        yield f"{operation} ends in failure", lambda o=operation, c=code: _fail_creation(place, undisturbed, o, c)
    yield "an update ends in failure", lambda: _fail_update(place, undisturbed)


def _converge(place: Place, undisturbed: Undisturbed, playbook: str) -> None:
    place.play(playbook).assert_ok()
    place.play(playbook).assert_unchanged()
    check_end(place, undisturbed, playbook)


def _spoil_every_second_call(place: Place, undisturbed: Undisturbed, kind: str) -> None:
    """All the way up and down. The listing's own calls are not spoiled."""
    for playbook in ("site", "teardown"):
        place.sandbox.add_fault(kind=kind, service="*", count=0, every=2)
        place.play(playbook).assert_ok()
        place.play(playbook).assert_unchanged()
        place.sandbox.clear_faults()
        check_end(place, undisturbed, playbook)


def _fail_creation(place: Place, undisturbed: Undisturbed, operation: str, code: str) -> None:
    """It fails with EKS' words. What failed is removed by hand, as the message says: no run deletes by itself."""
    place.sandbox.add_fault(kind="fail_creation", operation=operation, code=code, message=TEXT)
    place.play("site").assert_failed(code, TEXT)
    place.sandbox.clear_faults()
    _delete_failed(place, operation)
    _converge(place, undisturbed, "site")


def _delete_failed(place: Place, operation: str) -> None:
    eks, words = place.sandbox.client("eks"), {"clusterName": CLUSTER}
    if operation == "CreateCluster":
        eks.delete_cluster(name=CLUSTER)
        return
    found = place.list_account()
    for kind, name, delete in (
        ("nodegroups", "nodegroupName", eks.delete_nodegroup),
        ("fargate_profiles", "fargateProfileName", eks.delete_fargate_profile),
        ("addons", "addonName", eks.delete_addon),
    ):
        for row in found[kind]:
            if row["status"] == "CREATE_FAILED":
                delete(**words, **{name: row[name]})


def _fail_update(place: Place, undisturbed: Undisturbed) -> None:
    place.play("site").assert_ok()
    place.sandbox.add_fault(kind="fail_update", code="SubnetNotFound", message=TEXT)
    place.play("site", eks_cluster_upgrade_policy={"support_type": "STANDARD"}).assert_failed("SubnetNotFound", TEXT)
    place.sandbox.clear_faults()
    _converge(place, undisturbed, "site")


def try_case(place: Place, case: Case) -> str:
    """What does not hold, empty where all holds; the account is empty before and after."""
    place.sandbox.reset()
    try:
        case()
    except Broken as error:
        return str(error)
    finally:
        place.sandbox.reset()
    return ""
