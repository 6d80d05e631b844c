"""The pace: calls leave one by one, in the order of asking, and the processes of a host share one pace."""

import asyncio
import os
import time
from array import array
from dataclasses import replace

import pytest

from airflow_provider_tcocr.client.pace import Pace
from airflow_provider_tcocr.client.slots import Departures, PaceState


def departures(when, count):
    return Departures(array("d", when), array("d", count))


def test_two_paces_of_one_key_share_one_pace_through_the_file():
    async def race():
        started = time.monotonic()
        one, other = (Pace(50, key=("host", "id", "shared")) for _ in range(2))
        await asyncio.gather(*(pace.acquire() for pace in [one, other] * 10))
        return time.monotonic() - started

    assert asyncio.run(race()) >= 19 / 50 / 0.98 - 0.01


def test_the_file_names_no_secret_and_is_ours_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    asyncio.run(Pace(50, key=("host", "AKIDSECRET", "action")).acquire())
    (file,) = tmp_path.iterdir()
    assert "AKID" not in file.name
    assert b"AKID" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


def test_a_waiter_that_is_cancelled_holds_nobody_up():
    async def race():
        pace = Pace(2, key=("host", "id", "cancelled"))
        await pace.acquire()
        waiting = [asyncio.create_task(pace.acquire()) for _ in range(20)]
        await asyncio.sleep(0.05)
        for waiter in waiting:
            waiter.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        started = time.monotonic()
        await pace.acquire()
        return time.monotonic() - started

    assert asyncio.run(race()) < 1.0


def test_without_a_writable_folder_the_process_keeps_its_own_pace(monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", "/nonexistent")
    pace = Pace(100, key=("host", "id", "alone"))
    started = time.monotonic()
    for _ in range(5):
        asyncio.run(pace.acquire())
    assert time.monotonic() - started >= 4 / 100


def test_the_file_keeps_the_whole_state(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    pace, states = Pace(50, key=("host", "id", "whole")), []
    wanted = PaceState(departures((9.0, 10.0), (1.0, 4.0)), 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
    for state in (wanted, replace(wanted, left=departures((11.0,), (5.0,)))):
        pace._change(lambda _, state=state: (None, state))
        pace._change(lambda state: (states.append(state), state))
    assert states == [wanted, replace(wanted, left=departures((11.0,), (5.0,)))]


def test_a_damaged_file_is_taken_for_an_empty_one(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    pace = Pace(50, key=("host", "id", "damaged"))
    asyncio.run(pace.acquire())
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"\xff" * 40)
    started = time.monotonic()
    asyncio.run(pace.acquire())
    assert time.monotonic() - started < 1


def test_a_file_that_cannot_be_written_paces_this_process_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    pace = Pace(20, key=("host", "id", "full"))
    monkeypatch.setattr("fcntl.flock", lambda *_: (_ for _ in ()).throw(OSError("no locks available")))

    async def five():
        for _ in range(5):
            await pace.acquire()
            pace.answered()

    started = time.monotonic()
    asyncio.run(five())
    assert time.monotonic() - started > 4 / 20
    pace.throttled(None)


@pytest.mark.parametrize("planted", ["fifo", "others"])
def test_what_another_user_put_in_the_files_place_holds_nobody_up(tmp_path, monkeypatch, planted):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    pace = Pace(50, key=("host", "id", "planted"))
    asyncio.run(pace.acquire())
    (file,) = tmp_path.iterdir()
    if planted == "fifo":
        file.unlink()
        os.mkfifo(file)
    else:
        file.write_bytes(b"theirs")
        monkeypatch.setattr("os.geteuid", lambda: file.stat().st_uid + 1)
    asyncio.run(pace.acquire())
    assert planted == "fifo" or file.read_bytes() == b"theirs"
