"""Servers of storage on this machine for tests: S3 (moto), WebDAV (wsgidav) and SFTP (paramiko), each of a folder's files."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socket import create_server, socket
from threading import Thread
from typing import Any

import httpx
import paramiko
from cheroot.wsgi import Server
from moto.server import ThreadedMotoServer
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED
from wsgidav.fs_dav_provider import FilesystemProvider
from wsgidav.wsgidav_app import WsgiDAVApp

PASSWORD = "s3cret"


@contextmanager
def s3_serving() -> Iterator[str]:
    """Serve S3 on a free port, and yield its address."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        httpx.post(f"http://{host}:{port}/moto-api/reset")  # what it holds is kept for the whole process
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextmanager
def dav_serving(folder: Path) -> Iterator[str]:
    """Serve a folder by WebDAV to the user ann, and yield its address."""
    app = WsgiDAVApp(
        {
            "provider_mapping": {"/": FilesystemProvider(str(folder), readonly=True)},
            "simple_dc": {"user_mapping": {"*": {"ann": {"password": PASSWORD}}}},
            "logging": {"enable": False},
            "verbose": 0,
        }
    )
    server = Server(("127.0.0.1", 0), app)
    server.prepare()
    thread = Thread(target=server.serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.bind_addr[1]}/"
    finally:
        server.stop()
        thread.join()


@dataclass(frozen=True)
class SftpPlace:
    """An SFTP server that runs: its port, and a file with its key as clients know it."""

    port: int
    known_hosts: Path


@contextmanager
def sftp_serving(folder: Path, known_hosts: Path) -> Iterator[SftpPlace]:
    """Serve a folder by SFTP to the user ann."""
    key = paramiko.ECDSAKey.generate()
    with create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        known_hosts.write_text(f"[127.0.0.1]:{port} {key.get_name()} {key.get_base64()}\n")
        transports: list[paramiko.Transport] = []
        thread = Thread(target=_accept, args=[listening, key, folder, transports])
        thread.start()
        try:
            yield SftpPlace(port, known_hosts)
        finally:
            listening.shutdown(2)
            thread.join()
            for transport in transports:
                transport.close()


def _accept(listening: socket, key: paramiko.PKey, folder: Path, transports: list[paramiko.Transport]) -> None:
    with suppress(OSError):  # the listening socket was shut
        while True:
            connection, _ = listening.accept()
            transport = paramiko.Transport(connection)
            transport.add_server_key(key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, folder)
            transport.start_server(server=_Login())
            transports.append(transport)


class _Login(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> int:
        right = (username, password) == ("ann", PASSWORD)
        return AUTH_SUCCESSFUL if right else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, server: paramiko.ServerInterface, folder: Path) -> None:
        super().__init__(server)
        self._folder = folder

    def list_folder(self, path: str) -> Any:
        try:
            found = sorted(self._real(path).iterdir())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return [paramiko.SFTPAttributes.from_stat(one.lstat(), one.name) for one in found]

    def stat(self, path: str) -> Any:
        try:
            return paramiko.SFTPAttributes.from_stat(self._real(path).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    lstat = stat

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> Any:
        handle = paramiko.SFTPHandle(os.O_RDONLY)
        try:
            handle.readfile = self._real(path).open("rb")  # type: ignore[attr-defined]
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return handle

    def _real(self, path: str) -> Path:
        return self._folder / path.lstrip("/")
