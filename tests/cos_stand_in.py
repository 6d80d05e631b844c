"""A bucket of Tencent's object storage: verifies each q-sign signature by its own reading of the specification.

It serves a single bucket, whatever the host's name; a signature must cover the host and every parameter.
"""

import hashlib
import hmac
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote
from xml.sax.saxutils import escape


class CosStandIn:
    """The bucket, while the ``with`` lasts.

    :param token: the STS token that must be signed and sent, None for permanent keys
    :param page: objects that one answer lists at most
    """

    def __init__(self, *, secret_id="AKIDcosStandIn", secret_key="cosStandInKey", token=None, page=1000):
        self.secret_id, self.secret_key, self.token, self.page = secret_id, secret_key, token, page
        self.objects = {}
        self.answers = {}
        """For a path and nothing else: (status, body), (None, seconds to wait first)."""
        self.asked = []
        """What was asked for: (the key, the parameters without the signature, the refusal)."""
        self.targets = []
        """Every path and query, as they came."""

    def __enter__(self):
        handler = type("Handler", (_Handler,), {"bucket": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *raised):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def etag(self, key):
        return hashlib.md5(self.objects[key]).hexdigest()

    @property
    def listings(self):
        return [parameters for key, parameters, refusal in self.asked if key == ""]

    @property
    def gets(self):
        return [key for key, parameters, refusal in self.asked if key]

    @property
    def refusals(self):
        return [refusal for key, parameters, refusal in self.asked if refusal]

    def refusal(self, path, given, host):
        """Why a request is not carried out; None where its signature is good."""
        sign = {name: given.get(f"q-{name}", "") for name in ("sign-algorithm", "ak", "sign-time", "key-time")}
        if sign["sign-algorithm"] != "sha1" or sign["ak"] != self.secret_id:
            return "InvalidAccessKeyId"
        begins, _, ends = sign["sign-time"].partition(";")
        if not int(begins) <= time.time() <= int(ends):
            return "RequestTimeTooSkewed"
        if given.get("x-cos-security-token") != self.token:
            return "InvalidSecurityToken"
        covered = sorted(name for name in given if not name.startswith("q-"))
        if given.get("q-url-param-list") != ";".join(covered) or given.get("q-header-list") != "host":
            return "AccessDenied"
        parameters = "&".join(f"{quote(name, safe='')}={quote(given[name], safe='')}" for name in covered)
        http = "\n".join(["get", unquote(path), parameters, f"host={quote(host, safe='')}", ""])
        text = "\n".join(["sha1", sign["sign-time"], hashlib.sha1(http.encode()).hexdigest(), ""])
        key = hmac.new(self.secret_key.encode(), sign["key-time"].encode(), "sha1").hexdigest()
        good = hmac.new(key.encode(), text.encode(), "sha1").hexdigest()
        return None if hmac.compare_digest(good, given.get("q-signature", "")) else "SignatureDoesNotMatch"

    def listing(self, given):
        prefix, marker = given.get("prefix", ""), given.get("marker", "")
        keys = sorted((key for key in self.objects if key.startswith(prefix) and key > marker), key=str.encode)
        size = min(self.page, int(given.get("max-keys", "1000")))
        shown, more = keys[:size], len(keys) > size
        assert given["encoding-type"] == "url"
        contents = "".join(
            f'<Contents><Key>{escape(quote(key))}</Key><ETag>"{self.etag(key)}"</ETag>'
            f"<Size>{len(self.objects[key])}</Size></Contents>"
            for key in shown
        )
        following = f"<NextMarker>{quote(shown[-1])}</NextMarker>" if more else ""
        return (
            "<?xml version='1.0' encoding='utf-8' ?><ListBucketResult><EncodingType>url</EncodingType>"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{following}{contents}</ListBucketResult>"
        ).encode()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        path, _, query = self.path.partition("?")
        given = dict(parse_qsl(query, keep_blank_values=True))
        key = unquote(path)[1:]
        refusal = self.bucket.refusal(path, given, self.headers["Host"])
        status, body = 403, b"<Error><Code>%s</Code></Error>" % (refusal or "").encode()
        if refusal is None:
            status, body = self.answer(key, given)
            if status != 200:
                refusal = body.partition(b"<Code>")[2].partition(b"<")[0].decode()
        rest = {name: value for name, value in given.items() if not name.startswith(("q-", "x-cos-"))}
        self.bucket.asked.append((key, rest, refusal))
        self.bucket.targets.append(self.path)
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def answer(self, key, given):
        status, told = self.bucket.answers.get(key, (200, None))
        if status is None:
            time.sleep(told)
        elif told is not None:
            return status, told
        if not key:
            return 200, self.bucket.listing(given)
        if key not in self.bucket.objects:
            return 404, b"<Error><Code>NoSuchKey</Code></Error>"
        return 200, self.bucket.objects[key]

    def log_message(self, *arguments):
        pass
