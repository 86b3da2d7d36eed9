Playground.built(["digits", "r3gan", "conditional", "pix2pix", "cyclegan", "super_resolution", "completion", "editing", "adversarial_autoencoder", "heads", "imitation", "seqgan"]);
