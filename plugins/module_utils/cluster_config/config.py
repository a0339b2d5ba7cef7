# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ClusterConfig of eksctl as role variables: read, checked, translated. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config import reading, rules
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.existing_subnets import fill_ids
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation import cluster as translation


class Unusable(ValueError):
    """A ClusterConfig that cannot be used; ``problems`` has one sentence for each thing that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def build_role_variables(config: Any, subnets: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """The variables, by name; raises Unusable with all problems of the config at once.

    Args:
        subnets: those of the VPC of the config, as eks_network_info returns them, for entries of vpc.subnets without an ID.
    """
    fields, problems = reading.read(config)
    # Contradictions are looked for among the fields that are right, so that one run names everything.
    problems = [*problems, *fill_ids(fields, subnets), *rules.find_contradictions(fields)]
    if problems:
        raise Unusable(problems)
    return translation.build_variables(fields)
