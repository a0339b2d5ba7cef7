# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters outside of EKS, registered with EKS Connector. Sources: RegisterCluster, DescribeCluster, DeregisterCluster.

The activation code lets an agent connect in the name of the cluster. It is a secret, and this room alone has it.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS, apply_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import LocalFileError, ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change, Field, build_request, drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.cluster_registration import (
    find_cluster_registration_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_missing, raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.eks.base import EksResource

Row = dict[str, Any]
SECRET = "activationCode"

FIELDS = (
    TAGS,
    Field("connector_provider", "connectorConfig.provider", None),
    Field("role_arn", "connectorConfig.roleArn", None),
)


class ClusterRegistrationResource(EksResource):
    """A registered cluster: all but its tags is immutable. No answer that leaves it has the activation code.

    Args:
        activation_file: where the activation is written when the cluster is registered, with the code.
    """

    kind = "registered cluster"
    fields = FIELDS
    replaceable = True

    def __init__(self, client: Any, name: str, activation_file: str | None = None) -> None:
        super().__init__(client, name)
        self._file = activation_file

    def describe(self) -> Row | None:
        raw = describe_or_none(self.client.describe_cluster, "cluster", name=self.name)
        if raw is not None and not raw.get("connectorConfig"):
            raise ValidationError(
                f"name: {self.name} is a cluster of EKS. Use another name, or manage it with kumo.eks.eks_cluster."
            )
        return drop_secret(raw) if raw else None

    def validate(self, raw: Row | None, desired: Row) -> None:
        raise_problems(find_cluster_registration_problems({**desired, "name": self.name}))
        if raw is None:
            raise_problems(find_missing(desired, ("connector_provider", "role_arn"), f"{self.kind} {self.name}"))
            self.check_arns(desired)
            if self._file:
                check_writable(self._file)

    def is_propagating(self, error: Exception) -> bool:
        """ "Required resources (such as service-linked roles) were created and are still propagating": the API model."""
        return super().is_propagating(error) or has_code(error, "ResourcePropagationDelayException")

    def build_create_request(self, desired: Row) -> Row:
        return {"name": self.name, **build_request(FIELDS, drop_none(desired))}

    def create(self, desired: Row) -> Row:
        raw = self.client.register_cluster(**self.build_create_request(desired))["cluster"]
        if self._file:
            self._write(self._file, raw["connectorConfig"])
        return drop_secret(raw)

    def _write(self, path: str, config: Row) -> None:
        try:
            write_activation(path, config, self.client.meta.region_name)
        except OSError as error:
            raise LocalFileError(
                f"Cluster {self.name} is registered, but its activation could not be written into {path}: {error.strerror}. EKS answers the"
                " code once: deregister the cluster with state=absent, and register it again.",
                changed=True,
            ) from error

    def predict(self, desired: Row) -> Row:
        return {**self.build_create_request(desired), "status": "PENDING"}

    def requests(self, raw: Row, changes: list[Change], desired: Row) -> list[Request]:
        arn, tags = raw["arn"], TAGS.normalize(desired["tags"])
        return [Request("TagResource", lambda: apply_tags(self.client, arn, raw.get("tags"), tags))]

    def delete(self) -> None:
        self.client.deregister_cluster(name=self.name)


def drop_secret(raw: Row) -> Row:
    """The cluster without the code of its activation."""
    config = {key: value for key, value in raw["connectorConfig"].items() if key != SECRET}
    return {**raw, "connectorConfig": config}


def check_writable(path: str) -> None:
    """Refuse a file that could not be written: the code is answered once."""
    folder = Path(path).parent
    if not folder.is_dir():
        raise ValidationError(f"activation_file: the folder {folder} does not exist. Create it first.")
    if Path(path).is_dir() or not os.access(folder, os.W_OK):
        raise ValidationError(
            f"activation_file: {path} cannot be written. Use a file in a folder that the task may write."
        )


def write_activation(path: str, config: Row, region: str) -> None:
    """Write the activation as JSON, for its owner only. The file is whole at any moment."""
    activation = {
        "activation_id": config["activationId"],
        "activation_code": config[SECRET],
        "activation_expiry": str(config.get("activationExpiry")),
        "region": region,
    }
    handle, name = tempfile.mkstemp(dir=Path(path).parent, prefix=".activation-")  # its mode is 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(activation, file)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
