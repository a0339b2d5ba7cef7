# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_interruption_queue against the sandbox: made, kept as declared, found again without a state, removed."""

from __future__ import annotations

import json

import pytest

CLUSTER, REGION = "my-cluster", "ap-northeast-1"
MARK = f"kumo.eks/{REGION}/{CLUSTER}"
ENDS = {"scheduled-change", "spot-interruption", "rebalance", "instance-state-change", "capacity-reservation"}


@pytest.fixture
def queue(sandbox, run_module):
    def run(check=False, fails=False, **options):
        result = run_module("eks_interruption_queue", {"cluster_name": CLUSTER, **options}, check=check)
        assert result["failed"] == fails, result
        return result

    return run


@pytest.fixture
def sqs(sandbox):
    return sandbox.client("sqs")


@pytest.fixture
def events(sandbox):
    return sandbox.client("events")


def sent(sandbox):
    calls = [call["operation"] for call in sandbox.calls()]
    return [name for name in calls if not name.startswith(("Describe", "Get", "List"))]


def list_queues(sqs):
    return sorted(url.rpartition("/")[2] for url in sqs.list_queues().get("QueueUrls", []))


def list_rules(events):
    return {row["Name"].removeprefix(f"{CLUSTER}-") for row in events.list_rules()["Rules"]}


def test_the_queue_and_its_rules_come_are_kept_and_go(sandbox, queue, sqs, events):
    sandbox.recorder.clear()
    plan = queue(check=True, tags={"Team": "a"})
    assert plan["changed"] and sent(sandbox) == [] and set(plan["diff"]["after"]) == {"queue", *ENDS}
    made = queue(tags={"Team": "a"})
    assert made["queue_name"] == CLUSTER and len(made["rules"]) == 5 and list_rules(events) == ENDS
    shown = sqs.get_queue_attributes(QueueUrl=made["queue_url"], AttributeNames=["All"])["Attributes"]
    assert (shown["MessageRetentionPeriod"], shown["SqsManagedSseEnabled"]) == ("300", "true")
    allow, deny = json.loads(shown["Policy"])["Statement"]
    assert allow["Principal"]["Service"] == ["events.amazonaws.com", "sqs.amazonaws.com"]
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}} and deny["Resource"] == made["queue_arn"]
    marks = {"Team": "a", MARK: "owned"}
    assert sqs.list_queue_tags(QueueUrl=made["queue_url"])["Tags"] == marks
    rule = events.describe_rule(Name=f"{CLUSTER}-spot-interruption")
    pattern = {"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"]}
    assert json.loads(rule["EventPattern"]) == pattern
    tags = events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]
    assert {row["Key"]: row["Value"] for row in tags} == marks
    (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert target == {"Id": "KarpenterInterruptionQueueTarget", "Arn": made["queue_arn"]}
    sandbox.recorder.clear()
    again = queue(tags={"Team": "a"})
    assert not again["changed"] and sent(sandbox) == [] and again["queue_url"] == made["queue_url"]
    assert not queue()["changed"]

    sqs.set_queue_attributes(QueueUrl=made["queue_url"], Attributes={"MessageRetentionPeriod": "60"})
    events.put_rule(Name=rule["Name"], EventPattern=json.dumps({"source": ["aws.s3"]}), State="DISABLED")
    events.remove_targets(Rule=rule["Name"], Ids=[target["Id"]])
    plan = queue(check=True, tags={"Team": "b"})
    assert plan["diff"]["before"]["queue"]["message_retention_period"] == "60"
    mended = queue(tags={"Team": "b"})
    assert mended["diff"] == plan["diff"] and set(mended["diff"]["after"]) == {"queue", *ENDS}
    assert not queue(tags={"Team": "b"})["changed"]
    assert events.describe_rule(Name=rule["Name"])["State"] == "ENABLED"

    assert queue(state="absent", check=True)["changed"] and list_queues(sqs) == [CLUSTER]
    gone = queue(state="absent")
    assert gone["changed"] and gone["kept"] == [] and list_queues(sqs) == [] and list_rules(events) == set()
    assert not queue(state="absent")["changed"]


def test_a_queue_of_another_name_replaces_the_one_before(queue, sqs, events):
    queue(queue_name="first")
    moved = queue(queue_name="second")
    assert moved["diff"]["after"]["rebalance"]["target"].endswith(":second") and list_queues(sqs) == ["second"]
    queue(state="absent")  # found by the rules, whatever its name
    assert list_queues(sqs) == [] and list_rules(events) == set()


def test_what_others_made_is_not_touched_unless_it_is_adopted(queue, sqs, events):
    url = sqs.create_queue(QueueName=CLUSTER, tags={"Whose": "stack"})["QueueUrl"]
    assert "queue_name: a queue my-cluster exists" in queue(fails=True)["msg"] and list_rules(events) == set()
    (kept,) = queue(state="absent")["kept"]
    assert (kept["kind"], kept["name"]) == ("queue", CLUSTER) and list_queues(sqs) == [CLUSTER]
    assert queue(adopt=True)["changed"] and not queue()["changed"]
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"Whose": "stack", MARK: "owned"}
    assert queue(state="absent")["kept"] == [] and list_queues(sqs) == []


def test_a_name_that_was_just_in_use_is_waited_for(sandbox, queue, sqs, monkeypatch):
    asked = []
    code = {"Error": {"Code": "AWS.SimpleQueueService.QueueDeletedRecently", "Message": "You must wait 60 seconds"}}
    from botocore.exceptions import ClientError

    from ansible_collections.kumo.eks.plugins.module_utils.events.queue import QueueResource

    create = QueueResource.create

    def refuse(resource, desired):
        asked.append(resource.name)
        if len(asked) < 3:
            raise ClientError(code, "CreateQueue")
        return create(resource, desired)

    monkeypatch.setattr(QueueResource, "create", refuse)
    assert queue()["changed"] and len(asked) == 3 and list_queues(sqs) == [CLUSTER]


def test_a_name_that_sqs_does_not_take_is_refused_before_anything_is_made(sandbox, queue):
    sandbox.recorder.clear()
    message = queue(queue_name="my.queue", fails=True)["msg"]
    assert "queue_name: 'my.queue'" in message and "1-80 letters" in message and sandbox.calls() == []
