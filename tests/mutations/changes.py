"""Single changes of gan_tf that make it wrong, and for each the tests that should notice it.

No change here leaves the behaviour as it was: what nobody can see, no test can notice. When a line of gan_tf changes, a
text here may no longer fit. Then test_changes.py fails: write a change that fits the new line.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Change:
    """In `file` of gan_tf the text `old`, which is there exactly once, becomes `new`. `tests` are those to run."""

    file: str
    name: str
    old: str
    new: str
    tests: tuple[str, ...]

    def apply(self, text):
        """Returns the text of the file with this change. Raises ValueError if `old` is not there exactly once."""
        if text.count(self.old) != 1:
            raise ValueError(
                f"{self.file}: {self.name}: the old text must be there exactly once, and is there "
                f"{text.count(self.old)} times: {self.old!r}"
            )
        return text.replace(self.old, self.new)


# The tests that many changes need.
DEFAULTS, STEP = "test_train_cli.py::test_defaults_are_the_scripts", "test_training.py::test_one_step_by_hand"
QUICK, OTHER = "metrics/test_table.py::test_quick_scores", "metrics/test_table.py::test_other_scores"
BY_DIGITS = "test_evaluate.py::test_digits_are_measured_by_their_classifier"
REMARKS = "test_evaluate.py::test_remarks"
EVALUATE, OTHER_DATA = "test_evaluate.py::test_a_generator", "test_evaluate.py::test_other_images_than_the_run_had"
CONSTANTS = "test_optimizers.py::test_constants_are_tf1s_in_float32"
OF_WASSERSTEIN = "test_optimizers.py::test_constants_of_the_wasserstein_gans"
KERNELS, BUG = "test_optimizers.py::test_updates_are_the_kernels", "test_optimizers.py::test_adadelta_2017_by_hand"
LOSSES, OBJECTIVES = "test_losses.py::test_by_hand", "objectives/test_objectives.py::test_losses_and_gradients_by_hand"
RECIPES = "objectives/test_objectives.py::test_recipes"
PENALTY = "objectives/test_critics.py::test_the_penalty_is_that_of_pairs_and_has_two_sides"
STREAMS, SPLITS = "test_noise.py::test_each_purpose_has_its_own_stream", "data/test_data.py::test_splits_and_scaling"
EPOCHS = "data/test_data.py::test_epochs_and_seeds_share_no_random_numbers"
LEAN, NEIGHBOURS = "data/test_glyphs.py::test_ones_lean", "metrics/test_table.py::test_neighbours"
HELD_OUT = "data/test_data.py::test_a_tenth_is_held_out_by_name"
SPREAD, GRID = "test_grids.py::test_spread_by_hand", "test_grids.py::test_each_cell_on_its_own_scale"
FRECHET = "metrics/test_scores.py::test_frechet_distance_of_gaussians"
COUNTING = "metrics/test_scores.py::test_precision_recall_by_counting"
JACKKNIFE = "metrics/test_scores.py::test_jackknife_of_the_mean"
FLAGS, SIGNALS = (
    "test_train_cli.py::test_every_flag_that_decides_a_run_must_stay",
    "runs/test_signals.py::test_the_second_signal_ends_the_process",
)
NOT_FINITE = "runs/test_checkpoints.py::test_a_state_that_is_not_finite_is_not_saved"
KEPT = "runs/test_checkpoints.py::test_the_newest_three_are_kept"
DURABLE = "runs/test_folder.py::test_a_checkpoint_counts_only_when_all_before_it_is_on_the_disk"

# file: (what the change does, old text, new text, tests)
ZOO = "zoo/test_members.py::test_a_batch_is_scaled_and_has_noise_of_its_own"
RULES = "zoo/test_dcgan.py::test_the_papers_rules"

BY_FILE = {
    "__init__.py": [
        (
            "KERAS_BACKEND from the environment",
            'os.environ["KERAS_BACKEND"] = "tensorflow"',
            'os.environ.setdefault("KERAS_BACKEND", "tensorflow")',
            "runs/test_command_line.py::test_keras_trains_with_tensorflow",
        ),
        (
            "Ctrl-C is taken from whoever imports the package",
            'sys.argv[:1] == ["-m"] and',
            "",
            "runs/test_command_line.py::test_importing_the_package_leaves_ctrl_c_alone",
        ),
    ],
    "train.py": [
        ("--iters 100,000", "iters=1_000_000", "iters=100_000", DEFAULTS),
        ("--loss lsgan", '    "non_saturating",\n', '    "lsgan",\n', DEFAULTS),
    ],
    "runs/training_command.py": [
        ("--batch_size 64", '"batch_size", 128', '"batch_size", 64', DEFAULTS),
        ("--sample_every 500", '"sample_every",\n        1000', '"sample_every",\n        500', DEFAULTS),
        ("--log_every 100", '"log_every", 1000', '"log_every", 100', DEFAULTS),
        ("--checkpoint_every 1000", "10_000,\n", "1_000,\n", DEFAULTS),
        ("--nojit", '"jit",\n        True', '"jit",\n        False', DEFAULTS),
        ("--tf32", '"tf32",\n        False', '"tf32",\n        True', DEFAULTS),
        ("--dataset glyphs", "        datasets[0],\n", '        "glyphs",\n', DEFAULTS),
    ],
    "reference.py": [
        (
            "batches of 64 in Python",
            "batch_size=128",
            "batch_size=64",
            "test_gan.py::test_the_defaults_are_the_scripts",
        ),
        (
            "D by Adam in Python",
            'd_optimizer="adadelta"',
            'd_optimizer="adam"',
            "test_gan.py::test_the_defaults_are_the_scripts",
        ),
        (
            "one seed for both networks",
            "models.make_discriminator(d_seed, pixels)",
            "models.make_discriminator(g_seed, pixels)",
            "test_gan.py::test_the_networks_begin_differently",
        ),
        (
            "the same noise for every grid",
            "sample_noise(seed, index)",
            "sample_noise(seed, 0)",
            "test_gan.py::test_each_grid_has_its_own_noise",
        ),
    ],
    "models.py": [
        (
            "one seed for both layers of G",
            'Dense(pixels, "sigmoid", kernel_initializer=xavier_init(seed_2))',
            'Dense(pixels, "sigmoid", kernel_initializer=xavier_init(seed_1))',
            "test_models.py::test_seed_fixes_the_weights_and_layers_differ",
        ),
        (
            "one seed for both layers of D",
            "Dense(1, kernel_initializer=xavier_init(seed_2))",
            "Dense(1, kernel_initializer=xavier_init(seed_1))",
            "test_models.py::test_seed_fixes_the_weights_and_layers_differ",
        ),
        (
            "truncated first weights",
            '"untruncated_normal"',
            '"truncated_normal"',
            "test_models.py::test_initial_weights_are_an_untruncated_normal",
        ),
        (
            "first weights of Glorot's size",
            "VarianceScaling(2.0",
            "VarianceScaling(1.0",
            "test_models.py::test_initial_weights_are_an_untruncated_normal",
        ),
        ("tanh pixels", '"sigmoid"', '"tanh"', "test_models.py::test_generator_is_the_formula"),
    ],
    "noise.py": [
        ("evaluation by the training noise", "= 0, 1, 2, 3", "= 0, 1, 2, 0", STREAMS),
        ("samples by the noise of the grids", "= 0, 1, 2, 3", "= 0, 1, 1, 3", STREAMS),
        ("noise in [-1, 0)", "2.0 * tf.raw_ops", "tf.raw_ops", "test_noise.py::test_noise_is_uniform"),
        ("the stream is ignored", "[first // 4, stream]", "[first // 4, 0]", STREAMS),
        (
            "overlapping noise",
            "first * math.prod(shape)",
            "first * 4",
            "test_noise.py::test_noise_depends_on_the_iteration_alone",
        ),
        ("one noise for all grids", "index * count * noise_dim", "0 * index", "test_noise.py::test_sample_noise"),
    ],
    "data/batches.py": [
        ("shuffles that overlap", "counter=[0, 0, epoch, 0]", "counter=[epoch, 0, 0, 0]", EPOCHS),
        ("seed and epoch added up", "key=seed, counter=[0, 0, epoch, 0]", "key=seed + epoch", EPOCHS),
        (
            "other orders than before",
            "counter=[0, 0, epoch, 0]",
            "counter=[1, 0, epoch, 0]",
            "data/test_data.py::test_known_orders",
        ),
        (
            "the same order in each epoch",
            "counter=[0, 0, epoch, 0]",
            "counter=[0, 0, 0, 0]",
            "data/test_data.py::test_every_epoch_has_every_image_once",
        ),
        (
            "a batch too early",
            "start, stop = first * batch_size",
            "start, stop = max(0, first - 1) * batch_size",
            "data/test_data.py::test_batch_across_the_end_of_an_epoch",
        ),
    ],
    "data/dataset.py": [
        ("division by 255", "images.astype(np.float32) * SCALE", "images.astype(np.float32) / 255", SPLITS),
        ("half of the pictures held out", "% HELD_OUT == 0", "% 2 == 0", HELD_OUT),
        ("held out by place, not by name", "for name in names)", "for name in range(len(names)))", HELD_OUT),
    ],
    "data/loading.py": [
        (
            "test glyphs that are training glyphs",
            '{"test": (test, train)}',
            '{"test": (test, 0)}',
            "data/test_glyphs.py::test_which_glyphs_a_split_has",
        ),
        (
            "no validation images set aside",
            "slice(VALIDATION_SIZE, None)",
            "slice(None)",
            "data/test_glyphs.py::test_which_glyphs_a_split_has",
        ),
    ],
    "data/glyphs.py": [
        (
            "no rotation",
            "cos, sin = np.cos(angle), np.sin(angle)",
            "cos, sin = np.cos(0 * angle), np.sin(0 * angle)",
            LEAN,
        ),
        ("no shear", "cos * shear - sin, sin * width, sin * shear + cos", "-sin, sin * width, cos", LEAN),
        (
            "no shift",
            "(14 + shift[:, :, None])",
            "(14 + 0 * shift[:, :, None])",
            "data/test_glyphs.py::test_placed_as_mnist_places_its_digits",
        ),
    ],
    "data/mnist.py": [
        (
            ".gz before plain",
            "(not _is_array_name(path.name), len(path.name), path)",
            "(not _is_array_name(path.name), -len(path.name), path)",
            "data/test_mnist.py::test_the_plain_file_comes_before_the_gzipped_one",
        ),
        (
            "more labels than images",
            "len(values) != len(pixels)",
            "len(values) < len(pixels)",
            "data/test_mnist.py::test_more_labels_than_images",
        ),
        (
            "fewer labels than images",
            "len(values) != len(pixels)",
            "len(values) > len(pixels)",
            "data/test_mnist.py::test_counts_that_differ",
        ),
        (
            "test images from the training file",
            'part = "test" if split == "test" and "test" in chosen else "train"',
            'part = "train"',
            SPLITS,
        ),
    ],
    "data/tfds.py": [
        (
            "the oldest version of TFDS",
            "max((each for each in folders if wanted",
            "min((each for each in folders if wanted",
            "data/test_tfds.py::test_the_newest_prepared_version_is_taken",
        ),
    ],
    "losses.py": [
        (
            "D learns to call real images fake",
            "(tf.ones_like(real_logits), real_logits)",
            "(tf.zeros_like(real_logits), real_logits)",
            LOSSES,
        ),
        (
            "half of D's loss",
            "return tf.reduce_mean(real) + tf.reduce_mean(fake)",
            "return tf.reduce_mean(real)",
            LOSSES,
        ),
        (
            "a saturating G",
            "(tf.ones_like(fake_logits), fake_logits)",
            "(tf.zeros_like(fake_logits), fake_logits)",
            LOSSES,
        ),
        ("a sum for a mean", "return tf.reduce_mean(fake)\n", "return tf.reduce_sum(fake)\n", LOSSES),
    ],
    "training.py": [
        ("D and G by the same noise", "fake_images = generator(g_noise)", "fake_images = generator(d_noise)", STEP),
        ("D is not updated", "d_optimizer.apply(tape.gradient(d_loss, d_weights), d_weights)", "pass", STEP),
        ("G is not updated", "g_optimizer.apply(tape.gradient(g_loss, g_weights), g_weights)", "pass", STEP),
        (
            "D takes real images for fake ones",
            "d_loss_fn(real_logits, fake_logits)\n",
            "d_loss_fn(fake_logits, real_logits)\n",
            STEP,
        ),
        (
            "the first batch for every iteration",
            "indices[tf.minimum(i, block - 1)]",
            "indices[0]",
            "test_training.py::test_loop_is_the_single_step",
        ),
        (
            "the noise of the first iteration",
            "iteration_noise(seed, first, block, batch_size, d_steps)",
            "iteration_noise(seed, 0, block, batch_size, d_steps)",
            "test_training.py::test_grouping_changes_nothing",
        ),
    ],
    "optimizers.py": [
        (
            "Adadelta at 1.0",
            'RATES = {"adadelta": 0.001',
            'RATES = {"adadelta": 1.0',
            CONSTANTS,
        ),
        ("Keras's beta_2 of Adam, not rounded", "beta_2=_float32(0.999)", "beta_2=0.999", CONSTANTS),
        ("beta_1 of Adam 0.5", "beta_1=_float32(0.9)", "beta_1=_float32(0.5)", CONSTANTS),
        ("adam_gp: beta_1 0.5", "beta_1=0.0", "beta_1=0.5", OF_WASSERSTEIN),
        (
            "adam_gp: beta_2 0.999",
            "beta_1=0.0, beta_2=_float32(0.9)",
            "beta_1=0.0, beta_2=_float32(0.999)",
            OF_WASSERSTEIN,
        ),
        ("adam_gp: rate 0.001", '"adam_gp": 0.0001', '"adam_gp": 0.001', OF_WASSERSTEIN),
        ("rmsprop: rho 0.9", "rho=0.99", "rho=0.9", OF_WASSERSTEIN),
        ("rmsprop: epsilon 1e-8", "epsilon=1e-16", "epsilon=1e-8", OF_WASSERSTEIN),
        ("rmsprop: rate 0.0001", '"rmsprop": 0.00005', '"rmsprop": 0.0001', OF_WASSERSTEIN),
    ],
    "kernels.py": [
        (
            "Adadelta without a root",
            "ops.sqrt(accum_update + self.epsilon) *",
            "(accum_update + self.epsilon) *",
            KERNELS,
        ),
        (
            "Adadelta averages gradients twice",
            "ops.square(update) * (1 - self.rho)",
            "ops.square(gradient) * (1 - self.rho)",
            KERNELS,
        ),
        (
            "no bug in adadelta_2017",
            "self._update(accum, accum_update, gradient) * learning_rate",
            "ops.sqrt(square) * ops.sign(gradient) * learning_rate",
            BUG,
        ),
        ("Adam's correction left out", "* ops.sqrt(1 - self.beta_2_power) /", "/", KERNELS),
        (
            "Adam's powers stay as they are",
            "self.beta_2_power.assign(self.beta_2_power * self.beta_2)",
            "pass",
            KERNELS,
        ),
    ],
    "objectives/losses.py": [
        (
            "minimax G with the wrong sign",
            "return -tf.reduce_mean(tf.nn.softplus(fake_logits))",
            "return tf.reduce_mean(tf.nn.softplus(fake_logits))",
            OBJECTIVES,
        ),
        ("lsgan: real images at 0", "(real_logits - 1) ** 2", "real_logits ** 2", OBJECTIVES),
        (
            "lsgan: without the half",
            "return 0.5 * tf.reduce_mean((fake_logits - 1) ** 2)",
            "return tf.reduce_mean((fake_logits - 1) ** 2)",
            OBJECTIVES,
        ),
        (
            "a critic of the wrong sign",
            "tf.reduce_mean(fake_logits) - tf.reduce_mean(real_logits)",
            "tf.reduce_mean(real_logits) - tf.reduce_mean(fake_logits)",
            OBJECTIVES,
        ),
        ("fgan_kl: exp(t)", "tf.exp(v - 1)", "tf.exp(v)", OBJECTIVES),
        ("fgan_pearson: t² / 2", "v**2 / 4", "v**2 / 2", OBJECTIVES),
        ("fgan_js without log 2", "LOG_2 - tf.nn.softplus(-v)", "-tf.nn.softplus(-v)", OBJECTIVES),
    ],
    "objectives/recipes.py": [
        ("WGAN by Adam", '"wgan": Recipe("rmsprop", "rmsprop"', '"wgan": Recipe("adam", "adam"', RECIPES),
        ("WGAN with three critic steps", '"rmsprop", d_steps=5', '"rmsprop", d_steps=3', RECIPES),
        ("WGAN-GP with one critic step", '"adam_gp", d_steps=5', '"adam_gp", d_steps=1', RECIPES),
        ("WGAN-GP by plain Adam", 'Recipe("adam_gp", "adam_gp"', 'Recipe("adam", "adam"', RECIPES),
        ("the script's D by Adam", 'Recipe(d_optimizer="adadelta")', "Recipe()", RECIPES),
    ],
    "objectives/critics.py": [
        (
            "the whole of R1 instead of its half",
            "d_loss_fn(discriminator(real_images), discriminator(fake_images))\n            loss = d_loss + r1 / 2 *",
            "d_loss_fn(discriminator(real_images), discriminator(fake_images))\n            loss = d_loss + r1 *",
            "objectives/test_critics.py::test_r1_is_added_to_what_d_minimises_and_not_to_its_loss",
        ),
        (
            "a critic with clipped weights has no R1",
            "make_update(discriminator, d_optimizer, d_loss_fn, r1)",
            "make_update(discriminator, d_optimizer, d_loss_fn)",
            "objectives/test_critics.py::test_r1_is_added_to_what_d_minimises_and_not_to_its_loss",
        ),
        (
            "R1 is not squared",
            "tape.gradient(logits, images) ** 2",
            "tape.gradient(logits, images)",
            "objectives/test_critics.py::test_r1_is_added_to_what_d_minimises_and_not_to_its_loss",
        ),
        ("epsilon for each pixel", "[tf.shape(real_images)[0], 1]", "tf.shape(real_images)", PENALTY),
        ("points beyond the two images", "(1 - epsilon) * fake_images", "(1 - epsilon) / fake_images", PENALTY),
        (
            "a one-sided penalty",
            "tf.reduce_mean((slopes - 1) ** 2)",
            "tf.reduce_mean(tf.nn.relu(slopes - 1) ** 2)",
            PENALTY,
        ),
        (
            "the same epsilon at each update",
            "tf.cast(d_optimizer.iterations, tf.int64)",
            "tf.cast(0, tf.int64)",
            "objectives/test_critics.py::test_interpolation_is_uniform_and_new_each_time",
        ),
        ("a penalty of 1", "weight=10.0", "weight=1.0", PENALTY),
        ("weights clipped at 0.1", "clip=0.01", "clip=0.1", "objectives/test_critics.py::test_weights_are_clipped"),
        (
            "the first batch for every critic step",
            "d_loss = update(real, generator(noise))",
            "d_loss = update(real_images[: len(real)], generator(noise))",
            "objectives/test_critics.py::test_k_steps_of_d_take_their_own_batches",
        ),
    ],
    "objectives/variant.py": [
        (
            "R1 is left out",
            "r1=r1 or 0.0",
            "r1=0.0",
            "objectives/test_critics.py::test_r1_of_the_references_loss_is_that_of_the_zoo",
        ),
        (
            "2 log 2 in every objective's plot",
            "gan.blind_d_loss = None",
            "pass",
            "objectives/test_objectives.py::test_only_the_cross_entropies_have_a_loss_of_a_blind_d",
        ),
        (
            "2 log 2 not in minimax's plot",
            'not in ("non_saturating", "minimax")',
            'not in ("non_saturating",)',
            "objectives/test_objectives.py::test_only_the_cross_entropies_have_a_loss_of_a_blind_d",
        ),
        (
            "batches of 64 in Python",
            "batch_size=128",
            "batch_size=64",
            "test_gan.py::test_the_defaults_are_the_scripts",
        ),
    ],
    "metrics/scores.py": [
        (
            "the kernel distance counts an image with itself",
            "mean_kernel(a, a, len(a))",
            "mean_kernel(a, a)",
            "metrics/test_scores.py::test_the_kernel_distance_by_hand",
        ),
        ("FID without the means", "np.sum((mean_a - mean_b) ** 2) + ", "", FRECHET),
        ("FID with half the trace", "- 2 * trace)", "- trace)", FRECHET),
        (
            "balls that reach one neighbour less",
            "k, axis=1)[:, k], centres)",
            "k, axis=1)[:, k - 1], centres)",
            COUNTING,
        ),
        (
            "precision and recall swapped",
            "share_within(fake_features, real_features), share_within(real_features, fake_features)",
            "share_within(real_features, fake_features), share_within(fake_features, real_features)",
            COUNTING,
        ),
        ("the jackknife without its factor", "(groups - 1) / groups * ((scores", "1 / groups * ((scores", JACKKNIFE),
        (
            "a Parzen density that forgets the number of windows",
            "np.log(len(samples)) + ",
            "",
            "metrics/test_scores.py::test_parzen_against_scipy",
        ),
        (
            "one p(y) for all parts",
            "rel_entr(p, p.mean(axis=0))",
            "rel_entr(p, 1 / p.shape[1])",
            "metrics/test_scores.py::test_classifier_score_against_scipy",
        ),
        ("classes with one image count", ">= 0.1 / len(histogram)", "> 0", "metrics/test_scores.py::test_histogram"),
    ],
    "metrics/table.py": [
        (
            "FID of the samples to themselves",
            "return scores.frechet_distance(real_features, f)",
            "return scores.frechet_distance(features, f)",
            QUICK,
        ),
        (
            "precision and recall swapped",
            "precision, recall = scores.precision_recall",
            "recall, precision = scores.precision_recall",
            QUICK,
        ),
        (
            "the Inception score without its standard error",
            "scores.classifier_score(probabilities),",
            "(scores.classifier_score(probabilities)[0], 0.0),",
            QUICK,
        ),
        (
            "recall's error as if of the samples",
            "share(recall, len(real_features))",
            "share(recall, len(images))",
            QUICK,
        ),
        ("a share's error without a root", "float((p * (1 - p) / n) ** 0.5)", "float(p * (1 - p) / n)", QUICK),
        (
            "nearest test image",
            "scores.nearest(flat(images[:NEIGHBOURS]), flat(self.train))",
            "scores.nearest(flat(images[:NEIGHBOURS]), flat(self.test))",
            OTHER,
        ),
        (
            "sigma chosen on the test images",
            "(windows, self.validation, self.test)",
            "(windows, self.test, self.test)",
            OTHER,
        ),
        (
            "likelihood of the validation images",
            "(windows, self.validation, self.test)",
            "(windows, self.validation, self.validation)",
            OTHER,
        ),
        ("the smallest sigma", "SIGMAS).mean(axis=0).argmax()", "SIGMAS).mean(axis=0).argmin()", OTHER),
        (
            "a mean's error without a root",
            "np.std(values, ddof=1) / len(values) ** 0.5",
            "np.std(values, ddof=1) / len(values)",
            OTHER,
        ),
        (
            "neighbours.png with far images",
            "scores.squared_distances(flat(images), flat(part))",
            "scores.squared_distances(flat(images), 1 - flat(part))",
            NEIGHBOURS,
        ),
        ("neighbours.png with the nearest last", "training[indices]", "training[indices[:, ::-1]]", NEIGHBOURS),
        (
            "compared with 1,000 images",
            "REFERENCE = 10_000",
            "REFERENCE = 1000",
            "metrics/test_table.py::test_how_many_images",
        ),
        (
            "D right turned around",
            "> boundary) == real",
            "> boundary) != real",
            "test_evaluate.py::test_discriminator_accuracy",
        ),
    ],
    "evaluate.py": [
        (
            "the seed is ignored",
            "gan.noise(FLAGS.seed, EVALUATION_NOISE",
            "gan.noise(0, EVALUATION_NOISE",
            EVALUATE,
        ),
        ("the noise of gan_tf.sample", "FLAGS.seed, EVALUATION_NOISE,", "FLAGS.seed, 2,", EVALUATE),
        ("no warning for other data", "if digest and splits[0].digest != digest", "if False", OTHER_DATA),
        (
            "--data_dir ignored together with --run_dir",
            'described = config["flags"] | named',
            'described = named | config["flags"]',
            "runs/test_pictures.py::test_scores_after_the_folder_has_moved",
        ),
        (
            "a folder of glyphs",
            ' and not (made and "data_dir" in named)',
            "",
            OTHER_DATA,
        ),
    ],
    "metrics/measured.py": [
        (
            "the real column with windows around the test images",
            'if column == "samples" else yardstick.reference',
            'if column == "samples" else pictures["real"]',
            BY_DIGITS,
        ),
        (
            "test and validation images swapped",
            "for each in splits), model)",
            "for each in (splits[0], splits[2], splits[1])), model)",
            BY_DIGITS,
        ),
        (
            "neighbours of other samples",
            "table.neighbours(images[:10], train.pixels)",
            "table.neighbours(images[10:20], train.pixels)",
            EVALUATE,
        ),
        ("nothing said of MNIST's classifier", "train.classifier != train.name", "False", BY_DIGITS),
        ("captions read as digits", "real_labels % 10)", "real_labels)", REMARKS),
        (
            "the share of samples instead of real images",
            'accuracy(model, pictures["real"]',
            'accuracy(model, pictures["samples"]',
            REMARKS,
        ),
        ("the number that is enough is called few", "count < table.ENOUGH", "count <= table.ENOUGH", REMARKS),
    ],
    "grids.py": [
        ("spread with ddof 1", "np.float64), axis=0).mean()", "np.float64), axis=0, ddof=1).mean()", SPREAD),
        ("spread over pixels", "np.float64), axis=0).mean()", "np.float64), axis=1).mean()", SPREAD),
        ("one scale for all cells", "images.min(axis=(2, 3), keepdims=True)", "images.min()", GRID),
        ("white gaps turned black", "canvas = np.ones(", "canvas = np.zeros(", GRID),
        ("four digits in each name", '{index:03}.png"', '{index:04}.png"', "test_grids.py::test_names_of_grids"),
    ],
    "sample.py": [
        (
            "--seed ignored",
            "gan.noise(FLAGS.seed,",
            "gan.noise(0,",
            "test_gan.py::test_it_is_the_commands_run",
        ),
        (
            "--overwrite ignored",
            "os.path.lexists(out) and not FLAGS.overwrite",
            "os.path.lexists(out)",
            "test_sample.py::test_the_ending_is_that_of_the_flag",
        ),
        (
            "files are replaced unasked",
            "os.path.lexists(out) and not FLAGS.overwrite",
            "False",
            "test_sample.py::test_a_folder_holds_only_the_new_pictures",
        ),
    ],
    "runs/config.py": [
        (
            "another --batch_size accepted",
            'FREE = "iters',
            'FREE = "batch_size iters',
            FLAGS,
            "test_train_cli.py::test_which_flags_may_change",
        ),
        (
            "another --tf32 accepted",
            'FREE = "iters',
            'FREE = "tf32 iters',
            FLAGS,
            "test_train_cli.py::test_which_flags_may_change",
        ),
        ("flags are not compared", "before.get(name) != flags[name]\n", "False\n", FLAGS),
    ],
    "runs/own.py": [
        (
            "the seed of the run does not seed Keras",
            'SeedSequence(given["seed"])',
            "SeedSequence()",
            "runs/test_own.py::test_the_seed_of_the_run_seeds_keras",
        ),
        (
            "other first weights each time are accepted",
            "if not all(map(np.array_equal, ours, theirs))",
            "if False",
            "runs/test_own.py::test_what_make_may_not_do",
        ),
        (
            "a run that cannot resume is trained",
            "if not _equal(*losses, exact)",
            "if False",
            "runs/test_own.py::test_what_training_may_not_do",
        ),
        (
            "the check leaves the GAN trained",
            "            losses.append(trained())\n            restore()\n",
            "            restore()\n            losses.append(trained())\n",
            "runs/test_own.py::test_a_gan_is_as_before_when_it_was_checked",
        ),
    ],
    "restore.py": [
        (
            "a run's folder says whose code runs",
            "if own_gan is None and gan not in GANS",
            "if False",
            "runs/test_own.py::test_code_runs_only_if_the_user_names_it",
        ),
        (
            "--gan may name another module than config.json",
            "if own_gan is not None and own_gan != gan",
            "if False",
            "runs/test_own.py::test_code_runs_only_if_the_user_names_it",
        ),
        (
            "config.json may name anything",
            "if gan not in GANS and not (own.NAME.fullmatch(gan) and len(gan) <= 100)",
            "if False",
            "runs/test_own.py::test_names_that_no_gan_has",
        ),
    ],
    "locks.py": [
        ("no lock", "fcntl.LOCK_EX | flags", "fcntl.LOCK_SH | flags", "runs/test_folder.py::test_one_run_at_a_time"),
        (
            "a lock of a process that lives is taken over",
            'if there == there | _process(there["process"])',
            "if False",
            "test_edges.py::test_a_run_on_a_disk_without_flock",
        ),
    ],
    "runs/folder.py": [
        (
            "other images accepted",
            'before["data"].get("digest") != config["data"]["digest"]',
            "False",
            "runs/test_folder.py::test_other_flags_and_images_are_refused",
        ),
        (
            "losses that are not finite are written",
            "if not all(map(math.isfinite, values))",
            "if False",
            "runs/test_folder.py::test_a_loss_that_is_not_finite",
        ),
        (
            "checkpoints before grids are on the disk",
            "(*self._not_on_disk, self._losses.path, self.path)",
            "(self._losses.path, self.path)",
            DURABLE,
        ),
    ],
    "runs/checkpoints.py": [
        (
            "the state of Dropout is not saved",
            "for variable in each.variables if id(variable) not in weights",
            "for variable in each.variables if False",
            "runs/test_own.py::test_a_checkpoint_holds_the_state_of_dropout",
        ),
        ("states that are not finite are saved", "np.isfinite(variable).all()", "True", NOT_FINITE),
        ("infinite states are saved", "np.isfinite(variable).all()", "not np.isnan(variable).any()", NOT_FINITE),
        ("one checkpoint is kept", "KEEP = 3", "KEEP = 1", KEPT),
        ("the oldest checkpoint first", ", reverse=True)", ")", KEPT),
        (
            "a partial restore accepted",
            "status.assert_existing_objects_matched().expect_partial()",
            "status.expect_partial()",
            "runs/test_checkpoints.py::test_a_state_that_lacks_something_is_damaged",
        ),
    ],
    "runs/signals.py": [
        ("a second Ctrl-C without effect", "os.kill(os.getpid(), number)", "pass", SIGNALS),
        ("a second Ctrl-C at once ends the process", "self._first > TOGETHER", "self._first > 0", SIGNALS),
        (
            "nohup's ignored SIGINT caught",
            "if signal.getsignal(n) != signal.SIG_IGN",
            "",
            "runs/test_signals.py::test_what_is_ignored_stays_ignored",
        ),
        ("Ctrl-C is not given back", "signal.signal(number, handler)", "pass", SIGNALS),
    ],
    "runs/export.py": [
        (
            "1000.png before 101.png",
            "found, iterations = [], sorted(drawn)",
            "found, iterations = [], sorted(drawn, key=str)",
            "test_export.py::test_frames_are_in_the_order_of_the_run",
        ),
        (
            "no line of 2 log 2",
            "if gan.blind_d_loss is not None",
            "if False",
            "test_export.py::test_the_plot_has_the_line_of_a_blind_d_where_there_is_one",
        ),
        (
            "losses in each other's place",
            "losses[:, column]",
            "losses[:, 1 - column]",
            "test_export.py::test_the_plot_has_the_line_of_a_blind_d_where_there_is_one",
        ),
    ],
    "runs/loop.py": [
        (
            "mode collapse is reported again and again",
            "if spread < COLLAPSED * real_spread <= last_spread",
            "if spread < COLLAPSED * real_spread",
            "runs/test_loop.py::test_mode_collapse_is_reported_once",
        ),
        (
            "and not at all if the collapse comes right after a resume",
            "self._measured |= run.last_measured()",
            "pass",
            "runs/test_loop.py::test_mode_collapse_is_reported_once_in_a_run_that_resumes",
        ),
    ],
    "zoo/blocks.py": [
        (
            "a wrong digit may be the right one",
            "ahead = 1 + tf.cast(",
            "ahead = tf.cast(",
            "zoo/test_conditional.py::test_wrong_classes_are_all_others_equally_often",
        ),
        ("pixels are not scaled", "tf.cast(each, tf.float32) * SCALE", "tf.cast(each, tf.float32)", ZOO),
        ("D's noise for G, too", "noise[i, 0], noise[i, 1]", "noise[i, 0], noise[i, 0]", ZOO),
        (
            "the average stands still",
            "a.assign(ema * a + (1 - ema) * w)",
            "a.assign(a)",
            "zoo/test_dcgan.py::test_the_average_follows_the_generator",
        ),
        (
            "R1 now and then, but not more of it",
            "lambda: every * term()",
            "term",
            "zoo/test_dcgan.py::test_r1_in_every_third_iteration",
        ),
    ],
    "zoo/dcgan.py": [
        ("first weights ten times as large", "RandomNormal(0.0, 0.02", "RandomNormal(0.0, 0.2", RULES),
        ("Adam's usual beta1", "beta_1=0.5", "beta_1=0.9", "zoo/test_dcgan.py::test_adam_has_the_papers_constants"),
        (
            "running averages in training",
            "fake_logits = discriminator(fake_images, training=True)\n            loss",
            "fake_logits = discriminator(fake_images)\n            loss",
            "zoo/test_dcgan.py::test_a_step",
        ),
    ],
    "zoo/editing.py": [
        (
            "z leaves its range",
            "draw(np.clip(z + move * along, -1, 1))",
            "draw(z + move * along)",
            "zoo/test_completion.py::test_editing_and_its_control",
        ),
    ],
    "zoo/residual.py": [
        (
            "a block begins as noise",
            'y = layers.Conv2D(channels, 1, kernel_initializer="zeros", use_bias=False)(y)',
            "y = layers.Conv2D(channels, 1, use_bias=False)(y)",
            "zoo/test_r3gan.py::test_a_block_changes_nothing_at_first",
        ),
    ],
    "zoo/conditional.py": [
        (
            "wrong digits count as right",
            "tf.nn.softplus(wrong_logits)",
            "tf.nn.softplus(-wrong_logits)",
            "zoo/test_conditional.py::test_losses",
        ),
        (
            "each tenth sample shows the same digit",
            "(turn + turn // (10 * classes)) % classes",
            "turn % classes",
            "zoo/test_conditional.py::test_it_is_asked_by_noise",
        ),
        (
            "the real pictures are of other classes than the grid",
            "some_of_each_class(images, labels, shown)",
            "some_of_each_class(images, labels, range(columns))",
            "zoo/test_conditional.py::test_grids_of_many_classes_show_some_of_them",
        ),
    ],
    "zoo/infogan.py": [
        (
            "G hides the code",
            "loss = g_loss + information_weight",
            "loss = g_loss - information_weight",
            "zoo/test_infogan.py::test_a_step",
        ),
        (
            "any category may stand for two digits",
            "counts[scipy.optimize.linear_sum_assignment(counts, maximize=True)].sum()",
            "counts.max(axis=1).sum()",
            "zoo/test_infogan.py::test_the_score_is_the_best_matching",
        ),
    ],
    "zoo/semi_supervised.py": [
        (
            "unlabelled images count in the control",
            "if not labels_only:\n                real_logits",
            "if True:\n                real_logits",
            "zoo/test_semi_supervised.py::test_a_step",
        ),
        (
            "generated images count as real",
            "tf.nn.softplus(fake)",
            "tf.nn.softplus(-fake)",
            "zoo/test_semi_supervised.py::test_losses_are_those_of_eleven_classes",
        ),
    ],
    "zoo/weight_norm.py": [
        (
            "columns grow with v",
            "self.scale / tf.norm(self.kernel, axis=0)",
            "self.scale",
            "zoo/test_semi_supervised.py::test_weight_normalisation",
        ),
    ],
    "zoo/loss_sensitive.py": [
        (
            "no hinge",
            "tf.nn.relu(margins + real_losses - fake_losses)",
            "margins + real_losses - fake_losses",
            "zoo/test_loss_sensitive.py::test_losses_by_hand",
        ),
    ],
    "zoo/regularised.py": [
        (
            "the penalty is of generated images",
            "r1_penalty(discriminator, real_images)",
            "r1_penalty(discriminator, fake_images)",
            "zoo/test_regularised.py::test_what_r1_adds_to_a_step",
        ),
        (
            "the whole of r1 instead of its half",
            "r1 / 2 *",
            "r1 *",
            "zoo/test_regularised.py::test_what_r1_adds_to_a_step",
        ),
        (
            "labels above 1 instead of below",
            "loss += (1 - real_label)",
            "loss -= (1 - real_label)",
            "zoo/test_regularised.py::test_what_a_label_of_less_than_1_adds_to_a_step",
        ),
        (
            "biases decay as well",
            "if len(weight.shape) > 1:",
            "if True:",
            "zoo/test_regularised.py::test_weight_decay_shrinks_the_kernels_alone",
        ),
        (
            "samples come from G although there is an average",
            "drawn=average)",
            "drawn=None)",
            "zoo/test_regularised.py::test_the_average_is_what_is_drawn",
        ),
    ],
    "zoo/adversarial_autoencoder.py": [
        (
            "D's labels are swapped",
            "discriminator(normal_of(d_noise[:, :code])), discriminator(codes)",
            "discriminator(codes), discriminator(normal_of(d_noise[:, :code]))",
            "zoo/test_adversarial_autoencoder.py::test_the_three_updates",
        ),
        (
            "the prior is uniform",
            "keras.ops.reshape(decoder(normal_of(noise)), [-1, *shape])",
            "keras.ops.reshape(decoder(noise), [-1, *shape])",
            "zoo/test_adversarial_autoencoder.py::test_it_draws_from_the_prior",
        ),
    ],
    "zoo/cyclegan.py": [
        (
            "no way back from handwriting",
            "cycle_loss += tf.reduce_mean(tf.abs(to_written(fake_printed) - written))",
            "cycle_loss += tf.reduce_mean(tf.abs(fake_printed - written))",
            "zoo/test_cyclegan.py::test_a_step",
        ),
        (
            "the pool keeps what it gives away",
            "self.images.assign(tf.tensor_scatter_nd_update(pool, places[:, None], images[-half:]))",
            "self.images.assign(tf.tensor_scatter_nd_update(pool, places[:, None], older))",
            "zoo/test_cyclegan.py::test_the_pool_fills_and_then_exchanges",
        ),
    ],
    "zoo/pix2pix.py": [
        (
            "D does not see the outline",
            "layers.Concatenate()([outline, image])",
            "layers.Concatenate()([image, image])",
            "zoo/test_pix2pix.py::test_d_sees_the_outline",
        ),
        (
            "the outline is the border of the background",
            "return white & ~scipy",
            "return ~white & scipy",
            "zoo/test_pix2pix.py::test_outlines",
        ),
    ],
    "zoo/super_resolution.py": [
        (
            "the content of other images",
            "features(real_images) - features(fake_images)",
            "features(real_images[::-1]) - features(fake_images)",
            "zoo/test_super_resolution.py::test_a_step",
        ),
        (
            "pixels are shuffled across",
            "layers.Permute([1, 3, 2, 4, 5])",
            "layers.Permute([1, 4, 2, 3, 5])",
            "zoo/test_super_resolution.py::test_pixel_shuffle",
        ),
    ],
    "zoo/gan_3d.py": [
        (
            "D learns always",
            "if d_right < LIMIT:",
            "if True:",
            "zoo/test_gan_3d.py::test_d_waits_while_it_is_right",
        ),
    ],
    "zoo/ppo.py": [
        (
            "PPO without clipping",
            "tf.clip_by_value(ratio, 1 - CLIP, 1 + CLIP)",
            "ratio",
            "zoo/test_ppo.py::test_ppo_by_hand",
        ),
        (
            "rewards after a game's end count",
            "following = np.where(alive[step], delta + GAMMA * LAMBDA * following, 0)",
            "following = delta + GAMMA * LAMBDA * following",
            "zoo/test_ppo.py::test_advantages_by_hand",
        ),
    ],
    "zoo/imitation.py": [
        (
            "the reward of a fallen pole counts always",
            "reward_of(FALLEN) if fallen else 0",
            "reward_of(FALLEN)",
            "zoo/test_imitation.py::test_only_the_papers_reward_pays_for_standing",
        ),
        (
            "D sees hidden actions",
            "np.where(hidden, 0, 2 * actions[:, None] - 1)",
            "2 * actions[:, None] - 1",
            "zoo/test_imitation.py::test_d_may_not_see_actions",
        ),
    ],
    "sweeps/grid.py": [
        (
            "the last seed is left out",
            "seeds += range(first, last + 1)",
            "seeds += range(first, last)",
            "sweeps/test_grid.py::test_the_product_of_all_lists",
        ),
        (
            "stages stop before the end",
            "iters * (stage + 1) // stages",
            "iters * stage // stages",
            "sweeps/test_grid.py::test_the_product_of_all_lists",
        ),
        (
            "the same run may be there twice",
            "        require_different(found, settings)",
            "        pass",
            "sweeps/test_grid.py::test_bad_lists_are_refused",
        ),
    ],
    "sweeps/results.py": [
        (
            "the deviation divides by n",
            "np.std(values, ddof=1)",
            "np.std(values)",
            "sweeps/test_sweep.py::test_a_grid_is_trained_measured_and_not_trained_again",
        ),
    ],
    "sweeps/worker.py": [
        (
            "a run is finished after its first stage",
            "return all((stage_folder",
            "return any((stage_folder",
            "sweeps/test_worker.py::test_a_run_is_finished_when_all_its_stages_are_there",
        ),
        (
            "a failure of one stage is forgotten",
            "    if before:\n        return before\n    run_dir = Path",
            "    run_dir = Path",
            "sweeps/test_worker.py::test_after_a_failure_nothing_is_measured",
        ),
    ],
    "metrics/solids.py": [
        (
            "furniture may fly",
            "pieces == 1 and solid[:, :, 0].any()",
            "pieces == 1",
            "metrics/test_solids.py::test_measures",
        ),
    ],
    "metrics/pairs.py": [
        (
            "PSNR of the mean error",
            "mean(-10 * np.log10(squares.clip(1e-10)))",
            "mean(-10 * np.log10(squares.mean().clip(1e-10)) + 0 * squares)",
            "metrics/test_pairs.py::test_by_hand",
        ),
    ],
}

CHANGES = [
    Change(file, name, old, new, tuple(tests))
    for file, changes in BY_FILE.items()
    for name, old, new, *tests in changes
]
