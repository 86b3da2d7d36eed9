"""Many runs at once, on one machine or on a cluster: what gan_tf.sweep is made of."""
