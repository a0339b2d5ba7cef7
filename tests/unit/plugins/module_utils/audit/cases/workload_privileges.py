# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_pods

WEB = ["Deployment shop/web"]


def context(**fields):
    return {"workloads": [build_pods(containers=[{"name": "app", "securityContext": fields}])]}


def host(path, read_only=False):
    mounts = [{"name": "files", "mountPath": "/files", "readOnly": read_only}]
    volumes = [{"name": "files", "hostPath": {"path": path}}]
    return {"workloads": [build_pods(volumes=volumes, containers=[{"name": "app", "volumeMounts": mounts}])]}


def port(**fields):
    return {"workloads": [build_pods(containers=[{"name": "app", "ports": [{"containerPort": 80, **fields}]}])]}


def pod(**fields):
    return {"workloads": [build_pods(**fields)]}


CASES = {
    "privileged_container": Case(
        pod(initContainers=[{"name": "set-up", "securityContext": {"privileged": True}}]), WEB, pod(), ("set-up",)
    ),
    "host_namespaces": Case(
        {"workloads": [build_pods(hostPID=True, hostNetwork=True), build_pods(name="other")]},
        WEB,
        pod(hostNetwork=False),
        ("hostPID, hostNetwork",),
    ),
    "privilege_escalation": Case(context(), WEB, context(allowPrivilegeEscalation=False), ("app",)),
    "dangerous_capabilities": Case(
        context(capabilities={"add": ["CAP_SYS_ADMIN", "CHOWN"]}),
        WEB,
        context(capabilities={"add": ["NET_BIND_SERVICE"]}),
        ("SYS_ADMIN",),
    ),
    "default_capabilities": Case(
        context(capabilities={"drop": ["NET_RAW"]}), WEB, context(capabilities={"drop": ["all"]})
    ),
    "seccomp_off": Case(
        context(seccompProfile={"type": "Unconfined"}),
        WEB,
        pod(securityContext={"seccompProfile": {"type": "RuntimeDefault"}}),
    ),
    "writable_root": Case(context(), WEB, context(readOnlyRootFilesystem=True)),
    "runs_as_root": Case(context(runAsUser=0), WEB, pod(securityContext={"runAsNonRoot": True}), ("runAsUser 0",)),
    "host_path": Case(host("/var/log"), WEB, host("/var/log", read_only=True), ("/var/log",)),
    "runtime_socket": Case(host("/run/containerd/containerd.sock", True), WEB, host("/var/log")),
    "host_port": Case(port(hostPort=8080), WEB, port(), ("8080",)),
    "kernel_settings": Case(
        pod(securityContext={"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}),
        WEB,
        pod(securityContext={"sysctls": [{"name": "net.ipv4.tcp_syncookies", "value": "1"}]}),
        ("kernel.msgmax",),
    ),
    "windows_host_process": Case(context(windowsOptions={"hostProcess": True}), WEB, context()),
}
