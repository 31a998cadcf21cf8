/*
 * big_endian.h - numbers in network byte order, at any address.
 */
#ifndef BENCH_BASE_BIG_ENDIAN_H
#define BENCH_BASE_BIG_ENDIAN_H

#include <stdint.h>

static inline uint16_t read_be16(const unsigned char *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t read_be32(const unsigned char *at)
{
	return (uint32_t)read_be16(at) << 16 | read_be16(at + 2);
}

static inline uint64_t read_be64(const unsigned char *at)
{
	return (uint64_t)read_be32(at) << 32 | read_be32(at + 4);
}

#endif
