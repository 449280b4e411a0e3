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
   - alpha multiplies A's elements before, or B's: with more than 96 terms those of B if C has more rows than columns,
     with fewer if it has at most 48 columns. beta C is what the sums start from.

   Found by probing ATLAS with sums that cancel, and equal to it bit by bit in all products of the report's networks,
   for batches of any size from 24 up (evidence/atlas.py). ATLAS is different, and the same rule is applied, if the tail
   rows are not 4, 8, 16, 20, 32, 40 or 44; for many products of fewer than some 110,000 multiplications; for alpha with
   48 terms; and perhaps for beta other than 0.

   Each multiplication and each addition is rounded (-ffp-contract=off), so all processors give the same bits. A vector
   holds neighbouring rows of C, each with its own sums, so its width changes no bit either; nor do threads, which have
   columns of C of their own. A term whose factor from B is zero is left out, which changes no sum of finite numbers: of
   MNIST's pixels 81 % are zero, of the gradients behind ReLU and dropout 50 to 90 %. So for each column and block there
   is a list of the terms that are left, lane after lane, and each panel of some hundred rows goes through it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif
enum { BLOCK = 48, VECTORS = 6, WIDTH = VECTORS * LANES }; /* of rows, a panel: as many vectors as measured */
typedef float vector_of_floats __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef struct { vector_of_floats of[VECTORS]; } sums; /* of a panel's rows in a column */

typedef struct { int at; float b; } term; /* at: in bytes, where a panel has A's numbers for it */
typedef struct {                          /* those of a block in a column */
    const term *first;
    unsigned char count[4];      /* in lanes 1, 3, 0 and 2, as they are added; in sequence, all are in lane 0 */
    unsigned char total, sequence;
    unsigned char from_c; /* lane 0 starts from C, else the sum is added to C */
} term_list;

typedef struct {
    int m, n, k;                                       /* C has m rows, n columns; a sum has k terms */
    const float *a, *b;
    float *c;
    size_t a_row, a_q, b_q, b_column, c_row, c_column; /* strides; one of A's is 1, and one of B's, and one of C's */
    float scale_a, scale_b, beta;
    int few_rows, full_columns; /* whether C has at most 11 rows; how many columns are full */
} product;

#define INLINE static inline __attribute__((always_inline))
#define EACH for (int v = 0; v < vectors; ++v)
#define AT(place) (*(vector_of_floats *)((place) + v * LANES))

/* Add terms to a sum; or, if it is the first, put one in its place, which saves an addition to 0. */
INLINE const term *add_terms(const int vectors, sums *sum, const char *panel, const term *t, int count, int first) {
    const term *const end = t + count;
    if (first) {
        EACH sum->of[v] = AT((float *)(panel + t->at)) * t->b;
        ++t;
    }
    for (; t < end; ++t) EACH sum->of[v] += AT((float *)(panel + t->at)) * t->b;
    return end;
}

/* Add a lane to another. */
INLINE const term *add_lane(const int vectors, sums *sum, const char *panel, const term *t, int count) {
    if (count == 0) return t;
    sums lane;
    t = add_terms(vectors, &lane, panel, t, count, 1);
    EACH sum->of[v] += lane.of[v];
    return t;
}

/* One block's terms in a column, for a panel of A's rows. C is nothing yet if not begun. */
INLINE void add_block(const int vectors, float *c, const char *panel, const term_list *list, int begun) {
    const vector_of_floats zero = {0};
    const term *t = list->first;
    sums odd, even;
    if (list->count[0]) t = add_terms(vectors, &odd, panel, t, list->count[0], 1);
    else EACH odd.of[v] = zero;
    t = add_lane(vectors, &odd, panel, t, list->count[1]);
    EACH even.of[v] = begun && list->from_c ? AT(c) : zero;
    t = add_terms(vectors, &even, panel, t, list->count[2], 0);
    t = add_lane(vectors, &even, panel, t, list->count[3]);
    EACH even.of[v] += odd.of[v];
    if (begun && !list->from_c) EACH even.of[v] += AT(c);
    EACH AT(c) = even.of[v];
}

typedef float four_floats __attribute__((vector_size(16), aligned(4), may_alias));
#ifdef __clang__
#define SHUFFLE(x, y, ...) __builtin_shufflevector(x, y, __VA_ARGS__)
#else
typedef int four_ints __attribute__((vector_size(16)));
#define SHUFFLE(x, y, ...) __builtin_shuffle(x, y, (four_ints){__VA_ARGS__})
#endif

/* to[j][i] = from[i][j] * factor for i < m, j < n: in squares of 4 x 4, a line of the cache of `to` at a time. */
static void transpose(float *to, size_t to_row, const float *from, size_t from_row, int m, int n, float factor) {
    const int whole_m = m / 4 * 4, whole_n = n / 4 * 4;
    for (int line = 0; line < whole_m; line += 16)
        for (int j = 0; j < whole_n; j += 4)
            for (int i = line; i < whole_m && i < line + 16; i += 4) {
                four_floats x[4];
                for (int row = 0; row < 4; ++row)
                    x[row] = *(const four_floats *)(from + (i + row) * from_row + j) * factor;
                const four_floats a = SHUFFLE(x[0], x[1], 0, 4, 1, 5), b = SHUFFLE(x[2], x[3], 0, 4, 1, 5),
                                  c = SHUFFLE(x[0], x[1], 2, 6, 3, 7), d = SHUFFLE(x[2], x[3], 2, 6, 3, 7);
                *(four_floats *)(to + j * to_row + i) = SHUFFLE(a, b, 0, 1, 4, 5);
                *(four_floats *)(to + (j + 1) * to_row + i) = SHUFFLE(a, b, 2, 3, 6, 7);
                *(four_floats *)(to + (j + 2) * to_row + i) = SHUFFLE(c, d, 0, 1, 4, 5);
                *(four_floats *)(to + (j + 3) * to_row + i) = SHUFFLE(c, d, 2, 3, 6, 7);
            }
    for (int i = 0; i < m; ++i)
        for (int j = i < whole_m ? whole_n : 0; j < n; ++j) to[j * to_row + i] = from[i * from_row + j] * factor;
}

/* to[j][i] = from[i * stride_i + j * stride_j] * factor for i < m, j < n; one of the strides is 1. */
static void copy_matrix(float *to, size_t to_row, const float *from, size_t stride_i, size_t stride_j, int m, int n,
                        float factor) {
    if (stride_i != 1) transpose(to, to_row, from, stride_i, m, n, factor);
    else
        for (int j = 0; j < n; ++j)
            for (int i = 0; i < m; ++i) to[j * to_row + i] = from[j * stride_j + i] * factor;
}

/* Rows of C, from `first` on: as many as the vectors hold, or fewer. Summed in `buffer`, or in C itself if that holds
   whole vectors and k is short: C's columns may lie 2 KB apart, at which a cache has few lines. */
INLINE void multiply_panel(const int vectors, const product *p, const term_list *list, int first, int rows,
                           float *buffer) {
    float panel[BLOCK * WIDTH] __attribute__((aligned(64))) = {0}; /* a block of A's columns, times scale_a */
    float *const c = p->c + first * p->c_row;
    const int in_place = p->c_row == 1 && rows == vectors * LANES && p->k <= 4 * BLOCK;
    float *const sum = in_place ? c : buffer;
    const size_t stride = in_place ? p->c_column : (size_t)WIDTH;
    if (p->beta != 0)
        for (int j = 0; j < p->n; ++j)
            for (int row = 0; row < rows; ++row)
                sum[j * stride + row] = p->beta * c[row * p->c_row + j * p->c_column];
    for (int start = 0; start < p->k || start == 0; start += BLOCK) {
        const int length = p->k - start < BLOCK ? p->k - start : BLOCK, begun = start > 0 || p->beta != 0;
        copy_matrix(panel, WIDTH, p->a + first * p->a_row + start * p->a_q, p->a_row, p->a_q, rows, length, p->scale_a);
        for (int j = 0; j < p->n; ++j, ++list)
            if (list->total || !begun) add_block(vectors, sum + j * stride, (const char *)panel, list, begun);
    }
    if (in_place) return;
    if (p->c_row == 1) copy_matrix(c, p->c_column, sum, 1, WIDTH, rows, p->n, 1);
    else copy_matrix(c, p->c_row, sum, WIDTH, 1, p->n, rows, 1);
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

/* The terms of all blocks and columns, their factors times scale_b: for full rows, and `lists` further for tail rows. */
static void list_terms(term_list *list, size_t lists, term *t, uint64_t *found, const product *p) {
    static const int place[4] = {2, 0, 3, 1}; /* of a lane in term_list.count */
    for (int tail_row = 0; tail_row < 2; ++tail_row)
        for (int start = 0; start < p->k || start == 0; start += BLOCK) {
            const int length = p->k - start < BLOCK ? p->k - start : BLOCK;
            uint64_t bit[BLOCK];
            int term_of[BLOCK]; /* by its bit */
            for (int j = 0, known = -1; j < p->n; ++j, ++list) {
                const int tails = tail_row + (j >= p->full_columns);
                const int sequence = p->few_rows || tails == 2 || (length < BLOCK && (tails || length % 4));
                if (sequence != known) {
                    for (int q = 0; q < BLOCK; ++q) {
                        const int at = sequence ? q : place[q % 4] * (BLOCK / 4) + q / 4;
                        term_of[at] = q;
                        bit[q] = (uint64_t)1 << at;
                    }
                    find_terms(found, p, j, start, length, bit);
                    known = sequence;
                }
                const term_list *const of_full_row = list - lists;
                if (tail_row && sequence == of_full_row->sequence) {
                    *list = *of_full_row;
                } else {
                    const float *const b = p->b + j * p->b_column + start * p->b_q;
                    uint64_t word = found[j];
                    list->first = t;
                    list->sequence = sequence;
                    list->total = __builtin_popcountll(word);
                    for (int i = 0; i < 4; ++i)
                        list->count[i] = sequence ? 0 : __builtin_popcountll(word >> i * BLOCK / 4 & 0xfff);
                    if (sequence) list->count[place[0]] = list->total;
                    for (; word; word &= word - 1, ++t) {
                        const int q = term_of[__builtin_ctzll(word)];
                        t->at = q * WIDTH * (int)sizeof(float);
                        t->b = b[q * p->b_q] * p->scale_b;
                    }
                }
                list->from_c = sequence || (length == BLOCK && tails == 0);
            }
        }
}

/* Memory that a thread keeps from one product to the next: to ask for it anew takes as long as a small product. */
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

static void multiply_columns(const product *p) {
    const int full = p->m / BLOCK * BLOCK;
    const size_t lists = (size_t)p->n * (p->k > BLOCK ? (p->k + BLOCK - 1) / BLOCK : 1);
    term_list *const list = (term_list *)workspace(0, sizeof(term_list) * 2 * lists);
    term *const terms = (term *)workspace(1, sizeof(term) * 2 * p->n * p->k);
    uint64_t *const found = (uint64_t *)workspace(2, sizeof(uint64_t) * p->n);
    float *const buffer = (float *)workspace(3, sizeof(float) * p->n * WIDTH);
    list_terms(list, lists, terms, found, p);
    for (int first = 0, rows; first < p->m; first += rows) { /* full rows, then tail rows */
        const int tail = first >= full, rest = (tail ? p->m : full) - first;
        const term_list *const l = list + tail * lists;
        const int vectors = rest > 4 * LANES ? VECTORS : rest > 2 * LANES ? 4 : rest > LANES ? 2 : 1;
        rows = rest < vectors * LANES ? rest : vectors * LANES;
        switch (vectors) { /* constants, so that the sums stay in registers */
            case VECTORS: multiply_panel(VECTORS, p, l, first, rows, buffer); break;
            case 4: multiply_panel(4, p, l, first, rows, buffer); break;
            case 2: multiply_panel(2, p, l, first, rows, buffer); break;
            default: multiply_panel(1, p, l, first, rows, buffer);
        }
    }
}

/* The number of zeros among m x k numbers; one of the strides is 1. */
static size_t zeros(int m, int k, const float *x, size_t row, size_t q) {
    const int lines = row == 1 ? k : m, length = row == 1 ? m : k;
    size_t sum = 0;
    for (int line = 0; line < lines; ++line) {
        int in_line = 0;
        for (int i = 0; i < length; ++i) in_line += x[line * (row == 1 ? q : row) + i] == 0;
        sum += in_line;
    }
    return sum;
}

static void sgemm_2016(const char *trans_a, const char *trans_b, const int *m, const int *n, const int *k,
                       const float *alpha, const float *a, const int *lda, const float *b, const int *ldb,
                       const float *beta, float *c, const int *ldc) {
    const int transposed_a = (*trans_a | 32) == 't', transposed_b = (*trans_b | 32) == 't';
    const int scales_a = *k > 2 * BLOCK ? *m <= *n : *n > BLOCK, few_rows = *m <= 11;
    const size_t a_stride = *lda, b_stride = *ldb;
    product p = {*m, *n, *k, a, b, c, transposed_a ? a_stride : 1, transposed_a ? 1 : a_stride,
                 transposed_b ? b_stride : 1, transposed_b ? 1 : b_stride, 1, (size_t)*ldc,
                 scales_a ? *alpha : 1, scales_a ? 1 : *alpha, *beta, few_rows, *n / BLOCK * BLOCK};
    /* C's transpose is the same product with A and B exchanged: for C of few rows, and if A has the more zeros. */
    if (p.m < BLOCK || (double)zeros(p.m, p.k, a, p.a_row, p.a_q) * p.n
                           > (double)zeros(p.n, p.k, b, p.b_column, p.b_q) * p.m) {
        const product transpose = {p.n, p.m, p.k, b, a, c, p.b_column, p.b_q, p.a_q, p.a_row, p.c_column, p.c_row,
                                   p.scale_b, p.scale_a, p.beta, few_rows, p.m / BLOCK * BLOCK};
        p = transpose;
    }
    int parts = 1;
#ifdef _OPENMP
    static int threads = 0;
    if (threads == 0) {
        const char *const value = getenv("MACHINE2016_THREADS");
        threads = value && atoi(value) > 1 ? atoi(value) : 1;
    }
    if (1e-6 * p.m * p.n * p.k >= 1) parts = threads < p.n ? threads : p.n; /* below that, waking them takes longer */
#pragma omp parallel for num_threads(parts) if (parts > 1)
#endif
    for (int part = 0; part < parts; ++part) {
        const int first = (int)((long long)p.n * part / parts);
        product columns = p;
        columns.n = (int)((long long)p.n * (part + 1) / parts) - first;
        columns.b += first * p.b_column;
        columns.c += first * p.c_column;
        columns.full_columns -= first;
        multiply_columns(&columns);
    }
}
