#ifndef RECAST_TWO_THIRDS_H
#define RECAST_TWO_THIRDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The weights of six neighbours for the first and the second of two samples that are made of three.
struct recast_weights {
    int16_t first[6];
    int16_t second[6];
};

/// Whether this processor can do it.
bool recast_two_thirds_available(void);

/// How many numbers of 16 bits a plane of `width` samples needs for its work.
size_t recast_two_thirds_scratch(int width);

/// Makes a plane of two thirds of the width and height.
///
/// `width` and `height` are the input's, multiples of three. `across` is in 1/16384, `down` in 1/32768. Lines of
/// the output have room for the next multiple of 32 samples, which are written over.
void recast_two_thirds(
    const uint8_t *input, ptrdiff_t input_stride, int width, int height,
    uint8_t *output, ptrdiff_t output_stride,
    const struct recast_weights *across, const struct recast_weights *down,
    int16_t *scratch);

#endif
