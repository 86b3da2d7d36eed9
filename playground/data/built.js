Playground.built(["digits", "r3gan", "conditional", "pix2pix", "completion", "editing", "adversarial_autoencoder", "imitation", "seqgan"]);
