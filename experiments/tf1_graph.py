"""The script's graph, built with `tf.compat.v1`, and the script's way to draw batches and noise.

The results and the speed of the port are compared with these.
"""

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1

OPTIMIZERS = {"adadelta": v1.train.AdadeltaOptimizer, "adam": v1.train.AdamOptimizer}


class ReferenceGraph:
    """The script's networks, losses and optimizers as a TensorFlow 1 graph, with a session.

    `weights` are the first weights: the four arrays of G, then the four of D. `g_optimizer` and `d_optimizer` are
    names in `OPTIMIZERS`.
    """

    def __init__(self, weights, g_optimizer="adam", d_optimizer="adadelta"):
        with tf.Graph().as_default():
            self.x, self.z = v1.placeholder(tf.float32, [None, 784]), v1.placeholder(tf.float32, [None, 100])
            self.variables = [v1.Variable(w) for w in weights]
            g, d = self.variables[:4], self.variables[4:]

            def generator(z):
                return tf.sigmoid(tf.matmul(tf.nn.relu(tf.matmul(z, g[0]) + g[1]), g[2]) + g[3])

            def discriminator(x):
                return tf.matmul(tf.nn.relu(tf.matmul(x, d[0]) + d[1]), d[2]) + d[3]

            def cross_entropy(logits, labels):
                return tf.reduce_mean(v1.nn.sigmoid_cross_entropy_with_logits(logits=logits, labels=labels))

            self.samples = generator(self.z)
            real, fake = discriminator(self.x), discriminator(self.samples)
            self.d_loss = cross_entropy(real, tf.ones_like(real)) + cross_entropy(fake, tf.zeros_like(fake))
            self.g_loss = cross_entropy(fake, tf.ones_like(fake))
            self.d_train = OPTIMIZERS[d_optimizer]().minimize(self.d_loss, var_list=d)
            self.g_train = OPTIMIZERS[g_optimizer]().minimize(self.g_loss, var_list=g)
            self.session = v1.Session()
            self.session.run(v1.global_variables_initializer())

    def step(self, real_images, d_noise, g_noise):
        """Does one iteration, in two runs of the session as in the script. Returns (d_loss, g_loss)."""
        _, d_loss = self.session.run([self.d_train, self.d_loss], {self.x: real_images, self.z: d_noise})
        _, g_loss = self.session.run([self.g_train, self.g_loss], {self.z: g_noise})
        return d_loss, g_loss

    def weights(self):
        """Returns all eight weight arrays."""
        return self.session.run(self.variables)


class NextBatch:
    """Draws batches and noise as the script does, with NumPy. The script has no seed; here there is one."""

    def __init__(self, images, batch_size=128, seed=0):
        self.random = np.random.RandomState(seed)
        self.images, self.batch_size = images, batch_size
        self.order, self.at = self.random.permutation(len(images)), 0

    def images_and_noise(self):
        """Returns (real_images, d_noise, g_noise) of one iteration."""
        index = self.order[self.at : self.at + self.batch_size]
        self.at += self.batch_size
        if len(index) < self.batch_size:
            self.order, self.at = self.random.permutation(len(self.images)), self.batch_size - len(index)
            index = np.concatenate([index, self.order[: self.at]])
        return self.images[index], *(self.random.uniform(-1.0, 1.0, [self.batch_size, 100]) for _ in range(2))
