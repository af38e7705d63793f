/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/channel.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#define DISCARD_BYTES  16384
#define DISCARD_ROUNDS 16

static enum progress of_socket(ssize_t result, enum progress wait, size_t *moved)
{
	if (result > 0) {
		*moved = (size_t)result;
		return PROGRESS_DONE;
	}
	if (result < 0 && (errno == EAGAIN || errno == EINTR))
		return wait;
	return PROGRESS_END;
}

static enum progress of_tls(SSL *ssl, int result)
{
	if (result > 0)
		return PROGRESS_DONE;
	switch (SSL_get_error(ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return PROGRESS_READ;
	case SSL_ERROR_WANT_WRITE:
		return PROGRESS_WRITE;
	default:
		return PROGRESS_END;
	}
}

enum progress channel_read(struct channel *channel, char *out, size_t room,
                           size_t *moved)
{
	if (!channel->ssl)
		return of_socket(recv(channel->descriptor, out, room, 0), PROGRESS_READ,
		                 moved);
	ERR_clear_error();
	return of_tls(channel->ssl, SSL_read_ex(channel->ssl, out, room, moved));
}

enum progress channel_write(struct channel *channel, const char *bytes, size_t length,
                            size_t *moved)
{
	if (!channel->ssl)
		return of_socket(send(channel->descriptor, bytes, length, MSG_NOSIGNAL),
		                 PROGRESS_WRITE, moved);
	ERR_clear_error();
	return of_tls(channel->ssl, SSL_write_ex(channel->ssl, bytes, length, moved));
}

enum progress channel_handshake(struct channel *channel)
{
	if (!channel->ssl)
		return PROGRESS_END;
	ERR_clear_error();
	return of_tls(channel->ssl, SSL_accept(channel->ssl));
}

enum progress channel_peek(const struct channel *channel)
{
	char byte;
	size_t seen;

	return of_socket(recv(channel->descriptor, &byte, 1, MSG_PEEK), PROGRESS_READ,
	                 &seen);
}

enum progress channel_discard(const struct channel *channel)
{
	char bytes[DISCARD_BYTES];
	size_t length;
	enum progress progress = PROGRESS_DONE;

	for (int round = 0; progress == PROGRESS_DONE && round < DISCARD_ROUNDS;
	     round++)
		progress = of_socket(recv(channel->descriptor, bytes, sizeof(bytes), 0),
		                     PROGRESS_READ, &length);
	return progress == PROGRESS_DONE ? PROGRESS_READ : progress;
}

void channel_finish(struct channel *channel)
{
	if (channel->ssl && SSL_is_init_finished(channel->ssl)) {
		ERR_clear_error();
		SSL_shutdown(channel->ssl);
	}
	channel_cut(channel);
}

void channel_cut(const struct channel *channel)
{
	shutdown(channel->descriptor, SHUT_WR);
}

void channel_reset(const struct channel *channel)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(channel->descriptor, SOL_SOCKET, SO_LINGER, &at_once,
	           sizeof(at_once));
}

void channel_close(struct channel *channel)
{
	SSL_free(channel->ssl);
	channel->ssl = NULL;
	close(channel->descriptor);
	channel->descriptor = -1;
}
