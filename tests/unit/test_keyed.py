"""Paid requests under an idempotency key, over a virtual clock: sent again as the same bytes, and charged once."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs
import httpx
import pytest

from mirelo_ergo import (
    DownloadError,
    InvalidRequestError,
    MireloClient,
    NetworkError,
    RateLimitError,
    SourceChangedError,
    SubmitOutcomeUnknown,
)
from mirelo_ergo._runtime.api.execute import Operation, execute
from mirelo_ergo._runtime.api.idempotency import IdempotencyKey, KeyRules
from mirelo_ergo._runtime.api.requests import fingerprint, request_from
from mirelo_ergo._runtime.api.retry import Kind
from mirelo_ergo._runtime.io.protocol import Request, SourceFailed, TransportFailure, run
from mirelo_ergo._runtime.jobs.values import Accepted
from mirelo_ergo._runtime.transfer.sources import BytesSource
from mirelo_ergo.mirelo.job_values import read_accepted
from tests.support import answers
from tests.support.answers import page, problem, refused, reply, reset
from tests.support.virtual import WALL, Late, VirtualIO, async_client_over, body_of, client_over, runtime_over

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mirelo_ergo._runtime.api.operation import Runtime
    from mirelo_ergo._runtime.io.deadline import TimeLimit
    from mirelo_ergo._runtime.io.protocol import Reader, Reply, Source
    from mirelo_ergo._runtime.io.sent import SentTracker

REQUEST = Request("POST", "/v1/jobs", b'{"prompt":"rain"}', submit=True)
KEY = IdempotencyKey("key-1", WALL, 24 * 3600.0)


def submit(io: VirtualIO, request: Request = REQUEST, key: IdempotencyKey = KEY, **options: Any) -> Accepted:
    return run(execute(service(io, **options), operation(request, key)))


def operation(request: Request = REQUEST, key: IdempotencyKey = KEY) -> Operation[Accepted]:
    return Operation(
        "createJob",
        Kind.KEYED,
        request,
        read_accepted,
        60.0,
        key=key,
        from_job_id=lambda job_id: Accepted(job_id, None),
    )


def service(io: VirtualIO, **options: Any) -> Runtime:
    """Make the runtime of a service that has codes for what is not ready and for what it does not know."""
    runtime = runtime_over(io, **options)
    not_ready, outcome_unknown = frozenset({"asset_not_ready"}), frozenset({"OUTCOME_UNKNOWN"})
    runtime.api = attrs.evolve(runtime.api, not_ready=not_ready, outcome_unknown=outcome_unknown)
    runtime.policy = attrs.evolve(runtime.policy, not_ready=not_ready, outcome_unknown=outcome_unknown)
    return runtime


def failed(io: VirtualIO, **options: Any) -> SubmitOutcomeUnknown:
    with pytest.raises(SubmitOutcomeUnknown) as caught:
        submit(io, **options)
    return caught.value


def keys(io: VirtualIO) -> list[str]:
    return [dict(call.request.headers).get("Idempotency-Key", "") for call in io.calls]


LOST: list[Callable[[], Any]] = [
    reset,
    lambda: TransportFailure("timeout", "yes", "ReadTimeout"),
    lambda: TransportFailure("garbled", "yes", "RemoteProtocolError"),
    lambda: page(502),
    lambda: page(408),
    lambda: problem(500, "server_error"),
    lambda: page(200),
    lambda: reply(202, {"job_url": "/x"}),
]


# --- the key ---------------------------------------------------------------------------------------------------------


def test_a_key_is_random_or_given() -> None:
    minted = {KeyRules().key(None, 5.0).value for _ in range(50)}
    assert len(minted) == 50
    assert {UUID(value).version for value in minted} == {4}
    assert KeyRules().key("my-key", 5.0) == IdempotencyKey("my-key", 5.0, 86_400.0)


@pytest.mark.parametrize("given", ["", "a b", "ä", "a\n", "k" * 256, 7, b"k", UUID(int=1)])
def test_a_key_that_no_header_carries_is_refused(given: Any) -> None:
    io = VirtualIO()
    with pytest.raises(InvalidRequestError, match=r"idempotency_key=.*nothing was sent") as caught:
        client_over(io).text_to_sfx("rain").sync_i_accept_http_timeout_risk(given)
    assert caught.value.field == "idempotency_key"
    assert io.calls == []


def test_a_service_has_its_own_format() -> None:
    rules = KeyRules(pattern=re.compile(r"[a-z]{1,3}"))
    assert rules.key("abc", 0.0).value == "abc"
    with pytest.raises(InvalidRequestError):
        rules.key("abcd", 0.0)


def test_an_operation_has_a_key_exactly_when_it_is_keyed() -> None:
    for kind in Kind:
        if kind is not Kind.KEYED:
            with pytest.raises(ValueError, match="do not go together"):
                Operation("x", kind, REQUEST, read_accepted, 60.0, key=KEY)
    with pytest.raises(ValueError, match="do not go together"):
        Operation("x", Kind.KEYED, REQUEST, read_accepted, 60.0)


def test_a_request_has_one_key() -> None:
    io = VirtualIO()
    request = attrs.evolve(REQUEST, headers=(("idempotency-key", "other"),))
    with pytest.raises(InvalidRequestError, match="two of Idempotency-Key"):
        submit(io, request)


# --- sent again ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", LOST)
def test_a_lost_answer_is_asked_for_again_under_the_same_key(trouble: Callable[[], Any]) -> None:
    io = VirtualIO([trouble() for _ in range(5)] + [answers.accepted()])
    assert submit(io).job_id == answers.JOB_ID
    assert keys(io) == ["key-1"] * 6
    assert {body_of(call.request) for call in io.calls} == {REQUEST.body}


@pytest.mark.parametrize("trouble", LOST)
def test_at_the_end_of_the_attempts_it_is_unknown_and_has_the_key(trouble: Callable[[], Any]) -> None:
    error = failed(VirtualIO([trouble() for _ in range(6)]))
    assert error.idempotency_key == "key-1"
    assert error.request == REQUEST
    assert error.request_fingerprint == fingerprint(REQUEST)
    assert "idempotency_key='key-1'" in error.message
    assert "may charge twice" in error.message
    assert not error.retryable


@pytest.mark.parametrize("refusal", [refused(), problem(401, "unauthorized"), page(400), problem(429, "rate_limited")])
def test_a_later_refusal_does_not_undo_an_earlier_doubt(refusal: Any) -> None:
    error = failed(VirtualIO([reset(), *[refusal] * 5]))
    assert (error.sent, error.accepted) == ("yes", None)
    assert "an earlier attempt got no usable response" in error.evidence
    assert error.__cause__ is not None
    assert str(error.__cause__) in error.evidence


def test_an_earlier_yes_is_kept() -> None:
    assert failed(VirtualIO([page(202), *[reset()] * 5])).accepted is True
    assert failed(VirtualIO([page(202), *[refused()] * 5])).accepted is True


def test_a_refusal_without_a_doubt_is_definite() -> None:
    with pytest.raises(NetworkError) as caught:
        submit(VirtualIO([refused()] * 6))
    assert caught.value.sent == "no"
    with pytest.raises(RateLimitError):
        submit(VirtualIO([problem(429, "rate_limited", retry_after="3600")]))
    with pytest.raises(InvalidRequestError):
        submit(VirtualIO([problem(422, "odd")]))


def test_a_deadline_without_an_answer_is_unknown() -> None:
    error = failed(VirtualIO([reset(), Late(100.0, answers.accepted())]))
    assert (error.code, error.http_status, error.idempotency_key) == ("timeout", 408, "key-1")


def test_ctrl_c_while_it_pauses_after_a_lost_answer_says_what_it_leaves_behind() -> None:
    stop = KeyboardInterrupt()

    class Stopping(VirtualIO):
        async def sleep(self, seconds: float) -> None:
            raise stop

    with pytest.raises(KeyboardInterrupt):
        submit(Stopping([reset()]))
    assert isinstance(stop.__cause__, SubmitOutcomeUnknown)
    assert stop.__cause__.idempotency_key == "key-1"
    assert any("key-1" in note for note in stop.__notes__)


def test_a_key_is_not_sent_when_the_service_may_have_forgotten_it() -> None:
    io = VirtualIO()
    with pytest.raises(InvalidRequestError, match="over 24 h old"):
        submit(io, key=attrs.evolve(KEY, made_at=WALL - 86_400.0))
    assert io.calls == []
    for left, calls in ((30.0, 1), (31.0, 2)):
        io = VirtualIO(lambda _: Late(29.9, page(502)), chance=lambda: 0.9)
        with pytest.raises(SubmitOutcomeUnknown):
            submit(io, key=attrs.evolve(KEY, made_at=WALL - 86_400.0 + left))
        assert len(io.calls) == calls


@pytest.mark.parametrize("trouble", [lambda: page(502), lambda: TransportFailure("connect", "no", "ConnectError")])
def test_a_key_is_not_sent_after_a_night_in_which_the_machine_slept(trouble: Callable[[], Any]) -> None:
    """The monotonic clock stands still then, and a job under a key that was forgotten would be paid again."""

    def fall_asleep(_: Request) -> Any:
        io.wall_jump = 86_400.0
        return trouble()

    io = VirtualIO(fall_asleep)
    with pytest.raises((SubmitOutcomeUnknown, InvalidRequestError)) as caught:
        submit(io)
    assert len(io.calls) == 1
    taken = isinstance(caught.value, SubmitOutcomeUnknown)
    assert taken == isinstance(trouble(), type(page(502)))
    assert ("check the account" if taken else "nothing was sent") in str(caught.value)
    assert "Send it again" not in str(caught.value)


# --- not yet ---------------------------------------------------------------------------------------------------------


def test_a_conflict_is_waited_for() -> None:
    io = VirtualIO([page(409), problem(409, "in_flight", retry_after="3"), answers.accepted()])
    assert submit(io).job_id == answers.JOB_ID
    assert io.sleeps[1] >= 3.0


@pytest.mark.parametrize("first", [[], [reset()]])
def test_a_conflict_that_stays_ends_after_a_minute_and_names_both_reasons(first: list[Any]) -> None:
    io = VirtualIO(_after(first, lambda: page(409)), chance=lambda: 0.5)
    runtime = service(io)
    with pytest.raises(SubmitOutcomeUnknown) as caught:
        run(execute(runtime, attrs.evolve(operation(), timeout=600.0)))
    error = caught.value
    assert 50.0 < io.clock - 1000.0 <= 62.0
    assert len(io.calls) > 6
    assert (error.code, error.http_status, error.idempotency_key) == ("conflict", 409, "key-1")
    assert "an earlier attempt is still in flight, or the key was used for a different request" in error.evidence


def test_a_conflict_is_not_waited_for_beyond_the_deadline() -> None:
    io = VirtualIO(lambda _: page(409), chance=lambda: 0.5)
    with pytest.raises(SubmitOutcomeUnknown):
        run(execute(service(io), attrs.evolve(operation(), timeout=10.0)))
    assert io.clock - 1000.0 <= 10.0


def test_retries_caps_the_waits_too() -> None:
    io = VirtualIO(lambda _: page(409))
    failed(io, retries=2)
    assert len(io.calls) == 3


def test_an_asset_that_is_not_ready_is_waited_for_under_the_same_key() -> None:
    io = VirtualIO([problem(422, "asset_not_ready")] * 7 + [answers.accepted()], chance=lambda: 0.5)
    assert submit(io).job_id == answers.JOB_ID
    assert keys(io) == ["key-1"] * 8
    io = VirtualIO(lambda _: problem(422, "asset_not_ready"), chance=lambda: 0.5)
    with pytest.raises(InvalidRequestError):
        submit(io)
    assert io.clock - 1000.0 <= 61.0


def _after(first: list[Any], rest: Callable[[], Any]) -> Callable[[Request], Any]:
    left = list(first)
    return lambda _: left.pop(0) if left else rest()


# --- what the service itself does not know ---------------------------------------------------------------------------


@pytest.mark.parametrize("first", [[], [reset()]])
def test_an_unknown_outcome_that_names_the_job_is_that_job(first: list[Any]) -> None:
    body = {"error": {"code": "OUTCOME_UNKNOWN", "message": "look"}, "job_id": "job-7"}
    io = VirtualIO([*first, reply(409, body)])
    assert submit(io) == Accepted("job-7", None)
    assert set(keys(io)) == {"key-1"}


@pytest.mark.parametrize("job_id", [None, "", "../..", 7])
def test_an_unknown_outcome_without_a_job_is_unknown(job_id: Any) -> None:
    body = {"error": {"code": "OUTCOME_UNKNOWN", "message": "look"}, "job_id": job_id}
    io = VirtualIO([reply(409, body)])
    error = failed(io)
    assert (error.code, error.http_status, error.job_id) == ("OUTCOME_UNKNOWN", 409, None)
    assert len(io.calls) == 1  # waiting does not help, and a fresh key would pay twice


# --- forms -----------------------------------------------------------------------------------------------------------


class Changing:
    """A source that may become another one."""

    size, replayable = 7, True
    changed = False

    def open(self) -> Reader:
        return BytesSource(b"picture").open()

    def verify(self) -> None:
        if self.changed:
            raise SourceFailed("the clip changed since it was chosen", changed=True)


def form(source: Source) -> Request:
    files = {"model": (None, "m-1", "text/plain"), "video": ("v.mp4", source, "video/mp4")}
    return request_from({"method": "post", "url": "/v1/jobs", "files": files}, submit=True)


def test_every_part_of_a_form_is_sent_again() -> None:
    io = VirtualIO([reset(), page(502), answers.accepted()])
    submit(io, form(BytesSource(b"picture")))
    assert len({body_of(call.request) for call in io.calls}) == 1
    assert len({call.request.content_type for call in io.calls}) == 1


@pytest.mark.parametrize(
    ("first", "cls"),
    [(TransportFailure("network", "partial", "WriteError"), SourceChangedError), (reset(), SubmitOutcomeUnknown)],
)
def test_a_form_that_changed_is_not_sent_again(first: TransportFailure, cls: type[Exception]) -> None:
    source = Changing()

    class Reading(VirtualIO):
        async def request(self, request: Request, limit: TimeLimit, sent: SentTracker) -> Reply:
            body_of(request)
            source.changed = True
            return await super().request(request, limit, sent)

    io = Reading([first])
    with pytest.raises(cls) as caught:
        submit(io, form(source))
    assert len(io.calls) == 1
    found = caught.value if cls is SourceChangedError else caught.value.__cause__
    assert isinstance(found, SourceChangedError)
    assert "the clip changed" in found.message


# --- the call that has it --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_sync_call_is_charged_once(colour: str) -> None:
    def generate(io: VirtualIO, *key: str) -> Any:
        if colour == "sync":
            return client_over(io).text_to_sfx("rain").sync_i_accept_http_timeout_risk(*key)
        return run(async_client_over(io).text_to_sfx("rain").sync_i_accept_http_timeout_risk(*key))

    io = VirtualIO([reset(), page(502), answers.result()])
    assert len(generate(io).result_urls) == 1
    first, *rest = keys(io)
    assert UUID(first).version == 4
    assert rest == [first, first]
    assert {call.request.long for call in io.calls} == {True}

    other = VirtualIO([answers.result()])
    generate(other)
    assert keys(other) != [first]

    given = VirtualIO([reset(), answers.result()])
    generate(given, "mine-1")
    assert keys(given) == ["mine-1", "mine-1"]

    with pytest.raises(SubmitOutcomeUnknown) as caught:
        generate(VirtualIO([reset()] * 6), "mine-2")
    assert caught.value.idempotency_key == "mine-2"


def test_an_extra_header_cannot_give_every_submit_the_same_key() -> None:
    with pytest.raises(Exception, match="idempotency-key is set by the client itself"):
        client_over(VirtualIO(), extra_headers={"idempotency-key": "always"})


def test_a_paid_result_at_a_url_of_no_text_is_an_error_of_its_download(tmp_path: Path) -> None:
    """JSON may hold half a surrogate pair, which UTF-8 cannot: the other results are saved all the same."""
    urls = ["https://results.test/\ud800.wav"]
    answer = httpx.MockTransport(lambda _: httpx.Response(200, content=json.dumps({"result_urls": urls})))
    with MireloClient("sk-x", transport=answer) as client:
        result = client.text_to_sfx("rain").sync_i_accept_http_timeout_risk()
        with pytest.raises(DownloadError, match="is refused"):
            result.download(tmp_path)
