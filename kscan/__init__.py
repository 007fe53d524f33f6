"""kscan reads tagged Linux kernels and answers, with proof, how their interfaces changed."""

__version__ = "0.1.0"
