"""Synthetic videos with exact boxes: photographic cut-outs moving before photographs.

A frame is rendered when it is read, from the scene's name, the seed and the frame's number alone;
the same bytes come out on any machine. The box is that of the object's whole outline, also where a
part of it is hidden or outside; it is NaN where less than `MIN_VISIBLE` of the object can be seen.
"""

from __future__ import annotations

import dataclasses
import math
import zlib

import numpy as np
from numpy.typing import NDArray

from dslt.core.errors import unknown
from dslt.core.images import Frame
from dslt.data.sequences.images import checked_index
from dslt.data.synthetic.curves import evaluate
from dslt.data.synthetic.integer_raster import (
    Shifts,
    Wave,
    blend,
    blur,
    expose,
    sample_view,
    shifts,
)
from dslt.data.synthetic.poses import (
    Pose,
    bounds,
    clipped,
    draw,
    outline_on_screen,
)
from dslt.data.synthetic.scene_list import SCENES
from dslt.data.synthetic.scenes import Actor, Scene
from dslt.data.synthetic.textures import Sprite, backdrop, sprite
from dslt.geometry.boxes import DECIMALS, Boxes

WIDTH, HEIGHT = 320, 240
_CANVAS = (-20, -20, WIDTH + 20, HEIGHT + 20)  # blur carries pixels in from outside
MIN_VISIBLE = 0.05
_KEY_JITTER = 5.0  # by which a seed moves the keys of a path, pixels
_NOISE_SIDE = 64  # the noise tile is so much larger than a frame


def scene_names() -> list[str]:
    """Names of all scenes."""
    return list(SCENES)


def scene_attributes(name: str) -> tuple[str, ...]:
    """OTB attribute codes of a scene."""
    return _scene(name).attributes


def scene_photo(name: str) -> str:
    """Photograph that a scene's target is cut from: scenes that share it are not independent."""
    return _scene(name).target.cutout.photo


def scene_boxes(name: str, seed: int) -> Boxes:
    """Exact boxes of a scene's target, shape (N, 4), 0-based, NaN rows where it is unseen."""
    return SyntheticFrames(name, seed).boxes()


def _scene(name: str) -> Scene:
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
        scene = _scene(name)
        # Raw words of a bit generator: the one stream that NumPy promises never to change.
        source = np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode())]))
        self._scene = scene
        self._target = _jittered(scene.target, source)
        self._shake = _unit(source, 2 * (scene.frames + 2)).reshape(-1, 2) * scene.shake
        self._phase = _unit(source, 2)
        self._noise_at = source.random_raw(2 * scene.frames).reshape(-1, 2) % _NOISE_SIDE
        self._noise = _noise_tile(source, scene.noise)
        self._background = backdrop(scene.photo, scene.width, scene.tint)

    def __len__(self) -> int:
        """Number of frames."""
        return self._scene.frames

    def __getitem__(self, index: int) -> Frame:
        """Render frame `index`; see `FrameSource`."""
        frame = checked_index(index, len(self))
        x, y, zoom = self._view(frame)
        canvas = sample_view(self._background, x, y, zoom, (WIDTH, HEIGHT))
        canvas = blur(canvas, self._motion(None, frame))
        for actor in (*self._scene.behind, self._target, *self._scene.front):
            pose = self._pose(actor, frame)
            if (layer := draw(sprite_of(actor), pose, _CANVAS)) is not None:
                blend(canvas, layer, self._motion(actor, frame))
        top, left = self._noise_at[frame].astype(np.int64)
        noise = self._noise[top : top + HEIGHT, left : left + WIDTH]
        return expose(canvas, self._gain(frame), noise)

    def boxes(self) -> Boxes:
        """Exact boxes of the target, shape (N, 4); see `scene_boxes`."""
        rows = np.array([self._box(frame) for frame in range(len(self))], dtype=np.float64)
        return np.round(rows, DECIMALS)

    def _time(self, frame: float) -> float:
        return frame / (len(self) - 1)

    def _view(self, frame: float) -> tuple[float, float, float]:
        """World place in the middle of the screen, and zoom; between frames, too."""
        time = self._time(frame)
        step = min(max(math.floor(frame) + 1, 0), len(self._shake) - 2)
        part = frame + 1 - step
        jerk = self._shake[step] * (1 - part) + self._shake[step + 1] * part
        x, y = (evaluate(curve, time) for curve in self._scene.camera)
        return x + float(jerk[0]), y + float(jerk[1]), evaluate(self._scene.zoom, time)

    def _place(self, actor: Actor | None, frame: float) -> tuple[float, float]:
        """Screen place of an actor's middle, or of the world's origin."""
        x, y, zoom = self._view(frame)
        time = self._time(frame)
        at = (0.0, 0.0) if actor is None else (evaluate(actor.x, time), evaluate(actor.y, time))
        return (at[0] - x) * zoom + WIDTH / 2, (at[1] - y) * zoom + HEIGHT / 2

    def _motion(self, actor: Actor | None, frame: int) -> Shifts:
        """Motion on the screen during the exposure of a frame."""
        half = self._scene.shutter / 2
        if not half:
            return [(0, 0)]
        before, after = self._place(actor, frame - half), self._place(actor, frame + half)
        return shifts(after[0] - before[0], after[1] - before[1])

    def _pose(self, actor: Actor, frame: int) -> Pose:
        time = self._time(frame)
        pixels = sprite(actor.cutout, actor.width)
        zoom = self._view(frame)[2] * evaluate(actor.scale, time)
        size = zoom * actor.width / (2 * pixels.half[0])
        stretch = evaluate(actor.stretch, time)
        angle = math.radians(evaluate(actor.turn, time))
        along, across = size * stretch, size / stretch
        cosine, sine = math.cos(angle), math.sin(angle)
        matrix = (cosine * along, -sine * across, sine * along, cosine * across)
        return Pose(self._place(actor, frame), matrix, self._waves(actor, pixels, time))

    def _waves(self, actor: Actor, pixels: Sprite, time: float) -> tuple[Wave, Wave]:
        """Bending of an actor: columns by rows, then rows by columns."""
        width, height = (2 * half for half in pixels.half)
        turns = actor.cycles * time
        return (
            Wave(actor.wobble * width, 1 / height, turns + float(self._phase[0])),
            Wave(0.6 * actor.wobble * width, 1 / width, float(self._phase[1]) - 0.8 * turns),
        )

    def _box(self, frame: int) -> list[float]:
        """Box of the target's outline, NaN where too little of it can be seen."""
        pose = self._pose(self._target, frame)
        if self._visible(pose, frame) < MIN_VISIBLE:
            return [math.nan] * 4
        outline = outline_on_screen(sprite_of(self._target), pose)
        low, high = outline.min(axis=0), outline.max(axis=0)
        return [*low.tolist(), *(high - low).tolist()]

    def _visible(self, pose: Pose, frame: int) -> float:
        """Part of the target's pixels that is on the screen and not covered."""
        shape = sprite_of(self._target)
        layer = draw(shape, pose, bounds(shape, pose))
        if layer is None:
            return 0
        whole = layer.pixels[..., 3] >= 128
        screen = (0, 0, WIDTH, HEIGHT)
        area = clipped((layer.left, layer.top, *layer.end), screen)
        if area is None:
            return 0
        x0, y0 = area[0] - layer.left, area[1] - layer.top
        seen = whole[y0 : y0 + area[3] - area[1], x0 : x0 + area[2] - area[0]].copy()
        for actor in self._scene.front:
            cover = draw(sprite_of(actor), self._pose(actor, frame), area)
            if cover is not None:
                x0, y0 = cover.left - area[0], cover.top - area[1]
                x1, y1 = cover.end[0] - area[0], cover.end[1] - area[1]
                seen[y0:y1, x0:x1] &= cover.pixels[..., 3] < 128
        return int(seen.sum()) / int(whole.sum())

    def _gain(self, frame: int) -> NDArray[np.int64]:
        """Brightness of each column in 1/256."""
        time = self._time(frame)
        middle = round(evaluate(self._scene.gain, time) * 256)
        slope = round(evaluate(self._scene.slope, time) * 256)
        across = 2 * np.arange(WIDTH, dtype=np.int64) + 1 - WIDTH
        return np.maximum(middle + middle * slope * across // (256 * WIDTH), 16)


def sprite_of(actor: Actor) -> Sprite:
    """The sprite that an actor is drawn with."""
    return sprite(actor.cutout, actor.width)


def _unit(source: np.random.PCG64, count: int) -> NDArray[np.float64]:
    """Numbers in [-1, 1), multiples of 1/1024."""
    return (source.random_raw(count) % 2048).astype(np.float64) / 1024 - 1


def _jittered(actor: Actor, source: np.random.PCG64) -> Actor:
    """Move the keys of an actor's path a little."""
    paths = []
    for curve in (actor.x, actor.y):
        offsets = _unit(source, len(curve)) * _KEY_JITTER
        paths.append(
            tuple((t, value + float(by)) for (t, value), by in zip(curve, offsets, strict=True))
        )
    return dataclasses.replace(actor, x=paths[0], y=paths[1])


def _noise_tile(source: np.random.PCG64, largest: int) -> NDArray[np.int8]:
    """Triangular noise up to `largest` grey levels, a tile larger than a frame."""
    shape = (HEIGHT + _NOISE_SIDE, WIDTH + _NOISE_SIDE, 3)
    count = math.prod(shape)
    raw = source.random_raw(count // 4 + 1).astype("<u8").view(np.uint8)
    pairs = raw[: 2 * count].reshape(2, -1).astype(np.int64).sum(axis=0) - 255
    noise: NDArray[np.int8] = ((pairs * largest + 128) // 255).astype(np.int8).reshape(shape)
    return noise
