# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""D: what pods may do on their nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    CRITICAL,
    HIGH,
    LOW,
    MEDIUM,
    Hits,
    Row,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.workloads import list_containers, name_workload

# Capabilities by which a container gets out or changes its node: https://man7.org/linux/man-pages/man7/capabilities.7.html
DANGEROUS = {
    "ALL",
    "BPF",
    "DAC_READ_SEARCH",
    "MAC_ADMIN",
    "NET_ADMIN",
    "PERFMON",
    "SYS_ADMIN",
    "SYS_MODULE",
    "SYS_PTRACE",
    "SYS_RAWIO",
}
SOCKETS = ("docker.sock", "containerd.sock", "crio.sock")
# https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/#safe-and-unsafe-sysctls
SAFE_SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
}


def get_context(container: Row) -> Row:
    return container.get("securityContext") or {}


def get_pod_context(workload: Row) -> Row:
    return workload["pod"].get("securityContext") or {}


def find_containers(workloads: list[Row], describe: Callable[[Row, Row], Any]) -> Hits:
    """A violation for each workload whose containers something is said of. Pods of Windows are left out: these settings are of Linux."""
    for workload in workloads:
        if (workload["pod"].get("os") or {}).get("name") == "windows":
            continue
        found = [(one.get("name", "?"), describe(workload, one)) for one in list_containers(workload)]
        parts = [name if text is True else f"{name} ({text})" for name, text in found if text]
        if parts:
            yield name_workload(workload), f"containers: {', '.join(parts)}"


@rule(
    "D01",
    HIGH,
    "No container is privileged",
    reads=("workloads",),
    why="A privileged container has all rights on its node, and by it those of all pods there.",
    remedy="Remove privileged from the securityContext, and add the single capabilities that are needed.",
    references=(
        "CIS EKS 4.2.1",
        "Kubescape C-0193",
        "Prowler core_minimize_privileged_containers",
        "Polaris runAsPrivileged",
        "Trivy KSV-0017",
    ),
)
def privileged_container(workloads: list[Row]) -> Hits:
    yield from find_containers(workloads, lambda _pod, one: bool(get_context(one).get("privileged")))


@rule(
    "D02",
    HIGH,
    "No pod shares namespaces of its host",
    reads=("workloads",),
    why="With the host's processes, its IPC or its network, a container sees and reaches what other pods and the node do.",
    remedy="Remove hostPID, hostIPC and hostNetwork from the pod.",
    references=("CIS EKS 4.2.2", "CIS EKS 4.2.3", "CIS EKS 4.2.4", "Kubescape C-0194", "Trivy KSV-0008"),
)
def host_namespaces(workloads: list[Row]) -> Hits:
    for workload in workloads:
        shared = [key for key in ("hostPID", "hostIPC", "hostNetwork") if workload["pod"].get(key)]
        if shared:
            yield name_workload(workload), f"{', '.join(shared)} is true"


@rule(
    "D03",
    MEDIUM,
    "Containers cannot get more rights than they start with",
    reads=("workloads",),
    why="A program with the setuid bit makes a process root, also if the container does not run as root.",
    remedy="Set allowPrivilegeEscalation to false.",
    references=(
        "CIS EKS 4.2.5",
        "hardeneks disallow_privilege_escalation",
        "Kubescape C-0197",
        "Polaris privilegeEscalationAllowed",
        "Trivy KSV-0001",
    ),
)
def privilege_escalation(workloads: list[Row]) -> Hits:
    yield from find_containers(
        workloads, lambda _pod, one: get_context(one).get("allowPrivilegeEscalation") is not False
    )


@rule(
    "D04",
    HIGH,
    "No container has dangerous capabilities",
    reads=("workloads",),
    why="With these a container leaves its bounds, or changes the network or the kernel of its node.",
    remedy="Remove the capabilities from securityContext.capabilities.add.",
    references=(
        "hardeneks disallow_linux_capabilities",
        "Polaris dangerousCapabilities",
        "Trivy KSV-0005",
        "Trivy KSV-0022",
    ),
)
def dangerous_capabilities(workloads: list[Row]) -> Hits:
    def describe(_workload: Row, one: Row) -> str:
        added = {name.removeprefix("CAP_") for name in (get_context(one).get("capabilities") or {}).get("add") or []}
        return ", ".join(sorted(added & DANGEROUS))

    yield from find_containers(workloads, describe)


@rule(
    "D04b",
    LOW,
    "Containers drop the capabilities that they have by default",
    reads=("workloads",),
    why="The default has NET_RAW, by which a container forges packets, and others that few programs need.",
    remedy="Set securityContext.capabilities.drop to [ALL], and add what is needed.",
    references=(
        "hardeneks disallow_linux_capabilities",
        "Polaris insecureCapabilities",
        "Trivy KSV-0003",
        "Trivy KSV-0106",
    ),
)
def default_capabilities(workloads: list[Row]) -> Hits:
    def keeps(_workload: Row, one: Row) -> bool:
        return "ALL" not in {name.upper() for name in (get_context(one).get("capabilities") or {}).get("drop") or []}

    yield from find_containers(workloads, keeps)


@rule(
    "D05",
    LOW,
    "Containers have a seccomp profile",
    reads=("workloads",),
    why="Without a profile, a container may make all system calls, and reach flaws of the kernel.",
    remedy="Set securityContext.seccompProfile.type to RuntimeDefault.",
    references=(
        "Prowler core_seccomp_profile_docker_default",
        "Polaris linuxHardening",
        "Trivy KSV-0030",
        "Trivy KSV-0104",
    ),
)
def seccomp_off(workloads: list[Row]) -> Hits:
    def lacks(workload: Row, one: Row) -> bool:
        profile = get_context(one).get("seccompProfile") or get_pod_context(workload).get("seccompProfile") or {}
        return profile.get("type") not in ("RuntimeDefault", "Localhost")

    yield from find_containers(workloads, lacks)


@rule(
    "D06",
    LOW,
    "The file systems of containers are read-only",
    reads=("workloads",),
    why="An attacker can change programs of the container, and bring tools along.",
    remedy="Set readOnlyRootFilesystem, and mount an emptyDir where the program writes.",
    references=(
        "hardeneks check_read_only_root_file_system",
        "Prowler core_readonly_root_filesystem_enabled",
        "Polaris notReadOnlyRootFilesystem",
        "Trivy KSV-0014",
    ),
)
def writable_root(workloads: list[Row]) -> Hits:
    yield from find_containers(workloads, lambda _pod, one: not get_context(one).get("readOnlyRootFilesystem"))


@rule(
    "D07",
    MEDIUM,
    "Containers do not run as root",
    reads=("workloads",),
    why="Who breaks out of a container that runs as root is root on the node.",
    remedy="Set runAsNonRoot, and a user in the image or in runAsUser.",
    references=(
        "hardeneks disable_run_as_root_user",
        "Prowler core_minimize_root_containers_admission",
        "Polaris runAsRootAllowed",
        "Popeye POP-306",
        "Trivy KSV-0012",
    ),
)
def runs_as_root(workloads: list[Row]) -> Hits:
    def may_be_root(workload: Row, one: Row) -> Any:
        merged = {**get_pod_context(workload), **get_context(one)}
        if merged.get("runAsUser") == 0:
            return "runAsUser 0"
        return not merged.get("runAsNonRoot") and not merged.get("runAsUser")

    yield from find_containers(workloads, may_be_root)


@rule(
    "D08",
    MEDIUM,
    "No pod mounts directories of its node for writing",
    reads=("workloads",),
    why="A container changes the node, and what other pods see of it.",
    remedy="Use a PersistentVolumeClaim or an emptyDir, or mount it read-only.",
    references=(
        "hardeneks disallow_host_path_or_make_it_read_only",
        "Prowler core_minimize_hostpath_volume_mounts",
        "Polaris hostPathSet",
        "Trivy KSV-0023",
    ),
)
def host_path(workloads: list[Row]) -> Hits:
    for workload in workloads:
        paths = {
            one["name"]: one["hostPath"]["path"] for one in workload["pod"].get("volumes") or [] if one.get("hostPath")
        }
        mounts = [mount for one in list_containers(workload) for mount in one.get("volumeMounts") or []]
        written = {paths[mount["name"]] for mount in mounts if mount["name"] in paths and not mount.get("readOnly")}
        if written:
            yield name_workload(workload), f"hostPath {', '.join(sorted(written))}"


@rule(
    "D09",
    CRITICAL,
    "No pod mounts the socket of the container runtime",
    reads=("workloads",),
    why="With the socket a container starts others with all rights on the node, and no admission sees them.",
    remedy="Remove the volume. Build images with a tool that needs no runtime.",
    references=("hardeneks disallow_container_socket_mount", "eksup K8S008", "Trivy KSV-0006"),
)
def runtime_socket(workloads: list[Row]) -> Hits:
    for workload in workloads:
        paths = [one["hostPath"]["path"] for one in workload["pod"].get("volumes") or [] if one.get("hostPath")]
        found = [path for path in paths if path.endswith(SOCKETS) or path.rstrip("/") in ("/var/run", "/run")]
        if found:
            yield name_workload(workload), f"hostPath {', '.join(found)}"


@rule(
    "D10",
    LOW,
    "No container has a port of its node",
    reads=("workloads",),
    why="Only one such pod fits on a node, and network policies do not cover the port of the node.",
    remedy="Use a Service.",
    references=("Prowler core_minimize_admission_hostport_containers", "Polaris hostPortSet", "Trivy KSV-0024"),
)
def host_port(workloads: list[Row]) -> Hits:
    def describe(_workload: Row, one: Row) -> str:
        return ", ".join(str(port["hostPort"]) for port in one.get("ports") or [] if port.get("hostPort"))

    yield from find_containers([row for row in workloads if not row["pod"].get("hostNetwork")], describe)


@rule(
    "D11",
    MEDIUM,
    "procMount, sysctls and SELinux are at their defaults",
    reads=("workloads",),
    why="These settings take away borders between a container and its node.",
    remedy="Remove them from the securityContext.",
    references=("Polaris procMount", "Trivy KSV-0025", "Trivy KSV-0027"),
)
def kernel_settings(workloads: list[Row]) -> Hits:
    for workload in workloads:
        unsafe = [
            one["name"] for one in get_pod_context(workload).get("sysctls") or [] if one["name"] not in SAFE_SYSCTLS
        ]
        found = [f"sysctl {name}" for name in unsafe]
        for one in list_containers(workload):
            if get_context(one).get("procMount") not in (None, "Default"):
                found.append(f"procMount {get_context(one)['procMount']}")
            options = get_context(one).get("seLinuxOptions") or {}
            if options.get("user") or options.get("role"):
                found.append("seLinuxOptions user or role")
        if found:
            yield name_workload(workload), ", ".join(found)


@rule(
    "D12",
    HIGH,
    "No pod is a HostProcess of Windows",
    reads=("workloads",),
    why="It has all rights on its node.",
    remedy="Remove windowsOptions.hostProcess.",
    references=(
        "Prowler core_minimize_admission_windows_hostprocess_containers",
        "Polaris hostProcess",
        "Trivy KSV-0103",
    ),
)
def windows_host_process(workloads: list[Row]) -> Hits:
    for workload in workloads:
        contexts = [get_pod_context(workload), *(get_context(one) for one in list_containers(workload))]
        if any((one.get("windowsOptions") or {}).get("hostProcess") for one in contexts):
            yield name_workload(workload), "windowsOptions.hostProcess is true"
