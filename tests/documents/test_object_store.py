"""Documents in an object store: through a file system of fsspec's own, and through Airflow's connection to an S3."""

import json
import os

import pytest

from airflow_provider_tcocr.documents import as_document, find_documents, open_document, version_of
from airflow_provider_tcocr.exceptions import ConfigurationError, DocumentError

KEYS = [
    "d/a.png",
    "d/中文 #1.png",
    "d/100%25.PNG",
    "d/sub/z?q.webp",
    "d/_x.png",
    "d/_raw/a.png",
    "d/n.txt",
    "d/out/p.png",
]
EVERY = ["d/100%25.PNG", "d/a.png", "d/sub/z?q.webp", "d/中文 #1.png"]


@pytest.fixture
def memory(make, monkeypatch):
    """The same bucket in memory; only the look-up of a connection is left out."""
    from fsspec.implementations.memory import MemoryFileSystem

    fs = MemoryFileSystem()
    fs.store.clear()
    data = make.as_bytes(make.marked(), "PNG")
    for key in KEYS:
        fs.pipe_file(f"/bucket/{key}", data)

    def at_store(uri):
        return fs, "/" + uri.partition("://")[2].rpartition("@")[2].rstrip("/")

    for module in ("listing", "content", "version"):
        monkeypatch.setattr(f"airflow_provider_tcocr.documents.{module}.at_store", at_store)
    return "s3://mine@bucket"


@pytest.fixture(scope="module")
def s3(make):
    """A bucket of a stand-in S3, reached as a user reaches it: an Airflow connection and ObjectStoragePath."""
    pytest.importorskip("aiobotocore", reason="this environment's s3fs cannot speak to Airflow's S3")
    moto = pytest.importorskip("moto.server", reason="there is no stand-in for S3 here")
    boto3 = pytest.importorskip("boto3")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing-secret", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=f"http://{host}:{port}", **keys)
    client.create_bucket(Bucket="bucket")
    for key in KEYS:
        client.put_object(Bucket="bucket", Key=key, Body=make.as_bytes(make.marked(), "PNG"))
    extra = {"endpoint_url": f"http://{host}:{port}", "region_name": "us-east-1"}
    os.environ["AIRFLOW_CONN_DOCUMENTS_S3"] = json.dumps(
        {"conn_type": "aws", "login": "testing", "password": "testing-secret", "extra": extra}
    )
    yield "s3://documents_s3@bucket"
    del os.environ["AIRFLOW_CONN_DOCUMENTS_S3"]
    server.stop()


@pytest.fixture(params=["memory", "s3"])
def bucket(request):
    return request.getfixturevalue(request.param)


pytestmark = pytest.mark.filterwarnings("default")  # what boto and s3fs warn of is theirs


def uris(bucket, keys):
    return [f"{bucket}/{key}" for key in keys]


def test_a_folder_of_objects_is_read_as_a_folder_of_files_is(bucket):
    found = find_documents(f"{bucket}/d", output_path=f"{bucket}/d/out")
    assert [document.uri for document in found] == uris(bucket, EVERY)
    assert [document.document_id for document in found] == uris(bucket, EVERY)
    assert find_documents([f"{bucket}/d/"], output_path=f"{bucket}/d/out/") == found
    assert len(find_documents(f"{bucket}/d")) == len(EVERY) + 1


def test_objects_of_any_name_are_opened(bucket):
    for document in find_documents(f"{bucket}/d"):
        with open_document(document) as opened:
            assert opened.page(1).width == 60


@pytest.mark.parametrize(
    ("pattern", "keys"),
    [
        ("d/*.png", ["d/a.png", "d/中文 #1.png"]),
        ("d/**/*.webp", ["d/sub/z?q.webp"]),
        ("d/*.txt", ["d/n.txt"]),
        ("d/[ab].png", ["d/a.png"]),
    ],
)
def test_a_glob_of_objects_names_objects(bucket, pattern, keys):
    assert [document.uri for document in find_documents(f"{bucket}/{pattern}")] == uris(bucket, keys)


def test_one_object_is_one_document_and_a_list_looks_up_none(bucket):
    assert [document.uri for document in find_documents(f"{bucket}/d/n.txt")] == [f"{bucket}/d/n.txt"]
    assert len(find_documents([f"{bucket}/d/a.png", f"{bucket}/none.png"])) == 2
    assert len(find_documents([f"{bucket}/d/sub/z?q.webp"])) == 1


@pytest.mark.parametrize("wanted", ["none", "none/*.png", "d/*.bmp"])
def test_nothing_found_in_a_store_raises_and_names_it(bucket, wanted):
    with pytest.raises(DocumentError) as raised:
        find_documents(f"{bucket}/{wanted}")
    assert f"{bucket}/{wanted}" in str(raised.value)


def test_a_missing_object_is_an_error_of_that_document(bucket):
    with pytest.raises(DocumentError) as raised, open_document(as_document(f"{bucket}/none.png")):
        pass
    assert raised.value.code == "Document.Missing"
    assert version_of(as_document(f"{bucket}/none.png")) is None


HELD = set()


class Told(dict):
    """What a store tells of an object, counted while somebody holds it."""

    def __init__(self, told):
        super().__init__(told)
        HELD.add(id(self))

    def __del__(self):
        HELD.discard(id(self))


def test_a_listing_leaves_nothing_behind_but_the_documents(memory, monkeypatch):
    """File systems live as long as the process and remember what they listed: 100,000 objects are some 100 MB."""
    from fsspec.implementations.memory import MemoryFileSystem

    class Remembering(MemoryFileSystem):
        cachable = False

        def find(self, path, **how):
            listed = {name: Told(entry) for name, entry in super().find(path, **how).items()}
            remembered.extend(listed.values())
            return listed

        def invalidate_cache(self, path=None):
            remembered.clear()

    remembered, fs = [], Remembering()
    monkeypatch.setattr("airflow_provider_tcocr.documents.listing.at_store", lambda uri: (fs, "/bucket/d"))
    found = find_documents(f"{memory}/d")
    assert len(found) == len(EVERY) + 1
    assert not HELD


def test_a_listing_and_a_look_up_tell_the_same_version(bucket):
    listed = find_documents(f"{bucket}/d/sub")[0]
    assert version_of(listed)
    assert version_of(listed) == version_of(as_document(listed.uri))


def test_an_etag_is_the_version(s3):
    assert len(version_of(as_document(f"{s3}/d/a.png"))) == 32


def test_a_scheme_that_no_provider_knows_is_a_configuration_error():
    with pytest.raises(ConfigurationError, match="nosuch://"), open_document(as_document("nosuch://conn@b/a.png")):
        pass
    with pytest.raises(ConfigurationError, match="nosuch://"):
        find_documents("nosuch://b/folder")
