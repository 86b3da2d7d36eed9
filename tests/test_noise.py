"""gan_tf.noise: Philox, where each number depends on its place alone."""

import numpy as np
import pytest

from gan_tf import noise as streams
from gan_tf.noise import iteration_noise, sample_noise, stream_noise, uniform_noise


def philox(key, counter_low, counter_high):
    """Philox-4x32-10 (Salmon et al. 2011) in Python: four 32-bit numbers."""
    c = [counter_low & 0xFFFFFFFF, counter_low >> 32, counter_high & 0xFFFFFFFF, counter_high >> 32]
    k = [key & 0xFFFFFFFF, key >> 32]
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ k[1], a & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def uniform_float(bits):
    """TensorFlow's float32 in [0, 1) from 32 bits: the lower 23 of them as the mantissa of a number in [1, 2)."""
    return np.uint32(0x3F800000 | (bits & 0x7FFFFF)).view(np.float32) - np.float32(1)


def test_philox_known_answers():
    """Random123's known-answer test for philox4x32-10, so that what follows checks against the real thing."""
    assert philox(0, 0, 0) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]


@pytest.mark.parametrize(("seed", "stream", "first"), [(0, 0, 0), (5, 1, 1600), (2**40 + 3, 0, 4 * (2**33 + 1))])
def test_noise_is_philox(seed, stream, first):
    noise = uniform_noise(seed, stream, first, [3, 4]).numpy()
    bits = [philox(seed, first // 4 + i, stream) for i in range(3)]
    expected = [[2 * uniform_float(b) - 1 for b in row] for row in bits]
    np.testing.assert_array_equal(noise, np.array(expected, np.float32))


def test_noise_is_uniform():
    noise = iteration_noise(0, 0, 20, 128).numpy().astype(np.float64)
    assert noise.shape == (20, 2, 128, 100)
    n = noise.size
    assert noise.min() >= -1 and noise.max() < 1
    assert abs(noise.mean()) < 4 * np.sqrt(1 / 3 / n)
    assert abs(noise.var() - 1 / 3) < 4 * np.sqrt(4 / 45 / n)
    assert abs(np.corrcoef(noise[:, 0].ravel(), noise[:, 1].ravel())[0, 1]) < 4 / np.sqrt(n / 2)


def test_noise_depends_on_the_iteration_alone():
    whole = iteration_noise(3, 0, 10, 8).numpy()
    pieces = [iteration_noise(3, first, steps, 8).numpy() for first, steps in [(0, 1), (1, 6), (7, 3)]]
    np.testing.assert_array_equal(whole, np.concatenate(pieces))
    assert (whole != iteration_noise(4, 0, 10, 8).numpy()).any()


def test_sample_noise():
    first, second = sample_noise(0, 0).numpy(), sample_noise(0, 1).numpy()
    assert first.shape == (16, 100)
    # Streams that overlapped would share whole rows; numbers coincide by chance, there are only 2^23 of them.
    assert np.isin(first, second).mean() < 0.01
    assert np.isin(first, iteration_noise(0, 0, 1, 128)).mean() < 0.02


def test_each_purpose_has_its_own_stream():
    """Else what is measured or shown would be noise that was trained on."""
    names = ("TRAINING_NOISE", "SAMPLE_NOISE", "USER_NOISE", "EVALUATION_NOISE")
    drawn = [stream_noise(0, getattr(streams, name), 16).numpy() for name in names]
    for index, noise in enumerate(drawn):
        np.testing.assert_array_equal(noise, uniform_noise(0, index, 0, [16, 100]))
        assert all(np.isin(noise, other).mean() < 0.01 for other in drawn[index + 1 :])
    np.testing.assert_array_equal(iteration_noise(0, 0, 1, 8)[0, 0], drawn[0][:8])
    np.testing.assert_array_equal(sample_noise(0, 0), drawn[1])


def test_noise_begins_at_whole_blocks():
    with pytest.raises(ValueError, match="multiple of 4, not 6"):
        uniform_noise(0, 0, 6, [4])
