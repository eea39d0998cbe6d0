"""Scenes on which settings of trackers are chosen, as data; `scenes` explains every entry.

They share neither a photograph nor a path with those that results are reported on (`scene_list`).
"""

from dslt.data.synthetic.scenes import Actor, Camera, Scene, Take
from dslt.data.synthetic.sprites import Backdrop, Cutout

DUSK, OCHRE = (200, 180, 240), (300, 240, 160)

FACE = Cutout("portrait", (265, 220), (200, 240))
CAP = Cutout("portrait", (265, 88), (200, 120), 4)
RIBBONS = Cutout("portrait", (390, 503), (124, 44), 16)
TURTLE = Cutout("logo", (240, 190), (150, 150), 4)
SHELL = Cutout("logo", (390, 400), (130, 130))
CRATER = Cutout("moon", (122, 86), (60, 60))
HOLLOW = Cutout("moon", (345, 130), (60, 90))
STAIN = Cutout("moon", (245, 435), (90, 80))
BALL = Cutout("cell", (430, 375), (130, 130))
DISC = Cutout("retina", (240, 650), (260, 260))
SPIRAL = Cutout("hubble", (728, 468), (54, 54), 2, OCHRE)
SCRIPT = Cutout("text", (220, 90), (150, 110), 16)
POST = Cutout("rocket", (318, 260), (26, 260), 16)
PANEL = Cutout("page", (190, 60), (150, 90), 16)


SCENES: dict[str, Scene] = {
    "portrait-glide": Scene(
        Take(("SV",), 70, Backdrop("rocket", 760)),
        Camera({0: 300, 0.5: 380, 1: 460}, {0: 230, 1: 290}),
        target=Actor(
            FACE.wide(44),
            x={0: 240, 0.4: 360, 0.7: 420, 1: 500},
            y={0: 210, 0.3: 250, 0.6: 290, 1: 280},
            scale={0: 1, 0.3: 0.75, 0.65: 1.5, 1: 1.8},
            turn={0: 0, 0.5: 7, 1: -6},
        ),
    ),
    "cap-flash": Scene(
        Take(("IV",), 64, Backdrop("moon"), noise=8),
        Camera({0: 250, 1: 370}, {0: 300, 0.5: 260, 1: 330}),
        target=Actor(
            CAP.wide(62),
            x={0: 220, 0.3: 270, 0.6: 330, 1: 380},
            y={0: 280, 0.35: 300, 0.7: 240, 1: 320},
        ),
        gain={0: 1, 0.2: 1.4, 0.35: 0.5, 0.6: 0.4, 0.75: 1.1, 1: 0.7},
        slope={0: 0.2, 0.4: -0.5, 0.8: 0.5, 1: 0},
    ),
    "turtle-posts": Scene(
        Take(("OCC",), 80, Backdrop("page", 760)),
        Camera({0: 230, 0.5: 340, 1: 470}, {0: 180, 1: 200}),
        target=Actor(
            TURTLE.wide(56),
            x={0: 160, 0.35: 290, 0.6: 380, 1: 540},
            y={0: 170, 0.3: 200, 0.7: 180, 1: 210},
        ),
        front=(
            Actor(POST.wide(34), x={0: 270}, y={0: 190}),
            Actor(POST.wide(46), x={0: 390}, y={0: 190}),
            Actor(SHELL.wide(66), x={0: 500}, y={0: 214}),
        ),
    ),
    "crater-field": Scene(
        Take(("BC",), 72, Backdrop("moon", 620, DUSK)),
        Camera({0: 250, 1: 350}, {0: 240, 0.5: 300, 1: 270}),
        target=Actor(
            CRATER.wide(42),
            x={0: 200, 0.35: 290, 0.65: 300, 1: 410},
            y={0: 220, 0.4: 290, 0.75: 260, 1: 300},
            turn={0: 0, 1: -30},
        ),
        behind=(
            Actor(CRATER.wide(42), x={0: 320, 0.5: 230, 1: 300}, y={0: 290, 1: 210}, turn={0: 60}),
            Actor(HOLLOW.wide(36), x={0: 160, 0.6: 330, 1: 350}, y={0: 300, 1: 330}),
            Actor(CRATER.wide(38), x={0: 330, 1: 460}, y={0: 190, 1: 250}, turn={0: 160}),
        ),
    ),
    "ribbon-dash": Scene(
        Take(("FM", "MB"), 66, Backdrop("hubble", 760), shake=3, shutter=0.8),
        Camera({0: 320, 0.5: 400, 1: 360}, {0: 300}),
        target=Actor(
            RIBBONS.wide(72),
            x={0: 270, 0.15: 290, 0.25: 420, 0.35: 470, 0.5: 340, 0.6: 300, 0.75: 450, 1: 320},
            y={0: 280, 0.15: 340, 0.3: 260, 0.45: 350, 0.6: 250, 0.75: 340, 1: 290},
            turn={0: 0, 0.5: -16, 1: 10},
        ),
    ),
    "disc-roll": Scene(
        Take(("IPR",), 76, Backdrop("text", 900)),
        Camera({0: 300, 0.5: 420, 1: 360}, {0: 170, 1: 185}),
        target=Actor(
            DISC.wide(60),
            x={0: 230, 0.5: 490, 0.7: 470, 1: 300},
            y={0: 160, 0.3: 200, 0.6: 150, 1: 190},
            turn={0: 0, 0.5: -230, 0.7: -210, 1: 10},
        ),
    ),
    "ball-squash": Scene(
        Take(("DEF", "BC"), 74, Backdrop("cell", 600, OCHRE)),
        Camera({0: 260, 0.5: 330, 1: 300}, {0: 480, 1: 420}),
        target=Actor(
            STAIN.wide(56),
            x={0: 210, 0.4: 310, 0.7: 330, 1: 360},
            y={0: 500, 0.3: 450, 0.7: 430, 1: 390},
            stretch={0: 1, 0.3: 0.8, 0.55: 1.25, 0.8: 0.85, 1: 1.1},
            wobble=0.1,
            cycles=3,
        ),
        behind=(
            Actor(BALL.wide(50), x={0: 340, 1: 230}, y={0: 400, 1: 480}, wobble=0.08, cycles=2),
        ),
    ),
    "script-exit": Scene(
        Take(("OV",), 80, Backdrop("retina", 760)),
        Camera({0: 350, 0.5: 400, 1: 360}, {0: 380, 1: 350}),
        target=Actor(
            SCRIPT.wide(52),
            x={0: 340, 0.2: 430, 0.35: 610, 0.5: 620, 0.65: 470, 1: 300},
            y={0: 360, 0.3: 400, 0.6: 360, 1: 330},
        ),
        behind=(Actor(PANEL.wide(48), x={0: 280, 1: 440}, y={0: 320, 1: 410}),),
    ),
    "spiral-far": Scene(
        Take(("LR",), 66, Backdrop("color", 640, DUSK), noise=10),
        Camera({0: 300, 0.5: 360, 1: 330}, {0: 300, 1: 340}),
        target=Actor(
            SPIRAL.wide(18),
            x={0: 250, 0.3: 310, 0.6: 390, 1: 400},
            y={0: 280, 0.3: 330, 0.6: 300, 1: 370},
        ),
    ),
    "portrait-twins": Scene(
        Take(("OCC", "BC"), 76, Backdrop("logo", 640, DUSK)),
        Camera({0: 300, 1: 340}, {0: 280, 1: 300}),
        target=Actor(
            FACE.wide(46), x={0: 210, 0.4: 300, 0.7: 350, 1: 420}, y={0: 270, 0.5: 300, 1: 280}
        ),
        front=(
            Actor(
                FACE.wide(44),
                x={0: 430, 0.4: 340, 0.7: 270, 1: 220},
                y={0: 300, 0.5: 280, 1: 310},
                turn={0: -4, 1: 5},
            ),
        ),
    ),
}
