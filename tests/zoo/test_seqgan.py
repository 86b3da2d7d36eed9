"""gan_tf.zoo.seqgan: writing, rewards and updates by hand, and its phases."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from command_line import command

from gan_tf.data import dataset
from gan_tf.data.oracle import Oracle
from gan_tf.zoo import seqgan

RANDOM = np.random.default_rng(0)
WORDS, UNITS = 5000, 32
SEQUENCES = RANDOM.integers(0, WORDS, [40, 20], np.int32)
SEQUENCES[0, 0] = WORDS - 1
SEED = tf.constant([3, 4], tf.int64)


@pytest.fixture(scope="module")
def gan():
    return make()


def make(images=None, **options):
    """A SeqGAN of the paper's sizes."""
    return seqgan.make(images, words=WORDS, units=UNITS, **options)


def peaked(generator, word):
    """Makes G write nothing but `word`."""
    kernel, bias = generator.get_layer("logits").get_weights()
    bias = np.zeros_like(bias)
    bias[word] = 100
    generator.get_layer("logits").set_weights([0 * kernel, bias])


def test_log_likelihood_is_that_of_reading_word_by_word(gan):
    generator = gan.objects["generator"]
    found = seqgan.log_likelihood(generator, tf.constant(SEQUENCES[:3]))
    logits, state = seqgan.read(generator, tf.zeros([3], tf.int32), [tf.zeros([3, 32])] * 2)
    for place in range(20):
        expected = tf.nn.log_softmax(logits).numpy()[np.arange(3), SEQUENCES[:3, place]]
        np.testing.assert_allclose(found[:, place], expected, rtol=1e-4)
        logits, state = seqgan.read(generator, tf.constant(SEQUENCES[:3, place]), state)


def test_writing():
    """The same seed writes the same; each sequence and word has its own chance; a sure G writes what it is sure of."""
    generator = seqgan.make_generator(WORDS, UNITS, 0)
    (a, steps), (b, _), (c, _) = (seqgan.write(generator, 50, seed) for seed in (SEED, SEED, SEED + 1))
    np.testing.assert_array_equal(a, b)
    assert (a.numpy() == c.numpy()).mean() < 0.01 and len(np.unique(a)) > 700 and len(steps) == 20
    again, _ = seqgan.finish(generator, [a[:, 0], a[:, 1]], *steps[2], SEED)
    np.testing.assert_array_equal(again, a)  # the same seed finishes it in the same way
    other, _ = seqgan.finish(generator, [a[:, 0], a[:, 1]], *steps[2], SEED + 1)
    np.testing.assert_array_equal(other[:, :2], a[:, :2])
    assert (other.numpy()[:, 2:] == a.numpy()[:, 2:]).mean() < 0.01
    peaked(generator, 7)
    np.testing.assert_array_equal(seqgan.write(generator, 3, SEED)[0], np.full([3, 20], 7))


def test_rewards():
    """For a sure G all ends are the same: every reward is what D says of the sequence with that end."""
    generator = seqgan.make_generator(WORDS, UNITS, 0)
    sequences, steps = seqgan.write(generator, 2, SEED)
    peaked(generator, 7)
    sure = [(tf.one_hot([7, 7], 5000) * 100, state) for _, state in steps]

    def d(finished):  # the logit is the number of 7s, minus 10
        return None, tf.reduce_sum(tf.cast(finished == 7, tf.float32), axis=1, keepdims=True) - 10

    found = seqgan.rewards_of(generator, d, sequences, sure, 3, SEED)
    sevens = np.array([[(row[: t + 1] == 7).sum() + 19 - t for t in range(20)] for row in sequences.numpy()])
    np.testing.assert_allclose(found, 1 / (1 + np.exp(10.0 - sevens)), rtol=1e-4)


def test_rewards_are_means_over_different_ends():
    generator = seqgan.make_generator(WORDS, UNITS, 0)
    sequences, steps = seqgan.write(generator, 2, SEED)
    seen = []

    def d(finished):
        seen.append(finished.numpy())
        return None, tf.cast(finished[:, -1:], tf.float32) / 1000 - 2

    found = seqgan.rewards_of(generator, d, sequences, steps, 4, SEED).numpy()
    assert [len(each) for each in seen] == [8] * 19 + [2]
    for place, finished in enumerate(seen[:-1]):
        np.testing.assert_array_equal(finished[:, : place + 1], np.repeat(sequences.numpy()[:, : place + 1], 4, axis=0))
        assert len(np.unique(finished[:, -1])) > 5
        means = (1 / (1 + np.exp(2 - finished[:, -1] / 1000))).reshape(2, 4).mean(axis=1)
        np.testing.assert_allclose(found[:, place], means, rtol=1e-4)


def test_updates_by_hand():
    """Maximum likelihood and D: their losses by hand, and the likelihood grows."""
    gan = make()
    generator, discriminator = gan.objects["generator"], gan.objects["discriminator"]
    likelihood_step, d_step, _ = seqgan.make_steps(gan.objects, 40, 1)
    before = seqgan.log_likelihood(generator, SEQUENCES).numpy()
    np.testing.assert_allclose(likelihood_step(SEQUENCES), -before.mean(), rtol=1e-5)
    assert seqgan.log_likelihood(generator, SEQUENCES).numpy().mean() > before.mean()

    fake, _ = seqgan.write(generator, 40, SEED)
    both = tf.concat([SEQUENCES, fake], axis=0)
    features, logits = discriminator(both)
    np.testing.assert_allclose(discriminator.get_layer("logits")(features), logits, rtol=1e-5)
    dropped = tf.nn.experimental.stateless_dropout(features, 0.25, SEED)
    assert 0.2 < (dropped.numpy() == 0).mean() - (features.numpy() == 0).mean() < 0.3
    logits = discriminator.get_layer("logits")(dropped).numpy()[:, 0].astype(np.float64)
    expected = np.log1p(np.exp(-logits[:40])).mean() + np.log1p(np.exp(logits[40:])).mean()
    np.testing.assert_allclose(d_step(SEQUENCES, SEED), expected, rtol=1e-5)


@pytest.mark.slow
def test_g_step_by_hand():
    """One step of gradient descent along the loss of the docstring, with rewards minus their mean at each place."""
    gan = seqgan.make(words=30, units=8)
    generator, discriminator = gan.objects["generator"], gan.objects["discriminator"]
    *_, g_step = seqgan.make_steps(gan.objects | {"g_optimizer": keras.optimizers.SGD(1.0)}, 16, 3)
    sequences, steps = seqgan.write(generator, 16, SEED)
    rewards = seqgan.rewards_of(generator, discriminator, sequences, steps, 3, SEED).numpy()
    before, weights = generator.get_weights(), generator.trainable_variables
    with tf.GradientTape() as tape:
        logs = tf.nn.log_softmax(generator(seqgan.words_before(sequences)))
        chosen = tf.gather(logs, sequences, batch_dims=2)
        loss = -tf.reduce_sum(chosen * (rewards - rewards.mean(axis=0))) / 16
    expected = [
        a - np.asarray(tf.convert_to_tensor(b)) for a, b in zip(before, tape.gradient(loss, weights), strict=True)
    ]
    assert float(g_step(SEED)) == pytest.approx(rewards.mean(), rel=1e-5)
    moved = max(np.abs(a - b).max() for a, b in zip(before, expected, strict=True))
    assert 1e-4 < moved < 1  # so the gradient is far from being clipped at 5
    for a, b in zip(expected, generator.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-3 * moved)


def test_scores_of_a_g_that_always_writes_the_same():
    """Both directions of NLL by hand, sharper and not, one triple among 2,000 sequences, and a D that says "real"."""
    oracle = Oracle(30)
    gan, real = seqgan.make(words=30, units=8), oracle.draw(0, 100)
    peaked(gan.objects["generator"], 7)
    last = gan.objects["discriminator"].get_layer("logits")
    last.set_weights([np.zeros_like(last.get_weights()[0]), np.ones(1)])
    found = {name: value for name, (value, _) in gan.scores(dataset.make("oracle", "", real)).items()}
    same = -oracle.log_probabilities(np.full([1, 20], 7)).mean()
    assert found["NLL of G's sequences by the oracle"] == pytest.approx(same, rel=1e-6)
    for name, sharper in (
        ("NLL of the oracle's sequences by G", 1),
        ("sharper: NLL of the oracle's sequences by G", 0.9),
    ):
        assert found[name] == pytest.approx(100 / sharper * (real != 7).mean(), rel=1e-5)
    assert found["oracle's own: NLL by the oracle"] == pytest.approx(-oracle.log_probabilities(real).mean(), rel=1e-6)
    assert found["share of different triples"] == 1 / (2000 * 18)
    assert (found["D is right about G's sequences"], found["D is right about the oracle's"]) == (0, 1)


@pytest.mark.parametrize("words", [29, 31])
def test_other_numbers_of_words_are_refused(words):
    with pytest.raises(ValueError, match=f"this language has 30 words, but --words={words}"):
        seqgan.make(np.arange(600, dtype=np.int32).reshape(30, 20) % 30, words=words, batch_size=8)


@pytest.mark.slow
@pytest.mark.parametrize(("iters", "warned"), [(5, True), (6, False)])
def test_a_first_phase_that_never_ends_is_a_warning(iters, warned, tmp_path):
    flags = ("--likelihood=5", "--batch_size=8", f"--iters={iters}", "--dry_run")
    result = command("gan_tf.zoo.seqgan", *flags, cwd=tmp_path)
    words = "the first phase takes 5 iterations, so it never ends: for the GAN itself name a higher --iters"
    assert result.returncode == 0 and (words in result.stderr) == warned


@pytest.mark.slow
def test_g_writes_what_is_rewarded():
    """A D that likes the first half of all words makes G write them more often; the opposite D, less often."""

    class Likes(keras.Model):
        def __init__(self, sign):
            super().__init__()
            self.sign = sign

        def call(self, finished):
            return None, self.sign * (tf.reduce_sum(tf.cast(finished < 2500, tf.float32), axis=1, keepdims=True) - 10)

    shares = []
    for sign in (1, -1):
        gan = make()
        own = {"discriminator": Likes(sign), "g_optimizer": keras.optimizers.Adam(0.02)}
        *_, g_step = seqgan.make_steps(gan.objects | own, 64, 1)
        for turn in range(20):
            g_step(tf.constant([1, turn], tf.int64))
        shares.append((seqgan.write(gan.objects["generator"], 200, SEED)[0].numpy() < 2500).mean())
    assert shares[0] > 0.55 and shares[1] < 0.45


@pytest.mark.slow
def test_phases():
    """Likelihood, D alone, both; in the control likelihood to the end. Each iteration trains what its phase says."""
    gan = make(SEQUENCES, likelihood=2, alone=1, d_steps=2, rollouts=1, batch_size=8)
    assert gan.first_phase == 2 and [list(gan.blocks(0, 4))] == [[(0, 2), (2, 2)]]
    seen = []
    for i in range(4):
        before = {name: gan.objects[name].get_weights() for name in ("generator", "discriminator")}
        losses = gan.train_block(i, 1)[0]
        moved = [
            any((a != b).any() for a, b in zip(before[name], gan.objects[name].get_weights(), strict=True))
            for name in before
        ]
        seen.append((*(losses != 0), *moved))
    assert seen[0] == seen[1] == (True, False, False, True, False)
    assert seen[2] == (False, True, False, False, True) and seen[3] == (False, True, True, True, True)
    untrained = make(SEQUENCES, d_learns=False, likelihood=1, alone=1, rollouts=1, batch_size=8)
    before = untrained.objects["discriminator"].get_weights()
    losses = untrained.train(3)
    assert (losses[:, 1] == 0).all() and list(losses[:, 2] > 0) == [False, False, True]
    for a, b in zip(before, untrained.objects["discriminator"].get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    control = make(SEQUENCES, adversarial=False, likelihood=2, alone=1, batch_size=8)
    assert (control.train(4)[:, 0] > 0).all() and control.first_phase == 0
