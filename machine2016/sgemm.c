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
   pixels 81 % are zero, of the gradients behind ReLU and dropout 60 to 80 %. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__AVX512F__)
enum { BLOCK = 48, LANES = 16, VECTORS = 6, COLUMNS = 1024 }; /* VECTORS in a panel as measured; COLUMNS at a time */
#elif defined(__AVX__)
enum { BLOCK = 48, LANES = 8, VECTORS = 4, COLUMNS = 1024 };
#else
enum { BLOCK = 48, LANES = 4, VECTORS = 4, COLUMNS = 1024 };
#endif
typedef float vector_of_floats __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef struct { vector_of_floats of[2][VECTORS]; } sums; /* for a panel's rows and two columns */

typedef struct { int q; float b[2]; } term; /* q: its number within the block */
typedef struct { const term *lane[5]; } terms; /* of a block and two columns; lane l ends where lane l + 1 begins */

typedef struct {
    int m, n, k;                 /* C has m rows, n columns; a sum has k terms */
    const float *a, *b;
    size_t a_row, a_q, b_q, b_column, c_row, c_column; /* strides */
    float beta;
    /* products_2016 sets: */
    int few_rows;     /* C has at most 11 */
    int full_columns; /* how many are full */
    int step;         /* 2: a pair is two columns of C; 1: it is one column for two alphas */
} product;

#define INLINE static inline __attribute__((always_inline))
#define EACH for (int j = 0; j < 2; ++j) for (int v = 0; v < vectors; ++v)

/* Whether an element's terms in a block are added one after the other, for a row and a column of tail or not. */
INLINE int in_sequence(const product *p, int tail_row, int column, int length) {
    const int tails = tail_row + (column >= p->full_columns);
    return p->few_rows || tails == 2 || (length < BLOCK && (tails || length % 4));
}

INLINE void add_terms(const int vectors, sums *sum, const float *panel, const term *t, const term *end) {
    for (; t < end; ++t)
        for (int v = 0; v < vectors; ++v) {
            const vector_of_floats a = *(const vector_of_floats *)(panel + (t->q * vectors + v) * LANES);
            for (int j = 0; j < 2; ++j) sum->of[j][v] += a * t->b[j];
        }
}

/* One block's terms, for a panel of A's rows. Terms in sequence are all in lane 0. */
INLINE void add_block(const int vectors, float *c, size_t second, const float *panel, const terms *t, int sequence,
                      int starts_from_c, int adds_to_c) {
    const vector_of_floats zero = {0};
    sums even, odd, lane;
    EACH even.of[j][v] = starts_from_c ? *(vector_of_floats *)(c + j * second + v * LANES) : zero;
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
        if (adds_to_c) EACH even.of[j][v] += *(vector_of_floats *)(c + j * second + v * LANES);
    }
    EACH *(vector_of_floats *)(c + j * second + v * LANES) = even.of[j][v];
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

/* `rows` rows of C, in as many vectors as they take; summed in `part` where C has no whole vectors and pairs. */
INLINE void multiply_panel(const int vectors, const product *p, const terms *t, int first_row, int rows, int tail_row,
                           float alpha, float *const *c, float *part) {
    const int width = vectors * LANES, in_place = p->step == 2 && p->n % 2 == 0 && rows == width;
    float panel[BLOCK * VECTORS * LANES] __attribute__((aligned(64)));
    float *const sum = in_place ? c[0] + first_row : part;
    const size_t stride = in_place ? p->c_column : width, second = p->step == 2 ? stride : p->n * stride;
    if (p->beta != 0)
        for (int column = 0; column < p->n; ++column)
            for (int row = 0; row < rows; ++row)
                sum[column * stride + row] = p->beta * c[0][(first_row + row) * p->c_row + column * p->c_column];
    for (int start = 0; start < p->k || start == 0; start += BLOCK) {
        const int length = p->k - start < BLOCK ? p->k - start : BLOCK, begun = start > 0 || p->beta != 0;
        pack(panel, width, p, first_row, rows, start, length, alpha);
        for (int j = 0; j < p->n; j += p->step, ++t) {
            const int sequence = in_sequence(p, tail_row, j, length);
            const int whole = length == BLOCK && !tail_row && j < p->full_columns;
            if (begun && t->lane[0] == t->lane[4]) continue;
            add_block(vectors, sum + j * stride, second, panel, t, sequence, begun && (sequence || whole),
                      begun && !whole);
        }
    }
    if (!in_place)
        for (int which = 0; which < (p->step == 1 ? 2 : 1); ++which)
            for (int group = 0; group < p->n; group += 16) /* of neighbours in a row of C */
                for (int row = 0; row < rows; ++row)
                    for (int column = group; column < (p->n - group < 16 ? p->n : group + 16); ++column)
                        c[which][(first_row + row) * p->c_row + column * p->c_column] =
                            part[which * second + column * width + row];
}

/* Set `bit` in the words of those numbers that are not zero. */
static void __attribute__((noinline)) mark(int n, uint64_t *__restrict__ words, const float *__restrict__ b,
                                           size_t stride, uint64_t bit) {
    if (stride == 1)
        for (int i = 0; i < n; ++i) words[i] |= b[i] != 0 ? bit : 0;
    else
        for (int i = 0; i < n; ++i) words[i] |= b[i * stride] != 0 ? bit : 0;
}

/* For the columns from `first` on, which of a block's terms are not zero: bit[q] for term q. */
static void find_terms(uint64_t *found, const product *p, int first, int start, int length, const uint64_t *bit) {
    const float *b = p->b + start * p->b_q;
    memset(found + first, 0, sizeof(uint64_t) * (p->n - first));
    if (p->b_q == 1)
        for (int column = first; column < p->n; ++column) {
            uint64_t word = 0;
            for (int q = 0; q < length; ++q) word |= b[column * p->b_column + q] != 0 ? bit[q] : 0;
            found[column] = word;
        }
    else
        for (int q = 0; q < length; ++q)
            mark(p->n - first, found + first, b + q * p->b_q + first * p->b_column, p->b_column, bit[q]);
}

/* The terms of all blocks and pairs, for full rows and then for tail rows; a pair's factors times `scale`. */
static void list_terms(terms *list, size_t lists, term *t, uint64_t *found, const product *p, const float *scale) {
    for (int tail_row = 0; tail_row < 2; ++tail_row)
        for (int start = 0; start < p->k || start == 0; start += BLOCK) {
            const int length = p->k - start < BLOCK ? p->k - start : BLOCK;
            uint64_t bit[BLOCK];
            int term_of[BLOCK]; /* by its bit: in sequence, or lane after lane */
            for (int j = 0, known = -1; j < p->n; j += p->step, ++list) {
                const int sequence = in_sequence(p, tail_row, j, length);
                if (tail_row && sequence == in_sequence(p, 0, j, length)) {
                    *list = *(list - lists); /* as for full rows */
                    continue;
                }
                if (sequence != known) {
                    for (int q = 0; q < BLOCK; ++q) {
                        const int at = sequence ? q : q % 4 * (BLOCK / 4) + q / 4;
                        term_of[at] = q;
                        bit[q] = (uint64_t)1 << at;
                    }
                    find_terms(found, p, j, start, length, bit);
                    known = sequence;
                }
                const int alone = p->step == 2 && j + 1 == p->n, other = p->step == 2 && !alone;
                const float *b = p->b + j * p->b_column + start * p->b_q;
                const float second = alone ? 0 : scale[1];
                uint64_t word = found[j] | found[j + other];
                list->lane[0] = t;
                for (int lane = 0; lane < 4; ++lane)
                    list->lane[lane + 1] = list->lane[lane] + __builtin_popcountll(word >> lane * BLOCK / 4 & 0xfff);
                if (sequence) list->lane[1] = list->lane[4];
                for (; word; word &= word - 1, ++t) {
                    t->q = term_of[__builtin_ctzll(word)];
                    t->b[0] = b[t->q * p->b_q] * scale[0];
                    t->b[1] = b[t->q * p->b_q + other * p->b_column] * second;
                }
            }
        }
}

/* Memory that is kept from one product to the next: to ask for it anew takes as long as a small product. */
static void *workspace(int which, size_t size) {
    static __thread char *memory[4];
    static __thread size_t sizes[4];
    if (sizes[which] < size) {
        free(memory[which]);
        memory[which] = (char *)malloc((sizes[which] = size) + 64);
        if (!memory[which]) abort();
    }
    return memory[which] + -(size_t)memory[which] % 64; /* at the start of a line of the cache */
}

/* The share of zeros in rows of `length` neighbouring numbers. */
static double zeros(int rows, int length, const float *x, size_t stride) {
    size_t sum = 0;
    for (int row = 0; row < rows; ++row) {
        int in_row = 0;
        for (int i = 0; i < length; ++i) in_row += x[row * stride + i] == 0;
        sum += in_row;
    }
    return (double)sum / rows / length;
}

/* Columns of C, for the first alpha; and where there are two of them, of a second C for the other. */
static void multiply_columns(const product *p, int scales_a, int alphas, const float *alpha, float *const *c) {
    const int full = p->m / BLOCK * BLOCK, together = p->step == 1;
    const size_t pairs = (p->n + p->step - 1) / p->step;
    const size_t lists = pairs * (p->k > BLOCK ? (p->k + BLOCK - 1) / BLOCK : 1);
    terms *const list = (terms *)workspace(0, 2 * sizeof(terms) * lists);
    term *const memory = (term *)workspace(1, 2 * sizeof(term) * pairs * p->k);
    uint64_t *const found = (uint64_t *)workspace(2, sizeof(uint64_t) * p->n);
    float *const part = (float *)workspace(3, sizeof(float) * 2 * (p->n + 1) * VECTORS * LANES);
    for (int which = 0; which < (together ? 1 : alphas); ++which) {
        const float in_a = scales_a && !together ? alpha[which] : 1, in_b = scales_a ? 1 : alpha[which];
        const float both[2] = {in_b, in_b};
        if (which == 0 || !scales_a) list_terms(list, lists, memory, found, p, together ? alpha : both);
        for (int first = 0, rows; first < p->m; first += rows) { /* full rows, then tail rows */
            const int tail = first >= full, rest = (tail ? p->m : full) - first, vectors = (rest + LANES - 1) / LANES;
            const terms *t = list + tail * lists;
            const int most = (vectors >= VECTORS ? VECTORS : vectors >= 2 ? 2 : 1) * LANES;
            rows = rest < most ? rest : most;
            switch (most / LANES) { /* constants, so that the sums stay in registers */
                case VECTORS: multiply_panel(VECTORS, p, t, first, rows, tail, in_a, c + which, part); break;
                case 2: multiply_panel(2, p, t, first, rows, tail, in_a, c + which, part); break;
                default: multiply_panel(1, p, t, first, rows, tail, in_a, c + which, part);
            }
        }
    }
}

/* C for the first alpha; and where there are two of them, a second C for the other. */
static void products_2016(product p, int transposed_a, int alphas, const float *alpha, float *const *c) {
    const int scales_a = !(transposed_a && (p.k > 10 || p.n <= 24)), few_rows = p.m <= 11;
    /* A weight's gradient, with alpha in A: C's transpose leaves A's zeros out, and for both alphas in one pass. */
    const int turned = alphas == 2 && !transposed_a && p.b_column == 1
        && (p.m < BLOCK || zeros(p.k, p.m, p.a, p.a_q) > zeros(p.k, p.n, p.b, p.b_q));
    if (turned) {
        const product transpose = {p.n, p.m, p.k, p.b, p.a, p.b_column, p.b_q, p.a_q, p.a_row, p.c_column, p.c_row,
                                   p.beta};
        p = transpose;
    }
    p.step = turned ? 1 : 2;
    p.few_rows = few_rows;
    for (int first = 0; first < p.n; first += COLUMNS) {
        product some = p;
        float *const at[2] = {c[0] + first * p.c_column, alphas == 2 ? c[1] + first * p.c_column : NULL};
        some.b += first * p.b_column;
        some.n = p.n - first < COLUMNS ? p.n - first : COLUMNS;
        some.full_columns = p.n / BLOCK * BLOCK - first;
        multiply_columns(&some, scales_a, alphas, alpha, at);
    }
}

static void sgemm_2016(const char *trans_a, const char *trans_b, const int *m, const int *n, const int *k,
                       const float *alpha, const float *a, const int *lda, const float *b, const int *ldb,
                       const float *beta, float *c, const int *ldc) {
    const int transposed_a = (*trans_a | 32) == 't', transposed_b = (*trans_b | 32) == 't';
    const size_t a_stride = *lda, b_stride = *ldb;
    const product p = {*m, *n, *k, a, b, transposed_a ? a_stride : 1, transposed_a ? 1 : a_stride,
                       transposed_b ? b_stride : 1, transposed_b ? 1 : b_stride, 1, (size_t)*ldc, *beta};
    products_2016(p, transposed_a, 1, alpha, &c);
}
