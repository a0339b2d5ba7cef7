# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Kubernetes client with a real API server. The gate runs it with the oldest and the newest kubernetes package."""

from __future__ import annotations

import base64
import json
import tempfile
import threading
import time
from functools import partial
from itertools import islice

import boto3
import pytest
from clusters import create_cluster

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes import api as kubernetes_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes import watching
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import (
    STRATEGIC_PATCH,
    KubernetesError,
    connect_api,
    open_cluster_api,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.connection import Connection, describe_connection
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.discovery import KindFinder
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import (
    CONFIG_MAP,
    NAMESPACE,
    POD,
    SERVICE_ACCOUNT,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.token import mint_token
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.watching import Watch
from kumo_sandbox import Sandbox

CLUSTER = "my-cluster"
OTHER_CA = """-----BEGIN CERTIFICATE-----
MIIBgjCCASegAwIBAgIUExZTL6IRGH7wgWkI3EfoBmyvwOMwCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKYW5vdGhlci1jYTAgFw0yNjExMjUyMjM2MjJaGA8yMTI2MTEw
MTIyMzYyMlowFTETMBEGA1UEAwwKYW5vdGhlci1jYTBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABNO39/k7Ywaa96j4B5gn2Q2+r0NYomTJ95eBBXSs2yFYqFo9FOEC
4lFfTwj0DFo6mw/nhxYdgmJo0P5hQbUSuumjUzBRMB0GA1UdDgQWBBThOYla82A/
LWdhiLLiKeIQR+7hqjAfBgNVHSMEGDAWgBThOYla82A/LWdhiLLiKeIQR+7hqjAP
BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQCRyB89kygf+7/zzDx1
svahV7Vldj3Cay//ufETZixXSgIhAO9rCivCg2DOsv3kq0GK9li38DIMeT4mzn6U
cIaK2X0J
-----END CERTIFICATE-----
"""  # of nobody; its key is gone


@pytest.fixture(scope="module")
def standing():
    with Sandbox(speed="instant", kubernetes=True) as sandbox:
        create_cluster(sandbox, CLUSTER)
        yield sandbox


@pytest.fixture(scope="module")
def api(standing):
    with open_cluster_api(standing.client("eks"), standing.client("sts"), CLUSTER) as found:
        yield found


@pytest.fixture
def namespace(api, request):
    name = f"t{abs(hash(request.node.name)) % 10**9}"
    api.create(NAMESPACE, {"metadata": {"name": name}})
    yield name
    api.delete(NAMESPACE, name)


def config_map(name, **data):
    return {"metadata": {"name": name, "labels": {"app": name[0]}}, "data": data}


def test_what_is_not_an_object(api):
    assert api.get_version().startswith("v1.")
    assert "apiserver_request_total" in api.read("/metrics")
    assert "api/v1" in json.loads(api.read("/openapi/v3"))["paths"]


def test_create_get_patch_delete(api, namespace):
    made = api.create(CONFIG_MAP, config_map("a", x="1", y="2"), namespace)
    with pytest.raises(KubernetesError) as caught:
        api.create(CONFIG_MAP, config_map("a"), namespace)
    assert (caught.value.status, caught.value.reason) == (409, "AlreadyExists")
    api.patch(CONFIG_MAP, "a", {"data": {"x": None}}, namespace)
    api.patch(CONFIG_MAP, "a", {"data": {"z": "3"}}, namespace, media_type=STRATEGIC_PATCH)
    api.patch(CONFIG_MAP, "a", {"data": {"never": "kept"}}, namespace, dry_run=True)
    assert api.get(CONFIG_MAP, "a", namespace)["data"] == {"y": "2", "z": "3"}
    with pytest.raises(KubernetesError) as caught:
        api.delete(CONFIG_MAP, "a", namespace, uid="another")
    assert caught.value.status == 409
    assert api.delete(CONFIG_MAP, "a", namespace, dry_run=True) and api.get(CONFIG_MAP, "a", namespace)
    assert api.delete(CONFIG_MAP, "a", namespace, uid=made["metadata"]["uid"])
    assert not api.delete(CONFIG_MAP, "a", namespace) and api.get(CONFIG_MAP, "a", namespace) is None


def test_server_side_apply_leaves_the_fields_of_others(api, namespace):
    assert api.apply(CONFIG_MAP, config_map("a", x="1"), namespace, dry_run=True)
    assert api.get(CONFIG_MAP, "a", namespace) is None
    assert api.apply(CONFIG_MAP, config_map("a", x="1", y="1"), namespace)["metadata"]["managedFields"]
    api.request(
        "PATCH",
        CONFIG_MAP.build_path(namespace, "a"),
        {"data": {"x": "theirs", "w": "theirs"}},
        [("fieldManager", "somebody")],
        kubernetes_api.MERGE_PATCH,
    )
    with pytest.raises(KubernetesError, match="conflict") as caught:
        api.apply(CONFIG_MAP, config_map("a", x="2"), namespace)
    assert caught.value.status == 409
    applied = api.apply(CONFIG_MAP, config_map("a", x="2"), namespace, force=True)
    assert applied["data"] == {"x": "2", "w": "theirs"}


def test_lists_by_page_and_selector(api, namespace, monkeypatch):
    monkeypatch.setattr(kubernetes_api, "PAGE_SIZE", 2)
    for name in ("a1", "a2", "a3", "b1", "b2"):
        api.create(CONFIG_MAP, config_map(name), namespace)
    pages = [len(page["items"]) for page in api.list_pages(CONFIG_MAP, namespace, "app in (a,b)")]
    assert pages == [2, 2, 1]
    assert [row["metadata"]["name"] for row in api.list(CONFIG_MAP, namespace, "app=b")] == ["b1", "b2"]
    assert [row["metadata"]["name"] for row in api.list(CONFIG_MAP, namespace, "", "metadata.name=a2")] == ["a2"]
    assert {row["metadata"]["name"] for row in api.list(CONFIG_MAP, label_selector="app=a")} >= {"a1", "a2", "a3"}


def test_kinds_of_the_cluster(api, namespace):
    finder = KindFinder(api)
    deployment = finder.find_kind("apps/v1", "Deployment")
    assert (deployment.plural, deployment.namespaced) == ("deployments", True) and "patch" in deployment.verbs
    assert list(api.list(deployment, namespace)) == []
    found = {(kind.api_version, kind.kind) for kind in finder.list_kinds()}
    assert {("v1", "Node"), ("apps/v1", "Deployment"), ("policy/v1", "PodDisruptionBudget")} <= found


def test_a_watch_sees_changes_across_the_ends_of_its_streams(api, namespace, monkeypatch):
    monkeypatch.setattr(watching, "MAX_STREAM", 1.0)
    api.create(CONFIG_MAP, config_map("first"), namespace)
    watch = Watch(api, CONFIG_MAP, namespace, field_selector="metadata.name!=kube-root-ca.crt")

    def change():
        time.sleep(2.5)
        api.create(CONFIG_MAP, config_map("second"), namespace)
        api.delete(CONFIG_MAP, "first", namespace)

    thread = threading.Thread(target=change)
    thread.start()
    seen = [(change.type, change.object["metadata"]["name"]) for change in islice(watch.follow(30), 3)]
    thread.join()
    assert seen == [("ADDED", "first"), ("ADDED", "second"), ("DELETED", "first")]


def test_a_watch_ends_with_its_time(api, namespace):
    started = time.monotonic()
    assert [change.type for change in Watch(api, SERVICE_ACCOUNT, namespace).follow(1.0)] in ([], ["ADDED"])
    assert time.monotonic() - started < 10


def test_an_eviction_obeys_a_disruption_budget(api, namespace):
    pod = {
        "metadata": {"name": "web", "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "app", "image": "my-app:v1.0"}]},
    }
    deadline = time.monotonic() + 20
    while api.get(SERVICE_ACCOUNT, "default", namespace) is None and time.monotonic() < deadline:
        time.sleep(0.1)
    api.create(POD, pod, namespace)
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    api.request(
        "PATCH", POD.build_path(namespace, "web", "status"), {"status": ready}, media_type=kubernetes_api.MERGE_PATCH
    )
    budget = {"metadata": {"name": "web"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}}
    kind = KindFinder(api).find_kind("policy/v1", "PodDisruptionBudget")
    api.create(kind, budget, namespace)
    with pytest.raises(KubernetesError) as caught:
        api.evict("web", namespace)
    assert caught.value.status == 429 and caught.value.is_disruption_budget
    api.delete(kind, "web", namespace)
    assert (
        api.evict("web", namespace, dry_run=True)
        and "deletionTimestamp" not in api.get(POD, "web", namespace)["metadata"]
    )
    assert api.evict("web", namespace, grace_period=0) is True
    assert api.evict("none", namespace) is False


def test_a_principal_without_an_access_entry_and_one_without_a_policy(standing):
    iam, eks = standing.client("iam"), standing.client("eks")
    arn = iam.create_user(UserName="guest")["User"]["Arn"]
    keys = iam.create_access_key(UserName="guest")["AccessKey"]
    sts = boto3.client(
        "sts",
        region_name=standing.region,
        endpoint_url=standing.endpoint,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
    )
    with open_cluster_api(eks, sts, CLUSTER) as guest:
        with pytest.raises(KubernetesError, match="401.*has no access entry, and no mapping"):
            guest.get(NAMESPACE, "default")
        eks.create_access_entry(clusterName=CLUSTER, principalArn=arn)
        eks.describe_cluster(name=CLUSTER)  # the API server knows it later than EKS: here at the next look
        with pytest.raises(KubernetesError, match="403 .*namespaces.*has no policy that allows this"):
            guest.get(NAMESPACE, "default")


def test_another_ca_is_refused(standing, api, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    right, sts = describe_connection(standing.client("eks"), CLUSTER), standing.client("sts")
    other = Connection(right.host, base64.b64encode(OTHER_CA.encode()).decode())
    with connect_api(other, partial(mint_token, sts, CLUSTER)) as stranger:
        with pytest.raises(KubernetesError, match="CERTIFICATE_VERIFY_FAILED") as caught:
            stranger.get(NAMESPACE, "default")
    assert caught.value.status == 0
    with connect_api(right, partial(mint_token, sts, CLUSTER)) as friend:
        assert friend.get(NAMESPACE, "default")
    assert list(tmp_path.iterdir()) == []
