# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All sources by their names."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.snapshot import Source
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources import (
    aws_services,
    ec2,
    eks,
    iam,
    kubernetes,
    load_balancers,
    removed_apis,
    workloads,
)

ROOMS = (eks, ec2, iam, aws_services, load_balancers, kubernetes, removed_apis, workloads)
SOURCES: dict[str, Source] = {
    one.name: one for room in ROOMS for one in vars(room).values() if isinstance(one, Source)
} | kubernetes.OBJECTS
