"""What only makes Theano faster.

`import legacy` has `startup` and `headers`, which change no number. `import legacy.fast.all` adds `blas` and `sums`,
which may round a last digit differently.
"""
