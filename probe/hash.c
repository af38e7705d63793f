/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/hash.h"

static const uint64_t OFFSET_BASIS = 0xcbf29ce484222325u, PRIME = 0x100000001b3u;

uint64_t hash_of(struct str text)
{
	uint64_t hash = OFFSET_BASIS;

	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.at[i]) * PRIME;
	return hash;
}
