"""Stamps of the kernel for requests that reach a TCP port of this host over loopback.

Prints `ready`, sleeps until its input ends, then prints the instants of all POST requests so far, in ns since the first one, as JSON.
It reads nothing before that: the packets wait in its socket's buffer, so that it takes no core from what is measured.
"""

import ctypes
import json
import socket
import struct
import sys

SO_TIMESTAMPNS = 35
SO_ATTACH_FILTER = 26
SO_RCVBUFFORCE = 33
SOL_PACKET = 263
PACKET_STATISTICS = 6
ETH_P_IP = 0x0800
BUFFER_BYTES = 512 << 20
KEPT_BYTES = 64
TIMESPEC = struct.Struct("@qq")


def filter_program(port: int) -> bytes:
    """Classic BPF: incoming TCP segments to the port whose payload begins with POST, from the IP header on."""
    reject = 255
    code = [
        (0x28, 0, 0, 0xFFFFF004),  # direction of the packet
        (0x15, reject, 0, 4),  # outgoing: loopback shows every packet twice
        (0x30, 0, 0, 9),
        (0x15, 0, reject, socket.IPPROTO_TCP),
        (0xB1, 0, 0, 0),  # X = length of the IP header
        (0x48, 0, 0, 2),
        (0x15, 0, reject, port),
        (0x50, 0, 0, 12),  # length of the TCP header, in the upper half
        (0x54, 0, 0, 0xF0),
        (0x74, 0, 0, 2),
        (0x0C, 0, 0, 0),
        (0x07, 0, 0, 0),  # X = length of both
        (0x40, 0, 0, 0),
        (0x15, 0, reject, int.from_bytes(b"POST", "big")),
        (0x06, 0, 0, KEPT_BYTES),
        (0x06, 0, 0, 0),
    ]
    last = len(code) - 1

    def jump(offset: int, index: int) -> int:
        return last - index - 1 if offset == reject else offset

    return b"".join(
        struct.pack("HBBI", op, jump(if_true, index), jump(if_false, index), value)
        for index, (op, if_true, if_false, value) in enumerate(code)
    )


def open_socket(port: int) -> socket.socket:
    capture = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
    program = filter_program(port)
    code = ctypes.create_string_buffer(program)
    capture.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(program) // 8, ctypes.addressof(code)))
    capture.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
    capture.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    capture.bind(("lo", ETH_P_IP))
    return capture


def read_times(capture: socket.socket) -> list[int]:
    capture.setblocking(False)
    times = []
    while True:
        try:
            _, ancillary, _, _ = capture.recvmsg(KEPT_BYTES, 128)
        except BlockingIOError:
            break
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = TIMESPEC.unpack(data[: TIMESPEC.size])
                times.append(seconds * 1_000_000_000 + nanoseconds)
    _, dropped = struct.unpack("II", capture.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
    if dropped > 0:
        raise SystemExit(f"{dropped} packets did not fit into the buffer")
    return times


def main() -> None:
    capture = open_socket(int(sys.argv[1]))
    print("ready", flush=True)
    sys.stdin.read()
    times = read_times(capture)
    print(json.dumps([time - times[0] for time in times]))


main()
