"""Signed URLs and forms of the object store, which anyone may use until they expire."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import uuid
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode

from mirelo_ergo.emulator.clock import iso
from mirelo_ergo.emulator.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mirelo_ergo.emulator.clock import Clock


SIGNATURE = "x-amz-signature"
TOKEN_CONTENT = 17  # bytes: a job's id and an index
TOKEN_MARK = 7  # with them 24 bytes, which are 32 letters without padding


class Signer:
    """Signs paths with the emulator's secret, and checks the signatures."""

    def __init__(self, secret: bytes, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock
        self._expired: set[str] = set()

    def expire(self, method: str, path: str, query: str) -> None:
        """Let the URL with this query string expire now, if it is one of ours."""
        sent = parse_qs(query)
        signature = self._signature(method, path, sent.get("expires", [""])[0])
        if sent.get("signature") == [signature]:
            self._expired.add(signature)

    def query(self, method: str, path: str, seconds: float) -> str:
        """Return the signed query for one method on `path`, valid for this many seconds."""
        expires = int(self._clock.now() + seconds)
        while (signature := self._signature(method, path, str(expires))) in self._expired:
            expires += 1  # a new URL within the second of one that was made to expire
        return urlencode({"expires": expires, "signature": signature})

    def check(self, method: str, path: str, query: Mapping[str, str], authorization: str | None) -> None:
        """Raise an object store's refusal unless the query is valid now for this method and path."""
        self._check_authorization(authorization)
        expires = query.get("expires", "")
        signature = self._signature(method, path, expires)
        if not hmac.compare_digest(signature, query.get("signature", "").encode("ascii", "replace").decode()):
            raise Refusal("SignatureDoesNotMatch", 403, "The signature does not match the request.")
        if signature in self._expired or self._clock.now() >= int(expires):
            raise Refusal("AccessDenied", 403, "Request has expired.")

    def policy(self, conditions: Mapping[str, str], seconds: float, max_bytes: int) -> tuple[float, dict[str, str]]:
        """Return a form's expiry and fields: its conditions, and the signed policy."""
        expires_at = self._clock.now() + seconds
        document = {
            "expiration": iso(expires_at),
            "conditions": [{name: value} for name, value in conditions.items()]
            + [["content-length-range", 0, max_bytes]],
            "nonce": len(self._expired),  # so that a new form is not like one that was made to expire
        }
        policy = base64.b64encode(json.dumps(document).encode()).decode()
        return expires_at, {**conditions, "policy": policy, SIGNATURE: self._mark_policy(policy)}

    def expire_policy(self, fields: Mapping[str, str]) -> None:
        """Let the policy of a form expire now, if it is one of ours."""
        if fields.get(SIGNATURE) == self._mark_policy(fields.get("policy", "")):
            self._expired.add(fields[SIGNATURE])

    def check_policy(self, fields: Mapping[str, str], authorization: str | None) -> int:
        """Return the size limit of a form's file; raise a store's refusal for an invalid form."""
        self._check_authorization(authorization)
        policy, signature = fields.get("policy", ""), fields.get(SIGNATURE, "")
        if not policy:
            raise Refusal("AccessDenied", 403, "Access Denied: the form has no policy before its file.")
        if not hmac.compare_digest(self._mark_policy(policy).encode(), signature.encode()):
            raise Refusal("SignatureDoesNotMatch", 403, "The signature does not match the policy.")
        document = json.loads(base64.b64decode(policy))
        expires_at = datetime.fromisoformat(document["expiration"]).timestamp()
        if signature in self._expired or self._clock.now() >= expires_at:
            raise Refusal("AccessDenied", 403, "Invalid according to Policy: Policy expired.")
        *conditions, (_, _, max_bytes) = document["conditions"]
        allowed = {name: value for condition in conditions for name, value in condition.items()}
        for name, value in allowed.items():
            if fields.get(name) != value:
                failed = json.dumps(["eq", f"${name}", value])
                raise Refusal("AccessDenied", 403, f"Invalid according to Policy: Policy Condition failed: {failed}")
        for name in fields:
            if name not in (*allowed, "policy", SIGNATURE):
                raise Refusal("AccessDenied", 403, f"Invalid according to Policy: Extra input fields: {name}")
        return int(max_bytes)

    def token(self, job_id: str, index: int) -> str:
        """Return an unforgeable token of 32 characters for one result of a job."""
        content = uuid.UUID(job_id).bytes + bytes([index])
        return base64.urlsafe_b64encode(content + self._mark(content)).decode()

    def read_token(self, token: str) -> tuple[str, int] | None:
        """Return the job's id and the result's index of a token, None for an invalid one."""
        try:
            raw = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
        except binascii.Error:
            return None
        content, mark = raw[:TOKEN_CONTENT], raw[TOKEN_CONTENT:]
        if not hmac.compare_digest(mark, self._mark(content)):
            return None
        return str(uuid.UUID(bytes=content[:-1])), content[-1]

    @staticmethod
    def _check_authorization(authorization: str | None) -> None:
        if authorization is not None:
            # Stores refuse a second authentication beside a pre-signed URL: a client must not send its key here.
            raise Refusal("InvalidArgument", 400, "Only one auth mechanism allowed: send no Authorization header here.")

    def _mark_policy(self, policy: str) -> str:
        return hmac.new(self._secret, b"policy\n" + policy.encode(), hashlib.sha256).hexdigest()

    def _mark(self, content: bytes) -> bytes:
        return hmac.digest(self._secret, b"token\n" + content, "sha256")[:TOKEN_MARK]

    def _signature(self, method: str, path: str, expires: str) -> str:
        return hmac.new(self._secret, f"{method}\n{path}\n{expires}".encode(), hashlib.sha256).hexdigest()
