# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""User data of nodes, in the form that each kind of image reads and that EKS merges with its own. Pure.

EKS adds its part to the template's: a part of a MIME archive for Amazon Linux, settings in TOML for Bottlerocket, the
end of the PowerShell script for Windows. With an image of the user's own it adds nothing. For self-managed nodes ``bootstrap``
takes the place of EKS' part.
https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-user-data
"""

from __future__ import annotations

import json
import re
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import AL2023, BOTTLEROCKET, WINDOWS
from ansible_collections.kumo.eks.plugins.module_utils.core.bootstrap import (
    Bootstrap,
    add_to_bottlerocket,
    add_to_node_config_spec,
    build_bottlerocket_details,
    build_cluster_details,
    build_windows_commands,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError

# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html
MOST_BYTES = 16 * 1024
BOUNDARY = "==KUMO-EKS=="
NODE_CONFIG = "application/node.eks.aws"
# https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/api/
NODE_CONFIG_HEAD = {"apiVersion": "node.eks.aws/v1alpha1", "kind": "NodeConfig"}
# https://cloudinit.readthedocs.io/en/latest/explanation/format.html
CONTENT_TYPES = {
    "#!": 'text/x-shellscript; charset="utf-8"',
    "#cloud-config": 'text/cloud-config; charset="utf-8"',
    "#cloud-boothook": 'text/cloud-boothook; charset="utf-8"',
}
MIME = re.compile(r"^(MIME-Version|Content-Type: *multipart/)", re.IGNORECASE)
# What starts the kubelet belongs to EKS, unless the image is the user's own.
BOOTSTRAP = re.compile(r"^\s*(sudo\s+)?(/etc/eks/bootstrap\.sh|nodeadm\s+init)\b", re.MULTILINE)
WINDOWS_BOOTSTRAP = re.compile(r"Start-EKSBootstrap|EKSBootstrapScript", re.IGNORECASE)
# EKS sets the first three; labels and taints are options of the node group.
BOTTLEROCKET_OF_EKS = ("api-server", "cluster-certificate", "cluster-name")
BOTTLEROCKET_OF_GROUP = {"node-labels": "labels", "node-taints": "taints"}
POWERSHELL = re.compile(r"</?powershell>", re.IGNORECASE)
# Of a text that may hold secrets, what a message shows: a command, or a key without its value
WORD = re.compile(r"[\w#!/<-]*")
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def build_user_data(
    template: dict[str, Any],
    system: str | None,
    cluster: dict[str, Any] | None = None,
    bootstrap: Bootstrap | None = None,
) -> str | None:
    """User data as text, None where the template says nothing about it.

    Args:
        template: the options user_data, node_config, bottlerocket_settings and image_id.
        system: of the AMI type, None with an image of the user's own.
        cluster: the answer of DescribeCluster, for an image of the user's own.
        bootstrap: the bootstrap data of a self-managed node; None if EKS adds it.

    Raises:
        ValidationError: for what the image would not read, or EKS would not merge.
    """
    given = [name for name in ("user_data", "node_config", "bottlerocket_settings") if template.get(name) is not None]
    if not given and bootstrap is None:
        if system is None:
            raise ValidationError(_format_missing_bootstrap())
        return None
    text = _build_text(template, system, cluster, bootstrap)
    size = len(text.encode())
    if size > MOST_BYTES:
        raise ValidationError(
            f"template.{given[0] if given else 'user_data'}: user data of {size} bytes exceeds EC2's limit of {MOST_BYTES}."
            " Let a short script download the rest."
        )
    return text


def _format_missing_bootstrap() -> str:
    return (
        "template.image_id: EKS adds no bootstrap data for an own image. Set template.node_config (Amazon Linux 2023),"
        " template.bottlerocket_settings (Bottlerocket), or template.user_data with the commands that start the kubelet."
    )


def _build_text(
    template: dict[str, Any], system: str | None, cluster: dict[str, Any] | None, bootstrap: Bootstrap | None
) -> str:
    if template.get("bottlerocket_settings") is not None:
        _check_fits(template, "bottlerocket_settings", system, BOTTLEROCKET)
        return _build_bottlerocket(template, system, cluster, bootstrap)
    if template.get("node_config") is not None:
        _check_fits(template, "node_config", system, AL2023)
    text = template.get("user_data")
    if system == BOTTLEROCKET and bootstrap is not None:
        if text is not None:
            raise ValidationError(
                "template.user_data: TOML cannot be completed. Set template.bottlerocket_settings instead."
            )
        return _build_bottlerocket({"bottlerocket_settings": {}}, system, cluster, bootstrap)
    if system == BOTTLEROCKET:
        _check_toml(text)
        return text
    if system == WINDOWS:
        return _build_powershell(text, bootstrap)
    return _build_archive(template, system, cluster, bootstrap)


def _check_fits(template: dict[str, Any], option: str, system: str | None, wanted: str) -> None:
    """An option is for one kind of image. The kind of an own image is known to its user only."""
    if system not in (None, wanted):
        raise ValidationError(f"template.{option} is for {wanted} images, and ami_type is one of {system}.")
    others = {"bottlerocket_settings": ("user_data", "node_config"), "node_config": ("bottlerocket_settings",)}[option]
    for other in others:
        if template.get(other) is not None:
            raise ValidationError(f"template.{option} cannot be combined with template.{other}. Set one of them.")


# Amazon Linux


def _build_archive(
    template: dict[str, Any],
    system: str | None,
    cluster: dict[str, Any] | None,
    bootstrap: Bootstrap | None,
) -> str:
    """A MIME multi-part archive of the script and the NodeConfig; an archive that is given is kept as it is."""
    text, config = template.get("user_data"), template.get("node_config")
    if bootstrap is not None:
        config = config or {}
    if text is not None and MIME.match(text.lstrip()):
        if config is not None:
            raise ValidationError(
                "template.node_config cannot be added to a MIME archive in template.user_data. Make it a part of the archive:"
                f" Content-Type: {NODE_CONFIG}."
            )
        return text
    if text is not None and system is None and config is None:
        return text  # nothing is merged with it, so cloud-init takes it in any of its formats
    parts = []
    if text is not None:
        _check_commands(text, system)
        parts.append((_find_content_type(text), text))
    if config is not None:
        document = _build_node_config(config, system, cluster, bootstrap)
        parts.append((NODE_CONFIG, json.dumps(document, indent=2, sort_keys=True)))  # every JSON document is YAML
    return _join_parts(parts)


def _check_commands(text: str, system: str | None) -> None:
    if system is not None and (found := BOOTSTRAP.search(text)):
        raise ValidationError(
            f"template.user_data: {found.group(0).strip()!r} starts the kubelet, and EKS does that itself unless"
            " template.image_id is set. Put settings of the kubelet into template.node_config."
        )


def _find_content_type(text: str) -> str:
    start = text.lstrip()
    for mark, content_type in CONTENT_TYPES.items():
        if start.startswith(mark):
            return content_type
    if re.search(r"^kind: *NodeConfig", start, re.MULTILINE):
        return NODE_CONFIG
    raise ValidationError(
        f"template.user_data begins with {WORD.match(start)[0]!r}. Amazon Linux reads a MIME archive (MIME-Version: 1.0), a script (#!),"
        " #cloud-config, #cloud-boothook, or a NodeConfig."
    )


def _join_parts(parts: list[tuple[str, str]]) -> str:
    """The boundary is always the same one, so that the same options give the same launch template."""
    boundary = BOUNDARY
    while any(boundary in text for _kind, text in parts):
        boundary += "="
    lines = ["MIME-Version: 1.0", f'Content-Type: multipart/mixed; boundary="{boundary}"', ""]
    for content_type, text in parts:
        lines += [f"--{boundary}", f"Content-Type: {content_type}", "", text.rstrip("\n"), ""]
    return "\n".join([*lines, f"--{boundary}--", ""])


def _build_node_config(
    config: dict[str, Any],
    system: str | None,
    cluster: dict[str, Any] | None,
    bootstrap: Bootstrap | None,
) -> dict[str, Any]:
    """A NodeConfig document. With an own image, and without EKS, it gets what nodeadm has to know of the cluster."""
    unknown = sorted(set(config) - {"apiVersion", "kind", "metadata", "spec"})
    if unknown or not isinstance(config.get("spec", {}), dict):
        raise ValidationError(
            f"template.node_config: {', '.join(unknown) or 'spec'} is not part of a NodeConfig document. Use the keys"
            " apiVersion, kind and spec; settings are below spec (cluster, containerd, instance, kubelet, featureGates)."
        )
    spec = dict(config.get("spec") or {})
    if bootstrap is not None:
        spec = add_to_node_config_spec(spec, bootstrap)
    elif system is None and cluster is not None:
        spec["cluster"] = {**build_cluster_details(cluster), **(spec.get("cluster") or {})}
    return {**NODE_CONFIG_HEAD, **config, "spec": spec}


# Windows


def _build_powershell(text: str | None, bootstrap: Bootstrap | None) -> str:
    """One <powershell> element: EKS puts its own commands behind these, or those of ``bootstrap`` are."""
    script = text or ""
    if WINDOWS_BOOTSTRAP.search(script):
        raise ValidationError(
            "template.user_data: it runs the EKS bootstrap script, and EKS does that itself unless template.image_id is set."
            if bootstrap is None
            else "template.user_data: it runs the EKS bootstrap script, which the module does. Remove that command."
        )
    if bootstrap is not None:
        script = "\n".join(filter(None, (POWERSHELL.sub("", script).strip(), build_windows_commands(bootstrap))))
    if "<powershell>" in script.lower():
        return script
    return f"<powershell>\n{script.rstrip()}\n</powershell>\n"


# Bottlerocket


def _check_toml(text: str | None) -> None:
    first = next((line for line in (text or "").splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    if text and not re.match(r"^\s*(\[|[A-Za-z0-9_.\"'-]+\s*=)", first):
        raise ValidationError(
            f"template.user_data begins with {WORD.match(first.strip())[0]!r}. Bottlerocket reads TOML only, like"
            " [settings.kubernetes]. template.bottlerocket_settings writes it for you."
        )


def _build_bottlerocket(
    template: dict[str, Any],
    system: str | None,
    cluster: dict[str, Any] | None,
    bootstrap: Bootstrap | None,
) -> str:
    settings = template["bottlerocket_settings"]
    kubernetes = settings.get("kubernetes") or {}
    if bootstrap is not None:
        settings = {**settings, "kubernetes": add_to_bottlerocket(kubernetes, bootstrap)}
    elif system is not None:
        for key in BOTTLEROCKET_OF_EKS:
            if key in kubernetes:
                raise ValidationError(
                    f"template.bottlerocket_settings.kubernetes.{key}: EKS sets it itself unless template.image_id is set."
                )
    elif cluster is not None:
        settings = {**settings, "kubernetes": {**build_bottlerocket_details(cluster), **kubernetes}}
    for key, option in BOTTLEROCKET_OF_GROUP.items():
        if key in kubernetes:
            raise ValidationError(
                f"template.bottlerocket_settings.kubernetes.{key}: set the option {option} of the node group instead."
            )
    return "\n".join(_build_toml(settings, ("settings",))).lstrip("\n") + "\n"


def _build_toml(table: dict[str, Any], path: tuple[str, ...]) -> list[str]:
    """A table in TOML as EKS can merge it: it does not read headers with quoted keys, nor escaped quotes.

    https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html (Bottlerocket user data)
    """
    values, tables = [], []
    for key, value in sorted(table.items()):
        if isinstance(value, dict) and BARE_KEY.fullmatch(key):
            tables += _build_toml(value, (*path, key))
        else:
            values.append(f"{_format_toml_key(key)} = {_format_toml(value, '.'.join((*path, key)))}")
    head = ["", f"[{'.'.join(path)}]"] if values or not tables else []
    return [*head, *values, *tables]


def _format_toml_key(key: str) -> str:
    if BARE_KEY.fullmatch(key):
        return key
    if '"' in key or "'" in key or "\n" in key:
        raise ValidationError(f"template.bottlerocket_settings: EKS cannot merge the key {key!r} with quotes in it.")
    return f'"{key}"'


def _format_toml(value: Any, where: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, dict):
        inner = ", ".join(f"{_format_toml_key(k)} = {_format_toml(v, where)}" for k, v in sorted(value.items()))
        return f"{{ {inner} }}"
    if isinstance(value, list):
        if len({type(item) for item in value}) > 1:
            raise ValidationError(f"template.bottlerocket_{where}: EKS cannot merge a list of different types.")
        return f"[{', '.join(_format_toml(item, where) for item in value)}]"
    return _format_toml_text(str(value), where)


def _format_toml_text(value: str, where: str) -> str:
    if '"' not in value and "\\" not in value and "\n" not in value:
        return f'"{value}"'
    if "'" not in value and "\n" not in value:
        return f"'{value}'"
    raise ValidationError(
        f"template.bottlerocket_{where}: EKS cannot merge text with both kinds of quotes or with a line break."
    )
