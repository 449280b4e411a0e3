/* The matrix product C = alpha A B + beta C of the Fortran interface, summed in the order of ATLAS 3.10 (generic x86-64).

   Floating-point addition is not associative, so the order of a sum is part of its result. ATLAS's order, for one
   element of C: the k terms of its sum are cut into blocks of 48. Rows and columns of C are "full" where they belong
   to a whole block of 48 of them, the rest is "tail". "Four lanes" means four partial sums, term q going to lane q % 4,
   added up as (lane 0 + lane 2) + (lane 1 + lane 3).

   - Row and column full: in each whole block four lanes, of which lane 0 starts from C and the others from 0; their
     sum is the new C. The last, shorter block: four lanes from 0, whose sum is added to C; where its length is no
     multiple of 4, its terms are added to C one after the other.
   - Either in the tail: in each whole block four lanes from 0, whose sum is added to C; the shorter block's terms
     one after the other.
   - Both in the tail, or C of at most 11 rows: all terms one after the other.
   - alpha multiplies A's elements before, or B's (see scales_a).

   Found by probing ATLAS with sums that cancel, and equal to it bit by bit for all shapes of the report's networks.
   Not known, and summed by the same rule here: C of 12 to 19 rows, and products of few columns with k below some 100.

   A multiplication and an addition are two roundings here (-ffp-contract=off), so all processors give the same bits.
   Rows of C lie beside each other in a vector, each with its own sums, so the vectors' width changes no bit either.
   Terms with a zero from B are left out, which changes no sum of finite numbers: of MNIST's pixels 81 % are zero. */
#include <stdlib.h>
#include <string.h>

#if defined(__AVX512F__)
#define LANES 16 /* floats in a vector of this machine */
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif
typedef float vector_of_floats __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
#define VECTORS 12 /* of a panel: what the registers hold */
#define BLOCK 48
#define INLINE static inline __attribute__((always_inline))

typedef struct { int q; float b; } term; /* q: the term's number within its block */

INLINE void add_terms(const int vectors, vector_of_floats *sum, const float *panel, const term *t, const term *end) {
    for (; t < end; ++t)
        for (int v = 0; v < vectors; ++v)
            sum[v] += *(const vector_of_floats *)(panel + (t->q * vectors + v) * LANES) * t->b;
}

/* One block's terms for one column of C and the rows of one panel; lane[0] to lane[4] bound the four lists of terms. */
INLINE void add_block(const int vectors, float *c, const float *panel, const term *const *lane, int one_by_one, int from_c) {
    vector_of_floats sum[VECTORS], other[VECTORS];
    const vector_of_floats zero = {0};
    for (int v = 0; v < vectors; ++v)
        sum[v] = one_by_one || from_c ? *(vector_of_floats *)(c + v * LANES) : zero;
    if (one_by_one) {
        const term *next[4] = {lane[0], lane[1], lane[2], lane[3]};
        for (int q = 0; q < BLOCK; ++q)
            if (next[q % 4] < lane[q % 4 + 1] && next[q % 4]->q == q) {
                add_terms(vectors, sum, panel, next[q % 4], next[q % 4] + 1);
                ++next[q % 4];
            }
    } else {
        vector_of_floats even[VECTORS];
        add_terms(vectors, sum, panel, lane[0], lane[1]);
        for (int v = 0; v < vectors; ++v) other[v] = zero;
        add_terms(vectors, other, panel, lane[2], lane[3]);
        for (int v = 0; v < vectors; ++v) even[v] = sum[v] + other[v];
        for (int v = 0; v < vectors; ++v) sum[v] = zero;
        add_terms(vectors, sum, panel, lane[1], lane[2]);
        for (int v = 0; v < vectors; ++v) other[v] = zero;
        add_terms(vectors, other, panel, lane[3], lane[4]);
        for (int v = 0; v < vectors; ++v) sum[v] = even[v] + (sum[v] + other[v]);
        if (!from_c)
            for (int v = 0; v < vectors; ++v) sum[v] = *(vector_of_floats *)(c + v * LANES) + sum[v];
    }
    for (int v = 0; v < vectors; ++v) *(vector_of_floats *)(c + v * LANES) = sum[v];
}

typedef struct {
    int m, n, k, tail_columns, small; /* of C = A B; tail_columns: the first column of the tail */
    const float *a;
    size_t a_row, a_q; /* A's strides, from row to row and from term to term */
    float alpha, beta;
    float *c;
    size_t c_column;
    const term *const *lists; /* bounds of block s, column j, lane l at [4 (n s + j) + l] */
    float *packed;
} product;

/* C's rows from `first` on, `rows` of them, in `vectors` vectors. */
INLINE void multiply_panel(const int vectors, const product *p, int first, int rows, int tail_row) {
    const int width = vectors * LANES;
    float partial[VECTORS * LANES];
    for (int j = 0; j < p->n; ++j)
        for (int row = 0; row < rows; ++row) {
            float *c = p->c + j * p->c_column + first + row;
            *c = p->beta == 0 ? 0 : p->beta * *c;
        }
    for (int start = 0; start < p->k; start += BLOCK) {
        const int length = p->k - start < BLOCK ? p->k - start : BLOCK, whole = length == BLOCK;
        for (int q = 0; q < length; ++q) {
            const float *a = p->a + first * p->a_row + (start + q) * p->a_q;
            float *to = p->packed + q * width;
            if (rows == width && p->a_row == 1 && p->alpha == 1)
                memcpy(to, a, sizeof(float) * width);
            else
                for (int row = 0; row < width; ++row)
                    to[row] = row < rows ? a[row * p->a_row] * p->alpha : 0;
        }
        for (int j = 0; j < p->n; ++j) {
            const int tails = p->small ? 2 : tail_row + (j >= p->tail_columns);
            const int one_by_one = tails == 2 || (!whole && (tails || length % 4));
            float *c = p->c + j * p->c_column + first;
            const term *const *lane = p->lists + 4 * ((size_t)start / BLOCK * p->n + j);
            if (rows == width) {
                add_block(vectors, c, p->packed, lane, one_by_one, whole && !tails);
            } else {
                memcpy(partial, c, sizeof(float) * rows);
                add_block(vectors, partial, p->packed, lane, one_by_one, whole && !tails);
                memcpy(c, partial, sizeof(float) * rows);
            }
        }
    }
}

/* Memory that is kept from one product to the next: asking the system for it anew takes as long as a small product. */
static void *workspace(int which, size_t size) {
    static __thread void *memory[3];
    static __thread size_t sizes[3];
    if (sizes[which] < size) {
        free(memory[which]);
        memory[which] = malloc(sizes[which] = size);
        if (!memory[which]) abort();
    }
    return memory[which];
}

static void sgemm_2016(const char *trans_a, const char *trans_b, const int *m, const int *n, const int *k, const float *alpha,
                       const float *a, const int *lda, const float *b, const int *ldb, const float *beta, float *c, const int *ldc) {
    const int transposed_a = (*trans_a | 32) == 't', transposed_b = (*trans_b | 32) == 't';
    const int scales_a = !(transposed_a && (*k > 10 || *n <= 24)), blocks = (*k + BLOCK - 1) / BLOCK;
    const size_t b_q = transposed_b ? *ldb : 1, b_column = transposed_b ? 1 : *ldb;
    term *terms = (term *)workspace(0, sizeof(term) * ((size_t)*n * *k + 1)), *t = terms;
    const term **bound = (const term **)workspace(1, sizeof(term *) * ((size_t)4 * *n * blocks + 1)), **bounds = bound;
    for (int start = 0; start < *k; start += BLOCK)
        for (int j = 0; j < *n; ++j)
            for (int lane = 0; lane < 4; ++lane) {
                *bound++ = t;
                for (int q = lane; q < BLOCK && start + q < *k; q += 4) {
                    t->q = q;
                    t->b = b[j * b_column + (start + q) * b_q] * (scales_a ? 1 : *alpha);
                    t += t->b != 0;
                }
            }
    *bound = t;
    const product p = {*m, *n, *k, *n / BLOCK * BLOCK, *m <= 11, a, transposed_a ? (size_t)*lda : 1, transposed_a ? 1 : (size_t)*lda,
                       scales_a ? *alpha : 1, *beta, c, (size_t)*ldc, bounds,
                       (float *)workspace(2, sizeof(float) * BLOCK * VECTORS * LANES)};
    const int full = *m / BLOCK * BLOCK;
    for (int first = 0; first < *m;) { /* panels of full rows, then of tail rows */
        const int tail = first >= full, rest = (tail ? *m : full) - first, needed = (rest + LANES - 1) / LANES;
        const int vectors = needed >= VECTORS ? VECTORS : needed >= 6 ? 6 : needed >= 3 ? 3 : needed;
        const int rows = vectors * LANES < rest ? vectors * LANES : rest;
        switch (vectors) {
            case VECTORS: multiply_panel(VECTORS, &p, first, rows, tail); break;
            case 6: multiply_panel(6, &p, first, rows, tail); break;
            case 3: multiply_panel(3, &p, first, rows, tail); break;
            case 2: multiply_panel(2, &p, first, rows, tail); break;
            default: multiply_panel(1, &p, first, rows, tail);
        }
        first += rows;
    }
}
