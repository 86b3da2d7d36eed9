Playground.built(["digits", "r3gan", "imitation", "seqgan"]);
