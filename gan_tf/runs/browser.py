"""Describes a Keras model in plain numbers, so that networks.js can compute it in a browser.

A description is a dict that JSON can hold:

nodes: one step of the computation each, in an order in which they can be computed. A node has a `kind`, which is a key
    of `KINDS` in networks.js; `of`, the numbers of the nodes that it takes; `size`, how many numbers it makes for one
    example; and the settings of its kind. A setting [place, count] in `weights` says where these weights are.
inputs, outputs: the numbers of the nodes that are the model's inputs and outputs.
weights: all weights as one block of little-endian floats, in base64.
bits: 32 or 16, the size of each float.

Each example is computed alone, row by row with the channels last, as in inference: dropout does nothing, batch
normalisation uses its running averages, spectral normalisation takes the kernel as it is.
"""

import base64
import math

import keras
import numpy as np

TEXT = 4 / 3  # characters of base64 for one byte
SEEN = 1 / 255  # the least change of a pixel that a screen shows


class UnknownLayerError(ValueError):
    """A model has a layer, or a setting of one, that networks.js cannot compute; `what` names it in one line."""

    def __init__(self, what):
        super().__init__(f"the page cannot compute {what}")
        self.what = what


def describe(model, bits=32):
    """Returns the description of a functional or Sequential Keras `model`. Models within models are taken apart.

    Raises UnknownLayerError for what networks.js cannot compute.
    """
    found = _Nodes()
    try:
        given = [found.add("input", [], math.prod(tensor.shape[1:])) for tensor in model.inputs]
        outputs = found.walk(model, given)
    except AttributeError as error:
        raise UnknownLayerError(f"{model.name}: it is neither a functional nor a Sequential Keras model") from error
    weights = np.concatenate([np.zeros(0), *found.weights])
    with np.errstate(over="ignore"):
        block = weights.astype({32: "<f4", 16: "<f2"}[bits])
    if not np.isfinite(block).all():
        raise UnknownLayerError(f"{model.name}: it has weights that {bits} bits cannot hold")
    text = base64.b64encode(block.tobytes()).decode()
    return {"nodes": found.nodes, "inputs": given, "outputs": outputs, "weights": text, "bits": bits}


def describe_small(model, inputs):
    """Returns `describe(model)` with 16 bits for each weight if that changes no output by 1/255, else with 32.

    The outputs are those for `inputs`, a list of arrays float32 [n, …], one for each input of the model. Of
    outputs that are larger than 1 the change is relative.
    """
    exact = outputs_of(model, inputs)
    before = model.get_weights()
    with np.errstate(over="ignore"):
        rounded = [np.float32(np.float16(each)) for each in before]
    if not all(np.isfinite(each).all() for each in rounded):
        return describe(model)
    model.set_weights(rounded)
    try:
        near = outputs_of(model, inputs)
    finally:
        model.set_weights(before)
    close = all((abs(a - b) < SEEN * np.maximum(1, abs(a))).all() for a, b in zip(exact, near, strict=True))
    return describe(model, 16 if close else 32)


def outputs_of(model, inputs):
    """Returns what a model makes of a list of arrays, as a list of arrays."""
    made = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    return [np.asarray(each) for each in (made if isinstance(made, list | tuple) else [made])]


class _Nodes:
    """The nodes of a description, and their weights, while a model is read."""

    def __init__(self):
        self.nodes, self.weights, self.count, self.places = [], [], 0, {}

    def add(self, kind, of, size, weights=None, **settings):
        """Adds a node; returns its number. `weights` maps names to arrays or None. Shared ones are stored once."""
        node = {"kind": kind, "of": of, "size": int(size)} | settings
        for name, array in (weights or {}).items():
            if array is not None:
                array = np.asarray(array, np.float32).ravel()
                key = array.tobytes()
                if key not in self.places:
                    self.places[key] = [self.count, len(array)]
                    self.weights.append(array)
                    self.count += len(array)
                node[name] = self.places[key]
        self.nodes.append(node)
        return len(self.nodes) - 1

    def walk(self, model, given):
        """Adds the nodes of a model whose inputs are the nodes `given`; returns those of its outputs."""
        made = {id(tensor): number for tensor, number in zip(model.inputs, given, strict=True)}

        def number_of(tensor):
            if id(tensor) not in made:
                operation, place, _ = tensor._keras_history
                call = operation._inbound_nodes[place]
                of = [number_of(each) for each in call.input_tensors]
                if isinstance(operation, keras.Model):
                    numbers = self.walk(operation, of)
                else:
                    numbers = self.step(operation, call, of)
                made.update({id(each): number for each, number in zip(call.outputs, numbers, strict=True)})
            return made[id(tensor)]

        return [number_of(tensor) for tensor in model.outputs]

    def step(self, operation, call, of):
        """Adds the nodes of one layer or operation; returns the number of the last for each of its outputs."""
        # Layers and operations such as keras.ops.add may have the same name.
        table = _LAYERS if isinstance(operation, keras.Layer) else _OPERATIONS
        name = type(operation).__name__
        known = type(operation).__module__.startswith("keras.")
        if name not in table or not known:
            raise UnknownLayerError(name)
        shapes = [tuple(each.shape[1:]) for each in call.input_tensors]
        return table[name](self, operation, call, of, shapes, [tuple(each.shape[1:]) for each in call.outputs])

    def activated(self, function, number, shape):
        """Adds a node for the activation `function` of a layer, unless it is linear. Returns the last node's number."""
        name = getattr(function, "__name__", str(function))
        if name == "linear":
            return number
        if name not in _ACTIVATIONS:
            raise UnknownLayerError(f"the activation {name}")
        settings = _ACTIVATIONS[name] | ({"channels": shape[-1]} if name == "softmax" else {})
        return self.add("activation", [number], math.prod(shape), function=name, **settings)


# Each of the following adds the nodes of one kind of layer: `(nodes, layer, call, of, shapes, made)` to the number of
# the node for each output. `of` are its inputs' nodes, `shapes` their shapes, `made` the shapes of the outputs.

_ACTIVATIONS = {
    "relu": {"slope": 0.0},
    "leaky_relu": {"slope": 0.2},
    "sigmoid": {},
    "tanh": {},
    "softplus": {},
    "elu": {},
    "silu": {},
    "exponential": {},
    "softmax": {},
}


def _require(true, layer, what):
    if not true:
        raise UnknownLayerError(f"{type(layer).__name__} with {what}")


def _same(nodes, layer, call, of, shapes, made):
    """Nothing to compute: only the shape changes, or it is a layer of training alone."""
    return of


def _activation(nodes, layer, call, of, shapes, made):
    return [nodes.activated(layer.activation, of[0], made[0])]


def _leaky(name):
    def add(nodes, layer, call, of, shapes, made):
        plain = getattr(layer, "max_value", None) is None and not getattr(layer, "threshold", 0)
        _require(plain, layer, "a limit")
        slope = float(layer.negative_slope)
        return [nodes.add("activation", of, math.prod(made[0]), function=name, slope=slope)]

    return add


def _softmax(nodes, layer, call, of, shapes, made):
    _require(layer.axis == -1, layer, "another axis than the last")
    return [nodes.activated(keras.activations.softmax, of[0], made[0])]


def _prelu(nodes, layer, call, of, shapes, made):
    slopes = np.broadcast_to(np.asarray(layer.alpha), made[0])
    return [nodes.add("prelu", of, math.prod(made[0]), {"slopes": slopes})]


def _dense(nodes, layer, call, of, shapes, made):
    weights = {"kernel": layer.kernel, "bias": layer.bias if layer.use_bias else None}
    inputs, outputs = layer.kernel.shape
    number = nodes.add("dense", of, math.prod(made[0]), weights, inputs=inputs, outputs=outputs)
    return [nodes.activated(layer.activation, number, made[0])]


def _embedding(nodes, layer, call, of, shapes, made):
    weights = {"table": layer.embeddings}
    return [nodes.add("embedding", of, math.prod(made[0]), weights, width=layer.output_dim, rows=layer.input_dim)]


def _volume(shape):
    """A shape as (depth, height, width, channels): what has fewer axes gets a 1 in front."""
    return [1] * (4 - len(shape)) + [int(each) for each in shape]


def _triple(values):
    return [1] * (3 - len(values)) + [int(each) for each in values]


def _before(large, small, kernel, stride, dilation, padding):
    """How many rows of padding a convolution has before `large` rows to make `small`, as TensorFlow counts."""
    if padding == "valid":
        return 0
    return max((small - 1) * stride + (kernel - 1) * dilation + 1 - large, 0) // 2


def _window(layer, shape, made, kernel, padding=None):
    """The settings of a layer that looks at windows: sizes of input and output, kernel, strides and so on."""
    _require(layer.data_format == "channels_last", layer, "channels first")
    padding = padding or layer.padding
    _require(padding in ("same", "valid"), layer, f"padding={padding}")
    found = {
        "from": _volume(shape),
        "to": _volume(made),
        "kernel": _triple(kernel),
        "stride": _triple(layer.strides),
        "dilation": _triple(getattr(layer, "dilation_rate", (1,))),
    }
    return found | {
        "before": [
            _before(*axes, padding)
            for axes in zip(
                found["from"][:3], found["to"][:3], found["kernel"], found["stride"], found["dilation"], strict=True
            )
        ]
    }


def _renamed(window):
    """`kernel` is also the name of the weights: so the size of a window is called `window`."""
    return {("window" if name == "kernel" else name): value for name, value in window.items()}


def _convolution(nodes, layer, call, of, shapes, made):
    _require(layer.groups == 1, layer, "groups")
    window = _renamed(_window(layer, shapes[0], made[0], layer.kernel_size))
    weights = {"kernel": layer.kernel, "bias": layer.bias if layer.use_bias else None}
    number = nodes.add("convolution", of, math.prod(made[0]), weights, **window)
    return [nodes.activated(layer.activation, number, made[0])]


def _transposed(nodes, layer, call, of, shapes, made):
    _require(set(layer.dilation_rate) == {1}, layer, "dilation")
    # A transposed convolution is the way back of a convolution from the larger picture to the smaller one.
    window = _renamed(_window(layer, made[0], shapes[0], layer.kernel_size))
    window["from"], window["to"] = window["to"], window["from"]
    kernel = np.swapaxes(np.asarray(layer.kernel), -1, -2)  # Keras has [..., outputs, inputs]
    weights = {"kernel": kernel, "bias": layer.bias if layer.use_bias else None}
    number = nodes.add("transposed", of, math.prod(made[0]), weights, **window)
    return [nodes.activated(layer.activation, number, made[0])]


def _depthwise(nodes, layer, call, of, shapes, made):
    window = _renamed(_window(layer, shapes[0], made[0], layer.kernel_size))
    weights = {"kernel": layer.kernel, "bias": layer.bias if layer.use_bias else None}
    number = nodes.add("depthwise", of, math.prod(made[0]), weights, **window)
    return [nodes.activated(layer.activation, number, made[0])]


def _separable(nodes, layer, call, of, shapes, made):
    between = (*made[0][:-1], shapes[0][-1] * layer.depth_multiplier)
    window = _renamed(_window(layer, shapes[0], between, layer.kernel_size))
    number = nodes.add("depthwise", of, math.prod(between), {"kernel": layer.depthwise_kernel}, **window)
    weights = {"kernel": layer.pointwise_kernel, "bias": layer.bias if layer.use_bias else None}
    number = nodes.add("dense", [number], math.prod(made[0]), weights, inputs=between[-1], outputs=made[0][-1])
    return [nodes.activated(layer.activation, number, made[0])]


def _spectral(nodes, layer, call, of, shapes, made):
    name = type(layer.layer).__name__
    if name not in _LAYERS:
        raise UnknownLayerError(name)
    return _LAYERS[name](nodes, layer.layer, call, of, shapes, made)


def _batch_norm(nodes, layer, call, of, shapes, made):
    _require(layer.axis in (-1, len(made[0])), layer, "another axis than the last")
    weights = {
        "gamma": layer.gamma if layer.scale else None,
        "beta": layer.beta if layer.center else None,
        "mean": layer.moving_mean,
        "variance": layer.moving_variance,
    }
    settings = {"channels": made[0][-1], "epsilon": float(layer.epsilon)}
    return [nodes.add("batch_norm", of, math.prod(made[0]), weights, **settings)]


def _group_norm(nodes, layer, call, of, shapes, made):
    _require(layer.axis in (-1, len(made[0])), layer, "another axis than the last")
    weights = {"gamma": layer.gamma if layer.scale else None, "beta": layer.beta if layer.center else None}
    groups = made[0][-1] if layer.groups == -1 else layer.groups
    settings = {"channels": made[0][-1], "groups": groups, "epsilon": float(layer.epsilon)}
    return [nodes.add("group_norm", of, math.prod(made[0]), weights, **settings)]


def _pool(what):
    def add(nodes, layer, call, of, shapes, made):
        window = _renamed(_window(layer, shapes[0], made[0], layer.pool_size))
        return [nodes.add("pool", of, math.prod(made[0]), what=what, **window)]

    return add


def _global_pool(what):
    def add(nodes, layer, call, of, shapes, made):
        _require(layer.data_format == "channels_last", layer, "channels first")
        *size, channels = _volume(shapes[0])
        window = {"from": [*size, channels], "to": [1, 1, 1, channels], "window": size, "stride": [1, 1, 1]}
        window |= {"dilation": [1, 1, 1], "before": [0, 0, 0]}
        return [nodes.add("pool", of, channels, what=what, **window)]

    return add


def _upsample(nodes, layer, call, of, shapes, made):
    _require(layer.data_format == "channels_last", layer, "channels first")
    method = getattr(layer, "interpolation", "nearest")
    _require(method in ("nearest", "bilinear"), layer, f"interpolation={method}")
    sizes = {"from": _volume(shapes[0]), "to": _volume(made[0])}
    return [nodes.add("upsample", of, math.prod(made[0]), method=method, **sizes)]


def _crop(sign, name):
    """A layer that cuts rows off (sign 1) or adds rows of zeros (sign -1)."""

    def add(nodes, layer, call, of, shapes, made):
        _require(getattr(layer, "data_format", "channels_last") == "channels_last", layer, "channels first")
        amounts = getattr(layer, name)
        amounts = [amounts] if isinstance(amounts[0], int) else amounts  # of one axis
        first = [0] * (3 - len(amounts)) + [sign * int(before) for before, _ in amounts]
        sizes = {"from": _volume(shapes[0]), "to": _volume(made[0])}
        return [nodes.add("crop", of, math.prod(made[0]), first=first, **sizes)]

    return add


def _elementwise(what):
    def add(nodes, layer, call, of, shapes, made):
        _require(set(shapes) == {made[0]}, layer, "different shapes")
        return [nodes.add("elementwise", of, math.prod(made[0]), what=what)]

    return add


def _concatenate(nodes, layer, call, of, shapes, made):
    axis = layer.axis % (len(made[0]) + 1) - 1  # without the axis of the examples
    _require(axis >= 0, layer, "the axis of the examples")
    return [nodes.add("concatenate", of, math.prod(made[0]), parts=[math.prod(shape[axis:]) for shape in shapes])]


def _permute(nodes, layer, call, of, shapes, made):
    axes = [axis - 1 for axis in layer.dims]
    return [nodes.add("permute", of, math.prod(made[0]), shape=list(shapes[0]), axes=axes)]


def _repeat(nodes, layer, call, of, shapes, made):
    return [nodes.add("concatenate", of * layer.n, math.prod(made[0]), parts=[math.prod(shapes[0])] * layer.n)]


def _rescaling(nodes, layer, call, of, shapes, made):
    _require(np.ndim(layer.scale) == np.ndim(layer.offset) == 0, layer, "several scales")
    return [nodes.add("rescale", of, math.prod(made[0]), times=float(layer.scale), plus=float(layer.offset))]


def _function(name, **settings):
    """An operation of keras.ops that is one of networks.js's activations."""

    def add(nodes, operation, call, of, shapes, made):
        return [nodes.add("activation", of, math.prod(made[0]), function=name, **settings)]

    return add


def _clip(nodes, operation, call, of, shapes, made):
    limits = {"low": float(operation.x_min), "high": float(operation.x_max)}
    return [nodes.add("activation", of, math.prod(made[0]), function="clip", **limits)]


def _numbers(call):
    """The arguments of an operation that are plain numbers."""
    given = [*call.arguments.args, *call.arguments.kwargs.values()]
    return [float(each) for each in given if isinstance(each, int | float | np.number) and not isinstance(each, bool)]


def _arithmetic(what):
    """keras.ops.add or multiply, of two tensors or of a tensor and a number."""

    def add(nodes, operation, call, of, shapes, made):
        if len(of) == 2:
            return _elementwise(what)(nodes, operation, call, of, shapes, made)
        (number,) = _numbers(call)
        times, plus = (1.0, number) if what == "add" else (number, 0.0)
        return [nodes.add("rescale", of, math.prod(made[0]), times=times, plus=plus)]

    return add


def _part(nodes, operation, call, of, shapes, made):
    """x[:, a:b] of a list of numbers."""
    given = [*call.arguments.args, *call.arguments.kwargs.values()]
    key = next(each for each in given if isinstance(each, tuple))
    plain = len(shapes[0]) == 1 and len(key) == 2 and key[0] == slice(None) and isinstance(key[1], slice)
    _require(plain and key[1].step in (None, 1), operation, f"[{key}]")
    first, last, _ = key[1].indices(shapes[0][0])
    return [nodes.add("part", of, last - first, first=first)]


def _split(nodes, operation, call, of, shapes, made):
    """keras.ops.split along the last axis of a list of numbers."""
    _require(len(shapes[0]) == 1 and operation.axis in (1, -1), operation, "this axis")
    ends = np.cumsum([shape[0] for shape in made])
    return [nodes.add("part", of, shape[0], first=int(end - shape[0])) for shape, end in zip(made, ends, strict=True)]


_LAYERS = {
    "InputLayer": _same,
    "Flatten": _same,
    "Reshape": _same,
    "Dropout": _same,
    "SpatialDropout2D": _same,
    "GaussianNoise": _same,
    "Activation": _activation,
    "ReLU": _leaky("relu"),
    "LeakyReLU": _leaky("leaky_relu"),
    "Softmax": _softmax,
    "PReLU": _prelu,
    "Dense": _dense,
    "Embedding": _embedding,
    "Conv1D": _convolution,
    "Conv2D": _convolution,
    "Conv3D": _convolution,
    "Conv1DTranspose": _transposed,
    "Conv2DTranspose": _transposed,
    "Conv3DTranspose": _transposed,
    "DepthwiseConv2D": _depthwise,
    "SeparableConv2D": _separable,
    "SpectralNormalization": _spectral,
    "BatchNormalization": _batch_norm,
    "GroupNormalization": _group_norm,
    "MaxPooling2D": _pool("max"),
    "AveragePooling2D": _pool("mean"),
    "MaxPooling3D": _pool("max"),
    "AveragePooling3D": _pool("mean"),
    "GlobalMaxPooling2D": _global_pool("max"),
    "GlobalAveragePooling1D": _global_pool("mean"),
    "GlobalAveragePooling2D": _global_pool("mean"),
    "UpSampling2D": _upsample,
    "UpSampling3D": _upsample,
    "Cropping2D": _crop(1, "cropping"),
    "Cropping3D": _crop(1, "cropping"),
    "ZeroPadding2D": _crop(-1, "padding"),
    "ZeroPadding3D": _crop(-1, "padding"),
    "Add": _elementwise("add"),
    "Multiply": _elementwise("multiply"),
    "Concatenate": _concatenate,
    "Permute": _permute,
    "RepeatVector": _repeat,
    "Rescaling": _rescaling,
}

_OPERATIONS = {
    "Add": _arithmetic("add"),
    "Multiply": _arithmetic("multiply"),
    "Exp": _function("exponential"),
    "Erfinv": _function("erfinv"),
    "Relu": _function("relu", slope=0.0),
    "Sigmoid": _function("sigmoid"),
    "Tanh": _function("tanh"),
    "Clip": _clip,
    "GetItem": _part,
    "Split": _split,
    "Reshape": _same,
    "Concatenate": _concatenate,
}
