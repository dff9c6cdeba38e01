"""Enters a network of its own, in which owned hosts are ours, and becomes the command.

Started by `isolation`, in an interpreter without site packages; it is told what to do on the socket whose number is
its argument. It binds the sockets within the new network and hands them back: the proxy, outside, accepts from them.
The command runs as the user who started it, with no more rights than before.
"""

import ctypes
import fcntl
import json
import os
import socket
import struct
import sys

_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_BACKLOG = 1024
_MOST_AT_ONCE = 200
"""Sockets in one message; the system takes 253."""


def enter(outside):
    plan = json.loads(outside.makefile().readline())
    step = "make a network of its own"
    try:
        _unshare()
        step = "give it a loopback address"
        _raise_loopback()
        step = "lay files over the system's"
        _mount(plan["files"])
        step = "listen in it"
        sockets = [_bound(*address) for address in plan["addresses"]]
    except OSError as error:
        _tell(outside, {"step": step, "errno": error.errno, "error": error.strerror, "file": error.filename})
        return
    _tell(outside, {"step": None})
    for at in range(0, len(sockets), _MOST_AT_ONCE):
        socket.send_fds(outside, [b"."], [each.fileno() for each in sockets[at : at + _MOST_AT_ONCE]])
    try:
        os.execvp(plan["words"][0], plan["words"])  # closes the socket, which says that it went well
    except OSError as error:
        _tell(outside, {"errno": error.errno})


def _tell(outside, words):
    outside.sendall(json.dumps(words).encode() + b"\n")


def _unshare():
    user, group = os.geteuid(), os.getegid()
    _call("unshare", _CLONE_NEWUSER | _CLONE_NEWNS | _CLONE_NEWNET)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _raise_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        flags = struct.unpack("16sh", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, struct.pack("16sh", b"lo", 0)))[1]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | _IFF_UP))


def _mount(files):
    _call("mount", b"none", b"/", None, _MS_REC | _MS_PRIVATE, None)
    for ours, theirs in files:
        _call("mount", ours.encode(), theirs.encode(), None, _MS_BIND, None)


def _call(name, *arguments):
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _bound(family, address, port):
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listening.bind((address, port))
    listening.listen(_BACKLOG)
    return listening


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as outside:
        outside.set_inheritable(False)
        enter(outside)
    sys.exit(1)
