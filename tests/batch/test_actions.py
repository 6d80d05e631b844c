"""What an action takes at a site decides how a batch sends its pages."""

import pytest
from PIL import Image

from airflow_provider_tcocr.api.actions import ACTION, ACTIONS
from airflow_provider_tcocr.batch.batch import Batch
from airflow_provider_tcocr.batch.request import BatchRequest
from airflow_provider_tcocr.client.client import Client
from airflow_provider_tcocr.client.config import ClientConfig, Endpoint
from airflow_provider_tcocr.client.credentials import static
from airflow_provider_tcocr.emulator import Emulator
from airflow_provider_tcocr.exceptions import ConfigurationError


def prepared(tmp_path, endpoint, **arguments):
    """A batch that has made no call."""
    client = Client(ClientConfig(endpoint=Endpoint.parse(endpoint)), static("id", "key"))
    return Batch(BatchRequest(documents=[], output_path=str(tmp_path / "out"), **arguments), client)


@pytest.mark.parametrize(
    ("endpoint", "action", "transfer", "limit"),
    [
        ("ocr.intl.tencentcloudapi.com", "GeneralBasicOCR", "bytes", 5_250_000),
        ("ocr.intl.tencentcloudapi.com", ACTION, "auto", 7_500_000),
        ("ocr.tencentcloudapi.com", "GeneralBasicOCR", "auto", 7_500_000),
        ("ocr.tencentcloudapi.com", "GeneralFastOCR", "auto", 5_250_000),
    ],
)
def test_the_site_decides_about_urls_and_sizes(tmp_path, endpoint, action, transfer, limit):
    batch = prepared(tmp_path, endpoint, action=action)
    assert (batch.request.transfer, batch.opener.site.max_bytes) == (transfer, limit)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"action": "EnglishOCR"}, "international endpoint has no EnglishOCR"),
        ({"action": "GeneralBasicOCR", "transfer": "url"}, "takes no ImageUrl outside"),
    ],
)
def test_what_the_international_site_lacks_is_refused(tmp_path, arguments, told):
    with pytest.raises(ConfigurationError, match=told):
        prepared(tmp_path, "ocr.intl.tencentcloudapi.com", **arguments)


def test_a_page_over_the_limit_of_the_action_is_shrunk_below_it(begin, out, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    Image.effect_noise((2600, 2400), 100).save(folder / "a.png")
    limit = ACTIONS["GeneralEfficientOCR"].mainland.max_bytes
    assert limit < (folder / "a.png").stat().st_size <= ACTIONS[ACTION].mainland.max_bytes
    with Emulator("canned", international=False) as emulator:
        begin(url=emulator.url, output_path=str(tmp_path / "other")).result()
        begin(url=emulator.url, action="GeneralEfficientOCR").result()
        whole, shrunk = emulator.ledger.calls
    assert shrunk.size <= ACTIONS["GeneralEfficientOCR"].mainland.max_base64 + 100 < whole.size
    (page,) = out.pages
    assert (page["prepared"], page["width"], page["height"]) == ("re-encoded as JPEG 85", 2600, 2400)
