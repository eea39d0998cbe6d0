"""Fetch one file over HTTP: resumed, verified while it streams, in its place only when whole.

`requests` speaks the protocol and `tenacity` does the waiting; what is decided here is which bytes
belong together. The unfinished file stays beside its place, and any later call goes on from it.
"""

import itertools
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import requests
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from dslt import __version__
from dslt.core.errors import DsltError
from dslt.data.downloads.answers import (
    AgainError,
    RefusedError,
    check_no_page,
    check_status,
    is_page,
    network_errors,
    stated_length,
    stated_range,
    validator_of,
)
from dslt.data.downloads.drive import confirmed
from dslt.data.downloads.partial import Origin, PartialFile
from dslt.data.downloads.sums import CountBytes, does_not_open

_CHUNK = 1 << 16  # bytes that a timeout may lose
_HEADERS = {"User-Agent": f"dslt/{__version__}", "Accept-Encoding": "identity"}


class NotServedError(DsltError):
    """No address has the file as it should be; asking again will not help."""


@dataclass(frozen=True)
class Policy:
    """How hard one address is tried.

    Attributes:
        tries: Number of tries in a row that may bring no new byte.
        first_wait: Seconds before the second try; doubled after each.
        longest_wait: Most seconds before a try, also where a server asks for more.
        timeout: Seconds to connect, and between two packets.
        sleep: Function that waits so many seconds.
    """

    tries: int = 6
    first_wait: float = 1.0
    longest_wait: float = 120.0
    timeout: tuple[float, float] = (15.0, 60.0)
    sleep: Callable[[float], None] = time.sleep


def fetch_file(
    urls: Sequence[str],
    target: str | os.PathLike[str],
    *,
    bytes: int | None = None,
    checksum: str | None = None,
    drive: bool = False,
    progress: CountBytes | None = None,
    policy: Policy | None = None,
) -> str:
    """Fetch a file; what an earlier call left of it is gone on with.

    Without a strong entity tag or a date from the server, bytes are only joined where the whole
    length is the same.

    Args:
        urls: Its address and mirrors, tried in this order (after the one that the unfinished file
            came from).
        target: Where it goes; an earlier file there is replaced.
        bytes: Its length in bytes, if known.
        checksum: Its checksum as `sha256:...`, `sha1:...` or `md5:...`, if known.
        drive: Whether the addresses are a cloud drive's, which may answer with a page to confirm.
        progress: Told the bytes that came, those of the unfinished file first; negative where
            bytes had to be dropped.
        policy: Tries, waits and time-outs.

    Returns:
        The file's SHA-256.

    Raises:
        NotServedError: No address has the file, or not the right one.
        DsltError: An address could not be reached, or the file could not be written.
    """
    part = PartialFile(Path(target), checksum, progress or (lambda _: None))
    failures, final = [], True
    for url in part.in_order(urls):
        try:
            _Transfer(url, part, bytes, drive, policy or Policy()).run()
        except RefusedError as error:
            failures.append(f"{url}: {error}")
        except AgainError as error:
            final = False
            failures.append(f"{url}: {error}, and the next tries brought no more")
        else:
            part.finish()
            return part.sums.sha256
    kept = part.sums.length
    words = f"; {kept} bytes of it are kept, and the next run goes on from there" if kept else ""
    raise (NotServedError if final else DsltError)(
        f"{part.target}: could not be fetched. {' | '.join(failures)}{words}"
    )


def remote_size(url: str, policy: Policy | None = None) -> int | None:
    """Ask a server for the length of a file, None where it does not state it.

    Raises:
        AgainError: The server could not be reached.
        RefusedError: It cannot be asked.
    """
    timeout = (policy or Policy()).timeout
    with network_errors(), requests.Session() as session:
        answer = session.head(url, headers=_HEADERS, timeout=timeout, allow_redirects=True)
    if answer.status_code != 200 or is_page(answer):
        return None
    return stated_length(answer)


class _Transfer:
    """A file from one address."""

    def __init__(
        self, url: str, part: PartialFile, length: int | None, drive: bool, policy: Policy
    ) -> None:
        self.url, self.part, self.drive, self.policy = url, part, drive, policy
        self.length = length
        self.whole = False  # the server said that there is no more
        self.best = part.sums.length
        self.barren = 0  # tries in a row without a new byte

    def run(self) -> None:
        """Try until the file is whole and right.

        Raises:
            RefusedError: It is not here.
            AgainError: The last try's failure.
        """
        with requests.Session() as session:
            session.headers.update(_HEADERS)
            for attempt in Retrying(
                retry=retry_if_exception_type(AgainError),
                stop=lambda _: self.barren >= self.policy.tries,
                wait=self._wait,
                sleep=self.policy.sleep,
                reraise=True,
            ):
                with attempt:
                    self._try(session)

    def _wait(self, state: RetryCallState) -> float:
        """Give the seconds before the next try: more after each, and as many as the server asks."""
        error = state.outcome.exception() if state.outcome else None
        asked = error.after if isinstance(error, AgainError) else 0
        own = self.policy.first_wait * 2.0 ** max(0, self.barren - 1) * random.uniform(1, 1.25)
        return min(self.policy.longest_wait, max(own, asked))

    def _try(self, session: requests.Session) -> None:
        try:
            if not self._is_whole():
                with network_errors(), self._answer(session) as answer:
                    self._receive(answer)
            self._verify()
        except AgainError:
            self.barren = 0 if self.part.sums.length > self.best else self.barren + 1
            self.best = max(self.best, self.part.sums.length)
            raise

    def _is_whole(self) -> bool:
        origin = self._own_origin()
        return self.whole or (origin is not None and self.part.sums.length == origin.total)

    def _own_origin(self) -> Origin | None:
        """Give the origin of the unfinished file, if that is this address."""
        origin = self.part.origin
        return origin if origin is not None and origin.url == self.url else None

    def _answer(self, session: requests.Session) -> requests.Response:
        """Ask for what is missing; a cloud drive's page is confirmed."""
        headers = {}
        origin = self._own_origin()
        if origin is not None and self.part.sums.length:
            headers["Range"] = f"bytes={self.part.sums.length}-"
            if origin.validator:
                headers["If-Range"] = origin.validator
        get = partial(session.get, headers=headers, timeout=self.policy.timeout, stream=True)
        answer = get(self.url)
        if self.drive and answer.ok and is_page(answer):
            address, query = confirmed(answer)
            answer = get(address, params=query)
        return answer

    def _receive(self, answer: requests.Response) -> None:
        if answer.status_code == 416:
            self._at_the_end(answer)
            return
        check_status(answer)
        chunks: Iterator[bytes] = answer.raw.stream(_CHUNK, decode_content=False)
        start = next(chunks, b"")
        check_no_page(answer, start, self.part.target)
        if answer.status_code == 206:
            self._check_goes_on(answer)
            self.part.resumed = True
        else:
            self.part.start(self._origin(answer))
        self.part.append(itertools.chain([start], chunks))

    def _origin(self, answer: requests.Response) -> Origin:
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise RefusedError("it is sent compressed, although that was not asked for")
        stated = stated_length(answer)
        if self.length is not None and stated not in (None, self.length):
            raise RefusedError(
                f"it is {stated} bytes long there, expected {self.length}; if the publisher has "
                "changed it, correct `bytes` (and `checksum`) in config/downloads.yaml"
            )
        total = self.length if stated is None else stated
        return Origin(url=self.url, validator=validator_of(answer), total=total)

    def _check_goes_on(self, answer: requests.Response) -> None:
        """Check that the answer is the asked part of the same file, whatever was promised."""
        first, total = stated_range(answer)
        origin = self._own_origin()
        if origin is None:
            raise RefusedError("it sent a part of the file that was not asked for")
        unknown = None in (total, origin.total)
        same_length = bool(origin.validator) if unknown else total == origin.total
        same_version = validator_of(answer) in (None, origin.validator)
        if not (first == self.part.sums.length and same_length and same_version):
            self.part.drop()
            raise AgainError("the file there has changed since a part of it was fetched")

    def _at_the_end(self, answer: requests.Response) -> None:
        if self._own_origin() and stated_range(answer)[1] == self.part.sums.length:
            self.whole = True
            return
        self.part.drop()
        raise AgainError("the file there is shorter than the part that was fetched")

    def _verify(self) -> None:
        """Check length, sum and kind."""
        part = self.part
        assert part.origin is not None
        total = part.origin.total
        if total is not None and part.sums.length < total and not self.whole:
            raise AgainError(f"it broke off after {part.sums.length} of {total} bytes")
        fault, closed = part.sums.fault(self.length), ""
        if not fault:
            fault = closed = does_not_open(part.path, part.target.name)
        if fault and part.resumed:  # perhaps parts of two files
            part.drop()
            self.whole = False
            raise AgainError(f"{fault} (after it was resumed)")
        if closed:
            part.drop()
            raise RefusedError(f"what came {closed}")
        if fault:
            raise RefusedError(
                f"{fault}; what came was kept as {part.set_aside()}; if that is the right file "
                "after all, correct `bytes` and `checksum` in config/downloads.yaml"
            )
