# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cycle of twelve steps for each module, alone and with lists: check mode says what the run then does.

check, create, check, create again, check, change, check, change again, check, delete, check, delete again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.certificates import CA_BUNDLE

CLUSTER = "my-cluster"
ROOT = Path(__file__).parents[2]
READING = ("Describe", "List", "Get")
SIZES = {"min_size": 1, "max_size": 5, "desired_size": 2}
AUDIT = {
    "node_resources_fit": {"scoring_strategy": {"type": "MostAllocated", "resources": [{"name": "cpu", "weight": 2}]}}
}


def cluster_case(ground: dict[str, Any]) -> dict[str, Any]:
    made = {
        "role_arn": ground["role"],
        "subnets": ground["subnets"],
        "security_groups": [ground["group"]],
        "version": "1.33",
        "logging": ["audit"],
        "access_config": {"authentication_mode": "API_AND_CONFIG_MAP"},
        "tags": {"Environment": "production", "aB_c-D": "1"},
    }
    changes = {
        "version": "1.34",
        "logging": ["audit", "api"],
        "endpoint_private_access": True,
        "public_access_cidrs": ["192.0.2.0/24"],
        "security_groups": [],
        "access_config": {"authentication_mode": "API"},
        "upgrade_policy": {"support_type": "STANDARD"},
        "zonal_shift_config": {"enabled": True},
        "control_plane_scaling_config": {"tier": "tier-xl"},
        "control_plane_egress_mode": "CUSTOMER_ROUTED",
        "kube_api_server_config": {"event_ttl": "30m"},
        "kube_scheduler_config": AUDIT,
        "kube_controller_manager_config": {"pod_gc_controller_config": {"terminated_pod_gc_threshold": 100}},
        "encryption_config": {"key_arn": ground["key"]},
        "tags": {"Team": "a"},
    }
    return {"made": made, "changed": {**made, **changes}, "gone": {}}


def nodegroup_options(ground: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    made = {
        "node_role": ground["node_role"],
        "subnets": ground["subnets"],
        "instance_types": ["m5.large", "m5a.large"],
        "scaling_config": SIZES,
        "labels": {"role": "general", "aB_c-D": "x"},
        "taints": [{"key": "dedicated", "value": "a", "effect": "NO_SCHEDULE"}],
        "version": "1.33",
        "tags": {"Environment": "production"},
    }
    changes = {
        "labels": {"role": "special"},
        "taints": [{"key": "dedicated", "value": "b", "effect": "NO_SCHEDULE"}, {"key": "new", "effect": "NO_EXECUTE"}],
        "scaling_config": {"min_size": 3, "max_size": 6},
        "update_config": {"max_unavailable_percentage": 50},
        "node_repair_config": {"enabled": True},
        "warm_pool_config": {"enabled": True, "min_size": 1},
        "tags": {"Team": "a"},
    }
    return made, {**made, **changes}


def profile_options(ground: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    made = {
        "role_arn": ground["pod_role"],
        "subnets": ground["subnets"],
        "selectors": [{"namespace": "tasks", "labels": {"compute": "fargate"}}, {"namespace": "batch"}],
        "tags": {"Environment": "production"},
    }
    return made, {**made, "tags": {"Team": "a"}}


def addon_options(ground: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    made = {
        "version": "v1.19.6-eksbuild.7",
        "configuration_values": {"env": {"WARM_IP_TARGET": "2"}},
        "tags": {"Environment": "production"},
    }
    changes = {
        "version": "most_recent",
        "configuration_values": {"env": {"WARM_IP_TARGET": "3"}},
        "service_account_role_arn": ground["pod_role"],
        "tags": {},
    }
    return made, {**made, **changes}


OPTIONS = {"eks_nodegroup": nodegroup_options, "eks_fargate_profile": profile_options, "eks_addon": addon_options}
LISTS = {
    "eks_nodegroup": ("nodegroups", ["a", "b", "c"]),
    "eks_fargate_profile": ("profiles", ["a", "b", "c"]),
    "eks_addon": ("addons", ["vpc-cni"]),
}


def single_case(module: str, ground: dict[str, Any]) -> dict[str, Any]:
    made, changed = OPTIONS[module](ground)
    named = {"name": "vpc-cni" if module == "eks_addon" else "one"}
    return {"made": {**named, **made}, "changed": {**named, **changed}, "gone": named}


def list_case(module: str, ground: dict[str, Any]) -> dict[str, Any]:
    """All items are made, all but the first are changed, and all but the last are removed."""
    made, changed = OPTIONS[module](ground)
    option, names = LISTS[module]
    gone = names[:-1] or names
    return {
        "made": {option: [{"name": name, **made} for name in names]},
        "changed": {option: [{"name": name, **(changed if name in names[-2:] else made)} for name in names]},
        "gone": {option: [{"name": name} for name in gone]},
    }


def provider_case(ground: dict[str, Any]) -> dict[str, Any]:
    made = {
        "name": "company",
        "issuer_url": "https://id.example.com",
        "client_id": "kubernetes",
        "required_claims": {"aB_c": "1"},
        "tags": {"Environment": "production"},
        "replace": True,
    }
    changed = {**made, "client_id": "other", "username_claim": "email", "required_claims": {}, "tags": {"Team": "a"}}
    return {"made": made, "changed": changed, "gone": {"name": "company"}}


def capability_case(ground: dict[str, Any]) -> dict[str, Any]:
    user, group = {"id": "u", "type": "SSO_USER"}, {"id": "g", "type": "SSO_GROUP"}
    instance = {"idc_instance_arn": "arn:aws:sso:::instance/ssoins-1234567890abcdef"}
    made = {
        "name": "argocd",
        "type": "ARGOCD",
        "role_arn": ground["capability_role"],
        "argo_cd": {"aws_idc": instance, "rbac_role_mappings": [{"role": "ADMIN", "identities": [user, group]}]},
        "tags": {"Environment": "production"},
    }
    mappings = [{"role": "ADMIN", "identities": [group]}, {"role": "VIEWER", "identities": [user]}]
    settings = {**made["argo_cd"], "rbac_role_mappings": mappings, "network_access": {"vpce_ids": ["vpce-0a"]}}
    return {"made": made, "changed": {**made, "argo_cd": settings, "tags": {"Team": "a"}}, "gone": {"name": "argocd"}}


def registration_case(ground: dict[str, Any]) -> dict[str, Any]:
    made = {
        "name": "edge",
        "connector_provider": "GKE",
        "role_arn": ground["connector_role"],
        "tags": {"Environment": "production"},
        "replace": True,
    }
    return {"made": made, "changed": {**made, "connector_provider": "AKS", "tags": {}}, "gone": {"name": "edge"}}


def entry_case(ground: dict[str, Any]) -> dict[str, Any]:
    view = {"policy_arn": "AmazonEKSViewPolicy", "access_scope": {"type": "namespace", "namespaces": ["shop"]}}
    made = {
        "principal_arn": ground["pod_role"],
        "username": "somebody",
        "kubernetes_groups": ["readers"],
        "access_policies": [view],
        "tags": {"Environment": "production"},
    }
    edit = {"policy_arn": "AmazonEKSEditPolicy", "access_scope": {"type": "cluster"}}
    changes = {"kubernetes_groups": [], "access_policies": [edit], "tags": {"Team": "a"}}
    return {"made": made, "changed": {**made, **changes}, "gone": {"principal_arn": ground["pod_role"]}}


def entries_case(ground: dict[str, Any]) -> dict[str, Any]:
    case = entry_case(ground)
    return {name: {"access_entries": [options]} for name, options in case.items()}


def association_case(ground: dict[str, Any]) -> dict[str, Any]:
    named = {"namespace": "shop", "service_account": "web"}
    made = {**named, "policy_arns": ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"], "tags": {"Team": "a"}}
    changed = {**made, "policy_arns": ["arn:aws:iam::aws:policy/AmazonS3FullAccess"], "tags": {"Team": "b"}}
    return {"made": made, "changed": changed, "gone": named}


def irsa_case(ground: dict[str, Any]) -> dict[str, Any]:
    named = {"namespace": "shop", "service_account": "web", "role_only": True}
    made = {**named, "policy_arns": ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"], "tags": {"Team": "a"}}
    changed = {**made, "policy_arns": ["arn:aws:iam::aws:policy/AmazonS3FullAccess"], "max_session_duration": 7200}
    return {"made": made, "changed": changed, "gone": named}


def discovery_case(ground: dict[str, Any]) -> dict[str, Any]:
    return {"made": {}, "changed": None, "gone": {}}


OTHERS = {
    "eks_identity_provider": provider_case,
    "eks_capability": capability_case,
}
OF_IDENTITIES = {
    "eks_access_entry": (entry_case, entries_case),
    "eks_pod_identity": (association_case,),
    "eks_irsa": (irsa_case,),
    "eks_discovery_tags": (discovery_case,),
}


def queue_case(ground: dict[str, Any]) -> dict[str, Any]:
    return {"made": {"tags": {"Team": "a"}}, "changed": {"tags": {"Team": "b"}}, "gone": {}}


def anywhere_case(ground: dict[str, Any]) -> dict[str, Any]:
    made = {"ca_bundle": CA_BUNDLE, "role_arn": ground["role"], "tags": {"Team": "a"}}
    return {"made": made, "changed": {**made, "duration_seconds": 900, "tags": {"Team": "b"}}, "gone": {}}


def role_case(ground: dict[str, Any]) -> dict[str, Any]:
    made = {"purpose": "node", "tags": {"Team": "a"}}
    return {"made": made, "changed": {**made, "ssm": True, "tags": {"Team": "b"}}, "gone": {"purpose": "node"}}


def network_case(ground: dict[str, Any]) -> dict[str, Any]:
    made = {"zone_count": 2, "nat_gateway": "Single", "tags": {"Team": "a"}, "wait": True}
    return {"made": made, "changed": {**made, "nat_gateway": "Disable", "tags": {"Team": "b"}}, "gone": {"wait": True}}


IN_THE_ACCOUNT = {
    "eks_interruption_queue": queue_case,
    "eks_iam_role": role_case,
    "eks_roles_anywhere": anywhere_case,
    "eks_network": network_case,
}
BY_ITSELF = ("eks_cluster", "eks_cluster_registration", "eks_self_managed_nodes", "eks_tag")

# Modules whose cycle needs what only other tests have: a Kubernetes API, Helm, or a file.
ELSEWHERE = {
    "eks_certificate_authority": "integration/test_eks_certificate_authority.py::test_a_whole_rotation_with_the_way_back",
    "eks_helm": "helm/test_releases.py::test_ingress_nginx_as_in_the_guide",
    "eks_helm_repository": "helm/test_repositories.py::test_credentials_are_kept_where_only_helm_reads_them",
    "eks_karpenter": "integration/test_eks_karpenter.py::test_what_karpenter_needs_comes_and_goes",
    "eks_karpenter_nodes": "playbooks/test_karpenter.py::test_karpenter_comes_and_goes_with_its_nodes",
    "eks_kubeconfig": "integration/test_eks_kubeconfig.py::test_twelve_steps_and_what_the_file_is_like",
}
# Modules that change something which nobody declares as present and absent, and what is tested instead.
WITHOUT_A_CYCLE = {
    "eks_addon_takeover": "it takes over what there is, once: tests/integration/test_addon_takeover.py",
    "eks_addon_update": "versions do not go back: tests/integration/test_eks_addon_update.py",
    "eks_helm_rollback": "it goes back to a revision: tests/helm/test_rollback.py",
    "eks_nodegroup_replacement": "it moves what there is, or takes that back: tests/integration/test_eks_nodegroup_replacement.py",
    "eks_pod_identity_migration": "it moves what there is, once: tests/integration/test_pod_identity_migration.py",
    "eks_platform": "it runs other modules, each of which has a cycle: tests/playbooks/test_platform.py",
    "eks_teardown": "it only removes: tests/integration/test_eks_teardown.py",
    "eks_update": "it cancels an update that is under way: tests/integration/test_eks_updates.py",
    "eks_upgrade": "versions do not go back: tests/integration/test_eks_upgrade.py",
}
# Modules that change nothing in AWS or Kubernetes
READS = {
    *("eks_access_review", "eks_audit_report", "eks_cost_plan", "eks_cost_report", "eks_drift_report", "eks_export"),
    *("eks_helm_search", "eks_preflight", "eks_summary", "eks_upgrade_waves", "eks_wait"),
}


@pytest.fixture
def cycle(sandbox, run_module):
    """Walks the twelve steps: cycle(module, common options, case)."""

    def step(module: str, options: dict[str, Any], changes: bool) -> None:
        sandbox.recorder.clear()
        planned = run_module(module, options, check=True)
        assert not planned["failed"], planned
        asked = {call["operation"] for call in sandbox.calls()}
        assert all(name.startswith(READING) for name in asked), asked
        real = run_module(module, options)
        assert not real["failed"], real
        assert (planned["changed"], real["changed"]) == (changes, changes), (planned["diff"], real["diff"])
        assert planned["diff"] == real["diff"]
        assert (real["diff"]["before"] != real["diff"]["after"]) == changes

    def walk(module: str, common: dict[str, Any], case: dict[str, Any]) -> None:
        for options in (case["made"], case["changed"], {**case["gone"], "state": "absent"}):
            if options is None:  # there is nothing to change
                continue
            step(module, {**common, **options}, changes=True)
            step(module, {**common, **options}, changes=False)

    return walk


@pytest.fixture
def standing(run_module, ground):
    """A cluster that is ACTIVE at 1.33, in which EKS installed nothing that add-ons conflict with."""
    words = {"name": CLUSTER, "version": "1.33", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    words["access_config"] = {"authentication_mode": "API_AND_CONFIG_MAP"}
    assert not run_module("eks_cluster", {**words, "bootstrap_self_managed_addons": False})["failed"]


def test_cluster(cycle, ground):
    cycle("eks_cluster", {"name": CLUSTER, "wait": True}, cluster_case(ground))


@pytest.mark.parametrize("module", OPTIONS)
@pytest.mark.parametrize("form", [single_case, list_case], ids=["alone", "list"])
@pytest.mark.parametrize("wait", [True, False], ids=["wait", "go-on"])
def test_of_a_cluster(cycle, standing, ground, module, form, wait):
    cycle(module, {"cluster_name": CLUSTER, "wait": wait}, form(module, ground))


@pytest.mark.parametrize("module", OTHERS)
@pytest.mark.parametrize("wait", [True, False], ids=["wait", "go-on"])
def test_of_the_operation_of_a_cluster(cycle, standing, ground, module, wait):
    cycle(module, {"cluster_name": CLUSTER, "wait": wait}, OTHERS[module](ground))


def test_registered_cluster(cycle, ground):
    cycle("eks_cluster_registration", {}, registration_case(ground))


@pytest.mark.parametrize(
    ("module", "form"),
    [pytest.param(name, form, id=f"{name}-{form.__name__}") for name, forms in OF_IDENTITIES.items() for form in forms],
)
def test_of_what_a_cluster_is_used_by(cycle, standing, ground, module, form):
    cycle(module, {"cluster_name": CLUSTER}, form(ground))


@pytest.mark.parametrize("module", IN_THE_ACCOUNT)
def test_before_there_is_a_cluster(cycle, ground, module):
    cycle(module, {"cluster_name": CLUSTER}, IN_THE_ACCOUNT[module](ground))


def test_tags_of_a_cluster(sandbox, cycle, standing):
    arn = sandbox.client("eks").describe_cluster(name=CLUSTER)["cluster"]["arn"]
    made, changed = {"tags": {"Team": "a", "aB_c-D": "1"}}, {"tags": {"Team": "b"}, "purge_tags": True}
    cycle("eks_tag", {"resource": arn}, {"made": made, "changed": changed, "gone": {"tags": {"Team": None}}})


@pytest.mark.parametrize("wait", [True, pytest.param(False, marks=pytest.mark.extended)], ids=["wait", "go-on"])
def test_self_managed_nodes(cycle, standing, ground, run_module, wait):
    role = run_module("eks_iam_role", {"cluster_name": CLUSTER, "purpose": "self_managed_node"})["arn"]
    made = {
        "node_role": role,
        "subnets": ground["subnets"],
        "instance_types": ["m5.large", "m5a.large"],
        "scaling_config": {"min_size": 1, "max_size": 3},
        "labels": {"role": "general", "aB_c-D": "x"},
        "tags": {"Team": "a"},
        "update_config": {"strategy": "instance_refresh"},
    }
    changes = {"labels": {"role": "special"}, "scaling_config": {"min_size": 2, "max_size": 4}, "tags": {"Team": "b"}}
    changes["update_config"] = {"strategy": "none"}
    case = {"made": made, "changed": {**made, **changes}, "gone": {}}
    cycle("eks_self_managed_nodes", {"cluster_name": CLUSTER, "name": "own", "wait": wait}, case)


def test_each_module_that_changes_something_has_a_cycle():
    """A new module belongs into one of the tables above."""
    there = {path.stem for path in (ROOT / "plugins/modules").glob("*.py") if not path.stem.endswith("_info")}
    tables = (*(set(table) for table in (OPTIONS, OTHERS, OF_IDENTITIES, IN_THE_ACCOUNT, BY_ITSELF)),)
    tables = (*tables, set(ELSEWHERE), set(WITHOUT_A_CYCLE), READS)
    assert set().union(*tables) == there
    assert sum(map(len, tables)) == len(there), "a module is in two tables"
    for place in ELSEWHERE.values():
        file, test = place.split("::")
        assert f"def {test}(" in (ROOT / "tests" / file).read_text(), place
    for reason in WITHOUT_A_CYCLE.values():
        assert (ROOT / reason.rpartition(": ")[2]).is_file(), reason
