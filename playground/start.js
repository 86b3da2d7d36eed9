Playground.start();
