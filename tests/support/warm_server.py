# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Python with libraries loaded, which forks for each script that a client wants run.

Usage: warm_server.py SOCKET FLAVOUR CODE_CACHE EXECUTABLE. It ends when its standard input does, which the test run that
started it holds. EXECUTABLE is what a script finds as ``sys.executable``.

A module of Ansible spends most of its second importing boto3, reading botocore's models and compiling what its zip brings:
for the flavour ``modules`` all of it is done once. Of Ansible and of the collection nothing is loaded before the fork:
what a payload of AnsiballZ brings is what runs. For ``playbooks``, what Ansible loads before it reads its configuration,
which depends on the environment.
"""

from __future__ import annotations

import array
import atexit
import gc
import hashlib
import importlib
import io
import locale
import marshal
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import traceback
import types
import zipimport
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# What modules and Ansible's module_utils import besides their own, so that it is there in each child.
MODULES = (
    "argparse ast base64 concurrent.futures configparser copy ctypes.util dataclasses datetime decimal difflib email.message"
    " fcntl fnmatch getpass glob grp hmac http.client inspect ipaddress json locale logging.handlers multiprocessing.pool"
    " pathlib platform pwd queue random resource runpy select shlex shutil socket ssl statistics string subprocess syslog"
    " tarfile tempfile textwrap typing unittest urllib.request uuid xml.etree.ElementTree zipfile"
    " boto3.session botocore.auth botocore.awsrequest botocore.client botocore.config botocore.credentials botocore.endpoint"
    " botocore.exceptions botocore.httpsession botocore.parsers botocore.retries.standard botocore.session botocore.signers"
    " botocore.waiter jmespath jinja2 packaging.version yaml kubernetes.client kubernetes.dynamic"
).split()
SERVICES = ("autoscaling", "ec2", "eks", "elbv2", "iam", "kms", "pricing", "sts")
# What ansible.cli imports without importing ansible.constants, and like it ansible._internal first: that makes this process
# a controller. Other releases of ansible-core lack some of it.
PLAYBOOKS = (
    "concurrent.futures.thread configparser cryptography.hazmat.backends cryptography.hazmat.decrepit.ciphers.algorithms"
    " cryptography.hazmat.primitives.asymmetric.ed25519 cryptography.hazmat.primitives.ciphers.algorithms"
    " cryptography.hazmat.primitives.kdf.pbkdf2 cryptography.hazmat.primitives.serialization ctypes.util curses difflib"
    " distro getpass importlib.metadata importlib.resources jinja2 jinja2.nativetypes jinja2.sandbox logging.handlers"
    " multiprocessing.managers multiprocessing.pool multiprocessing.queues packaging.version pickle secrets shutil tarfile"
    " tempfile tty typing_extensions urllib.request uuid xml.etree.ElementTree yaml zipfile"
    " ansible._internal ansible.errors ansible._internal._ansiballz ansible._internal._collection_proxy"
    " ansible._internal._datatag._tags ansible._internal._datatag._utils ansible._internal._datatag._wrappers"
    " ansible._internal._display_utils ansible._internal._errors._alarm_timeout"
    " ansible._internal._errors._attribute_unavailable ansible._internal._errors._captured"
    " ansible._internal._errors._error_factory ansible._internal._errors._error_utils"
    " ansible._internal._event_formatting ansible._internal._locking ansible._internal._plugins._strategy"
    " ansible._internal._powershell._clixml ansible._internal._powershell._script ansible._internal._rpc_host"
    " ansible._internal._ssh._ssh_agent ansible._internal._templating._access ansible._internal._templating._errors"
    " ansible._internal._templating._jinja_patches ansible._internal._templating._utils"
    " ansible._internal._worker._inventory_rpc ansible._internal._wrapt ansible._internal._yaml._errors"
    " ansible._vendor ansible.config ansible.context ansible.executor.powershell ansible.inventory"
    " ansible.module_utils._internal._ambient_context ansible.module_utils._internal._ansiballz._extensions._coverage"
    " ansible.module_utils._internal._ansiballz._extensions._debugpy"
    " ansible.module_utils._internal._ansiballz._extensions._pydevd"
    " ansible.module_utils._internal._concurrent._daemon_threading ansible.module_utils._internal._concurrent._futures"
    " ansible.module_utils._internal._dataclass_validation ansible.module_utils._internal._datatag._tags"
    " ansible.module_utils._internal._debugging ansible.module_utils._internal._deprecator"
    " ansible.module_utils._internal._errors ansible.module_utils._internal._event_utils"
    " ansible.module_utils._internal._json._profiles ansible.module_utils._internal._messages"
    " ansible.module_utils._internal._no_six ansible.module_utils._internal._patches._dataclass_annotation_patch"
    " ansible.module_utils._internal._patches._socket_patch ansible.module_utils._internal._patches._sys_intern_patch"
    " ansible.module_utils._internal._plugin_info ansible.module_utils._internal._stack"
    " ansible.module_utils._internal._text_utils ansible.module_utils._internal._traceback"
    " ansible.module_utils._internal._validation ansible.module_utils.common._utils"
    " ansible.module_utils.common.collections ansible.module_utils.common.file ansible.module_utils.common.locale"
    " ansible.module_utils.common.process ansible.module_utils.common.sentinel ansible.module_utils.common.sys_info"
    " ansible.module_utils.common.text.converters ansible.module_utils.common.text.formatters"
    " ansible.module_utils.common.warnings ansible.module_utils.common.yaml ansible.module_utils.compat.selinux"
    " ansible.module_utils.compat.typing ansible.module_utils.compat.version ansible.module_utils.datatag"
    " ansible.module_utils.distro ansible.module_utils.embed ansible.module_utils.errors"
    " ansible.module_utils.json_utils ansible.module_utils.parsing.convert_bool ansible.parsing.quoting"
    " ansible.parsing.splitter ansible.parsing.utils.addresses ansible.parsing.yaml ansible.release"
    " ansible.utils.collection_loader._collection_config ansible.utils.collection_loader._collection_finder"
    " ansible.utils.collection_loader._collection_meta ansible.utils.context_objects ansible.utils.fqcn"
    " ansible.utils.helpers ansible.utils.lock ansible.utils.multiprocessing ansible.utils.path ansible.utils.sentinel"
    " ansible.utils.singleton ansible.vars.hostvars"
    # what the collection's own plugins import of others
    " boto3.session botocore.client botocore.config botocore.credentials botocore.exceptions botocore.session botocore.waiter"
    " jmespath"
).split()
HEADER = 4  # bytes: a request's length before it, and the status after it
STREAMS = 3
ESCAPING_LOCALES = {"C", "POSIX", "C.UTF-8", "C.utf8", "UTF-8"}  # where Python lets any byte through standard streams


@dataclass
class Job:
    """A process that runs for a client."""

    pid: int
    connection: socket.socket
    watch: int  # a descriptor that is readable when the process has ended


def preload(names: Iterable[str]) -> None:
    """Import; a library that is not installed is none that a script could miss."""
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError:
            continue


def preload_for_modules() -> None:
    """Import boto3 and what is around it, and read botocore's models."""
    preload(MODULES)
    for owner, name, replacement in importlib.import_module("shared_clients").list_replacements():
        setattr(owner, name, replacement)
    session = sys.modules["boto3.session"].Session("none", "none", region_name="us-east-1")
    for service in SERVICES:
        session.client(service)
    assert "ansible" not in sys.modules and "ansible_collections" not in sys.modules


def preload_for_playbooks() -> None:
    preload(PLAYBOOKS)
    assert "ansible.constants" not in sys.modules and "ansible_collections" not in sys.modules


def keep_compiled(folder: Path) -> None:
    """Let code from zips be compiled once: by the hash of its text, so what is run is always what the zip holds."""
    compile_source = zipimport._compile_source

    def compiled(pathname: str, source: bytes) -> types.CodeType:
        name = pathname.partition(".zip/")[2]
        kept = folder / hashlib.sha256(name.encode() + b"\0" + source).hexdigest()
        try:
            return marshal.loads(kept.read_bytes())
        except (OSError, ValueError, EOFError):
            code = compile_source(pathname, source)
            draft = kept.with_suffix(f".{os.getpid()}")
            draft.write_bytes(marshal.dumps(code))
            draft.replace(kept)
            return code

    zipimport._compile_source = compiled


class Server:
    """Takes requests, and tells each client how its process ended."""

    def __init__(self, path: str) -> None:
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen(64)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ, self.accept)
        self.selector.register(sys.stdin, selectors.EVENT_READ, self.stop)
        self.jobs: dict[int, Job] = {}
        self.running = True

    def serve(self) -> Callable[[], None] | None:
        """Serve until standard input ends: None. In a forked child: what it has to run."""
        while self.running:
            for key, _events in self.selector.select():
                if work := key.data():
                    return work
        for job in self.jobs.values():
            end_group(job.pid)
        return None

    def stop(self) -> None:
        self.running = False

    def accept(self) -> Callable[[], None] | None:
        connection = self.listener.accept()[0]
        try:
            request, streams = receive(connection)
        except (OSError, EOFError, ValueError):
            connection.close()  # the client was killed before it had said what it wants
            return None
        pid = os.fork()
        if not pid:
            os.setpgid(0, 0)
            self.leave()
            connection.close()
            return lambda: run(request, streams)
        for stream in streams:
            os.close(stream)
        job = Job(pid, connection, os.pidfd_open(pid))
        self.jobs[pid] = job
        self.selector.register(connection, selectors.EVENT_READ, lambda: self.hear(job))
        self.selector.register(job.watch, selectors.EVENT_READ, lambda: self.end(job))
        return None

    def hear(self, job: Job) -> None:
        """A signal that the client got goes to its process; the end of the client is its process' end."""
        if self.jobs.get(job.pid) is not job:
            return  # its process ended, too, was told first, and the connection is closed
        try:
            signals = job.connection.recv(16)
        except OSError:
            signals = b""
        for number in signals:
            kill(job.pid, number)
        if not signals:
            self.selector.unregister(job.connection)
            end_group(job.pid)

    def end(self, job: Job) -> None:
        """Tell the client how its process ended."""
        status = os.waitpid(job.pid, 0)[1]
        with suppress(OSError):  # the client may have been killed
            job.connection.sendall(status.to_bytes(HEADER, sys.byteorder))
        self.forget(job)
        del self.jobs[job.pid]

    def forget(self, job: Job) -> None:
        if job.connection in self.selector.get_map():
            self.selector.unregister(job.connection)
        self.selector.unregister(job.watch)
        job.connection.close()
        os.close(job.watch)

    def leave(self) -> None:
        """Close, in a child, what is the server's own."""
        self.selector.close()
        self.listener.close()
        for job in self.jobs.values():
            job.connection.close()
            os.close(job.watch)


def receive(connection: socket.socket) -> tuple[tuple[Any, ...], list[int]]:
    """A request, and the descriptors of the client's standard streams."""
    size = STREAMS * array.array("i").itemsize
    header, ancillary, _flags, _address = connection.recvmsg(HEADER, socket.CMSG_SPACE(size))
    streams = array.array("i")
    for _level, _kind, data in ancillary:
        streams.frombytes(data[:size])
    length = int.from_bytes(header, sys.byteorder)
    request = b""
    while len(request) < length:
        part = connection.recv(length - len(request))
        if not part:
            raise EOFError
        request += part
    return marshal.loads(request), list(streams)


def kill(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def end_group(pid: int) -> None:
    """Kill a process and what it has started, as one kills a test's command and all of its process group."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    kill(pid, signal.SIGKILL)  # it may not have a group yet


def run(request: tuple[Any, ...], streams: list[int]) -> None:
    """Be the process that the client stands for, to its end."""
    words, environment, folder, mask = request
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environb.clear()
    os.environb.update(environment)
    reopen_streams()
    os.chdir(folder)
    os.umask(mask)
    sys.path[1:1] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    if words[0] == "-m":
        sys.argv[:] = words[1:]
        sys.path[0] = os.getcwd()
        end(run_to_end(lambda: runpy.run_module(words[1], run_name="__main__", alter_sys=True)))
    sys.argv[:] = words
    sys.path[0] = os.path.dirname(os.path.realpath(words[0]))
    end(run_to_end(lambda: run_script(words[0])))


def reopen_streams() -> None:
    """Standard streams as Python opens them for the environment's locale."""
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    wanted = next(filter(None, names), "C")
    errors = "surrogateescape" if wanted in ESCAPING_LOCALES else "strict"
    with suppress(locale.Error):
        locale.setlocale(locale.LC_CTYPE, "")
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(open(0, "rb", closefd=False), "utf-8", errors)
    lines = os.isatty(1)
    sys.stdout = sys.__stdout__ = io.TextIOWrapper(open(1, "wb", closefd=False), "utf-8", errors, line_buffering=lines)
    output = open(2, "wb", closefd=False)
    sys.stderr = sys.__stderr__ = io.TextIOWrapper(output, "utf-8", "backslashreplace", line_buffering=True)


def run_script(path: str) -> None:
    """The script as ``__main__``."""
    main = types.ModuleType("__main__")
    main.__file__ = os.path.abspath(path)
    sys.modules["__main__"] = main
    exec(compile(Path(path).read_bytes(), path, "exec", dont_inherit=True), main.__dict__)


def run_to_end(work: Callable[[], object]) -> int:
    """The exit code that Python gives to what ends so."""
    try:
        work()
    except SystemExit as stop:
        return exit_code(stop.code)
    except KeyboardInterrupt:
        traceback.print_exc()
        sys.stderr.flush()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def exit_code(code: object) -> int:
    if code is None or isinstance(code, int):
        return (code or 0) & 0xFF
    print(code, file=sys.stderr)
    return 1


def end(code: int) -> None:
    """End as Python does, but for taking its memory apart."""
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            code = 120  # what Python ends with when it cannot flush
    os._exit(code)


def main(path: str, flavour: str, code_cache: str, executable: str) -> None:
    if flavour == "modules":
        Path(code_cache).mkdir(parents=True, exist_ok=True)
        keep_compiled(Path(code_cache))
        preload_for_modules()
    else:
        preload_for_playbooks()
    sys.executable = executable
    gc.collect()
    gc.freeze()
    server = Server(path)
    print("ready", flush=True)
    if work := server.serve():
        work()


if __name__ == "__main__":
    main(*sys.argv[1:])
