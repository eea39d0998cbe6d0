"""Feed every reader with broken files: what is refused must be refused with a `DsltError`.

    python tests/campaign/fuzz.py [--inputs 1000000] [--seed 0] [--only NAME] [--out FOLDER]
    python tests/campaign/fuzz.py --show 'boxes, text' 4711        write that input to the output

A finding is another exception, a process that ends, more memory than the reader may take, a hang,
or two readers that disagree about one content. Each is kept in FOLDER with the smallest input that
was found for it; the table says how many inputs each reader had. The same seed gives the same
inputs. Run by hand: a million inputs take an hour or two on one core.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import json
import mmap
import os
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[2]
for _place in (ROOT / "tests" / "helpers", Path(__file__).resolve().parent):
    if str(_place) not in sys.path:
        sys.path.insert(0, str(_place))

from reader import Reader  # noqa: E402

# Seconds for one input: of the processor, told by the process itself, which a busy machine does
# not make longer; and of the clock, told by the one that watches.
HANG, DEAD = 5.0, 40.0
OUT_OF_MEMORY = (
    "MemoryError",
    "Unable to allocate",
    "bad_alloc",
    "not enough memory",
    "OutOfMemory",
)
TRIES, TRY_SECONDS = 300, 8.0  # of making an input smaller
MARK = struct.Struct("<4Q")  # the input that is read, and what the ones before it were
_GROUPS = ("readers_results", "readers_data", "readers_settings")


class HangError(BaseException):
    """An input that takes too long; no `Exception`, so that no reader can swallow it."""


def all_readers() -> dict[str, tuple[str, int, str]]:
    """Name to module, share and place in it, without importing what the readers need."""
    code = (
        "import json, sys, importlib; sys.path[:0] = sys.argv[1:3]\n"
        "found = {}\n"
        "for name in sys.argv[3:]:\n"
        "    for number, one in enumerate(importlib.import_module(name).READERS):\n"
        "        found[one.name] = (name, one.share, number)\n"
        "print(json.dumps(found))"
    )
    places = [str(Path(__file__).resolve().parent), str(ROOT / "tests" / "helpers")]
    done = subprocess.run(
        [sys.executable, "-c", code, *places, *_GROUPS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout))


def find_reader(module: str, number: int) -> Reader:
    """Import a reader."""
    return __import__(module).READERS[number]


def input_of(reader: Reader, seeds: list[bytes], seed: int, index: int) -> bytes:
    """Make one input; it depends on nothing else."""
    if index < len(seeds):
        return seeds[index]  # valid ones first
    return reader.input(random.Random(f"{seed}/{reader.name}/{index}"), seeds)


def signature(error: BaseException) -> str:
    """Name a finding: the exception, and the innermost places in the project and outside."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if f"{os.sep}src{os.sep}dslt{os.sep}" in f.filename]
    named = [*ours[-1:], *frames[-1:]] if ours and ours[-1] is not frames[-1] else frames[-1:]
    places = [f"{Path(f.filename).parent.name}/{Path(f.filename).name}:{f.name}" for f in named]
    if type(error).__name__ == "DisagreementError":
        return f"disagreement: {str(error).partition(':')[0]} ({places[0]})"
    return f"{type(error).__name__} in {' <- '.join(reversed(places))}"


@contextlib.contextmanager
def time_limit() -> Iterator[None]:
    """Raise in what takes too long."""

    def late(number: int, frame: FrameType | None) -> None:
        raise HangError(f"more than {HANG:g} s of the processor")

    signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, HANG)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


class Trial:
    """Reads inputs one by one and says what each of them did."""

    def __init__(self, reader: Reader, place: Path) -> None:
        from dslt.core.errors import DsltError

        self.reader, self.place, self.refusal = reader, place, DsltError

    def __call__(self, data: bytes) -> tuple[str, str, str]:
        """Give `accepted`, `refused`, or the signature of a finding with its trace."""
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir(parents=True)
        try:
            with time_limit():
                self.reader.read(data, self.place)
        except self.refusal as error:
            cause = error.__cause__
            said = f"{error} {cause!r}"
            if isinstance(cause, MemoryError) or any(word in said for word in OUT_OF_MEMORY):
                return signature(cause or error), "memory", said[-2000:]
            if len(str(error)) > 200_000:
                return f"a message of {len(str(error))} characters", "message", str(error)[:2000]
            return "refused", "", ""
        except (Exception, HangError) as error:
            return signature(error), type(error).__name__, traceback.format_exc()[-4000:]
        return "accepted", "", ""


def smaller(trial: Callable[[bytes], tuple[str, str, str]], data: bytes, kind: str) -> bytes:
    """Make an input smaller as long as it does the same."""
    end, tries = time.monotonic() + TRY_SECONDS, TRIES
    size = max(len(data) // 2, 1)
    while size and tries and time.monotonic() < end:
        start = 0
        while start < len(data) and tries and time.monotonic() < end:
            shorter = data[:start] + data[start + size :]
            tries -= 1
            if shorter != data and trial(shorter)[0] == kind:
                data = shorter
            else:
                start += size
        size //= 2
    return data


def work(options: argparse.Namespace) -> None:
    """Read a range of inputs, and write a line for each finding and one at the end."""
    module, number, first, last = options.worker
    reader = find_reader(module, int(number))
    seeds = list(reader.seeds())
    os.chdir(ROOT)
    warnings.simplefilter("ignore")
    faulthandler.enable((options.out / "crash.txt").open("w"))
    with tempfile.TemporaryDirectory(dir=options.shared) as place:
        trial = Trial(reader, Path(place) / "input")
        trial(seeds[0])  # what is imported late is not the input's memory
        limit_memory(reader.headroom)
        with (options.out / "place").open("r+b") as handle:
            mark = mmap.mmap(handle.fileno(), MARK.size)
        counts: Counter[str] = Counter()
        kept: dict[str, int] = {}
        for index in range(int(first), int(last)):
            mark[:] = MARK.pack(index, counts["accepted"], counts["refused"], counts["findings"])
            data = input_of(reader, seeds, options.seed, index)
            kind, what, trace = trial(data)
            counts[kind if kind in ("accepted", "refused") else "findings"] += 1
            if kind in ("accepted", "refused") or kept.get(kind, 1 << 60) <= len(data):
                if kind not in ("accepted", "refused"):
                    counts[f"as {kind}"] += 1
                continue
            data = data if what == "HangError" else smaller(trial, data, kind)
            kept[kind] = len(data)
            counts[f"as {kind}"] += 1
            line = {"reader": reader.name, "index": index, "kind": kind, "trace": trace}
            note(options.out, line | {"input": data.hex()})
        note(options.out, {"reader": reader.name, "counts": counts})


def note(folder: Path, line: Mapping[str, object]) -> None:
    """Add a line to what was found."""
    with (folder / "lines").open("a") as out:
        out.write(json.dumps(line) + "\n")


def limit_memory(headroom: int) -> None:
    """Let this process take so many MB more than it has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + (headroom << 20)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def watch(options: argparse.Namespace, name: str, module: str, number: int, count: int) -> None:
    """Start processes until a reader has had its inputs; one that ends early is a finding."""
    mark = options.out / "place"
    first = 0
    while first < count:
        mark.write_bytes(MARK.pack(first, 0, 0, 0))
        command = [sys.executable, __file__, "--seed", str(options.seed), "--out", str(options.out)]
        command += ["--worker", module, str(number), str(first), str(count)]
        with (options.out / "stderr.txt").open("wb") as errors:
            process = subprocess.Popen(command, cwd=ROOT, stdout=errors, stderr=errors)
            code = _wait(process, mark)
        if code == 0:
            return
        reached, *before = MARK.unpack(mark.read_bytes())
        said = (options.out / "stderr.txt").read_text(errors="replace")[-3000:]
        said += (options.out / "crash.txt").read_text(errors="replace")[-3000:]
        reader = find_reader(module, number)
        data = input_of(reader, list(reader.seeds()), options.seed, reached)
        kind = "a hang that cannot be interrupted" if code is None else f"process ended with {code}"
        line = {"reader": name, "index": reached, "kind": kind, "trace": said, "input": data.hex()}
        counts = dict(zip(("accepted", "refused", "findings"), before, strict=True))
        counts["findings"] += 1
        note(options.out, line)
        note(options.out, {"reader": name, "counts": counts | {f"as {kind}": 1}})
        first = reached + 1


def _wait(process: subprocess.Popen[bytes], mark: Path) -> int | None:
    """Wait for a process, and end it where it stays at one input."""
    seen, since = mark.read_bytes(), time.monotonic()
    while (code := process.poll()) is None:
        time.sleep(0.2)
        if mark.read_bytes() != seen:
            seen, since = mark.read_bytes(), time.monotonic()
        if time.monotonic() - since > DEAD:
            process.kill()
            process.wait()
            return None
    return code


def summary(folder: Path, seconds: dict[str, float]) -> str:
    """Say what each reader had and did, and what was found."""
    counts: dict[str, Counter[str]] = {}
    found: dict[tuple[str, str], dict[str, object]] = {}
    for text in (folder / "lines").read_text().splitlines():
        line = json.loads(text)
        if "counts" in line:
            counts.setdefault(line["reader"], Counter()).update(line["counts"])
            continue
        key = line["reader"], line["kind"]
        if key not in found or len(str(line["input"])) < len(str(found[key]["input"])):
            found[key] = line
    rows = [
        f"{'reader':26} {'inputs':>9} {'accepted':>9} {'refused':>9} {'findings':>9} {'1/s':>7}"
    ]
    total: Counter[str] = Counter()
    for name, one in counts.items():
        inputs = one["accepted"] + one["refused"] + one["findings"]
        total.update({k: one[k] for k in ("accepted", "refused", "findings")} | {"inputs": inputs})
        rate = inputs / max(seconds.get(name, 0), 1e-3)
        row = f"{inputs:9} {one['accepted']:9} {one['refused']:9} {one['findings']:9} {rate:7.0f}"
        rows.append(f"{name:26} {row}")
    row = f"{total['inputs']:9} {total['accepted']:9} {total['refused']:9} {total['findings']:9}"
    rows += [f"{'together':26} {row}", "", f"{len(found)} kinds of findings"]
    for number, ((name, kind), line) in enumerate(sorted(found.items()), 1):
        data = bytes.fromhex(str(line["input"]))
        times = counts.get(name, Counter())[f"as {kind}"]
        (folder / f"{number:02d}.input").write_bytes(data)
        (folder / f"{number:02d}.txt").write_text(f"{name}: {kind}\n\n{line['trace']}\n{data!r}\n")
        rows.append(f"{number:02d} {name}: {kind} ({times}x), e.g. {line['index']}: {data[:120]!r}")
    return "\n".join(rows) + "\n"


def main() -> None:
    """Divide the inputs among the readers, one process after the other."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", default=[], help="a part of a reader's name")
    parser.add_argument("--out", type=Path, default=Path("fuzzed"))
    parser.add_argument("--show", nargs=2, metavar=("READER", "INDEX"))
    parser.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.out = options.out.resolve()
    options.shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    if options.worker:
        work(options)
        return
    readers = all_readers()
    if options.show:
        module, _, number = readers[options.show[0]]
        reader = find_reader(module, number)
        data = input_of(reader, list(reader.seeds()), options.seed, int(options.show[1]))
        sys.stdout.buffer.write(data)
        return
    options.out.mkdir(parents=True)
    (options.out / "lines").touch()
    (options.out / "crash.txt").touch()
    chosen = {
        name: one
        for name, one in readers.items()
        if not options.only or any(part in name for part in options.only)
    }
    shares = sum(share for _, share, _ in chosen.values())
    seconds = {}
    for name, (module, share, number) in chosen.items():
        start = time.monotonic()
        watch(options, name, module, number, -(-options.inputs * share // shares))
        seconds[name] = time.monotonic() - start
        print(f"{name}: {seconds[name]:.0f} s", flush=True)
    text = summary(options.out, seconds)
    (options.out / "summary.txt").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
