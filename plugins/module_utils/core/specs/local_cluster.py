# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What EKS accepts for a new local cluster, whose control plane is on an AWS Outpost. Pure.

https://docs.aws.amazon.com/eks/latest/userguide/eks-outposts.html (comparison of the deployment options). Where etcd has instances of its
own, on Outposts with EC2 instance store: https://github.com/eksctl-io/eksctl/pull/8774
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.specs.outposts import find_outpost_arn_problems

Options = dict[str, Any]
CONFIG_MAP = "CONFIG_MAP"


def find_local_cluster_problems(options: Options, mode: str) -> Iterator[str]:
    """What is refused of the options of a new cluster with ``outpost_config``.

    Args:
        mode: the authentication mode, the default of EKS filled in.
    """
    config = options.get("outpost_config")
    if not config:
        return
    for number, arn in enumerate(config.get("outpost_arns") or []):
        yield from find_outpost_arn_problems(f"outpost_config.outpost_arns[{number}]", arn)
    yield from _find_access_problems(options, config, mode)
    yield from _find_placement_problems(config)
    for name, value in _list_unsupported(options, config).items():
        if value:
            yield f"{name}: EKS does not support it on a local cluster, which outpost_config makes. Remove it."


def _find_access_problems(options: Options, config: Options, mode: str) -> Iterator[str]:
    if options.get("endpoint_public_access") is not False or options.get("endpoint_private_access") is not True:
        yield (
            "endpoint_public_access: the API server of a local cluster has a private endpoint alone. Set endpoint_public_access=false and"
            " endpoint_private_access=true."
        )
    # https://github.com/eksctl-io/eksctl/issues/7552
    if not config.get("etcd_instance_type") and mode != CONFIG_MAP:
        yield f"access_config.authentication_mode: a local cluster has CONFIG_MAP alone, and {mode} is given. Remove it."
    if config.get("etcd_instance_type") and mode == CONFIG_MAP:
        yield (
            "access_config.authentication_mode: a local cluster with outpost_config.etcd_instance_type has access entries. Set it to"
            " API_AND_CONFIG_MAP or API."
        )


def _find_placement_problems(config: Options) -> Iterator[str]:
    placement, own = config.get("control_plane_placement") or {}, config.get("etcd_instance_type")
    if own and placement.get("group_name"):
        yield "outpost_config.control_plane_placement.group_name: it cannot be combined with etcd_instance_type. Use spread_level."
    alone = {
        "etcd_placement": config.get("etcd_placement"),
        "control_plane_placement.spread_level": placement.get("spread_level"),
    }
    for name, value in alone.items():
        if value and not own:
            yield f"outpost_config.{name}: it requires outpost_config.etcd_instance_type. Set it, or remove {name}."


def _list_unsupported(options: Options, config: Options) -> Options:
    network = options.get("kubernetes_network_config") or {}
    return {
        "encryption_config": options.get("encryption_config"),
        "kubernetes_network_config.ip_family": network.get("ip_family") == "ipv6",
        "compute_config": (options.get("compute_config") or {}).get("enabled"),
        "public_access_cidrs": options.get("public_access_cidrs"),
        "remote_network_config": any((options.get("remote_network_config") or {}).values())
        and not config.get("etcd_instance_type"),
    }
