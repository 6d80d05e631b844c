"""A triple is renewed in time, by one caller for all, and a source that fails harms nobody whose triple is good."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from airflow_provider_tcocr.client.credentials import NO_CREDENTIAL, Credential
from airflow_provider_tcocr.client.temporary import Lease, TemporaryCredentials, renewal
from airflow_provider_tcocr.exceptions import TransportError


class Source:
    """Gives numbered triples by a clock of its own; fails while it is told to."""

    def __init__(self, life=7200.0):
        self.now, self.life, self.asked, self.failure = 1000.0, life, 0, None

    def clock(self):
        return self.now

    def fetch(self):
        self.asked += 1
        if self.failure:
            raise self.failure
        return Lease(
            Credential(f"id{self.asked}", f"planted-key{self.asked}", f"token{self.asked}"), self.now + self.life
        )

    def credentials(self, **arguments):
        return TemporaryCredentials(self.fetch, kind="cvm_role", clock=self.clock, **arguments)


@pytest.mark.parametrize(
    ("life", "after"),
    [(43200, 38880), (7200, 6480), (3000, 2700), (900, 600), (600, 300), (200, 100)],
)
def test_a_triple_is_renewed_at_90_percent_of_its_life_or_five_minutes_before_its_end(life, after):
    assert renewal(1000.0, 1000.0 + life) == 1000.0 + after


def test_the_source_is_asked_at_first_use_and_when_the_time_has_come():
    source = Source()
    credentials = source.credentials()
    assert source.asked == 0
    found = []
    for now in (1000, 1001, 7479.9, 7480, 7481, 13959.9, 13960):
        source.now = now
        found.append(credentials.current().secret_id)
    assert found == ["id1", "id1", "id1", "id2", "id2", "id2", "id3"]


def test_a_renewal_that_fails_keeps_the_good_triple_says_so_once_and_asks_again_later(caplog):
    source = Source()
    credentials = source.credentials()
    first = credentials.current()
    source.failure = OSError("planted text")
    asked = []
    for now in (7480, 7481, 7509, 7510, 8199):
        source.now = now
        assert credentials.current() == first
        asked.append(source.asked)
    assert asked == [2, 2, 2, 3, 4]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "cvm_role" in record.getMessage()
    assert "OSError" in record.getMessage()
    assert "720 s" in record.getMessage()
    assert "planted" not in caplog.text
    source.failure = None
    source.now = 8199.5
    assert credentials.current() == first
    source.now = 8200
    assert credentials.current().secret_id == "id5"


def test_after_its_end_a_triple_is_given_to_nobody():
    source = Source()
    credentials = source.credentials()
    credentials.current()
    source.failure = OSError("planted text")
    source.now = 8199
    credentials.current()
    source.now = 8200
    for _ in range(2):
        with pytest.raises(TransportError, match=r"cvm_role.*OSError") as caught:
            credentials.current()
        assert caught.value.code == NO_CREDENTIAL
        assert "planted" not in str(caught.value)
    assert source.asked == 4
    source.failure = None
    assert credentials.current().secret_id == "id5"


def test_a_refused_triple_is_replaced_before_its_time_or_given_to_nobody():
    source = Source()
    credentials = source.credentials()
    credentials.current()
    assert credentials.current(refresh=True).secret_id == "id2"
    assert credentials.current().secret_id == "id2"
    source.failure = OSError()
    with pytest.raises(TransportError):
        credentials.current(refresh=True)
    with pytest.raises(TransportError):
        credentials.current()


@pytest.mark.parametrize("refresh", [False, True])
@pytest.mark.parametrize("failure", [None, OSError("planted text")])
def test_many_callers_at_once_ask_the_source_once_and_get_one_triple(refresh, failure):
    source = Source()
    slow, waiting = threading.Event(), threading.Barrier(17)

    def fetch():
        assert slow.wait(10)
        return source.fetch()

    credentials = TemporaryCredentials(fetch, kind="cvm_role", clock=source.clock)
    source.failure = failure

    def caller():
        waiting.wait(10)
        try:
            return credentials.current(refresh=refresh)
        except TransportError as error:
            return str(error)

    with ThreadPoolExecutor(16) as pool:
        futures = [pool.submit(caller) for _ in range(16)]
        waiting.wait(10)
        threading.Timer(0.3, slow.set).start()
        found = {future.result() for future in futures}
    assert len(found) == 1
    assert source.asked == 1


def test_a_source_that_does_not_answer_is_given_up():
    never = threading.Event()
    credentials = TemporaryCredentials(never.wait, kind="assume_role", timeout=0.1)
    with pytest.raises(TransportError, match=r"assume_role.*no answer within 0\.1 s"):
        credentials.current()
    never.set()


def test_every_new_triple_is_told_before_anyone_has_it():
    told = []
    source = Source()
    credentials = source.credentials(on_credential=told.append)
    for now in (1000, 1001, 7480):
        source.now = now
        assert credentials.current() == told[-1]
    assert [credential.secret_id for credential in told] == ["id1", "id2"]


def test_a_mask_that_fails_harms_nothing(caplog):
    def had(credential):
        raise ValueError(credential.secret_key)

    assert Source().credentials(on_credential=had).current().secret_id == "id1"
    assert "ValueError" in caplog.text
    assert "planted" not in caplog.text


@pytest.mark.parametrize("life", [0.0, -60.0, float("nan")])
def test_what_has_expired_when_it_comes_is_no_triple(life):
    with pytest.raises(TransportError, match="has expired"):
        Source(life).credentials().current()


def test_a_repr_shows_the_kind_alone():
    credentials = Source().credentials()
    credentials.current()
    assert repr(credentials) == "<TemporaryCredentials cvm_role>"
