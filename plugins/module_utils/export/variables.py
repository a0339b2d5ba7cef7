# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster as variables of the roles. Pure.

What is the roles' default anyway is left out. What the variables do not say is noted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.access.entries import CAPABILITIES
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import NODES_TAG, PLATFORM_TAG
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import parse_document
from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import CUSTOM
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import build_options, drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import build_pod_role_name
from ansible_collections.kumo.eks.plugins.module_utils.core.principals import SERVICE_LINKED, build_username
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import CREATE_FAILED_STATUSES
from ansible_collections.kumo.eks.plugins.module_utils.core.secrets import find_secrets
from ansible_collections.kumo.eks.plugins.module_utils.core.service_accounts import Account
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.access_entry import STANDARD
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.nodegroup import build_nodegroup_spec
from ansible_collections.kumo.eks.plugins.module_utils.eks import (
    access_entry,
    fargate_profile,
    nodegroup_fields,
)
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon import FIELDS as ADDON_FIELDS
from ansible_collections.kumo.eks.plugins.module_utils.eks.authentication_mode import API, get_mode
from ansible_collections.kumo.eks.plugins.module_utils.eks.capability import FIELDS as CAPABILITY_FIELDS
from ansible_collections.kumo.eks.plugins.module_utils.eks.identity_provider import FIELDS as PROVIDER_FIELDS
from ansible_collections.kumo.eks.plugins.module_utils.eks.pod_identity_association import FIELDS as ASSOCIATION_FIELDS
from ansible_collections.kumo.eks.plugins.module_utils.export.cluster_variables import build_cluster_variables
from ansible_collections.kumo.eks.plugins.module_utils.export.fitting import fit
from ansible_collections.kumo.eks.plugins.module_utils.export.roles import describe_pod_role, describe_role
from ansible_collections.kumo.eks.plugins.module_utils.export.self_managed import (
    describe_group,
    explain_changes,
    find_group_changes,
    get_name,
    read_user_tags,
)
from ansible_collections.kumo.eks.plugins.module_utils.export.self_managed_config import list_lost
from ansible_collections.kumo.eks.plugins.module_utils.export.state import ClusterState, Note
from ansible_collections.kumo.eks.plugins.module_utils.export.tags import find_common_tags, find_own_tags, read_tags
from ansible_collections.kumo.eks.plugins.module_utils.export.template import describe_template

Row = dict[str, Any]
VARIABLES, CONFIG = "role variables", "ClusterConfig"
BOTH = (VARIABLES, CONFIG)
# What EKS sets where CreateNodegroup says nothing
USUAL = {
    "update_config": {"max_unavailable": 1},
    "node_repair_config": {"enabled": False},
    "warm_pool_config": {"enabled": False},
}
USUAL_NAMESPACE = "kube-system"  # of add-ons
UNUSABLE = (*CREATE_FAILED_STATUSES, "DELETING", "DELETE_FAILED")
PROVIDER = "OIDC identity provider"
SELF_MANAGED = "self-managed nodes"
AUDIENCE = "sts.amazonaws.com"
CROSS_NAMESPACE = "ack.enable_cross_namespace"


class VariablesBuilder:
    """Writes one cluster down.

    Args:
        releases: also write down the Kubernetes version and the release of the image of each node group.
    """

    def __init__(self, state: ClusterState, releases: bool = False) -> None:
        self.state, self._releases = state, releases
        self.notes: list[Note] = []
        self._leave_out_failed()
        self._common = self._find_common()
        self.written: set[str] = set()  # names of groups of self-managed nodes that the variables have
        self._node_role: Row | None = None
        self._node_role_arn = ""

    def build(self) -> Row:
        """The variables, in the order of the roles."""
        parts: tuple[Callable[[], Row], ...] = (
            self._build_shared,
            self._build_network,
            self._build_cluster,
            self._build_nodegroups,
            self._build_self_managed,
            self._build_profiles,
            self._build_addons,
            self._build_entries,
            self._build_identities,
        )
        found = {name: value for build in parts for name, value in build().items() if value is not None}
        self._note_others()
        return found

    def note(self, kind: str, name: str, field: str, reason: str, forms: tuple[str, ...] = BOTH) -> None:
        """Note something that is not written down."""
        self.notes.append(Note(kind, name, field, reason, forms))

    def _leave_out_failed(self) -> None:
        """Take away what EKS could not create, or is deleting: no update of it is accepted, and site.yml would fail."""
        kinds = (
            ("node group", "nodegroupName", self.state.nodegroups),
            ("Fargate profile", "fargateProfileName", self.state.fargate_profiles),
            ("add-on", "addonName", self.state.addons),
        )
        for kind, key, rows in kinds:
            for raw in [one for one in rows if one.get("status") in UNUSABLE]:
                rows.remove(raw)
                reason = f"its status is {raw['status']}, in which EKS accepts no update. Delete it, or create it again"
                self.note(kind, raw[key], "", reason)

    def _find_common(self) -> dict[str, str]:
        state = self.state
        rows = [state.cluster, *state.nodegroups, *state.fargate_profiles, *state.addons, *state.associations]
        rows += [raw for raw in state.access_entries if not self._find_maker(raw)]
        rows += [{"tags": read_user_tags(raw)} for raw in state.self_managed if get_name(state, raw)]
        return find_common_tags([row.get("tags") for row in rows])

    def _build_shared(self) -> Row:
        return {
            "eks_cluster_name": self.state.name,
            "eks_region": self.state.region,
            "eks_tags": self._common or None,
        }

    # network

    def _build_network(self) -> Row:
        """The existing subnets; of a network that kumo.eks made, how it is made."""
        if self.state.network is not None:
            return {f"eks_network_{name}": value for name, value in self.state.network.items()}
        subnets = {kind: self.state.list_subnets(kind) for kind in ("public", "private")}
        off = [name for name, on in self.state.vpc.items() if not on]
        if off:
            reason = f"{' and '.join(off)} of the VPC is disabled, and the role eks_network refuses its subnets until it is enabled"
            self.note("network", self._vpc_id, "", reason)
        return {
            "eks_network_existing_vpc_id": self._vpc_id,
            "eks_network_subnets": {kind: ids for kind, ids in subnets.items() if ids},
        }

    @property
    def _vpc_id(self) -> str:
        return self.state.cluster["resourcesVpcConfig"]["vpcId"]

    def _name_subnets(self, ids: list[str]) -> Row:
        """The subnets of a node group: private ones are its default, and public ones have a word."""
        if set(ids) == set(self.state.list_subnets("private")):
            return {}
        if set(ids) == set(self.state.list_subnets("public")):
            return {"private_networking": False}
        return {"subnets": sorted(ids)}

    # cluster

    def _build_cluster(self) -> Row:
        raw = self.state.cluster
        found, dropped = build_cluster_variables(self.state)
        for path in dropped:
            self.note("cluster", self.state.name, path, "there is no option for it", (VARIABLES, CONFIG))
        is_auto = bool((raw.get("computeConfig") or {}).get("enabled"))
        purpose = "auto_mode_cluster" if is_auto else "local_cluster" if raw.get("outpostConfig") else "cluster"
        role = describe_role(self.state, raw["roleArn"], purpose, self._common)
        names = {"name": "role_name", "path": "role_path", "policy_arns": "role_policy_arns"}
        own = find_own_tags(raw.get("tags"), self._common)
        return {
            "eks_cluster_adopt": None if self.state.is_owned else True,
            **found,
            **(
                {"eks_cluster_role_arn": raw["roleArn"]}
                if role is None
                else {f"eks_cluster_{names.get(name, name)}": value for name, value in role.items()}
            ),
            "eks_cluster_tags": {**self._common, **own} if own else None,
            "eks_cluster_extra_cidrs": self.state.extra_cidrs or None,
            "eks_cluster_identity_providers": self._build_providers({**self._common, **own}) or None,
            "eks_cluster_capabilities": self._build_capabilities({**self._common, **own}) or None,
        }

    def _build_capabilities(self, cluster_tags: dict[str, str]) -> list[Row]:
        """The capabilities, with the roles that they have. The role of Ansible gives them the tags of the cluster."""
        rows = []
        for raw in self.state.capabilities:
            name, tags = raw["capabilityName"], read_tags(raw.get("tags"))
            if raw.get("status") in UNUSABLE:
                self.note(
                    "capability",
                    name,
                    "",
                    f"its status is {raw['status']}, in which EKS accepts no update. Delete it, or create it again",
                )
                continue
            if any(tags.get(key) != value for key, value in cluster_tags.items()):
                self.note(
                    "capability", name, "", "it lacks tags of the cluster, which the role would add. It stays as it is"
                )
                continue
            self.note("capability", name, "", "it is in the role variables", (CONFIG,))
            own = {key: value for key, value in tags.items() if key not in cluster_tags}
            options = {**build_options(CAPABILITY_FIELDS, raw), "tags": own or None, "delete_propagation_policy": None}
            if not options.get(CROSS_NAMESPACE):  # EKS' default, and other types have no such setting
                options.pop(CROSS_NAMESPACE, None)
            rows.append(_order(_nest({"name": name, **drop_none(options)}), ("name", "type", "role_arn")))
        return rows

    def _build_providers(self, cluster_tags: dict[str, str]) -> list[Row]:
        """The OIDC identity providers of users. The role gives them the tags of the cluster."""
        rows = []
        for raw in self.state.identity_providers:
            name, tags = raw["identityProviderConfigName"], read_tags(raw.get("tags"))
            if any(tags.get(key) != value for key, value in cluster_tags.items()):
                self.note(
                    PROVIDER, name, "", "it lacks tags of the cluster, which the role would add. It stays as it is"
                )
                continue
            self.note(PROVIDER, name, "", "it is in the role variables", (CONFIG,))
            own = {key: value for key, value in tags.items() if key not in cluster_tags}
            found = {**build_options(PROVIDER_FIELDS, raw), "tags": own or None}
            rows.append(drop_none({"name": name, **_order(found, ("issuer_url", "client_id"))}))
        return rows

    # nodes

    def _build_nodegroups(self) -> Row:
        self._choose_node_role()
        rows = [self._build_nodegroup(raw) for raw in self.state.nodegroups]
        role = {
            f"eks_nodegroups_{_ROLE_NAMES.get(name, name)}": value for name, value in (self._node_role or {}).items()
        }
        return {**role, "eks_nodegroups_list": rows}

    def _choose_node_role(self) -> None:
        """The role that node groups share, where kumo.eks made it."""
        for arn in dict.fromkeys(raw["nodeRole"] for raw in self.state.nodegroups):
            found = describe_role(self.state, arn, "node", self._common)
            if found is not None and "policy_arns" not in found:
                self._node_role, self._node_role_arn = found, arn
                return

    def _build_nodegroup(self, raw: Row) -> Row:
        name, options = raw["nodegroupName"], build_options(nodegroup_fields.FIELDS, raw)
        fitted, dropped = fit(options, build_nodegroup_spec())
        for path in dropped:
            if not path.startswith("launch_template."):
                self.note("node group", name, path, "there is no option for it")
        all_tags = {**self._common, **read_tags(raw.get("tags"))}
        for option, usual in USUAL.items():
            if {key: value for key, value in (fitted.get(option) or {}).items() if value != "DEFAULT"} == usual:
                fitted.pop(option, None)
            elif (fitted.get(option) or {}).get("update_strategy") == "DEFAULT":
                fitted[option] = {key: value for key, value in fitted[option].items() if key != "update_strategy"}
        if raw["version"] == self.state.cluster["version"] and not self._releases:
            fitted.pop("version", None)
        if not self._releases or raw.get("amiType") == CUSTOM:
            fitted.pop("release_version", None)
        if raw.get("amiType") == CUSTOM:
            fitted.pop("ami_type", None)
            fitted.pop("version", None)
        template = self._build_template(raw, {**fitted, "tags": all_tags}) if raw.get("launchTemplate") else {}
        if raw["nodeRole"] == self._node_role_arn:
            fitted.pop("node_role")
        fitted.pop("subnets")
        fitted["tags"] = find_own_tags(raw.get("tags"), self._common) or None
        return {
            "name": name,
            **_order(drop_none({**fitted, **self._name_subnets(raw["subnets"]), **template}), NODE_ORDER),
        }

    def _build_template(self, raw: Row, item: Row) -> Row:
        template, reason = describe_template(self.state, raw, item)
        if reason:
            self.note("node group", raw["nodegroupName"], "template", reason)
        if template is not None:
            return {"template": template}
        named = raw["launchTemplate"]
        return {"launch_template": {"id": named["id"], "version": str(named["version"])}}

    # self-managed nodes

    def _build_self_managed(self) -> Row:
        """The groups that kumo.eks made, if their options make what there is. The others are noted at the end."""
        role: Row = {}
        rows = []
        for raw in self.state.self_managed:
            item = describe_group(self.state, raw) if get_name(self.state, raw) else None
            if item is None:
                continue
            changes = find_group_changes(self.state, raw, item)
            if changes:
                self.note(SELF_MANAGED, item["name"], "", f"{explain_changes(changes)}. It stays as it is")
                continue
            if item["node_role"] not in {entry["principalArn"] for entry in self.state.access_entries}:
                item["access_entry"] = False
            found = describe_role(self.state, item["node_role"], "self_managed_node", self._common)
            if found is not None and "policy_arns" not in found and role in ({}, found):
                role = found
                item = {name: value for name, value in item.items() if name not in ("node_role", "instance_profile")}
            rows.append(self._finish_self_managed(item))
            self.written.add(item["name"])
        names = {f"eks_self_managed_nodes_{_ROLE_NAMES.get(name, name)}": value for name, value in role.items()}
        return {**names, "eks_self_managed_nodes_list": rows or None}

    def _finish_self_managed(self, item: Row) -> Row:
        """The options in the order of the documentation, without what is so anyway."""
        subnets = item.pop("subnets")
        if item["version"] == self.state.cluster["version"] and not self._releases:
            item.pop("version")
        if (item.get("node_role") or "").rpartition("/")[2] == item.get("instance_profile"):
            item.pop("instance_profile")
        own = {key: value for key, value in item["tags"].items() if self._common.get(key) != value}
        item = {**item, **self._name_subnets(subnets), "tags": own or None}
        return {"name": item.pop("name"), **_order(drop_none(item), NODE_ORDER)}

    # Fargate

    def _build_profiles(self) -> Row:
        rows, role = [], {}
        for raw in self.state.fargate_profiles:
            found = build_options(fargate_profile.FIELDS, raw)
            made = describe_role(self.state, raw["podExecutionRoleArn"], "fargate", self._common)
            if made is not None and "policy_arns" not in made:
                role = made
                found.pop("role_arn")
            if set(found["subnets"]) == set(self.state.list_subnets("private")):
                found.pop("subnets")
            selectors = [{key: value for key, value in row.items() if value} for row in found["selectors"]]
            own = find_own_tags(raw.get("tags"), self._common) or None
            row = drop_none({"name": raw["fargateProfileName"], **found, "selectors": selectors, "tags": own})
            rows.append(_order(row, ("name", "role_arn", "selectors", "subnets", "tags")))
        names = {f"eks_fargate_{_ROLE_NAMES.get(name, name)}": value for name, value in role.items()}
        return {**names, "eks_fargate_profiles": rows or None}

    # add-ons

    def _build_addons(self) -> Row:
        """Always a list: without one the role installs its default add-ons."""
        return {"eks_addons_list": [self._build_addon(raw) for raw in self.state.addons]}

    def _build_addon(self, raw: Row) -> Row:
        found = build_options(ADDON_FIELDS, raw)
        found.pop("status", None)
        if found.get("namespace") == USUAL_NAMESPACE:
            found.pop("namespace")
        if any(find_secrets(found.get("configuration_values"))):
            found.pop("configuration_values")
            reason = "values under keys for secrets are not written down. They stay as they are"
            self.note("add-on", raw["addonName"], "configuration_values", reason)
        found["tags"] = find_own_tags(raw.get("tags"), self._common) or None
        return _order(drop_none({"name": raw["addonName"], **found}), ADDON_ORDER)

    # access

    def _find_maker(self, raw: Row) -> str:
        """Why EKS made an access entry, so that nobody declares it; empty for other entries."""
        arn, state = raw["principalArn"], self.state
        auto = (state.cluster.get("computeConfig") or {}).get("nodeRoleArn")
        policies = {row["policyArn"].rpartition("/")[2] for row in raw["accessPolicies"]}
        if SERVICE_LINKED in arn:
            return "it is of a service-linked role, and EKS manages it"
        if arn == state.cluster["roleArn"] or (arn == auto and raw["type"] == "EC2"):
            return "EKS created it for EKS Auto Mode"
        if raw["type"] != STANDARD and arn in {row["nodeRole"] for row in state.nodegroups}:
            return "EKS creates it with the node groups that have this role"
        if raw["type"] != STANDARD and arn in {row["podExecutionRoleArn"] for row in state.fargate_profiles}:
            return "EKS creates it with the Fargate profiles that have this role"
        if NODES_TAG in (raw.get("tags") or {}) and state.owner in raw["tags"]:
            return "it is made with the self-managed nodes that have this role"
        if policies & set(CAPABILITIES) or arn in {row.get("roleArn") for row in state.capabilities}:
            return "EKS created it for a capability"
        return ""

    def _build_entries(self) -> Row:
        rows = []
        for raw in self.state.access_entries:
            reason = self._find_maker(raw)
            if reason:
                self.note("access entry", raw["principalArn"], "", reason)
            else:
                rows.append(self._build_entry(raw))
        return {"eks_access_entries": rows or None}

    def _build_entry(self, raw: Row) -> Row:
        found = build_options(access_entry.FIELDS, raw)
        if raw["type"] == STANDARD:
            found.pop("type")
        if raw["type"] != STANDARD or found.get("username") == build_username(raw["principalArn"]):
            found.pop("username", None)
        if raw["type"] != STANDARD:
            found.pop("kubernetes_groups", None)
        for row in found.get("access_policies") or []:
            row["access_scope"] = {key: value for key, value in row["access_scope"].items() if value}
        found["tags"] = find_own_tags(raw.get("tags"), self._common) or None
        return _order(drop_none({"principal_arn": raw["principalArn"], **found}), ENTRY_ORDER)

    # identities of pods

    def _build_identities(self) -> Row:
        provider = self.state.oidc_provider
        trusted = provider is not None and AUDIENCE in provider["audiences"]
        if provider is not None and not trusted:
            reason = f"it lacks the audience {AUDIENCE}, and would get it"
            self.note("OIDC provider", provider["arn"], "", reason)
        return {
            "eks_irsa_oidc_provider": True if trusted else None,
            "eks_irsa_service_accounts": [
                row for row in map(self._build_account, self.state.service_account_roles) if row
            ]
            or None,
            "eks_irsa_pod_identity_associations": [self._build_association(raw) for raw in self.state.associations]
            or None,
        }

    def _build_account(self, row: Row) -> Row | None:
        """The role of service accounts, where kumo.eks made it. Of others nothing has to be said: they are used as they are."""
        accounts = [_read_subject(subject) for subject in row["subjects"]]
        if len(accounts) != 1 or accounts[0] is None or accounts[0].is_pattern:
            subjects = ", ".join(row["subjects"])
            self.note(
                "IAM role", row["arn"], "", f"the service accounts that assume it by IRSA ({subjects}) use it as it is"
            )
            return None
        account = accounts[0]
        own = read_tags((self.state.roles.get(row["arn"]) or {}).get("tags"))
        role = describe_pod_role(self.state, row["arn"], build_pod_role_name(self.state.name, account), own)
        if role is None:
            reason = f"kumo.eks did not create it. Service account {account} assumes it by IRSA, and uses it as it is"
            self.note("IAM role", row["arn"], "", reason)
            return None
        reason = "AWS does not know whether kumo.eks wrote it. Remove role_only if it is to be managed"
        self.note("service account", str(account), "", reason)
        tags = {key: value for key, value in own.items() if self._common.get(key) != value}
        return {
            "namespace": account.namespace,
            "name": account.name,
            "role_only": True,
            **role,
            **({"tags": tags} if tags else {}),
        }

    def _build_association(self, raw: Row) -> Row:
        found = build_options(ASSOCIATION_FIELDS, raw)
        account = Account(raw["namespace"], raw["serviceAccount"])
        own = find_own_tags(raw.get("tags"), self._common)
        role = describe_pod_role(
            self.state,
            raw["roleArn"],
            build_pod_role_name(self.state.name, account, "_pod"),
            read_tags(raw.get("tags")),
        )
        if role is not None:
            found = {**{key: value for key, value in found.items() if key != "role_arn"}, **role}
        if not raw.get("disableSessionTags"):
            found.pop("disable_session_tags", None)
        if raw.get("policy"):
            found["session_policy"] = parse_document(raw["policy"], "session_policy")
        found["tags"] = own or None
        return drop_none({"namespace": account.namespace, "service_account": account.name, **found})

    # what no role has

    def _note_others(self) -> None:
        state = self.state
        for raw in state.addons:
            word = (raw.get("tags") or {}).get(PLATFORM_TAG)
            if word:
                reason = (
                    f"add-on {raw['addonName']} is a part of it, and in the list of add-ons. Name it in eks_platform_components instead, with its"
                    " settings, which only the cluster knows"
                )
                self.note("platform component", word, "", reason)
        reason = "they are in the Kubernetes API, which is not read. kumo.eks.eks_helm_info lists them, for eks_helm_releases"
        self.note("Helm releases", "", "", reason)
        for row in state.self_managed:
            name = get_name(state, row)
            if not name:
                reason = (
                    "kumo.eks did not create this Auto Scaling group, and would create another one beside it. It stays as it is. What the comment"
                    f" in the ClusterConfig does not have: {', '.join(list_lost(state, row))}"
                )
                self.note(SELF_MANAGED, row["name"], "", reason)
            elif describe_group(state, row) is None:
                reason = (
                    "its launch template, or the role of its instance profile, could not be read. It stays as it is"
                )
                self.note(SELF_MANAGED, name, "", reason)
        if get_mode(state.cluster) != API:
            reason = "it is not read. kumo.eks.migrate_aws_auth makes access entries of its mappings"
            self.note("ConfigMap", "aws-auth", "", reason)
        for kind, action, why in state.unread:
            self.note(kind, "", "", f"could not be read: {action} is denied. AWS said: {why}")


_ROLE_NAMES = {"name": "role_name", "path": "role_path"}
NODE_ORDER = (
    "node_role",
    "instance_profile",
    "access_entry",
    "private_networking",
    "subnets",
    "instance_types",
    "ami_type",
    "capacity_type",
    "version",
    "release_version",
    "scaling_config",
    "update_config",
    "disk_size",
    "launch_template",
    "template",
    "remote_access",
    "labels",
    "taints",
)
ADDON_ORDER = (
    "name",
    "version",
    "namespace",
    "configuration_values",
    "service_account_role_arn",
    "pod_identity_associations",
    "tags",
)
ENTRY_ORDER = ("principal_arn", "type", "kubernetes_groups", "username", "access_policies", "tags")


def _order(row: Row, names: tuple[str, ...]) -> Row:
    """The options in an order in which people write them, others behind, tags last."""
    rest = sorted(name for name in row if name not in (*names, "tags"))
    return {name: row[name] for name in (*[one for one in names if one != "tags"], *rest, "tags") if name in row}


def _nest(row: Row) -> Row:
    """Options with dots in their names as suboptions: "argo_cd.namespace" -> {"argo_cd": {"namespace": ...}}."""
    found: Row = {}
    for name, value in row.items():
        *above, last = name.split(".")
        place = found
        for one in above:
            place = place.setdefault(one, {})
        place[last] = value
    return found


def _read_subject(subject: str) -> Account | None:
    """The service account of a subject like "system:serviceaccount:default:my-app"."""
    parts = subject.split(":")
    return Account(parts[2], parts[3]) if len(parts) == 4 and parts[:2] == ["system", "serviceaccount"] else None
