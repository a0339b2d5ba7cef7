# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command that a warm server runs in our place: it gets our words, environment, folder and standard streams.

The fixture writes this file with the two paths below and a first line that starts it with as little of Python as
possible; so it imports nothing that is not built in.
"""

import _signal
import _socket
import marshal
import posix
import sys

SERVER = ""  # the server's socket
REAL = ()  # the command that we stand for: an interpreter, or an interpreter and its script

STREAMS = (0, 1, 2)
# Change nothing that a script does, or are the server's to follow.
HARMLESS = {b"PYTHONDONTWRITEBYTECODE", b"PYTHONPATH", b"PYTHONPYCACHEPREFIX", b"PYTHONUNBUFFERED"}
FORWARDED = (_signal.SIGTERM, _signal.SIGINT, _signal.SIGHUP, _signal.SIGQUIT, _signal.SIGUSR1, _signal.SIGUSR2)


def is_for_server(words):
    """The server runs scripts and modules; other options, and variables that change the interpreter, are the real one's."""
    if any(name.startswith(b"PYTHON") and name not in HARMLESS for name in posix.environ):
        return False
    if any(has_site_customization(folder) for folder in posix.environ.get(b"PYTHONPATH", b"").split(b":")):
        return False
    return bool(words) and (not words[0].startswith("-") or (words[0] == "-m" and len(words) > 1))


def has_site_customization(folder):
    """Whether an interpreter would run something of this folder before its script."""
    try:
        posix.stat(folder + b"/sitecustomize.py")
    except OSError:
        return False
    return True


def send_request(connection, words):
    mask = posix.umask(0)
    posix.umask(mask)
    request = marshal.dumps((words, dict(posix.environ), posix.getcwdb(), mask))
    rights = b"".join(stream.to_bytes(4, sys.byteorder) for stream in STREAMS)
    header = len(request).to_bytes(4, sys.byteorder)
    connection.sendmsg([header], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
    connection.sendall(request)


def wait_for_status(connection):
    """The status of the process that ran in our place, as wait(2) tells it; signals that we get go to it."""
    for number in FORWARDED:
        _signal.signal(number, lambda received, frame: connection.send(bytes([received])))
    answer = b""
    while len(answer) < 4:
        part = connection.recv(4 - len(answer))
        if not part:
            posix.write(2, b"the warm server went away\n")
            posix._exit(70)
        answer += part
    return int.from_bytes(answer, sys.byteorder)


def end_like(status):
    """End with the exit code, or by the signal, that ended the other process."""
    if posix.WIFSIGNALED(status):
        number = posix.WTERMSIG(status)
        if number != _signal.SIGKILL:
            _signal.signal(number, _signal.SIG_DFL)
        posix.kill(posix.getpid(), number)
    posix._exit(posix.WEXITSTATUS(status))


def main():
    words = [*REAL[1:], *sys.argv[1:]]
    if not is_for_server(words):
        posix.execv(REAL[0], [REAL[0], *words])
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.connect(SERVER)
    except OSError:
        posix.execv(REAL[0], [REAL[0], *words])
    send_request(connection, words)
    end_like(wait_for_status(connection))


main()
