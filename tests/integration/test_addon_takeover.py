# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_addon_takeover with a real API server: what runs self-managed is found, shown, and taken over with its settings."""

from __future__ import annotations

import base64
import gzip
import itertools
import json

import pytest
import yaml
from support import clock
from support.killing import run_killed

from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import poll_for
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesError, open_cluster_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import (
    CONFIG_MAP,
    DAEMON_SET,
    DEPLOYMENT,
    SECRET,
    SERVICE,
    SERVICE_ACCOUNT,
    Kind,
)
from kumo_sandbox import Sandbox
from kumo_sandbox.ground import (
    CLUSTER_POLICIES,
    NODE_POLICIES,
    create_role,
    create_subnets,
    create_vpc,
    open_way_out,
)

pytestmark = pytest.mark.extended
CLUSTER, SYSTEM = "my-cluster", "kube-system"
ROLE = "arn:aws:iam::123456789012:role/cni"
DRIVER = "aws-ebs-csi-driver"
STORAGE_CLASS = Kind("storage.k8s.io/v1", "StorageClass", "storageclasses", namespaced=False)
MARKS = {"meta.helm.sh/release-name": "ebs", "meta.helm.sh/release-namespace": SYSTEM}
HELM = {"app.kubernetes.io/managed-by": "Helm"}


@pytest.fixture(scope="module")
def standing():
    with Sandbox(speed="instant", kubernetes=True) as sandbox, pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.env.items():
            patch.setenv(name, value)
        build_cluster(sandbox)
        yield sandbox


def build_cluster(sandbox):
    """With what EKS installs by itself, and one node."""
    eks, ec2, iam = sandbox.client("eks"), sandbox.client("ec2"), sandbox.client("iam")
    vpc = create_vpc(ec2)
    subnets = create_subnets(ec2, vpc)
    open_way_out(ec2, vpc)
    role = create_role(iam, "cluster", "eks.amazonaws.com", CLUSTER_POLICIES)
    access = {"authenticationMode": "API_AND_CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": True}
    place = {"subnetIds": subnets}
    eks.create_cluster(name=CLUSTER, version="1.33", roleArn=role, resourcesVpcConfig=place, accessConfig=access)
    node = create_role(iam, "node", "ec2.amazonaws.com", NODE_POLICIES)
    eks.describe_cluster(name=CLUSTER)
    eks.create_nodegroup(clusterName=CLUSTER, nodegroupName="general", nodeRole=node, subnets=subnets)
    eks.describe_nodegroup(clusterName=CLUSTER, nodegroupName="general")


@pytest.fixture(scope="module")
def api(standing):
    with open_cluster_api(standing.client("eks"), standing.client("sts"), CLUSTER) as found:
        for attempt in range(20):
            try:
                found.get_version()
                break
            except KubernetesError as error:
                if error.status or attempt == 19:
                    raise
        yield found


@pytest.fixture
def take_over(standing, run_module):
    def run(check=False, fails=False, **options):
        result = run_module(
            "eks_addon_takeover", {"cluster_name": CLUSTER, "wait_timeout": 120, **options}, check=check
        )
        assert result["failed"] == fails, result["msg"]
        return {**result, "by_name": {row["name"]: row for row in result["addons"]}}

    return run


def eventually(look):
    """The sandbox's control plane follows what EKS answers a moment later."""
    done, found = poll_for(lambda: (bool(found := look()), (bool(found), found)), 30)
    assert done, found
    return found


def list_addons(sandbox):
    return sandbox.client("eks").list_addons(clusterName=CLUSTER)["addons"]


def find_ready(api, name, replicas):
    row = api.get(DEPLOYMENT, name, SYSTEM)
    return row if row and (row.get("status") or {}).get("readyReplicas") == replicas else None


def read_proxy(api, least):
    config = yaml.safe_load(api.get(CONFIG_MAP, "kube-proxy-config", SYSTEM)["data"]["config"])
    return config if config["conntrack"]["min"] == least else None


def describe(sandbox, name):
    return sandbox.client("eks").describe_addon(clusterName=CLUSTER, addonName=name)["addon"]


def test_what_eks_installed_with_the_cluster(standing, api, take_over, run_module):
    found = run_module("eks_addon_info", {"cluster_name": CLUSTER, "self_managed": True})
    assert [row["name"] for row in found["self_managed"]] == ["vpc-cni", "kube-proxy", "coredns"]
    for row in found["self_managed"]:
        assert row["managed_by"] == "eks" and row["field_managers"] == ["kubectl-client-side-apply"], row
        assert row["lost"] == row["kept"] == [] and row["configuration_values"] == {} and not row["why"], row
        assert row["version"] == row["installed_version"]

    # settings that the owner of the cluster made by hand
    env = {
        "spec": {
            "template": {
                "spec": {"containers": [{"name": "aws-node", "env": [{"name": "WARM_IP_TARGET", "value": "5"}]}]}
            }
        }
    }
    api.patch(DAEMON_SET, "aws-node", env, SYSTEM, "application/strategic-merge-patch+json")
    api.patch(SERVICE_ACCOUNT, "aws-node", {"metadata": {"annotations": {"eks.amazonaws.com/role-arn": ROLE}}}, SYSTEM)
    api.patch(DEPLOYMENT, "coredns", {"spec": {"replicas": 3}}, SYSTEM)
    corefile = (
        api.get(CONFIG_MAP, "coredns", SYSTEM)["data"]["Corefile"] + "example.org:53 {\n    forward . 10.0.0.2\n}\n"
    )
    api.patch(CONFIG_MAP, "coredns", {"data": {"Corefile": corefile}}, SYSTEM)
    config = yaml.safe_load(api.get(CONFIG_MAP, "kube-proxy-config", SYSTEM)["data"]["config"])
    config["conntrack"]["min"], config["mode"], config["ipvs"]["scheduler"] = 262144, "ipvs", "lc"
    api.patch(CONFIG_MAP, "kube-proxy-config", {"data": {"config": yaml.safe_dump(config)}}, SYSTEM)
    api.patch(DEPLOYMENT, "coredns", {"spec": {"template": {"spec": {"dnsPolicy": "Default"}}}}, SYSTEM)

    lost = ["ConfigMap kube-proxy-config conntrack.min: 262144", "Deployment coredns .spec.template.spec.dnsPolicy"]
    refused = take_over(fails=True)
    assert all(line in refused["msg"] for line in lost), refused["msg"]
    assert list_addons(standing) == [] and {row["state"] for row in refused["addons"]} == {"refused"}
    refused = take_over(fails=True, accept_loss=lost[:1], check=True)
    assert lost[0] not in refused["msg"] and lost[1] in refused["msg"]

    plan = take_over(check=True, accept_loss=lost)
    assert plan["changed"] and list_addons(standing) == []
    assert plan["by_name"]["vpc-cni"]["configuration_values"] == {"env": {"WARM_IP_TARGET": "5"}}
    assert plan["by_name"]["vpc-cni"]["service_account_role_arn"] == ROLE
    assert plan["by_name"]["coredns"]["configuration_values"] == {"replicaCount": 3, "corefile": corefile}
    assert plan["by_name"]["kube-proxy"]["configuration_values"] == {"mode": "ipvs", "ipvs": {"scheduler": "lc"}}
    assert lost[0] in plan["diff"]["before"]["kube-proxy"]["settings"]
    assert lost[0] not in plan["diff"]["after"]["kube-proxy"]["settings"]

    service = api.get(SERVICE, "kube-dns", SYSTEM)
    done = take_over(accept_loss=lost, owned=True, tags={"Team": "a"})
    assert {row["state"] for row in done["addons"]} == {"taken_over"} and done["diff"] == plan["diff"]
    cni = describe(standing, "vpc-cni")
    assert cni["status"] == "ACTIVE" and cni["serviceAccountRoleArn"] == ROLE and cni["tags"]["Team"] == "a"
    assert "kumo.eks/ap-northeast-1/my-cluster" in cni["tags"]
    assert cni["addonVersion"] == plan["by_name"]["vpc-cni"]["installed_version"]
    dns = eventually(lambda: find_ready(api, "coredns", 3))
    assert dns["spec"]["replicas"] == 3
    assert api.get(CONFIG_MAP, "coredns", SYSTEM)["data"]["Corefile"] == corefile
    after = eventually(lambda: read_proxy(api, 131072))
    assert (after["mode"], after["ipvs"]["scheduler"]) == ("ipvs", "lc")
    names = [
        row["name"]
        for row in api.get(DAEMON_SET, "aws-node", SYSTEM)["spec"]["template"]["spec"]["containers"][0]["env"]
    ]
    assert "WARM_IP_TARGET" in names and names.count("WARM_ENI_TARGET") == 1
    # the address that pods ask, and the Service behind it, are the same ones
    same = api.get(SERVICE, "kube-dns", SYSTEM)
    assert same["metadata"]["uid"] == service["metadata"]["uid"]
    assert same["spec"]["clusterIP"] == service["spec"]["clusterIP"]

    again = take_over()
    assert not again["changed"] and {row["state"] for row in again["addons"]} == {"managed"}
    # and back: without the add-on, with all that runs
    back = {"cluster_name": CLUSTER, "name": "coredns", "state": "absent", "preserve": True, "wait": True}
    assert run_module("eks_addon", back)["changed"]
    assert api.get(DEPLOYMENT, "coredns", SYSTEM)["metadata"]["uid"] == dns["metadata"]["uid"]
    found = run_module("eks_addon_info", {"cluster_name": CLUSTER, "self_managed": True, "name": "coredns"})
    assert found["self_managed"][0]["configuration_values"] == {"replicaCount": 3, "corefile": corefile}


def build_workload(kind, name, release):
    labels = {"app": name, "app.kubernetes.io/name": DRIVER, "app.kubernetes.io/instance": release}
    container = {"name": "ebs-plugin", "image": "public.ecr.aws/ebs-csi-driver/aws-ebs-csi-driver:v1.45.0"}
    account = name if name.endswith("node") else "ebs-csi-controller-sa"
    pod = {"serviceAccountName": account, "containers": [container], "tolerations": [{"operator": "Exists"}]}
    return {
        "metadata": {"name": name, "labels": {**labels, **HELM}, "annotations": MARKS},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
            **({"replicas": 1} if kind == DEPLOYMENT else {}),
        },
    }


def install_with_helm(api, values, chart=DRIVER):
    """What Helm leaves in a cluster: the objects with its marks, and the record of the release."""
    about = {"name": chart, "version": "2.45.0", "appVersion": "1.45.0"}
    release = {
        "name": "ebs",
        "namespace": SYSTEM,
        "version": 1,
        "info": {"status": "deployed"},
        "chart": {"metadata": about},
        "config": values,
    }
    data = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(release).encode()))).decode()
    labels = {"owner": "helm", "name": "ebs", "status": "deployed", "version": "1"}
    secret = {"metadata": {"name": "sh.helm.release.v1.ebs.v1", "labels": labels}, "type": "helm.sh/release.v1"}
    api.create(SECRET, {**secret, "data": {"release": data}}, SYSTEM)
    role = {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/ebs"}
    account = {"name": "ebs-csi-controller-sa", "annotations": {**MARKS, **role}, "labels": HELM}
    api.apply(SERVICE_ACCOUNT, {"metadata": account}, SYSTEM, force=True)
    api.create(DEPLOYMENT, build_workload(DEPLOYMENT, "ebs-csi-controller", "ebs"), SYSTEM)
    api.create(DAEMON_SET, build_workload(DAEMON_SET, "ebs-csi-node", "ebs"), SYSTEM)
    storage = {"metadata": {"name": "fast", "annotations": MARKS, "labels": HELM}, "provisioner": "ebs.csi.aws.com"}
    api.apply(STORAGE_CLASS, storage, force=True)


@pytest.fixture
def driver(standing, api):
    """install(values): the driver by Helm, and nothing of it afterwards."""
    yield lambda values, **words: install_with_helm(api, values, **words)
    remove_driver(standing, api)


def remove_driver(standing, api):
    if DRIVER in list_addons(standing):
        standing.client("eks").delete_addon(clusterName=CLUSTER, addonName=DRIVER)
        clock.settle(standing)
        eventually(lambda: api.get(SERVICE_ACCOUNT, "ebs-csi-controller-sa", SYSTEM) is None)
    api.delete(SECRET, "sh.helm.release.v1.ebs.v1", SYSTEM)
    api.delete(DEPLOYMENT, "ebs-csi-controller", SYSTEM)
    api.delete(DAEMON_SET, "ebs-csi-node", SYSTEM)


def test_a_release_with_more_in_it(standing, api, take_over, driver):
    driver({}, chart="platform")
    refused = take_over(fails=True, addons=[DRIVER], accept_loss=["all"])
    assert "part of the Helm release ebs of the chart platform-2.45.0" in refused["msg"]
    assert DRIVER not in list_addons(standing) and api.get(DEPLOYMENT, "ebs-csi-controller", SYSTEM)


def test_a_driver_by_helm(standing, api, take_over, driver):
    driver(
        {"controller": {"replicaCount": 3, "k8sTagClusterId": CLUSTER}, "image": {"repository": "my.registry/driver"}}
    )
    refused = take_over(fails=True, addons=[DRIVER])
    assert "Helm value image.repository" in refused["msg"] and "my.registry" not in refused["msg"]
    done = take_over(addons=[DRIVER], accept_loss=["all"])["by_name"][DRIVER]
    assert done["release"] == f"{SYSTEM}/ebs" and done["managed_by"] == "helm"
    assert done["replaced"] == ["Deployment ebs-csi-controller", "DaemonSet ebs-csi-node"]
    addon = describe(standing, DRIVER)
    assert addon["status"] == "ACTIVE" and addon["addonVersion"] == "v1.45.0-eksbuild.2"
    assert json.loads(addon["configurationValues"]) == {"controller": {"replicaCount": 3, "k8sTagClusterId": CLUSTER}}
    assert addon["serviceAccountRoleArn"].endswith(":role/ebs")
    deployment = eventually(lambda: find_ready(api, "ebs-csi-controller", 3))
    assert "app.kubernetes.io/instance" not in deployment["spec"]["selector"]["matchLabels"]
    # Helm does not know the release any more, and what else it had is there
    assert list(api.list(SECRET, SYSTEM, label_selector="owner=helm")) == []
    assert api.get(STORAGE_CLASS, "fast") is not None
    assert not take_over(addons=[DRIVER])["changed"]


def test_an_interrupted_take_over_goes_on(standing, api, take_over, driver):
    eks = standing.client("eks")
    driver({"controller": {"replicaCount": 3}})
    # the workloads are gone, and the add-on is not there yet, or could not be created
    eks.create_addon(clusterName=CLUSTER, addonName=DRIVER)
    assert eks.describe_addon(clusterName=CLUSTER, addonName=DRIVER)["addon"]["status"] == "CREATE_FAILED"
    for kind, name in ((DEPLOYMENT, "ebs-csi-controller"), (DAEMON_SET, "ebs-csi-node")):
        api.delete(kind, name, SYSTEM)
    done = take_over(addons=[DRIVER])["by_name"][DRIVER]
    assert done["installed_version"] == "v1.45.0" and done["state"] == "taken_over"
    addon = describe(standing, DRIVER)
    assert addon["status"] == "ACTIVE" and json.loads(addon["configurationValues"]) == {
        "controller": {"replicaCount": 3}
    }
    assert list(api.list(SECRET, SYSTEM, label_selector="owner=helm")) == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_take_over_that_was_killed_at_any_changing_call_goes_on(standing, api, take_over, driver, when):
    for call in itertools.count(1):
        driver({"controller": {"replicaCount": 3, "k8sTagClusterId": CLUSTER}})
        killed = run_killed(call, when, lambda: take_over(addons=[DRIVER]))
        done = take_over(addons=[DRIVER])
        addon = describe(standing, DRIVER)
        assert addon["status"] == "ACTIVE" and addon["serviceAccountRoleArn"].endswith(":role/ebs"), (call, done)
        assert json.loads(addon["configurationValues"]) == {
            "controller": {"replicaCount": 3, "k8sTagClusterId": CLUSTER}
        }
        assert list(api.list(SECRET, SYSTEM, label_selector="owner=helm")) == [], call
        assert not take_over(addons=[DRIVER])["changed"], call
        remove_driver(standing, api)
        if not killed:
            break
    assert call > 3, "the take-over had fewer changing calls than it has to have"
