"""The assignments: their solutions pass, their gaps do not, and each typical mistake has its own sentence."""

import pytest
from command_line import forked

from experiments.assignments import check

SOLUTIONS = {path.stem: path for path in sorted((check.FOLDER / "solutions").glob("*.py"))}  # a teacher may remove them


def says(name, path):
    """What the check of assignment `name` says of the file `path`; None if it is right."""
    try:
        check.CHECKS[name](check.load(path))
    except check.Wrong as wrong:
        return str(wrong)
    return None


@pytest.fixture
def answer(tmp_path):
    """Writes `code` as an answer to assignment `name`, and returns what its check says."""

    def write(name, code):
        path = tmp_path / f"{name}.py"
        path.write_text(code)
        return says(name, path)

    return write


def test_solutions_pass():
    assert not SOLUTIONS or set(SOLUTIONS) == set(check.CHECKS)
    for name, path in SOLUTIONS.items():
        assert says(name, path) is None


@pytest.mark.parametrize("name", check.CHECKS)
def test_gaps_do_not_pass(name):
    assert "still has its gap: write your code in place of `raise NotImplementedError`" in says(
        name, check.FOLDER / f"{name}.py"
    )


def test_the_page_is_short_and_names_each_file():
    text = (check.FOLDER / "README.md").read_text()
    assert len(text.split()) <= 150
    for name in check.CHECKS:
        assert f"[{name}.py]({name}.py)" in text and f"experiments.assignments.check {name}`" in text


HEAD = "import tensorflow as tf\nmean, softplus = tf.reduce_mean, tf.math.softplus\n"
D, G = "mean(softplus(-real_logits)) + mean(softplus(fake_logits))", "mean(softplus(-fake_logits))"


def losses(d=D, g=G):
    return f"{HEAD}def d_loss(real_logits, fake_logits):\n    return {d}\ndef g_loss(fake_logits):\n    return {g}\n"


def cross_entropy(logits, of=""):
    """The cross-entropy of Keras, with the label of real images, of `logits`."""
    return f"mean(tf.keras.losses.binary_crossentropy(tf.ones_like({logits}), {of or logits}, from_logits=True))"


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"d": "mean(softplus(real_logits)) + mean(softplus(-fake_logits))"}, "D loss is that of swapped labels"),
        ({"d": f"-({D})"}, "D loss has the wrong sign"),
        ({"d": f"({D}) / 2"}, "D loss is half"),
        ({"d": "mean(softplus(tf.concat([-real_logits, fake_logits], 0)))"}, "D loss is one mean over all images"),
        ({"d": "tf.reduce_sum(softplus(-real_logits)) + tf.reduce_sum(softplus(fake_logits))"}, "D loss has a sum"),
        ({"d": "mean(softplus(-real_logits))"}, "leaves out the generated images"),
        ({"d": "mean(softplus(fake_logits))"}, "leaves out the real images"),
        ({"d": f"{cross_entropy('real_logits')} + {cross_entropy('fake_logits')}"}, "wants generated images"),
        (
            {"d": "mean(softplus(-tf.sigmoid(real_logits))) + mean(softplus(tf.sigmoid(fake_logits)))"},
            "D loss applies the sigmoid twice",
        ),
        ({"d": "softplus(-real_logits)"}, "your D loss has the shape [4, 1]"),
        ({"d": "mean(-tf.math.log(real_logits)) + mean(softplus(fake_logits))"}, "D loss is not a number"),
        ({"d": "3 * mean(real_logits)"}, "no mistake that I know"),
        ({"d": "real_logits.mean()"}, "d_loss ends with AttributeError"),
        ({"d": "None"}, "d_loss returns nothing"),
        ({"d": "'much'"}, "your D loss is to be one number, but is 'much'."),
        ({"d": "{'loss': 1}"}, "your D loss is to be one number, but is {'loss': 1}."),
        (
            {"d": "(softplus(-real_logits), softplus(fake_logits))"},
            "your D loss is to be one number, but is (<tf.Tensor",
        ),
        ({"d": "exit()"}, "d_loss ends with exit(), which also ends the check: leave it out (line 4)."),
        (
            {"d": "mean(softplus(-real_logits) + softplus(fake_logits))"},
            "d_loss ends with InvalidArgumentError: Incompatible shapes: [4,1] vs. [3,1] (line 4).",
        ),
        (
            {
                "d": cross_entropy("real_logits").replace(", from_logits=True", "") + " - mean(tf.math.log("
                "1 - tf.clip_by_value(fake_logits, 1e-7, 1 - 1e-7)))"
            },
            "your D loss takes logits for probabilities: say from_logits=True.",
        ),
        (
            {"g": cross_entropy("fake_logits").replace(", from_logits=True", "")},
            "your G loss takes logits for probabilities: say from_logits=True.",
        ),
        (
            {"d": "-mean(tf.math.log(tf.sigmoid(real_logits))) + mean(softplus(fake_logits))"},
            "your D loss is inf for logits of ±200, and should be 400",
        ),
        ({"g": "-mean(softplus(fake_logits))"}, "your G loss is the minimax loss"),
        ({"g": "mean(softplus(fake_logits))"}, "your G loss is D's"),
        ({"g": f"-{G}"}, "your G loss has the wrong sign"),
        ({"g": "tf.reduce_sum(softplus(-fake_logits))"}, "your G loss has a sum"),
        ({"g": cross_entropy("fake_logits", "tf.sigmoid(fake_logits)")}, "your G loss applies the sigmoid twice"),
        ({"g": "-mean(tf.math.log(tf.sigmoid(fake_logits)))"}, "your G loss is inf"),
    ],
)
def test_wrong_losses(answers, sentence, answer):
    assert answer("losses", losses()) is None
    assert answer("losses", losses(d=cross_entropy("real_logits") + " + mean(softplus(fake_logits))")) is None
    said = answer("losses", losses(**answers))
    assert sentence in said and "\n" not in said


STEP = """import tensorflow as tf
from gan_tf.losses import non_saturating_d_loss, non_saturating_g_loss
def train_step(generator, discriminator, g_optimizer, d_optimizer, real_images, d_noise, g_noise):
    with tf.GradientTape() as tape:
        d_loss = non_saturating_d_loss(discriminator(real_images), discriminator(generator(d_noise)))
    d_weights = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, d_weights), d_weights)
    with tf.GradientTape() as tape:
        g_loss = non_saturating_g_loss(discriminator(generator(g_noise)))
    g_weights = generator.trainable_variables
    g_optimizer.apply(tape.gradient(g_loss, g_weights), g_weights)
    return d_loss, g_loss
"""
OF_D, OF_G = STEP.split("    with ")[1:]
OF_G, RETURN = OF_G.split("    return")
BOTH_TAPES = """import tensorflow as tf
from gan_tf.losses import non_saturating_d_loss, non_saturating_g_loss
def train_step(generator, discriminator, g_optimizer, d_optimizer, real_images, d_noise, g_noise):
    d_weights, g_weights = discriminator.trainable_variables, generator.trainable_variables
    with tf.GradientTape(persistent=True) as tape:
        d_loss = non_saturating_d_loss(discriminator(real_images), discriminator(generator(d_noise)))
        g_loss = non_saturating_g_loss(discriminator(generator(NOISE)))
    d_optimizer.apply_gradients(zip(tape.gradient(d_loss, d_weights), d_weights))
    g_optimizer.apply_gradients(zip(tape.gradient(g_loss, g_weights), g_weights))
    return d_loss, g_loss
"""


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (STEP.replace(f"    with {OF_D}    with {OF_G}", f"    with {OF_G}    with {OF_D}"), "G is updated before D"),
        (
            STEP.replace("g_weights = generator.", "g_weights = generator.trainable_variables + discriminator."),
            "G's step changes D's weights: give g_optimizer only the trainable_variables of G",
        ),
        (
            STEP.replace("d_weights = discriminator.", "d_weights = discriminator.trainable_variables + generator."),
            "D's step changes G's weights",
        ),
        (STEP.replace("    g_weights = generator.", "    g_weights = discriminator."), "G's step changes D's weights"),
        (STEP.replace("    d_weights = discriminator.trainable_variables", "    d_weights = discriminator.weights[:1]"),
         "D's step leaves out some"),
        (BOTH_TAPES.replace("NOISE", "g_noise"), "G learns from the old D"),
        (BOTH_TAPES.replace("NOISE", "d_noise"), "G's step uses the images of D's step, and the old D"),
        (STEP.replace("generator(g_noise)", "generator(d_noise)"), "G's step uses d_noise"),
        (STEP.replace("generator(d_noise)", "generator(g_noise)"), "D's step uses g_noise"),
        (STEP.replace("discriminator(real_images), discriminator(generator(d_noise))",
                      "discriminator(generator(d_noise)), discriminator(real_images)"), "D learns swapped labels"),
        (STEP.replace("tape.gradient(d_loss", "tape.gradient(-d_loss"), "a gradient of D's weights is None"),
        (STEP.replace("        d_loss = ", "        d_loss = -"), "D climbs"),
        (STEP.replace("        g_loss = ", "        g_loss = -"), "G climbs"),
        (STEP.replace("non_saturating_g_loss(discriminator(generator(g_noise)))",
                      "-tf.reduce_mean(tf.math.softplus(discriminator(generator(g_noise))))"),
         "G minimises minus D's loss"),
        (STEP.replace("    with tf.GradientTape() as tape:\n        g_loss",
                      "    images = generator(g_noise)\n    with tf.GradientTape() as tape:\n        g_loss"
                      ).replace("discriminator(generator(g_noise))", "discriminator(images)"),
         "a gradient of G's weights is None: the tape must see how the loss depends on them. Call the generator"),
        (STEP.replace("    return d_loss, g_loss", "    return g_loss, d_loss"), "first loss that you return is G's"),
        (STEP.replace("    return d_loss,", "    return non_saturating_d_loss(discriminator(real_images), "
                      "discriminator((d_noise @ generator.weights[0]) + generator.weights[1])),"),
         "the first loss is not"),
        (STEP.replace("    return d_loss, g_loss", "    return d_loss"), "return two losses"),
        (STEP.replace("    return d_loss, g_loss\n", ""), "train_step returns nothing"),
        (STEP.replace("    d_optimizer.apply", "    print"), "D is not updated: call d_optimizer.apply"),
        (STEP.replace("    g_optimizer.apply", "    print"), "G is not updated"),
        (STEP.replace(f"    with {OF_D}", f"    with {OF_D}    with {OF_D}"), "D is updated 2 times"),
        (STEP.replace("def train_step", "def step"), "the function train_step is missing"),
        (STEP.replace("def train_step", "@tf.function\ndef train_step"), "leave out `@tf.function` before train_step"),
        (STEP.replace("    return d_loss, g_loss", "    return d_loss, d_loss"), "second loss that you return is D's"),
        (STEP.replace("    return d_loss, g_loss", "    return 'a', 'b'"), "a loss is to be one number, but is 'a'."),
        (STEP.replace("    return d_loss,",
                      "    return d_loss, non_saturating_g_loss(discriminator(generator(g_noise))) #"),
         "g_loss is that of after G's update"),
        (STEP.replace("d_weights), d_weights)", "d_weights))"),
         "write d_optimizer.apply(gradients, weights): two lists"),
        (STEP.replace("g_optimizer.apply(tape.gradient(g_loss, g_weights), g_weights)",
                      "g_optimizer.apply(zip(tape.gradient(g_loss, g_weights), g_weights))"),
         "write g_optimizer.apply(gradients, weights): two lists, equally long, in this order."),
        (STEP.replace("d_optimizer.apply(tape.gradient(d_loss, d_weights), d_weights)",
                      "d_optimizer.apply(d_weights, tape.gradient(d_loss, d_weights))"),
         "write d_optimizer.apply(gradients, weights): two lists, equally long, in this order."),
        (STEP.replace("g_loss, g_weights), g_weights", "g_loss, d_weights), g_weights"),
         "the gradients that you give g_optimizer are those of other weights"),
        (STEP.replace("non_saturating_g_loss(discriminator(generator(g_noise)))",
                      "non_saturating_d_loss(discriminator(real_images), discriminator(generator(g_noise)))"),
         "G minimises D's loss: take non_saturating_g_loss."),
        (STEP.replace("        d_loss = ", "        d_loss = 0.5 * "),
         "D's gradient is 0.5 times what the formula says"),
        (STEP.replace("discriminator(real_images)", "discriminator(d_noise)"),
         "train_step ends with ValueError: Input 0 with name 'None' of layer"),
        ("def train_step(:", "Python does not understand line 1"),
        ("text = '\0'", "Python does not understand /"),
        ("raise SystemExit", "step.py ends with exit(), which also ends the check"),
        ("train_step = 3", "the function train_step is missing"),
        (STEP.replace("as tape:", "as tape"), "Python does not understand line 4"),
    ],
)  # fmt: skip
def test_wrong_steps(code, sentence, answer):
    assert code not in (STEP, BOTH_TAPES) and answer("step", STEP) is None
    said = answer("step", code)
    assert sentence in said and "\n" not in said and "\x1b" not in said


def test_a_loss_from_after_the_update(answer):
    again = STEP.replace(
        "    with tf.GradientTape() as tape:\n        g_loss",
        "    d_loss = non_saturating_d_loss(discriminator(real_images), discriminator(generator(d_noise)))\n"
        "    with tf.GradientTape() as tape:\n        g_loss",
    )
    assert "d_loss is that of after D's update" in answer("step", again)


SCORE = """import numpy as np
def inception_score(p):
    q = p.mean(axis=0)
    log = np.log(np.where(p > 0, p, 1) / np.where(p > 0, q, 1))
    return np.exp((p * log).sum(axis=1).mean())
"""


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("np.exp((p * log).sum(axis=1).mean())", "(p * log).sum(axis=1).mean()", "exp is missing"),
        ("(p * log)", "(q * -log)", "KL divergence is the wrong way round"),
        (".sum(axis=1).mean()", ".sum()", "sum over the images"),
        (".sum(axis=1).mean()", ".mean()", "mean over the classes: KL is a sum"),
        ("p.mean(axis=0)", "p.mean(axis=1, keepdims=True)", "p(y) is a mean over the classes"),
        ("(p * log).sum(axis=1).mean()", "-(q * np.log(q)).sum()", "has no p(y|x)"),
        ("np.where(p > 0, q, 1)", "1", "has no p(y)"),
        ("np.exp((p * log).sum(axis=1).mean())", "np.exp((p * log).sum(axis=1)).mean()", "take exp of the mean"),
        ("np.log(", "np.log2(", "logarithm is that of base 2"),
        ("np.log(", "np.log10(", "logarithm is that of base 10"),
        (".sum(axis=1)", ".sum(axis=0)", "KL divergence is a sum over the images: it is one over the classes, axis=1"),
        ("(p * log)", "log", "leaves out the factor p before the logarithm"),
        ("p.mean(axis=0)", "p.sum(axis=0)", "p(y) is a sum over the images: take their mean"),
        ("np.exp(", "np.exp(-", "its sign is wrong"),
        ("np.where(p > 0, p, 1) / np.where(p > 0, q, 1)", "p / q", "0 · log 0 is nan"),
        ("np.where(p > 0, p, 1) / np.where(p > 0, q, 1)", "(p + 1e-3) / (q + 1e-3)", "a small number in the logarithm"),
        (".sum(axis=1).mean()", ".sum(axis=1)", "your score has the shape [6]"),
    ],
)
def test_wrong_scores(old, new, sentence, answer):
    assert old in SCORE and answer("score", SCORE) is None
    assert sentence in answer("score", SCORE.replace(old, new))


@pytest.mark.parametrize(
    ("words", "status", "out", "error"),
    [
        (["score"], 1, "score: not yet: inception_score still has its gap", ""),
        (["score", "--file=nowhere.py"], 1, "", "error: nowhere.py is not a file."),
        ([], 2, "", "error: name an assignment: losses, step, score. See --help."),
        (["scores"], 2, "", "error: name an assignment: losses, step, score."),
        (["score", "--files=a"], 2, "", "error: Unknown command line flag 'files'."),
        (["--help"], 0, "losses   experiments/assignments/losses.py   the two losses", ""),
    ],
)
def test_the_command(words, status, out, error):
    result = forked("experiments.assignments.check", *words, cwd=check.FOLDER.parents[1])
    assert result.returncode == status and out in result.stdout and error in result.stderr
    assert ("importing TensorFlow" in result.stderr) == (status == 1 and not error)


def test_the_command_with_a_right_answer(tmp_path):
    (tmp_path / "score.py").write_text(SCORE)
    flags = ("score", f"--file={tmp_path / 'score.py'}")
    result = forked("experiments.assignments.check", *flags, cwd=check.FOLDER.parents[1])
    assert (result.returncode, result.stdout) == (0, "score: right.\n")
