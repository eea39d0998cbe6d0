"""A training from its first step, or from where it was left, to the weights."""

from __future__ import annotations

import contextlib
import shutil
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from dslt.core.errors import DsltError
from dslt.core.files import atomic_write
from dslt.core.folders import remove_halves
from dslt.networks.base import TrainedNet
from dslt.networks.saved import write_model
from dslt.train.batches import Batch, Pairs, batches
from dslt.train.log import STEPS, StepLog, write_tables
from dslt.train.schedule import KeyBatches, Plan
from dslt.train.state import STATE, Progress, read_state, write_state
from dslt.train.stopping import stop_request
from dslt.train.trainer import StepRecord, Trainer

SAVE_EVERY = 60.0  # seconds: what a kill may cost


@dataclass(frozen=True)
class Score:
    """Success AUC of the network on one held-out sequence; `video` is its source."""

    sequence: str
    video: str
    success_auc: float


Validate = Callable[[TrainedNet, int], Iterable[Score]]


class Timed(Iterator[Batch]):
    """Batches, and the seconds that the training waited for them."""

    def __init__(self, source: Iterator[Batch]) -> None:
        self.source = source
        self.waited = 0.0

    def __next__(self) -> Batch:
        """Wait for the next batch."""
        start = time.perf_counter()
        batch = next(self.source)
        self.waited += time.perf_counter() - start
        return batch


class TrainingRun:
    """A training and its state on the disk.

    The state is written every `save_every` seconds, after every epoch, and when SIGTERM or SIGINT
    asks for an end; a kill at any other moment costs the steps since. Going on from it gives what
    the training would have given without the break: bit for bit on a CPU, as long as the numbers
    of threads and processes are the same.

    Args:
        trainer: Network, task and optimiser.
        pairs: What it learns from.
        folder: Folder of this training's state; its own, and no folder of outputs.
        identity: What makes this training (`dslt.settings.identity`).
        validate: Scores the network after so many epochs on held-out sequences; it may leave the
            network in evaluation mode, and changes nothing else.
        save_every: Seconds between two states.
        skip: How many steps that are not finite are left out before one is an error.
        name: Name in the progress bar and in errors.

    Raises:
        DsltError: An epoch is shorter than one step.
    """

    def __init__(
        self,
        trainer: Trainer,
        pairs: Pairs,
        folder: Path,
        identity: Mapping[str, Any],
        *,
        validate: Validate | None = None,
        save_every: float = SAVE_EVERY,
        skip: int = 0,
        name: str = "training",
    ):
        self.trainer, self.pairs, self.folder, self.identity = trainer, pairs, folder, identity
        self.validate, self.save_every, self.skip, self.name = validate, save_every, skip, name
        self.plan = Plan.of(trainer.schedule, len(pairs))
        self.leads = trainer.processes.leads
        self.progress = Progress()

    def go(self, workers: int = 0) -> Progress:
        """Train to the end of the last epoch.

        Args:
            workers: Number of processes that draw pairs; with 0 this one does, between the steps.

        Raises:
            DsltError: The state belongs to another training, the loss is not finite, no pair can
                be drawn, or a signal asked for an end (the state is then written).
        """
        self._resume()
        plan, trainer, progress = self.plan, self.trainer, self.progress
        keys = KeyBatches(plan, progress.step, trainer.own)
        drawn = batches(self.pairs, keys, workers, trainer.device)
        with contextlib.ExitStack() as stack:
            self.stop = stack.enter_context(stop_request())
            stack.callback(drawn.close)
            if self.leads:
                self.log = StepLog(self.folder / STEPS, progress.step)
                stack.callback(self.log.file.close)
            self.bar = stack.enter_context(self._bar())
            self.saved = time.monotonic()
            if not progress.epochs:
                self._close_epoch({"epoch": 0})
            timed = Timed(drawn)
            for epoch in range(len(progress.epochs) - 1, plan.epochs):
                self._train_epoch(epoch, timed)
        return progress

    def _resume(self) -> None:
        """Read the state, if there is one."""
        device = str(self.trainer.device)
        found = read_state(self.folder, self.identity, device, self.pairs.domains)
        if found is not None:
            self.progress, learnt = found
            self.trainer.restore(**learnt)
        self.trainer.processes.wait()  # nobody writes before all have read
        if self.leads:
            remove_halves(self.folder)

    def _bar(self) -> tqdm[Any]:
        """Make the progress bar; it counts pairs."""
        per_step = self.plan.per_step
        return tqdm(
            total=self.plan.total * per_step,
            initial=self.progress.step * per_step,
            desc=self.name,
            unit="pair",
            disable=not self.leads,
        )

    def _train_epoch(self, epoch: int, timed: Timed) -> None:
        """Do what is left of an epoch (0-based), and validate."""
        progress = self.progress
        rate = self.trainer.begin(epoch)
        while progress.step < (epoch + 1) * self.plan.steps:
            start, timed.waited = time.perf_counter(), 0.0
            record = self.trainer.step(
                progress.step,
                timed,
                stop=self.stop.number != 0,
                skip=progress.skipped < self.skip,
            )
            progress.step += 1
            seconds = time.perf_counter() - start
            self._note(record, epoch + 1, rate, seconds, timed.waited)
            if record.stop:
                self._save()
                raise self._stopped()
            if time.monotonic() - self.saved > self.save_every:
                self._save()
        self.trainer.agree()
        if self.validate is not None:
            self._save()
        learnt = max(1, self.plan.steps - progress.skipped_now)
        means = {name: total / learnt for name, total in progress.sums.items()}
        self._close_epoch({"epoch": epoch + 1, "learning_rate": rate, **means})
        self._save()

    def _note(
        self, record: StepRecord, epoch: int, rate: float, seconds: float, waited: float
    ) -> None:
        """Add a step to the sums of its epoch, to the log and to the bar."""
        values = {"loss": record.loss, **record.terms, "gradient_norm": record.gradient_norm}
        if record.skipped:
            self.progress.skipped += 1
            self.progress.skipped_now += 1
            values = {}
        sums = self.progress.sums
        for name, value in values.items():
            sums[name] = sums.get(name, 0.0) + value
        if self.leads:
            place = {"step": self.progress.step, "epoch": epoch, "learning_rate": rate}
            speed = {
                "pairs_per_second": round(self.plan.per_step / seconds, 2),
                "waited": round(waited, 4),
            }
            why = {"skipped": record.skipped} if record.skipped else {}
            self.log.write({**place, **values, **speed, **why})
            self.bar.set_postfix(epoch=epoch, loss=f"{record.loss:.4g}", refresh=False)
            self.bar.update(self.plan.per_step)

    def _close_epoch(self, row: dict[str, float | None]) -> None:
        """Validate the network, add an epoch's row, and start its sums anew."""
        progress, epoch = self.progress, len(self.progress.epochs)
        found: list[Score] = []
        if self.leads and self.validate is not None:
            for score in self.validate(self.trainer.net, epoch):
                found.append(score)
                if self.stop.number:
                    raise self._stopped()
        mean = sum(score.success_auc for score in found) / len(found) if found else None
        progress.epochs.append({**row, "success_auc": mean})
        progress.scores += [(epoch, s.sequence, s.video, s.success_auc) for s in found]
        progress.sums, progress.skipped_now = {}, 0

    def _save(self) -> None:
        """Write the state."""
        if self.leads:
            learnt, domains = self.trainer.state(), self.pairs.domains
            write_state(self.folder, self.identity, self.progress, learnt, domains)
        self.saved = time.monotonic()

    def _stopped(self) -> DsltError:
        """Make the error for an end that a signal asked for."""
        name = signal.Signals(self.stop.number).name if self.stop.number else "another process"
        return DsltError(
            f"{self.name}: stopped by {name} after step {self.progress.step} of "
            f"{self.plan.total}; the same command goes on from {self.folder}"
        )

    def finish(self, out: Path, origin: Mapping[str, Any]) -> None:
        """Write the outputs, the weights last, and remove the state.

        `model.pt` and `model.json` are the weights after the last epoch and their origin, `log.csv`
        the epochs, `validation.csv` the scores, `steps.jsonl` the steps. The origin says how many
        steps were left out, if any were.

        Raises:
            DsltError: A file cannot be written; the state then stays.
        """
        if self.leads:
            write_tables(self.progress, out)
            with atomic_write(out / STEPS) as temporary:
                shutil.copyfile(self.folder / STEPS, temporary)
            skipped = {"skipped_steps": self.progress.skipped} if self.progress.skipped else {}
            write_model(self.trainer.net, {**origin, **skipped}, out)
            for name in (STATE, STEPS):
                (self.folder / name).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # something else lies there, or it is shared
                self.folder.rmdir()
        self.trainer.processes.wait()
