"""The GANs by name. This needs no TensorFlow, so that a command can ask before it takes seconds to import it."""

# By the name that config.json has, the module whose `make` makes each.
GANS = {
    "reference": "gan_tf.objectives.variant",
    "dcgan": "gan_tf.zoo.dcgan",
    "conditional": "gan_tf.zoo.conditional",
    "semi_supervised": "gan_tf.zoo.semi_supervised",
    "infogan": "gan_tf.zoo.infogan",
    "loss_sensitive": "gan_tf.zoo.loss_sensitive",
    "regularised": "gan_tf.zoo.regularised",
    "sngan": "gan_tf.zoo.sngan",
    "r3gan": "gan_tf.zoo.r3gan",
    "adversarial_autoencoder": "gan_tf.zoo.adversarial_autoencoder",
    "cyclegan": "gan_tf.zoo.cyclegan",
    "pix2pix": "gan_tf.zoo.pix2pix",
    "super_resolution": "gan_tf.zoo.super_resolution",
    "stackgan": "gan_tf.zoo.stackgan",
    "gan_3d": "gan_tf.zoo.gan_3d",
    "seqgan": "gan_tf.zoo.seqgan",
    "imitation": "gan_tf.zoo.imitation",
}

# Those that train on pictures of any size, grey or in colour.
ANY_PICTURE = (
    "dcgan",
    "conditional",
    "infogan",
    "loss_sensitive",
    "regularised",
    "sngan",
    "r3gan",
    "adversarial_autoencoder",
    "cyclegan",
    "pix2pix",
    "super_resolution",
)

# Those that can be asked for one of the classes of the data.
ASKED = ("conditional", "stackgan")

# Those whose networks once took flat images. The checkpoints of their older runs fit no more. Such a run does not name
# the shape of a picture in config.json.
FLAT_BEFORE = (
    "dcgan",
    "conditional",
    "infogan",
    "loss_sensitive",
    "cyclegan",
    "pix2pix",
    "super_resolution",
    "stackgan",
)


def too_old(config):
    """True if a run, of which this is config.json, was made by a version whose networks were others."""
    return config["gan"]["name"] in FLAT_BEFORE and "shape" not in config["data"]


def flag(name):
    """The flag that a command needs for a run of the GAN `name`, after a space; "" for those of gan_tf."""
    return "" if name in GANS else f" --gan={name}"


def words_of(shape):
    """A shape of pictures in words: "64x64 pixels in colour"."""
    height, width, channels = shape
    return f"{width}x{height} pixels in {'grey' if channels == 1 else 'colour'}"
