"""What every member of the zoo must keep: its constants, first weights that differ, grids that share nothing."""

import functools
import math

import keras
import numpy as np
import pytest
from test_members import WITH_PICTURES, ZOO, make, slow_but

USUAL = (0.9, 0.999, 1e-8)  # Kingma and Ba 2015 (arXiv:1412.6980), algorithm 1: beta1, beta2, epsilon
DCGAN = (0.0002, 0.5, 0.999, 1e-8)  # Radford et al. 2015 (arXiv:1511.06434), section 4
HALVED = {"decay_steps": 10_000, "decay_rate": 0.5, "staircase": False}
# Member → optimizer → (learning rate, or its schedule; beta1; beta2; epsilon), with the place they are from.
ADAM = {
    "dcgan": {"g_optimizer": DCGAN, "d_optimizer": DCGAN},
    "conditional": {"g_optimizer": DCGAN, "d_optimizer": DCGAN},  # departure 1
    # Salimans et al. 2016: the authors' code has 0.003 and beta1 0.5; G's rate is a departure
    "semi_supervised": {
        "g_optimizer": ({"initial_learning_rate": 0.0003, **HALVED}, 0.5, 0.999, 1e-4),
        "d_optimizer": ({"initial_learning_rate": 0.003, **HALVED}, 0.5, 0.999, 1e-4),
    },
    "infogan": {"g_optimizer": (0.001, *DCGAN[1:]), "d_optimizer": DCGAN},  # Chen et al. 2016, appendix C.1
    "loss_sensitive": {"g_optimizer": (0.0001, *DCGAN[1:]), "d_optimizer": (0.0001, *DCGAN[1:])},  # the authors' code
    "regularised": {"g_optimizer": (0.001, *USUAL), "d_optimizer": (0.001, *USUAL)},  # the reference's
    "sngan": {"g_optimizer": DCGAN, "d_optimizer": DCGAN},  # Miyato et al. 2018, table 1, setting C
    "r3gan": {"g_optimizer": (0.001, 0, 0.99, 1e-8), "d_optimizer": (0.001, 0, 0.99, 1e-8)},
    "adversarial_autoencoder": {
        "optimizer": (0.0002, *USUAL),
        "e_optimizer": (0.0001, *DCGAN[1:]),
        "d_optimizer": (0.0001, *DCGAN[1:]),
    },
    "cyclegan": {"g_optimizer": DCGAN, "d_optimizer": DCGAN},  # Zhu et al. 2017, section 4 and the authors' code
    "pix2pix": {"g_optimizer": DCGAN, "d_optimizer": DCGAN},  # Isola et al. 2017, section 3.3
    "super_resolution": {"g_optimizer": (0.0001, *USUAL), "d_optimizer": (0.0001, *USUAL)},  # Ledig et al., section 3.2
    "stackgan": {  # Zhang et al. 2017, section 5.2
        name: DCGAN for name in ("g_optimizer", "d_optimizer", "second_g_optimizer", "second_d_optimizer")
    },
    "gan_3d": {"g_optimizer": (0.0005, 0.5, 0.9, 1e-8), "d_optimizer": (0.0005, 0.5, 0.9, 1e-8)},
    "seqgan": {
        "likelihood_optimizer": (
            {"initial_learning_rate": 0.01, "decay_steps": 1, "decay_rate": 0.5, "staircase": False},
            *USUAL,
        ),
        "g_optimizer": (0.002, *USUAL),
        "d_optimizer": (0.005, *USUAL),
    },
    "imitation": {
        "p_optimizer": (0.003, *USUAL),
        "v_optimizer": (0.003, *USUAL),
        "d_optimizer": (0.001, *USUAL),
    },
}
TWO = ("d_loss", "g_loss")
# Member → (names of the losses, D's loss if it knows nothing, where its logits mean "real").
FACTS = {
    "dcgan": (TWO, 2 * math.log(2), None),
    "conditional": (TWO, None, None),
    "semi_supervised": (("labelled_loss", "unlabelled_loss", "g_loss"), None, None),
    "infogan": ((*TWO, "information", "error"), None, None),
    "loss_sensitive": (TWO, None, None),
    "regularised": (TWO, 2 * math.log(2), 0.0),
    "sngan": (TWO, 2.0, None),
    "r3gan": (TWO, math.log(2), None),
    "adversarial_autoencoder": (("reconstruction_loss", "d_loss", "e_loss"), 2 * math.log(2), None),
    "cyclegan": ((*TWO, "cycle_loss"), None, None),
    "pix2pix": ((*TWO, "l1"), 2 * math.log(2), None),
    "super_resolution": ((*TWO, "content_loss"), 2 * math.log(2), None),
    "stackgan": ((*TWO, "kl"), None, None),
    "gan_3d": (TWO, None, None),
    "seqgan": (("likelihood_loss", "d_loss", "reward"), None, None),
    "imitation": (("d_loss", "player_loss", "score"), None, None),
}
# All but those that take seconds to make; their own files test how they learn.
MADE = slow_but(*set(ZOO) - {"cyclegan"})
DRAWN = slow_but(*set(WITH_PICTURES) - {"cyclegan", "stackgan"}, of=WITH_PICTURES)
gan_of = functools.cache(make)  # untrained, for tests that change nothing


@pytest.mark.parametrize("name", MADE)
def test_constants(name):
    gan = gan_of(name)
    found = {key: each for key, each in gan.objects.items() if isinstance(each, keras.optimizers.Optimizer)}
    assert found.keys() == ADAM[name].keys() and len({id(each) for each in found.values()}) == len(found)
    for key, (rate, *others) in ADAM[name].items():
        config = found[key].get_config()
        if isinstance(rate, dict):
            schedule = config["learning_rate"]
            assert schedule["class_name"] == "ExponentialDecay"
            assert {each: schedule["config"][each] for each in rate} == pytest.approx(rate)
            rate = config["learning_rate"] = 0.0
        np.testing.assert_allclose(
            [config[each] for each in ("learning_rate", "beta_1", "beta_2", "epsilon")], [rate, *others], rtol=1e-6
        )
        assert isinstance(found[key], keras.optimizers.Adam)
        untouched = ("weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "gradient_accumulation_steps")
        assert not any(config[each] for each in (*untouched, "use_ema", "amsgrad"))


@pytest.mark.parametrize("name", MADE)
def test_facts(name):
    gan = gan_of(name)
    losses, blind, boundary = FACTS[name]
    assert gan.loss_names == losses and gan.boundary == boundary
    assert gan.blind_d_loss == (None if blind is None else pytest.approx(blind))


def first_weights(gan):
    """{model/layer: the first 40 numbers of its kernel}, of kernels with so many that do not begin with zeros."""
    kernels = {
        f"{model}/{weight.path}": weight.numpy().ravel()
        for model, each in gan.models.items()
        if not model.endswith("average")
        for weight in each.trainable_variables
        if len(weight.shape) > 1
    }
    return {name: kernel[:40] for name, kernel in kernels.items() if len(kernel) >= 40 and kernel.any()}


@pytest.mark.parametrize("name", slow_but(*set(ZOO) - {"cyclegan", "super_resolution"}))  # they take long to make twice
def test_first_weights(name):
    """No two layers of a GAN begin alike, and another seed makes all of them others."""
    one, other = first_weights(gan_of(name)), first_weights(make(name, seed=1))
    both = np.array([*one.values(), *other.values()])
    alike = np.abs(np.corrcoef(both)) - np.eye(len(both))
    assert len(one) >= 3 and alike.max() < 0.8


@pytest.mark.parametrize("name", DRAWN)
def test_grids_share_nothing(name):
    """Nor do they share anything with samples. All pictures are different."""
    gan = gan_of(name)
    if name == "gan_3d":  # untrained, its solids are too empty to be seen
        bias = gan.objects["generator"].trainable_variables[-1]
        before = bias.numpy()
        bias.assign(0 * bias)
    drawn = [gan.draw(0), gan.draw(1)]
    if name == "gan_3d":
        bias.assign(before)
    if gan.generate:
        drawn.append(gan.sample(16))
    if name in ("pix2pix", "super_resolution"):  # the first row are the inputs; these images are noise, all different
        assert len({picture.tobytes() for picture in drawn[0]}) > gan.columns
    pictures = [picture.tobytes() for each in drawn for picture in each]
    assert len(set(pictures)) == len(pictures)


@pytest.mark.parametrize("name", DRAWN)
def test_a_sample_does_not_depend_on_the_others(name):
    """Batch normalisation uses its running averages, not the batch."""
    gan = gan_of(name)
    if not gan.generate:
        pytest.skip("it draws nothing from noise")
    noise = gan.make_noise(0, 2, 8)
    together, alone = np.asarray(gan.generate(noise)), np.asarray(gan.generate(noise[:2]))
    np.testing.assert_allclose(alone, together[:2], atol=1e-6)
    assert np.abs(together[0] - together[1]).max() > 1e-6
