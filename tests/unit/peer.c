/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/peer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/address.h"

enum { SERIAL = 1, LIFETIME_S = 3600, GARBAGE_LEN = 257 };

/* A thread of the tests cannot fail one by itself. */
static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "peer: %s\n", what);
	abort();
}

/* ---- certificate ---- */

static X509 *sign_certificate(EVP_PKEY *key)
{
	X509 *made = X509_new();
	X509_NAME *name = made ? X509_get_subject_name(made) : NULL;

	require(name && ASN1_INTEGER_set(X509_get_serialNumber(made), SERIAL) &&
	                X509_gmtime_adj(X509_getm_notBefore(made), 0) &&
	                X509_gmtime_adj(X509_getm_notAfter(made), LIFETIME_S) &&
	                X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	                                           (const unsigned char *)"mx.example",
	                                           -1, -1, 0) &&
	                X509_set_issuer_name(made, name) &&
	                X509_set_pubkey(made, key) &&
	                X509_sign(made, key, EVP_sha256()),
	        "no certificate");
	return made;
}

static SSL_CTX *create_context(bool only_tls13)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = sign_certificate(key);

	require(context && SSL_CTX_use_certificate(context, certificate) == 1 &&
	                SSL_CTX_use_PrivateKey(context, key) == 1,
	        "no TLS");
	if (only_tls13)
		SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return context;
}

/* ---- bytes ---- */

static int receive(struct peer *peer)
{
	char *at = peer->heard + peer->heard_len;
	size_t room = sizeof(peer->heard) - 1 - peer->heard_len;
	int got = peer->tls ? SSL_read(peer->tls, at, (int)room)
	                    : (int)recv(peer->client, at, room, 0);

	require(room > 0, "the client says too much");
	if (got > 0)
		peer->heard_len += (size_t)got;
	else if (peer->tls)
		peer->heard_goodbye =
			SSL_get_error(peer->tls, got) == SSL_ERROR_ZERO_RETURN;
	return got;
}

static void say(struct peer *peer, const char *text)
{
	if (peer->tls)
		SSL_write(peer->tls, text, (int)strlen(text));
	else
		send(peer->client, text, strlen(text), MSG_NOSIGNAL);
}

static void hear(struct peer *peer)
{
	if (receive(peer) > 0 && peer->heard[peer->heard_len - 1] != '\n')
		peer->was_torn = true;
}

static void shake_hands(struct peer *peer)
{
	SSL *tls = SSL_new(peer->context);

	require(tls && SSL_set_fd(tls, peer->client) == 1, "no TLS");
	if (SSL_accept(tls) == 1)
		peer->tls = tls;
	else
		SSL_free(tls);
	ERR_clear_error();
}

static void say_nonsense(struct peer *peer)
{
	char record[5 + GARBAGE_LEN] = { 0x16, 3, 3, 1, 1 };

	memset(record + 5, 'x', GARBAGE_LEN);
	send(peer->client, record, sizeof(record), MSG_NOSIGNAL);
}

static void hang_up(struct peer *peer, bool reset)
{
	const struct linger now = { .l_onoff = 1 };

	if (reset)
		setsockopt(peer->client, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(peer->client);
	peer->client = -1;
}

/* ---- course ---- */

static void do_step(struct peer *peer, const char *step)
{
	switch (step[0]) {
	case '<':
		say(peer, step + 1);
		break;
	case '>':
		hear(peer);
		break;
	case '*':
		receive(peer);
		break;
	case '!':
		shake_hands(peer);
		break;
	case '?':
		say_nonsense(peer);
		break;
	case '#':
	case '|':
		hang_up(peer, step[0] == '#');
		break;
	default:
		require(false, "there is no such step");
	}
}

static void look_at_client(struct peer *peer)
{
	socklen_t len = sizeof(peer->segment_size);

	getsockopt(peer->client, IPPROTO_TCP, TCP_MAXSEG, &peer->segment_size, &len);
}

static void *serve(void *owner)
{
	struct peer *peer = owner;
	socklen_t len = sizeof(peer->client_address);
	sigset_t quiet;

	/* A client may be gone; OpenSSL writes without asking. */
	sigemptyset(&quiet);
	sigaddset(&quiet, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &quiet, NULL);
	peer->client =
		accept(peer->listener, (struct sockaddr *)&peer->client_address, &len);
	if (peer->client < 0)
		return NULL;
	look_at_client(peer);
	for (size_t i = 0; peer->steps[i] && peer->client >= 0; i++)
		do_step(peer, peer->steps[i]);
	while (peer->client >= 0 && receive(peer) > 0)
		;
	return NULL;
}

void peer_start(struct peer *out, const char *address, const char *const *steps,
                bool only_tls13)
{
	struct sockaddr_storage place;
	socklen_t len = sizeof(place);

	*out = (struct peer){ .client = -1, .steps = steps };
	for (size_t i = 0; steps[i]; i++)
		if (steps[i][0] == '!' && !out->context)
			out->context = create_context(only_tls13);
	require(address_parse(&place, address), "no address");
	out->listener = socket(place.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	require(bind(out->listener, (struct sockaddr *)&place, sizeof(place)) == 0 &&
	                listen(out->listener, 1) == 0 &&
	                getsockname(out->listener, (struct sockaddr *)&place, &len) ==
	                        0,
	        "cannot listen");
	out->port = ntohs(((struct sockaddr_in *)&place)->sin_port);
	require(pthread_create(&out->thread, NULL, serve, out) == 0, "no thread");
}

void peer_join(struct peer *peer)
{
	pthread_join(peer->thread, NULL);
	SSL_free(peer->tls);
	SSL_CTX_free(peer->context);
	if (peer->client >= 0)
		close(peer->client);
	close(peer->listener);
}

void peer_abandon(struct peer *peer)
{
	shutdown(peer->listener, SHUT_RDWR); /* ends accept() */
	peer_join(peer);
}
