Playground.built(["digits", "r3gan", "conditional", "pix2pix", "super_resolution", "completion", "editing", "adversarial_autoencoder", "imitation", "seqgan"]);
