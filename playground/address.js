// Where the links to the repository's files begin. The workflow that publishes the folder writes the address here.
Playground.repository = "../";
