"""The network: by every family, by name, by the host's own sockets, by what is not called a socket."""

from tests.sandbox.attacks.attack import CALLS, TRIES, Attack

ATTACKS = (
    Attack(
        name="a server on the machine's own loopback is out of reach",
        program=TRIES
        + "import socket\nattempt('a connection', socket.create_connection, ('127.0.0.1', {{TCP_PORT}}), 2)\nverdict()",
        harmless=True,
    ),
    Attack(
        name="a server on the loopback of the new protocol is out of reach",
        program=TRIES
        + """
import socket
attempt('a connection', socket.create_connection, ('::1', {{TCP_PORT}}), 2)
verdict()
""",
    ),
    Attack(
        name="every address of the machine is out of reach",
        program=TRIES
        + """
import socket
for address in ("0.0.0.0", "127.0.0.2", "localhost", "10.0.0.1", "172.17.0.1", "192.168.0.1", "169.254.169.254"):
    attempt(address, socket.create_connection, (address, {{TCP_PORT}}), 0.5)
verdict()
""",
    ),
    Attack(
        name="a datagram does not reach the host",
        program=TRIES
        + """
import socket
def send():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"x", ("127.0.0.1", {{UDP_PORT}}))
        one.settimeout(1)
        return one.recv(99)
attempt("an answer", send)
verdict()
""",
        harmless=True,
    ),
    Attack(
        name="no family but that of the jail itself has sockets",
        program=TRIES
        + """
import socket
for family in [*range(2, 64), 255]:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET, socket.SOCK_RDM, 10):
        attempt((family, kind), socket.socket, family, kind, 0)
verdict()
""",
        harmless=True,
    ),
    Attack(
        name="no family but that of the jail itself has pairs of sockets",
        program=TRIES
        + """
import socket
for family in range(2, 64):
    attempt(family, socket.socketpair, family, socket.SOCK_STREAM)
    attempt(family, socket.socketpair, family, socket.SOCK_DGRAM)
verdict()
""",
    ),
    Attack(
        name="a family whose number has bits above those that are looked at has no sockets",
        program=CALLS
        + """
for high in (1 << 32, 1 << 40, -1 << 32):
    for family in (2, 10, 16, 17, 40):
        attempt((family, high), kernel, "socket", family | high, 1, 0)
verdict()
""",
    ),
    Attack(
        name="a raw socket or a packet socket cannot be had for any protocol",
        program=TRIES
        + """
import socket
for protocol in range(0, 256):
    attempt(protocol, socket.socket, socket.AF_INET, socket.SOCK_RAW, protocol)
    attempt(("packet", protocol), socket.socket, socket.AF_PACKET, socket.SOCK_RAW, protocol)
verdict()
""",
    ),
    Attack(
        name="the kernel's own channels cannot be opened",
        program=TRIES
        + """
import socket
for protocol in range(23):
    attempt(("netlink", protocol), socket.socket, socket.AF_NETLINK, socket.SOCK_RAW, protocol)
attempt("algorithms", socket.socket, 38, socket.SOCK_SEQPACKET, 0)
attempt("express", socket.socket, 44, socket.SOCK_RAW, 0)
attempt("tipc", socket.socket, 30, socket.SOCK_RDM, 0)
attempt("can", socket.socket, 29, socket.SOCK_RAW, 1)
attempt("bluetooth", socket.socket, 31, socket.SOCK_RAW, 1)
verdict()
""",
        harmless=True,
    ),
    Attack(
        name="the hypervisor cannot be called",
        program=TRIES
        + """
import os, socket
def call(address):
    one = socket.socket(40, socket.SOCK_STREAM)
    one.settimeout(0.5)
    one.connect(address)
for address in ((0, 22), (1, 22), (2, 22), (2, 1024)):
    attempt(address, call, address)
for device in ("vsock", "vhost-vsock", "vmci"):
    attempt(device, os.open, "/dev/" + device, os.O_RDWR)
verdict()
""",
    ),
    Attack(
        name="no name is looked up",
        program=TRIES
        + """
import socket
for name in ("localhost.localdomain", "example.com", "metadata.google.internal", "host.docker.internal"):
    attempt(name, socket.getaddrinfo, name, 80)
    attempt(name, socket.gethostbyname, name)
attempt("reverse", socket.gethostbyaddr, "8.8.8.8")
verdict()
""",
    ),
    Attack(
        name="a unix socket of the host in the file system is out of reach",
        program=TRIES
        + """
import os, socket
def call(path):
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(0.3)
    one.connect(path)
    return one.recv(99)
os.symlink("{{UNIX_PATH}}", "link")
for path in ("{{UNIX_PATH}}", "link", "/run/docker.sock", "/dev/log"):
    attempt(path, call, path)
verdict()
""",
        harmless=True,
    ),
    Attack(
        name="an abstract unix socket of the host is out of reach",
        program=TRIES
        + """
import socket
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
    one = socket.socket(socket.AF_UNIX, kind)
    attempt(kind, one.connect, "\\0{{ABSTRACT}}")
verdict()
""",
        harmless=True,
    ),
    Attack(
        name="an abstract name of the host is not taken in the jail, which shows that there are two worlds",
        program="import socket\none = socket.socket(socket.AF_UNIX)\none.bind('\\0{{ABSTRACT}}')\nprint('held')",
        harmless=True,
    ),
    Attack(
        name="a listener in the jail is not heard of outside",
        program=TRIES + "import socket\nattempt('a server', socket.create_server, ('127.0.0.1', 0))\n"
        "attempt('another', socket.create_server, ('', 0))\nverdict()",
        harmless=True,
    ),
    Attack(
        name="credentials that are sent are one's own",
        program=TRIES
        + """
import os, socket, struct
one, two = socket.socketpair()
two.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
for pid, uid in ((1, os.getuid()), (os.getpid(), 0), ({{HOST_PID}}, 0)):
    sent = struct.pack("iII", pid, uid, 0)
    attempt((pid, uid), one.sendmsg, [b"x"], [(socket.SOL_SOCKET, 2, sent)])
verdict()
""",
    ),
    Attack(
        name="the tools of the system do not get further",
        program="""
import subprocess
for command in ("exec 3<>/dev/tcp/127.0.0.1/{{TCP_PORT}}; cat <&3", "echo x >/dev/udp/127.0.0.1/{{UDP_PORT}}"):
    seen = subprocess.run(["/bin/bash", "-c", command], capture_output=True, timeout=3)
    print(seen.stdout.decode(), end="")
print("held")
""",
    ),
    Attack(
        name="a socket of the run before under the same abstract name is gone",
        program="import socket\none = socket.socket(socket.AF_UNIX)\none.bind('\\0left')\none.listen()\nprint('held')",
        prior="import os, socket, time\none = socket.socket(socket.AF_UNIX)\none.bind('\\0left')\none.listen()\n"
        "if os.fork() == 0:\n    os.setsid()\n    while True: time.sleep(1)",
    ),
)
