"""A bucket of many small files in a process of its own: `python -m tests.bucket_server COUNT` prints its address."""

import sys
from threading import Event

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer


def main(count: int) -> None:
    """Fill the bucket `docs`, serve it, and wait until this process is ended."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    storage = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    storage.create_bucket("docs", "us-east-1")
    for number in range(count):
        text = f"Berth {number} is {number % 37 + 3} metres deep at low water.\n"
        storage.put_object("docs", f"berths/{number // 1000:03}/{number:06}.md", text.encode())
    host, port = server.get_host_and_port()
    print(f"http://{host}:{port}", flush=True)
    Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]))
