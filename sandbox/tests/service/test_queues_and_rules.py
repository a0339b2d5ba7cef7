"""Queues of SQS and rules of EventBridge: what AWS refuses of them, and how messages come from one to the other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kumo_sandbox import durations

PATTERN = json.dumps({"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"]})
URL = {"AttributeNames": ["All"]}


@pytest.fixture
def sqs(sandbox: Any) -> Any:
    return sandbox.client("sqs")


@pytest.fixture
def events(sandbox: Any) -> Any:
    return sandbox.client("events")


def test_a_name_of_a_queue_is_blocked_for_a_minute(sandbox, sqs, refused):
    sandbox.reset()
    sandbox.clock.set_speed(1)
    try:
        url = sqs.create_queue(QueueName="web", tags={"Team": "a"})["QueueUrl"]
        assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"Team": "a"}
        sqs.delete_queue(QueueUrl=url)
        code = refused(sqs.get_queue_url, QueueName="web").partition(": ")[0]
        assert code == "AWS.SimpleQueueService.NonExistentQueue"
        assert refused(sqs.create_queue, QueueName="web").startswith("AWS.SimpleQueueService.QueueDeletedRecently: ")
        sqs.create_queue(QueueName="other")
        sandbox.clock.advance(durations.QUEUE_NAME_BLOCKED)
        sqs.create_queue(QueueName="web")
    finally:
        sandbox.clock.set_speed("instant")


def test_a_queue_is_made_again_with_the_same_attributes_only(sqs, refused):
    wanted = {"MessageRetentionPeriod": "300", "SqsManagedSseEnabled": "true"}
    url = sqs.create_queue(QueueName="web", Attributes=wanted)["QueueUrl"]
    assert sqs.create_queue(QueueName="web", Attributes=wanted)["QueueUrl"] == url
    shown = sqs.get_queue_attributes(QueueUrl=url, **URL)["Attributes"]
    assert {name: shown[name] for name in wanted} == wanted
    code = refused(sqs.create_queue, QueueName="web", Attributes={**wanted, "MessageRetentionPeriod": "60"})
    assert code.startswith("QueueAlreadyExists: ")
    assert "1 to 80 in length" in refused(sqs.create_queue, QueueName="a.b")


def test_a_rule_with_targets_stays_and_keeps_its_tags(events, refused):
    events.put_rule(Name="web-spot", EventPattern=PATTERN, Tags=[{"Key": "Team", "Value": "a"}])
    arn = events.describe_rule(Name="web-spot")["Arn"]
    target = {"Id": "queue", "Arn": "arn:aws:sqs:ap-northeast-1:123456789012:web"}
    assert events.put_targets(Rule="web-spot", Targets=[target])["FailedEntryCount"] == 0
    assert "since it has targets" in refused(events.delete_rule, Name="web-spot")
    events.put_rule(Name="web-spot", EventPattern=PATTERN, Tags=[{"Key": "Team", "Value": "b"}])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "Team", "Value": "a"}]
    assert events.list_targets_by_rule(Rule="web-spot")["Targets"] == [target]
    events.remove_targets(Rule="web-spot", Ids=["queue"])
    events.delete_rule(Name="web-spot")
    assert refused(events.describe_rule, Name="web-spot").startswith("ResourceNotFoundException: ")
    events.delete_rule(Name="web-spot")  # answers the same of one that is gone
    assert "equal to 64" in refused(events.put_rule, Name="x" * 65, EventPattern=PATTERN)
    assert "pattern" in refused(events.put_rule, Name="a/b", EventPattern=PATTERN)
