"""PDFs in processes apart: whatever one does to its process is a failed page, and nothing of it stays."""

import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from airflow_provider_tcocr.documents import isolated, open_document
from airflow_provider_tcocr.exceptions import DocumentError
from tests.documents import crafted


def children():
    return [one for one in psutil.Process().children() if "documents.drawing" in " ".join(one.cmdline())]


def gone(within=5.0):
    until = time.monotonic() + within
    while children() and time.monotonic() < until:
        time.sleep(0.01)
    return not children()


def drawing():
    """The process that is at a page, once it takes time."""
    while True:
        for one in children():
            if one.cpu_times().user > 0.3:
                return one
        time.sleep(0.01)


def test_a_page_that_takes_too_long_fails_and_the_next_one_is_drawn(monkeypatch):
    monkeypatch.setattr(isolated, "CPU_SECONDS", 1)
    with open_document(crafted.slow()) as opened:
        with pytest.raises(DocumentError, match=r"page 1 of the document takes more than .* seconds") as raised:
            opened.page(1)
        assert raised.value.code == "Document.Bomb"
        assert opened.page(2).width == 200


@pytest.mark.parametrize("make", [crafted.laughs, crafted.ouroboros, crafted.swollen])
def test_a_page_that_takes_too_much_memory_fails(make):
    with open_document(make()) as opened, pytest.raises(DocumentError) as raised:
        opened.page(1)
    assert raised.value.code == "Document.Bomb"
    assert "MB" in raised.value.message


def test_a_page_is_drawn_though_the_process_was_killed_before_it_was_asked(make):
    with open_document(make.pdf((144, 72))) as opened:
        (process,) = children()
        process.kill()
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        assert opened.page(1).width == 400


def test_a_page_whose_process_is_killed_in_the_middle_of_it_fails():
    with open_document(crafted.slow()) as opened:
        killer = threading.Thread(target=lambda: drawing().kill())
        killer.start()
        with pytest.raises(DocumentError) as raised:
            opened.page(1)
        killer.join()
        assert raised.value.code == "Document.Bomb"
        assert opened.page(2).width == 200


def test_a_pdf_that_ends_three_processes_is_given_no_other():
    with open_document(crafted.ouroboros()) as opened:
        for _ in range(isolated.PATIENCE):
            with pytest.raises(DocumentError, match="MB"):
                opened.page(1)
        assert not children()
        with pytest.raises(DocumentError, match="is not tried") as raised:
            opened.page(1)
        assert raised.value.code == "Document.Bomb"
        assert not children()


def test_no_process_outlives_the_pdfs_and_each_serves_many(make):
    with open_document(make.pdf((72, 72))) as one:
        (process,) = children()
        for _ in range(5):
            with open_document(make.pdf((72, 72), (72, 72))) as other:
                assert (one.page(1).width, other.page(2).width) == (200, 200)
        assert children() == [process]
    assert gone()


def test_closing_a_pdf_ends_what_is_drawn_of_it_at_once():
    opened, errors = open_document(crafted.slow()), []

    def draw():
        try:
            opened.page(1)
        except DocumentError as error:
            errors.append(error)

    thread = threading.Thread(target=draw)
    thread.start()
    drawing()
    opened.close()
    thread.join(10)
    assert [str(error) for error in errors] == ["Document.Unreadable: page 1 of the document: it was closed meanwhile"]
    assert gone()


def test_a_page_of_a_pdf_that_was_closed_is_told_so(make):
    opened = open_document(make.pdf((72, 72)))
    opened.close()
    with pytest.raises(DocumentError, match=r"Document\.Unreadable: page 1 of the document: it was closed meanwhile"):
        opened.page(1)
    assert gone()


def test_a_process_ends_with_its_parent_even_in_the_middle_of_a_page(tmp_path):
    (tmp_path / "slow.pdf").write_bytes(crafted.slow())
    code = (
        "import sys\nfrom airflow_provider_tcocr.documents import isolated, as_document, open_document\n"
        "isolated.CPU_SECONDS = 2\nopen_document(as_document(sys.argv[1])).page(1)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "slow.pdf")], stderr=subprocess.DEVNULL
    ) as parent:
        while not (found := psutil.Process(parent.pid).children()) or found[0].cpu_times().user < 0.5:
            time.sleep(0.01)
        parent.kill()
    _, alive = psutil.wait_procs(found, timeout=20)
    assert not alive


def test_a_signal_to_the_tasks_group_of_processes_is_not_the_pages_fault(make):
    with open_document(make.pdf((72, 72))):
        (process,) = children()
        assert os.getpgid(process.pid) != os.getpgid(0)


def test_the_process_is_given_no_secret_of_the_environment(make, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_TENCENTCLOUD_DEFAULT", "tencentcloud://AKID:s3cr3t@")
    with open_document(make.pdf((72, 72))):
        (process,) = children()
        assert not [name for name in process.environ() if name.startswith("AIRFLOW")]


def test_a_page_that_a_signal_interrupts_is_never_given_for_the_next_one(make):
    class Interrupted(Exception):
        pass

    def interrupt(*_):
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with open_document(crafted.slow()) as slow, open_document(make.pdf((144, 72))) as quick:
            signal.setitimer(signal.ITIMER_REAL, 0.5)
            with pytest.raises(Interrupted):
                slow.page(1)
            assert quick.page(1).width == 400
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_closing_a_pdf_twice_leaves_the_processes_of_the_others(make):
    with open_document(make.pdf((72, 72))) as one:
        (process,) = children()
        other = open_document(make.pdf((72, 72)))
        for _ in range(3):
            other.close()
        assert one.page(1).width == 200
        assert children() == [process]
