"""What is drawn, and where."""

import numpy as np
import pytest

from dslt.demo.drawing import KEPT, PICTURES, THUMB, ContactSheet, Mark, draw

GREY = np.full((120, 160, 3), 90, np.uint8)
ORANGE = (213, 94, 0)


def mark(*box, lost=False, score=0.5):
    return Mark("car", ORANGE, np.array(box, float), score, lost)


def painted(image):
    return (image != GREY).any(axis=-1)


def test_a_box_is_drawn_in_its_colour_and_the_frame_is_kept():
    image = draw(GREY, [mark(40, 50, 60, 30)])
    assert (GREY == 90).all()
    assert image[50, 70].tolist() == image[80, 40].tolist() == list(ORANGE)
    assert image[65, 70].tolist() == [90, 90, 90]  # its inside is free
    assert painted(image)[30:48, 40:60].any()  # the label


def test_a_lost_target_is_dashed_and_grey():
    image = draw(GREY, [mark(40, 50, 100, 60, lost=True)])
    line = painted(image)[110, 40:140]
    assert 0.5 < line.mean() < 0.9
    colour = image[110, 40:140][line][0].astype(int)
    assert np.ptp(colour) < np.ptp(ORANGE) / 2


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize(
    "box",
    [
        (-20, -20, 60, 60),
        (150, 110, 60, 60),
        (500, 500, 10, 10),
        (-1e9, -1e9, 2e9, 2e9),
        (10, 10, 0.2, 0.2),
    ],
)
def test_boxes_over_the_edge_keep_their_label_in_the_frame(box, lost):
    assert painted(draw(GREY, [mark(*box, lost=lost)])).sum() > 100


def test_no_box_is_not_drawn():
    assert not painted(draw(GREY, [mark(np.nan, np.nan, np.nan, np.nan)])).any()


@pytest.mark.parametrize("count", [1, 2, 5, PICTURES, KEPT, KEPT + 1, 1000])
def test_a_contact_sheet_is_evenly_spaced(count):
    sheet = ContactSheet()
    for number in range(count):
        sheet.add(GREY[::8, ::8], [], str(number))
    shown = [int(caption) for caption, _ in sheet.chosen()]
    assert shown[0] == 0
    assert len(shown) == min(count, PICTURES)
    steps = np.diff(shown)
    assert count < 4 * PICTURES or steps.max() <= 1.3 * steps.min()
    assert count - shown[-1] <= max([1, *steps])


@pytest.mark.parametrize("shape", [(120, 160, 3), (3840, 2160, 3), (10, 1000, 3), (7, 5, 3)])
def test_pictures_of_a_contact_sheet_have_the_frames_aspect(shape):
    sheet = ContactSheet()
    sheet.add(np.zeros(shape, np.uint8), [mark(1, 1, 2, 2)], "frame 0")
    ((_, picture),) = sheet.chosen()
    assert max(picture.shape) == THUMB
    assert picture.shape[0] / picture.shape[1] == pytest.approx(shape[0] / shape[1], rel=0.05)
    assert sheet.picture().shape[1] > picture.shape[1]
