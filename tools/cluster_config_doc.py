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

Every field is either honoured or refused, by its path, with the reason and a way out. A field that eksctl does not know
is refused, too, with the name that was probably meant. All problems of a file are reported at once, before anything is created.

## Where the file is silent

As eksctl does, and not as the roles do by themselves:

- The VPC is 192.168.0.0/16 with one NAT gateway (`Single`).
- Nodes are in the public subnets. `privateNetworking: true` puts a group into the private ones.
- A node group has two m5.large nodes with Amazon Linux 2023 and a gp3 volume of 80 GiB. A size that is left out is taken
  from the others. Where `launchTemplate` is given, machine, image and volume are the template's.
- `amiFamily` with the instance types gives the AMI type: Graviton, NVIDIA and Neuron instances get their own.
- The add-ons vpc-cni, kube-proxy, coredns and metrics-server are installed beside those of the file, unless
  `addonsConfig.disableDefaultAddons` or `autoModeConfig.enabled` is true. `version: latest` is `most_recent`.

What differs from eksctl:

- `iam.attachPolicyARNs` of a node group come on top of the three policies that nodes need, not in their place.
- The cluster's role carries AmazonEKSClusterPolicy alone, without the policy of the VPC resource controller.
- Roles of service accounts that the file gives no name are named after cluster, namespace and service account, without a
  CloudFormation stack. Inline policies without a name are called `kumo-eks`.
- `vpc.subnets` names existing subnets by their `id`; the VPC is theirs.

## Every field

A field inside a refused one is refused with it. Refused fields may stand with the value that asks for nothing: empty, null,
or the one that is named.

| field | type | what becomes of it |
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
        f" `{str(value).lower() if isinstance(value, bool) else value}` may stand." for value in said.accepts
    )
    return f"refused: {said.why}. {said.way_out[0].upper()}{said.way_out[1:]}.{accepted}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
