/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/base64.h"

#include <openssl/evp.h>

size_t base64_encoded_size(size_t len)
{
	return (len + 2) / 3 * 4;
}

size_t base64_encode(char *out, struct str bytes)
{
	return (size_t)EVP_EncodeBlock((unsigned char *)out,
	                               (const unsigned char *)bytes.at, (int)bytes.len);
}

static size_t padding_of(struct str text)
{
	size_t padding = 0;

	while (padding < 2 && padding < text.len &&
	       text.at[text.len - 1 - padding] == '=')
		padding++;
	return padding;
}

static bool is_alphabet_only(struct str text)
{
	size_t end = text.len - padding_of(text);

	for (size_t i = 0; i < end; i++) {
		char c = text.at[i];

		if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') &&
		    !(c >= '0' && c <= '9') && c != '+' && c != '/')
			return false;
	}
	return true;
}

bool base64_decode(char *out, size_t *out_len, struct str text)
{
	int len;

	*out_len = 0;
	if (text.len == 0)
		return true;
	if (text.len % 4 != 0)
		return false;
	/* EVP_DecodeBlock takes blanks and hyphens for ends, and counts padding as
	 * bytes. */
	if (!is_alphabet_only(text))
		return false;
	len = EVP_DecodeBlock((unsigned char *)out, (const unsigned char *)text.at,
	                      (int)text.len);
	if (len < 0)
		return false;
	*out_len = (size_t)len - padding_of(text);
	return true;
}
