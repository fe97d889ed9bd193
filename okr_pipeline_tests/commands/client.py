"""Hands a command line, with directory, environment and streams, to the server, and exits with what the command did.

Imports nothing but the standard library's quickest, because a process of it starts for every command.
"""

import os
import socket
import sys


def main() -> int:
    """The exit code of the command; 137, as of a killed process, where the server or the command is no more."""
    address, *arguments = sys.argv[1:]
    directory = os.getcwd()  # noqa: PTH109 - pathlib is slow to import
    environment = (f"{name}={value}" for name, value in os.environ.items())
    parts = [directory, str(len(arguments)), *arguments, *environment]
    message = os.fsencode("\0".join(parts))
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(address)
        socket.send_fds(server, [len(message).to_bytes(8, "big")], [0, 1, 2])
        server.sendall(message)
        code = server.recv(1)
    return code[0] if code else 137


if __name__ == "__main__":
    sys.exit(main())
