Playground.built(["digits", "r3gan", "conditional", "infogan", "pix2pix", "cyclegan", "super_resolution", "completion", "editing", "adversarial_autoencoder", "heads", "imitation", "seqgan"]);
