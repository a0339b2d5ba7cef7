# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""eks_audit_info on an account and a real Kubernetes API with a fault for each rule that the sandbox can hold.

Each rule's case, which is data, is planted as objects of Kubernetes; what is in AWS is made by bad_account.py. bad_clusters.py has faults of
clusters of other kinds, which are audited without Kubernetes. UNPLANTED says of every other rule why it is not here.
A rule that is neither planted nor in that table fails.
"""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path

import bad_account
import bad_clusters
import planting
import pytest
from support import in_process

from ansible_collections.kumo.eks.plugins.module_utils.audit.registry import RULES
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesError, open_cluster_api
from kumo_sandbox import Sandbox

CASES_FOLDER = Path(__file__).parents[1] / "unit/plugins/module_utils/audit"
# Faults of bad_account.py and of what stands in MORE
IN_AWS = set(
    """
addon_without_role amazon_linux_2 association_account association_role audit_logs authentication_by_config_map autoscaling_on_node_role
burstable_types classic_load_balancer cluster_role_policy cluster_tags cni_on_node_role control_plane_logs core_addons cost_tags
deletion_protection deregistration_delay ebs_default_encryption empty_node endpoint_private endpoint_public endpoint_public_at_all
entry_of_user entry_without_principal entry_without_rights extended_support flow_logs_off gp2_volumes guardduty_audit_logs guardduty_runtime
inspector_off instance_imdsv1 interface_endpoints kubelet_from_internet left_addresses left_classic_load_balancers left_instances
left_interfaces left_launch_templates left_load_balancers left_log_groups left_oidc_providers left_roles left_security_groups left_snapshots
left_target_groups left_volumes load_balancer_groups load_balancer_headers load_balancer_logs load_balancer_tags load_balancer_tls
load_balancer_tls_policy load_balancer_without_targets logs_for_ever logs_unwatched many_administrators missing_replicas network_acl_answers
network_agent network_policy_engine newer_version no_graviton node_addresses node_public_address node_repair node_role_administrator
node_role_data node_role_escalation node_role_extra_policy node_role_trust node_role_wildcard nodegroup_full nodes_in_public_subnets
old_generation pod_identity_agent pod_role_administrator ports_from_internet remote_access_open secrets_encryption spot_types
ssh_from_internet ssh_key storage_class_plain subnet_public_addresses target_type template_disk_plain template_imdsv1 template_version
upgrade_policy version_support volume_plain volume_without_snapshot vpc_dns_off zonal_shift
cluster_group_networks entry_of_other_account identity_provider_prefix irsa_trust_wide node_monitoring_agent pod_role_escalation
health_events ecr_encryption efs_mount_targets efs_plain two_roles released_by_removed_api removed_later
ecr_lifecycle ecr_mutable_tags ecr_public ecr_scanning_off oidc_provider_missing irsa_untrusted fargate_without_pods user_data_secrets
""".split()
)
IN_OTHERS = set().union(*bad_clusters.FAULTS.values())
WRITTEN = "a controller of the real control plane writes this status itself"
HEALTHY = "kwok, or the controller of nodes, keeps its nodes ready and as they are declared"
ELSEWHERE = "other objects of the same cluster make up for it"
NO_STATE = "the sandbox never comes into this state: AWS writes it after failures of its own"
ALIKE = "the cluster already has this object by the same name"
LOAD = "it takes more requests than a test can send"
THOUSANDS = "it takes thousands of nodes"
REMOVED_BEFORE = "the API server of the sandbox is newer than the last Kubernetes version that removes an API, and drops a field manager of that API"
AGE = "things have to be older than the sandbox lets them be"
NO_API = "the sandbox or moto does not have the API"
UNASKED = "the cluster of these tests that has remote networks is audited without its Kubernetes API"
UNPLANTED = {
    "addon_blocks_upgrade": NO_STATE,
    "addon_incompatible": AGE,
    "addon_old": AGE,
    "addon_status": NO_STATE,
    "api_service_down": ALIKE,
    "applied_by_removed_api": REMOVED_BEFORE,
    "budget_used_up": WRITTEN,
    "capability_status": NO_STATE,
    "certificate_authority_expires": NO_STATE,
    "certificate_authority_pending": NO_STATE,
    "closed_budget": WRITTEN,
    "cluster_groups_exist": NO_STATE,
    "cluster_health": NO_STATE,
    "cluster_size": THOUSANDS,
    "cluster_status": NO_STATE,
    "cluster_subnets_exist": NO_STATE,
    "conversion_webhook": ALIKE,
    "custom_networking": ALIKE,
    "fargate_status": NO_STATE,
    "fargate_version": HEALTHY,
    "finished_jobs": WRITTEN,
    "hybrid_mapping": UNASKED,
    "hybrid_not_ready": HEALTHY,
    "instance_not_joined": NO_STATE,
    "karpenter_volumes": ELSEWHERE,
    "kube_proxy_skew": ELSEWHERE,
    "kubelet_skew": HEALTHY,
    "little_reserved": HEALTHY,
    "load_balancer_zones": NO_STATE,
    "metrics_server": ELSEWHERE,
    "misconfiguration_insights": NO_STATE,
    "no_node_autoscaler": ELSEWHERE,
    "no_policy_engine": ELSEWHERE,
    "no_savings_plan": NO_API,
    "node_not_ready": HEALTHY,
    "node_role_lacks": ELSEWHERE,
    "nodegroup_blocks_upgrade": NO_STATE,
    "nodegroup_subnets_exist": NO_STATE,
    "nodegroup_zones": ELSEWHERE,
    "nodes_in_one_zone": ELSEWHERE,
    "old_image": NO_API,
    "one_node": HEALTHY,
    "one_zone": HEALTHY,
    "pending_certificate": AGE,
    "quota_clusters": NO_API,
    "quota_load_balancers": NO_API,
    "quota_nodegroups": NO_API,
    "quota_target_groups": NO_API,
    "removed_api_clients": NO_STATE,
    "requests_refused": LOAD,
    "rollback_readiness": NO_STATE,
    "single_node": ELSEWHERE,
    "stale_insights": NO_STATE,
    "stored_versions": WRITTEN,
    "stuck_release": WRITTEN,
    "terminating_namespace": WRITTEN,
    "too_large": ELSEWHERE,
    "unattached_volumes": AGE,
    "unhealthy_targets": NO_STATE,
    "unused_eni_configs": ALIKE,
    "upgrade_insights": NO_STATE,
    "upgrade_insights_warn": NO_STATE,
    "version_support_ends": AGE,
    "zone_without_nodes": ELSEWHERE,
}


# What helm install of a chart of old templates leaves
MANIFEST = """
apiVersion: policy/v1beta1
kind: PodDisruptionBudget
metadata: {name: web}
---
apiVersion: flowcontrol.apiserver.k8s.io/v1beta3
kind: FlowSchema
metadata: {name: web}
"""
# For rules of AWS, which begin with what pods name, and of Helm
MORE = [
    (planting.SOURCES["secrets"], planting.build_release("old", "default", MANIFEST)),
    (
        planting.SOURCES["pods"],
        {
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {
                "containers": [
                    {"name": "app", "image": f"{bad_account.ACCOUNT}.dkr.ecr.{bad_account.REGION}.amazonaws.com/web:1"}
                ]
            },
        },
    ),
    (
        planting.SOURCES["service_accounts"],
        {
            "metadata": {
                "name": "left",
                "namespace": "default",
                "annotations": {"eks.amazonaws.com/role-arn": f"arn:aws:iam::{bad_account.ACCOUNT}:role/left"},
            }
        },
    ),
    (
        planting.SOURCES["service_accounts"],
        {
            "metadata": {
                "name": "administrator",
                "namespace": "default",
                "annotations": {"eks.amazonaws.com/role-arn": f"arn:aws:iam::{bad_account.ACCOUNT}:role/wide"},
            }
        },
    ),
]


def load_cases():
    sys.path.insert(0, str(CASES_FOLDER))
    found = {}
    for path in sorted((CASES_FOLDER / "cases").glob("*.py")):
        found |= getattr(importlib.import_module(f"cases.{path.stem}"), "CASES", {})
    return found


CASES = load_cases()


@pytest.fixture(scope="module")
def standing():
    with Sandbox(speed="instant", kubernetes=True) as sandbox, pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.env.items():
            patch.setenv(name, value)
        bad_account.make_account(sandbox)
        yield sandbox


@pytest.fixture(scope="module")
def api(standing):
    with open_cluster_api(standing.client("eks"), standing.client("sts"), bad_account.NAME) as found:
        for attempt in range(20):
            try:
                found.get_version()
                break
            except KubernetesError as error:
                if error.status or attempt == 19:
                    raise
        yield found


@pytest.fixture(scope="module")
def planted(standing, api):
    """By the name of a rule the resources that it must find."""
    for definition in planting.list_definitions():
        planting.create(api, planting.CUSTOM_RESOURCE_DEFINITION, definition)
    wait_until_kinds_are_served(api)
    remove_dns(api)
    for kind, body in MORE:
        planting.create(api, kind, body)
    planting.plant(api, [planting.build_file_system_volume(bad_account.create_file_system(standing))], set())
    expected, made = {}, set()
    for rule in RULES:
        if rule.name in UNPLANTED or rule.name in IN_AWS | IN_OTHERS:
            continue
        case = CASES[rule.name]
        rows = planting.list_planted(rule, case.bad)
        planting.plant(api, rows, made)
        expected[rule.name] = {planting.rename_text(rule, text, rows) for text in case.resources}
    return expected


def remove_dns(api):
    """A new cluster's own CoreDNS is good; its pods end before those with the fault come."""
    api.delete(planting.CONTROLLERS["Deployment"], "coredns", planting.SYSTEM, propagation="Foreground")
    for _attempt in range(300):
        if not list(api.list(planting.KINDS["pods"], planting.SYSTEM, label_selector="k8s-app=kube-dns")):
            return
        time.sleep(0.1)
    raise AssertionError("pods of CoreDNS are still there")


def wait_until_kinds_are_served(api):
    for kind in planting.OPTIONAL.values():
        for _attempt in range(100):
            try:
                api.list(kind)
                break
            except KubernetesError as error:
                assert error.status == 404
                time.sleep(0.1)


@pytest.fixture(scope="module")
def audited(standing, planted):
    return in_process.run_module("eks_audit_info", {"cluster_name": bad_account.NAME})


@pytest.mark.extended
def test_each_planted_fault_is_found(audited, planted):
    assert not audited["failed"], audited.get("msg")
    found = {}
    for row in audited["findings"]:
        found.setdefault(row["name"], set()).add(row["resource"])
    verdicts = {row["name"]: (row["verdict"], row["reason"]) for row in audited["checks"]}
    missed = {name: verdicts[name] for name, rows in planted.items() if not rows <= found.get(name, set())}
    assert missed == {}
    assert {name: verdicts[name] for name in IN_AWS if not found.get(name)} == {}
    assert len(planted) + len(IN_AWS) >= 245


@pytest.mark.extended
def test_no_object_of_a_real_api_server_is_odd_to_a_rule(audited):
    assert [row for row in audited["checks"] if "not as expected" in row["reason"]] == []
    unknown = {row["name"] for row in audited["checks"] if row["verdict"] == "unknown"}
    assert unknown <= {name for name, reason in UNPLANTED.items() if reason == NO_API}


def test_each_rule_is_planted_or_says_why_not():
    names = {rule.name for rule in RULES}
    assert set(UNPLANTED) <= names and IN_AWS | IN_OTHERS <= names and not set(UNPLANTED) & (IN_AWS | IN_OTHERS)
    left = names - IN_AWS - IN_OTHERS - set(UNPLANTED)
    assert {name for name in left if not _is_of_kubernetes(name)} == set()


def _is_of_kubernetes(name):
    given = {*planting.SOURCES, *planting.GIVEN, "workloads", "all_workloads"}
    return {source for source, rows in CASES[name].bad.items() if rows} <= given


@pytest.mark.extended
def test_each_fault_of_clusters_of_other_kinds_is_found(sandbox):
    bad_clusters.make_clusters(sandbox)
    for cluster, names in bad_clusters.FAULTS.items():
        audited = in_process.run_module("eks_audit_info", {"cluster_name": cluster, "kubernetes": False})
        assert not audited["failed"], audited.get("msg")
        assert names - {row["name"] for row in audited["findings"]} == set(), cluster
