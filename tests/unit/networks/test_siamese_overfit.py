"""Every model with every loss can learn two pairs by heart, with the labels of real training.

One search region, two templates that do not occur in it, two places: the network must connect each
template with its place. Templates and places have nothing else in common.
"""

import copy

import pytest
import torch

from dslt.losses.classification import classification_loss, two_class_logits
from dslt.losses.labels import response_label
from dslt.losses.offsets import box_loss
from dslt.networks.anchors import anchor_grid, anchor_labels, decode
from dslt.networks.make import make_network
from dslt.networks.siamese import STRIDE, correlate
from dslt.settings.offline import ClassificationLossSettings
from siamese_examples import LOSS, siamfc, siamrpn, siamrpn_pp

STEPS = 200
LASTING = 10  # steps in a row that must find both templates
PLACES = torch.tensor([[-24.0, 16.0], [32.0, -8.0]])  # pixels off the middle
BOXES = torch.cat([PLACES, torch.tensor([[60.0, 70.0], [90.0, 44.0]])], dim=1)
LOSSES = [
    ClassificationLossSettings.model_validate(LOSS | {"name": name})
    for name in ("bce", "focal", "shrinkage")
]
each_loss = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)


def images():
    """Smooth noise: two templates and one search region."""
    generator = torch.Generator().manual_seed(0)

    def noise(count, side):
        coarse = torch.rand(count, 3, side // 8, side // 8, generator=generator) * 255
        return torch.nn.functional.interpolate(coarse, size=(side, side), mode="bicubic")

    return noise(2, 127), noise(1, 255)


def twice(features):
    """Give both templates the same search region."""
    if isinstance(features, tuple):
        return tuple(twice(maps) for maps in features)
    return features.expand(2, -1, -1, -1)


def train(net, forward, rate):
    """Take steps of SGD with momentum and clipped gradients until the pairs are found for good."""
    parameters = net.head_parameters() + net.backbone_parameters()
    optimiser = torch.optim.SGD(parameters, rate, momentum=0.9)
    net.train()
    assert forward()[1].max() > 2 * STRIDE  # before training
    found = 0
    for _ in range(STEPS):
        loss, errors = forward()
        found = found + 1 if errors.max() < STRIDE / 2 else 0
        if found == LASTING:
            break
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 10)
        optimiser.step()
    return forward()[1].max()


def siamfc_forward(net, loss, templates, regions):
    """Return a function that gives the loss and the distances in pixels, by cached features."""
    function = classification_loss(loss)
    # One positive cell: among the usual 13, the losses that care little for what is easy leave the
    # peak anywhere.
    settings = siamfc().labels.model_copy(update={"radius": STRIDE / 2})

    def forward():
        z, x = net.neck(templates()), net.neck(regions())
        logits = net.gain * correlate(z, x) + net.bias
        side = logits.shape[-1]
        label = response_label(settings, side, STRIDE, PLACES)
        peaks = logits.flatten(1).argmax(dim=1)
        places = torch.stack([peaks % side, peaks // side], dim=1) - (side - 1) / 2
        errors = (places * STRIDE - PLACES).norm(dim=1)
        return function(logits, label, None), errors

    return forward


def siamrpn_forward(net, settings, loss, templates, regions):
    """Return a function that gives the loss and the distances in pixels, by cached features."""
    function = classification_loss(loss)
    grid = anchor_grid(settings.anchors, net.response_side(settings.crops.search))
    both = torch.ones(2, dtype=torch.bool)
    labels = anchor_labels(settings.anchors, grid, BOXES, both, torch.Generator())
    assert labels.positive.flatten(1).any(dim=1).all()

    def forward():
        scores, offsets = net.propose(net.kernels(templates()), regions())
        logits = two_class_logits(scores)
        boxes = decode(grid, offsets.detach()).flatten(1, 3)
        best = logits.flatten(1).argmax(dim=1)
        errors = (boxes[[0, 1], best, :2] - PLACES).norm(dim=1)
        value = function(logits, labels.positive, labels.valid)
        return value + 1.2 * box_loss("l1", offsets, labels.offsets, labels.positive), errors

    return forward


def cached(net):
    """Return functions that give the frozen backbone's features of templates and regions."""
    with torch.no_grad():
        z, x = (net.features(batch) for batch in images())
    return (lambda: z), (lambda: twice(x))


def live(net):
    """Return functions that run the backbone anew."""
    z, x = images()
    return (lambda: net.features(z)), (lambda: twice(net.features(x)))


@pytest.fixture(scope="module")
def light():
    net = make_network(siamfc("efficientnet_lite0", "pretrained", channels=16))
    net.gain = 0.01
    return net, cached(net)


@pytest.fixture(scope="module")
def rpn():
    net = make_network(siamrpn(channels=32))
    return net, cached(net)


@pytest.fixture(scope="module")
def pp():
    net = make_network(siamrpn_pp(channels=16))
    return net, cached(net)


@each_loss
def test_light_siamfc(loss, light):
    net, features = copy.deepcopy(light[0]), light[1]
    assert train(net, siamfc_forward(net, loss, *features), 0.1) < STRIDE


@each_loss
def test_siamrpn(loss, rpn):
    net, features = copy.deepcopy(rpn[0]), rpn[1]
    assert train(net, siamrpn_forward(net, siamrpn(), loss, *features), 0.03) < STRIDE


@each_loss
def test_siamrpn_pp(loss, pp):
    net, features = copy.deepcopy(pp[0]), pp[1]
    assert train(net, siamrpn_forward(net, siamrpn_pp(), loss, *features), 0.03) < STRIDE


@pytest.mark.slow
@each_loss
def test_siamfc_in_full(loss):
    net = make_network(siamfc())
    net.unfreeze(net.backbone_parts)
    assert train(net, siamfc_forward(net, loss, *live(net)), 0.01) < STRIDE


@pytest.mark.slow
@each_loss
def test_siamrpn_in_full(loss):
    net = make_network(siamrpn())
    net.unfreeze(("layer4", "layer5"))
    assert train(net, siamrpn_forward(net, siamrpn(), loss, *live(net)), 0.01) < STRIDE


@pytest.mark.slow
@each_loss
def test_siamrpn_pp_in_full(loss):
    net = make_network(siamrpn_pp())
    assert train(net, siamrpn_forward(net, siamrpn_pp(), loss, *cached(net)), 0.01) < STRIDE
