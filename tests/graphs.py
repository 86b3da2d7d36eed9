"""What may happen in any order in a graph that TensorFlow has optimised."""

import contextlib
import graphlib

from tensorflow.python.eager import context  # no public name has the graphs after their optimisations


@contextlib.contextmanager
def optimised():
    """Yields a list that gets the graph of each `tf.function` that runs inside, after its optimisations."""
    with context.collect_graphs(optimized=True) as graphs:
        yield graphs


def unordered_reads(graph):
    """How many operations change a variable, and which pairs of one of them and another one may come in any order."""
    nodes = {node.name: node for node in graph.node}
    inputs = {}
    for name, node in nodes.items():
        known = {each.lstrip("^").split(":")[0] for each in node.input} & nodes.keys()
        inputs[name] = {each for each in known if nodes[each].op != "NextIteration"}  # the way back in a loop
    users = [node for node in graph.node if node.op == "ReadVariableOp" or node.op.startswith("Assign")]
    bit = {node.name: 1 << place for place, node in enumerate(users)}
    before = {}  # node → which of `users` come before it, as bits
    for name in graphlib.TopologicalSorter(inputs).static_order():
        before[name] = 0
        for each in inputs[name]:
            before[name] |= before[each] | bit.get(each, 0)
    writers = [node for node in users if node.op.startswith("Assign")]
    return len(writers), [
        (one.name, other.name)
        for one in writers
        for other in users
        if one is not other and one.input[0] == other.input[0]
        if not before[other.name] & bit[one.name] and not before[one.name] & bit[other.name]
    ]
