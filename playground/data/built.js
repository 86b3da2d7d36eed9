Playground.built(["digits", "r3gan", "completion", "imitation", "seqgan"]);
