Playground.built(["digits", "r3gan", "conditional", "completion", "editing", "imitation", "seqgan"]);
