"""A large body on the wire: its length told, its bytes in order, held nowhere; each way of breaking off is typed."""

import asyncio
import contextlib
import hashlib
import re
import subprocess
import sys
import tracemalloc
from random import Random

import pytest

from airflow_provider_tcocr.api.options import Options
from airflow_provider_tcocr.api.request import Body, image_body
from airflow_provider_tcocr.client.config import ClientConfig, Endpoint
from airflow_provider_tcocr.client.wire import Wire
from airflow_provider_tcocr.exceptions import TransportError

BODY = image_body(Random(7).randbytes(5_000_000), Options())
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\nContent-Type: application/json\r\n\r\n"


def post(serve, *, timeout=20.0):
    """Send the body to a server of one's own; gives the answer's body, and the head of the request."""
    heads = []
    over = asyncio.Event()

    async def handle(reader, writer):
        heads.append((await reader.readuntil(b"\r\n\r\n")).lower())
        await serve(reader, writer, over)
        writer.transport.abort()

    async def run():
        async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            wire = Wire(ClientConfig(endpoint=Endpoint.parse(f"http://127.0.0.1:{port}"), timeout=timeout))
            try:
                return (await wire.post(BODY, {"Content-Type": "application/json"})).body
            finally:
                await wire.close()
                over.set()
                await asyncio.sleep(0.1)  # what is left of the connection breaks

    return asyncio.run(run()), heads[0]


async def hashed(reader, writer, over):
    digest, left = hashlib.sha256(), len(BODY)
    while left:
        piece = await reader.read(2**16)
        digest.update(piece)
        left -= len(piece)
    writer.write(ANSWER + digest.hexdigest().encode())
    await over.wait()


def test_a_large_body_arrives_as_it_was_signed_with_its_length_told():
    answered, head = post(hashed)
    assert answered.decode() == BODY.sha256()
    assert f"content-length: {len(BODY)}\r\n".encode() in head
    assert b"transfer-encoding" not in head


def test_a_large_body_is_buffered_nowhere_on_its_way():
    post(hashed)  # all is imported
    tracemalloc.start()
    post(hashed)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held < 1_500_000


def test_a_server_that_stops_reading_is_a_time_out():
    async def deaf(reader, writer, over):
        await over.wait()

    with pytest.raises(TransportError, match=r"Transport\.Timeout"):
        post(deaf, timeout=0.5)


def test_a_server_that_hangs_up_in_the_middle_of_a_body_is_a_reset():
    async def rude(reader, writer, over):
        await reader.read(2**16)

    with pytest.raises(TransportError, match=r"Transport\.Reset"):
        post(rude)


def test_an_answer_that_comes_twice_is_not_taken_for_the_next_calls():
    """Taken for it, it would be landed as another page's text, and so each later answer of the connection."""

    async def echo(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(re.search(rb"content-length: (\d+)", head.lower())[1])
                answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length + await reader.readexactly(length)
                writer.write(answer)
                await asyncio.sleep(0.05)  # by now the connection waits for the next call
                writer.write(answer)
        writer.close()

    async def run():
        async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            wire = Wire(ClientConfig(endpoint=Endpoint.parse(f"http://127.0.0.1:{port}")))
            answered = []
            for text in (b"first", b"second", b"third"):
                answered.append((await wire.post(Body(text), {})).body)
                await asyncio.sleep(0.2)
            await wire.close()
            return answered

    assert asyncio.run(run()) == [b"first", b"second", b"third"]


FORKED = """
import gc, os, sys
from airflow_provider_tcocr.api.actions import ACTION
from airflow_provider_tcocr.api.request import body_of
from airflow_provider_tcocr.client.client import Client
from airflow_provider_tcocr.client.config import ClientConfig, Endpoint
from airflow_provider_tcocr.client.credentials import static
from airflow_provider_tcocr.client.loop import run

calls, url, *keys = sys.argv[1:]
client = Client(ClientConfig(endpoint=Endpoint.parse(url), max_qps=1000, timeout=5.0), static(*keys))


def call():
    run(client.call(ACTION, body_of({"ImageUrl": "https://example.com/page.png"})))


call()
if child := os.fork():
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    call()
    os._exit(code)
try:
    for _ in range(int(calls)):
        call()
    run(client.close())
    del client
    gc.collect()
    os._exit(0)
finally:
    os._exit(1)
"""


@pytest.mark.parametrize("calls", [0, 2])
def test_a_client_used_before_a_fork_serves_the_child_and_leaves_the_parent_its_connection(tcocr_emulator, calls):
    arguments = (str(calls), tcocr_emulator.url, tcocr_emulator.secret_id, tcocr_emulator.secret_key)
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED, *arguments], capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert tcocr_emulator.ledger.made == 2 + calls
