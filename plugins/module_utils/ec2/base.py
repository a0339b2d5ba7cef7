# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the resources of a network share: their place in the inventory, tags, and what EC2's errors mean."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import drop_reserved_tags, keep_current_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import was_repeated
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request, Resource
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline, look_patiently, poll
from ansible_collections.kumo.eks.plugins.module_utils.ec2.inventory import (
    KINDS,
    NOT_FOUND,
    UNKNOWN,
    Inventory,
    Row,
    build_tag_specification,
)


def build_token(*parts: str) -> str:
    """A client token that two runs with the same intention share, so that EC2 makes the thing once.

    At most 64 ASCII characters: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
    """
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class NetworkResource(Resource):
    """A resource of EC2 that is found in the inventory, by its name or by what it belongs to.

    ``describe`` gives a row of the inventory in the shape that the fields read: names of other parts instead of ids.
    A subclass says how a row is found (``find``), read (``read``), created and changed (``actions``).
    """

    rows: str  # the kind in the inventory
    tag_type: str  # what TagSpecifications call it

    def __init__(self, inventory: Inventory, name: str) -> None:
        self.inventory, self.name = inventory, name
        self.ec2 = inventory.ec2

    @property
    def id_key(self) -> str:
        return KINDS[self.rows].id

    def find(self) -> Row | None:
        """The row in the inventory: the one of this name that was made for the cluster."""
        rows = [row for row in self.inventory.list_owned(self.rows) if row["tags"].get("Name") == self.name]
        return min(rows, key=lambda row: row[self.id_key], default=None)

    def is_seen(self) -> bool:
        """Whether it is there, looked for again for a moment: what keeps EC2 from making it may not be listed yet."""

        def observe() -> tuple[bool, bool]:
            self.inventory.read((self.rows,))
            found = self.find() is not None
            return found, found

        return look_patiently(observe)

    def read(self, row: Row) -> Row:
        """The row with what the fields read, and a status."""
        return {**row, "status": "ACTIVE"}

    def describe(self) -> Row | None:
        row = self.find()
        return None if row is None else self.read(row)

    def adjust(self, raw: Row, desired: dict[str, Any]) -> dict[str, Any]:
        return keep_current_tags(desired, raw)

    def predict(self, desired: dict[str, Any]) -> Row:
        """The row that a creation would give, with an id that says that nobody knows it yet; noted in the inventory."""
        row = {self.id_key: self.planned_id(), "tags": drop_reserved_tags(desired["tags"]), **self.plan_row(desired)}
        return self.read(row)

    def planned_id(self) -> str:
        """What takes an id's place in check mode."""
        return f"{self.name} {UNKNOWN}"

    def plan_row(self, desired: dict[str, Any]) -> Row:
        """What a creation would answer beside id and tags."""
        return {}

    def note_plan(self, raw: Row) -> None:
        """Take a predicted row into the inventory, for the parts that are planned after this one."""
        self.inventory.put(self.rows, {key: value for key, value in raw.items() if key != "status"})

    def specify_tags(self, desired: dict[str, Any]) -> list[dict[str, Any]]:
        return build_tag_specification(self.tag_type, drop_reserved_tags(desired["tags"]))

    def requests(self, raw: Row, changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        actions = {**self.actions(raw, desired), "tags": ("CreateTags", lambda: self._set_tags(raw, desired["tags"]))}
        groups = [change.field.group for change in changes]
        return [Request(operation, send) for group, (operation, send) in actions.items() if group in groups]

    def actions(self, raw: Row, desired: dict[str, Any]) -> dict[str, tuple[str, Callable[[], None]]]:
        """For each group of fields the operation that changes it, in the order it must be sent."""
        return {}

    def _set_tags(self, raw: Row, wanted: dict[str, Any]) -> None:
        now, wanted = drop_reserved_tags(raw["tags"]), drop_reserved_tags(wanted)
        ids = [raw[self.id_key]]
        gone = [{"Key": key} for key in sorted(set(now) - set(wanted))]
        new = [{"Key": key, "Value": value} for key, value in wanted.items() if now.get(key) != value]
        if gone:
            self.inventory.send(lambda: self.ec2.delete_tags(Resources=ids, Tags=gone))
        if new:
            self.inventory.send(lambda: self.ec2.create_tags(Resources=ids, Tags=new))
        self.note(raw, tags={**{key: raw["tags"][key] for key in set(raw["tags"]) - set(now)}, **wanted})

    def note(self, raw: Row, **values: Any) -> None:
        """Note in the inventory what a request changed."""
        row = self.inventory.find(self.rows, raw[self.id_key]) or raw
        self.inventory.put(self.rows, {**row, **values})

    def is_missing(self, error: Exception) -> bool:
        return has_code(error, *NOT_FOUND)


def delete_when_free(call: Callable[[], Any], what: str, deadline: Deadline) -> bool:
    """Delete a thing, again while something that is just going holds it; whether this call deleted it.

    EC2 answers DependencyViolation or an "in use" code until the interfaces of deleted gateways and endpoints are gone.
    https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html
    """

    def observe() -> tuple[bool, bool, str]:
        try:
            call()
            return True, True, ""
        except Exception as error:
            if has_code(error, *NOT_FOUND):
                return True, was_repeated(error), ""
            if not has_code(error, *HELD):
                raise
            return False, False, str(error)

    return poll(observe, f"The deletion of {what}", deadline)


# AuthFailure is what DetachInternetGateway and ReleaseAddress answer while an address is still mapped.
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
HELD = (
    "DependencyViolation",
    "InvalidIPAddress.InUse",
    "InvalidAddress.Locked",
    "InvalidNetworkInterface.InUse",
    "InvalidPlacementGroup.InUse",
)
