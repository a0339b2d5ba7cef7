# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: eks
version_added: 0.1.0
short_description: Amazon EKS clusters as an inventory
description:
  - Each EKS cluster of the accounts and regions is a host. Its variables C(eks_cluster_name) and C(eks_region) are
    what the roles of this collection and C(kumo.eks.site) require to manage that cluster.
  - The inventory takes one call for each region, one for each cluster, and one for the support status of Kubernetes versions.
    Regions and clusters are read side by side. If AWS throttles, calls are repeated with growing pauses.
  - Uses a YAML configuration file whose name ends with C(eks.yml) or C(eks.yaml).
author:
  - kumo.eks contributors (@kumo-eks)
options:
  plugin:
    description: The name of this plugin.
    required: true
    choices: [kumo.eks.eks]
  regions:
    description:
      - The regions to read.
      - V(all) means all regions that the account has enabled. It requires C(ec2:DescribeRegions). If that is denied, all
        regions of the partition are tried.
      - The default is the region of O(region), of the environment or of the profile.
      - A region that is denied, that the account has not enabled or that cannot be reached is named in a warning. See O(unreadable).
    type: list
    elements: str
  accounts:
    description:
      - Other credentials to read with, one entry for each. Each reads all O(regions).
      - By default, the plugin reads with its connection options (O(profile), O(access_key), O(assume_role_arn), the environment).
      - A cluster that several entries can see is one host, of the first entry.
    type: list
    elements: dict
    suboptions:
      profile:
        description:
          - A profile of the AWS configuration. It may itself assume a role (C(role_arn)).
          - The playbooks of this collection use the same profile for the host.
        type: str
      assume_role_arn:
        description:
          - The ARN of an IAM role to assume, with O(accounts[].profile) or with the plugin's connection options.
          - Modules do not assume the role. To run playbooks over these hosts, use a profile that assumes the role.
        type: str
      external_id:
        description: The external id that the trust policy of the role requires.
        type: str
  unreadable:
    description:
      - What to do if a region or a cluster cannot be read.
      - V(warn) names it in a warning and continues. If no region of an inventory can be read, it fails all the same.
      - V(fail) fails. Use it if missing hosts are deleted somewhere, as AWX does with C(overwrite).
    type: str
    choices: [warn, fail]
    default: warn
  hostname:
    description:
      - A Jinja expression for the name of a host, from its variables.
      - The default is the name of the cluster and its region, C(my-cluster.eu-west-1). With O(accounts), the account number
        follows. A name does not change if another cluster of the same name is created.
      - Two clusters with the same host name are an error.
    type: str
  group_by:
    description:
      - The groups that clusters are added to, in addition to the group C(eks_clusters).
      - V(region) are groups like C(eks_region_eu_west_1), V(version) like C(eks_version_1_33), V(account) like
        C(eks_account_123456789012), V(status) like C(eks_status_active).
      - V(support) are C(eks_standard_support), C(eks_extended_support) and C(eks_unsupported).
      - V(tags) are groups like C(eks_tag_Environment_production), for each tag but those of AWS and of this collection.
      - For others, see O(keyed_groups) and O(groups).
    type: list
    elements: str
    choices: [region, version, support, account, status, tags]
    default: [region, version, support, tags]
  nodegroups:
    description:
      - Whether to describe the managed node groups, as the variable C(eks_nodegroup_info) of their cluster.
      - It takes one call for each cluster and one for each node group.
    type: bool
    default: false
  nodes:
    description:
      - Whether to add the running EC2 instances of the clusters as hosts, named by their instance ID, to the group C(eks_nodes) and
        to C(eks_nodes_of_) with the name of the cluster's host.
      - It takes one call (C(ec2:DescribeInstances)) for each region that has clusters. Pods on Fargate have no instance.
    type: bool
    default: false
extends_documentation_fragment:
  - inventory_cache
  - constructed
  - kumo.eks.requirements
  - amazon.aws.common.plugins
  - amazon.aws.region.plugins
  - amazon.aws.assume_role.plugins
notes:
  - The variables of a cluster are C(eks_cluster_name) and C(eks_region), C(eks_account_id),
    C(eks_cluster_info) (the cluster as M(kumo.eks.eks_cluster_info) describes it), C(eks_support_status)
    (V(standard_support), V(extended_support) or V(unsupported)), C(eks_version_info) (its Kubernetes version, as
    DescribeClusterVersions describes it), C(eks_module_defaults) (the profile with which the cluster was found, if there is one), and
    C(ansible_connection=local).
  - No variable sets what the roles declare, so that variables of your groups decide. The inventory says what exists.
  - The variables of a node are C(ansible_host), its private address, and C(eks_node_info). A node has no variable of
    the roles.
  - The cache stores what AWS answered, without credentials. Groups and composed variables are built at each run. After a change of
    O(regions), O(accounts), O(nodegroups) or O(nodes), use C(--flush-cache).
  - The IAM actions are C(eks:ListClusters), C(eks:DescribeCluster) and C(eks:DescribeClusterVersions). If the last one is denied,
    the support status is missing, and a warning says so.
seealso:
  - module: kumo.eks.eks_info
  - name: Enable or disable AWS Regions in your account
    description: Regions that an account has only after somebody enabled them.
    link: https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
  - name: Amazon EKS Kubernetes versions
    description: Standard and extended support.
    link: https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html
"""

EXAMPLES = r"""
# All clusters of one account: production.eks.yml
plugin: kumo.eks.eks
regions: [all]
---
# Three accounts and two regions, with a cache. Groups by a tag and by the platform version.
plugin: kumo.eks.eks
accounts:
  - profile: production
  - profile: staging
  - assume_role_arn: arn:aws:iam::123456789012:role/inventory
    external_id: my-company
regions:
  - ap-northeast-1
  - eu-west-1
hostname: eks_cluster_name ~ '-' ~ eks_region
group_by: [region, support]
keyed_groups:
  - key: eks_cluster_info.tags.Environment | default('')
    prefix: env
    default_value: unknown
groups:
  upgrade_due: eks_support_status != 'standard_support'
compose:
  eks_cluster_adopt: "'adopt' in eks_cluster_info.tags"
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_timeout: 900
cache_connection: ~/.cache/eks-inventory
---
# Clusters with their node groups, and their nodes as hosts
plugin: kumo.eks.eks
regions: [ap-northeast-1]
nodegroups: true
nodes: true
"""

from typing import Any, NoReturn

from ansible.errors import AnsibleError, AnsibleParserError
from ansible_collections.amazon.aws.plugins.plugin_utils.inventory import AWSInventoryBase

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import (
    AwsSession,
    format_aws_error,
    is_aws_error,
    is_denied,
)
from ansible_collections.kumo.eks.plugins.module_utils.aws.error_kinds import build_error_facts
from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import get_partition, list_service_regions
from ansible_collections.kumo.eks.plugins.module_utils.core.error_kinds import add_see
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError, ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.arguments import read_arguments
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import raise_problems, suggest_name
from ansible_collections.kumo.eks.plugins.module_utils.eks.fleet import (
    FleetReader,
    Identity,
    Place,
    explain_unread,
    list_enabled_regions,
)
from ansible_collections.kumo.eks.plugins.plugin_utils.accounts import open_session
from ansible_collections.kumo.eks.plugins.plugin_utils.foreign_data import mark_foreign

Row = dict[str, Any]
ALL = "all"
FALLBACK_REGION = "us-east-1"  # asked for the account's regions where no region is set, as amazon.aws does
ACCOUNT_SPEC = {name: dict(type="str") for name in ("profile", "assume_role_arn", "external_id")}
OWN_TAGS = ("aws:", "kumo.eks/")


class InventoryModule(AWSInventoryBase):
    """Clusters as hosts."""

    NAME = "kumo.eks.eks"
    INVENTORY_FILE_SUFFIXES = ("eks.yml", "eks.yaml")

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Read the clusters, from the cache where it has them, and add them as hosts."""
        try:
            super().parse(inventory, loader, path, cache=cache)
            is_cached, found = self.get_cached_result(path, cache)
            if not is_cached:
                found = self._read()
            self._report(found["problems"])
            self.update_cached_result(path, cache, found)
            self._populate(found["rows"])
        except EksError as error:
            self._do_fail(add_see(error.message, error.facts))

    def _do_fail(self, message: str) -> NoReturn:
        raise AnsibleParserError(message)

    def _set_frozen_credentials(self) -> None:
        """amazon.aws assumes the role here. It is assumed in _read, as what is cached needs no call."""

    def _read_config_data(self, path: str) -> Row:
        """The options of the file. Ansible ignores those that a plugin does not have: a mistyped one would leave clusters out."""
        given = super()._read_config_data(path)
        known = {name for key, row in self.option_definitions.items() for name in (key, *row.get("aliases", []))}
        raise_problems(f"{key}: unknown option.{suggest_name(str(key), known)}" for key in given if key not in known)
        return given

    # reading

    def _read(self) -> Row:
        """What AWS answers, as JSON has it."""
        try:
            problems: list[str] = []
            places = [
                place for identity in self._open_identities(problems) for place in self._list_places(identity, problems)
            ]
            if not places:
                raise ValidationError(" ".join(problems))
            fleet = FleetReader(self.get_option("nodegroups"), self.get_option("nodes")).read(places)
            return {"rows": fleet.rows, "problems": problems + fleet.problems}
        except Exception as error:
            if not is_aws_error(error):
                raise
            reason = f"The EKS clusters cannot be read: {format_aws_error(error) or error}"
            raise AnsibleParserError(add_see(reason, build_error_facts(error))) from error

    def _open_identities(self, problems: list[str]) -> list[Identity]:
        accounts = self._read_accounts()
        found = []
        for account in accounts:
            title = f"role {account['assume_role_arn']}" if account.get("assume_role_arn") else ""
            title = title or (f"profile {account['profile']}" if account.get("profile") else "")
            try:
                found.append(Identity(self._open_session(account), title, self._build_facts(account)))
            except Exception as error:
                if not is_denied(error):
                    raise
                problems.append(
                    f"{title} cannot be assumed. Its clusters are missing. AWS said: {format_aws_error(error)}"
                )
        return found

    def _read_accounts(self) -> list[Row]:
        given = self.get_option("accounts")
        if given is None:
            return [{"assume_role_arn": self.get_option("assume_role_arn")}]
        if not given:
            raise ValidationError(
                "accounts: is empty. Add an entry, or omit the option to use the plugin's connection options."
            )
        read, problems = [], []
        for number, row in enumerate(given):
            account, wrong = read_arguments(ACCOUNT_SPEC, row, f"accounts[{number}].")
            read.append(account)
            problems += wrong
            if not wrong and not (account.get("profile") or account.get("assume_role_arn")):
                problems.append(f"accounts[{number}]: set profile, assume_role_arn or both.")
        raise_problems(problems)
        return read

    def _open_session(self, account: Row) -> AwsSession:
        session = open_session(self, account.get("profile"))
        if account.get("assume_role_arn"):
            home = session.region or self._named_regions(session)[0]
            return session.assume_role(account["assume_role_arn"], account.get("external_id"), home)
        return session

    def _build_facts(self, account: Row) -> dict[str, str]:
        """What a row of the fleet says of the credentials with which it was read: the profile, as modules assume no role."""
        profile = account.get("profile") or self.get_option("profile")
        return {"profile": profile} if profile and not account.get("assume_role_arn") else {}

    def _list_places(self, identity: Identity, problems: list[str]) -> list[Place]:
        names = self._named_regions(identity.session)
        if ALL in (self.get_option("regions") or []):
            names = self._list_all_regions(identity, names[0], problems)
        return [Place(identity, name) for name in names]

    def _named_regions(self, session: AwsSession) -> list[str]:
        """The regions of the option, or the session's own."""
        given = [str(name) for name in self.get_option("regions") or []]
        names = [name for name in given if name != ALL] or [session.region or (FALLBACK_REGION if given else "")]
        if not names[0]:
            raise ValidationError(
                "regions: is required, as neither region, the environment (AWS_REGION) nor the profile sets one."
                " Use a list of regions, or all."
            )
        if ALL in given and len(given) > 1:
            raise ValidationError(
                f"regions: all cannot be combined with {', '.join(names)}. Use all alone, or names of regions."
            )
        for name in names:
            try:
                get_partition(name)
            except ValidationError as error:
                raise ValidationError(f"regions: {error.message.partition(': ')[2]}") from error
        return list(dict.fromkeys(names))

    def _list_all_regions(self, identity: Identity, home: str, problems: list[str]) -> list[str]:
        try:
            return list_enabled_regions(identity.session, home)
        except Exception as error:
            if not is_denied(error):
                raise
            owner = f" of {identity.title}" if identity.title else ""
            problems.append(
                f"The enabled regions{owner} are unknown, so all regions that botocore knows are read."
                f" {explain_unread(error, home)}"
            )
            return list(list_service_regions("eks", get_partition(home)))

    def _report(self, problems: list[str]) -> None:
        if problems and self.get_option("unreadable") == "fail":
            self._do_fail(" ".join(problems))
        for problem in problems:
            self.warn(problem)

    # hosts and groups

    def _populate(self, rows: list[Row]) -> None:
        self.inventory.add_group("eks_clusters")
        if self.get_option("nodes"):
            self.inventory.add_group("eks_nodes")
        owners: dict[str, str] = {}
        for row in rows:
            arn, variables = row["cluster"]["arn"], mark_foreign(build_variables(row))
            host = self._name_host(variables)
            if host in owners:
                raise ValidationError(
                    f"hostname: clusters {owners[host]} and {arn} would both be the host {host}. Let the expression contain"
                    " eks_region and eks_account_id."
                )
            owners[host] = arn
            self._add_host(host, "eks_clusters", variables)
            for group in self._list_groups(variables):
                self.inventory.add_child(self.inventory.add_group(self._sanitize_group_name(group)), host)
            for node in row.get("nodes") or []:
                self._add_node(node, host)

    def _name_host(self, variables: Row) -> str:
        expression = self.get_option("hostname")
        if not expression:
            parts = ["eks_cluster_name", "eks_region", *(["eks_account_id"] if self.get_option("accounts") else [])]
            return ".".join(variables[name] for name in parts)
        try:
            name = self._compose(expression, variables)
        except AnsibleError as error:
            raise ValidationError(
                f"hostname: {expression} is not valid for {variables['eks_cluster_name']}: {error}"
            ) from error
        if not isinstance(name, str) or not name:
            raise ValidationError(
                f"hostname: {expression} is {name!r} for {variables['eks_cluster_name']}. It must be text."
            )
        return str(name)

    def _add_host(self, host: str, group: str, variables: Row) -> None:
        """Add a host with variables, then what Constructable makes of them."""
        self.inventory.add_host(host, group=group)
        for name, value in variables.items():
            self.inventory.set_variable(host, name, value)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), variables, host, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, host, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host, strict=strict)

    def _add_node(self, node: Row, cluster_host: str) -> None:
        variables = mark_foreign({"ansible_host": node["private_ip_address"], "eks_node_info": node})
        self._add_host(node["instance_id"], "eks_nodes", variables)
        group = self.inventory.add_group(self._sanitize_group_name(f"eks_nodes_of_{cluster_host}"))
        self.inventory.add_child(group, node["instance_id"])

    def _list_groups(self, variables: Row) -> list[str]:
        info = variables["eks_cluster_info"]
        tags = {key: value for key, value in info["tags"].items() if not key.startswith(OWN_TAGS)}
        support = variables.get("eks_support_status")
        groups = {
            "region": [f"eks_region_{variables['eks_region']}"],
            "version": [f"eks_version_{info['version']}"],
            "support": [f"eks_{support}"] if support else [],
            "account": [f"eks_account_{variables['eks_account_id']}"],
            "status": [f"eks_status_{info['status'].lower()}"],
            "tags": [f"eks_tag_{key}_{value}" if value else f"eks_tag_{key}" for key, value in tags.items()],
        }
        return [group for name in self.get_option("group_by") for group in groups[name]]


def build_variables(row: Row) -> Row:
    """A cluster's variables. Of the roles' own, only those that say which cluster it is."""
    cluster = {**row["cluster"], "tags": row["cluster"].get("tags") or {}}
    found = {
        "ansible_connection": "local",
        "eks_cluster_name": cluster["name"],
        "eks_region": row["region"],
        "eks_account_id": row["account_id"],
        "eks_cluster_info": cluster,
    }
    if row.get("version"):
        found["eks_version_info"] = row["version"]
        found["eks_support_status"] = (
            (row["version"].get("version_status") or row["version"]["status"]).lower().replace("-", "_")
        )
    if "nodegroups" in row:
        found["eks_nodegroup_info"] = row["nodegroups"]
    if row.get("profile"):
        found["eks_module_defaults"] = {"profile": row["profile"]}
    return found
