"""The scenes of the synthetic videos, as data; `scenes` explains every entry."""

from dslt.data.synthetic.scenes import Actor, Camera, Scene, Take
from dslt.data.synthetic.sprites import Backdrop, Cutout

GREEN, RUST, SAND, NIGHT = (170, 235, 130), (330, 190, 150), (290, 255, 205), (150, 165, 215)

FACE = Cutout("astronaut", (227, 98), (126, 168))
HELMET = Cutout("astronaut", (393, 428), (212, 160))
PATCH = Cutout("astronaut", (172, 382), (76, 76))
SHUTTLE = Cutout("astronaut", (409, 150), (80, 268))
CAT = Cutout("chelsea", (240, 152), (240, 280))
SAUCER = Cutout("coffee", (280, 200), (392, 372))
WHEEL = Cutout("motorcycle_left", (197, 318), (164, 158))
ENGINE = Cutout("motorcycle_left", (415, 315), (170, 170), 4)
GLAND = Cutout("ihc", (313, 382), (132, 146))
HEAD = Cutout("camera", (222, 128), (100, 120), 2, SAND)
COIN = Cutout("coins", (156, 51), (46, 46))
COINS = tuple(Cutout("coins", at, (44, 44)) for at in ((216, 51), (271, 116), (206, 123)))
WALL = Cutout("brick", (256, 256), (150, 440), 16, RUST)
POST = Cutout("gravel", (250, 256), (60, 480), 16, SAND)
BUSH = Cutout("grass", (256, 256), (260, 260), 4, GREEN)


SCENES: dict[str, Scene] = {
    "face-approach": Scene(
        Take(("SV",), 80, Backdrop("motorcycle_left")),
        Camera({0: 280, 0.5: 330, 1: 400}, {0: 230, 0.6: 255, 1: 235}),
        target=Actor(
            FACE.wide(40),
            x={0: 215, 0.3: 280, 0.65: 340, 1: 430},
            y={0: 210, 0.4: 260, 0.7: 225, 1: 245},
            scale={0: 1, 0.45: 1.9, 0.7: 1.5, 1: 0.85},
            turn={0: 0, 0.4: -8, 1: 6},
        ),
        behind=(Actor(HELMET.wide(74), x={0: 380, 1: 250}, y={0: 285}, scale={0: 0.8, 1: 1.1}),),
    ),
    "saucer-lamp": Scene(
        Take(("IV",), 70, Backdrop("brick", tint=RUST), noise=8),
        Camera({0: 260, 1: 360}, {0: 280, 0.5: 340, 1: 300}),
        target=Actor(
            SAUCER.wide(66),
            x={0: 200, 0.25: 260, 0.5: 250, 0.8: 370, 1: 400},
            y={0: 300, 0.35: 260, 0.6: 360, 1: 290},
        ),
        gain={0: 1, 0.15: 0.95, 0.3: 0.35, 0.45: 0.4, 0.55: 1.5, 0.75: 1.2, 1: 0.5},
        slope={0: 0, 0.3: 0.4, 0.6: -0.6, 1: 0.5},
    ),
    "cat-posts": Scene(
        Take(("OCC",), 90, Backdrop("grass", tint=GREEN)),
        Camera({0: 220, 0.5: 330, 1: 420}, {0: 300, 1: 320}),
        target=Actor(
            CAT.wide(62),
            x={0: 140, 0.3: 255, 0.6: 350, 1: 500},
            y={0: 300, 0.25: 280, 0.55: 335, 0.8: 300, 1: 325},
        ),
        front=(
            Actor(POST.wide(44), x={0: 245}, y={0: 300}),
            Actor(POST.wide(52), x={0: 375}, y={0: 310}),
            Actor(BUSH.wide(74), x={0: 465}, y={0: 348}),
        ),
    ),
    "coin-crowd": Scene(
        Take(("BC",), 80, Backdrop("coins", 560)),
        Camera({0: 240, 1: 330}, {0: 200, 0.6: 250, 1: 230}),
        target=Actor(
            COIN.wide(44),
            x={0: 190, 0.3: 250, 0.6: 280, 1: 390},
            y={0: 190, 0.35: 240, 0.7: 215, 1: 260},
            turn={0: 0, 1: 25},
        ),
        behind=(
            Actor(COINS[0].wide(44), x={0: 300, 0.5: 250, 1: 310}, y={0: 250, 1: 190}),
            Actor(COINS[1].wide(44), x={0: 150, 0.6: 300, 1: 330}, y={0: 260, 1: 285}),
            Actor(COINS[2].wide(44), x={0: 330, 0.6: 335, 1: 430}, y={0: 170, 1: 215}),
            Actor(COIN.wide(44), x={0: 270, 0.5: 190, 1: 280}, y={0: 130, 1: 160}),
        ),
    ),
    "helmet-dash": Scene(
        Take(("FM", "MB"), 72, Backdrop("motorcycle_right"), shake=3, shutter=0.8),
        Camera({0: 300, 0.4: 350, 1: 320}, {0: 240}),
        target=Actor(
            HELMET.wide(60),
            x={0: 230, 0.12: 240, 0.2: 350, 0.3: 420, 0.38: 300}
            | {0.5: 250, 0.62: 390, 0.72: 400, 0.82: 270, 1: 250},
            y={0: 220, 0.15: 270, 0.25: 200, 0.4: 290, 0.5: 190}
            | {0.6: 270, 0.75: 195, 0.88: 290, 1: 230},
            turn={0: 0, 0.5: 14, 1: -8},
        ),
    ),
    "wheel-roll": Scene(
        Take(("IPR",), 84, Backdrop("gravel", tint=SAND)),
        Camera({0: 240, 0.5: 330, 1: 280}, {0: 300, 1: 340}),
        target=Actor(
            WHEEL.wide(64),
            x={0: 170, 0.5: 400, 0.7: 390, 1: 230},
            y={0: 290, 0.3: 330, 0.6: 290, 1: 350},
            turn={0: 0, 0.5: 250, 0.7: 235, 1: 20},
        ),
    ),
    "gland-swim": Scene(
        Take(("DEF", "BC"), 80, Backdrop("ihc", 600)),
        Camera({0: 270, 0.5: 320, 1: 300}, {0: 260, 1: 330}),
        target=Actor(
            GLAND.wide(58),
            x={0: 220, 0.4: 300, 0.7: 280, 1: 380},
            y={0: 240, 0.3: 300, 0.7: 330, 1: 310},
            stretch={0: 1, 0.25: 1.25, 0.5: 0.82, 0.75: 1.2, 1: 0.9},
            wobble=0.1,
            cycles=3,
        ),
        behind=(
            Actor(GLAND.wide(50), x={0: 350, 1: 230}, y={0: 200, 1: 390}, wobble=0.1, cycles=2),
        ),
    ),
    "face-exit": Scene(
        Take(("OV",), 90, Backdrop("coffee", 760)),
        Camera({0: 330, 0.5: 380, 1: 340}, {0: 260, 1: 290}),
        target=Actor(
            FACE.wide(48),
            x={0: 330, 0.2: 430, 0.33: 600, 0.45: 610, 0.6: 440, 0.8: 330, 1: 270},
            y={0: 240, 0.3: 280, 0.5: 250, 0.75: 310, 1: 260},
        ),
        behind=(Actor(PATCH.wide(40), x={0: 260, 1: 430}, y={0: 330, 1: 220}),),
    ),
    "patch-far": Scene(
        Take(("LR",), 76, Backdrop("camera", 600), noise=10),
        Camera({0: 330, 0.5: 400, 1: 380}, {0: 260, 1: 300}),
        target=Actor(
            PATCH.wide(17),
            x={0: 280, 0.3: 330, 0.6: 420, 1: 440},
            y={0: 240, 0.25: 290, 0.6: 250, 1: 330},
            turn={0: 0, 1: 20},
        ),
    ),
    "cat-twins": Scene(
        Take(("OCC", "BC"), 86, Backdrop("chelsea", 620)),
        Camera({0: 300, 1: 330}, {0: 200, 1: 215}),
        target=Actor(
            CAT.wide(54), x={0: 200, 0.35: 290, 0.65: 350, 1: 420}, y={0: 180, 0.5: 230, 1: 190}
        ),
        front=(
            Actor(
                CAT.wide(52),
                x={0: 430, 0.35: 340, 0.65: 270, 1: 210},
                y={0: 215, 0.5: 205, 1: 235},
                turn={0: 4, 1: -4},
            ),
        ),
    ),
    "shuttle-spin": Scene(
        Take(("IPR", "FM"), 72, Backdrop("astronaut", 600, tint=NIGHT), shake=2, shutter=0.4),
        Camera({0: 270, 0.5: 320, 1: 280}, {0: 280, 1: 300}),
        target=Actor(
            SHUTTLE.wide(32),
            x={0: 200, 0.2: 330, 0.3: 360, 0.5: 240, 0.7: 380, 0.85: 350, 1: 220},
            y={0: 270, 0.2: 230, 0.4: 330, 0.6: 260, 0.8: 340, 1: 280},
            turn={0: 0, 0.25: 40, 0.5: 150, 0.8: 235, 1: 270},
        ),
    ),
    "engine-breathe": Scene(
        Take(("DEF", "SV"), 80, Backdrop("motorcycle_right")),
        Camera({0: 330, 1: 300}, {0: 240, 1: 220}, zoom={0: 1, 0.5: 1.2, 1: 1.05}),
        target=Actor(
            ENGINE.wide(52),
            x={0: 260, 0.3: 330, 0.6: 380, 1: 240},
            y={0: 200, 0.4: 260, 0.7: 215, 1: 250},
            scale={0: 1, 0.35: 1.35, 0.7: 0.8, 1: 1.1},
            stretch={0: 1, 0.2: 0.8, 0.5: 1.2, 0.8: 0.85, 1: 1},
            wobble=0.07,
            cycles=4,
        ),
    ),
    "head-hidden": Scene(
        Take(("OCC", "MB"), 84, Backdrop("grass", tint=(215, 225, 150)), shake=2, shutter=0.6),
        Camera({0: 250, 0.5: 350, 1: 400}, {0: 300, 0.5: 285, 1: 310}),
        target=Actor(
            HEAD.wide(48),
            x={0: 170, 0.3: 280, 0.5: 350, 0.7: 410, 1: 510},
            y={0: 300, 0.5: 290, 0.75: 325, 1: 290},
        ),
        front=(Actor(WALL.wide(92), x={0: 350}, y={0: 300}),),
    ),
    "wheel-dusk": Scene(
        Take(("IV", "SV", "OV"), 84, Backdrop("motorcycle_left"), noise=8),
        Camera({0: 330, 0.5: 300, 1: 370}, {0: 240, 1: 260}),
        target=Actor(
            WHEEL.wide(50),
            x={0: 280, 0.25: 330, 0.4: 472, 0.5: 475, 0.65: 330, 1: 320},
            y={0: 230, 0.3: 260, 0.5: 220, 0.75: 290, 1: 240},
            scale={0: 1, 0.3: 1.3, 0.55: 1.2, 1: 0.65},
            turn={0: 0, 0.5: -40, 1: 10},
        ),
        gain={0: 1.1, 0.3: 0.6, 0.6: 0.45, 0.8: 1.1, 1: 0.7},
        slope={0: 0, 0.5: -0.35, 1: 0.3},
    ),
}
