# SPDX-License-Identifier: Apache-2.0
"""Builds the networks of the lab; runs only inside the private namespaces.

    inside.py OUTER_NETWORK CPU FILE=PLACE...

Prints "ready" when all stands, and keeps it until its input ends. See README.md.
"""

import array
import ctypes
import fcntl
import os
import pathlib
import socket
import struct
import subprocess
import sys

NODES = ("client", "r1", "r2", "r3", "r4", "r5", "box", "server", "other")
# Left namespace and device, right namespace and device, number of the network. The left
# one has the address ending in 1, the right one that ending in 2.
LINKS = (
    ("r1", "lan", "client", "netlab0", 1),
    ("r1", "wan", "r2", "lan", 11),
    ("r2", "wan", "r3", "lan", 12),
    ("r3", "wan", "r4", "lan", 13),
    ("r4", "wan", "r5", "lan", 14),
    ("r1", "side", "other", "lan", 4),
)
# The link from r5 to the server goes through two devices of the box.
SERVER_NETWORK = 3
SECOND_ADDRESSES = ("10.99.3.3/24", "fd99:3::3/64")
# Routes besides those of the links: towards the server, then back.
ROUTES = (
    ("client", "default", 1, 1), ("server", "default", 3, 1), ("other", "default", 4, 1),
    *(("r1", number, 11, 2) for number in (3, 12, 13, 14)),
    *(("r2", number, 12, 2) for number in (3, 13, 14)), ("r2", "default", 11, 1),
    *(("r3", number, 13, 2) for number in (3, 14)), ("r3", "default", 12, 1),
    ("r4", 3, 14, 2), ("r4", "default", 13, 1), ("r5", "default", 14, 1),
)
SETTINGS = {
    "net.ipv4.ip_forward": 1,
    "net.ipv6.conf.all.forwarding": 1,
    "net.ipv6.conf.default.accept_dad": 0,
    "net.ipv6.conf.all.accept_dad": 0,
    "net.ipv4.icmp_ratelimit": 0,
    "net.ipv4.icmp_msgs_per_sec": 100000,
    "net.ipv6.icmp.ratelimit": 0,
}
RECEIVE_ON = "/proc/sys/net/core/rps_default_mask"
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
SIOCETHTOOL, ETHTOOL_STXCSUM = 0x8946, 0x17


def require_inside(outer):
    if os.readlink("/proc/self/ns/net") == outer:
        sys.exit("inside.py: still in the network of the tests")


def run(*words, text=None):
    subprocess.run(words, input=text, text=True, check=True)


def mount_files(mounts):
    """Nothing of the lab is written outside: /run is ours, files are covered."""
    run("mount", "-t", "tmpfs", "netlab", "/run")
    os.mkdir("/run/netns")
    for mount in mounts:
        source, place = mount.split("=", 1)
        run("mount", "--bind", source, os.path.realpath(place))


def address(number, host, family):
    return f"10.99.{number}.{host}" if family == 4 else f"fd99:{number}::{host}"


def network(number, family):
    if number == "default":
        return "0.0.0.0/0" if family == 4 else "::/0"
    return f"10.99.{number}.0/24" if family == 4 else f"fd99:{number}::/64"


def with_length(number, host, family):
    return address(number, host, family) + ("/24" if family == 4 else "/64")


def link(number, left, left_device, right, right_device):
    """The two ends get different indexes: the kernel takes its time, up to a second, to
    bring up a device that has the index of its peer."""
    return (f"link add {left_device} index {2 * number} netns {left} type veth "
            f"peer name {right_device} index {2 * number + 1} netns {right}")


def settings(cpu):
    """Packets are received on another processor than the client's, as from a real network:
    on one and the same an answer overtakes the system call that caused it."""
    others = sum(1 << other for other in os.sched_getaffinity(0) if other != cpu)
    if others and os.access(RECEIVE_ON, os.W_OK):
        return {**SETTINGS, "net.core.rps_default_mask": f"{others:x}"}
    return SETTINGS


class within:
    """This process is in the namespace of the node for the time of the block."""

    def __init__(self, node):
        self._places = f"/run/netns/{node}", "/proc/self/ns/net"

    def __enter__(self):
        place, here = self._places
        self._home = os.open(here, os.O_RDONLY)
        descriptor = os.open(place, os.O_RDONLY)
        enter_network(descriptor)
        os.close(descriptor)

    def __exit__(self, *_):
        enter_network(self._home)
        os.close(self._home)


def enter_network(descriptor):
    if LIBC.setns(descriptor, CLONE_NEWNET) != 0:
        sys.exit(f"inside.py: setns: {os.strerror(ctypes.get_errno())}")


def make_nodes(cpu):
    run("ip", "-batch", "-", text="".join(f"netns add {node}\n" for node in NODES))
    for node in NODES:
        with within(node):
            for name, value in settings(cpu).items():
                pathlib.Path("/proc/sys", *name.split(".")).write_text(f"{value}\n")


def make_links():
    ends = [ends[:4] for ends in LINKS]
    ends += [("r5", "wan", "box", "left"), ("box", "right", "server", "lan")]
    lines = [link(number, *each) for number, each in enumerate(ends, 50)]
    run("ip", "-batch", "-", text="\n".join(lines) + "\n")


def node_lines(node):
    """What `ip -n NODE -batch` gets: addresses, links up, then routes."""
    lines = ["link set lo up"]
    for left, left_device, right, right_device, number in (
            *LINKS, ("r5", "wan", "server", "lan", SERVER_NETWORK)):
        for name, device, host in ((left, left_device, 1), (right, right_device, 2)):
            if name == node:
                lines += [f"addr add {with_length(number, host, 4)} dev {device}",
                          f"addr add {with_length(number, host, 6)} dev {device} nodad",
                          f"link set {device} up"]
    if node == "server":
        lines += [f"addr add {second} dev lan" for second in SECOND_ADDRESSES]
    if node == "box":
        lines += ["link add wire type bridge", "link set wire up",
                  "link set left up master wire", "link set right up master wire"]
    for name, to, number, host in ROUTES:
        if name == node:
            lines += [f"route add {network(to, family)} via {address(number, host, family)}"
                      for family in (4, 6)]
    return lines


def plain_frames(device):
    """Whole checksums and no giant segments, for whoever reads the frames in the box."""
    value = array.array("I", [ETHTOOL_STXCSUM, 0])
    request = struct.pack("16sP", device.encode(), value.buffer_info()[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCETHTOOL, request)


def main():
    outer, cpu, *mounts = sys.argv[1:]
    require_inside(outer)
    mount_files(mounts)
    make_nodes(int(cpu))
    make_links()
    for node in NODES:
        run("ip", "-n", node, "-batch", "-", text="\n".join(node_lines(node)) + "\n")
    for node, device in (("r5", "wan"), ("server", "lan")):
        with within(node):
            plain_frames(device)
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
