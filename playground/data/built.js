Playground.built(["digits", "r3gan", "conditional", "editing", "completion", "imitation", "seqgan"]);
