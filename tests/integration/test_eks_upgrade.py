# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_upgrade_info and eks_upgrade: the plan, each gate shut once, the whole way, and a run that goes on where another one ended."""

from __future__ import annotations

import copy
import time
from contextlib import contextmanager

import pytest
from support.fake_kubernetes import build_budget, build_node, build_pod, build_release
from support.moving_pods import MovingPods

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes import opening
from ansible_collections.kumo.eks.plugins.module_utils.upgrade import capacity_reading, reading
from kumo_sandbox.eks import versions
from kumo_sandbox.moto_fixes import service_quotas

CLUSTER = "my-cluster"
WORDS = {"clusterName": CLUSTER}
SIZES = {"minSize": 1, "maxSize": 3, "desiredSize": 2}
GROUP = {"nodegroupName": "general", "scalingConfig": SIZES, "instanceTypes": ["m5.large"]}


@pytest.fixture
def eks(sandbox):
    return sandbox.client("eks")


@pytest.fixture
def kubernetes(eks, monkeypatch):
    fake = MovingPods(eks, CLUSTER)
    monkeypatch.setattr(opening, "connect_api", fake.connect)
    return fake


@pytest.fixture
def cluster(request, sandbox, eks, ground, kubernetes, kept_account):
    """A cluster with an add-on that 1.32 does not know, another one with settings, and nodes."""
    kept_account.build(request, lambda: create_cluster(eks, ground))
    return CLUSTER


def create_cluster(eks, ground):
    place = {"subnetIds": ground["subnets"]}
    access = {"authenticationMode": "API_AND_CONFIG_MAP"}
    eks.create_cluster(
        name=CLUSTER, version="1.31", roleArn=ground["role"], resourcesVpcConfig=place, accessConfig=access
    )
    eks.create_nodegroup(**WORDS, **GROUP, subnets=ground["subnets"], nodeRole=ground["node_role"])
    eks.create_addon(**WORDS, addonName="coredns", addonVersion="v1.11.1-eksbuild.23", resolveConflicts="OVERWRITE")
    words = {**WORDS, "resolveConflicts": "OVERWRITE"}
    eks.create_addon(**words, addonName="kube-proxy", configurationValues='{"mode": "iptables"}')
    eks.create_addon(**words, addonName="vpc-cni", serviceAccountRoleArn=ground["node_role"])


@pytest.fixture
def look(cluster, run_module):
    def run(version="1.33", **options):
        return run_module("eks_upgrade_info", {"cluster_name": CLUSTER, "kubernetes_version": version, **options})

    return run


@pytest.fixture
def upgrade(cluster, run_module):
    def run(version="1.33", check=False, **options):
        words = {"cluster_name": CLUSTER, "kubernetes_version": version, "health_timeout": 1, **options}
        return run_module("eks_upgrade", words, check)

    return run


def list_steps(rows):
    return [(row["kind"], row["name"], row["before"], row["after"]) for row in rows]


def read_gates(result):
    return {row["id"]: row["verdict"] for row in result["gates"]}


def find_gate(result, name):
    return next(row for row in result["gates"] if row["id"] == name)


def test_the_plan_goes_one_minor_version_at_a_time(look, sandbox):
    found = look()
    assert not found["failed"] and not found["changed"], found.get("msg")
    proxies = ["v1.31.13-eksbuild.2", "v1.32.9-eksbuild.2", "v1.33.5-eksbuild.2"]
    assert list_steps(found["steps"]) == [
        ("addon", "coredns", "v1.11.1-eksbuild.23", "v1.11.4-eksbuild.24"),  # it has to know both
        ("control_plane", CLUSTER, "1.31", "1.32"),
        ("addon", "kube-proxy", proxies[0], proxies[1]),
        ("nodegroup", "general", "1.31", "1.32"),
        ("control_plane", CLUSTER, "1.32", "1.33"),
        ("addon", "kube-proxy", proxies[1], proxies[2]),
        ("nodegroup", "general", "1.32", "1.33"),
    ]
    assert "v1.11.4-eksbuild.24 is with both" in found["steps"][0]["note"]
    assert found["steps"][1]["usual_duration"] and found["steps"][1]["source"].startswith("https://docs.aws")
    gates = read_gates(found)
    assert gates.pop("insights") == "failed" and set(gates.values()) == {"passed"}, found["gates"]
    assert not find_gate(found, "insights")["applies"] and found["ready"]  # the step before it mends that
    assert "# Upgrade of my-cluster from 1.31 to 1.33" in found["runbook"] and "v1.11.4" in found["runbook"]
    assert any(line.startswith("! insights failed (later)") for line in found["lines"])
    named = look(addon_versions={"coredns": "v1.11.4-eksbuild.24", "vpc-cni": "most_recent"})
    assert ("addon", "vpc-cni", "v1.19.6-eksbuild.7", "v1.20.4-eksbuild.1") in list_steps(named["steps"])
    late = find_gate(look(addon_versions={"coredns": "v1.11.1-eksbuild.23"}), "addon_compatibility")
    assert "v1.11.1-eksbuild.23, which is declared, is not compatible with 1.33" in late["evidence"][0]


def test_versions_of_add_ons_that_there_are_not(upgrade, look, sandbox):
    refused = upgrade(addon_versions={"core-dns": "most_recent"})
    words = "addon_versions: EKS has no add-on 'core-dns'. Did you mean coredns? Cluster my-cluster has coredns, kube-proxy, vpc-cni."
    assert refused["failed"] and words in refused["msg"] and not refused["done"]
    assert words in look(addon_versions={"core-dns": "most_recent"})["msg"]
    unused = look(addon_versions={"aws-ebs-csi-driver": "most_recent"})
    assert not unused["failed"]
    assert any("aws-ebs-csi-driver is not used, because" in text for text in unused["warnings"])


def test_check_mode_plans_and_changes_nothing(upgrade, sandbox):
    sandbox.recorder.clear()
    planned = upgrade(check=True)
    assert planned["changed"] and len(planned["steps"]) == 7 and planned["lines"]
    started = {call["operation"] for call in sandbox.calls()}
    assert not {name for name in started if name.startswith(("Update", "Start", "Create"))}


def test_the_whole_way_and_nothing_the_second_time(upgrade, eks, kubernetes, sandbox):
    done = upgrade()
    assert not done["failed"] and done["changed"], done.get("msg")
    assert [row[0] for row in list_steps(done["done"])].count("control_plane") == 2 and len(done["done"]) == 7
    assert eks.describe_cluster(name=CLUSTER)["cluster"]["version"] == "1.33"
    assert eks.describe_nodegroup(**WORDS, nodegroupName="general")["nodegroup"]["version"] == "1.33"
    proxy = eks.describe_addon(**WORDS, addonName="kube-proxy")["addon"]
    assert proxy["addonVersion"] == "v1.33.5-eksbuild.2" and proxy["configurationValues"] == '{"mode": "iptables"}'
    assert "eksNodeRole" in eks.describe_addon(**WORDS, addonName="vpc-cni")["addon"]["serviceAccountRoleArn"]
    record = done["record"]
    assert (record["from_version"], record["version"], record["result"]) == ("1.31", "1.33", "done")
    assert "sandbox-admin" in record["caller"] and "| control plane | 1.31 | 1.32 |" in done["record_markdown"]
    assert all("2 nodes and their pods are ready" in row["health"] for row in done["done"])
    assert done["steps"] == [] and "no step is left" in done["lines"][0]
    sandbox.recorder.clear()
    again = upgrade()
    assert not again["changed"] and again["record"]["result"] == "nothing to do"
    assert not [call for call in sandbox.calls() if call["operation"].startswith(("Update", "StartInsights"))]
    back = upgrade("1.32")
    assert back["failed"] and "does not go back" in back["msg"]


ISSUES = {"issues": [{"code": "ClusterUnreachable", "message": "no subnet"}]}
REQUESTED = (
    'apiserver_requested_deprecated_apis{group="flowcontrol.apiserver.k8s.io",removed_release="1.32",'
    'resource="flowschemas",subresource="",version="v1beta3"} 1\n'
)
BETA = "flowcontrol.apiserver.k8s.io/v1beta3"
FLOW_SCHEMA = {"metadata": {"name": "own", "managedFields": [{"manager": "kubectl", "apiVersion": BETA}]}}
MANIFEST = "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: web}\n"


def build_proxy(version, mode="iptables"):
    container = {"image": f"602401143452.dkr.ecr.ap-northeast-1.amazonaws.com/eks/kube-proxy:{version}"}
    spec = {"template": {"spec": {"containers": [container]}}}
    config = {"metadata": {"name": "kube-proxy-config"}, "data": {"config": f'kind: x\nmode: "{mode}"\n'}}
    return {"DaemonSet": [{"metadata": {"name": "kube-proxy"}, "spec": spec}], "ConfigMap": [config]}


class Shutter:
    """Brings about what shuts a gate, and takes it back.

    Args:
        state: the cluster in the sandbox's store.
    """

    def __init__(self, sandbox, kubernetes, monkeypatch):
        self.sandbox, self.kubernetes, self.monkeypatch = sandbox, kubernetes, monkeypatch
        (self.state,) = sandbox.store.clusters.values()

    @contextmanager
    def shut(self, changes):
        parts = (self.state.raw, self.state.nodegroups, self.state.addons, self.kubernetes.objects)
        before = [copy.deepcopy(part) for part in parts]
        with self.monkeypatch.context() as patch:
            for change in changes:
                change(self, patch)
            yield
        for part, old in zip(parts, before, strict=True):
            part.clear()
            part.update(old)
        self.kubernetes.metrics, self.kubernetes.lost = "", ""
        self.sandbox.quotas.reset()

    def set_group(self, **values):
        self.state.nodegroups["general"].update(values)

    def fill_subnets(self, patch, free):
        look = capacity_reading.describe_by_filter

        def describe(ec2, operation, key, *args, **words):
            rows = look(ec2, operation, key, *args, **words)
            return [{**row, "AvailableIpAddressCount": free} for row in rows] if key == "Subnets" else rows

        patch.setattr(capacity_reading, "describe_by_filter", describe)

    def offer(self, patch, **versions):
        """Only these versions of an add-on, with the one Kubernetes version that each knows."""
        look = reading.list_offered
        infos = [
            {"addonVersion": name, "compatibilities": [{"clusterVersion": known, "defaultVersion": True}]}
            for name, known in versions.items()
        ]
        rows = [{"addonName": "coredns", "addonVersions": infos}]
        patch.setattr(
            reading,
            "list_offered",
            lambda eks, addonName: rows if addonName == "coredns" else look(eks, addonName=addonName),
        )


# Each gate, shut once: how, and what it then says.
SHUT = (
    ("cluster_active", lambda it, patch: it.state.raw.update(health=ISSUES), "ClusterUnreachable: no subnet"),
    ("nodegroups_active", lambda it, patch: it.set_group(status="DEGRADED"), "node group general is DEGRADED"),
    (
        "addons_active",
        lambda it, patch: it.state.addons["vpc-cni"].update(status="DEGRADED"),
        "add-on vpc-cni is DEGRADED",
    ),
    (
        "version_support",
        lambda it, patch: patch.setattr(versions, "VERSIONS", [row for row in versions.VERSIONS if row.name != "1.32"]),
        "EKS does not offer 1.32",
    ),
    ("insights", lambda it, patch: it.state.raw.update(health=ISSUES), "Cluster health issues is ERROR"),
    (
        "addon_compatibility",
        lambda it, patch: it.offer(patch, **{"v1.11.4-eksbuild.24": "1.31", "v1.12.4-eksbuild.1": "1.32"}),
        "add-on coredns: no version is compatible with both 1.31 and 1.32",
    ),
    ("nodegroup_versions", lambda it, patch: it.set_group(version="1.30", amiType="CUSTOM"), "general is at 1.30"),
    (
        "kubelet_skew",
        lambda it, patch: it.kubernetes.objects.update(Node=[build_node("old", "1.28")]),
        "node old is at 1.28",
    ),
    (
        "kube_proxy_skew",
        lambda it, patch: (
            it.state.addons.pop("kube-proxy"),
            it.kubernetes.objects.update(build_proxy("v1.28.1-eksbuild.1")),
        ),
        "kube-proxy is at v1.28.1-eksbuild.1",
    ),
    (
        "removed_apis",
        lambda it, patch: setattr(it.kubernetes, "metrics", REQUESTED),
        f"flowschemas of {BETA} are asked for",
    ),
    (
        "removed_apis",
        lambda it, patch: it.kubernetes.objects.update(FlowSchema=[FLOW_SCHEMA]),
        f"FlowSchema own is written by kubectl as {BETA}",
    ),
    (
        "removed_apis",
        lambda it, patch: it.kubernetes.objects.update(Secret=[build_release("shop", MANIFEST)]),
        "Helm release default/shop has PodDisruptionBudget web as policy/v1beta1",
    ),
    ("removed_features", lambda it, patch: it.set_group(amiType="AL2_x86_64"), "general has ami_type AL2_x86_64"),
    ("control_plane_addresses", lambda it, patch: it.fill_subnets(patch, 1), "has 1 free address"),
    ("node_addresses", lambda it, patch: it.fill_subnets(patch, 1), "general: 3 free addresses for 6 more nodes"),
    (
        "vcpu_quota",
        lambda it, patch: it.sandbox.quotas.change({"standard_vcpus": 8}),
        "(L-1216C47A): 4 of 8 vCPUs are used, 12 more are needed",
    ),
    (
        "disruption_budgets",
        lambda it, patch: it.kubernetes.objects.update(
            PodDisruptionBudget=[build_budget("web", 0)], Pod=[build_pod("web", "general-0")]
        ),
        "PodDisruptionBudget default/web allows no disruption of web",
    ),
)


# What excludes one another is shut in different runs.
ROUNDS = (
    [
        row
        for row in SHUT
        if row[0] not in ("version_support", "addon_compatibility", "nodegroup_versions", "kube_proxy_skew")
    ],
    [row for row in SHUT if row[0] in ("version_support", "addon_compatibility", "kube_proxy_skew")],
    [row for row in SHUT if row[0] == "nodegroup_versions"],
)


def test_each_gate_stops_a_run_before_it_changes_anything(look, upgrade, eks, kubernetes, sandbox, monkeypatch):
    eks.update_addon(**WORDS, addonName="coredns", addonVersion="v1.11.4-eksbuild.24")
    it = Shutter(sandbox, kubernetes, monkeypatch)
    assert set(read_gates(look()).values()) == {"passed"}
    for rows in ROUNDS:
        with it.shut([change for _name, change, _words in rows]):
            sandbox.recorder.clear()
            found = upgrade()
            assert found["failed"] and not found["changed"], rows
            assert {name for name, verdict in read_gates(found).items() if verdict != "passed"} == {
                name for name, _change, _words in rows
            }
            for name, _change, words in rows:
                gate = find_gate(found, name)
                assert gate["verdict"] == "failed" and words in "; ".join(gate["evidence"]) and gate["remedy"], gate
                assert f"{name} failed: " in found["msg"]
            assert found["record"]["result"].startswith("Cluster my-cluster stays at 1.31")
            assert not [call for call in sandbox.calls() if call["operation"].startswith("Update")]
    assert {name for name, _change, _words in SHUT} | {"single_replicas"} == set(read_gates(look()))


def test_a_type_that_only_a_launch_template_names_counts_and_is_unknown_without_it(look, eks, sandbox, ground):
    ec2 = sandbox.client("ec2")
    made = ec2.create_launch_template(LaunchTemplateName="big", LaunchTemplateData={"InstanceType": "m5.4xlarge"})
    template = {"id": made["LaunchTemplate"]["LaunchTemplateId"], "version": "1"}
    place = {"nodeRole": ground["node_role"], "subnets": ground["subnets"]}
    sizes = {"minSize": 1, "maxSize": 2, "desiredSize": 1}
    eks.create_nodegroup(**WORDS, **place, nodegroupName="big", launchTemplate=template, scalingConfig=sizes)
    assert any("96 more are needed" in text for text in find_gate(look(), "vcpu_quota")["evidence"])
    ec2.delete_launch_template(LaunchTemplateId=template["id"])
    lost = find_gate(look(), "vcpu_quota")
    assert lost["verdict"] == "unknown" and "InvalidLaunchTemplateId.NotFound" in lost["evidence"][0], lost


def test_what_cannot_be_determined_has_not_passed(look, upgrade, kubernetes, sandbox, monkeypatch, eks):
    eks.update_addon(**WORDS, addonName="coredns", addonVersion="v1.11.4-eksbuild.24")
    kubernetes.lost = "connection refused"
    monkeypatch.setattr(service_quotas, "EC2", {})
    asking = ("kubelet_skew", "removed_apis", "removed_features", "disruption_budgets", "single_replicas", "vcpu_quota")
    found = look()
    unknown = {name for name, verdict in read_gates(found).items() if verdict == "unknown"}
    assert unknown == set(asking) and not found["ready"]
    assert "connection refused" in find_gate(found, "kubelet_skew")["evidence"][0]
    stopped = upgrade()
    assert stopped["failed"] and "vcpu_quota could not be determined: " in stopped["msg"]
    reasons = [{"gate": name, "reason": "looked at by hand"} for name in asking]
    done = upgrade("1.32", overrides=reasons)
    assert not done["failed"] and done["changed"], done["msg"]
    assert done["record"]["overrides"]["vcpu_quota"] == "looked at by hand"
    assert find_gate(done, "vcpu_quota")["override"] == "looked at by hand"
    assert "nodes and pods were not looked at" in done["done"][-1]["health"]


def test_warnings_are_told_and_close_nothing(look, kubernetes, sandbox, monkeypatch):
    it = Shutter(sandbox, kubernetes, monkeypatch)
    web = {"metadata": {"name": "web", "namespace": "default"}, "spec": {"replicas": 1}}
    kubernetes.objects["Deployment"] = [web]
    it.fill_subnets(monkeypatch, 4)
    found = look()
    assert "Deployment default/web has one replica" in find_gate(found, "single_replicas")["warnings"][0]
    assert "which take up to" in find_gate(found, "node_addresses")["warnings"][0]
    assert "has only 4 free addresses" in find_gate(found, "control_plane_addresses")["warnings"][0]
    it.state.addons.pop("kube-proxy")
    kubernetes.objects.update(build_proxy("v1.32.0-eksbuild.1", "ipvs"))
    assert "ipvs" in find_gate(look("1.35"), "removed_features")["warnings"][0]


def test_volumes_that_kubelets_of_1_36_do_not_mount(look, kubernetes):
    pod = build_pod("web", "general-0")
    pod["spec"]["volumes"] = [{"name": "source", "gitRepo": {"repository": "https://example.com/web.git"}}]
    kubernetes.objects["Pod"] = [pod]
    assert find_gate(look("1.35"), "removed_features")["verdict"] == "passed"
    found = find_gate(look("1.36"), "removed_features")
    assert found["verdict"] == "failed" and found["evidence"] == [
        "kubelets of 1.36 run no pods with volumes of gitRepo: default/web"
    ]


def test_a_run_goes_on_where_another_one_ended(upgrade, look, eks, kubernetes, sandbox):
    """The one before was killed while EKS was at work; nodes and add-ons lag behind."""
    eks.update_addon(**WORDS, addonName="coredns", addonVersion="v1.11.4-eksbuild.24")
    eks.update_cluster_version(name=CLUSTER, version="1.32")
    sandbox.clock.set_speed(600)
    eks.update_nodegroup_version(**WORDS, nodegroupName="general", version="1.32")
    assert read_gates(look())["nodegroups_active"] == "failed"
    done = upgrade()
    assert not done["failed"], done["msg"]
    assert [row[0] for row in list_steps(done["done"])] == ["addon", "control_plane", "addon", "nodegroup"]
    assert eks.describe_nodegroup(**WORDS, nodegroupName="general")["nodegroup"]["version"] == "1.33"


def test_a_step_that_fails_says_what_was_done(upgrade, eks, kubernetes, sandbox):
    sandbox.add_fault(
        kind="fail_update", operation="UpdateNodegroupVersion", resource="general", message="PodEvictionFailure"
    )
    failed = upgrade()
    assert failed["failed"] and failed["changed"] and "PodEvictionFailure" in failed["msg"]
    assert [row[0] for row in list_steps(failed["done"])] == ["addon", "control_plane", "addon"]
    assert failed["record"]["version"] == "1.32" and "PodEvictionFailure" in failed["record_markdown"]
    assert not upgrade()["failed"]


def test_nodes_and_pods_are_looked_at_after_a_step(upgrade, eks, kubernetes):
    kubernetes.objects["Pod"] = [build_pod("lame", "general-0", ready=False)]
    kubernetes.kubelets["general"] = "1.31"
    failed = upgrade("1.32")
    assert failed["failed"] and "node general-0 is at 1.31" in failed["msg"] and "lame" not in failed["msg"]
    assert list_steps(failed["done"])[-1][0] == "nodegroup"
    kubernetes.kubelets.clear()
    assert not upgrade("1.32")["changed"]


def test_pods_on_fargate_are_restarted(upgrade, eks, kubernetes, ground):
    eks.create_fargate_profile(
        **WORDS,
        fargateProfileName="pods",
        podExecutionRoleArn=ground["pod_role"],
        subnets=ground["subnets"],
        selectors=[{"namespace": "default"}],
    )
    fargate = build_node("fargate-1", "1.31", {"eks.amazonaws.com/compute-type": "fargate"})
    owner = {"controller": True, "kind": "ReplicaSet", "name": "web-1"}
    above = {"controller": True, "kind": "Deployment", "name": "web"}
    kubernetes.objects |= {
        "Node": [fargate],
        "Pod": [build_pod("web", "fargate-1", ownerReferences=[owner]), build_pod("alone", "fargate-1")],
        "ReplicaSet": [{"metadata": {"name": "web-1", "ownerReferences": [above]}}],
    }
    done = upgrade("1.32")
    assert not done["failed"], done["msg"]
    assert kubernetes.patched == [("Deployment", "web")]
    assert any("alone" in text for text in done["warnings"])


@pytest.mark.extended
def test_self_managed_nodes_follow_by_their_declaration(upgrade, look, eks, kubernetes, sandbox, run_module, ground):
    made = run_module("eks_iam_role", {"cluster_name": CLUSTER, "purpose": "self_managed_node"})
    own = {
        "name": "own",
        "instance_types": ["m5.large"],
        "scaling_config": {"min_size": 1, "max_size": 2},
        "labels": {"kind": "own"},
        "update_config": {"strategy": "instance_refresh"},
    }
    words = {"cluster_name": CLUSTER, "tags": {"Team": "a"}}
    place = {"node_role": made["arn"], "subnets": ground["subnets"]}
    assert not run_module("eks_self_managed_nodes", {**words, **own, **place})["failed"]
    asg, ec2 = sandbox.client("autoscaling"), sandbox.client("ec2")

    def list_own_nodes():
        (group,) = asg.describe_auto_scaling_groups(AutoScalingGroupNames=[f"{CLUSTER}.self-managed.own"])[
            "AutoScalingGroups"
        ]
        return [build_own_node(ec2, row) for row in group["Instances"]]

    kubernetes.list_own_nodes = list_own_nodes
    left = [row for row in look("1.32")["steps"] if row["kind"] == "self_managed_nodes"]
    assert [(row["by"], row["before"], row["after"]) for row in left] == [("you", "1.31", "1.32")]
    declared = {"self_managed_nodegroups": [own], "self_managed_tags": {"Team": "a"}}
    done = upgrade("1.32", **declared)
    assert not done["failed"], done["msg"]
    assert list_steps(done["done"])[-1] == ("self_managed_nodes", "own", "1.31", "1.32")
    assert [node["status"]["nodeInfo"]["kubeletVersion"] for node in list_own_nodes()] == ["v1.32.9-eks-1"]
    again = run_module("eks_self_managed_nodes", {**words, **own, **place}, check=True)
    assert not again["changed"], again["diff"]
    assert not upgrade("1.32", **declared)["changed"]


def build_own_node(ec2, instance):
    """The node of an instance, whose launch template says of what version its image is."""
    template = instance["LaunchTemplate"]
    (row,) = ec2.describe_launch_template_versions(
        LaunchTemplateId=template["LaunchTemplateId"], Versions=[template["Version"]]
    )["LaunchTemplateVersions"]
    tags = next(
        one["Tags"] for one in row["LaunchTemplateData"]["TagSpecifications"] if one["ResourceType"] == "instance"
    )
    version = next(tag["Value"] for tag in tags if tag["Key"] == "kumo.eks/kubernetes-version")
    node = build_node(instance["InstanceId"], version)
    return {**node, "spec": {"providerID": f"aws:///zone/{instance['InstanceId']}"}}


def test_a_cluster_of_somebody_else_is_refused(upgrade):
    refused = upgrade(owned=True)
    assert refused["failed"] and "was not created by kumo.eks" in refused["msg"]
    assert not upgrade("1.31", owned=True, adopt=True)["failed"]


# maintenance windows


def build_window(minutes, begins=-1):
    """A window of so many minutes that has begun a minute ago."""
    start = time.strftime("%H:%M", time.gmtime(time.time() + 60 * begins))
    return {"start": start, "duration": f"{minutes}m"}


def test_what_does_not_end_in_a_window_is_not_begun(upgrade, eks, sandbox):
    windows = [build_window(16), build_window(60, begins=12 * 60)]
    planned = upgrade("1.32", check=True, windows=[windows[1]])
    assert not planned["changed"] and planned["waiting_for_window"]["step"] == "add-on coredns"
    assert planned["lines"][-1].startswith("Waits: add-on coredns is not begun outside of the maintenance windows.")
    begun = upgrade("1.32", windows=windows)
    assert not begun["failed"] and begun["changed"] and begun["record"]["result"] == "waiting_for_window", begun
    assert [row["name"] for row in begun["done"]] == ["coredns"]
    waiting = begun["waiting_for_window"]
    assert waiting["step"] == "control plane" and waiting["expected_seconds"] == 1200
    assert "is expected to take 20m00s, and the maintenance window closes in 14m" in waiting["reason"]
    assert f"The next window opens at {waiting['opens']}" in begun["record_markdown"]
    sandbox.recorder.clear()
    again = upgrade("1.32", windows=windows)
    assert not again["failed"] and not again["changed"] and again["waiting_for_window"]["opens"] == waiting["opens"]
    assert not [call for call in sandbox.calls() if call["operation"].startswith(("Update", "StartInsights"))]
    short = upgrade("1.32", windows=[windows[0]])
    assert short["failed"] and "no window is longer than 16m00s. Use a longer window, or set" in short["msg"]
    assert eks.describe_cluster(name=CLUSTER)["cluster"]["version"] == "1.31"
    expected = {"control_plane": 5, "nodegroup": 0.5}
    done = upgrade("1.32", windows=windows, expected_minutes=expected)
    assert done["waiting_for_window"] is None and done["record"]["result"] == "done", done.get("msg")
    nothing = upgrade("1.32", windows=[windows[1]])
    assert not nothing["changed"] and nothing["waiting_for_window"] is None


def test_windows_that_cannot_be_read(upgrade):
    for options, words in (
        ({"windows": [{"start": "1320", "duration": "1h"}]}, "windows[0].start: '1320' is not a time"),
        ({"expected_minutes": {"nodegroups": 5}}, "'nodegroups' is not a kind of step. Did you mean nodegroup?"),
        ({"expected_minutes": {"addon": "soon"}}, "expected_minutes.addon: 'soon' is not a number of minutes"),
    ):
        refused = upgrade(check=True, **options)
        assert refused["failed"] and words in refused["msg"], refused["msg"]


def roll_back(upgrade, **options):
    return upgrade("1.31", rollback=True, **options)


def test_a_rollback_takes_nodes_and_addons_back_before_the_control_plane(upgrade, look, eks, sandbox):
    assert not upgrade("1.32")["failed"]
    before = eks.describe_addon(**WORDS, addonName="kube-proxy")["addon"]["addonVersion"]
    assert before.startswith("v1.32") and read_version(eks) == ("1.32", "1.32")
    sandbox.recorder.clear()
    planned = roll_back(upgrade, check=True)
    assert planned["changed"] and read_version(eks) == ("1.32", "1.32")
    steps = [
        ("addon", "kube-proxy", "v1.32.9-eksbuild.2", "v1.31.13-eksbuild.2"),
        ("nodegroup", "general", "1.32", "1.31"),
        ("control_plane", CLUSTER, "1.32", "1.31"),
    ]
    assert list_steps(planned["steps"]) == steps == list_steps(look("1.31", rollback=True)["steps"])
    assert planned["lines"][0].startswith("Rollback of cluster my-cluster from 1.32 to 1.31: 3 steps")
    assert "eks_upgrade_rollback=true" in planned["runbook"]
    assert find_gate(planned, "insights")["title"].startswith("EKS' rollback readiness insights")
    assert not {call["operation"] for call in sandbox.calls() if call["operation"].startswith("Update")}
    done = roll_back(upgrade)
    assert not done["failed"] and list_steps(done["done"]) == steps, done.get("msg")
    assert read_version(eks) == ("1.31", "1.31")
    record = done["record"]
    assert (record["from_version"], record["version"], record["rollback"]) == ("1.32", "1.31", True)
    assert done["record_markdown"].startswith("# Rollback of my-cluster")
    again = roll_back(upgrade)
    assert not again["changed"] and again["record"]["result"] == "nothing to do"


def read_version(eks):
    cluster = eks.describe_cluster(name=CLUSTER)["cluster"]["version"]
    return cluster, eks.describe_nodegroup(**WORDS, nodegroupName="general")["nodegroup"]["version"]


def test_what_closes_a_rollback(upgrade, eks, kubernetes, sandbox):
    never = roll_back(upgrade, check=True)
    assert not never["changed"] and never["steps"] == []  # it has the version
    assert not upgrade("1.32")["failed"]
    far = upgrade("1.30", rollback=True)
    assert far["failed"] and "a rollback goes to the version before it, 1.31, not to 1.30" in far["msg"]
    (state,) = sandbox.store.clusters.values()
    with_policy = {**state.raw, "upgradePolicy": {"supportType": "STANDARD"}}
    before = dict(state.raw)
    state.raw.update(with_policy)
    policy = find_gate(roll_back(upgrade, check=True), "version_support")
    assert policy["verdict"] == "failed" and "eks_cluster_upgrade_policy" in policy["remedy"]
    state.raw.update(before, upgradePolicy=before["upgradePolicy"])
    fargate = {"eks.amazonaws.com/compute-type": "fargate"}
    kubernetes.objects["Node"] = [build_node("fargate-1", "1.32", fargate), build_node("mine", "1.32")]
    planned = roll_back(upgrade, check=True)
    by = {row["kind"]: (row["by"], row["note"]) for row in planned["steps"]}
    assert by["fargate_pods"][0] == "you" and "scale their workloads to zero" in by["fargate_pods"][1]
    assert by["other_nodes"][0] == "you" and "mine" in by["other_nodes"][1]
    gate = find_gate(planned, "kubelet_skew")
    assert gate["evidence"] == ["Fargate node fargate-1 is at 1.32", "node mine is at 1.32"]
    stopped = roll_back(upgrade)
    assert stopped["failed"] and "these gates are closed: kubelet_skew" in stopped["msg"]
    assert read_version(eks) == ("1.32", "1.31")  # what comes before is done, and a later run goes on
    kubernetes.objects["Node"] = []
    sandbox.clock.advance(8 * 86400)
    late = roll_back(upgrade)
    assert late["failed"] and "EKS has no rollback readiness insights about 1.31" in late["msg"]
    assert "There is" not in late["msg"] and read_version(eks)[0] == "1.32"


def test_an_override_of_the_insights_rolls_back_by_force(upgrade, eks, sandbox):
    assert not upgrade("1.32")["failed"]
    (state,) = sandbox.store.clusters.values()
    state.raw["health"] = ISSUES
    reasons = [{"gate": gate, "reason": "seen"} for gate in ("insights", "cluster_active")]
    stopped = roll_back(upgrade, overrides=reasons[1:])
    assert stopped["failed"] and "closed: insights" in stopped["msg"]
    done = roll_back(upgrade, overrides=reasons)
    assert not done["failed"] and read_version(eks) == ("1.31", "1.31"), done.get("msg")
    last = [call for call in sandbox.recorder.calls() if call.operation == "UpdateClusterVersion"][-1]
    assert (last.parameters["version"], last.parameters["force"]) == ("1.31", True)


def test_blue_green_replaces_a_group_in_each_minor_version(upgrade, look, eks, kubernetes, sandbox):
    strategies = {"nodegroup_strategies": {"general": "blue_green"}}
    planned = look(**strategies)
    notes = [row["note"] for row in planned["steps"] if row["kind"] == "nodegroup"]
    assert notes == ["by a new node group, to which the pods move"] * 2
    assert "for 2 more nodes" in find_gate(planned, "node_addresses")["evidence"][0]
    done = upgrade(**strategies)
    assert not done["failed"] and len(done["done"]) == 7, done.get("msg")
    assert eks.list_nodegroups(**WORDS)["nodegroups"] == ["general-3"]
    group = eks.describe_nodegroup(**WORDS, nodegroupName="general-3")["nodegroup"]
    assert group["version"] == "1.33" and group["scalingConfig"] == SIZES
    assert not upgrade(**strategies)["changed"]
    unknown = upgrade(nodegroup_strategies={"other": "blue_green"})
    assert unknown["failed"] and "nodegroup_strategies: cluster my-cluster has no node group other" in unknown["msg"]
    wrong = upgrade(nodegroup_strategies={"general": "canary"})
    assert "nodegroup_strategies.general: 'canary' is not a strategy. Use rolling or blue_green." in wrong["msg"]


def test_a_replacement_that_was_begun_goes_on_whatever_the_strategy(upgrade, run_module, eks):
    assert not upgrade("1.32")["failed"]
    eks.update_cluster_version(name=CLUSTER, version="1.33")
    words = {"cluster_name": CLUSTER, "name": "general", "stop_at": "ready"}
    assert not run_module("eks_nodegroup_replacement", words)["failed"]
    done = upgrade()
    assert not done["failed"] and eks.list_nodegroups(**WORDS)["nodegroups"] == ["general-2"], done.get("msg")
