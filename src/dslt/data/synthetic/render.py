"""Synthetic videos with exact boxes: photographic cut-outs moving before photographs.

A frame is rendered when it is read, from the scene's name, the seed and the frame's number alone;
the same bytes come out on any machine. The box is that of the object's whole outline, also where a
part of it is hidden or outside; it is NaN where less than `MIN_VISIBLE` of the object can be seen.
"""

import math
import zlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dslt.core.arrays import Floats, Ints
from dslt.core.errors import unknown
from dslt.core.images import Frame
from dslt.data.sequences.images import checked_index
from dslt.data.synthetic import development_scenes, scene_list
from dslt.data.synthetic.curves import evaluate
from dslt.data.synthetic.integer_raster import Shifts, blend, blur, expose, sample_view, shifts
from dslt.data.synthetic.outlines import boxes_around, turned
from dslt.data.synthetic.poses import Pose, Wave
from dslt.data.synthetic.scenes import Actor, Camera, Scene
from dslt.data.synthetic.screen import HEIGHT, NOISE_SHAPE, NOISE_SIDE, SCREEN, WIDTH, Area
from dslt.data.synthetic.sprites import Sprite, background, sprite
from dslt.geometry.boxes import Boxes

_CANVAS = Area(-20, -20, WIDTH + 20, HEIGHT + 20)  # blur carries pixels in from outside
SCENES = scene_list.SCENES | development_scenes.SCENES
MIN_VISIBLE = 0.05  # part of an object that must be seen for its box to be known
_KEY_JITTER = 5.0  # by which a seed moves the keys of a path, pixels


def find_scene(name: str) -> Scene:
    """Return a scene by its name.

    Raises:
        DsltError: There is no such scene; the error lists the names.
    """
    if name not in SCENES:
        raise unknown("synthetic sequence", name, SCENES)
    return SCENES[name]


class SyntheticFrames:
    """Frames of one scene, RGB uint8 (240, 320, 3); a `FrameSource`."""

    def __init__(self, name: str, seed: int) -> None:
        """Take the scene `name`; `seed` moves paths, camera and noise.

        Raises:
            DsltError: There is no such scene; the error lists the names.
        """
        self._scene = scene = find_scene(name)
        # Raw words of a bit generator: the one stream that NumPy promises never to change.
        source = np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode())]))
        self._target = _jittered(scene.target, source)
        self._shake = _unit(source, 2 * (len(self) + 2)).reshape(-1, 2) * scene.take.shake
        self._phase = _unit(source, 2).tolist()
        self._noise_at = source.random_raw(2 * len(self)).reshape(-1, 2) % NOISE_SIDE
        self._noise = _noise_tile(source, scene.take.noise)
        self._background = background(scene.take.backdrop)

    def __len__(self) -> int:
        """Return the number of frames."""
        return self._scene.take.frames

    def __getitem__(self, index: int) -> Frame:
        """Render frame `index`; see `FrameSource`."""
        frame = checked_index(index, len(self))
        camera, zoom = self._view(frame)
        canvas = sample_view(self._background, camera, zoom, SCREEN.size)
        canvas = blur(canvas, self._motion(None, frame))
        for actor in (*self._scene.behind, self._target, *self._scene.front):
            pose = self._pose(actor, frame)
            if (area := pose.bounds().common(_CANVAS)) is not None:
                blend(canvas, area, pose.draw(area), self._motion(actor, frame))
        top, left = self._noise_at[frame].astype(np.int64)
        noise = self._noise[top : top + HEIGHT, left : left + WIDTH]
        return expose(canvas, self._gain(frame), noise)

    def boxes(self) -> Boxes:
        """Return the target's exact boxes (N, 4), 0-based, NaN rows where it is unseen."""
        return np.array([self._box(frame) for frame in range(len(self))])

    def _time(self, frame: float) -> float:
        return frame / (len(self) - 1)

    def _view(self, frame: float) -> tuple[Floats, float]:
        """Return the world place (2,) in the middle of the screen, and the zoom."""
        time = self._time(frame)
        step = min(max(math.floor(frame) + 1, 0), len(self._shake) - 2)
        part = frame + 1 - step
        jerk = self._shake[step] * (1 - part) + self._shake[step + 1] * part
        camera = self._scene.camera
        return _point(camera, time) + jerk, evaluate(camera.zoom, time)

    def _place(self, actor: Actor | None, frame: float) -> Floats:
        """Return the screen place (2,) of an actor's middle, or of the world's origin."""
        camera, zoom = self._view(frame)
        at = np.zeros(2) if actor is None else _point(actor, self._time(frame))
        return (at - camera) * zoom + np.array([WIDTH, HEIGHT]) / 2

    def _motion(self, actor: Actor | None, frame: int) -> Shifts:
        """Return the motion on the screen during the exposure of a frame."""
        half = self._scene.take.shutter / 2
        if not half:
            return [(0, 0)]
        return shifts(*(self._place(actor, frame + half) - self._place(actor, frame - half)))

    def _pose(self, actor: Actor, frame: int) -> Pose:
        time = self._time(frame)
        look = sprite(actor.cutout)
        zoom = self._view(frame)[1] * evaluate(actor.scale, time)
        size = zoom * actor.cutout.width / (2 * look.half[0])
        stretch = evaluate(actor.stretch, time)
        matrix = turned(math.radians(evaluate(actor.turn, time)), size * stretch, size / stretch)
        return Pose(look, self._place(actor, frame), matrix, self._waves(actor, look, time))

    def _waves(self, actor: Actor, look: Sprite, time: float) -> tuple[Wave, Wave]:
        """Return the bending of an actor: columns by rows, then rows by columns."""
        width, height = (2 * look.half).tolist()
        turns = actor.cycles * time
        return (
            Wave(actor.wobble * width, 1 / height, turns + self._phase[0]),
            Wave(0.6 * actor.wobble * width, 1 / width, self._phase[1] - 0.8 * turns),
        )

    def _box(self, frame: int) -> Boxes:
        """Return the box of the target's outline, NaN where too little of it can be seen."""
        pose = self._pose(self._target, frame)
        if self._visible(pose, frame) < MIN_VISIBLE:
            return np.full(4, np.nan)
        return boxes_around(pose.outline())

    def _visible(self, pose: Pose, frame: int) -> float:
        """Return the part of the target's pixels that is on the screen and not covered."""
        whole = pose.bounds()
        area = whole.common(SCREEN)
        if area is None:
            return 0
        pixels = pose.draw(whole)[..., 3] >= 128
        seen = pixels[area.within(whole)].copy()
        for actor in self._scene.front:
            cover = self._pose(actor, frame)
            if (part := cover.bounds().common(area)) is not None:
                seen[part.within(area)] &= cover.draw(part)[..., 3] < 128
        return int(seen.sum()) / int(pixels.sum())

    def _gain(self, frame: int) -> Ints:
        """Return the brightness of each column in 1/256."""
        time = self._time(frame)
        middle = round(evaluate(self._scene.gain, time) * 256)
        slope = round(evaluate(self._scene.slope, time) * 256)
        across = 2 * np.arange(WIDTH, dtype=np.int64) + 1 - WIDTH
        return np.maximum(middle + middle * slope * across // (256 * WIDTH), 16)


def _point(path: Actor | Camera, time: float) -> Floats:
    """Return the world place (2,) of an actor, or of what the camera looks at."""
    return np.array([evaluate(path.x, time), evaluate(path.y, time)], dtype=np.float64)


def _unit(source: np.random.PCG64, count: int) -> Floats:
    """Draw numbers in [-1, 1), multiples of 1/1024."""
    return (source.random_raw(count) % 2048).astype(np.float64) / 1024 - 1


def _jittered(actor: Actor, source: np.random.PCG64) -> Actor:
    """Move the keys of an actor's path a little."""
    x, y = (
        dict(zip(keys, list(keys.values()) + _unit(source, len(keys)) * _KEY_JITTER, strict=True))
        for keys in (actor.x, actor.y)
    )
    return replace(actor, x=x, y=y)


def _noise_tile(source: np.random.PCG64, largest: int) -> NDArray[np.int8]:
    """Draw triangular noise up to `largest` grey levels, a tile larger than a frame."""
    count = math.prod(NOISE_SHAPE)
    raw = source.random_raw(count // 4 + 1).astype("<u8").view(np.uint8)
    pairs = raw[: 2 * count].reshape(2, -1).astype(np.int64).sum(axis=0) - 255
    noise: NDArray[np.int8] = ((pairs * largest + 128) // 255).astype(np.int8)
    return noise.reshape(NOISE_SHAPE)
