# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The IAM roles that an add-on gets by one word: for its service accounts, with the policies that EKS recommends for it.

Sources: DescribeAddonConfiguration (podIdentityConfiguration), DescribeAddonVersions (defaultNamespace).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.core.addon_accounts import ACCOUNTS
from ansible_collections.kumo.eks.plugins.module_utils.core.cni_policy import build_ipv6_cni_document
from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import (
    build_cluster_role_name,
    build_pod_role_name,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.service_accounts import Account
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon_versions import (
    DEFAULT,
    AddonCatalog,
    build_version_rows,
    choose_version,
    describe_configuration,
    list_offered,
)
from ansible_collections.kumo.eks.plugins.module_utils.iam.policy_document import build_pod_identity_trust
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_manager import Kept, RoleManager
from ansible_collections.kumo.eks.plugins.module_utils.identity.context import ClusterContext
from ansible_collections.kumo.eks.plugins.module_utils.identity.irsa import IrsaManager
from ansible_collections.kumo.eks.plugins.module_utils.identity.model import Identity, read_association, read_identity
from ansible_collections.kumo.eks.plugins.module_utils.identity.pod_identity import PodIdentityManager

Row = dict[str, Any]
POD_IDENTITY, IRSA = "pod_identity", "irsa"
CNI, CNI_POLICY = "vpc-cni", "AmazonEKS_CNI_IPv6_Policy"


@dataclass
class AddonRoles:
    """The roles of one add-on.

    Args:
        options: of the add-on, that give it the roles.
        parts: what became of each role, by its name.
        kept: what was not removed.
    """

    options: Row = field(default_factory=dict)
    parts: dict[str, Outcome] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)


@dataclass
class AddonIdentityManager:
    """Makes and removes the roles of a cluster's add-ons; ``eks`` and ``iam`` are boto3's clients.

    Args:
        cluster: DescribeCluster's answer, None where there is no cluster.
    """

    eks: Any
    iam: Any
    context: ClusterContext
    cluster: Row | None
    catalog: AddonCatalog
    check_mode: bool = False

    def __post_init__(self) -> None:
        self._roles = RoleManager(self.iam, self.context.scope, self.check_mode)
        self._irsa = IrsaManager(self.iam, None, self.context, check_mode=self.check_mode)
        self._pods = PodIdentityManager(self.eks, self.iam, self.context, self.check_mode)
        self._lock = threading.Lock()
        self._provider: Outcome | None = None

    # what EKS recommends

    def find_recommended(self, item: Row) -> list[Row]:
        """The service accounts of an add-on with their policies; none of one that calls no API of AWS."""
        version = self._choose_version(item)
        rows = describe_configuration(self.eks, item["name"], version)["pod_identity_configuration"]
        return [
            {"service_account": row["service_account"], **self._build_policies(item["name"], row)}
            for row in rows
            if row.get("recommended_managed_policies")
        ]

    def _build_policies(self, addon: str, row: Row) -> Row:
        """On an IPv6 cluster the VPC CNI needs rights that no policy of AWS gives.

        https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html#cni-iam-role-create-ipv6-policy
        """
        network = (self.cluster or {}).get("kubernetesNetworkConfig") or {}
        if addon == CNI and network.get("ipFamily") == "ipv6":
            return {"policy_arns": [], "inline_policies": {CNI_POLICY: build_ipv6_cni_document(self.context.partition)}}
        return {"policy_arns": row["recommended_managed_policies"], "inline_policies": {}}

    def _choose_version(self, item: Row) -> str:
        """The version of the task, else that of the cluster's add-on, else the default one, or the newest of all for a plan."""
        name, wanted = item["name"], item.get("version")
        raw = self._describe(name)
        if raw and not wanted:
            return raw["addonVersion"]
        kubernetes = self.catalog.describe_cluster_version()
        if kubernetes is None:
            rows = [row for info in list_offered(self.eks, addonName=name) for row in build_version_rows(info)]
            return next((row["version"] for row in rows if row["version"] == wanted), rows[0]["version"])
        return choose_version(self.catalog.list_compatible(name, kubernetes), wanted or DEFAULT, name, kubernetes)

    def _describe(self, name: str) -> Row | None:
        names = {"clusterName": self.context.cluster, "addonName": name}
        return describe_or_none(self.eks.describe_addon, "addon", **names) if self.context.exists else None

    def _find_namespace(self, item: Row, account: str) -> str:
        """The add-on's namespace, which a trust policy of IRSA names."""
        known = ACCOUNTS.get(item["name"])
        raw = self._describe(item["name"]) or {}
        namespace = item.get("namespace") or (raw.get("namespaceConfig") or {}).get("namespace")
        if namespace or (known and known.name == account):
            return namespace or known.namespace
        infos = list_offered(self.eks, addonName=item["name"])
        return next((info["defaultNamespace"] for info in infos if info.get("defaultNamespace")), "kube-system")

    # present

    def ensure_present(self, item: Row) -> AddonRoles:
        """The roles of an add-on, before the add-on that names them."""
        rows = self.find_recommended(item)
        done = AddonRoles()
        if not rows:
            return done
        kind = item["identity"]
        for identity in self._build_identities(item, rows, kind):
            done.parts[identity.role_name] = self._ensure_role(identity, kind, item)
        roles = {name: outcome.raw["Arn"] for name, outcome in done.parts.items()}
        if kind == POD_IDENTITY:
            # An empty role takes one of IRSA away in the same update: the pods always have one of the two
            done.options = {
                "service_account_role_arn": "",
                "pod_identity_associations": [
                    {
                        "service_account": row["service_account"],
                        "role_arn": roles[self._name_role(item, row["service_account"])],
                    }
                    for row in rows
                ],
            }
        else:
            done.options = {"service_account_role_arn": next(iter(roles.values())), "pod_identity_associations": []}
        return done

    def _ensure_role(self, identity: Identity, kind: str, item: Row) -> Outcome:
        if kind == POD_IDENTITY:
            return self._roles.ensure_present(identity.build_role_request(build_pod_identity_trust()))["role"]
        with self._lock:  # one provider for all add-ons of a task
            self._provider = self._provider or self._irsa.ensure_provider(item.get("tags") or {})
        return self._irsa.ensure_role(identity)

    def _build_identities(self, item: Row, rows: list[Row], kind: str) -> list[Identity]:
        """One role for each service account; one for all by IRSA, because an add-on has one role by it."""
        about = {name: item[name] for name in ("tags", "purge_tags") if name in item}
        if kind == POD_IDENTITY:
            found = [
                read_association(
                    {
                        **about,
                        **row,
                        "namespace": self._find_namespace(item, row["service_account"]),
                        "role_name": self._name_role(item, row["service_account"]),
                    },
                    self.context.cluster,
                )
                for row in rows
            ]
            return [replace(identity, named=False) for identity in found]  # the name is generated
        accounts = [Account(self._find_namespace(item, row["service_account"]), row["service_account"]) for row in rows]
        names = {"role_name": build_pod_role_name(self.context.cluster, accounts[0])}
        policies = {
            "policy_arns": sorted({arn for row in rows for arn in row["policy_arns"]}),
            "inline_policies": {name: text for row in rows for name, text in row["inline_policies"].items()},
        }
        listed = [{"namespace": account.namespace, "name": account.name} for account in accounts]
        own = {**about, **policies, **names, "service_accounts": listed, "role_only": True}
        return [replace(read_identity(own, self.context.cluster), named=False)]

    def _name_role(self, item: Row, account: str) -> str:
        """The name of a role by EKS Pod Identity, as a ClusterConfig with an association of the add-on gives it."""
        purpose = f"addon.{item['name']}.{account}"
        return build_cluster_role_name(self.context.cluster, self.context.region, purpose)

    # absent

    def ensure_absent(self, item: Row, rows: list[Row], of_irsa: bool = True) -> AddonRoles:
        """Remove the roles of an add-on that is gone, of either kind, whichever it had last.

        Args:
            rows: what EKS recommends, found while the add-on was there.
            of_irsa: False leaves a role of IRSA.
        """
        done = AddonRoles()
        if not rows:
            return done
        for identity in self._build_identities(item, rows, POD_IDENTITY):
            found = self._pods.ensure_role_absent(identity, done.kept)
            if "role" in found:
                done.parts[identity.role_name] = found["role"]
        for identity in self._build_identities(item, rows, IRSA) if of_irsa else ():
            outcome = self._irsa.ensure_absent(identity)
            done.kept += outcome.raw["kept"]
            done.parts[identity.role_name] = Outcome(
                outcome.changed, None, outcome.before.get("role", {}), outcome.after.get("role", {})
            )
        return done
