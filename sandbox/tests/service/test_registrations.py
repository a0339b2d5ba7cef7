"""Clusters outside of EKS: registered, listed on request, and deregistered."""

from __future__ import annotations

import pytest

from kumo_sandbox.ground import create_role


@pytest.fixture
def config(sandbox):
    return {"roleArn": create_role(sandbox.client("iam"), "connector", "ssm.amazonaws.com"), "provider": "GKE"}


def test_a_registered_cluster_waits_for_its_agent(sandbox, eks, config, refused):
    sandbox.clock.set_speed(1)
    made = eks.register_cluster(name="edge", connectorConfig=config, tags={"A": "1"})["cluster"]
    assert made["status"] == "CREATING" and made["connectorConfig"]["activationCode"]
    assert (made["connectorConfig"]["activationExpiry"] - made["createdAt"]).days == 3
    assert refused(eks.deregister_cluster, name="edge").startswith("ResourceInUseException")
    sandbox.clock.advance(6)
    found = eks.describe_cluster(name="edge")["cluster"]
    assert found["status"] == "PENDING" and "activationCode" not in found["connectorConfig"]
    assert eks.list_clusters()["clusters"] == [] and eks.list_clusters(include=["all"])["clusters"] == ["edge"]
    assert "include" in refused(eks.list_clusters, include=["ALL"])
    eks.tag_resource(resourceArn=found["arn"], tags={"B": "2"})
    assert eks.list_tags_for_resource(resourceArn=found["arn"])["tags"] == {"A": "1", "B": "2"}
    assert refused(eks.register_cluster, name="edge", connectorConfig=config).startswith("ResourceInUseException")
    eks.deregister_cluster(name="edge")
    sandbox.clock.advance(6)
    assert refused(eks.deregister_cluster, name="edge").startswith("ResourceNotFoundException")


def test_the_role_of_the_agent_is_looked_up(eks, config, ground, refused, make_cluster):
    for role in ("arn:aws:iam::123456789012:role/none", ground.role):
        text = refused(eks.register_cluster, name="edge", connectorConfig={**config, "roleArn": role})
        assert text.startswith("InvalidRequestException: Not existing role")
    make_cluster()
    assert "already exists" in refused(eks.register_cluster, name="demo", connectorConfig=config)
    assert refused(eks.deregister_cluster, name="demo").startswith("ResourceNotFoundException")
