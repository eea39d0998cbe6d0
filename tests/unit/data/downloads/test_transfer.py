"""One file over a bad network: it arrives byte for byte, or what came is kept and the error says
so."""

import contextlib
import hashlib
import json
import random
import threading

import pytest

from dslt.core.errors import DsltError
from dslt.data.downloads.answers import AgainError
from dslt.data.downloads.transfer import (
    NotServedError,
    Policy,
    fetch_file,
    remote_size,
)
from http_server import LOGIN, QUOTA, Fault, Server

END = b"PK\5\6" + bytes(18)  # what stands before the list of a zip archive does not count
DATA = random.Random(0).randbytes(300_000 - len(END)) + END
OTHER = random.Random(1).randbytes(300_000 - len(END)) + END
SHA256 = hashlib.sha256(DATA).hexdigest()
PATH = "/files/a.zip"


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def waits():
    return []


@pytest.fixture
def policy(waits):
    return Policy(tries=3, timeout=(5, 0.3), sleep=waits.append)


@pytest.fixture
def target(tmp_path):
    return tmp_path / "downloads" / "a.zip"


def part(target):
    return target.with_name("a.zip.part")


def left(target):
    return sorted(path.name for path in target.parent.iterdir()) if target.parent.exists() else []


def test_a_file_arrives(server, target, policy, waits):
    counted = []
    url = server.put(PATH, DATA)
    assert fetch_file([url], target, progress=counted.append, policy=policy) == SHA256
    assert target.read_bytes() == DATA
    assert left(target) == ["a.zip"]
    assert sum(counted) == len(DATA)
    assert server.asked == [("GET", PATH, None)]
    assert waits == []


PASSING = {
    "cut once": [Fault(cut=100_000, times=1)],
    "cut at once": [Fault(cut=0, times=1)],
    "cut again and again": [Fault(cut=40_000)],
    "cut, then no ranges": [Fault(cut=100_000, times=1), Fault(no_ranges=True)],
    "cut, range begins elsewhere": [Fault(cut=9, times=1), Fault(wrong_range=True, times=1)],
    "cut, weak tag": [Fault(cut=100_000, times=1, tag="weak"), Fault(tag="weak")],
    "cut, no tag": [Fault(cut=100_000, times=1, tag="none"), Fault(tag="none")],
    "cut in chunks": [Fault(cut=90_000, times=1, chunked=True), Fault(chunked=True)],
    "stalled": [Fault(stall=120_000, seconds=1.0, times=1)],
    "busy": [Fault(status=503, headers={"Retry-After": "7"}, times=2)],
    "too many": [Fault(status=429, times=1)],
    "broken": [Fault(status=500, times=1), Fault(cut=100_000, times=1), Fault(status=502, times=1)],
    "no length": [Fault(no_length=True)],
    "length too long": [Fault(longer=500, times=1)],
    "slow": [Fault(pause=0.001)],
    "page while busy": [Fault(status=503, kind="text/html", content=LOGIN, times=1)],
}


@pytest.mark.parametrize("name", PASSING)
def test_what_passes(name, server, target, policy):
    url = server.put(PATH, DATA, *PASSING[name])
    assert fetch_file([url], target, policy=policy) == SHA256
    assert target.read_bytes() == DATA
    assert left(target) == ["a.zip"]


def test_any_mixture_of_faults(server, tmp_path, policy):
    """Byte for byte, or an error that leaves a beginning of the file."""
    dice = random.Random(5)
    kinds = [fault for faults in PASSING.values() for fault in faults if not fault.seconds]
    kinds += [Fault(status=404, times=1), Fault(content=OTHER, times=1, cut=150_000)]
    arrived = 0
    for number in range(60):
        faults = [dice.choice(kinds) for _ in range(dice.randrange(1, 6))]
        url = server.put(PATH, DATA, *faults)
        target = tmp_path / str(number) / "a.zip"
        for _ in range(2):
            with contextlib.suppress(DsltError):
                assert fetch_file([url], target, policy=policy) == SHA256
                assert target.read_bytes() == DATA
                assert left(target) == ["a.zip"]
                arrived += 1
                continue
            assert not target.exists()
            kept = part(target).read_bytes() if part(target).exists() else b""
            assert DATA.startswith(kept) or OTHER.startswith(kept)
    assert arrived > 60


def test_a_cut_is_resumed_where_it_was(server, target, policy, waits):
    counted = []
    url = server.put(PATH, DATA, Fault(cut=100_000, times=1))
    fetch_file([url], target, progress=counted.append, policy=policy)
    assert server.asked_for(PATH) == [None, "bytes=100000-"]
    assert sum(counted) == len(DATA)
    assert len(waits) == 1


def test_waits_grow_and_begin_anew_after_progress(server, target, policy, waits):
    stuck = [Fault(status=500, times=1), Fault(status=500, times=1)]
    url = server.put(PATH, DATA, *stuck, Fault(cut=9000, times=1), *stuck)
    fetch_file([url], target, policy=policy)
    assert len(waits) == 5
    for wait, base in zip(waits, [1, 2, 1, 1, 2], strict=True):
        assert base <= wait <= 1.25 * base


@pytest.mark.parametrize(
    ("asked", "waited"),
    [("7", 7), ("100000", 120), ("Mon, 01 Jan 2001 00:00:00 GMT", 1), ("soon", 1)],
)
def test_the_server_says_how_long_to_wait(asked, waited, server, target, policy, waits):
    url = server.put(PATH, DATA, Fault(status=429, headers={"Retry-After": asked}, times=1))
    fetch_file([url], target, policy=policy)
    assert waited <= waits[0] <= 1.25 * waited


def test_the_next_run_goes_on(server, target, policy):
    url = server.put(PATH, DATA, Fault(cut=150_000, times=1), Fault(status=503))
    with pytest.raises(DsltError, match="150000 bytes of it are kept, and the next run") as caught:
        fetch_file([url], target, policy=policy)
    assert url in str(caught.value)
    assert "503" in str(caught.value)
    assert part(target).read_bytes() == DATA[:150_000]
    note = json.loads(target.with_name("a.zip.part.json").read_text())
    assert (note["url"], note["total"]) == (url, len(DATA))
    counted = []
    server.put(PATH, DATA)
    assert fetch_file([url], target, progress=counted.append, policy=policy) == SHA256
    assert server.asked_for(PATH)[-1] == "bytes=150000-"
    assert sum(counted) == len(DATA)


def test_a_part_that_was_whole_is_not_asked_for(server, target, policy):
    """A kill between the last byte and the rename."""
    url = server.put(PATH, DATA, Fault(cut=299_999, times=1), Fault(status=503))
    with pytest.raises(DsltError):
        fetch_file([url], target, policy=policy)
    part(target).write_bytes(DATA)
    asked = len(server.asked)
    assert fetch_file([url], target, checksum=f"sha256:{SHA256}", policy=policy) == SHA256
    assert len(server.asked) == asked


def test_a_whole_part_of_unknown_length(server, target, policy):
    """The server says by 416 that there is no more."""
    url = server.put(PATH, DATA, Fault(cut=200_000, times=1, chunked=True), Fault(status=503))
    with pytest.raises(DsltError):
        fetch_file([url], target, policy=policy)
    part(target).write_bytes(DATA)
    server.put(PATH, DATA, Fault(chunked=True))
    assert fetch_file([url], target, policy=policy) == SHA256
    assert server.asked_for(PATH)[-1] == "bytes=300000-"


@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize("new", [OTHER, OTHER[:120_000] + END])
def test_a_file_that_changes_between_tries(ignored, new, server, target, policy):
    url = server.put(PATH, DATA, Fault(cut=150_000, times=1), Fault(status=503))
    with pytest.raises(DsltError):
        fetch_file([url], target, policy=policy)
    server.put(PATH, new, Fault(ignore_if_range=ignored))
    fetch_file([url], target, policy=policy)
    assert target.read_bytes() == new


def test_bytes_of_two_files_are_found_by_the_checksum(server, target, policy):
    """No tag, the same length: only the sum tells; then it is fetched from the beginning."""
    faults = Fault(cut=150_000, times=1, tag="none", content=OTHER), Fault(tag="none")
    url = server.put(PATH, DATA, *faults)
    assert fetch_file([url], target, checksum=f"sha256:{SHA256}", policy=policy) == SHA256
    assert target.read_bytes() == DATA
    assert server.asked_for(PATH) == [None, "bytes=150000-", None]


def test_a_part_without_its_note_is_not_trusted(server, target, policy):
    target.parent.mkdir()
    part(target).write_bytes(OTHER[:5000])
    url = server.put(PATH, DATA)
    fetch_file([url], target, policy=policy)
    assert target.read_bytes() == DATA
    assert server.asked_for(PATH) == [None]


@pytest.mark.parametrize("kind", ["sha256", "sha1", "md5"])
def test_checksums(kind, server, target, policy):
    checksum = f"{kind}:{hashlib.new(kind, DATA).hexdigest()}"
    url = server.put(PATH, DATA, Fault(cut=100_000, times=1))
    assert fetch_file([url], target, checksum=checksum, bytes=len(DATA), policy=policy) == SHA256
    wrong = f"{kind}:{hashlib.new(kind, OTHER).hexdigest()}"
    other = target.with_name("b.zip")
    with pytest.raises(NotServedError, match=f"wrong checksum: expected {kind.upper()}") as caught:
        fetch_file([server.put(PATH, DATA)], other, checksum=wrong, policy=policy)
    assert hashlib.new(kind, DATA).hexdigest() in str(caught.value)
    assert left(target) == ["a.zip", "b.zip.wrong"]
    assert target.with_name("b.zip.wrong").read_bytes() == DATA


def test_a_wrong_length_is_refused_before_the_file_comes(server, target, policy):
    url = server.put(PATH, DATA)
    with pytest.raises(NotServedError, match="300000 bytes long there, expected 300001"):
        fetch_file([url], target, bytes=300_001, policy=policy)
    assert left(target) == []


@pytest.mark.parametrize("length", [299_999, 300_001])
def test_a_wrong_length_that_was_not_stated(length, server, target, policy):
    url = server.put(PATH, DATA, Fault(chunked=True))
    with pytest.raises(DsltError, match=f"{length}"):
        fetch_file([url], target, bytes=length, policy=policy)
    assert not target.exists()


def test_a_length_that_is_always_wrong(server, target, policy):
    url = server.put(PATH, DATA, Fault(longer=10, no_ranges=True))
    with pytest.raises(DsltError, match=r"300000 of 300010 bytes|connection failed"):
        fetch_file([url], target, policy=policy)
    assert part(target).read_bytes() == DATA
    assert not target.exists()


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_what_does_not_pass_is_not_tried_again(status, server, target, policy, waits):
    url = server.put(PATH, DATA, Fault(status=status))
    with pytest.raises(NotServedError, match=f"answered {status}"):
        fetch_file([url], target, policy=policy)
    assert len(server.asked) == 1
    assert waits == []


def test_mirrors_in_order(server, target, policy):
    urls = [
        server.put("/gone/a.zip", DATA, Fault(status=404)),
        server.put("/login/a.zip", LOGIN, Fault(kind="text/html")),
        server.put("/other/a.zip", OTHER),
        server.put("/ill/a.zip", DATA, Fault(cut=10_000, times=1), Fault(status=500)),
        server.put("/good/a.zip", DATA),
    ]
    checksum = f"sha256:{SHA256}"
    assert fetch_file(urls, target, checksum=checksum, policy=policy) == SHA256
    asked = [path.split("/")[1] for _, path, _ in server.asked]
    assert asked == ["gone", "login", "other", "ill", "ill", "ill", "ill", "good"]
    assert left(target) == ["a.zip", "a.zip.wrong"]


def test_the_mirror_that_a_part_came_from_goes_first(server, target, policy):
    first = server.put("/one/a.zip", DATA, Fault(status=404))
    second = server.put("/two/a.zip", DATA, Fault(cut=70_000, times=1), Fault(status=503))
    with pytest.raises(DsltError):
        fetch_file([first, second], target, policy=policy)
    first, second = server.put("/one/a.zip", DATA), server.put("/two/a.zip", DATA)
    server.asked.clear()
    fetch_file([first, second], target, policy=policy)
    assert server.asked == [("GET", "/two/a.zip", "bytes=70000-")]


def test_redirects(server, target, policy):
    server.put("/real/a.zip", DATA, Fault(cut=100_000, times=1))
    url = server.put(PATH, b"", Fault(location="/real/a.zip"))
    assert fetch_file([url], target, policy=policy) == SHA256
    assert server.asked_for("/real/a.zip") == [None, "bytes=100000-"]
    loop = server.put("/loop", b"", Fault(location="/loop"))
    with pytest.raises(NotServedError, match="cannot be asked for"):
        fetch_file([loop], target, policy=policy)


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/octet-stream"])
def test_a_login_page_is_no_archive(kind, server, target, policy):
    url = server.put(PATH, b"\n" + LOGIN, Fault(kind=kind))
    with pytest.raises(NotServedError, match=r"page called 'Sign in' came .*--from"):
        fetch_file([url], target, policy=policy)
    assert left(target) == []
    page = target.with_name("page.html")
    fetch_file([url], page, policy=policy)
    assert page.read_bytes() == b"\n" + LOGIN


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n"
NO_ARCHIVE = {
    "page": b"\n<!-- a comment -->\n<head><title>Sign in</title>",
    "xhtml": b'<?xml version="1.0"?>\n<!DOCTYPE html>\n<title>Sign in</title>',
    "pointer": POINTER,
    "words": b'{"error": "quota exceeded"}',
    "empty": b"",
    "half": DATA[:-1],
}


@pytest.mark.parametrize("name", NO_ARCHIVE)
@pytest.mark.parametrize("checksum", [None, f"sha256:{SHA256}"])
def test_what_is_no_archive_is_not_kept_and_the_mirror_is_asked(
    name, checksum, server, target, policy
):
    first = server.put("/first/a.zip", NO_ARCHIVE[name], Fault(kind="application/octet-stream"))
    if checksum is None:
        with pytest.raises(NotServedError, match=r"came|expected"):
            fetch_file([first], target, policy=policy)
        assert left(target) == []
    mirror = server.put("/mirror/a.zip", DATA)
    assert fetch_file([first, mirror], target, checksum=checksum, policy=policy) == SHA256
    assert target.read_bytes() == DATA
    assert set(left(target)) <= {"a.zip", "a.zip.wrong"}


def test_a_pointer_is_no_file_of_any_kind(server, target, policy):
    url = server.put("/files/model.mat", POINTER)
    with pytest.raises(NotServedError, match="a pointer of Git LFS came instead of the file"):
        fetch_file([url], target.with_name("model.mat"), policy=policy)
    assert left(target) == []


def test_a_login_page_leaves_the_part(server, target, policy):
    url = server.put(PATH, DATA, Fault(cut=150_000, times=1), Fault(content=LOGIN, no_ranges=True))
    with pytest.raises(DsltError, match=r"web page.*150000 bytes of it are kept"):
        fetch_file([url], target, policy=policy)
    assert part(target).read_bytes() == DATA[:150_000]


def test_a_drive_that_asks_first(server, target, policy):
    server.drives.add("/uc")
    url = server.put("/uc", DATA, Fault(times=1), Fault(cut=100_000, times=1)) + "?id=abc"
    assert fetch_file([url], target, drive=True, policy=policy) == SHA256
    assert target.read_bytes() == DATA
    assert server.asked_for("/uc") == [None, None, "bytes=100000-", "bytes=100000-"]


def test_a_drive_that_does_not_ask(server, target, policy):
    assert fetch_file([server.put("/uc", DATA)], target, drive=True, policy=policy) == SHA256


@pytest.mark.parametrize(("page", "words"), [(QUOTA, "quota is used up"), (LOGIN, "'Sign in'")])
def test_a_drive_that_refuses(page, words, server, target, policy):
    url = server.put("/uc", page, Fault(kind="text/html"))
    with pytest.raises(NotServedError, match=words):
        fetch_file([url], target, drive=True, policy=policy)
    assert left(target) == []


def test_a_file_that_is_sent_compressed(server, target, policy):
    url = server.put(PATH, DATA, Fault(headers={"Content-Encoding": "gzip"}))
    with pytest.raises(NotServedError, match="compressed"):
        fetch_file([url], target, policy=policy)


def test_a_stalled_link_is_given_up(server, target, policy):
    url = server.put(PATH, DATA, Fault(stall=0, seconds=2))
    with pytest.raises(DsltError, match=r"connection failed.*timed out"):
        fetch_file([url], target, policy=policy)


def test_no_server(target, policy, waits):
    url = "http://127.0.0.1:9/a.zip"
    with pytest.raises(DsltError, match=r"127\.0\.0\.1:9/a\.zip: the connection failed") as caught:
        fetch_file([url], target, policy=policy)
    assert not isinstance(caught.value, NotServedError)
    assert len(waits) == 2


def test_an_unfinished_file_that_is_stopped(server, target, policy):
    """What came before a stop is there for the next run."""
    seen = threading.Event()

    class StopError(Exception):
        pass

    def stop(count):
        if seen.is_set():
            raise StopError
        seen.set()

    url = server.put(PATH, DATA)
    with pytest.raises(StopError):
        fetch_file([url], target, progress=stop, policy=policy)
    assert DATA.startswith(part(target).read_bytes())
    fetch_file([url], target, policy=policy)
    assert target.read_bytes() == DATA
    assert server.asked_for(PATH)[-1] is not None


def test_a_place_that_is_not_writable(server, tmp_path, policy):
    (tmp_path / "file").write_text("")
    with pytest.raises(DsltError, match="could not be written"):
        fetch_file([server.put(PATH, DATA)], tmp_path / "file" / "a.zip", policy=policy)


def test_lengths(server, policy):
    assert remote_size(server.put(PATH, DATA), policy) == len(DATA)
    assert remote_size(server.put(PATH, DATA, Fault(no_length=True)), policy) is None
    assert remote_size(server.put(PATH, LOGIN, Fault(kind="text/html")), policy) is None
    assert remote_size(server.put(PATH, DATA, Fault(status=405)), policy) is None
    with pytest.raises(AgainError):
        remote_size("http://127.0.0.1:9/", policy)
    url = server.put("/moved", b"", Fault(location=PATH))
    server.put(PATH, DATA)
    assert remote_size(url, policy) == len(DATA)
