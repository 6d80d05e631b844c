"""Asks a running emulator by Tencent's own SDK, whichever this environment has: each case, and what the SDK made of it.

It runs in environments that have the SDK and nothing of ours, so it imports nothing of the provider. What the SDK has
signed is spoiled after signing, where a case says so; the clock is set off before.

    python ask_sdk.py < question.json > answers.json

The question: ``{"host": "127.0.0.1:PORT", "secret_id": ..., "secret_key": ..., "token": ..., "cases": [...]}``.
"""

import json
import re
import sys
import time
import types
import urllib.request

WORKING = {"ImageUrl": "https://example.com/page.png"}
LONG = "A" * 10_000_004


def case(name, code, /, **given):
    """One case: what it is called, the code that is due ("" for an answer), and what is done.

    ``parameters`` of the action; ``keys`` other than the right ones; ``clock``, seconds that the client's is ahead;
    ``service`` and ``version`` of the client; ``action``; ``spoil``, pairs of pattern and replacement for ``body`` or a
    header, after signing; ``fault``, what the emulator is told to do to the call.
    """
    return {"name": name, "code": code, "parameters": WORKING, **given}


ACCEPTED = [
    case("a URL", ""),
    case("every option", "", parameters=WORKING | {"EnableDetectText": True, "EnableDetectSplit": True}),
    case("the other engine", "", parameters=WORKING | {"ConfigID": "MulOCR"}),
    case("a page of a PDF", "", parameters=WORKING | {"IsPdf": True, "PdfPageNumber": 2}),
    case("a clock 4 minutes slow", "", clock=-240),
    case("a clock 4 minutes fast", "", clock=240),
]
REFUSED = [
    case("another SecretId", "AuthFailure.SecretIdNotFound", keys={"secret_id": "AKIDsomeoneelse"}),
    case("a wrong SecretKey", "AuthFailure.SignatureFailure", keys={"secret_key": "another"}),
    case("a token nobody gave", "AuthFailure.TokenFailure", keys={"token": "stolen"}),
    case("an old timestamp", "AuthFailure.SignatureExpire", clock=-600),
    case("a timestamp to come", "AuthFailure.SignatureExpire", clock=600),
    case(
        "a timestamp changed after signing",
        "AuthFailure.SignatureFailure",
        spoil={"X-TC-Timestamp": ["^.*$", "{a minute ago}"]},
    ),
    case("a body changed after signing", "AuthFailure.SignatureFailure", spoil={"body": ["page", "pane"]}),
    case("a body cut after signing", "AuthFailure.SignatureFailure", spoil={"body": [".$", ""]}),
    case("a Host changed after signing", "AuthFailure.SignatureFailure", spoil={"Host": ["^.*$", "ocr.example.com"]}),
    case(
        "a Content-Type changed after signing",
        "AuthFailure.SignatureFailure",
        spoil={"Content-Type": ["$", "; charset=utf-8"]},
    ),
    case("the scope of another service", "AuthFailure.InvalidAuthorization", service="cvm"),
    case(
        "the scope of another day",
        "AuthFailure.InvalidAuthorization",
        spoil={"Authorization": [r"/\d{4}-\d\d-\d\d/", "/2020-01-01/"]},
    ),
    case(
        "a scope with another end",
        "AuthFailure.InvalidAuthorization",
        spoil={"Authorization": ["tc3_request", "aws4_request"]},
    ),
    case(
        "signed headers without the host",
        "AuthFailure.InvalidAuthorization",
        spoil={"Authorization": ["content-type;host", "content-type"]},
    ),
    case("another algorithm", "AuthFailure.InvalidAuthorization", spoil={"Authorization": ["^TC3-HMAC-SHA256", "MD5"]}),
    case("no Authorization", "AuthFailure.InvalidAuthorization", spoil={"Authorization": ["^.*$", ""]}),
    case("an action that is not there", "InvalidAction", action="GeneralWonderfulOCR"),
    case("a version that is not there", "NoSuchVersion", version="2017-03-12"),
    case("no image", "MissingParameter", parameters={}),
    case("an empty image", "FailedOperation.EmptyImageError", parameters={"ImageBase64": ""}),
    case("what is not base64", "FailedOperation.ImageDecodeFailed", parameters={"ImageBase64": "@@@@"}),
    case("an image above 10M", "LimitExceeded.TooLargeFileError", parameters={"ImageBase64": LONG}),
    case("an option that is not there", "UnknownParameter", parameters=WORKING | {"LanguageType": "zh"}),
    case("an engine that is not there", "InvalidParameterValue", parameters=WORKING | {"ConfigID": "BestOCR"}),
    case("an option of the wrong type", "InvalidParameter", parameters=WORKING | {"IsPdf": "yes"}),
    case(
        "a page before the first",
        "InvalidParameterValue.InvalidParameterValueLimit",
        parameters=WORKING | {"IsPdf": True, "PdfPageNumber": 0},
    ),
    case("one call too many", "RequestLimitExceeded", fault={"code": "RequestLimitExceeded"}),
    case("a page without text", "FailedOperation.ImageNoText", fault={"code": "FailedOperation.ImageNoText"}),
    case("an account in arrears", "ResourceUnavailable.InArrears", fault={"code": "ResourceUnavailable.InArrears"}),
    case("a fault of the service", "InternalError", fault={"code": "InternalError"}),
]
CASES = ACCEPTED + REFUSED


class Asker:
    """One emulator, asked by the SDK."""

    def __init__(self, question):
        from tencentcloud.common import abstract_client
        from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
        from tencentcloud.ocr.v20181119 import errorcodes

        self.question = question
        self.library = abstract_client
        self.refusal = TencentCloudSDKException
        self.known = {value for name, value in vars(errorcodes).items() if name.isupper()}

    def client(self, asked):
        from tencentcloud.common.credential import Credential
        from tencentcloud.common.profile.client_profile import ClientProfile
        from tencentcloud.common.profile.http_profile import HttpProfile
        from tencentcloud.ocr.v20181119.ocr_client import OcrClient

        keys = {name: self.question.get(name) for name in ("secret_id", "secret_key", "token")} | asked.get("keys", {})
        profile = ClientProfile(
            httpProfile=HttpProfile(endpoint=self.question["host"], protocol="http", reqTimeout=120), language="en-US"
        )
        client = OcrClient(Credential(*keys.values()), "ap-guangzhou", profile)
        client._service = asked.get("service", client._service)
        client._apiVersion = asked.get("version", client._apiVersion)
        send = client.request.send_request

        def spoiled(request):
            for name, (pattern, new) in asked.get("spoil", {}).items():
                new = new.replace("{a minute ago}", str(int(time.time()) - 60))
                if name == "body":
                    request.data = re.sub(pattern, new, request.data)
                else:
                    request.header[name] = re.sub(pattern, new, request.header[name], count=1)
            return send(request)

        client.request.send_request = spoiled
        return client

    def ask(self, asked):
        """What the SDK made of one case: ``code`` ("" for an answer), ``request_id``, ``typed``, and the text read."""
        if "fault" in asked:
            fault = json.dumps(asked["fault"] | {"times": 1}).encode()
            urllib.request.urlopen(f"http://{self.question['host']}/_emulator/faults", fault, timeout=10).close()
        ahead = asked.get("clock", 0)
        self.library.time = types.SimpleNamespace(time=lambda: time.time() + ahead, sleep=time.sleep)
        try:
            return self.answer(self.call(asked))
        except self.refusal as refused:
            return {
                "code": refused.get_code(),
                "request_id": refused.get_request_id(),
                "typed": refused.get_code() in self.known or "." not in refused.get_code() or is_common(refused),
                "text": refused.get_message(),
            }

    def call(self, asked):
        """By the action's typed method where the model has all the parameters, else as JSON."""
        from tencentcloud.ocr.v20181119.models import GeneralAccurateOCRRequest, GeneralAccurateOCRResponse

        client, request = self.client(asked), GeneralAccurateOCRRequest()
        if "action" in asked or not all(hasattr(request, name) for name in asked["parameters"]):
            answer = client.call_json(asked.get("action", "GeneralAccurateOCR"), asked["parameters"])
            response = GeneralAccurateOCRResponse()
            response._deserialize(answer["Response"])
            return response
        for name, value in asked["parameters"].items():
            setattr(request, name, value)
        return client.GeneralAccurateOCR(request)

    @staticmethod
    def answer(response):
        """Whether every part of an answer became an object of the SDK's, with the text."""
        detections = response.TextDetections
        typed = isinstance(response.Angle, float) and all(
            isinstance(found.Confidence, int)
            and [(type(point.X), type(point.Y)) for point in found.Polygon] == [(int, int)] * 4
            and {type(getattr(found.ItemPolygon, side)) for side in ("X", "Y", "Width", "Height")} == {int}
            and json.loads(found.AdvancedInfo)["Parag"]["ParagNo"] >= 1
            for found in detections
        )
        return {
            "code": "",
            "request_id": response.RequestId,
            "typed": bool(detections) and typed,
            "text": " ".join(found.DetectedText for found in detections),
            "angle": response.Angle,
        }


def is_common(refused):
    """The platform's own codes, which no action's list repeats."""
    return refused.get_code().split(".")[0] in ("AuthFailure", "InvalidParameterValue", "ResourceUnavailable")


def main():
    """Ask every case of the question and print what came."""
    question = json.load(sys.stdin)
    asker = Asker(question)
    json.dump([asker.ask(asked) for asked in question["cases"]], sys.stdout)


if __name__ == "__main__":
    main()
