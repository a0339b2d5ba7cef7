#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_interruption_queue
version_added: 0.1.0
short_description: Manage the queue that announces the end of instances to Karpenter
description:
  - Creates a queue of Amazon SQS, and the rules of Amazon EventBridge that send it what EC2 and AWS Health announce of instances, such as the
    interruption of a Spot Instance. They are the ones of the CloudFormation template that Karpenter publishes.
  - The queue keeps messages for 300 seconds, is encrypted by SQS, takes messages from EventBridge, and denies requests without TLS.
  - Each run brings the queue and the rules back to that state. A queue of another name to which the rules led before is deleted.
  - Each request to the queue and each event costs money.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name. The names of the rules begin with it. The cluster need not exist.
    type: str
    required: true
  queue_name:
    description:
      - The name of the queue, of 1-80 letters, digits, hyphens and underscores.
      - The default is the name of the cluster.
    type: str
  adopt:
    description:
      - Whether a queue and rules of these names that exist already, and were not created by this collection for the cluster, are used. They
        are then changed, tagged, and deleted with O(state=absent).
      - Otherwise the task fails, and O(state=absent) keeps them.
    type: bool
    default: false
  wait_timeout:
    description:
      - The limit for all waits, in seconds. For 60 seconds after the deletion of a queue SQS does not create one of the same name.
    type: int
    default: 180
  state:
    description: Whether the queue and the rules exist.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: kumo.eks.eks_karpenter
  - name: Interruption of Karpenter's nodes
    description: What Karpenter does with the messages.
    link: https://karpenter.sh/docs/concepts/disruption/#interruption
extends_documentation_fragment:
  - kumo.eks.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
"""

EXAMPLES = r"""
- name: Create the queue and its rules
  kumo.eks.eks_interruption_queue:
    cluster_name: my-cluster
    region: ap-northeast-1
    tags:
      Environment: production

- name: Delete them
  kumo.eks.eks_interruption_queue:
    cluster_name: my-cluster
    region: ap-northeast-1
    state: absent
"""

RETURN = r"""
queue_name:
  description: Name of the queue.
  returned: always
  type: str
  sample: my-cluster
queue_arn:
  description: ARN of the queue.
  returned: always
  type: str
  sample: arn:aws:sqs:ap-northeast-1:123456789012:my-cluster
queue_url:
  description: URL of the queue.
  returned: when it exists
  type: str
  sample: https://sqs.ap-northeast-1.amazonaws.com/123456789012/my-cluster
rules:
  description: Names of the rules that exist.
  returned: always
  type: list
  elements: str
  sample: [my-cluster-spot-interruption, my-cluster-rebalance]
kept:
  description: What was not removed, and why.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: What it is.
      returned: always
      type: str
      sample: queue
    name:
      description: Its name.
      returned: always
      type: str
      sample: my-cluster
    why:
      description: Why it was kept.
      returned: always
      type: str
      sample: it was not created by kumo.eks for this cluster
"""

import re
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import get_partition
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import check_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import build_state_spec, build_tags_spec
from ansible_collections.kumo.eks.plugins.module_utils.events.interruption import (
    InterruptionQueue,
    build_queue_arn,
    build_queue_name,
)

QUEUE_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")


def read_queue_name(params: dict[str, Any]) -> str:
    """The name of the queue; raises ValidationError for one that SQS does not take."""
    name = params["queue_name"] or build_queue_name(params["cluster_name"])
    if not QUEUE_NAME.fullmatch(name):
        raise ValidationError(
            f"queue_name: {name!r} is not a valid name of a queue. Use 1-80 letters, digits, hyphens and underscores."
        )
    return name


def build_result(queue: InterruptionQueue, parts: dict[str, Outcome]) -> dict[str, Any]:
    """The result, and the diff by part."""
    raw = parts["queue"].raw
    url = {"queue_url": raw["QueueUrl"]} if raw and raw["QueueUrl"] else {}
    rules = [part.raw["Name"] for part in parts.values() if part.raw and "Name" in part.raw]
    changed = {name: part for name, part in parts.items() if part.changed}
    diff = {
        "before": {name: part.before for name, part in changed.items()},
        "after": {name: part.after for name, part in changed.items()},
    }
    about = {"queue_name": queue.arn.rpartition(":")[2], "queue_arn": queue.arn, **url}
    return {**about, "rules": rules, "kept": queue.kept, "changed": bool(changed), "diff": diff}


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        queue_name=dict(type="str"),
        adopt=dict(type="bool", default=False),
        wait_timeout=dict(type="int", default=180),
        **build_state_spec(),
        **build_tags_spec(),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    params = module.params
    cluster = params["cluster_name"]
    with handle_failures(module, f"Could not manage the interruption queue of cluster {cluster}"):
        name = read_queue_name(params)
        check_tags(params["tags"])
        sqs = get_client(module, "sqs")
        region = sqs.meta.region_name
        account = get_client(module, "sts").get_caller_identity()["Account"]
        queue = InterruptionQueue(
            sqs,
            get_client(module, "events"),
            cluster,
            build_queue_arn(get_partition(region), region, account, name),
            build_owner_key(region, cluster),
            params["adopt"],
            module.check_mode,
            params["wait_timeout"],
        )
        absent = params["state"] == "absent"
        parts = queue.ensure_absent() if absent else queue.ensure_present(params["tags"], params["purge_tags"])
        result = build_result(queue, parts)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
