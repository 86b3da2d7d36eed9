Playground.built([]);
