# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A queue that gets the events by which EC2 announces the end of instances, and the rules that bring them.

All of it is what Karpenter's own CloudFormation template of v1.14 creates:
https://github.com/aws/karpenter-provider-aws/blob/v1.14.1/website/content/en/preview/getting-started/getting-started-with-karpenter/cloudformation.yaml
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import VERSION
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import run_concurrently
from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import shorten
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.events.queue import LONGEST_NAME as LONGEST_QUEUE_NAME
from ansible_collections.kumo.eks.plugins.module_utils.events.queue import QueueResource
from ansible_collections.kumo.eks.plugins.module_utils.events.rule import LONGEST_NAME as LONGEST_RULE_NAME
from ansible_collections.kumo.eks.plugins.module_utils.events.rule import RuleResource

Row = dict[str, Any]
RETENTION = 300  # seconds: an instance is gone two minutes after its warning
# A rule's end of its name -> the source of the events and their detail-type
RULES = {
    "scheduled-change": ("aws.health", "AWS Health Event"),
    "spot-interruption": ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    "rebalance": ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    "instance-state-change": ("aws.ec2", "EC2 Instance State-change Notification"),
    "capacity-reservation": ("aws.ec2", "EC2 Capacity Reservation Instance Interruption Warning"),
}


def build_queue_name(cluster: str) -> str:
    """The cluster's name, as in the template; where it is longer than that of a queue may be, with a digest."""
    return shorten(cluster, cluster, LONGEST_QUEUE_NAME)


def build_rule_name(cluster: str, end: str) -> str:
    """A rule's name: EventBridge shows no owner, so the cluster is in it."""
    name = f"{cluster}-{end}"
    return shorten(name, name, LONGEST_RULE_NAME)


def build_queue_arn(partition: str, region: str, account: str, name: str) -> str:
    """The ARN that a queue has or will have."""
    return f"arn:{partition}:sqs:{region}:{account}:{name}"


def build_queue_policy(arn: str) -> Row:
    """Events may be sent to the queue, and nobody uses it without TLS."""
    services = ["events.amazonaws.com", "sqs.amazonaws.com"]
    return {
        "Version": VERSION,
        "Id": "EC2InterruptionPolicy",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sqs:SendMessage", "Resource": arn},
            {
                "Sid": "DenyHTTP",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sqs:*",
                "Resource": arn,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ],
    }


@dataclass
class InterruptionQueue:
    """Makes and removes the queue and its rules.

    Args:
        sqs, events: boto3's clients.
        arn: the queue's.
        owner: key of the tag that marks what was made for the cluster.
        wait_timeout: in seconds; a name that was just in use is blocked for 60.
    """

    sqs: Any
    events: Any
    cluster: str
    arn: str
    owner: str
    adopt: bool = False
    check_mode: bool = False
    wait_timeout: int = 180
    kept: list[Row] = field(default_factory=list)

    def _reconcile(self, resource: Any) -> Reconciler:
        return Reconciler(resource, check_mode=self.check_mode, wait_timeout=self.wait_timeout)

    def _build_queue(self, arn: str) -> QueueResource:
        return QueueResource(self.sqs, arn, self.owner, self.adopt)

    def _build_rule(self, end: str) -> RuleResource:
        return RuleResource(self.events, build_rule_name(self.cluster, end), self.owner, self.adopt)

    def ensure_present(self, tags: Row | None, purge_tags: bool) -> dict[str, Outcome]:
        """The queue, then its rules. A queue of another name that the rules led to goes last."""
        about = {"tags": tags, "purge_tags": purge_tags}
        queue = self._reconcile(self._build_queue(self.arn))
        parts = {
            "queue": queue.ensure_present(
                {
                    "message_retention_period": RETENTION,
                    "sqs_managed_sse": True,
                    "policy": build_queue_policy(self.arn),
                    **about,
                }
            )
        }
        rules = [(end, lambda end=end: self._ensure_rule(end, about)) for end in RULES]
        found = _collect(rules)
        parts |= found
        for arn in sorted(_list_targets(found) - {self.arn}):
            parts[f"queue {arn.rpartition(':')[2]}"] = self._drop(self._build_queue(arn))
        return parts

    def _ensure_rule(self, end: str, about: Row) -> Outcome:
        source, kind = RULES[end]
        wanted = {
            "event_pattern": {"source": [source], "detail-type": [kind]},
            "description": f"{kind} for the nodes of Amazon EKS cluster {self.cluster}",
            "state": "ENABLED",
            "target": self.arn,
        }
        return self._reconcile(self._build_rule(end)).ensure_present({**wanted, **about})

    def ensure_absent(self) -> dict[str, Outcome]:
        """The rules, then the queue, and one of another name that they lead to."""
        parts = _collect([(end, lambda end=end: self._drop(self._build_rule(end))) for end in RULES])
        for arn in sorted(_list_targets(parts) | {self.arn}):
            key = "queue" if arn == self.arn else f"queue {arn.rpartition(':')[2]}"
            parts[key] = self._drop(self._build_queue(arn))
        return parts

    def _drop(self, resource: Any) -> Outcome:
        """Delete what was made for the cluster; name what was not."""
        raw = resource.describe()
        if raw is None:
            return Outcome(False, None)
        if self.owner not in raw["tags"] and not self.adopt:
            why = "it was not created by kumo.eks for this cluster"
            self.kept.append({"kind": resource.kind, "name": resource.name, "why": why})
            return Outcome(False, raw)
        return self._reconcile(resource).ensure_absent()


def _list_targets(rules: dict[str, Outcome]) -> set[str]:
    """The queues that the cluster's own rules led to before the task."""
    return {part.before["target"] for part in rules.values() if part.before.get("target")}


def _collect(items: list[Any]) -> dict[str, Outcome]:
    """The outcomes of parts that do not need each other. The first failure is raised when all are done."""
    parts = {}
    results = run_concurrently(items)
    for result in results:
        if result.error:
            raise result.error
        parts[result.name] = result.outcome
    return parts
