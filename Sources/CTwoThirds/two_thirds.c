#include "two_thirds.h"

#include <string.h>

// A line of the input becomes three, of its first, second and third samples, so that the neighbours of sixteen outputs
// lie beside each other; a sample is (value - 128) * 256 there. From them the line is made narrower once, its first and
// second outputs apart, in (value - 128) * 128, and kept as long as lines near it are made. Six of those become a line
// of the output, where first and second ones are woven together again.

enum { block = 16, margin = 16, line_count = 8 };

static int blocks(int width) { return (width / 3 + block - 1) / block; }

size_t recast_two_thirds_scratch(int width) {
    size_t length = (size_t)blocks(width) * block;
    return 3 * (length + 2 * margin) + line_count * 2 * length;
}

/// The line that stands for one outside: edges are mirrors.
static int mirrored(int y, int height) {
    if (y < 0) return -1 - y;
    return y < height ? y : 2 * height - 1 - y;
}

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

bool recast_two_thirds_available(void) { return __builtin_cpu_supports("avx2"); }

AVX2 static __m256i load(const int16_t *from) { return _mm256_loadu_si256((const __m256i *)from); }

AVX2 static void store(void *to, __m256i values) { _mm256_storeu_si256((__m256i *)to, values); }

/// Sixteen samples and the sixteen that begin 24 later, minus 128.
AVX2 static __m256i pair(const uint8_t *from) {
    __m128i low = _mm_loadu_si128((const __m128i *)from);
    __m128i high = _mm_loadu_si128((const __m128i *)(from + 24));
    return _mm256_xor_si256(_mm256_set_m128i(high, low), _mm256_set1_epi8((char)0x80));
}

/// Which bytes of the samples `begin` to `begin + 15` are the upper bytes of every third one from `phase` on.
AVX2 static __m256i every_third(int phase, int begin) {
    uint8_t places[32];
    for (int i = 0; i < 8; i++) {
        int place = 3 * i + phase - begin;
        // Those before 16 come from the first pair, the others from the second.
        int is_own = begin == 0 ? place < 16 : place + begin >= 16;
        places[2 * i] = places[2 * i + 16] = 0x80;
        places[2 * i + 1] = places[2 * i + 17] = is_own ? (uint8_t)place : 0x80;
    }
    return _mm256_loadu_si256((const __m256i *)places);
}

struct thirds {
    int16_t *samples[3];
};

AVX2 static void split(const uint8_t *input, int width, struct thirds lines) {
    const int count = width / 3;
    __m256i low[3], high[3];
    for (int phase = 0; phase < 3; phase++) {
        low[phase] = every_third(phase, 0);
        high[phase] = every_third(phase, 8);
    }
    for (int i = 0; i < count; i += block) {
        uint8_t rest[3 * block];
        const uint8_t *from = input + 3 * (ptrdiff_t)i;
        if (count - i < block) {
            // Nothing after the line's end is read.
            memset(rest, 0, sizeof rest);
            memcpy(rest, from, (size_t)(width - 3 * i));
            from = rest;
        }
        __m256i first = pair(from), second = pair(from + 8);
        for (int phase = 0; phase < 3; phase++) {
            store(
                lines.samples[phase] + i,
                _mm256_or_si256(
                    _mm256_shuffle_epi8(first, low[phase]), _mm256_shuffle_epi8(second, high[phase])));
        }
    }
    int16_t *a = lines.samples[0], *b = lines.samples[1], *c = lines.samples[2];
    b[-1] = b[0];
    c[-1] = a[0];
    a[count] = c[count - 1];
    b[count] = b[count - 1];
}

struct factors {
    __m256i of[6];
};

AVX2 static struct factors spread(const int16_t weights[6]) {
    struct factors factors;
    for (int i = 0; i < 6; i++) factors.of[i] = _mm256_set1_epi16(weights[i]);
    return factors;
}

AVX2 static inline __attribute__((always_inline)) __m256i weigh(
    __m256i a, __m256i b, __m256i c, __m256i d, __m256i e, __m256i f, const struct factors *factors) {
    __m256i ab = _mm256_add_epi16(
        _mm256_mulhrs_epi16(a, factors->of[0]), _mm256_mulhrs_epi16(b, factors->of[1]));
    __m256i cd = _mm256_add_epi16(
        _mm256_mulhrs_epi16(c, factors->of[2]), _mm256_mulhrs_epi16(d, factors->of[3]));
    __m256i ef = _mm256_add_epi16(
        _mm256_mulhrs_epi16(e, factors->of[4]), _mm256_mulhrs_epi16(f, factors->of[5]));
    return _mm256_add_epi16(_mm256_add_epi16(ab, cd), ef);
}

/// Makes of a line's thirds the first and second outputs, `length` of each.
AVX2 static void narrow(
    struct thirds lines, int length, const struct recast_weights *across, int16_t *first, int16_t *second) {
    const struct factors even = spread(across->first), odd = spread(across->second);
    const int16_t *a = lines.samples[0], *b = lines.samples[1], *c = lines.samples[2];
    for (int i = 0; i < length; i += block) {
        __m256i b0 = load(b + i - 1), c0 = load(c + i - 1), a1 = load(a + i), b1 = load(b + i);
        __m256i c1 = load(c + i), a2 = load(a + i + 1), b2 = load(b + i + 1);
        store(first + i, weigh(b0, c0, a1, b1, c1, a2, &even));
        store(second + i, weigh(c0, a1, b1, c1, a2, b2, &odd));
    }
}

/// Makes two lines of the output from seven narrow ones.
AVX2 static void shorten(
    int16_t *const lines[7], int length, const struct recast_weights *down, uint8_t *upper, uint8_t *lower) {
    const struct factors even = spread(down->first), odd = spread(down->second);
    const __m256i half = _mm256_set1_epi16(64), middle = _mm256_set1_epi8((char)0x80);
    const __m256i weave = _mm256_setr_epi8(
        0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
    for (int i = 0; i < length; i += block) {
        __m256i above[2], below[2];
        for (int side = 0; side < 2; side++) {
            __m256i line[7];
            for (int y = 0; y < 7; y++) line[y] = load(lines[y] + side * length + i);
            __m256i first = weigh(line[0], line[1], line[2], line[3], line[4], line[5], &even);
            __m256i second = weigh(line[1], line[2], line[3], line[4], line[5], line[6], &odd);
            above[side] = _mm256_srai_epi16(_mm256_add_epi16(first, half), 7);
            below[side] = _mm256_srai_epi16(_mm256_add_epi16(second, half), 7);
        }
        __m256i up = _mm256_shuffle_epi8(_mm256_packs_epi16(above[0], above[1]), weave);
        __m256i low = _mm256_shuffle_epi8(_mm256_packs_epi16(below[0], below[1]), weave);
        store(upper + 2 * i, _mm256_xor_si256(up, middle));
        store(lower + 2 * i, _mm256_xor_si256(low, middle));
    }
}

void recast_two_thirds(
    const uint8_t *input, ptrdiff_t input_stride, int width, int height,
    uint8_t *output, ptrdiff_t output_stride,
    const struct recast_weights *across, const struct recast_weights *down,
    int16_t *scratch) {
    const int length = blocks(width) * block;
    struct thirds thirds;
    for (int phase = 0; phase < 3; phase++)
        thirds.samples[phase] = scratch + phase * (length + 2 * margin) + margin;
    int16_t *kept = scratch + 3 * (length + 2 * margin);
    int next = -2;
    for (int third = 0; third < height / 3; third++) {
        for (; next <= 3 * third + 4; next++) {
            int16_t *line = kept + ((next + line_count) % line_count) * 2 * length;
            split(input + mirrored(next, height) * input_stride, width, thirds);
            narrow(thirds, length, across, line, line + length);
        }
        int16_t *lines[7];
        for (int y = 0; y < 7; y++)
            lines[y] = kept + ((3 * third - 2 + y + line_count) % line_count) * 2 * length;
        uint8_t *upper = output + 2 * third * output_stride;
        shorten(lines, length, down, upper, upper + output_stride);
    }
}

#else

bool recast_two_thirds_available(void) { return false; }

void recast_two_thirds(
    const uint8_t *input, ptrdiff_t input_stride, int width, int height,
    uint8_t *output, ptrdiff_t output_stride,
    const struct recast_weights *across, const struct recast_weights *down,
    int16_t *scratch) {
    __builtin_trap();
}

#endif
