"""A real control plane behind the demo cluster: lazy start, tokens, nodes, pods, Fargate, add-ons, access."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from conftest import Balancers, Demo, Disks
from kubernetes_views import ARN, REGION, USER, addon, cluster_view, node_spec, presigned, profile, token_of

from kumo_sandbox.aws_interfaces import AwsSide
from kumo_sandbox.interfaces import AccessRule, ApiRequest
from kumo_sandbox.kubernetes import KubernetesBackend

NODES = tuple(node_spec(number) for number in (10, 11))
TASKS = (profile("tasks", "fargate-*", compute="fargate"),)
NEVER_READY = "sandbox.kumo.eks/never-ready=true"


def ask(cluster: Demo, path: str, token: str) -> requests.Response:
    """GET as somebody with a token."""
    endpoint, ca_data = cluster.side.endpoint(ARN)
    ca = cluster.scratch / "ca.crt"
    ca.write_bytes(base64.b64decode(ca_data))
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{endpoint}{path}", headers=headers, verify=str(ca), timeout=60)


def pod(cluster: Demo, namespace: str, name: str) -> dict[str, Any]:
    return dict(cluster.get("pod", name, "-n", namespace))


def running(cluster: Demo, namespace: str, name: str) -> dict[str, Any]:
    """The pod, once it is Ready."""

    def look() -> dict[str, Any] | None:
        found = pod(cluster, namespace, name)
        return found if ready(found) else None

    return dict(cluster.eventually(look))


def ready(found: dict[str, Any]) -> bool:
    conditions = found["status"].get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def run(cluster: Demo, namespace: str, name: str, *options: str) -> None:
    cluster.eventually(lambda: "default" in cluster.names("serviceaccounts", "-n", namespace))
    cluster.kubectl("run", name, "-n", namespace, "--image=nginx", *options)


# the start


def test_an_endpoint_is_stable_and_starts_nothing(tmp_path: Path) -> None:
    side = KubernetesBackend(
        str(tmp_path), {ARN: cluster_view()}.get, "http://127.0.0.1:1", AwsSide(Balancers(), Disks())
    )
    endpoint, ca = side.endpoint(ARN)
    assert (endpoint, ca) == side.endpoint(ARN)
    assert endpoint.startswith("https://127.0.0.1:")
    (row,) = side.status()
    assert row == {"arn": ARN, "endpoint": endpoint, "started": False, "pids": [], "processes": {}, "resident_mib": 0.0}
    side.remove(ARN)
    assert side.status() == []
    side.stop()
    assert list(tmp_path.iterdir()) == []


def test_a_cluster_that_is_gone_does_not_start(tmp_path: Path) -> None:
    side = KubernetesBackend(str(tmp_path), lambda arn: None, "http://127.0.0.1:1", AwsSide(Balancers(), Disks()))
    endpoint, dummy = side.endpoint(ARN)
    with pytest.raises(requests.ConnectionError):
        requests.get(endpoint, timeout=60)
    side.stop()


def test_the_first_call_starts_it(cluster: Demo) -> None:
    assert cluster.names("namespaces") >= {"default", "kube-system"}
    (row,) = cluster.side.status()
    assert row["started"] is True
    assert len(row["pids"]) == 5
    assert 100 < row["resident_mib"] < 2000


def test_everything_listens_on_loopback_only(cluster: Demo) -> None:
    cluster.kubectl("get", "nodes")
    (row,) = cluster.side.status()
    addresses = [address for pid in row["pids"] for address in listening(pid)]
    assert addresses
    assert set(addresses) == {"127.0.0.1"}


def listening(pid: int) -> list[str]:
    """Local addresses of a process' listening TCP sockets, from /proc."""
    inodes = {os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.exists() or link.is_symlink()}
    found = []
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
            found.append(".".join(str(int(fields[1][at : at + 2], 16)) for at in (6, 4, 2, 0)))
    for line in Path("/proc/net/tcp6").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
            found.append(fields[1])
    return found


def test_it_comes_back_with_its_data_after_a_crash(cluster: Demo) -> None:
    cluster.kubectl("create", "configmap", "kept", "--from-literal=a=b")
    (row,) = cluster.side.status()
    cluster.crash()
    assert cluster.get("configmap", "kept")["data"] == {"a": "b"}
    (again,) = cluster.side.status()
    assert again["started"] is True
    assert not set(again["pids"]) & set(row["pids"])
    cluster.kubectl("delete", "configmap", "kept")


# tokens


def test_a_token_of_a_known_principal_is_accepted(cluster: Demo) -> None:
    answer = ask(cluster, "/api/v1/nodes", token_of(presigned()))
    assert (answer.status_code, answer.json()["kind"]) == (200, "NodeList")


@pytest.mark.parametrize("token", ["nonsense", token_of(presigned("another")), "k8s-aws-v1.AAAA"])
def test_a_wrong_token_gets_401(cluster: Demo, token: str) -> None:
    assert ask(cluster, "/api/v1/nodes", token).status_code == 401


def test_a_service_account_token_comes_from_the_clusters_issuer(cluster: Demo, namespace: str) -> None:
    cluster.eventually(lambda: "default" in cluster.names("serviceaccounts", "-n", namespace))
    token = cluster.kubectl("create", "token", "default", "-n", namespace, "--audience=sts.amazonaws.com").stdout
    endpoint, dummy = cluster.side.endpoint(ARN)
    discovery = json.loads(cluster.kubectl("get", "--raw", "/.well-known/openid-configuration").stdout)
    issuer = cluster_view().issuer
    assert (discovery["issuer"], discovery["jwks_uri"]) == (issuer, f"{issuer}/keys")
    assert token.count(".") == 2


# access


def test_policies_follow_the_access_entries(cluster: Demo, namespace: str) -> None:
    token = token_of(presigned())
    pods, secrets = (f"/api/v1/namespaces/{namespace}/{kind}" for kind in ("pods", "secrets"))

    def status(*policies: tuple[str, str, tuple[str, ...]], path: str, wanted: int) -> bool:
        cluster.become(access=(AccessRule(USER, "alice", (), policies),))
        return bool(cluster.eventually(lambda: ask(cluster, path, token).status_code == wanted))

    assert status(("AmazonEKSViewPolicy", "namespace", (namespace,)), path=pods, wanted=200)
    assert ask(cluster, secrets, token).status_code == 403
    assert ask(cluster, "/api/v1/nodes", token).status_code == 403
    assert status(("AmazonEKSAdminViewPolicy", "cluster", ()), path=secrets, wanted=200)
    assert ask(cluster, "/api/v1/nodes", token).status_code == 200
    assert status(path=pods, wanted=403)


def test_a_policy_waits_for_its_namespace(cluster: Demo) -> None:
    policies = (("AmazonEKSEditPolicy", "namespace", ("later-*",)),)
    cluster.become(access=(AccessRule(USER, "alice", (), policies),))
    path, token = "/api/v1/namespaces/later-1/pods", token_of(presigned())
    assert ask(cluster, path, token).status_code == 403
    cluster.kubectl("create", "namespace", "later-1")
    cluster.eventually(lambda: ask(cluster, path, token).status_code == 200)
    cluster.kubectl("delete", "namespace", "later-1", "--wait=false")
    assert "later-1" not in cluster.logs()


# nodes


def test_nodes_come_ready_and_go_with_the_view(cluster: Demo) -> None:
    cluster.become(nodes=NODES)
    nodes = cluster.get("nodes")["items"]
    assert {node["metadata"]["name"] for node in nodes} == {spec.name for spec in NODES}
    assert all(ready(node) for node in nodes)
    assert nodes[0]["metadata"]["labels"]["eks.amazonaws.com/nodegroup"] == "general"
    cluster.become(nodes=NODES[:1])
    assert cluster.names("nodes") == {NODES[0].name}


def test_nodes_send_heartbeats(cluster: Demo) -> None:
    cluster.become(nodes=NODES[:1])
    cluster.eventually(lambda: cluster.names("leases", "-n", "kube-node-lease") == {NODES[0].name})


def test_a_change_of_the_view_alone_is_seen_by_the_next_connection(cluster: Demo) -> None:
    cluster.views[ARN] = cluster_view(nodes=NODES)
    assert cluster.names("nodes") == {spec.name for spec in NODES}


def test_an_instance_that_takes_over_a_name_is_a_new_node(cluster: Demo) -> None:
    cluster.become(nodes=NODES[:1])
    before = cluster.get("node", NODES[0].name)
    cluster.become(nodes=(node_spec(10, instance_id="i-0fedcba9876543210"),))
    after = cluster.get("node", NODES[0].name)
    assert after["spec"]["providerID"].endswith("/i-0fedcba9876543210")
    assert after["metadata"]["uid"] != before["metadata"]["uid"]


def test_labels_and_taints_change_in_place_and_what_users_set_stays(cluster: Demo) -> None:
    cluster.become(nodes=NODES[:1])
    cluster.kubectl("label", "node", NODES[0].name, "mine=1")
    cluster.become(nodes=(node_spec(10, labels={"role": "new"}, taints=(("dedicated", "x", "NoSchedule"),)),))
    node = cluster.get("node", NODES[0].name)
    labels = node["metadata"]["labels"]
    assert (labels["role"], labels["mine"]) == ("new", "1")
    assert {"key": "dedicated", "value": "x", "effect": "NoSchedule"} in node["spec"]["taints"]


# pods


def test_pods_run_on_nodes_and_have_an_address(cluster: Demo, namespace: str) -> None:
    cluster.become(nodes=NODES)
    run(cluster, namespace, "web")
    found = running(cluster, namespace, "web")
    assert found["spec"]["nodeName"] in {spec.name for spec in NODES}
    assert found["status"]["podIP"].startswith("100.64.")
    cluster.kubectl("delete", "pod", "web", "-n", namespace)


def test_without_a_node_a_pod_is_pending(cluster: Demo, namespace: str) -> None:
    run(cluster, namespace, "web")

    def unschedulable() -> bool:
        conditions = pod(cluster, namespace, "web")["status"].get("conditions") or []
        return any(each.get("reason") == "Unschedulable" for each in conditions)

    assert cluster.eventually(unschedulable)
    cluster.become(nodes=NODES)
    running(cluster, namespace, "web")


def test_a_job_completes(cluster: Demo, namespace: str) -> None:
    cluster.become(nodes=NODES)
    cluster.kubectl("create", "job", "once", "-n", namespace, "--image=busybox")
    cluster.kubectl("wait", "--for=condition=complete", "job/once", "-n", namespace, "--timeout=60s")


@pytest.mark.parametrize(("code", "phase"), [("0", "Succeeded"), ("3", "Failed")])
def test_a_helm_hook_ends_as_it_is_told(cluster: Demo, tasks: str, code: str, phase: str) -> None:
    annotations = ("helm.sh/hook=test", f"sandbox.kumo.eks/exit-code={code}")
    run(cluster, tasks, "hook", "--restart=Never", *(f"--annotations={each}" for each in annotations))
    cluster.eventually(lambda: pod(cluster, tasks, "hook")["status"]["phase"] == phase)
    (status,) = pod(cluster, tasks, "hook")["status"]["containerStatuses"]
    assert status["state"]["terminated"]["exitCode"] == int(code)


def test_a_pod_can_be_kept_unready(cluster: Demo, namespace: str) -> None:
    cluster.become(nodes=NODES)
    run(cluster, namespace, "never", f"--annotations={NEVER_READY}")
    cluster.eventually(lambda: pod(cluster, namespace, "never")["status"].get("phase") == "Running")
    assert not ready(pod(cluster, namespace, "never"))


def test_an_image_can_be_missing(cluster: Demo, namespace: str) -> None:
    cluster.become(nodes=NODES)
    cluster.kubectl("create", "deployment", "broken", "-n", namespace, "--image=example.com/does-not-exist:1")

    def reasons() -> list[str]:
        statuses = [
            s
            for each in cluster.get("pods", "-n", namespace)["items"]
            for s in each["status"].get("containerStatuses", [])
        ]
        return [status["state"]["waiting"]["reason"] for status in statuses]

    assert cluster.eventually(reasons) == ["ImagePullBackOff"]


def test_pods_move_when_their_node_goes(cluster: Demo, namespace: str) -> None:
    cluster.become(nodes=NODES[:1])
    cluster.kubectl("create", "deployment", "web", "-n", namespace, "--image=nginx")
    cluster.kubectl("rollout", "status", "deployment/web", "-n", namespace, "--timeout=60s")
    cluster.become(nodes=NODES[1:])
    cluster.eventually(
        lambda: (
            [each["spec"].get("nodeName") for each in cluster.get("pods", "-n", namespace)["items"]] == [NODES[1].name]
        )
    )


# Fargate


@pytest.fixture
def tasks(cluster: Demo, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace that the profile takes, on a cluster with EC2 nodes and a DaemonSet."""
    cluster.become(nodes=NODES, fargate_profiles=TASKS, addons=(addon("vpc-cni"),))
    name = f"fargate-{abs(hash(request.node.name))}"
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


def fargate_nodes(cluster: Demo) -> set[str]:
    return cluster.names("nodes", "-l", "eks.amazonaws.com/compute-type=fargate")


def test_a_pod_of_a_profile_gets_a_node_of_its_own(cluster: Demo, tasks: str) -> None:
    run(cluster, tasks, "a", "--labels=compute=fargate")
    run(cluster, tasks, "b")
    mine, other = running(cluster, tasks, "a"), running(cluster, tasks, "b")
    node = mine["spec"]["nodeName"]
    assert node.startswith("fargate-ip-10-0-") and node.endswith(f".{REGION}.compute.internal")
    assert mine["spec"]["schedulerName"] == "fargate-scheduler"
    assert mine["metadata"]["labels"]["eks.amazonaws.com/fargate-profile"] == "tasks"
    assert mine["metadata"]["annotations"]["CapacityProvisioned"] == "0.25vCPU 0.5GB"
    assert mine["status"]["podIP"] == mine["status"]["hostIP"]
    assert other["spec"]["nodeName"] in {spec.name for spec in NODES}
    assert fargate_nodes(cluster) == {node}
    daemons = cluster.get("pods", "-n", "kube-system", "-l", "k8s-app=aws-node")["items"]
    assert node not in {each["spec"].get("nodeName") for each in daemons}
    cluster.kubectl("delete", "pod", "a", "-n", tasks)
    cluster.eventually(lambda: not fargate_nodes(cluster))


def test_a_deployments_pods_share_no_node(cluster: Demo, tasks: str) -> None:
    manifest = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": tasks},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"compute": "fargate"}},
            "template": {
                "metadata": {"labels": {"compute": "fargate"}},
                "spec": {"containers": [{"name": "web", "image": "nginx"}]},
            },
        },
    }
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))
    cluster.kubectl("rollout", "status", "deployment/web", "-n", tasks, "--timeout=60s")
    assert len(fargate_nodes(cluster)) == 3
    cluster.kubectl("scale", "deployment/web", "-n", tasks, "--replicas=1")
    cluster.eventually(lambda: len(fargate_nodes(cluster)) == 1)


def test_what_fargate_cannot_run_stays_pending_and_says_why(cluster: Demo, tasks: str) -> None:
    overrides = json.dumps({"spec": {"hostNetwork": True}})
    run(cluster, tasks, "host", "--labels=compute=fargate", f"--overrides={overrides}")

    def message() -> str:
        conditions = pod(cluster, tasks, "host")["status"].get("conditions") or []
        return "".join(each.get("message", "") for each in conditions if each["type"] == "PodScheduled")

    assert "fields not supported: hostNetwork" in cluster.eventually(message)
    events = cluster.get("events", "-n", tasks)["items"]
    assert [each["message"] for each in events if each["reason"] == "UnsupportedPodSpec"] == [message()]


def test_pods_go_with_their_profile(cluster: Demo, tasks: str) -> None:
    run(cluster, tasks, "a", "--labels=compute=fargate")
    running(cluster, tasks, "a")
    cluster.become(nodes=NODES)
    cluster.eventually(lambda: cluster.names("pods", "-n", tasks) == set() and not fargate_nodes(cluster))


def test_a_budget_keeps_a_pod_on_its_node(cluster: Demo) -> None:
    cluster.become(nodes=NODES)
    cluster.eventually(lambda: cluster.names("nodes") == {node.name for node in NODES})
    cluster.kubectl("create", "namespace", "kept")
    overrides = {"spec": {"nodeName": NODES[0].name}}
    for name in ("web", "free"):
        run(cluster, "kept", name, f"--labels=app={name}", f"--overrides={json.dumps(overrides)}")
        running(cluster, "kept", name)
    cluster.kubectl("create", "pdb", "web", "-n", "kept", "--selector=app=web", "--min-available=1")
    cluster.eventually(lambda: cluster.get("pdb", "web", "-n", "kept").get("status", {}).get("expectedPods") == 1)
    names = [node.name for node in NODES]
    assert cluster.side.drain(ARN, names, force=False) == [names[0]]
    assert cluster.names("pods", "-n", "kept") == {"web"}
    node = cluster.get("node", names[1])
    assert node["spec"]["unschedulable"] is True
    assert node["metadata"]["labels"]["node.kubernetes.io/exclude-from-external-load-balancers"] == "true"
    assert cluster.side.drain(ARN, names, force=True) == []
    assert cluster.names("pods", "-n", "kept") == set()
    cluster.kubectl("delete", "namespace", "kept", "--wait=false")
    for name in names:
        cluster.kubectl("uncordon", name)


def test_who_asks_for_api_versions_that_are_gone_is_known(cluster: Demo) -> None:
    path = "/apis/flowcontrol.apiserver.k8s.io/v1beta3/flowschemas"
    assert cluster.kubectl("get", "--raw", path, check=False).returncode != 0
    cluster.kubectl("get", "flowschemas")

    def look() -> list[ApiRequest]:
        return [row for row in cluster.side.list_requests(ARN) if row.version == "v1beta3"]

    (found,) = cluster.eventually(look)
    assert found.resource == "flowschemas" and found.user_agent.startswith("kubectl/")
    assert abs(found.moment - time.time()) < 600


# add-ons


def test_add_ons_run_and_go(cluster: Demo) -> None:
    cluster.become(nodes=NODES, addons=(addon("coredns"), addon("kube-proxy"), addon("vpc-cni")))
    cluster.kubectl("rollout", "status", "deployment/coredns", "-n", "kube-system", "--timeout=60s")
    for name in ("kube-proxy", "aws-node"):
        cluster.kubectl("rollout", "status", f"daemonset/{name}", "-n", "kube-system", "--timeout=60s")
    assert cluster.get("service", "kube-dns", "-n", "kube-system")["spec"]["clusterIP"] == "10.100.0.10"
    cluster.become(nodes=NODES, addons=(addon("vpc-cni", "v2.0.0-eksbuild.1"),))
    assert cluster.names("deployments", "-n", "kube-system") == set()
    (daemon,) = cluster.get("daemonsets", "-n", "kube-system")["items"]
    assert daemon["spec"]["template"]["spec"]["containers"][0]["image"].endswith("amazon-k8s-cni:v2.0.0-eksbuild.1")


# errors


def test_one_bad_object_holds_up_no_other_and_is_logged(cluster: Demo) -> None:
    bad = node_spec(12, labels={"not a label!": "x"})
    cluster.become(nodes=(bad, NODES[0]))
    cluster.eventually(lambda: cluster.names("nodes") == {NODES[0].name})
    cluster.eventually(lambda: "not a label!" in cluster.logs())
    assert cluster.logs().count("demo does not yet look like its view") == 1


def test_another_cluster_starts_beside_it_and_is_removed(cluster: Demo) -> None:
    arn = ARN.replace("/demo", "/other")
    cluster.views[arn] = cluster_view(arn=arn, name="other")
    cluster.side.start(arn)
    started = {str(row["arn"]): row for row in cluster.side.status()}
    pids = started[arn]["pids"]
    assert started[arn]["started"] is True
    cluster.side.remove(arn)
    del cluster.views[arn]
    assert [row["arn"] for row in cluster.side.status()] == [ARN]
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)
