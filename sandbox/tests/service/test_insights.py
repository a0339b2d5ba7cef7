"""Insights about upgrades and rollbacks, and their refresh."""

from __future__ import annotations

import time

from kumo_sandbox.eks.control_planes import ControlPlanes
from kumo_sandbox.interfaces import ApiRequest

DAY = 86400
GROUP = "flowcontrol.apiserver.k8s.io"


def select(eks, category):
    rows = eks.list_insights(clusterName="demo", filter={"categories": [category]})["insights"]
    return {row["name"]: row["insightStatus"]["status"] for row in rows}


def test_insights_about_the_way_back_are_there_for_seven_days(sandbox, eks, make_cluster, make_nodegroup):
    make_cluster(version="1.32")
    assert select(eks, "ROLLBACK_READINESS") == {} and len(select(eks, "UPGRADE_READINESS")) == 4
    eks.update_cluster_version(name="demo", version="1.33")
    eks.describe_cluster(name="demo")
    make_nodegroup(version="1.33")
    eks.start_insights_refresh(clusterName="demo")
    found = select(eks, "ROLLBACK_READINESS")
    assert found["Kubelet version rollback compatibility"] == "ERROR"
    assert found["EKS add-on version rollback compatibility"] == "PASSING"
    (row,) = eks.list_insights(clusterName="demo", filter={"statuses": ["ERROR"]})["insights"]
    shown = eks.describe_insight(clusterName="demo", id=row["id"])["insight"]
    assert shown["kubernetesVersion"] == "1.32" and shown["additionalInfo"]
    assert shown["resources"][0]["arn"].endswith(
        "nodegroup/demo/general/" + shown["resources"][0]["arn"].split("/")[-1]
    )
    sandbox.clock.advance(7 * DAY + 60)
    eks.start_insights_refresh(clusterName="demo")
    assert select(eks, "ROLLBACK_READINESS") == {}


def test_one_refresh_at_a_time_and_one_that_fails(sandbox, eks, make_cluster, refused):
    make_cluster()
    assert "ResourceNotFoundException" in refused(eks.describe_insights_refresh, clusterName="demo")
    sandbox.clock.set_speed(1)
    assert eks.start_insights_refresh(clusterName="demo")["status"] == "IN_PROGRESS"
    assert refused(eks.start_insights_refresh, clusterName="demo").startswith("InvalidRequestException")
    sandbox.clock.advance(61)
    done = eks.describe_insights_refresh(clusterName="demo")
    assert done["status"] == "COMPLETED" and (done["endedAt"] - done["startedAt"]).total_seconds() >= 60
    sandbox.faults.add(kind="fail_refresh", message="The cluster cannot be reached")
    eks.start_insights_refresh(clusterName="demo")
    sandbox.clock.advance(61)
    failed = eks.describe_insights_refresh(clusterName="demo")
    assert (failed["status"], failed["message"]) == ("FAILED", "The cluster cannot be reached")


def test_api_versions_that_go_are_an_error_for_as_long_as_somebody_has_asked_for_them(eks, make_cluster, monkeypatch):
    """Who has is read from the API server: kubernetes/test_control_plane.py."""
    make_cluster(version="1.31")
    asked = [ApiRequest(GROUP, "v1beta3", "flowschemas", "old/1.0", time.time() - 31 * DAY)]
    monkeypatch.setattr(ControlPlanes, "list_requests", lambda self, arn: asked)
    name = "Deprecated APIs removed in Kubernetes v1.32"
    assert select(eks, "UPGRADE_READINESS")[name] == "PASSING"
    moment = time.time() - 60
    asked += [
        ApiRequest(GROUP, "v1beta3", "flowschemas", "kubectl/v1.30", moment - DAY),
        ApiRequest(GROUP, "v1beta3", "flowschemas", "kubectl/v1.30", moment),
        ApiRequest(GROUP, "v1", "flowschemas", "kubectl/v1.33", moment),
    ]
    eks.start_insights_refresh(clusterName="demo")
    assert select(eks, "UPGRADE_READINESS")[name] == "ERROR"
    (row,) = eks.list_insights(clusterName="demo", filter={"statuses": ["ERROR"]})["insights"]
    shown = eks.describe_insight(clusterName="demo", id=row["id"])["insight"]
    detail = shown["categorySpecificSummary"]["deprecationDetails"][0]
    assert detail["usage"] == f"/apis/{GROUP}/v1beta3/flowschemas" and detail["replacedWith"].endswith(
        "/v1/flowschemas"
    )
    (client,) = detail["clientStats"]
    assert (client["userAgent"], client["numberOfRequestsLast30Days"]) == ("kubectl/v1.30", 2)
    assert abs(client["lastRequestTime"].timestamp() - moment) < 1
