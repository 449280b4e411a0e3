"""What only makes Theano faster.

`import legacy` has `startup` and `headers`, which change no number. `blas`, `sums` and `denormals` may round a last
digit differently: `import legacy.fast.all` has them too.
"""
