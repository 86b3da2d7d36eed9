"""Makes 28x28 pixels from 7x7: python -m gan_tf.zoo.super_resolution --out_dir=out/super_resolution

Ledig et al. 2017, "Photo-realistic single image super-resolution using a generative adversarial network"
(arXiv:1609.04802), called SRGAN. Here a picture's height and width become four times as large. Many sharp images shrink
to the same small image s. A network that learns by squared error draws their mean, which is blurry. SRGAN's G learns
instead by a content loss, which compares what a classifier sees in its image and in the real image x, and by D, which
tells whether an image is real.

    D's loss = -E log p(x) - E log(1 - p(G(s)))                                      p = sigmoid(D)
    G's loss = content loss + adversarial_weight · -E log p(G(s))
    content loss = mean of (f(x) - f(G(s)))²                                         f: features, or pixels

Controls: --content=pixels --adversarial_weight=0 learns by squared error alone, --adversarial_weight=0 by the content
loss alone. Cubic splines, which learn nothing, are measured with every run.

G is the paper's with fewer layers: a convolution, four residual blocks (the paper has 16), a connection around them,
then twice a convolution and a pixel shuffle, which turns four channels into 2x2 pixels. Departures from the paper:

1. s is the mean of each 4x4 pixels; the paper shrinks by bicubic interpolation. `width` is 32 channels instead of 64,
   the first and the last convolution of G are 5x5 instead of 9x9, and D is that of dcgan.py.
2. f is the last convolution of this project's classifier (gan_tf/metrics/classifier.py) instead of VGG19's. The same
   network reads the digits and gives FID in gan_tf.evaluate. So those scores favour --content=features, and PSNR
   favours --content=pixels. There is a classifier for MNIST, glyphs and heads. Other data need --content=pixels.
3. `adversarial_weight` is 0.01. The paper has 0.001, next to features that it rescales, and next to pixels in [-1, 1];
   here pixels are in [0, 1].
4. G begins untrained. In the paper it first learns by squared error. 5,000 iterations instead of 200,000, at one
   learning rate.
"""

from gan_tf.messages import SettingError
from gan_tf.runs import training_command

CONTENTS = ["features", "pixels"]
OPTIONS = {
    "content": ("features", "What the content loss compares: the classifier's features, or pixels.", CONTENTS),
    "adversarial_weight": (0.01, "Weight of D in G's loss. 0 is the control without D.", (0, 1e6)),
    "width": (32, "Channels of G's convolutions.", (1, 1024)),
}

FACTS = ("shape", "classifier")  # of the data, which `make` is told
TIMES = 4  # how much larger a side becomes


def require_fitting(shape, classifier, content):
    """Raises SettingError if height or width are no multiples of 4, or if there is no classifier for `content`."""
    if shape[0] % TIMES or shape[1] % TIMES:
        raise SettingError(f"this GAN needs pictures whose height and width are multiples of {TIMES}: change --size.")
    if content == "features" and not classifier:
        raise SettingError(
            "no classifier knows these pictures, and --content=features needs one: use --content=pixels."
        )


if __name__ == "__main__":  # before the other imports, so that --help and a wrong flag answer at once
    training_command.main(
        iters=5_000,
        pixel_bytes=5100,
        check=lambda dataset, flags: require_fitting(dataset.shape, dataset.classifier, flags["content"]),
        batch_size=64,
        sample_every=500,
        log_every=500,
        checkpoint_every=1000,
    )

import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_tf import losses
from gan_tf.data.dataset import scaled
from gan_tf.gan import Gan, in_batches
from gan_tf.metrics.classifier import load_classifier
from gan_tf.metrics.pairs import compare, enlarge
from gan_tf.zoo import dcgan
from gan_tf.zoo.blocks import make_train_block, shape_of

RESIDUALS = 4  # residual blocks
COLUMNS = 8


def shrunk(images):
    """The mean of each 4x4 pixels: images float32 [n, height, width, channels] → [n, height/4, width/4, channels]."""
    n, height, width, channels = images.shape
    return images.reshape(n, height // TIMES, TIMES, width // TIMES, TIMES, channels).mean(axis=(2, 4))


def nearest(small):
    """Small images drawn as large ones: each pixel becomes a square of 4x4."""
    return small.repeat(TIMES, axis=1).repeat(TIMES, axis=2)


def make_generator(seed, shape, width=32):
    """G maps small images to images of `shape`, (height, width, channels), both float32 in [0, 1]."""
    seeds = iter(np.random.SeedSequence(seed).generate_state(5 + 2 * RESIDUALS).tolist())

    def conv(x, channels, kernel=3):
        return layers.Conv2D(channels, kernel, padding="same", kernel_initializer=dcgan.normal(seeds))(x)

    small = keras.Input([shape[0] // TIMES, shape[1] // TIMES, shape[2]])
    first = layers.PReLU(shared_axes=[1, 2])(conv(layers.Rescaling(2.0, -1.0)(small), width, 5))
    # An operation that changes nothing. Without it the gradient by `first` is a sum of three parts. TensorFlow does
    # not always add them in the same order, and a run could not resume bit for bit.
    x = layers.Rescaling(1.0)(first)
    for _ in range(RESIDUALS):
        y = layers.PReLU(shared_axes=[1, 2])(dcgan.normalise()(conv(x, width)))
        x = layers.Add()([x, dcgan.normalise()(conv(y, width))])
    x = layers.Add()([first, dcgan.normalise()(conv(x, width))])
    for _ in range(2):
        x = layers.PReLU(shared_axes=[1, 2])(pixel_shuffle(conv(x, 4 * width)))
    x = layers.Rescaling(0.5, 0.5)(layers.Activation("tanh")(conv(x, shape[2], 5)))
    return keras.Model(small, x, name="generator")


def pixel_shuffle(x):
    """Turns four channels of a Keras tensor into 2x2 pixels: [n, h, w, 4 c] → [n, 2 h, 2 w, c]."""
    _, height, width, channels = x.shape
    x = layers.Permute([1, 3, 2, 4, 5])(layers.Reshape([height, width, 2, 2, channels // 4])(x))
    return layers.Reshape([2 * height, 2 * width, channels // 4])(x)


def make_features(classifier):
    """f: maps images, float32 in [0, 1], to the output of a classifier's last convolution."""
    model, _ = load_classifier(classifier)
    model.trainable = False
    last = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)][-1]
    return keras.Model(model.input, last.output)


def make_train_step(generator, discriminator, g_optimizer, d_optimizer, features, adversarial_weight=0.01, jit=False):
    """Makes `step(small, real_images, d_noise, g_noise) -> (d_loss, g_loss, content_loss)`: first D, then G.

    `small` and `real_images` are float32 in [0, 1], as `shrunk` says. The noise is not used. `features` is f,
    a function of images. `g_loss` is D's part alone, without its weight. With `adversarial_weight` 0, D does not
    learn, and the step returns (content_loss,).
    """
    d_weights, g_weights = discriminator.trainable_variables, generator.trainable_variables
    d_optimizer.build(d_weights)
    g_optimizer.build(g_weights)

    @tf.function(jit_compile=jit)
    def step(small, real_images, d_noise, g_noise):
        if adversarial_weight:
            fake_images = generator(small, training=True)
            with tf.GradientTape() as tape:
                logits = [discriminator(each, training=True) for each in (real_images, fake_images)]
                d_loss = losses.non_saturating_d_loss(*logits)
            d_optimizer.apply(tape.gradient(d_loss, d_weights), d_weights)

        with tf.GradientTape() as tape:
            fake_images = generator(small, training=True)
            loss = content_loss = tf.reduce_mean((features(real_images) - features(fake_images)) ** 2)
            if adversarial_weight:
                g_loss = losses.non_saturating_g_loss(discriminator(fake_images, training=True))
                loss += adversarial_weight * g_loss
        g_optimizer.apply(tape.gradient(loss, g_weights), g_weights)
        return (d_loss, g_loss, content_loss) if adversarial_weight else (content_loss,)

    return step


def make(
    images=None,
    labels=None,
    *,
    shape=None,
    classifier="mnist",
    content="features",
    adversarial_weight=0.01,
    width=32,
    batch_size=64,
    seed=0,
    jit=False,
    block=dcgan.BLOCK,
):
    """Makes an SRGAN, untrained, as a `Gan`. Its grids show small images, what G makes of them, and the real images.

    `images` is uint8 [n, height, width, channels], or float32 in [0, 1]. Without images, for those of `shape` (None:
    MNIST's), it can be measured, but not train or draw. `labels` are not used. `classifier` is the one that can read
    the images, or None. The other arguments are the flags. Raises ValueError if height or width are no multiples of 4,
    or if there is no classifier for `content`; KeyError for an unknown `content`.
    """
    shape = shape_of(images, shape)
    require_fitting(shape, classifier, content)
    features = {"features": lambda: make_features(classifier), "pixels": lambda: tf.identity}[content]()
    g_seed, d_seed = np.random.SeedSequence(seed).generate_state(2).tolist()
    generator, discriminator = make_generator(g_seed, shape, width), dcgan.make_discriminator(d_seed, shape)
    g_optimizer, d_optimizer = (
        keras.optimizers.Adam(1e-4, beta_1=0.9, beta_2=0.999, epsilon=1e-8)
        for _ in range(2)  # the paper's section 3.2
    )
    step = make_train_step(generator, discriminator, g_optimizer, d_optimizer, features, adversarial_weight, jit)
    train_block = None
    if images is not None:
        small = in_batches(lambda each: shrunk(scaled(each)), images)
        train_block = make_train_block(step, [small, images], batch_size, seed, noise_dim=4)

    def draw(index):
        chosen = (index * COLUMNS + np.arange(COLUMNS)) % len(images)
        real = scaled(np.array(images[chosen]))
        small = shrunk(real)
        return np.concatenate([nearest(small), np.asarray(generator(small)), real])

    def scores(test):
        small = shrunk(test.images)
        made = {"enlarged": in_batches(generator, small), "splines": enlarge(small, TIMES)}
        return {title: score for what, each in made.items() for title, score in compare(each, test, what).items()}

    return Gan(
        objects={
            "generator": generator,
            "discriminator": discriminator,
            "g_optimizer": g_optimizer,
            "d_optimizer": d_optimizer,
        },
        train_block=train_block,
        block=min(block, dcgan.BLOCK),
        loss_names=("d_loss", "g_loss", "content_loss") if adversarial_weight else ("content_loss",),
        draw=None if images is None else draw,
        shape=shape,
        columns=COLUMNS,
        scores=scores,
        blind_d_loss=2 * math.log(2) if adversarial_weight else None,
    )
