#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_event_info
version_added: 0.1.0
short_description: Look up who changed resources of an Amazon EKS cluster
description:
  - Looks up calls to EKS that changed a cluster, a node group, a Fargate profile, an add-on or an access entry, in the event history of
    AWS CloudTrail.
  - CloudTrail keeps the event history of a region for 90 days, without a trail. An event is there some minutes after the call.
  - CloudTrail allows two lookups per second. Each kind of resource takes three to seven.
  - A denied lookup is a warning, and RV(events) is then empty.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  resources:
    description: The resources. Those of other kinds than the ones above are ignored.
    type: list
    elements: dict
    required: true
  hours:
    description: How far to look back, at most 2160 hours, which are 90 days.
    type: int
    default: 168
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.facts
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  facts:
    support: none
  platform:
    platforms: posix
"""

EXAMPLES = r"""
- name: Look up who changed a node group
  kumo.eks.eks_event_info:
    cluster_name: my-cluster
    resources:
      - kind: node group
        name: general
    hours: 24
    region: ap-northeast-1
"""

RETURN = r"""
events:
  description: The events, the newest one first.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: The kind of the resource.
      returned: always
      type: str
      sample: node group
    name:
      description: Its name. Of an access entry, the principal.
      returned: always
      type: str
      sample: general
    event:
      description: The operation of the API.
      returned: always
      type: str
      sample: UpdateNodegroupConfig
    time:
      description: When it was called, in UTC.
      returned: always
      type: str
      sample: "2026-11-26T16:00:00Z"
    user:
      description: The ARN of the caller, or the service that called.
      returned: always
      type: str
      sample: arn:aws:sts::123456789012:assumed-role/developers/jane
    event_id:
      description: The ID of the event.
      returned: always
      type: str
      sample: 7b9f3d9a-6c34-4f9e-9d8a-0a4f4a1c2b3d
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_range_problems, raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.eks.events import find_events

MOST_HOURS = 90 * 24


def look_up(module: AnsibleAWSModule) -> list[dict[str, Any]]:
    """The events."""
    params = module.params
    raise_problems(find_range_problems("hours", params["hours"], 1, MOST_HOURS))
    start = datetime.now(UTC) - timedelta(hours=params["hours"])
    resources = [(str(row.get("kind")), str(row.get("name"))) for row in params["resources"]]
    return look_if_allowed(
        lambda: find_events(get_client(module, "cloudtrail"), params["cluster_name"], resources, start),
        [],
        "cloudtrail:LookupEvents",
        "it was not looked up who changed what",
    )


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        resources=dict(type="list", elements="dict", required=True),
        hours=dict(type="int", default=168),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    with handle_failures(module, f"Could not look up changes of cluster {module.params['cluster_name']}"):
        events = look_up(module)
    module.exit_json(changed=False, events=events)


if __name__ == "__main__":
    main()
