# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The warm commands do what the real ones do: everything that a test could see is compared."""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from support import warm_server
from support.warm import BIN, COLD, Commands, commands

# What a script can see of how it was started.
MIRROR = """
import __main__, json, os, sys
mask = os.umask(0); os.umask(mask)
print(json.dumps({
    "argv": sys.argv, "name": __name__, "file": __file__, "main": __main__.__file__, "cwd": os.getcwd(), "path": sys.path,
    "executable": sys.executable, "mask": mask, "stdin": sys.stdin.read(), "tty": os.isatty(1),
    "ansible": [name for name in sys.modules if name.startswith("ansible")], "environment": dict(os.environ),
    "encodings": [stream.encoding + stream.errors for stream in (sys.stdin, sys.stdout, sys.stderr)],
    "descriptors": sorted(name for name in os.listdir("/proc/self/fd") if name in "012"),
}, sort_keys=True))
"""
ENDINGS = {
    "no word": "print('done')",
    "a number": "import sys; sys.exit(7)",
    "a large number": "import sys; sys.exit(256 + 3)",
    "a text": "import sys; print('before'); sys.exit('why it ended')",
    "an error": "print('before'); raise ValueError('a fault of the script')",
    "os._exit": "import os; os._exit(5)",
    "a signal": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "at exit": "import atexit; atexit.register(print, 'last words'); print('before')",
    "a thread": "import threading, time; threading.Thread(target=lambda: (time.sleep(0.2), print('late'))).start()",
    "much text": "import sys; sys.stdout.write('x' * 9_999_999); sys.stderr.write('y' * 999_999)",
    "bytes": "import sys; sys.stdout.buffer.write(bytes(range(256)))",
    "no syntax": "this is none",
}


@pytest.fixture(scope="module")
def warm(request: pytest.FixtureRequest) -> Commands:
    stack = ExitStack()
    request.addfinalizer(stack.close)
    stack.enter_context(pytest.MonkeyPatch.context()).delenv(COLD, raising=False)
    return stack.enter_context(commands())


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "script.py"


def compared(command: Path, *words: str, **options: object) -> tuple[int, bytes, bytes]:
    done = subprocess.run([command, *words], capture_output=True, check=False, timeout=120, **options)
    return done.returncode, done.stdout, done.stderr


def test_a_script_sees_what_it_would_see(warm, script):
    script.write_text(MIRROR)
    options = {"cwd": script.parent, "input": b"some words\n", "umask": 0o027}
    options["env"] = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "EMPTY": "", "UMLAUT": "ä", "HOME": "/nowhere"}
    words = ("script.py", "-v", "one word", "ä", "")
    cold, hot = (compared(command, *words, **options) for command in (Path(sys.executable), warm.python))
    assert (cold[0], cold[2], hot[0], hot[2]) == (0, b"", 0, b"")
    assert json.loads(hot[1]) == json.loads(cold[1])


@pytest.mark.parametrize("ending", ENDINGS)
def test_it_ends_as_the_script_does(warm, script, ending):
    script.write_text(ENDINGS[ending])
    code, out, errors = compared(warm.python, str(script))
    cold = compared(Path(sys.executable), str(script))
    assert (code, out) == cold[:2]
    # Above the script's own lines, a traceback shows the server's.
    assert errors.splitlines()[-1:] == cold[2].splitlines()[-1:]


def test_the_interpreters_own_options_are_the_real_ones(warm):
    assert compared(warm.python, "-c", "print(1 + 1)") == (0, b"2\n", b"")


def test_a_module_of_python_is_run_by_name(warm, tmp_path):
    """So is the token of a kubeconfig; with the folders that PYTHONPATH names."""
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "named.py").write_text("import sys; print(__name__, sys.argv, sys.path[:3]); sys.exit(4)")
    options = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": f"{tmp_path / 'one'}{os.pathsep}/nowhere"}}
    cold, hot = (
        compared(command, "-m", "named", "-v", "word", **options) for command in (Path(sys.executable), warm.python)
    )
    assert cold[0] == 4
    assert hot == cold


def test_a_folder_with_a_sitecustomize_is_for_the_real_one(warm, script):
    script.write_text("import datetime; print(datetime.changed)")
    script.with_name("sitecustomize.py").write_text("import datetime; datetime.changed = 'yes'")
    env = {**os.environ, "PYTHONPATH": f"/nowhere{os.pathsep}{script.parent}"}
    assert compared(warm.python, str(script), env=env) == (0, b"yes\n", b"")


def test_what_changes_the_interpreter_is_the_real_ones(warm, script):
    script.write_text("import sys; print(sys.flags.utf8_mode, 'boto3' in sys.modules)")
    assert compared(warm.python, str(script), env={**os.environ, "PYTHONUTF8": "1"}) == (0, b"1 False\n", b"")


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(*pids: int) -> None:
    end = time.monotonic() + 60
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < end, "it still runs"
        time.sleep(0.02)


def test_whoever_kills_the_client_kills_the_script_and_what_it_started(warm, script):
    script.write_text(
        "import os, subprocess, time\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        "print(os.getpid(), child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([warm.python, script], stdout=subprocess.PIPE, text=True) as client:
        pids = [int(word) for word in client.stdout.readline().split()]
        assert all(is_alive(pid) for pid in pids)
        client.kill()
        wait_until_gone(*pids)


def test_a_signal_reaches_the_script(warm, script):
    script.write_text(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))\n"
        "print('ready', flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([warm.python, script], stdout=subprocess.PIPE, text=True) as client:
        client.stdout.readline()
        client.terminate()
        assert client.wait(60) == 9


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_nothing_handles_ends_both(warm, script, number):
    script.write_text("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n")
    command = [warm.python, script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as client:
        pid = int(client.stdout.readline())
        client.send_signal(number)
        assert client.wait(60) == -number
        wait_until_gone(pid)


def test_many_at_once_are_kept_apart(warm, script):
    script.write_text("import os, sys\nos.environ['WHO'] += sys.argv[1]\nprint(os.environ['WHO'] + sys.stdin.read())")

    def run(number: int) -> bytes:
        env = {**os.environ, "WHO": f"{number}-"}
        return compared(warm.python, str(script), str(number), env=env, input=str(number).encode())[1]

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(run, range(48))) == [f"{number}-{number}{number}\n".encode() for number in range(48)]


def test_the_server_outlives_a_client_that_ends_together_with_its_process():
    """Where both are killed at once, both are in one round of its selector."""
    server = warm_server.Server.__new__(warm_server.Server)
    server.selector, server.jobs = selectors.DefaultSelector(), {}
    connection, client = socket.socketpair()
    pid = os.posix_spawn("/bin/true", ["true"], {})
    job = warm_server.Job(pid, connection, os.pidfd_open(pid))
    server.jobs[pid] = job
    server.selector.register(connection, selectors.EVENT_READ)
    server.selector.register(job.watch, selectors.EVENT_READ)
    client.close()
    while len(server.selector.select()) < 2:
        pass
    server.end(job)
    server.hear(job)
    assert server.jobs == {} and not server.selector.get_map()
    server.selector.close()


def test_without_a_server_it_is_the_real_one(script, monkeypatch):
    monkeypatch.delenv(COLD, raising=False)
    script.write_text(MIRROR)
    with commands() as found:
        text = found.python.read_bytes()
    client = script.with_name("orphan")
    client.write_bytes(text)
    client.chmod(0o755)
    assert compared(client, str(script), stdin=subprocess.DEVNULL)[0] == 0


def test_a_module_runs_what_its_payload_brings(warm, tmp_path):
    """ansible.module_utils comes from the zip, and what a library remembers is no other run's."""
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "witness.py").write_text(
        "from ansible.module_utils import basic\n"
        "import boto3\n"
        "module = basic.AnsibleModule({})\n"
        "seen = getattr(boto3, 'seen', 0)\n"
        "boto3.seen = 1\n"
        "module.exit_json(basic=basic.__file__, seen=seen)\n"
    )
    env = {**os.environ, "ANSIBLE_LIBRARY": str(tmp_path / "library"), "ANSIBLE_HOME": str(tmp_path / "home")}
    words = ["localhost", "-c", "local", "-m", "witness", "-e", f"ansible_python_interpreter={warm.python}"]
    for _run in range(2):
        code, out, errors = compared(warm.ansible, *words, env=env, cwd=tmp_path)
        assert code == 0, errors
        result = json.loads(out.partition(b"=> ")[2])
        assert "_payload.zip/ansible/module_utils/basic.py" in result["basic"]
        assert result["seen"] == 0


PLAYBOOK = """
- hosts: localhost
  connection: local
  gather_facts: false
  vars: {ansible_python_interpreter: "{{ ansible_playbook_python }}"}
  tasks:
    - ansible.builtin.ping:
        data: "{{ word }}"
    - ansible.builtin.debug:
        msg: "{{ lookup('config', 'DEFAULT_HOST_LIST') }} {{ lookup('config', 'DEFAULT_FORKS') }} {{ lookup('env', 'WHO') }}"
    - ansible.builtin.assert: {that: "word == 'good'"}
"""


@pytest.mark.parametrize("word", ["good", "bad"])
def test_a_playbook_prints_and_ends_as_ever(warm, tmp_path, word):
    """The configuration is read from the run's own environment and folder."""
    (tmp_path / "book.yml").write_text(PLAYBOOK)
    (tmp_path / "ansible.cfg").write_text("[defaults]\nforks = 13\ninventory = hosts\n")
    (tmp_path / "hosts").write_text("localhost\n")
    env = {**os.environ, "ANSIBLE_HOME": str(tmp_path / "home"), "ANSIBLE_FORCE_COLOR": "1", "WHO": "me"}
    words = ("book.yml", "-e", f"word={word}", "--diff")
    options = {"env": env, "cwd": tmp_path, "stdin": subprocess.DEVNULL}
    cold = compared(BIN / "ansible-playbook", *words, **options)
    assert cold[0] == (0 if word == "good" else 2)
    assert b"hosts" in cold[1] and b" 13 me" in cold[1]
    assert compared(warm.playbook, *words, **options) == cold


def test_the_playbook_command_has_no_server_of_its_own_for_options(warm):
    assert compared(warm.playbook, "--version")[1].splitlines()[0].startswith(b"ansible-playbook [core ")
