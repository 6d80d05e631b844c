"""The provider, and what it is compared with though no user writes it: the limit, and the bare way to its tables."""

from __future__ import annotations

import asyncio
import hashlib
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .measured import KEY, Load, Measured, measured

if TYPE_CHECKING:
    from airflow_provider_tcocr.arrow import PageRow

_GROUP: Final = 256
"""Answers that the bare way writes at once."""


def limit(load: Load, output: Path) -> int:
    """The provider's HTTP session, each call signed; the answers are thrown away."""
    return _called(load, lambda document, answer: None)


def bare(load: Load, output: Path) -> int:
    """The limit's calls; the answers written to Parquet as they come, read again, made into the same two tables.

    The same libraries and the same decoding as the provider's, without what makes it safe: no pace, no repetition, no
    look whether an answer is an error, no journal of what is paid for, no order, no second run.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from airflow_provider_tcocr.landing.folder import LocalFolder
    from airflow_provider_tcocr.landing.tables import Tally, derive

    raw = output / "raw.parquet"
    output.mkdir()
    schema = pa.schema([("document", pa.string()), ("answer", pa.binary())])
    held: list[tuple[str, bytes]] = []
    written: list[Future[None]] = []
    with pq.ParquetWriter(raw, schema, compression="zstd") as writer, ThreadPoolExecutor(1) as behind:

        def write(rows: list[tuple[str, bytes]]) -> None:
            columns = zip(*rows, strict=True)
            arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))

        def answered(document: str, answer: bytes) -> None:
            held.append((document, answer))
            if len(held) == _GROUP:
                written.append(behind.submit(write, held.copy()))
                held.clear()

        pages = _called(load, answered)
        if held:
            written.append(behind.submit(write, held))
        for one in written:
            one.result()
    derive(LocalFolder(output), _rows(raw), Tally())
    return pages


def _called(load: Load, answered: Callable[[str, bytes], None]) -> int:
    """Make all calls; nothing is done twice, and nothing is looked at."""
    from airflow_provider_tcocr.api.options import Options
    from airflow_provider_tcocr.api.request import Body, image_body, url_body
    from airflow_provider_tcocr.api.signing import signed_headers
    from airflow_provider_tcocr.client.config import ClientConfig, Endpoint
    from airflow_provider_tcocr.client.wire import Wire

    options = Options.parse(None, international=True)
    documents = iter(load.documents())

    def body_of(one: str) -> Body:
        return image_body(Path(one).read_bytes(), options) if load.folder else url_body(one, options)

    async def work(wire: Wire) -> int:
        done = 0
        for one in documents:
            body = body_of(one)
            headers = signed_headers(
                body.sha256(),
                secret_id=KEY[0],
                secret_key=KEY[1],
                host=load.host,
                action="GeneralAccurateOCR",
                timestamp=int(time.time()),
            )
            answered(one, (await wire.post(body, headers)).body)
            done += 1
        return done

    async def run() -> int:
        wire = Wire(ClientConfig(endpoint=Endpoint.parse(load.url)))
        done = await asyncio.gather(*(work(wire) for _ in range(load.in_flight)))
        await wire.close()
        return sum(done)

    return asyncio.run(run())


def _rows(raw: Path) -> Iterator[PageRow]:
    import pyarrow.parquet as pq

    from airflow_provider_tcocr.arrow import PageRow

    for batch in pq.ParquetFile(raw).iter_batches(_GROUP, use_threads=False):
        for document, answer in zip(batch["document"].to_pylist(), batch["answer"].to_pylist(), strict=True):
            yield PageRow(
                document_id=document,
                document_uri=document,
                page=1,
                status="recognized",
                action="GeneralAccurateOCR",
                options="{}",
                answer=answer,
            )


def digest(load: Load, output: Path) -> int:
    """Base64 of each image and SHA-256 of the body, and no call."""
    documents = load.documents()
    for one in documents:
        hashlib.sha256(b64encode(Path(one).read_bytes())).hexdigest()
    return len(documents)


def provider(load: Load, output: Path) -> int:
    """One batch of the provider: called, landed, both tables derived."""
    from airflow_provider_tcocr.batch.batch import Batch
    from airflow_provider_tcocr.batch.request import BatchRequest
    from airflow_provider_tcocr.batch.run import RunningBatch
    from airflow_provider_tcocr.client.client import Client
    from airflow_provider_tcocr.client.config import ClientConfig, Endpoint
    from airflow_provider_tcocr.client.credentials import static
    from airflow_provider_tcocr.client.loop import run

    client = Client(ClientConfig(endpoint=Endpoint.parse(load.url)), static(*KEY))
    request = BatchRequest(
        documents=load.documents(),
        output_path=str(output),
        max_concurrency=load.in_flight,
        max_qps=load.qps,
        run=("benchmark",),
    )
    manifest = RunningBatch(request, client, Batch.run, report=lambda line: None).result()
    run(client.close())
    return int(manifest.counts["pages"])


def paced(load: Load, output: Path) -> Measured:
    """One batch of the provider, and between which moments its pages were recognized."""
    import pyarrow.dataset as ds

    whole = measured(lambda: provider(load, output))
    moments = ds.dataset(output / "pages").to_table(columns=["recognized_at"])["recognized_at"].to_pylist()
    return replace(whole, calling=(max(moments) - min(moments)).total_seconds())


def resume(load: Load, output: Path) -> Measured:
    """A second batch over what a first has done, where the peak is the first one's, and a third that derives again."""
    first = measured(lambda: provider(load, output))
    nobody = replace(load, url="http://127.0.0.1:9")
    second = measured(lambda: provider(nobody, output))
    (output / "_manifest.json").unlink()
    third = measured(lambda: provider(nobody, output))
    return replace(second, peak=first.peak, derived=third.cpu - second.cpu)
