#section support_code

static void __attribute__((noinline)) rmsprop_step(
        npy_intp size, float *__restrict__ p, float *__restrict__ a, const float *__restrict__ g,
        const float *__restrict__ rate_g, float rho, float epsilon) {
    for (npy_intp i = 0; i < size; ++i) {
        a[i] = rho * a[i] + (1 - rho) * (g[i] * g[i]);
        p[i] -= rate_g[i] / (epsilon + sqrtf(a[i]));
    }
}

#section support_code_apply

int APPLY_SPECIFIC(step)(PyArrayObject *p, PyArrayObject *a, PyArrayObject *g, PyArrayObject *rate_g,
                         PyArrayObject *rho, PyArrayObject *epsilon, PyArrayObject **new_p, PyArrayObject **new_a) {
    PyArrayObject *arrays[4] = {p, a, g, rate_g};
    for (int i = 1; i < 4; ++i)
        if (!PyArray_SAMESHAPE(arrays[i], p)) {
            PyErr_SetString(PyExc_ValueError, "RMSprop: a parameter and its gradient are not of one shape");
            return 1;
        }
    for (int i = 0; i < 4; ++i) arrays[i] = PyArray_GETCONTIGUOUS(arrays[i]); /* itself, or a copy in C's order */
    float *data[4];
    for (int i = 0; i < 4; ++i) data[i] = (float *)PyArray_DATA(arrays[i]);
    rmsprop_step(PyArray_SIZE(p), data[0], data[1], data[2], data[3], *(float *)PyArray_DATA(rho),
                 *(float *)PyArray_DATA(epsilon));
    Py_XDECREF(*new_p);
    Py_XDECREF(*new_a);
    *new_p = arrays[0];
    *new_a = arrays[1];
    Py_DECREF(arrays[2]);
    Py_DECREF(arrays[3]);
    return 0;
}
