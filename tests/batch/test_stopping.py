"""What a batch, its feed and its calls ask of one :class:`Stop`."""

import asyncio
import threading

import pytest

from airflow_provider_tcocr.batch.stop import Stop
from airflow_provider_tcocr.exceptions import CallLimitError, StoppedError, TencentCloudOcrError


def test_a_call_is_made_until_somebody_asks_for_none():
    stop = Stop()
    stop.check()
    assert not stop.asked
    stop.kill()
    assert stop.asked
    with pytest.raises(StoppedError):
        stop.check()


def test_the_first_reason_stands():
    stop = Stop()
    stop.halt(CallLimitError("first"))
    stop.halt(TencentCloudOcrError("second"))
    assert (str(stop.reason), stop.asked, stop.killed) == ("first", True, False)


@pytest.mark.parametrize("early", [True, False])
def test_a_kill_from_another_thread_wakes_who_waits_and_who_comes_later(early):
    stop = Stop()

    async def waiting():
        if early:
            threading.Thread(target=stop.kill).start()
            await asyncio.sleep(0.05)
        waits = [asyncio.create_task(one()) for one in (stop.wait, stop.wait_killed)]
        await asyncio.sleep(0.05)
        if not early:
            threading.Thread(target=stop.kill).start()
        await asyncio.wait_for(asyncio.gather(*waits), 5)

    asyncio.run(waiting())


def test_a_reason_wakes_who_waits_for_any_stop_but_not_who_waits_for_a_kill():
    stop = Stop()

    async def waiting():
        any_stop, kill = asyncio.create_task(stop.wait()), asyncio.create_task(stop.wait_killed())
        await asyncio.sleep(0)
        stop.halt(CallLimitError("enough"))
        await asyncio.wait_for(any_stop, 5)
        assert not kill.done()
        kill.cancel()

    asyncio.run(waiting())
