/* Fortran's matrix product C = alpha A B + beta C, summed in the order of ATLAS 3.10 (generic x86-64).

   Floating-point addition is not associative, so the order of a sum is part of its result. ATLAS's order, for one
   element of C: the k terms of its sum are cut into blocks of 48. A row or column of C is "full" where it belongs to a
   whole block of 48 of them, the others, at the end, are "tail". "Four lanes" means four partial sums, term q going to
   lane q % 4, added up as (lane 0 + lane 2) + (lane 1 + lane 3).

   - Row and column full: in each whole block four lanes, of which lane 0 starts from C and the others from 0; their
     sum is the new C. The last, shorter block: four lanes from 0, whose sum is added to C; where its length is no
     multiple of 4, its terms are added to C one after the other.
   - One of the two in the tail: in each whole block four lanes from 0, whose sum is added to C; the shorter block's
     terms one after the other.
   - Both in the tail, or C of at most 11 rows: all terms one after the other.
   - alpha multiplies A's elements before, or B's (see scales_a). beta C is what the sums start from.

   Found by probing ATLAS with sums that cancel, and equal to it bit by bit in all products of the report's networks,
   for batches of 128, 127, 96, 24 and 16 (with a batch of 1 but for alpha, which ATLAS applies differently there).
   ATLAS's order is not known, and the same rule is applied, for C of 12 to 19 rows, for few columns with k below some
   100, for beta other than 0, and for alpha in other shapes.

   Each multiplication and each addition is rounded (-ffp-contract=off), so all processors give the same bits. A vector
   holds neighbouring rows of C, each with its own sums, so its width changes no bit either. Two columns are done at a
   time; a term whose factors from B are zero in both is left out, which changes no sum of finite numbers: of MNIST's
   pixels 81 % are zero. */
#include <stdlib.h>
#include <string.h>

#if defined(__AVX512F__)
enum { LANES = 16, VECTORS = 6 }; /* floats in a vector; vectors in a panel, as measured */
#elif defined(__AVX__)
enum { LANES = 8, VECTORS = 4 };
#else
enum { LANES = 4, VECTORS = 4 };
#endif
enum { BLOCK = 48, COLUMNS = 2 };
typedef float vector_of_floats __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef struct { vector_of_floats of[COLUMNS][VECTORS]; } sums; /* for a panel's rows and COLUMNS columns */

typedef struct { int q; float b[COLUMNS]; } term; /* q: its number within the block */
typedef struct { const term *lane[5]; } terms; /* of a block and COLUMNS columns; lane l ends where lane l + 1 begins */

typedef struct {
    int m, n, k;                 /* C has m rows, n columns; a sum has k terms */
    const float *a, *b;
    size_t a_row, a_q, b_q, b_column; /* strides */
    float *c;
    size_t c_column;
    float beta;
} product;

#define INLINE static inline __attribute__((always_inline))
#define EACH for (int j = 0; j < COLUMNS; ++j) for (int v = 0; v < vectors; ++v)

/* Whether an element's terms in a block are added one after the other, for a row and a column of tail or not. */
INLINE int in_sequence(const product *p, int tail_row, int column, int length) {
    const int tails = tail_row + (column >= p->n / BLOCK * BLOCK);
    return p->m <= 11 || tails == 2 || (length < BLOCK && (tails || length % 4));
}

INLINE void add_terms(const int vectors, sums *sum, const float *panel, const term *t, const term *end) {
    for (; t < end; ++t)
        for (int v = 0; v < vectors; ++v) {
            const vector_of_floats a = *(const vector_of_floats *)(panel + (t->q * vectors + v) * LANES);
            for (int j = 0; j < COLUMNS; ++j) sum->of[j][v] += a * t->b[j];
        }
}

/* One block's terms, for a panel of A's rows. Terms in sequence are all in lane 0. */
INLINE void add_block(const int vectors, float *c, size_t column, const float *panel, const terms *t, int sequence,
                      int starts_from_c, int adds_to_c) {
    const vector_of_floats zero = {0};
    sums even, odd, lane;
    EACH even.of[j][v] = starts_from_c ? *(vector_of_floats *)(c + j * column + v * LANES) : zero;
    add_terms(vectors, &even, panel, t->lane[0], t->lane[1]);
    if (!sequence) {
        EACH lane.of[j][v] = zero;
        add_terms(vectors, &lane, panel, t->lane[2], t->lane[3]);
        EACH even.of[j][v] += lane.of[j][v];
        EACH odd.of[j][v] = zero;
        add_terms(vectors, &odd, panel, t->lane[1], t->lane[2]);
        EACH lane.of[j][v] = zero;
        add_terms(vectors, &lane, panel, t->lane[3], t->lane[4]);
        EACH even.of[j][v] += odd.of[j][v] + lane.of[j][v];
        if (adds_to_c) EACH even.of[j][v] += *(vector_of_floats *)(c + j * column + v * LANES);
    }
    EACH *(vector_of_floats *)(c + j * column + v * LANES) = even.of[j][v];
}

/* Copy a block of A's rows, times alpha, so that a term's are neighbours. */
static void pack(float *to, int width, const product *p, int first_row, int rows, int start, int length, float alpha) {
    const float *a = p->a + first_row * p->a_row + start * p->a_q;
    if (p->a_row == 1)
        for (int q = 0; q < length; ++q)
            for (int row = 0; row < width; ++row) to[q * width + row] = row < rows ? a[row + q * p->a_q] * alpha : 0;
    else
        for (int group = 0; group < width; group += LANES) /* of rows that the first cache holds */
            for (int q = 0; q < length; ++q)
                for (int row = group; row < group + LANES; ++row)
                    to[q * width + row] = row < rows ? a[row * p->a_row + q * p->a_q] * alpha : 0;
}

/* Copy `columns` columns of C, `rows` rows of each. */
INLINE void copy(float *to, size_t to_column, const float *from, size_t from_column, int columns, int rows) {
    for (int j = 0; j < columns; ++j) memcpy(to + j * to_column, from + j * from_column, sizeof(float) * rows);
}

/* `rows` rows of C, in as many vectors as they take. */
INLINE void multiply_panel(const int vectors, const product *p, const terms *t, int first_row, int rows, int tail_row,
                           float alpha) {
    const int width = vectors * LANES;
    float panel[BLOCK * VECTORS * LANES] __attribute__((aligned(64))), part[COLUMNS * VECTORS * LANES] = {0};
    for (int start = 0; start < p->k || start == 0; start += BLOCK) {
        const int length = p->k - start < BLOCK ? p->k - start : BLOCK, begun = start > 0 || p->beta != 0;
        pack(panel, width, p, first_row, rows, start, length, alpha);
        for (int j = 0; j < p->n; j += COLUMNS, ++t) {
            const int sequence = in_sequence(p, tail_row, j, length), columns = p->n - j < COLUMNS ? p->n - j : COLUMNS;
            const int whole = length == BLOCK && !tail_row && j < p->n / BLOCK * BLOCK;
            const int from_c = begun && (sequence || whole), to_c = begun && !whole;
            float *c = p->c + j * p->c_column + first_row;
            if (start == 0 && begun)
                for (int i = 0; i < columns; ++i)
                    for (int row = 0; row < rows; ++row) c[i * p->c_column + row] *= p->beta;
            if (rows == width && columns == COLUMNS) {
                add_block(vectors, c, p->c_column, panel, t, sequence, from_c, to_c);
            } else { /* at C's edges */
                copy(part, width, c, p->c_column, columns, rows);
                add_block(vectors, part, width, panel, t, sequence, from_c, to_c);
                copy(c, p->c_column, part, width, columns, rows);
            }
        }
    }
}

/* A block's terms, from `first` on every `step`th, that are not zero. */
INLINE term *take(term *t, const product *p, int column, int start, int first, int step, int length, float scale) {
    const float *b = p->b + column * p->b_column + start * p->b_q;
    for (int q = first; q < length; q += step) {
        int any = 0;
        t->q = q;
        for (int j = 0; j < COLUMNS; ++j) {
            t->b[j] = column + j < p->n ? b[q * p->b_q + j * p->b_column] * scale : 0;
            any |= t->b[j] != 0;
        }
        t += any;
    }
    return t;
}

/* The terms of all blocks and columns, for full rows and then for tail rows. */
static void list_terms(terms *list, term *t, const product *p, size_t lists, float scale) {
    for (int tail_row = 0; tail_row < 2; ++tail_row)
        for (int start = 0; start < p->k || start == 0; start += BLOCK)
            for (int j = 0; j < p->n; j += COLUMNS, ++list) {
                const int length = p->k - start < BLOCK ? p->k - start : BLOCK;
                const int sequence = in_sequence(p, tail_row, j, length);
                if (tail_row && sequence == in_sequence(p, 0, j, length)) {
                    *list = *(list - lists); /* as for full rows */
                    continue;
                }
                for (int lane = 0; lane < 4; ++lane) {
                    list->lane[lane] = t;
                    if (!sequence || lane == 0) t = take(t, p, j, start, lane, sequence ? 1 : 4, length, scale);
                }
                list->lane[4] = t;
            }
}

/* Memory that is kept from one product to the next: to ask for it anew takes as long as a small product. */
static void *workspace(int which, size_t size) {
    static __thread void *memory[2];
    static __thread size_t sizes[2];
    if (sizes[which] < size) {
        free(memory[which]);
        memory[which] = malloc(sizes[which] = size);
        if (!memory[which]) abort();
    }
    return memory[which];
}

/* C for the first alpha, and where there are two of them a second C for the other, from the same lists. */
static void products_2016(product p, int transposed_a, int alphas, const float *alpha, float *const *c) {
    const int scales_a = !(transposed_a && (p.k > 10 || p.n <= 24)), full = p.m / BLOCK * BLOCK;
    const size_t pairs = (p.n + COLUMNS - 1) / COLUMNS, lists = (p.k > BLOCK ? (p.k + BLOCK - 1) / BLOCK : 1) * pairs;
    terms *const list = (terms *)workspace(0, 2 * sizeof(terms) * lists);
    term *const memory = (term *)workspace(1, 2 * sizeof(term) * (pairs * p.k + 1));
    for (int which = 0; which < alphas; ++which) {
        if (which == 0 || !scales_a) list_terms(list, memory, &p, lists, scales_a ? 1 : alpha[which]);
        p.c = c[which];
        for (int first = 0, rows; first < p.m; first += rows) { /* full rows, then tail rows */
            const int tail = first >= full, rest = (tail ? p.m : full) - first, vectors = (rest + LANES - 1) / LANES;
            const terms *t = list + tail * lists;
            const float scale = scales_a ? alpha[which] : 1;
            const int most = (vectors >= VECTORS ? VECTORS : vectors >= 2 ? 2 : 1) * LANES;
            rows = rest < most ? rest : most;
            switch (most / LANES) { /* constants, so that the sums stay in registers */
                case VECTORS: multiply_panel(VECTORS, &p, t, first, rows, tail, scale); break;
                case 2: multiply_panel(2, &p, t, first, rows, tail, scale); break;
                default: multiply_panel(1, &p, t, first, rows, tail, scale);
            }
        }
    }
}

static void sgemm_2016(const char *trans_a, const char *trans_b, const int *m, const int *n, const int *k,
                       const float *alpha, const float *a, const int *lda, const float *b, const int *ldb,
                       const float *beta, float *c, const int *ldc) {
    const int transposed_a = (*trans_a | 32) == 't', transposed_b = (*trans_b | 32) == 't';
    const size_t a_stride = *lda, b_stride = *ldb;
    const product p = {*m, *n, *k, a, b, transposed_a ? a_stride : 1, transposed_a ? 1 : a_stride,
                       transposed_b ? b_stride : 1, transposed_b ? 1 : b_stride, c, (size_t)*ldc, *beta};
    products_2016(p, transposed_a, 1, alpha, &c);
}
