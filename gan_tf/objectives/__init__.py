"""The reference's networks under other objectives: losses, critics, and the optimizers that go with each."""
