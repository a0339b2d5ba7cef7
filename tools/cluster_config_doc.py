# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/cluster-config.md from the table of fields and verdicts of the filter kumo.eks.cluster_config.

Run it with the project's Python after a change of the tables: .venv/bin/python tools/cluster_config_doc.py
"""

from __future__ import annotations

from pathlib import Path

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.schema import CHOICES, paths
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.verdicts import verdict

PAGE = Path(__file__).parents[1] / "docs" / "cluster-config.md"

HEAD = """\
# ClusterConfig files

`ansible-playbook kumo.eks.site -e eks_cluster_config=cluster-config.yaml` brings up the cluster of an eksctl
[ClusterConfig](https://eksctl.io/usage/schema/) file, and `kumo.eks.teardown` takes it down again. The filter
`kumo.eks.cluster_config` turns the file into the variables of the roles. [An example](examples/cluster-config.yaml).

Every field is either supported, or refused by its path, with the reason and what to use instead. A field that eksctl does not know
is refused, too, with the name that was probably meant, and so is a key that is there twice, with both lines. All problems of a file
are reported at once, before anything is created.

## Defaults

Where a file has no value, the default is eksctl's, not the role's:

- The VPC is 192.168.0.0/16 with one NAT gateway (`Single`).
- Nodes are in the public subnets. `privateNetworking: true` puts a group into the private ones.
- A node group has two m5.large nodes with Amazon Linux 2023 and a gp3 volume of 80 GiB. A size that is omitted is taken from the
  others. With `launchTemplate`, instance type, image and volume are those of the template.
- `amiFamily` with the instance types gives the AMI type: Graviton, NVIDIA and Neuron instances get their own.
- `accessConfig.authenticationMode` is `API_AND_CONFIG_MAP`. EKS itself would use `CONFIG_MAP`, which has no access entries.
- The cluster is created without EKS' unmanaged add-ons. The add-ons vpc-cni, kube-proxy, coredns and metrics-server are installed
  beside those of the file, unless `addonsConfig.disableDefaultAddons` or `autoModeConfig.enabled` is true. `version: latest` is
  `most_recent`.

What is different from eksctl:

- `iam.attachPolicyARNs` of a node group are attached in addition to the policies that nodes need, not in their place.
- The IAM role of the cluster gets AmazonEKSClusterPolicy only, without the policy of the VPC resource controller.
- IAM roles of service accounts that have no name in the file are named after cluster, namespace and service account. There is no
  CloudFormation stack. Inline policies without a name are called `kumo-eks`.
- `vpc.subnets` names existing subnets by their `id`; the VPC is theirs.

## Every field

A field inside a refused one is refused with it. A refused field is accepted with a value that asks for nothing: empty, null, or the
one that is named.

| Field | Type | Role variable |
|---|---|---|
"""


def page() -> str:
    """The page's text."""
    return HEAD + "".join(_row(path, kind) for path, kind in paths() if verdict(path)[0] != "inside")


def _row(path: str, kind: str) -> str:
    return f"| `{path}` | {_type(kind)} | {_said(path)} |\n"


def _type(kind: str) -> str:
    name = kind.strip("[]{}")
    words = "one of " + ", ".join(CHOICES[name]) if name in CHOICES else name
    return {"[": f"list of {words}", "{": f"mapping to {words}"}.get(kind[0], words).replace("*", "\\*")


def _said(path: str) -> str:
    state, said = verdict(path)
    if state == "honoured":
        return f"`{said}`"
    if state == "descriptive":
        return said
    accepted = "".join(
        f" `{str(value).lower() if isinstance(value, bool) else value}` is accepted." for value in said.accepts
    )
    return f"refused: {said.why}. {said.way_out[0].upper()}{said.way_out[1:]}.{accepted}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
