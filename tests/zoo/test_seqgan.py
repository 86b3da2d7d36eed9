"""gan_tf.zoo.seqgan: writing, rewards and updates by hand, and its phases."""

import keras
import numpy as np
import pytest
import steps
import tensorflow as tf
from command_line import command

from gan_tf import data
from gan_tf.data import dataset
from gan_tf.data.oracle import Oracle
from gan_tf.metrics import sequences as measured
from gan_tf.zoo import language, seqgan

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
    logits, state = language.read(generator, tf.zeros([3], tf.int32), [tf.zeros([3, 32])] * 2)
    for place in range(20):
        expected = tf.nn.log_softmax(logits).numpy()[np.arange(3), SEQUENCES[:3, place]]
        np.testing.assert_allclose(found[:, place], expected, rtol=1e-4)
        logits, state = language.read(generator, tf.constant(SEQUENCES[:3, place]), state)


def test_writing():
    """The same seed writes the same; each sequence and word has its own chance; a sure G writes what it is sure of."""
    generator = seqgan.make_generator(WORDS, UNITS, 0)
    (a, states), (b, _), (c, _) = (seqgan.write(generator, 50, seed) for seed in (SEED, SEED, SEED + 1))
    np.testing.assert_array_equal(a, b)
    assert (a.numpy() == c.numpy()).mean() < 0.01 and len(np.unique(a)) > 700 and len(states) == 20
    again, _ = seqgan.finish(generator, [a[:, 0], a[:, 1]], *states[2], SEED)
    np.testing.assert_array_equal(again, a)  # the same seed finishes it in the same way
    other, _ = seqgan.finish(generator, [a[:, 0], a[:, 1]], *states[2], SEED + 1)
    np.testing.assert_array_equal(other[:, :2], a[:, :2])
    assert (other.numpy()[:, 2:] == a.numpy()[:, 2:]).mean() < 0.01
    peaked(generator, 7)
    np.testing.assert_array_equal(seqgan.write(generator, 3, SEED)[0], np.full([3, 20], 7))


def test_rewards():
    """For a sure G all ends are the same: every reward is what D says of the sequence with that end."""
    generator = seqgan.make_generator(WORDS, UNITS, 0)
    sequences, states = seqgan.write(generator, 2, SEED)
    peaked(generator, 7)
    sure = [(tf.one_hot([7, 7], 5000) * 100, state) for _, state in states]

    def d(finished):  # the logit is the number of 7s, minus 10
        return None, tf.reduce_sum(tf.cast(finished == 7, tf.float32), axis=1, keepdims=True) - 10

    found = seqgan.rewards_of(generator, d, sequences, sure, 3, SEED)
    sevens = np.array([[(row[: t + 1] == 7).sum() + 19 - t for t in range(20)] for row in sequences.numpy()])
    np.testing.assert_allclose(found, 1 / (1 + np.exp(10.0 - sevens)), rtol=1e-4)


def test_rewards_are_means_over_different_ends():
    generator = seqgan.make_generator(WORDS, UNITS, 0)
    sequences, states = seqgan.write(generator, 2, SEED)
    seen = []

    def d(finished):
        seen.append(finished.numpy())
        return None, tf.cast(finished[:, -1:], tf.float32) / 1000 - 2

    found = seqgan.rewards_of(generator, d, sequences, states, 4, SEED).numpy()
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
    sequences, states = seqgan.write(generator, 16, SEED)
    rewards = seqgan.rewards_of(generator, discriminator, sequences, states, 3, SEED).numpy()
    before, weights = generator.get_weights(), generator.trainable_variables
    with tf.GradientTape() as tape:
        logs = tf.nn.log_softmax(generator(language.words_before(sequences)))
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


@pytest.mark.slow
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


def test_a_temperature_sharpens_what_g_writes():
    """Logits are divided by it: at 1/2 a word with the probability p comes as often as p² says."""
    generator = seqgan.make_generator(6, 4, 0)
    kernel, _ = generator.get_layer("logits").get_weights()
    p = np.array([0.05, 0.1, 0.15, 0.2, 0.2, 0.3])
    generator.get_layer("logits").set_weights([0 * kernel, np.log(p)])
    for temperature, expected in ((1.0, p), (0.5, p**2 / (p**2).sum())):
        found, _ = seqgan.write(generator, 500, SEED, temperature)
        shares = np.bincount(found.numpy().ravel(), minlength=6) / 10_000
        np.testing.assert_allclose(shares, expected, atol=4 * 0.5 / 10_000**0.5)
        logs = seqgan.log_likelihood(generator, found, temperature)
        np.testing.assert_allclose(logs, np.log(expected)[found], rtol=1e-4)


def test_scores_by_hand(monkeypatch):
    """Each score has its own sequences: G's, sharper ones, the oracle's and random ones. All differ."""
    assert (measured.COUNT, measured.SHARPER, measured.OTHERS) == (2000, 0.9, (0.7, 0.8, 1.1, 1.2))
    monkeypatch.setattr(measured, "COUNT", 200)
    written = {
        temperature: [np.random.default_rng(seed).integers(0, words, [100, 20], np.int32) for seed in (1, 2)]
        for temperature, words in ((1.0, 12), (0.9, 5), (0.7, 2), (0.8, 3), (1.1, 15), (1.2, 20))
    }
    asked = []

    def write(generator, count, seed, temperature):
        asked.append((generator, count, *seed.numpy(), temperature))
        return written[temperature][seed.numpy()[0]], None

    monkeypatch.setattr(seqgan, "write", write)
    oracle, gan = Oracle(30), seqgan.make(words=30, units=8)
    generator, discriminator = gan.objects["generator"], gan.objects["discriminator"]
    for weight in generator.trainable_variables:
        weight.assign(5 * weight)
    real = oracle.draw(0, 330)
    ours, sharper = (np.concatenate(written[temperature]) for temperature in (1.0, 0.9))
    random = np.random.default_rng(0).integers(0, 30, [200, 20])
    logits_of = {name: np.asarray(discriminator(each)[1])[:, 0] for name, each in (("ours", ours), ("real", real))}
    limit = np.quantile(logits_of["real"], 0.35)
    last = discriminator.get_layer("logits")
    last.set_weights([last.get_weights()[0], -np.array([limit])])
    found = gan.scores(dataset.make("oracle", "", real))
    assert asked == [(generator, 100, i, 1, temperature) for temperature in written for i in (0, 1)]

    def mean(values):
        return pytest.approx((values.mean(), values.std(ddof=1) / len(values) ** 0.5), rel=1e-4)

    def by_oracle(sequences):
        return mean(-oracle.log_probabilities(sequences).mean(axis=1))

    def by_g(temperature):
        before = np.concatenate([np.zeros([330, 1], np.int32), real[:, :-1]], axis=1)
        logits = np.asarray(generator(before), np.float64) / temperature
        logs = logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))
        return mean(-np.take_along_axis(logs, real[:, :, None], axis=2)[:, :, 0].mean(axis=1))

    def triples(sequences):
        those = [tuple(row[t : t + 3]) for row in sequences[:200] for t in range(18)]
        return len(set(those)) / len(those), None

    def share(right):
        return pytest.approx((right.mean(), (right.mean() * (1 - right.mean()) / len(right)) ** 0.5))

    expected = {
        "NLL of G's sequences by the oracle": by_oracle(ours),
        "NLL of the oracle's sequences by G": by_g(1.0),
        "sharper: NLL of G's sequences by the oracle": by_oracle(sharper),
        "sharper: NLL of the oracle's sequences by G": by_g(0.9),
    }
    for each in (0.7, 0.8, 1.1, 1.2):
        expected[f"temperature {each}: NLL of G's sequences by the oracle"] = by_oracle(np.concatenate(written[each]))
        expected[f"temperature {each}: NLL of the oracle's sequences by G"] = by_g(each)
    expected |= {
        "share of different triples": triples(ours),
        "D is right about G's sequences": share(logits_of["ours"] <= limit),
        "D is right about the oracle's": share(logits_of["real"] > limit),
        "random words: NLL by the oracle": by_oracle(random),
        "random words: share of different triples": triples(random),
        "oracle's own: NLL by the oracle": by_oracle(real),
        "oracle's own: share of different triples": triples(real),
    }
    assert found == expected and list(found) == list(expected)
    assert found["D is right about the oracle's"][0] == pytest.approx(0.65, abs=0.01)
    values = [value for value, _ in found.values()]
    assert np.abs(np.subtract.outer(values, values) + np.eye(len(values))).min() > 1e-4, "no two are equal"


def test_other_languages_are_refused():
    """The last word need not occur in the sequences. What a data set's language has is known by its name."""
    sequences = np.arange(600, dtype=np.int32).reshape(30, 20) % 29
    with pytest.raises(ValueError, match="there is a word 28, but words=28 means 0 to 27"):
        seqgan.make(sequences, words=28, batch_size=8)
    seqgan.make(sequences, words=30, batch_size=8)
    for name, words in (("small_oracle", 29), ("small_oracle", 5000), ("oracle", 30)):
        with pytest.raises(ValueError, match=f"--dataset={name} needs --words={seqgan.LANGUAGES[name]}, not"):
            seqgan.require_words(name, words)
    seqgan.require_words("small_oracle", 30)
    seqgan.require_words("oracle", 5000)


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


def test_what_each_update_gets(monkeypatch):
    """Each phase has its own updates. In one iteration all have other sequences and other random numbers."""
    calls, made = [], []

    def make_steps(objects, batch_size, rollouts):
        made.append((objects, batch_size, rollouts))
        return (
            lambda sequences: calls.append(("likelihood", sequences.numpy(), None)) or 1.0,
            lambda sequences, seed: calls.append(("D", sequences.numpy(), tuple(seed.numpy()))) or 2.0,
            lambda seed: calls.append(("G", None, tuple(seed.numpy()))) or 3.0,
        )

    monkeypatch.setattr(seqgan, "make_steps", make_steps)
    options = {"likelihood": 2, "alone": 1, "d_steps": 3, "rollouts": 4, "batch_size": 8, "seed": 6}
    gan = make(SEQUENCES, **options)
    ((objects, *others),) = made
    assert objects == gan.objects and others == [8, 4]
    np.testing.assert_array_equal(gan.train(4), [[1, 0, 0], [1, 0, 0], [0, 2, 0], [0, 2, 3]])
    assert [name for name, *_ in calls] == ["likelihood", "likelihood", "D", "G", "D", "D", "D"]
    for (_, found, _), chosen in zip(calls[:3], data.batch_indices(40, 8, 6, 0, 3), strict=True):
        np.testing.assert_array_equal(found, SEQUENCES[chosen])
    chosen = data.batch_indices(40, 24, 6, 3, 1)[0]
    np.testing.assert_array_equal(np.concatenate([found for _, found, _ in calls[4:]]), SEQUENCES[chosen])
    seeds = [seed for *_, seed in calls[2:]]
    assert len(set(seeds)) == 5 and tuple(tf.random.experimental.stateless_fold_in([6, 3], 0).numpy()) == seeds[1]
    rates = {name: gan.objects[f"{name}_optimizer"].get_config()["learning_rate"] for name in ("g", "d")}
    assert rates == {"g": pytest.approx(0.002), "d": pytest.approx(0.005)}
    falling = seqgan.make(likelihood=4000).objects["likelihood_optimizer"]._learning_rate.get_config()
    found = [falling[name] for name in ("initial_learning_rate", "decay_steps", "decay_rate")]
    assert found == [0.01, 1000, 0.5], "it halves four times"


def test_long_gradients_are_clipped():
    """To a length of 5, all weights together."""
    gan = seqgan.make(words=30, units=8)
    generator, sequences = gan.objects["generator"], SEQUENCES[:4] % 30
    last = generator.get_layer("logits")
    last.kernel.assign(3000 * last.kernel)
    weights, before = generator.trainable_variables, generator.get_weights()
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(seqgan.log_likelihood(generator, sequences))
    gradients = tape.gradient(loss, weights)
    length = float(tf.linalg.global_norm(gradients))
    gradients = [np.asarray(tf.convert_to_tensor(each)) for each in gradients]
    assert length > 10
    with steps.recorded():
        own = {"likelihood_optimizer": keras.optimizers.SGD(1.0)}
        likelihood_step, *_ = seqgan.make_steps(gan.objects | own, 4, 1)
        likelihood_step(sequences)
    for old, new, gradient in zip(before, generator.get_weights(), gradients, strict=True):
        rounding = 2e-7 * np.abs(old).max()
        np.testing.assert_allclose(old - new, gradient * 5 / length, rtol=1e-3, atol=1e-4 + rounding)


@pytest.mark.slow
def test_phases():
    """Likelihood, D alone, both; in the control likelihood to the end. Each iteration trains what its phase says."""
    gan = make(SEQUENCES, likelihood=2, alone=1, d_steps=2, rollouts=1, batch_size=8)
    assert gan.first_phase == 2 and [list(gan.pieces(0, 4))] == [[(0, 2), (2, 2)]]
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
