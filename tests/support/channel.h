/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_CHANNEL_H
#define SUPPORT_CHANNEL_H

#include <openssl/ssl.h>
#include <stddef.h>

/* How far a non-blocking operation came. */
enum progress {
	PROGRESS_DONE,
	PROGRESS_READ,  /* again when the socket is readable */
	PROGRESS_WRITE, /* again when the socket is writable */
	PROGRESS_END    /* the peer is gone, or the handshake came to nothing */
};

/* The bytes of one connection, in clear text or, after a handshake, encrypted. */
struct channel {
	int descriptor;
	SSL *ssl; /* NULL = clear text */
};

/* Each moves what it can; *MOVED is valid after PROGRESS_DONE only. */
enum progress channel_read(struct channel *channel, char *out, size_t room,
                           size_t *moved);
enum progress channel_write(struct channel *channel, const char *bytes, size_t length,
                            size_t *moved);

/*
 * The server's side of the handshake of `channel->ssl`; call again until it is done or
 * ended. Without a session there is none.
 */
enum progress channel_handshake(struct channel *channel);

/* Done as soon as the peer has sent a byte, which stays unread. */
enum progress channel_peek(const struct channel *channel);

/* Throws away what the peer sends, undecrypted; never done, ended with the peer. */
enum progress channel_discard(const struct channel *channel);

/* Says goodbye: close_notify when encrypted, then FIN. */
void channel_finish(struct channel *channel);

/* FIN without close_notify: what a crashed server or a cutting middlebox leaves. */
void channel_cut(const struct channel *channel);

/* Makes channel_close() send RST instead of FIN. */
void channel_reset(const struct channel *channel);

void channel_close(struct channel *channel);

#endif
