"""The products of the network's layers by the matrix library of numpy (OpenBLAS) or PyTorch (MKL, oneDNN).

--mode numpy | torch. Cases in the order of `thalweg bench gemm`: y = x w^T + b, dx = d w, dw = d^T x.
"""
import numpy
import protocol

LAYERS = [(784, 512), (512, 512), (512, 10)]


def numpy_case(product, n, i, o):
    x, w, d = (numpy.random.default_rng(1).random(shape, numpy.float32) for shape in ((n, i), (o, i), (n, o)))
    bias = numpy.zeros(o, numpy.float32)
    if product == "forward":
        y = numpy.empty((n, o), numpy.float32)

        def forward():
            numpy.matmul(x, w.T, out=y)
            numpy.add(y, bias, out=y)

        return forward
    if product == "input_grad":
        dx = numpy.empty((n, i), numpy.float32)
        return lambda: numpy.matmul(d, w, out=dx)
    dw = numpy.empty((o, i), numpy.float32)

    def parameter_grad():
        numpy.matmul(d.T, x, out=dw)
        d.sum(0)

    return parameter_grad


def torch_case(product, n, i, o):
    import torch
    torch.set_num_threads(protocol.threads())
    x, w, d, bias = torch.rand(n, i), torch.rand(o, i), torch.rand(n, o), torch.zeros(o)
    y, dx, dw = torch.empty(n, o), torch.empty(n, i), torch.empty(o, i)
    if product == "forward":
        return lambda: torch.addmm(bias, x, w.t(), out=y)
    if product == "input_grad":
        return lambda: torch.mm(d, w, out=dx)

    def parameter_grad():
        torch.mm(d.t(), x, out=dw)
        d.sum(0)

    return parameter_grad


def cases(batches, make):
    for n in batches:
        for layer, (i, o) in enumerate(LAYERS):
            for product in ("forward", "input_grad", "parameter_grad"):
                if product == "input_grad" and layer == 0:
                    continue
                yield f"{product} {n} {i} {o}", lambda p=product, n=n, i=i, o=o: make(p, n, i, o), n


def main():
    arguments = protocol.arguments()
    protocol.serve(cases(arguments.batch, numpy_case if arguments.mode == "numpy" else torch_case))


main()
